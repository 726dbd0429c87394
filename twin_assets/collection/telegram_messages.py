"""Telegram's messages: whose they are, and what the author says in them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from twin_assets.collection.chat import Message
from twin_assets.collection.collector import Origin
from twin_assets.collection.dates import parse_date
from twin_assets.collection.text import has_words, storable
from twin_assets.digests import text_digest

_USER = re.compile(r"user\d+")


@dataclass(frozen=True, slots=True)
class Account:
    """Who the author is: by user id where one is known, else by name."""

    origin: Origin
    users: frozenset[str]
    named: frozenset[str]
    """`own_names` in lower case, which channels must be named in."""

    def wrote(self, message: Mapping[str, Any], chat: Mapping[str, Any]) -> bool:
        """Whether a message is the author's."""
        sender, name = _peer(message.get("from_id")), field(message, "from")
        if chat_type(chat) == "saved_messages":
            return True
        if sender.startswith("channel") or (chat_type(chat).endswith("_channel") and not sender.startswith("user")):
            identity = sender or f"channel{field(chat, 'id')}"
            own = not self.named.isdisjoint({identity, identity.removeprefix("channel"), name.casefold()} - {""})
            # A channel's posts may be signed by those who write for it.
            signature = field(message, "author")
            return own and (not signature or self.origin.is_own(signature))
        if self.users and sender:
            return sender in self.users
        return bool(name) and self.origin.is_own(name)


def find_account(export: Mapping[str, Any], origin: Origin) -> Account:
    """The author's account, by the id in an export of the whole account and those among the source's `own_names`."""
    named = frozenset(name.strip().casefold() for name in origin.source.own_names)
    users = {name for name in named if _USER.fullmatch(name)}
    personal = export.get("personal_information")
    if isinstance(personal, Mapping) and (identity := field(personal, "user_id")):
        users.add(f"user{identity}")
    return Account(origin, frozenset(users), named)


def read_messages(chat: Mapping[str, Any], account: Account, row: int) -> Iterator[Message]:
    """Every entry of a chat's list `messages` in its order; `row` is the number of the first."""
    own_ids = {
        field(message, "id")
        for message in chat["messages"]
        if isinstance(message, Mapping) and message.get("type") == "message" and account.wrote(message, chat)
    }
    seen: set[str] = set()
    for number, message in enumerate(chat["messages"], row):
        if not isinstance(message, Mapping):
            detail = f"is a {type(message).__name__}, not a message"
            yield Message(f"row{number}", number, reason="unreadable", detail=detail)
            continue
        kind = message.get("type")
        if kind == "service":
            yield Message("", number, reason="system")
        elif kind != "message":
            detail = f"is of a type that is not known: {field(message, 'type')[:20]!r}"
            yield Message(field(message, "id") or f"row{number}", number, reason="unreadable", detail=detail)
        elif not account.wrote(message, chat):
            yield Message("", number, reason="guest")
        else:
            yield _own(message, number, own_ids, seen)


def _own(message: Mapping[str, Any], row: int, own_ids: set[str], seen: set[str]) -> Message:
    sent_at = _when(message)
    text, quoted = _words(message)
    identity = field(message, "id")
    if not identity:
        identity = f"{sent_at.isoformat() if sent_at else 'undated'}-{text_digest(text)}"
    reason, detail = "", ""
    if identity in seen:
        reason, detail = "duplicate_id", "the chat holds two messages of this id; the first counts"
    # The key is there, with null, when the account that it came from is gone.
    elif "forwarded_from" in message or "saved_from" in message:
        reason, detail = "repost", "was forwarded: someone else's words, which are not kept"
    elif message.get("via_bot"):
        reason, detail = "generated", "was made with a bot"
    elif not has_words(text):
        reason, detail = "empty", "has no words"
    seen.add(identity)
    left_out = "a block quote within the author's message; its words are not kept" if quoted and not reason else ""
    return Message(
        identity,
        row,
        sent_at,
        own=True,
        text=text,
        reason=reason,
        detail=detail,
        left_out=left_out,
        is_reply=_answers_another(message, own_ids),
    )


def _answers_another(message: Mapping[str, Any], own_ids: set[str]) -> bool:
    answered = field(message, "reply_to_message_id")
    return bool(answered) and (answered not in own_ids or "reply_to_peer_id" in message)


def _when(message: Mapping[str, Any]) -> datetime | None:
    """By the Unix time, else by the date in the computer's time, whose zone is not told: it is taken as UTC."""
    try:
        return datetime.fromtimestamp(int(field(message, "date_unixtime")), UTC)
    except (ValueError, OverflowError, OSError):
        return parse_date(message.get("date"))


def _words(message: Mapping[str, Any]) -> tuple[str, bool]:
    """The message's own text or caption and its poll, if any, and whether a block quote was left out."""
    text, quoted = _joined(message.get("text") or message.get("text_entities"))
    poll = message.get("poll")
    if isinstance(poll, Mapping):
        answers = poll.get("answers")
        options = (
            [_joined(a.get("text"))[0] for a in answers if isinstance(a, Mapping)] if isinstance(answers, list) else []
        )
        text = "\n".join([text, _joined(poll.get("question"))[0], *(f"- {option}" for option in options if option)])
    return text.strip(), quoted


def _joined(written: object) -> tuple[str, bool]:
    """A text that is a string, or a list of strings and formatted parts; a link hidden behind words follows them."""
    parts: list[str] = []
    quoted = False
    for part in written if isinstance(written, list) else [written]:
        if isinstance(part, str):
            parts.append(part)
        elif isinstance(part, Mapping) and isinstance(text := part.get("text"), str):
            if part.get("type") == "blockquote":
                quoted = True
                continue
            target = part.get("href")
            hidden = part.get("type") == "text_link" and isinstance(target, str) and target and target != text
            parts.append(f"{text} ({target})" if hidden else text)
    return storable("".join(parts)), quoted


def _peer(identity: object) -> str:
    """`user123`, `channel123`; older exports have the bare number, of a user."""
    bare = isinstance(identity, int) and not isinstance(identity, bool)
    return f"user{identity}" if bare else identity if isinstance(identity, str) else ""


def chat_type(chat: Mapping[str, Any]) -> str:
    """For example `personal_chat`; blank when it is not told."""
    return field(chat, "type")


def field(values: Mapping[str, Any], key: str) -> str:
    """A text or a number as text; blank for anything else."""
    value = values.get(key)
    return storable(str(value)).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
