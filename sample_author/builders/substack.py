"""The Substack export: posts.csv, one HTML body for each post, and files about other people."""

from __future__ import annotations

import html
import json
import re
from datetime import date, datetime
from pathlib import Path
from typing import Any

from markdown import markdown

from sample_author.builders.archive import csv_text, zip_bytes
from sample_author.builders.sources import MarkdownPage, read_pages

HANDLE = "wennatregarrick"
HEADER = [
    "post_id",
    "post_date",
    "is_published",
    "email_sent_at",
    "inbox_sent_at",
    "type",
    "audience",
    "title",
    "subtitle",
    "podcast_url",
]
EMBED = re.compile(r"^\[\[(subscribe|tweet (\w+): (.+))\]\]$", re.MULTILINE)


def build(sources: Path) -> bytes:
    """The bytes of the zip; `export: row_only` has no body in it, `export: body_only` has no row."""
    pages = sorted(read_pages(sources), key=lambda page: int(page.meta["post_id"]))
    rows = [row(page) for page in pages if page.meta.get("export") != "body_only"]
    files = {"posts.csv": csv_text(HEADER, rows).encode()}
    for page in pages:
        if page.meta.get("export") != "row_only":
            files[f"posts/{page.meta['post_id']}.{page.slug}.html"] = body_html(page.body).encode()
    files[f"email_list.{HANDLE}.csv"] = (sources / "subscribers.csv").read_bytes()
    sent = next(page for page in pages if page.meta["is_published"] and page.meta["type"] == "newsletter")
    for kind in ("opens", "delivers"):
        reader_rows = [["2021-11-07T08:12:00.000Z", "nobody.two@example.com", "false"]]
        table = csv_text(["timestamp", "email", "active_subscription"], reader_rows)
        files[f"posts/{sent.meta['post_id']}.{kind}.csv"] = table.encode()
    return zip_bytes(files)


def row(page: MarkdownPage) -> list[str]:
    """One line of posts.csv; `bare_id` leaves the slug off the id."""
    meta = page.meta
    number = str(meta["post_id"])
    sent = export_time(meta["date"]) if meta["is_published"] and meta["type"] == "newsletter" else ""
    return [
        number if meta.get("bare_id") else f"{number}.{page.slug}",
        export_time(meta["date"]),
        str(meta["is_published"]).lower(),
        sent,
        sent,
        meta["type"],
        meta["audience"],
        meta["title"],
        meta["subtitle"],
        "",
    ]


def export_time(moment: date) -> str:
    """ISO with milliseconds and Z, or the date alone where that is all the source gives."""
    if isinstance(moment, datetime):
        return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    return moment.isoformat()


def body_html(body: str) -> str:
    """Markdown to the HTML of a post body, with the platform's own widgets in place of the markers."""
    return markdown(EMBED.sub(lambda match: widget(match[2], match[3]), body)) + "\n"


def widget(handle: str | None, text: str | None) -> str:
    """A subscribe box, or somebody else's tweet with its text in an attribute and in the element."""
    if handle is None or text is None:
        caption = "Thanks for reading The Middle Watch! Subscribe for free to receive new posts."
        attributes: dict[str, Any] = {"url": f"https://{HANDLE}.substack.com/subscribe", "text": "Subscribe"}
        return (
            f'<div class="subscription-widget-wrap" data-attrs="{html.escape(json.dumps(attributes))}">'
            '<div class="subscription-widget show-subscribe"><div class="preamble">'
            f'<p class="cta-caption">{caption}</p></div><form class="subscription-widget-subscribe">'
            '<input type="email" class="email-input" name="email" placeholder="Type your email…">'
            '<input type="submit" class="button primary" value="Subscribe"></form></div></div>'
        )
    url = f"https://twitter.com/{handle}/status/1616000000000000071"
    attributes = {"url": url, "full_text": text, "username": handle, "retweet_count": 3}
    return (
        f'<div class="tweet-embed" data-attrs="{html.escape(json.dumps(attributes))}">'
        f'<div class="tweet"><p class="tweet-text">{html.escape(text)}</p>'
        f'<a class="tweet-link" href="{url}">@{handle}</a></div></div>'
    )
