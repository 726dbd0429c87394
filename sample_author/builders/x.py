"""The X archive: JavaScript files that each assign one JSON list."""

from __future__ import annotations

import hashlib
import html
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from sample_author.builders.archive import zip_bytes
from sample_author.builders.sources import read_yaml

SNOWFLAKE_EPOCH_MS = 1288834974657
PREVIEW_LENGTH = 240
LINK = re.compile(r"https://\S+")


class Account(NamedTuple):
    """The archive's owner."""

    account_id: str
    username: str
    display_name: str


def build(sources: Path) -> bytes:
    """The bytes of the zip."""
    settings = read_yaml(sources / "account.yaml")
    account = Account(settings["account_id"], settings["username"], settings["display_name"])
    entries = read_yaml(sources / "tweets.yaml")
    tweets = [tweet for entry in entries for tweet in tweets_of(entry, account)]
    first_of_second = snowflake(utc(settings["second_file_from"]))
    early = [tweet for tweet in tweets if int(tweet["id_str"]) < first_of_second]
    late = [tweet for tweet in tweets if int(tweet["id_str"]) >= first_of_second]
    notes = [note(entry) for entry in entries if is_note(entry)]
    account_row = {
        "accountId": account.account_id,
        "username": account.username,
        "accountDisplayName": account.display_name,
        "createdAt": iso(utc(settings["created_at"])),
    }
    return zip_bytes(
        {
            "data/account.js": script("account", 0, [{"account": account_row}]),
            "data/note-tweet.js": script("note_tweet", 0, notes),
            # The archive lists the newest first.
            "data/tweets.js": script("tweets", 0, [{"tweet": tweet} for tweet in reversed(early)]),
            "data/tweets-part1.js": script("tweets", 1, [{"tweet": tweet} for tweet in reversed(late)]),
        }
    )


def script(name: str, part: int, rows: list[dict[str, Any]]) -> bytes:
    """One data file."""
    return f"window.YTD.{name}.part{part} = {json.dumps(rows, indent=2, ensure_ascii=False)}\n".encode()


def tweets_of(entry: dict[str, Any], account: Account) -> list[dict[str, Any]]:
    """A thread gives one tweet for each part, everything else gives one."""
    moment = utc(entry["date"])
    kind = entry.get("kind", "tweet")
    if kind == "thread":
        moments = [moment + timedelta(minutes=index) for index in range(len(entry["parts"]))]
        thread = [tweet(at, text) for at, text in zip(moments, entry["parts"], strict=True)]
        for at, later in zip(moments, thread[1:], strict=False):
            later.update(in_reply_to(account.username, account.account_id, snowflake(at)))
        return thread
    handle = entry.get("handle", "")
    text = entry["text"]
    if kind == "retweet":
        return [tweet(moment, f"RT @{handle}: {text}", mentions=[handle])]
    if kind == "quote":
        return [tweet(moment, f"{text} https://twitter.com/{handle}/status/{entry['quoted_id']}")]
    if kind == "note":
        return [tweet(moment, text[:PREVIEW_LENGTH].rstrip() + "…")]
    if kind == "reply":
        reply = tweet(moment, f"@{handle} {text}", mentions=[handle])
        reply.update(in_reply_to(handle, entry["user_id"], snowflake(moment - timedelta(hours=1))))
        return [reply]
    return [tweet(moment, text)]


def tweet(moment: datetime, text: str, mentions: list[str] | None = None) -> dict[str, Any]:
    """A tweet as archived: HTML-escaped text, and links shortened with the expansion beside them."""
    urls = [
        {"url": short_link(url), "expanded_url": url, "display_url": url.removeprefix("https://")[:26] + "…"}
        for url in LINK.findall(text)
    ]
    people = [{"screen_name": name} for name in mentions or []]
    number = str(snowflake(moment))
    return {
        "id": number,
        "id_str": number,
        "created_at": moment.strftime("%a %b %d %H:%M:%S %z %Y"),
        "full_text": html.escape(LINK.sub(lambda match: short_link(match[0]), text), quote=False),
        "lang": "en",
        "favorited": False,
        "retweeted": False,
        "entities": {"hashtags": [], "urls": urls, "user_mentions": people},
    }


def in_reply_to(username: str, user_id: str, status: int) -> dict[str, str]:
    """The fields that make a tweet a reply."""
    return {
        "in_reply_to_screen_name": username,
        "in_reply_to_user_id_str": user_id,
        "in_reply_to_status_id_str": str(status),
    }


def is_note(entry: dict[str, Any]) -> bool:
    """Whether the full text is in note-tweet.js only."""
    return entry.get("kind") == "note"


def note(entry: dict[str, Any]) -> dict[str, Any]:
    """The whole of a long tweet. Its id is its own, so it is matched to the tweet by the time."""
    moment = utc(entry["date"])
    return {
        "noteTweet": {
            "noteTweetId": str(snowflake(moment) + 1),
            "createdAt": iso(moment),
            "updatedAt": iso(moment),
            "core": {"text": entry["text"], "urls": [], "mentions": [], "hashtags": []},
        }
    }


def utc(moment: datetime) -> datetime:
    """Dates in the sources are UTC, as she would have them."""
    return moment.replace(tzinfo=UTC)


def iso(moment: datetime) -> str:
    """The time format of the account and note files."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def snowflake(moment: datetime) -> int:
    """The tweet id that belongs to an instant."""
    return (int(moment.timestamp() * 1000) - SNOWFLAKE_EPOCH_MS) << 22


def short_link(url: str) -> str:
    """Longer than a real t.co code, so that it leads nowhere."""
    return f"https://t.co/{hashlib.sha256(url.encode()).hexdigest()[:16]}"
