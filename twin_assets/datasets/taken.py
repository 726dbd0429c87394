"""The instructions and answers that a dataset has so far: no further one may be like any of them."""

from collections import Counter

from twin_assets.datasets.drafts import Draft, Material
from twin_assets.datasets.duplicates import Seen
from twin_assets.datasets.families import UNANSWERABLE
from twin_assets.datasets.validation import ASKING
from twin_assets.datasets.words import STOP_WORDS, same_wording, stem, words
from twin_assets.digests import digest
from twin_assets.records import InstructionSample

ALIKE = 0.9
"""Jaccard similarity of runs of two words from which two instructions are one; templates are alike by half."""
_RUN = 2


class Taken:
    """What is taken, and how many drafts were refused for which reason."""

    def __init__(self) -> None:
        self._instructions: set[str] = set()
        self._answers: set[str] = set()
        self._subjects: set[frozenset[str]] = set()
        self._seen = Seen(ALIKE, _RUN)
        self.refused: Counter[str] = Counter()

    def keep(self, sample: InstructionSample) -> bool:
        """Take a sample of before; False when another has its instruction or answer."""
        instruction, answer = same_wording(sample.instruction), same_wording(sample.answer)
        of_nothing = sample.family == UNANSWERABLE
        if instruction in self._instructions or (answer in self._answers and not of_nothing):
            return False
        if self._seen.take(_key(sample.instruction), sample.instruction) is not None:
            return False
        self._instructions.add(instruction)
        self._subjects.add(_subject(sample.instruction))
        if not of_nothing:
            self._answers.add(answer)
        return True

    def refusal(self, draft: Draft, material: Material) -> str:
        """`duplicate` or `near_duplicate` (of an instruction), `duplicate_answer`, or an empty string."""
        if same_wording(draft.instruction) in self._instructions or _subject(draft.instruction) in self._subjects:
            return "duplicate"
        if same_wording(material.document.text[draft.start : draft.end]) in self._answers:
            return "duplicate_answer"
        return "near_duplicate" if self._seen.like(draft.instruction) is not None else ""

    def take(self, draft: Draft, material: Material) -> None:
        """Take a draft that was not refused."""
        self._instructions.add(same_wording(draft.instruction))
        self._answers.add(same_wording(material.document.text[draft.start : draft.end]))
        self._subjects.add(_subject(draft.instruction))
        self._seen.take(_key(draft.instruction), draft.instruction)

    def exchange(self, before: InstructionSample, draft: Draft, material: Material) -> str:
        """Take another instruction for a sample, unless it is a duplicate; the old one stays taken."""
        if same_wording(draft.instruction) in self._instructions:
            return "duplicate"
        if self._seen.take(_key(draft.instruction), draft.instruction) is not None:
            return "near_duplicate"
        self._instructions.add(same_wording(draft.instruction))
        return ""


def _subject(instruction: str) -> frozenset[str]:
    """The content words of what is asked: the same again is a duplicate, however it is worded."""
    return frozenset(stem(word) for word in words(instruction) if word not in STOP_WORDS and word not in ASKING)


def _key(text: str) -> str:
    return digest("instruction", text)
