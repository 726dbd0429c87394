"""Telegram Desktop's export as JSON: `result.json` of one chat, or of the whole account with a list of chats.

A file is parsed as a whole: in memory it takes several times its size, which is limited to `archive.DATA_BYTES`.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from twin_assets.collection.archive import DATA_BYTES, Files, base_name, suffix
from twin_assets.collection.chat import Chat, collect_chat
from twin_assets.collection.collector import Item, Origin
from twin_assets.collection.telegram_messages import chat_type, field, find_account, read_messages
from twin_assets.collection.text import Unreadable, decode
from twin_assets.digests import text_digest
from twin_assets.progress import Report, track
from twin_assets.records import Kind

_PUBLIC = frozenset({"public_channel", "public_supergroup"})
_PEERS = {
    "saved_messages": "user",
    "personal_chat": "user",
    "bot_chat": "user",
    "private_group": "chat",
    "private_supergroup": "channel",
    "public_supergroup": "channel",
    "private_channel": "channel",
    "public_channel": "channel",
}
"""Type of chat -> what its id counts; users, groups and channels have the same numbers."""
_HEX_ESCAPE = re.compile(r"(?<!\\)((?:\\\\)*)\\x([0-9A-Fa-f]{2})")
"""Telegram Desktop writes control characters as `\\x1F`, which is not JSON."""


class Telegram:
    """Every chat of result.json: the author's messages, each turn a document."""

    kind: Kind = "telegram"
    title = "a Telegram export"
    suffixes = frozenset({".json"})
    looked_for = (
        "result.json was looked for: export again with Telegram Desktop (Settings, Advanced, Export Telegram data) as "
        "machine-readable JSON, which is not the default; `include_private: true` collects the author's messages, and "
        "`own_names` says who the author is there"
    )

    def recognizes(self, names: Sequence[str]) -> bool:
        """Whether there is a result.json."""
        return any(_is_result(name) for name in names)

    def collect(self, files: Files, origin: Origin, report: Report) -> Iterator[Item]:
        """Turns and exclusions of each chat. Where no file is called result.json, any JSON file may be one."""
        names = [n for n in files.names if _is_result(n)] or [n for n in files.names if suffix(n) == ".json"]
        for name in track(names, f"{origin.source.name}: exports", len(names), report):
            try:
                export = _load(decode(files.read(name, DATA_BYTES)))
                chats = _chats(export)
            except Unreadable as error:
                yield origin.exclusion(error.reason, error.detail, file=name)
                continue
            account = find_account(export, origin)
            row = 1
            for number, chat in enumerate(chats, 1):
                label = f"chat {number}" if len(chats) > 1 else "the chat"
                if not isinstance(chat, Mapping) or not isinstance(chat.get("messages"), list):
                    yield origin.exclusion("unreadable", f"{label} has no list of messages", file=name, row=row)
                    continue
                place = Chat(_key(chat), name, "public" if chat_type(chat) in _PUBLIC else "private", row, label)
                yield from collect_chat(place, read_messages(chat, account, row), origin)
                row += len(chat["messages"])


def _is_result(name: str) -> bool:
    return base_name(name).lower() == "result.json"


def _load(text: str) -> Mapping[str, Any]:
    """Raises Unreadable when the text is no JSON object."""
    try:
        try:
            export = json.loads(text, strict=False)
        except ValueError:
            export = json.loads(_HEX_ESCAPE.sub(r"\1\\u00\2", text), strict=False)
    except (ValueError, RecursionError) as error:
        where = f"at character {error.pos}" if isinstance(error, json.JSONDecodeError) else type(error).__name__
        raise Unreadable("unreadable", f"is not JSON, {where}: export it again, it is damaged or incomplete") from error
    if not isinstance(export, Mapping):
        raise Unreadable("unreadable", f"is a {type(export).__name__}, not an object")
    return export


def _chats(export: Mapping[str, Any]) -> list[Any]:
    """The chats of an export, those that the author has left last. Raises Unreadable when it lists none."""
    if isinstance(export.get("messages"), list):
        return [export]
    sections = [export[key] for key in ("chats", "left_chats") if key in export]
    if not sections:
        raise Unreadable("unreadable", "holds neither `messages` nor `chats`: export chats, too, as JSON")
    chats: list[Any] = []
    for section in sections:
        listed = section.get("list") if isinstance(section, Mapping) else None
        # What is no list is one chat that cannot be read.
        chats.extend(listed if isinstance(listed, list) else [section])
    if not chats:
        raise Unreadable("empty", "lists no chat")
    return chats


def _key(chat: Mapping[str, Any]) -> str:
    """What tells a chat from all others; of one without an id a digest of its title, which names other people."""
    identity = field(chat, "id")
    return f"{_PEERS.get(chat_type(chat), '')}{identity}" if identity else text_digest(field(chat, "name"))
