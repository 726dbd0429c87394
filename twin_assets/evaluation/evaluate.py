"""The evaluation of one adapter, in the order of what matters: likelihood, voice, overlap, retrieval."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from twin_assets.errors import EvaluationError, InsufficientDataError
from twin_assets.evaluation.folds import VoiceTexts
from twin_assets.evaluation.likelihood import BitsPerByte, Score, bits_per_byte, relative_gain, spread_over_documents
from twin_assets.evaluation.others import Others
from twin_assets.evaluation.overlap import Match, longest_matches, summarize
from twin_assets.evaluation.report import EvaluationReport, Example, Likelihood, Overlaps, Refusals, SampleRow
from twin_assets.evaluation.retrieval_recall import Search, retrieval_recall
from twin_assets.evaluation.text import Piece, count_words, sentences, worded, wording, words
from twin_assets.evaluation.voice import voice_scores
from twin_assets.progress import Report, silent
from twin_assets.prompts import NOT_WRITTEN, Message, is_refusal, request_messages
from twin_assets.records import InstructionSample
from twin_assets.settings import EvaluationSettings

ANSWER_TOKENS = 192
"""Longest answer that is generated; about `WORDS_IN_ANSWER` words of English."""
WORDS_IN_ANSWER = 140
ANSWERS_PER_PROMPT = 3
"""At most, where there are few prompts."""
EXAMPLES = 8
QUESTIONS = 12
"""Held-out questions that are asked under their passages, at most."""

Generate = Callable[[Sequence[Sequence[Message]]], Sequence[str]]
"""Answers to prompts, sampled, at most `ANSWER_TOKENS` tokens each, in the prompts' order."""


@dataclass(frozen=True, slots=True)
class EvaluationInputs:
    """What is evaluated, and on what. `samples` are the whole instruction dataset: its `test` split is held out."""

    recipe: str
    adapter_digest: str
    base_model: str
    author: str
    dataset_versions: dict[str, str]
    samples: Sequence[InstructionSample]
    others: Others
    settings: EvaluationSettings


@dataclass(frozen=True, slots=True)
class Ports:
    """The outside world: the engine for both models, and the service's own retrieval."""

    score_base: Score
    score_twin: Score
    generate_base: Generate
    generate_twin: Generate
    search: Search


def evaluate(inputs: EvaluationInputs, ports: Ports, report: Report = silent) -> EvaluationReport:
    """Measure base and twin on text that neither was trained on.

    Raises:
        InsufficientDataError: there is no held-out or no training sample.
        EvaluationError: a held-out document is in the training split, or a measurement came back unusable.
    """
    settings = inputs.settings
    # The fixed sentence that something was not written about is no text of the author's.
    own = [s for s in inputs.samples if s.answer != NOT_WRITTEN]
    train = [s for s in own if s.split == "train"]
    # With context the answer stands in the prompt: that measures copying, not the voice.
    held_out = [s for s in own if s.split == "test" and not s.context]
    _check_split(train, held_out)
    clock = _Clock(report)
    scored = spread_over_documents(held_out, settings.max_test_samples, settings.seed)
    with clock.timed("scoring base"):
        base = bits_per_byte(inputs.author, scored, ports.score_base)
    with clock.timed("scoring twin"):
        twin = bits_per_byte(inputs.author, scored, ports.score_twin)
    asked = _prompted(scored, settings.generation_words)
    prompts = [request_messages(inputs.author, sample.instruction, sample.context) for sample in asked]
    with clock.timed("answers of base"):
        base_answers = _answers(ports.generate_base, prompts)
    with clock.timed("answers of twin"):
        twin_answers = _answers(ports.generate_twin, prompts)
    with clock.timed("refusals"):
        under_passages = [s for s in own if s.split == "test" and s.context]
        refusals = _refusals(inputs, ports, twin_answers, under_passages)
    texts = VoiceTexts(
        author_train=tuple(Piece(s.document_id, s.answer, inputs.author) for s in train),
        author_held_out=tuple(Piece(s.document_id, s.answer, inputs.author) for s in held_out),
        others=inputs.others.pieces,
        base=_pieces(asked, base_answers),
        twin=_pieces(asked, twin_answers),
    )
    with clock.timed("voice"):
        voice = voice_scores(texts, settings.seed, report)
    with clock.timed("overlap"):
        matches = longest_matches([*base_answers, *twin_answers], texts.author_train)
    base_matches, twin_matches = matches[: len(asked)], matches[len(asked) :]
    with clock.timed("retrieval"):
        recall = retrieval_recall(scored, ports.search)
    gain = relative_gain(base, twin, [s.document_id for s in scored], settings.seed)
    return EvaluationReport(
        recipe=inputs.recipe,
        adapter_digest=inputs.adapter_digest,
        base_model=inputs.base_model,
        dataset_versions=inputs.dataset_versions,
        likelihood=Likelihood(base=base.value, twin=twin.value, gain=gain, bytes=base.bytes, samples=base.samples),
        voice=voice,
        others_source=inputs.others.source,
        others_persons=inputs.others.persons,
        overlap=Overlaps(base=summarize(base_matches), twin=summarize(twin_matches)),
        recall=recall,
        refusals=refusals,
        counts={
            "training passages": len(train),
            "held-out passages": len(held_out),
            "held-out documents": len({s.document_id for s in held_out}),
            "held-out words": count_words(worded(texts.author_held_out)),
            "words of others": count_words(worded(texts.others)),
            "words of base": count_words(worded(texts.base)),
            "words of twin": count_words(worded(texts.twin)),
        },
        examples=_examples(asked, base_answers, twin_answers),
        base_rows=_rows(scored, base, asked, base_answers, base_matches),
        twin_rows=_rows(scored, twin, asked, twin_answers, twin_matches),
        timings_s=clock.seconds,
    )


