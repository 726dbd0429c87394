"""A pair prefers the author's text to another answer, for instructions that are not tested with."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from twin_assets.datasets.kept_answers import FILE, KeptAnswers, forget_answers
from twin_assets.datasets.pairs import LengthBias, grounding, length_bias
from twin_assets.datasets.plain import plain
from twin_assets.datasets.preferences import (
    LONGEST_ANSWER,
    Model,
    PreferenceDataset,
    build_preferences,
    pairs_style,
    ratios_of,
)
from twin_assets.errors import EngineError
from twin_assets.prompts import NOT_WRITTEN, passages_block
from twin_assets.records import InstructionSample
from twin_assets.settings import DatasetSettings, PreferenceOrigins
from twin_assets_tests.datasets.conftest import paragraph

BASE_ONLY = PreferenceOrigins(base=1, champion=0, plain=0, ungrounded=0)


class Asked:
    """A model that answers at the length of the author's text, save where `says` has another answer; it remembers what
    it was asked, and dies before answer number `dies_at`."""

    def __init__(self, says: dict[str, str] | None = None, dies_at: int = 10**6) -> None:
        self.says = says or {}
        self.asked: list[str] = []
        self.dies_at = dies_at

    def __call__(self, samples: list[InstructionSample], arrived: Any) -> list[str]:
        answers = []
        for number, sample in enumerate(samples):
            if number == self.dies_at:
                raise EngineError("gone")
            self.asked.append(sample.instruction)
            answers.append(self.says.get(sample.instruction, usual(sample.instruction)))
            arrived(number, answers[-1])
        return answers


def usual(instruction: str) -> str:
    return f"  In general, {instruction} is an important topic. " + "There are many benefits to consider. " * 11


class Memory:
    """Kept answers without a disk."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[str, str]] = {}

    def find(self, key: str) -> tuple[str, str] | None:
        return self.answers.get(key)

    def keep(self, key: str, sample: InstructionSample, origin: str, answer: str) -> None:
        self.answers[key] = (origin, answer)


@pytest.fixture
def samples(sample: Any) -> list[InstructionSample]:
    """Four documents of three train samples each, and one document each of the other splits."""
    trained = [sample(f"t{d}{n}", document_id=f"document {d}") for d in range(4) for n in range(3)]
    return [*trained, sample("v", "validation"), sample("h", "test")]


def build(
    samples: Iterable[InstructionSample],
    base: Any,
    *,
    champion: Any = None,
    known: Any = (),
    kept: Any = None,
    feedback: Any = (),
    base_name: str = "qwen",
    origins: PreferenceOrigins = BASE_ONLY,
    **settings: Any,
) -> PreferenceDataset:
    return build_preferences(
        list(samples),
        base=Model(base_name, base),
        champion=Model("twin", champion) if champion else None,
        settings=DatasetSettings(preference_origins=origins, **{"preference_pairs": 100, **settings}),
        known={pair.sample_id: pair for pair in known},
        kept=kept or Memory(),
        feedback=feedback,
    )


def lively(name: str) -> str:
    """Text with a manner that rules can take away."""
    manner = "And I don't mind -- really! But we've time; so it's fine, isn't it? Look, don't."
    return f"Well, it's {paragraph(name, 1)} {manner}"


def origins(built: PreferenceDataset) -> Counter[str]:
    return Counter(pair.origin.partition(":")[0] for pair in built.samples)


def test_the_authors_text_is_chosen_and_the_base_models_answer_is_rejected(samples: Any) -> None:
    of = {sample.sample_id: sample for sample in samples}
    pairs = build(samples, Asked()).samples
    assert [pair.sample_id for pair in pairs] == sorted(pair.sample_id for pair in pairs)
    for pair in pairs:
        source = of[pair.sample_id]
        assert (pair.instruction, pair.chosen, pair.split) == (source.instruction, source.answer, source.split)
        assert (pair.document_id, pair.start, pair.end) == (source.document_id, source.start, source.end)
        assert usual(source.instruction).strip().startswith(pair.rejected)
        assert pair.origin == "base:qwen"


def test_text_that_is_tested_with_is_never_in_a_pair(samples: Any) -> None:
    base = Asked()
    pairs = build(samples, base).samples
    assert Counter(pair.split for pair in pairs) == {"train": 12, "validation": 1}
    assert "Tell me about h." not in base.asked


def test_pairs_are_spread_over_the_documents(samples: Any) -> None:
    few = build(samples, Asked(), preference_pairs=5).samples
    assert set(Counter(pair.document_id for pair in few).values()) == {1}
    counts = Counter(pair.document_id for pair in build(samples, Asked(), preference_pairs=9).samples)
    assert [count for name, count in counts.items() if name.startswith("document 0")] == [2]


def test_the_order_of_the_samples_changes_nothing(samples: Any) -> None:
    every = PreferenceOrigins()
    assert build(samples[::-1], Asked(), origins=every) == build(samples, Asked(), origins=every)


