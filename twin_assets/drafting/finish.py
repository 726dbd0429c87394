"""What the model wrote, made to fit the platform and the author's habits."""

import re
from dataclasses import dataclass

from twin_assets.drafting.formats import LINKEDIN_CHARACTERS, RULES, Format, Length, utf16_length
from twin_assets.drafting.habits import HASHTAG, TAIL, Habits
from twin_assets.drafting.sentences import fitted
from twin_assets.drafting.thread import thread
from twin_assets.drafting.weights import weighted_length

_LINK = re.compile(r"(?:https?|ftp)://[^\s<>\"')\]]+", re.IGNORECASE)
_LINE_BREAK = re.compile(r"\r\n?")
_FENCED = re.compile(r"\A\s*```\w*\n(.*?)\n```\s*\Z", re.DOTALL)
_MARKUP = (
    (re.compile(r"^#{1,6}[ \t]+", re.MULTILINE), ""),
    (re.compile(r"(?<![\w*])(\*\*|__)(?=\S)(.+?)(?<=\S)\1(?![\w*])", re.DOTALL), r"\2"),
    (re.compile(r"(?<![\w*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\w*])"), r"\1"),
    (re.compile(r"!?\[([^\[\]\n]*)\]\((https?://[^\s()]+)\)"), r"\1 (\2)"),
)
"""Markdown that the platform would show as it is."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A text that can be posted. `parts` are the posts of a thread, else the text alone; `characters` are those that
    the platform counts, of a thread those of its longest post."""

    text: str
    parts: tuple[str, ...]
    characters: int
    warnings: tuple[str, ...]


def finish(raw: str, how: Format, length: Length, habits: Habits, known: str = "", cut_off: bool = False) -> Finished:
    """Enforce the platform's rules, and say what was done or should be looked at.

    Args:
        raw: what the model wrote.
        habits: the author's on this platform.
        known: text with the links that may be in it: those that the author gave.
        cut_off: the model was stopped at its longest length.
    """
    rules, warnings = RULES[how], []
    text = _FENCED.sub(r"\1", _LINE_BREAK.sub("\n", raw)).strip()
    if not rules.markdown:
        text = _plain(text)
    if rules.habits_of and habits.posts:
        text = _by_habit(text, habits)
    if cut_off:
        warnings.append("The text was stopped at its longest length: ask for a shorter one, or for the end.")
    warnings += _strange_links(text, known)
    if how == "x_thread":
        posts = tuple(thread(text, habits.numbered)) or ("",)
        longest = max(map(weighted_length, posts))
        return Finished("\n\n".join(posts), posts, longest, tuple(warnings))
    if how == "linkedin_post":
        if utf16_length(text) > LINKEDIN_CHARACTERS:
            text = fitted(text, LINKEDIN_CHARACTERS, utf16_length)
            warnings.append(
                f"The post was longer than the {LINKEDIN_CHARACTERS:,} characters that LinkedIn takes: its end is cut."
            )
        return Finished(text, (text,), utf16_length(text), tuple(warnings))
    words, wanted = len(text.split()), rules.words[length]
    if not wanted / 3 <= words <= wanted * 2:
        warnings.append(f"The section has {words} words; about {wanted} were asked for.")
    return Finished(text, (text,), len(text), tuple(warnings))


def _plain(text: str) -> str:
    for pattern, instead in _MARKUP:
        text = pattern.sub(instead, text)
    return text


def _by_habit(text: str, habits: Habits) -> str:
    """Without hashtags where the author has none; no more than they use; their own where they always have some."""
    if not habits.uses_hashtags:
        return HASHTAG.sub(r"\1", TAIL.sub("", text)).strip()
    seen = 0

    def kept(found: re.Match[str]) -> str:
        nonlocal seen
        seen += 1
        return found[0] if seen <= habits.most else ""

    text = HASHTAG.sub(kept, text).rstrip() if len(HASHTAG.findall(text)) > habits.most else text
    if seen or HASHTAG.search(text) or habits.share < 0.5 or not habits.at_end:
        return text
    said = text.casefold()
    fitting = [tag for tag in habits.tags if tag.casefold() in said][: habits.typical]
    return f"{text}\n\n{' '.join(f'#{tag}' for tag in fitting)}" if fitting else text


def _strange_links(text: str, known: str) -> list[str]:
    strange = sorted({link for link in _LINK.findall(text) if link.rstrip(".,;:!?") not in known})
    return [f"The text has a link that you did not give, look at it first: {link}" for link in strange]