class _Clock:
    def __init__(self, report: Report) -> None:
        self._report = report
        self.seconds: dict[str, float] = {}

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        self._report(f"evaluation: {step}")
        started = time.monotonic()
        yield
        self.seconds[step] = time.monotonic() - started


def _check_split(train: Sequence[InstructionSample], held_out: Sequence[InstructionSample]) -> None:
    if not held_out or not train:
        missing = "training" if held_out else "held-out"
        raise InsufficientDataError(
            f"the instruction dataset has no {missing} sample", "add more writing, or change datasets.test in twin.yaml"
        )
    shared = {s.document_id for s in train} & {s.document_id for s in held_out}
    if shared:
        raise EvaluationError(
            f"{len(shared)} documents are in training and held out at once, the first is {min(shared)!r}",
            "materialize `instruction_dataset` again: it is split by document",
        )


def _prompted(scored: Sequence[InstructionSample], generation_words: int) -> list[InstructionSample]:
    """The samples whose instructions are answered; a sample stands more than once where there are few."""
    wanted = max(1, generation_words // WORDS_IN_ANSWER)
    return ([*scored] * ANSWERS_PER_PROMPT)[:wanted]


def _answers(generate: Generate, prompts: Sequence[Sequence[Message]]) -> list[str]:
    answers = list(generate(prompts))
    if len(answers) != len(prompts):
        raise EvaluationError(f"{len(prompts)} prompts, but {len(answers)} answers", "look at the server's log")
    return answers


def _refusals(
    inputs: EvaluationInputs, ports: Ports, alone: Sequence[str], held_out: Sequence[InstructionSample]
) -> Refusals:
    asked = spread_over_documents(held_out, QUESTIONS, inputs.settings.seed)
    prompts = [request_messages(inputs.author, sample.instruction, sample.context) for sample in asked]
    answers = _answers(ports.generate_twin, prompts) if prompts else []
    return Refusals(
        alone=_refused(alone),
        asked_alone=len(alone),
        with_passages=_refused(answers),
        asked_with_passages=len(answers),
    )


def _refused(answers: Sequence[str]) -> float:
    return sum(map(is_refusal, answers)) / max(len(answers), 1)


def _pieces(asked: Sequence[InstructionSample], answers: Sequence[str]) -> tuple[Piece, ...]:
    return tuple(Piece(sample.document_id, answer) for sample, answer in zip(asked, answers, strict=True))


def _examples(asked: Sequence[InstructionSample], base: Sequence[str], twin: Sequence[str]) -> list[Example]:
    first = {s.sample_id: position for position, s in reversed(list(enumerate(asked)))}
    chosen = sorted(first.values())[:EXAMPLES]
    return [Example(prompt=asked[p].instruction, author=asked[p].answer, base=base[p], twin=twin[p]) for p in chosen]


def _rows(
    scored: Sequence[InstructionSample],
    measured: BitsPerByte,
    asked: Sequence[InstructionSample],
    answers: Sequence[str],
    matches: Sequence[Match],
) -> list[SampleRow]:
    """One row a scored sample, with the first answer to it where there is one; a further row a further answer."""
    ratios = {
        sample.sample_id: bits / size if size else None
        for sample, bits, size in zip(scored, measured.bits, measured.answer_bytes, strict=True)
    }
    rows = []
    for sample, answer, match in zip(asked, answers, matches, strict=True):
        text = wording(answer)
        count, parts = len(words(text)), sentences(text)
        rows.append(
            SampleRow(
                sample_id=sample.sample_id,
                bits_per_byte=ratios.pop(sample.sample_id, None),
                answer_words=count,
                overlap_words=match.words,
                words_in_sentence=count / len(parts) if parts else None,
            )
        )
    return rows + [SampleRow(sample_id=identity, bits_per_byte=ratio) for identity, ratio in ratios.items()]