def test_an_answer_too_long_for_the_trainers_window_is_not_paired(sample: Any) -> None:
    fits, long = sample("a", answer="word " * LONGEST_ANSWER), sample("b", answer="word " * (LONGEST_ANSWER + 1))
    base = Asked({fits.instruction: "other " * LONGEST_ANSWER})
    assert [pair.sample_id for pair in build([fits, long], base).samples] == [fits.sample_id]
    assert base.asked == [fits.instruction]


@pytest.mark.parametrize(
    ("rejected", "reason"),
    [
        (" \n ", "empty"),
        ("… !", "empty"),
        ("I’m sorry, but I cannot speak for the author of this text, whoever that is, at all.", "refusal"),
        ("Yes.", "length"),
        ("word " * 500, "length"),
    ],
)
def test_an_answer_that_teaches_nothing_is_set_aside_with_its_reason(sample: Any, rejected: str, reason: str) -> None:
    spoiled, good = sample("a"), sample("b")
    built = build([spoiled, good], Asked({spoiled.instruction: rejected}))
    assert [pair.sample_id for pair in built.samples] == [good.sample_id]
    assert [(e.stage, e.reason, e.document_id) for e in built.exclusions] == [
        ("preference_dataset", reason, spoiled.document_id)
    ]
    assert spoiled.sample_id in built.exclusions[0].detail
    assert built.stats[f"left_out_{reason}"] == 1


def test_an_answer_that_only_looks_like_a_refusal_is_kept(sample: Any) -> None:
    one = sample("a")
    text = (
        "I cannot say that I ever liked fog, but it taught me to listen, which is more than most teachers did for me."
    )
    assert [pair.rejected for pair in build([one], Asked({one.instruction: text})).samples] == [text]


