"""Say something in a chat: the author's turn, which is what they wrote within ten minutes without an answer between.

Other people's messages are not collected, so that what the author replied to is not known: a turn is asked for by
what it is about. Where a turn begins by marking a reply, the answer begins after the mark.
"""

import re
from collections.abc import Iterator

from twin_assets.datasets.drafts import Draft, Material, listed

_CHATS = ("whatsapp", "telegram")
_REPLY = re.compile(r"\(in reply to [^()\n]*\)\s*")
_SAID = (
    "What would you text a friend about {about}?",
    "Write a chat message about {about}.",
    "Text me about {about}.",
    "Message a friend about {about}.",
)
_REPLIED = (
    "A friend writes to you about {about}. What do you reply?",
    "Reply to a chat message about {about}.",
)


def chat(material: Material) -> Iterator[Draft]:
    """Requests for a turn of a chat; none of other writing, or where a mark of a reply stands within the turn."""
    if material.kind not in _CHATS:
        return
    mark = _REPLY.match(material.text)
    start = material.span.start + (mark.end() if mark else 0)
    if _REPLY.search(material.document.text, start, material.span.end):
        return
    for about in material.subject_sets(weak=True):
        for template in material.choose(_REPLIED if mark else _SAID, "chat"):
            yield Draft(template.format(about=listed(about)), start, material.span.end, slots=about)
