"""What the author does on a platform with hashtags and numbers, measured from what they have posted there."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from twin_assets.drafting.thread import NUMBER

HASHTAG = re.compile(r"(?<![\w&#/])#(?=\w*[^\W\d])(\w+)")
TAIL = re.compile(r"(?:\s+#\w+)+\s*\Z")
"""Hashtags after the last words."""
_LINKEDIN = re.compile(r"\{hashtag\|\\?#\|([^{}|]+)\}|\bhashtag#(?=\w)")
"""How LinkedIn's exports write a hashtag."""
_HABIT = 0.2
"""Share of posts from which something is a habit."""
_THREAD = 280
"""Characters from which a post is a thread that was joined."""


@dataclass(frozen=True, slots=True)
class Habits:
    """`posts` that were looked at, the `share` of them with hashtags, and of those: how many mostly and at most,
    whether they stand at the end, and which there are, the most frequent first. `numbered` is whether threads are.
    """

    posts: int = 0
    share: float = 0.0
    typical: int = 0
    most: int = 0
    at_end: bool = True
    tags: tuple[str, ...] = ()
    numbered: bool = False

    @property
    def uses_hashtags(self) -> bool:
        """Whether hashtags are a habit."""
        return self.share >= _HABIT


def measure(texts: Iterable[str]) -> Habits:
    """The habits in posts as they were collected: cleaning takes hashtags at the end away."""
    posts = with_tags = at_end = threads = numbered = 0
    counts, tags = [], Counter[str]()
    for raw in texts:
        text = _LINKEDIN.sub(lambda found: f"#{found[1] or ''}", raw).strip()
        posts += 1
        found = HASHTAG.findall(text)
        if found:
            with_tags += 1
            at_end += bool(TAIL.search(f" {text}"))
            counts.append(len(found))
            tags.update(list(dict.fromkeys(found)))
        if len(text) > _THREAD:
            threads += 1
            numbered += len(NUMBER.findall(text)) > 1
    return Habits(
        posts=posts,
        share=with_tags / posts if posts else 0.0,
        typical=round(median(counts)) if counts else 0,
        most=sorted(counts)[int(len(counts) * 0.9)] if counts else 0,
        at_end=at_end * 2 >= with_tags,
        tags=tuple(tag for tag, _ in tags.most_common(20)),
        numbered=bool(threads) and numbered * 2 >= threads,
    )
