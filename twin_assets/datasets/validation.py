"""Whether an instruction is one that its answer answers. Strict: what is refused here is made another way, or left out.

Each reason is a word of its own, which ends up in the figures of the dataset: `several_lines`, `too_short`, `too_long`,
`language`, `not_a_request`, `not_self_contained`, `repeats_itself`, `ungrounded`, `invented_name`, `copied`,
`gives_away`, `pii`, `refusal`.
"""

import re
from collections.abc import Iterable

from twin_assets.datasets.drafts import Draft, Material
from twin_assets.datasets.languages import ENGLISH, language_of
from twin_assets.datasets.quality import unfit
from twin_assets.datasets.words import (
    STOP_WORDS,
    WORD,
    content_stems,
    ngrams,
    stem,
    word_set,
    words,
)

SHORTEST, LONGEST = 4, 60
"""Words of a request."""
LONGEST_TAUGHT = 30
"""Words of a teacher's request: a longer one tells what it should ask."""

COPIED = 8
"""Words running that an instruction must not have in common with its answer: it would give the answer away."""
GIVEN_AWAY = 0.6
"""Share of the answer's content words from which a request says what it asks for."""
UNGROUNDED = 0.3
"""Share of a teacher's content words that may be other words than the passage's; names and numbers must be its own."""

_PREFIX = re.compile(
    r"^\s*(?:\*{0,2}(?:the\s+)?(?:reader'?s?\s+)?(?:question|request|instruction|q)\b\*{0,2}\s*[:.]\s*"
    r"|[-*]\s+|\d+[.)]\s+|(?:what is the answer to (?:the|this) question\b[\s:,\"'“‘]*)+(?=\w))",
    re.I,
)
_QUOTES = "\"'“”‘’`*_ "
_QUOTED = re.compile(r"\"[^\"\n]*\"")
_META = re.compile(
    r"\b(?:the (?:author|writer|passage|text|reader|article|excerpt|paragraph|narrator|speaker|following|given)"
    r"|this (?:author|article|passage|text|excerpt|paragraph|piece|post|section|essay|newsletter|thread|story)"
    r"|(?:this|the) (?:question|answer)|excerpt|given text|above|below|as an ai|mentioned (?:here|earlier))\b",
    re.I,
)
_QUESTION = word_set(
    """what why how when where who whom whose which is are was were do does did can could would will should have has
    had am"""
)
_REQUEST = word_set(
    """explain describe tell write share discuss give compare list show summarize outline define argue recall talk
    reflect suggest recommend walk introduce make draft post continue sum expand rewrite turn put publish text message
    reply answer message"""
)
ASKING = _REQUEST | word_set(
    """opinion think thought thoughts view views take piece article section essay newsletter thread tweet linkedin
    paragraph paragraphs passage short story example examples detail details reason reasons experience writing written
    wrote headed titled called heading title begins begin opening introduction context mind background honest friend
    chat network own voice voice words way deals belongs looking publishing reading part bring starting"""
)
"""Words of templates and requests, which say nothing of the subject."""
_FUNCTION = STOP_WORDS | _QUESTION


def tidied(output: str) -> str:
    """The teacher's output without what small models put around it: a label, quotation marks, talk after a question."""
    line = _PREFIX.sub("", output.strip()).strip(_QUOTES)
    first, _, rest = line.partition("\n")
    line = first.rstrip(_QUOTES) if rest and first.rstrip(_QUOTES).endswith("?") else line
    return re.sub(r"\s+([?!.])$", r"\1", line)


def rejection(draft: Draft, material: Material) -> str:
    """Why a draft that a family made is not good enough, or an empty string when it is."""
    request, answer = draft.request, material.document.text[draft.start : draft.end]
    tokens = words(request)
    if not SHORTEST <= len(tokens) <= LONGEST:
        return "too_short" if len(tokens) < SHORTEST else "too_long"
    if not draft.material and _META.search(_QUOTED.sub("", request)):
        return "not_self_contained"
    there = f"{material.known} {material.text}"
    if not _grounded(draft.slots, there):
        return "ungrounded"
    if copies(draft.instruction, answer):
        return "copied"
    # Code is asked for by its name and its remark, which are part of it.
    if material.span.definition is None and gives_away(request, answer, material.known):
        return "gives_away"
    return _unfit(draft.instruction)


def taught_rejection(instruction: str, material: Material) -> str:
    """Why an instruction that a teacher wrote for the whole passage is not good enough, or an empty string."""
    if "\n" in instruction:
        return "several_lines"
    tokens = words(instruction)
    if not SHORTEST <= len(tokens) <= LONGEST_TAUGHT:
        return "too_short" if len(tokens) < SHORTEST else "too_long"
    if not _of_language(instruction, tokens):
        return "language"
    if not _asks(instruction, tokens):
        return "not_a_request"
    if _META.search(instruction):
        return "not_self_contained"
    if copies(instruction, material.text):
        return "copied"
    subject = [stem(t) for t in tokens if t not in STOP_WORDS and t not in ASKING and len(t) > 2]
    if len(set(subject)) < len(subject):
        return "repeats_itself"
    if not _names(instruction) <= _said(f"{material.known} {material.text}"):
        return "invented_name"
    there = content_stems(f"{material.known} {material.text}")
    foreign = [root for root in subject if root not in there]
    if len(foreign) == len(subject) or len(foreign) > UNGROUNDED * len(subject):
        return "ungrounded"
    return "gives_away" if gives_away(instruction, material.text, material.known) else _unfit(instruction)


def copies(instruction: str, answer: str) -> bool:
    """Whether an instruction has `COPIED` words running, or all its words, in common with its answer."""
    asked, answered = words(instruction), words(answer)
    length = min(COPIED, len(asked))
    runs = set(ngrams(answered, length))
    return any(run in runs for run in ngrams(asked, length))


def gives_away(request: str, answer: str, known: str) -> bool:
    """Whether a request holds most content words of its answer, beyond those of title and headings."""
    answered = content_stems(answer)
    said = (content_stems(request) & answered) - content_stems(known)
    return len(said) > GIVEN_AWAY * len(answered)


def _unfit(instruction: str) -> str:
    reason = unfit(instruction)
    return reason if reason in ("pii", "refusal") else ""


def _grounded(slots: Iterable[str], there: str) -> bool:
    """Whether everything that was put into a template, names and numbers included, stands in the passage."""
    said = _said(there)
    own = {"your", "an", "a", "the"}
    return all(word in said or word in own for slot in slots for word in words(slot))


def _said(text: str) -> set[str]:
    return set(words(text))


def _of_language(instruction: str, tokens: list[str]) -> bool:
    letters = sum(c.isascii() and (c.isalpha() or c == " ") for c in instruction)
    if letters < 0.85 * len(instruction) or not any(token in _FUNCTION for token in tokens):
        return False
    return language_of(instruction) in (ENGLISH, "")


def _names(instruction: str) -> set[str]:
    """Words after the first that are capitalized or hold a digit: names, which a small teacher likes to invent."""
    found = WORD.findall(instruction)[1:]
    return {w.casefold().replace("’", "'") for w in found if w != w.lower() or w[-1].isdigit()} - {"i", "linkedin", "x"}


def _asks(instruction: str, tokens: list[str]) -> bool:
    ends_well = instruction.endswith(("?", "."))
    if tokens[0] in _REQUEST:
        return ends_well or instruction[-1].isalnum()
    return instruction.endswith("?") and any(token in _QUESTION for token in tokens[:6])
