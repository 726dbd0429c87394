"""The LinkedIn "complete" data export, with the irregularities of the real one."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any

from markdown import markdown

from sample_author.builders.archive import csv_text, zip_bytes
from sample_author.builders.sources import MarkdownPage, read_pages, read_yaml

SITE = "https://www.linkedin.example.com"
ROOT = "Complete_LinkedInDataExport_11-02-2026"
BOM = "\ufeff"
APPLE_DOUBLE = b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X        "
CONNECTIONS_NOTES = 'Notes:\n"When exporting, some of the email addresses may be missing."\n\n'


def build(sources: Path) -> bytes:
    """The bytes of the zip."""
    profile = read_yaml(sources / "profile.yaml")
    member = profile["member_id"]
    tables = {
        f"Shares_{member}.csv": BOM + shares_csv(read_yaml(sources / "posts.yaml")),
        f"Comments_{member}.csv": comments_csv(read_yaml(sources / "comments.yaml")),
        f"Reactions_{member}.csv": csv_text(
            ["Date", "Type", "Link"],
            [["2023-03-16 08:00:00", "LIKE", f"{SITE}/feed/update/urn%3Ali%3Aactivity%3A653109"]],
        ),
        "messages.csv": messages_csv(read_yaml(sources / "messages.yaml")),
        "Profile.csv": csv_text(
            ["First Name", "Last Name", "Headline"],
            [[profile["first_name"], profile["last_name"], profile["headline"]]],
        ),
        "Connections.csv": CONNECTIONS_NOTES
        + csv_text(
            ["First Name", "Last Name", "URL", "Email Address", "Company", "Position", "Connected On"],
            [["Peregrine", "Outhwaite", f"{SITE}/in/peregrine-outhwaite-example", "", "", "", "04 Mar 2024"]],
        ),
    }
    for page in read_pages(sources / "articles"):
        tables[f"Articles/Articles/{page.slug}.html"] = article_html(page)
    files = {f"{ROOT}/{name}": text.encode() for name, text in tables.items()}
    files[f"__MACOSX/{ROOT}/._Shares_{member}.csv"] = APPLE_DOUBLE
    return zip_bytes(files)


def shares_csv(posts: list[dict[str, Any]]) -> str:
    """A line break in a commentary comes out as quote, newline, quote."""
    rows = []
    for post in posts:
        link = f"{SITE}/feed/update/urn%3Ali%3Ashare%3A{post['id']}"
        commentary = post["text"].replace("\n", '"\n"')
        shared = post.get("shared_url", "")
        rows.append([str(post["date"]), link, commentary, shared, "", post["visibility"]])
    return csv_text(["Date", "ShareLink", "ShareCommentary", "SharedUrl", "MediaUrl", "Visibility"], rows)


def comments_csv(comments: list[dict[str, Any]]) -> str:
    r"""Quotes are escaped as \" here, which the csv module's writer cannot mix with bare columns."""
    lines = ["Date,Link,Message"]
    for comment in comments:
        message = comment["text"].replace('"', '\\"')
        lines.append(f'{comment["date"]},{comment["link"]},"{message}"')
    return "\n".join(lines) + "\n"


def messages_csv(messages: list[dict[str, str]]) -> str:
    """A private conversation, both sides of it."""
    header = ["CONVERSATION ID", "CONVERSATION TITLE", "FROM", "SENDER PROFILE URL", "TO", "DATE", "CONTENT"]
    keys = ["conversation", "title", "from", "from_url", "to", "date", "content"]
    return csv_text(header, [[entry.get(key, "") for key in keys] for entry in messages])


def article_html(page: MarkdownPage) -> str:
    """A long-form article, as the export lays it out."""
    title = html.escape(page.meta["title"])
    return (
        f"<html><head><title>{title}</title></head><body>\n"
        f'<h1><a href="{SITE}/pulse/{page.slug}-wenna-tregarrick">{title}</a></h1>\n'
        f'<p class="created">Created on {page.meta["created"]}</p>\n'
        f'<p class="published">Published on {page.meta["published"]}</p>\n'
        f"<div>{markdown(page.body)}</div>\n</body></html>\n"
    )
