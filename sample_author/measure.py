"""Counts pieces and words by source, as JSON: `python -m sample_author.measure`.

Block quotes and fenced code are left out of the word counts: the first are other people's words, the second
are not prose.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable
from typing import Any

from sample_author.builders.sources import SOURCES, MarkdownPage, read_page, read_pages, read_yaml

AUTHOR = "Wenna Tregarrick"
NOT_PROSE = re.compile(
    r"^```.*?^```$|^>.*?$|^\[\[.*?\]\]$|\{% highlight.*?endhighlight %\}|\{[%{].*?[%}]\}",
    re.MULTILINE | re.DOTALL,
)


def words(text: str) -> int:
    """Words of prose in a Markdown text."""
    return len(NOT_PROSE.sub(" ", text).split())


def count(texts: Iterable[str]) -> dict[str, int]:
    """Pieces and words of one group."""
    lengths = [words(text) for text in texts]
    return {"pieces": len(lengths), "words": sum(lengths)}


def measure() -> dict[str, dict[str, int]]:
    """The author's own writing by source, and the guest's."""
    blog = [read_page(path) for path in sorted((SOURCES / "blog").rglob("*.md"))]
    posts = read_yaml(SOURCES / "linkedin" / "posts.yaml")
    comments = read_yaml(SOURCES / "linkedin" / "comments.yaml")
    articles = read_pages(SOURCES / "linkedin" / "articles")
    tweets = read_yaml(SOURCES / "x" / "tweets.yaml")
    return {
        "blog": count(page.body for page in blog if is_own(page)),
        "substack": count(page.body for page in read_pages(SOURCES / "newsletter") if is_sent(page)),
        "linkedin": count(
            [post["text"] for post in posts if "kind" not in post]
            + [comment["text"] for comment in comments]
            + [page.body for page in articles]
        ),
        "x": count(tweet_text(entry) for entry in tweets if entry.get("kind") != "retweet"),
        "guest": count(page.body for page in blog if not is_own(page) and not page.meta.get("draft")),
    }


def is_own(page: MarkdownPage) -> bool:
    """Published, and by nobody else."""
    return not page.meta.get("draft") and page.meta.get("author", AUTHOR) == AUTHOR


def is_sent(page: MarkdownPage) -> bool:
    """A letter that went out and has its body."""
    meta = page.meta
    return bool(meta["is_published"]) and meta["type"] == "newsletter" and "export" not in meta


def tweet_text(entry: dict[str, Any]) -> str:
    """A thread is one piece."""
    return "\n\n".join(entry["parts"]) if "parts" in entry else str(entry["text"])


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure(), indent=2) + "\n")
