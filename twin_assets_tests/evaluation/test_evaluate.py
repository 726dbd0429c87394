"""The whole evaluation with stand-ins for the engine, and the lessons of the reference implementation."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from twin_assets.errors import EvaluationError, InsufficientDataError
from twin_assets.evaluation.evaluate import ANSWERS_PER_PROMPT, WORDS_IN_ANSWER, EvaluationInputs, Ports, evaluate
from twin_assets.evaluation.gate import decide
from twin_assets.evaluation.likelihood import Scored
from twin_assets.evaluation.others import Others
from twin_assets.evaluation.text import Piece
from twin_assets.prompts import NOT_WRITTEN, Message, passages_block, request_messages
from twin_assets.records import InstructionSample
from twin_assets.settings import EvaluationSettings


class Engine:
    """Two models: base says what it said to its prompts; the twin says what the author wrote for them."""

    def __init__(self, base: Sequence[Piece], twin: Callable[[str], str], samples: Sequence[InstructionSample]) -> None:
        self.base, self.twin = base, twin
        self.answers = {s.instruction: s.answer for s in samples}
        self.scored: list[Scored] = []
        self.asked: list[Sequence[Message]] = []
        self.searched: list[str] = []

    def score(self, per_byte: float) -> Callable[[Sequence[Scored]], list[float]]:
        def scored(texts: Sequence[Scored]) -> list[float]:
            self.scored.extend(texts)
            return [per_byte * len(text.answer.encode()) for text in texts]

        return scored

    def generate_base(self, prompts: Sequence[Sequence[Message]]) -> list[str]:
        self.asked.extend(prompts)
        return [self.base[n % len(self.base)].text for n in range(len(prompts))]

    def generate_twin(self, prompts: Sequence[Sequence[Message]]) -> list[str]:
        self.asked.extend(prompts)
        return [self.twin(self.answers[prompt[-1]["content"]]) for prompt in prompts]

    def ports(self, base: float = -0.8, twin: float = -0.7) -> Ports:
        return Ports(self.score(base), self.score(twin), self.generate_base, self.generate_twin, self.search)

    def search(self, question: str, count: int) -> list[tuple[str, ...]]:
        self.searched.append(question)
        return [("nothing",), ("of", "use")]


@pytest.fixture
def inputs(samples: list[InstructionSample], guest_pieces: tuple[Piece, ...]) -> EvaluationInputs:
    return EvaluationInputs(
        recipe="default",
        adapter_digest="abc",
        base_model="small",
        author="Wenna Tregarrick",
        dataset_versions={"instruction_dataset": "v1"},
        samples=samples,
        others=Others(guest_pieces, "attribution"),
        settings=EvaluationSettings(generation_words=WORDS_IN_ANSWER * 9),
    )


def held_out(inputs: EvaluationInputs) -> list[InstructionSample]:
    return [s for s in inputs.samples if s.split == "test"]


def replaced(inputs: EvaluationInputs, **changes: Any) -> EvaluationInputs:
    return EvaluationInputs(**{name: getattr(inputs, name) for name in inputs.__slots__} | changes)


def test_the_report_holds_every_figure_and_passes_the_gate(
    inputs: EvaluationInputs, base_pieces: tuple[Piece, ...]
) -> None:
    engine = Engine(base_pieces, lambda own: own, inputs.samples)
    steps: list[str] = []
    inputs = replaced(inputs, settings=EvaluationSettings())
    report = evaluate(inputs, engine.ports(), steps.append)
    assert decide(report, inputs.settings, "abc").passed
    assert report.likelihood.gain.value == pytest.approx(1 / 8)
    assert [score.valid for score in report.voice] == [True, True]
    assert all(score.value == pytest.approx(1.0, abs=0.35) for score in report.voice)
    assert (report.others_source, report.others_persons) == ("attribution", 1)
    assert (report.recall.questions, report.recall.recall_at_5) == (len(held_out(inputs)), 0.0)
    assert len(report.examples) == 8
    assert set(report.timings_s) >= {"scoring base", "scoring twin", "answers of base", "answers of twin", "voice"}
    assert any("scoring twin" in step for step in steps)
    assert {row.sample_id for row in report.twin_rows} == {s.sample_id for s in held_out(inputs)}
    assert sum(row.bits_per_byte is not None for row in report.twin_rows) == len(held_out(inputs))


def test_lesson_what_judges_the_twin_sees_the_authors_own_text(
    inputs: EvaluationInputs, base_pieces: tuple[Piece, ...]
) -> None:
    engine = Engine(base_pieces, lambda own: own, inputs.samples)
    report = evaluate(inputs, engine.ports())
    own = {s.answer for s in held_out(inputs)}
    assert {scored.answer for scored in engine.scored} == own
    assert {example.author for example in report.examples} <= own


def test_lesson_base_and_twin_answer_the_same_prompts_as_they_are_trained_on(
    inputs: EvaluationInputs, base_pieces: tuple[Piece, ...]
) -> None:
    engine = Engine(base_pieces, lambda own: own, inputs.samples)
    evaluate(inputs, engine.ports())
    half = len(engine.asked) // 2
    assert engine.asked[:half] == engine.asked[half:]
    prompts = [request_messages(inputs.author, s.instruction) for s in held_out(inputs)]
    assert all(prompt in prompts for prompt in engine.asked)
    assert all(list(scored.prompt_messages) in prompts for scored in engine.scored)


def test_lesson_a_document_in_training_and_held_out_stops_the_evaluation(
    inputs: EvaluationInputs, base_pieces: tuple[Piece, ...], make_sample: Any
) -> None:
    leaked = make_sample("Some more of it.", held_out(inputs)[0].document_id, "train")
    engine = Engine(base_pieces, lambda own: own, inputs.samples)
    with pytest.raises(EvaluationError, match="1 documents are in training and held out at once"):
        evaluate(replaced(inputs, samples=[*inputs.samples, leaked]), engine.ports())
    assert engine.scored == []


@pytest.mark.parametrize(("split", "missing"), [("train", "held-out"), ("test", "training")])
def test_a_dataset_with_one_split_only_is_too_little(
    inputs: EvaluationInputs, base_pieces: tuple[Piece, ...], split: str, missing: str
) -> None:
    only = [s for s in inputs.samples if s.split == split]
    with pytest.raises(InsufficientDataError, match=f"no {missing} sample"):
        evaluate(replaced(inputs, samples=only), Engine(base_pieces, str, inputs.samples).ports())


def test_generation_is_bounded_and_few_prompts_are_asked_again(
    inputs: EvaluationInputs, base_pieces: tuple[Piece, ...]
) -> None:
    small = EvaluationSettings(generation_words=WORDS_IN_ANSWER * 5)
    engine = Engine(base_pieces, lambda own: own, inputs.samples)
    report = evaluate(replaced(inputs, settings=small), engine.ports())
    assert len(engine.asked) == 10
    assert not any(score.valid for score in report.voice), "five answers are too little text"

    few = [s for s in inputs.samples if s.split == "train"] + held_out(inputs)[:2]
    engine = Engine(base_pieces, lambda own: own, inputs.samples)
    report = evaluate(replaced(inputs, samples=few), engine.ports())
    assert len(engine.asked) == 2 * 2 * ANSWERS_PER_PROMPT
    assert len(report.examples) == 2
    assert sum(row.bits_per_byte is not None for row in report.twin_rows) == 2


def test_a_twin_that_recites_is_found_out(inputs: EvaluationInputs, base_pieces: tuple[Piece, ...]) -> None:
    recited = next(s for s in inputs.samples if s.split == "train")
    engine = Engine(base_pieces, lambda own: f"As I said: {recited.answer[:600]}", inputs.samples)
    report = evaluate(inputs, engine.ports())
    assert report.overlap.twin.recited_share == 1.0
    assert report.overlap.twin.longest.document == recited.document_id
    assert report.overlap.base.maximum < 13
    assert any("recite" in remark for remark in decide(report, inputs.settings, "abc").remarks)


def test_a_twin_that_is_the_base_is_refused(inputs: EvaluationInputs, base_pieces: tuple[Piece, ...]) -> None:
    engine = Engine(base_pieces, lambda own: own, inputs.samples)
    report = evaluate(inputs, engine.ports(base=-0.8, twin=-0.8))
    assert not decide(report, inputs.settings, "abc").passed


def test_a_twin_that_says_of_everything_that_it_was_not_written_about_is_refused(
    inputs: EvaluationInputs, base_pieces: tuple[Piece, ...]
) -> None:
    silent = Engine(base_pieces, lambda _: "I have not written about that, I think.", inputs.samples)
    report = evaluate(inputs, silent.ports())
    assert report.refusals is not None
    assert report.refusals.alone == 1.0
    decision = decide(report, inputs.settings, "abc")
    assert not decision.passed
    assert "100% of requests that the author's writing answers" in " ".join(decision.reasons)
    assert "refuses 100%" in report.to_markdown()


def test_a_twin_that_is_silent_under_passages_only_is_refused_as_well(
    inputs: EvaluationInputs, base_pieces: tuple[Piece, ...]
) -> None:
    first = held_out(inputs)[0]
    passages = passages_block([("A letter", first.answer)])
    question = replace(first, sample_id="q", context=passages)
    asked = request_messages(inputs.author, question.instruction, passages)[-1]["content"]
    engine = Engine(base_pieces, lambda text: text, inputs.samples)
    engine.answers[asked] = NOT_WRITTEN
    report = evaluate(replaced(inputs, samples=[*inputs.samples, question]), engine.ports())
    assert report.refusals is not None
    assert (report.refusals.alone, report.refusals.with_passages, report.refusals.asked_with_passages) == (0.0, 1.0, 1)
    assert not decide(report, inputs.settings, "abc").passed
    assert decide(report, inputs.settings.model_copy(update={"max_refusals": 1.0}), "abc").passed


def test_a_server_that_answers_too_few_is_an_error(inputs: EvaluationInputs, base_pieces: tuple[Piece, ...]) -> None:
    engine = Engine(base_pieces, lambda own: own, inputs.samples)
    ports = Ports(engine.score(-1), engine.score(-1), lambda prompts: ["one"], engine.generate_twin, engine.search)
    with pytest.raises(EvaluationError, match="but 1 answers"):
        evaluate(inputs, ports)
