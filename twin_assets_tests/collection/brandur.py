"""The tweets of the corpus brandur_sorg, which are kept as TOML, as the archive that X sends."""

import html
import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

_SHORT_LINK = re.compile(r"https?://t\.co/\w+")


def read_tweets(toml: str) -> list[dict[str, Any]]:
    """The tweets of `data/twitter.toml`, newest first as they are there."""
    return list(tomllib.loads(toml)["tweets"])


def to_archive(tweets: Sequence[Mapping[str, Any]], user: str, user_id: int) -> dict[str, str]:
    """The archive's files by name, as `user` would get them. An archive does not mark retweets but in their text."""
    account = {"account": {"username": user, "accountId": str(user_id), "accountDisplayName": user}}
    return {
        "data/account.js": _script("account", [account]),
        "data/tweets.js": _script("tweets", [{"tweet": _tweet(tweet)} for tweet in tweets]),
    }


def _script(part: str, objects: list[dict[str, Any]]) -> str:
    return f"window.YTD.{part}.part0 = " + json.dumps(objects, indent=2, ensure_ascii=False)


def _tweet(tweet: Mapping[str, Any]) -> dict[str, Any]:
    entities = tweet.get("entities", {})
    # Some of the texts are escaped in the TOML, as X escapes all of them, and others are not.
    text = html.escape(html.unescape(tweet["text"]), quote=False)
    written: dict[str, Any] = {
        "retweeted": False,
        "source": '<a href="https://mobile.twitter.com" rel="nofollow">Twitter Web App</a>',
        "entities": {
            "hashtags": [],
            "symbols": [],
            "user_mentions": [_mention(mention) for mention in entities.get("user_mentions", [])],
            "urls": [dict(url) for url in entities.get("urls", [])],
        },
        "display_text_range": ["0", str(len(text))],
        "favorite_count": str(tweet.get("favorite_count", 0)),
        "id_str": str(tweet["id"]),
        "truncated": False,
        "retweet_count": str(tweet.get("retweet_count", 0)),
        "id": str(tweet["id"]),
        "created_at": _date(tweet["created_at"]),
        "favorited": False,
        "full_text": text,
        "lang": "en",
    }
    if media := _media(text, entities):
        written["entities"]["media"] = media[:1]
        written["extended_entities"] = {"media": media}
    if reply := tweet.get("reply"):
        for name, key in (("status_id", "status_id"), ("user_id", "user_id")):
            written[f"in_reply_to_{key}"] = written[f"in_reply_to_{key}_str"] = str(reply[name])
        written["in_reply_to_screen_name"] = reply["user"]
    return written


def _mention(mention: Mapping[str, Any]) -> dict[str, Any]:
    user, user_id = mention["user"], str(mention["user_id"])
    return {"name": user, "screen_name": user, "id_str": user_id, "id": user_id}


def _media(text: str, entities: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The attached pictures. The TOML left out their short link, which is the last one that is no other link's."""
    links = {url["url"] for url in entities.get("urls", [])}
    short = next((link for link in reversed(_SHORT_LINK.findall(text)) if link not in links), "")
    return [
        {"id_str": str(media["id"]), "type": media["type"], "media_url_https": media["url"], "url": short}
        for media in entities.get("medias", [])
    ]


def _date(moment: datetime) -> str:
    return moment.strftime("%a %b %d %H:%M:%S %z %Y")
