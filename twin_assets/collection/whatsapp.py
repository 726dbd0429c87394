"""WhatsApp's exported chats: `_chat.txt` (iOS) or `WhatsApp Chat with X.txt` (Android), in any language.

The file says neither what was forwarded nor what answers what, and names people as the phone's contacts do.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import islice

from twin_assets.collection.archive import DATA_BYTES, Files, base_name, suffix
from twin_assets.collection.chat import Chat, Message, collect_chat
from twin_assets.collection.collector import Item, Origin
from twin_assets.collection.text import Unreadable, decode
from twin_assets.collection.transcript import Entry, Order, infer_order, is_header, own_words, read_entries, read_time
from twin_assets.digests import text_digest
from twin_assets.progress import Report, track
from twin_assets.records import Kind

_NAME = re.compile(
    r"(?:_chat\b.*|WhatsApp[ -]Chatt?\b.*|.+ WhatsApp Sohbeti.*|"
    r"(?:Chat(?: de)?|Conversa (?:do|no)|Conversación de|Discussion|Conversație|Czat|Чат(?: в)?) WhatsApp\b.*)\.txt",
    re.IGNORECASE,
)
_COPY = re.compile(r"\s*\(\d+\)$")
_HEAD = 20
"""Lines among which the first message must begin in a file whose name says nothing."""
_PHONE = re.compile(r"\+?[\d\s().-]{6,}")
_DETAILS = {"empty": "has no words", "deleted": "was deleted by its author"}


class WhatsApp:
    """Every chat of an export: the author's messages, each turn a document."""

    kind: Kind = "whatsapp"
    title = "WhatsApp chats"
    suffixes = frozenset({".txt"})
    looked_for = (
        "_chat.txt or `WhatsApp Chat with ….txt` was looked for: export the chat (More, Export chat, Without media); "
        "`include_private: true` collects the author's messages, and `own_names` says who the author is there"
    )

    def recognizes(self, names: Sequence[str]) -> bool:
        """Whether a file is named as WhatsApp names exported chats."""
        return any(_NAME.fullmatch(base_name(name)) for name in names)

    def collect(self, files: Files, origin: Origin, report: Report) -> Iterator[Item]:
        """Turns and exclusions of each text file that is a chat by its name or its first lines, one chat in memory."""
        names = [name for name in files.names if suffix(name) == ".txt"]
        for name in track(names, f"{origin.source.name}: chats", len(names), report):
            try:
                lines = decode(files.read(name, DATA_BYTES)).split("\n")
                if not _is_chat(name, lines):
                    detail = "is no chat: none of its first lines is a date, a time and a name"
                    yield origin.exclusion("not_a_post", detail, file=name)
                    continue
                order = _order(lines, f"chat {names.index(name) + 1} of {len(names)}", origin, report)
            except Unreadable as error:
                yield origin.exclusion(error.reason, error.detail, file=name)
                continue
            chat = Chat(_key(name), name, "private")
            yield from collect_chat(chat, _messages(lines, order, origin), origin)


def _is_chat(name: str, lines: Sequence[str]) -> bool:
    return bool(_NAME.fullmatch(base_name(name))) or any(is_header(line) for line in islice(lines, _HEAD))


def _order(lines: Sequence[str], place: str, origin: Origin, report: Report) -> Order:
    """Raises Unreadable when no line begins a message."""
    days = [entry.day for entry in read_entries(lines) if entry.day]
    if not days:
        detail = "no line is a message in a layout that is known: export the chat again, or report its first line"
        raise Unreadable("unreadable", detail)
    order, certain = infer_order(days)
    if not certain:
        # Not the file's name: it names whom the author talks to.
        report(f"{origin.source.name}: the dates of {place} could be day or month first, and are read as {order}")
    return order


def _key(name: str) -> str:
    """The chat's title as a digest, because it names other people; blank for `_chat.txt`, which has none."""
    stem = base_name(name).rpartition(".")[0]
    return "" if stem.lower().startswith("_chat") else text_digest(_COPY.sub("", stem))


def _messages(lines: Sequence[str], order: Order, origin: Origin) -> Iterator[Message]:
    is_own = cache(lambda sender: _is_own(sender, origin))
    seen: Counter[str] = Counter()
    for entry in read_entries(lines):
        if entry.day is None:
            if entry.text.strip():
                count = entry.text.count("\n") + 1
                detail = f"lines before the first message: {count}; who wrote them is not known"
                yield Message("head", entry.row, reason="unreadable", detail=detail)
        elif not entry.sender:
            yield Message("", entry.row, reason="system")
        elif not is_own(entry.sender):
            yield Message("", entry.row, reason="guest")
        else:
            yield _own(entry, order, seen)


def _own(entry: Entry, order: Order, seen: Counter[str]) -> Message:
    sent_at = read_time(entry, order)
    written = sent_at.isoformat() if sent_at else "undated"
    identity = f"{written}-{text_digest(entry.text)}"
    seen[identity] += 1
    if seen[identity] > 1:
        # The clock may show minutes only, within which the same may be said twice.
        identity = f"{identity}#{seen[identity]}"
    if not sent_at:
        detail = "its date or time does not exist"
        return Message(identity, entry.row, own=True, reason="unreadable", detail=detail)
    text, reason = own_words(entry.text)
    return Message(identity, entry.row, sent_at, True, text, reason, _DETAILS.get(reason, ""))


def _is_own(sender: str, origin: Origin) -> bool:
    """By name, or by number however it is spaced."""
    if origin.is_own(sender):
        return True
    number = _digits(sender)
    return bool(number) and number in {_digits(name) for name in origin.source.own_names}


def _digits(name: str) -> str:
    return re.sub(r"\D", "", name) if _PHONE.fullmatch(name.strip()) else ""
