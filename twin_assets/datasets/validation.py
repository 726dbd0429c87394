"""Whether what the teacher wrote is an instruction that the passage answers. Strict: a small teacher fails often."""

import re
from collections.abc import Set

from twin_assets.datasets.words import STOP_WORDS, WORD, content_stems, ngrams, same_wording, stem, word_set, words

SHORTEST, LONGEST = 4, 30
"""Words of an instruction."""

COPIED = 8
"""Words running that an instruction must not have in common with its answer: it would give the answer away."""

_PREFIX = re.compile(
    r"^\s*(?:\*{0,2}(?:the\s+)?(?:reader'?s?\s+)?(?:question|request|instruction|q)\b\*{0,2}\s*[:.]\s*"
    r"|[-*]\s+|\d+[.)]\s+|(?:what is the answer to (?:the|this) question\b[\s:,\"'“‘]*)+(?=\w))",
    re.I,
)
_QUOTES = "\"'“”‘’`*_ "
_META = re.compile(
    r"\b(?:the (?:author|writer|passage|text|reader|article|excerpt|paragraph|narrator|speaker)"
    r"|this (?:author|article|passage|text|excerpt|paragraph|piece|post|section)"
    r"|(?:this|the) (?:question|answer)|passage|excerpt|paragraph|given text|above|as an ai)\b",
    re.I,
)
_QUESTION = word_set(
    """what why how when where who whom whose which is are was were do does did can could would will should have has
    had am"""
)
_REQUEST = word_set(
    """explain describe tell write share discuss give compare list show summarize outline define argue recall talk
    reflect suggest recommend walk introduce make draft post"""
)
_FUNCTION = STOP_WORDS | _QUESTION


def tidied(output: str) -> str:
    """The teacher's output without what small models put around it: a label, quotation marks, talk after a question."""
    line = _PREFIX.sub("", output.strip()).strip(_QUOTES)
    first, _, rest = line.partition("\n")
    line = first.rstrip(_QUOTES) if rest and first.rstrip(_QUOTES).endswith("?") else line
    return re.sub(r"\s+([?!.])$", r"\1", line)


def rejection(instruction: str, answer: str, known: str, taken: Set[str]) -> str:
    """Why an instruction is not good enough for an answer, or an empty string when it is.

    Args:
        instruction: one tidied output of the teacher.
        answer: the passage that it must ask for.
        known: the passage's title and headings, whose names an instruction may use.
        taken: the `same_wording` of the instructions that the dataset has already.
    """
    if "\n" in instruction:
        return "several lines"
    tokens = words(instruction)
    if not SHORTEST <= len(tokens) <= LONGEST:
        return "too short" if len(tokens) < SHORTEST else "too long"
    letters = sum(c.isascii() and (c.isalpha() or c == " ") for c in instruction)
    if letters < 0.85 * len(instruction) or not any(token in _FUNCTION for token in tokens):
        return "not English"
    if not _asks(instruction, tokens):
        return "not a request"
    if _META.search(instruction):
        return "speaks of the text"
    if copies(instruction, answer):
        return "copied"
    subject = [stem(token) for token in tokens if token not in STOP_WORDS and token not in _REQUEST and len(token) > 2]
    if len(set(subject)) < len(subject):
        return "repeats itself"
    there = content_stems(answer)
    if not there.intersection(subject) or 3 * len(there.intersection(subject)) < len(subject):
        return "off topic"
    if not _names(instruction) <= {word.casefold() for word in WORD.findall(f"{known} {answer}")}:
        return "invented name"
    return "duplicate" if same_wording(instruction) in taken else ""


def copies(instruction: str, answer: str) -> bool:
    """Whether an instruction has `COPIED` words running, or all its words, in common with its answer."""
    asked, answered = words(instruction), words(answer)
    length = min(COPIED, len(asked))
    runs = set(ngrams(answered, length))
    return any(run in runs for run in ngrams(asked, length))


def _names(instruction: str) -> set[str]:
    """Words after the first that are capitalized or hold a digit: names, which a small teacher likes to invent."""
    return {word.casefold() for word in WORD.findall(instruction)[1:] if word != word.lower() or word[-1].isdigit()}


def _asks(instruction: str, tokens: list[str]) -> bool:
    ends_well = instruction.endswith(("?", "."))
    if tokens[0] in _REQUEST:
        return ends_well or instruction[-1].isalnum()
    return instruction.endswith("?") and any(token in _QUESTION for token in tokens[:6])
