"""What can be written, how long it is, and what the platform takes."""

from dataclasses import dataclass
from typing import Literal, get_args

from twin_assets.records import Kind

Format = Literal["linkedin_post", "x_thread", "newsletter_section", "article_section"]
Length = Literal["short", "medium", "long"]
FORMATS: tuple[Format, ...] = get_args(Format)

LINKEDIN_CHARACTERS = 3_000
"""Of a post, counted as LinkedIn's editor does: in UTF-16 code units."""
X_CHARACTERS = 280
"""Of a post, weighted (`twin_assets.drafting.weights`)."""
TOKENS_PER_WORD = 1.6
"""Generous for English, so that a text of the wanted length ends by itself."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of one format.

    `words` are those of a short, medium and long text. `habits_of` are the kinds of source whose hashtags and numbering
    are the author's habit here; none where there are no hashtags.
    """

    asked: str
    words: dict[Length, int]
    markdown: bool
    habits_of: tuple[Kind, ...] = ()

    def max_tokens(self, length: Length) -> int:
        """Tokens of a text at most: a third more than it needs."""
        return int(self.words[length] * TOKENS_PER_WORD * 4 / 3)


RULES: dict[Format, Rules] = {
    "linkedin_post": Rules(
        "Write a LinkedIn post", {"short": 60, "medium": 150, "long": 320}, markdown=False, habits_of=("linkedin",)
    ),
    "x_thread": Rules(
        "Write a thread on X",
        {"short": 80, "medium": 170, "long": 320},
        markdown=False,
        habits_of=("x", "bluesky", "mastodon"),
    ),
    "newsletter_section": Rules(
        "Write a section of a newsletter", {"short": 100, "medium": 220, "long": 400}, markdown=True
    ),
    "article_section": Rules(
        "Write a section of an article", {"short": 150, "medium": 320, "long": 560}, markdown=True
    ),
}


def utf16_length(text: str) -> int:
    """Characters as browsers count them, which is never fewer than code points."""
    return len(text.encode("utf-16-le")) // 2
