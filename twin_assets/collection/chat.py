"""Chats: from the messages of one, in its order, to a document for each turn of the author's.

What other people wrote is counted and never kept: a collector gives their messages here without text.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from twin_assets.collection.collector import Item, Origin
from twin_assets.records import Scope

TURN_GAP = timedelta(minutes=10)
"""Longest pause within a turn: what the author writes after a longer one is a document of its own."""
REPLY = "(in reply to another message)"
_COUNTED = {
    "guest": "messages by other people: {count}; their words are not kept",
    "system": "lines that the chat program wrote: {count}",
}
"""Reasons that a chat has one exclusion for, with the number of its messages."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message, or a line of the chat program's.

    `reason` is blank for the author's own words, else says why it is set aside: `guest` for everything that other
    people wrote, `system` for the program's lines, any other with its `detail`. `id` is unique within the chat.
    """

    id: str
    row: int
    sent_at: datetime | None = None
    own: bool = False
    text: str = ""
    reason: str = ""
    detail: str = ""
    left_out: str = ""
    """What was left out of an own message because others wrote it, for a person; blank for nothing."""
    is_reply: bool = False
    """Whether it answers what someone else wrote, at whatever place of the chat."""


@dataclass(frozen=True, slots=True)
class Chat:
    """Where messages come from. `key` begins the native id of every turn, and names nobody."""

    key: str
    file: str
    scope: Scope
    row: int = 0
    label: str = "the chat"
    """What a person calls it in the detail of an exclusion; never its title, which names other people."""


def collect_chat(chat: Chat, messages: Iterable[Message], origin: Origin) -> Iterator[Item]:
    """A document for each turn: own messages with at most `TURN_GAP` from one to the next and nobody else's between
    them, one a line, known by the first. Then an exclusion for each own message without own words, and one each
    for the number of other people's messages and of the program's lines.

    Of a private chat only the number of own messages is told, unless the source has `include_private`.
    """
    if chat.scope == "private" and not origin.source.include_private:
        own = sum(message.own for message in messages)
        detail = f"{chat.label} is private; messages of the author's: {own}; `include_private: true` collects them"
        yield origin.exclusion("private", detail, file=chat.file, row=chat.row)
        return
    counts: Counter[str] = Counter()
    first_rows: dict[str, int] = {}
    own = total = 0
    turn: list[Message] = []
    for message in messages:
        total += 1
        own += message.own
        if turn and _ends(turn[-1], message):
            yield _document(turn, chat, origin)
            turn = []
        if message.reason in _COUNTED:
            counts[message.reason] += 1
            first_rows.setdefault(message.reason, message.row)
        elif message.reason:
            yield _set_aside(message.reason, message.detail, message, chat, origin)
        else:
            turn.append(message)
        if message.left_out:
            yield _set_aside("guest", message.left_out, message, chat, origin)
    if turn:
        yield _document(turn, chat, origin)
    for reason, count in counts.items():
        detail = f"{chat.label}: {_COUNTED[reason].format(count=count)}"
        if reason == "guest" and not own:
            detail += "; none is the author's: add the name, number or id that the author has there to `own_names`"
        yield origin.exclusion(reason, detail, file=chat.file, row=first_rows[reason])
    if not total:
        yield origin.exclusion("empty", f"{chat.label} has no messages", file=chat.file, row=chat.row)


def _ends(last: Message, message: Message) -> bool:
    """Whether a turn whose last words are `last` is over at a message."""
    if not message.own:
        return message.reason != "system"
    if message.reason:
        return False
    if last.sent_at is None or message.sent_at is None:
        return True
    return abs(message.sent_at - last.sent_at) > TURN_GAP


def _document(turn: list[Message], chat: Chat, origin: Origin) -> Item:
    first = turn[0]
    return origin.document(
        f"{chat.key}/{first.id}",
        "\n".join(f"{REPLY}\n\n{message.text}" if message.is_reply else message.text for message in turn),
        "text/plain",
        file=chat.file,
        row=first.row,
        published_at=first.sent_at,
        scope=chat.scope,
    )


def _set_aside(reason: str, detail: str, message: Message, chat: Chat, origin: Origin) -> Item:
    native_id = f"{chat.key}/{message.id}"
    return origin.exclusion(reason, detail, file=chat.file, row=message.row, native_id=native_id)