def test_rejected_answers_are_about_as_long_as_chosen_ones_and_the_rest_is_left_out(sample: Any) -> None:
    rows = [sample(f"s{n}") for n in range(60)]
    words = len(rows[0].answer.split())
    short = {row.instruction: "brief " * (words // 3) for row in rows[:30]}
    built = build(rows, Asked(short), preference_pairs=60)
    assert length_bias(ratios_of(built.samples)).bounded
    assert {e.reason for e in built.exclusions} == {"length_bias"}
    assert len(built.samples) + len(built.exclusions) == 60
    assert length_bias([]) == LengthBias(0, 0.0, 0.5)


def test_every_sample_has_its_origin_whatever_others_there_are(sample: Any) -> None:
    rows = [sample(f"s{n}", answer=lively(f"s{n}")) for n in range(80)]
    every = PreferenceOrigins(base=1, champion=1, plain=1)
    built = build(rows, Asked(), champion=Asked(), origins=every)
    assert set(origins(built)) == {"base", "champion", "plain"}
    assert min(origins(built).values()) >= 12
    more = build([*rows, sample("new")], Asked(), champion=Asked(), origins=every)
    before = {pair.sample_id: pair.origin for pair in built.samples}
    assert all(before.get(pair.sample_id, pair.origin) == pair.origin for pair in more.samples)


def test_plain_answers_are_the_authors_text_by_rules_and_cost_nothing(sample: Any) -> None:
    rows = [sample(f"s{n}", answer=lively(f"s{n}")) for n in range(10)]
    base = Asked()
    built = build(rows, base, origins=PreferenceOrigins(base=0, champion=0, plain=1))
    assert base.asked == []
    assert built.samples
    for pair in built.samples:
        assert pair.rejected in plain(pair.chosen)
        assert pair.origin.startswith("plain:")


def test_text_that_rules_leave_as_it_is_is_given_to_the_base_model(sample: Any) -> None:
    flat, base = (
        sample("a", answer="The boat sank at noon."),
        Asked({"Tell me about a.": "Boats may sink now and then."}),
    )
    built = build([flat], base, origins=PreferenceOrigins(base=0, champion=0, plain=1))
    assert [pair.origin for pair in built.samples] == ["base:qwen"]


def with_context(one: InstructionSample, **changes: Any) -> InstructionSample:
    block = passages_block([("A letter", one.answer), ("Another", "Nothing of that kind is in here.")])
    return replace(one, family="answer", context=block, context_documents=(one.document_id, "shown"), **changes)


def test_a_request_with_passages_is_answered_by_text_that_they_do_not_support(samples: Any, sample: Any) -> None:
    asked = with_context(sample("rag"))
    built = build([asked, *samples], Asked(), origins=PreferenceOrigins(base=0.001, champion=0, plain=0, ungrounded=99))
    pair = next(pair for pair in built.samples if pair.sample_id == asked.sample_id)
    other = pair.origin.partition(":")[2]
    assert pair.origin.startswith("ungrounded:")
    assert other not in (asked.document_id, "shown")
    assert other in {s.document_id for s in samples if s.split == "train"}
    assert set(pair.used_document_ids) == {asked.document_id, "shown", other}
    assert grounding(pair.rejected, pair.context) < grounding(pair.chosen, pair.context) == 1.0
    assert pair.context == asked.context
    assert {p.origin for p in built.samples if p is not pair} == {"base:qwen"}


def test_a_question_that_nothing_answers_is_rejected_with_a_made_up_answer(samples: Any, sample: Any) -> None:
    asked = with_context(sample("snow"), answer=NOT_WRITTEN, start=0, end=0)
    built = build([asked, *samples], Asked(), origins=PreferenceOrigins(base=0.001, champion=0, plain=0, ungrounded=99))
    found = {pair.sample_id: pair for pair in built.samples}
    if asked.sample_id in found:
        assert found[asked.sample_id].chosen == NOT_WRITTEN
        assert found[asked.sample_id].origin.startswith("ungrounded:")
    else:
        assert [e.reason for e in built.exclusions] in (["length"], ["length_bias"])


SELF_PLAY = PreferenceOrigins(base=0, champion=1, plain=0)


def test_before_a_twin_is_deployed_the_base_model_answers_in_its_place(samples: Any) -> None:
    assert set(origins(build(samples, Asked(), origins=SELF_PLAY))) == {"base"}
    assert {p.origin for p in build(samples, Asked(), champion=Asked(), origins=SELF_PLAY).samples} == {"champion:twin"}


def test_a_twin_that_was_deployed_since_changes_no_known_pair_until_the_owner_asks_for_a_round(samples: Any) -> None:
    kept = Memory()
    first = build(samples, Asked(), origins=SELF_PLAY, kept=kept)
    champion = Asked()
    again = build(samples, Asked(), champion=champion, origins=SELF_PLAY, known=first.samples, kept=kept)
    from_cache = build(samples, Asked(), champion=champion, origins=SELF_PLAY, kept=kept)
    assert again.samples == from_cache.samples == first.samples
    assert champion.asked == []
    anew = build(samples, Asked(), champion=champion, origins=SELF_PLAY, kept=kept, preference_round=1)
    assert set(origins(anew)) == {"champion"}


def test_a_pair_that_is_known_is_kept_and_nobody_is_asked(samples: Any) -> None:
    first, again = build(samples, Asked()), Asked()
    second = build(samples, again, known=first.samples)
    assert (second.samples, again.asked) == (first.samples, [])
    assert (second.stats["reused"], second.stats["asked"]) == (len(first.samples), 0)


def test_an_answer_that_was_set_aside_is_not_asked_for_again(sample: Any) -> None:
    spoiled, kept = sample("a"), Memory()
    first = build([spoiled], Asked({spoiled.instruction: "Yes."}), kept=kept)
    again = Asked()
    assert build([spoiled], again, kept=kept) == first or again.asked == []
    assert again.asked == []


def test_a_run_that_was_cut_off_asks_only_for_what_is_missing(tmp_path: Path, samples: Any) -> None:
    with KeptAnswers(tmp_path / FILE) as kept, pytest.raises(EngineError, match="gone"):
        build(samples, Asked(dies_at=5), kept=kept)
    whole, rest = Asked(), Asked()
    with KeptAnswers(tmp_path / FILE) as kept:
        resumed = build(samples, rest, kept=kept)
    assert len(rest.asked) == 13 - 5
    assert resumed.samples == build(samples, whole).samples
    assert forget_answers(tmp_path, ["document 0"]) == 3
    assert forget_answers(tmp_path / "nowhere", ["document 0"]) == 0


def test_one_more_sample_costs_one_answer(samples: Any, sample: Any) -> None:
    first, again = build(samples, Asked()), Asked()
    second = build([*samples, sample("new")], again, known=first.samples)
    assert again.asked == ["Tell me about new."]
    assert len(second.samples) == len(first.samples) + 1


def test_another_base_model_or_another_instruction_is_asked_again(samples: Any, sample: Any) -> None:
    first, other, changed = build(samples, Asked()), Asked(), Asked()
    build(samples, other, known=first.samples, base_name="llama")
    assert len(other.asked) == len(first.samples)
    build([sample("t00", document_id="document 0", instruction="Say it.")], changed, known=first.samples)
    assert changed.asked == ["Say it."]


def test_a_model_that_loses_an_answer_is_an_error_rather_than_a_shift(samples: Any) -> None:
    with pytest.raises(EngineError, match=r"'qwen' gave 1 answers to 13 instructions"):
        build(samples, lambda asked, arrived: ["one answer"])


def test_without_samples_there_are_no_pairs_and_nobody_is_asked() -> None:
    base = Asked()
    built = build([], base)
    assert (built.samples, built.exclusions, built.stats["pairs"], base.asked) == ([], [], 0, [])


def test_how_far_texts_are_in_the_authors_range_of_style_is_told_by_origin(samples: Any, document: Any) -> None:
    documents = [document(paragraph(n, 30), str(n)) for n in range(12)]
    rows = [replace(s, answer=paragraph(n, 5), end=999) for n, s in enumerate(samples)]
    base = Asked({s.instruction: "Zut alors! Quelle idée; pourquoi pas? " * 14 for s in rows})
    figures = pairs_style(build(rows, base).samples, documents)
    assert figures["chosen_inside"] > 0.5
    assert figures["rejected_base_inside"] == 0.0
