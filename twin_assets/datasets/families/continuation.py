"""Continue this opening: the passage's first sentence is given, and the answer is the rest, verbatim."""

import re
from collections.abc import Iterator

from twin_assets.datasets.drafts import Draft, Material
from twin_assets.datasets.tagging import ABBREVIATED
from twin_assets.datasets.words import word_count

OPENING_WORDS = (9, 60)
"""Fewest and most words of an opening."""
REST_WORDS = 25
_PARAGRAPH = re.compile(r"\s*\n[ \t]*\n\s*")
_SENTENCE = re.compile(r"[.!?…]" + ABBREVIATED + r"[\"'”’)\]*_]*\s+(?=[^\sa-z])")
_STRUCTURE = re.compile(r"\s*(?:[-*+#>|]|\d{1,9}[.)]\s|```|~~~)")

_POINTS = re.compile(
    r"\b(?:above|below|previous(?:ly)?|earlier|the (?:former|latter)|aforementioned"
    r"|as (?:noted|mentioned|discussed|said|promised))\b",
    re.I,
)
_LEANS = re.compile(
    r"\W*(?:it|its|he|she|they|them|their|this|that|these|those|but|and|so|or|yet|however|even so|still|also|then|there"
    r"|such|once again|again|instead|another|both|either|neither|in this|in that|for this|for example|on top of|besides"
    r"|similarly|likewise|otherwise|the (?:other|same|result|workaround|following|first|second|third|last|next)"
    r"|full (?:code|source)|next|finally|lastly|secondly|here(?:['’]s| is| are))\b",
    re.I,
)
"""Beginnings that lean on what stood before them, or that point at what follows."""
_MEANS_WHAT_WAS_SAID = re.compile(
    r"\b(?:doing|do|did|done|does|of|about|for|with|like|from|by|to|after|before|than) (?:this|that|these|those)"
    r"(?=\s*[,.;:)!?]|\s+(?:because|and|or|but|when|if|as)\b)",
    re.I,
)
"""Pronouns further on that do the same."""

_TITLED = (
    'Here is how a passage of your {piece} "{title}" begins. Continue it.',
    'Continue this opening of a passage in your {piece} "{title}".',
    'You are writing {a_piece} called "{title}". Go on from here.',
)
_BEGINNING = (
    'Here is how your {piece} "{title}" begins. Continue it.',
    'Continue this opening of your {piece} "{title}".',
)
_UNTITLED = (
    "Continue this {piece}.",
    "Go on from this opening, in your own words.",
    "Here is how {a_piece} of yours begins. Continue it.",
)


def continuation(material: Material) -> Iterator[Draft]:
    """The rest of a passage after its first sentences, up to those of its first paragraph."""
    text = material.text
    if _STRUCTURE.match(text):
        return
    first = _PARAGRAPH.search(text)
    limit = first.start() if first else len(text)
    cuts = [match.end() for match in _SENTENCE.finditer(text, 0, limit)]
    # Past its first paragraph a passage may turn to something else; the beginning of a piece leads on.
    cuts += [first.end()] if first and material.place.position == 0 and not material.heading else []
    for cut in cuts:
        opening, rest = text[:cut].strip(), text[cut:]
        low, high = OPENING_WORDS
        if word_count(opening) < low or word_count(rest) < REST_WORDS or _unfinished(opening):
            continue
        if word_count(opening) > high:
            return
        start = material.span.start + cut
        for template in material.choose(_templates(material), "continue"):
            piece, a_piece = material.piece
            request = template.format(piece=piece, a_piece=a_piece, title=material.title) if material.english else ""
            if request:
                yield Draft(request, start, material.span.end, opening)
            else:
                # A language that instructions are not worded in: the opening asks for itself.
                yield Draft(f"{opening} …", start, material.span.end)
                return


def _templates(material: Material) -> tuple[str, ...]:
    if not material.title:
        return _UNTITLED
    whole = material.place.position == 0 and not material.heading
    return _BEGINNING if whole else _TITLED


def _unfinished(opening: str) -> bool:
    """Whether it points back, announces what the next block holds, or leaves a mark open."""
    pointing = _POINTS.search(opening) or _LEANS.match(opening) or _MEANS_WHAT_WAS_SAID.search(opening)
    if pointing or opening.count("(") != opening.count(")"):
        return True
    if opening.count('"') % 2 or opening.count("“") != opening.count("”"):
        return True
    return opening.endswith((":", ",", ";")) or opening.count("**") % 2 == 1 or opening.count("`") % 2 == 1
