"""Every passage of the author gets one instruction of its own: the teacher's where it is good, else a made one."""

import re
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from twin_assets.datasets import sample_builder
from twin_assets.datasets.checks import dataset_checks
from twin_assets.datasets.families import RAG, UNANSWERABLE
from twin_assets.datasets.groups import MOST_HOLDERS
from twin_assets.datasets.instructions import InstructionDataset, build_instructions
from twin_assets.datasets.passages import cut
from twin_assets.datasets.questions import Question
from twin_assets.datasets.sample_builder import RULES
from twin_assets.datasets.splits import split_of
from twin_assets.datasets.validation import copies
from twin_assets.datasets.words import same_wording
from twin_assets.errors import InsufficientDataError
from twin_assets.prompts import NOT_WRITTEN
from twin_assets.records import CorpusDocument
from twin_assets.settings import DatasetSettings
from twin_assets_tests.datasets.conftest import paragraph

SIZES: dict[str, Any] = {
    "passage_tokens": 90,
    "min_train_samples": 1,
    "min_test_words": 1,
    "validation": 0.2,
    "test": 0.3,
}
SETTINGS = DatasetSettings(**SIZES, families={"unanswerable": 0.0, "notes": 0.0, "continue": 0.0, RAG: 0.0})
"""Families that are answered by whole passages, which a teacher may be asked about."""
ALL = DatasetSettings(**SIZES, families={"unanswerable": 0.05})
COUNT = 10


class Teacher:
    """Asks a good question of every passage, save where `says` has another answer; remembers its prompts."""

    def __init__(self, **says: str | None) -> None:
        self.says = says
        self.prompts: list[str] = []

    def __call__(self, questions: list[Question]) -> list[str | None]:
        self.prompts += [question.prompt for question in questions]
        return [self._answer(question.passage) for question in questions]

    def _answer(self, passage: str) -> str | None:
        mark = re.findall(r"beside an old \w+ and a (\w+)\.", passage)[0]
        return self.says.get(mark, f"What became of the {mark} on your watch?")


@pytest.fixture
def build(tokens: Any, chunks: Any) -> Any:
    """Builds the instructions of documents."""

    def build_them(documents: Any, teacher: Teacher | None = None, **changes: Any) -> InstructionDataset:
        known = {sample.sample_id: sample for sample in changes.pop("known", [])}
        values = {"teacher_name": "parrot", "max_calls": 1000, "settings": SETTINGS, **changes}
        pieces = values.pop("chunks", None) or chunks(documents)
        return build_instructions(documents, pieces, count_tokens=tokens, teacher=teacher, known=known, **values)

    return build_them


@pytest.fixture
def letters(corpus: Any) -> list[CorpusDocument]:
    """Ten documents, of all splits, with two headed sections each."""
    documents: list[CorpusDocument] = corpus(COUNT, 2)
    return documents


def first_mark(text: str) -> str:
    return re.findall(r"and a (\w+)\.", text)[0]


def test_every_answer_is_the_authors_text_verbatim_at_its_span(build: Any, letters: Any) -> None:
    documents = {document.document_id: document for document in letters}
    samples = build(letters, Teacher()).samples
    assert {sample.document_id for sample in samples} == set(documents)
    for sample in samples:
        document = documents[sample.document_id]
        assert sample.answer == document.text[sample.start : sample.end]
        assert (sample.title, sample.url, sample.kind) == (document.title, document.url, document.kind)


def test_a_sample_names_the_chunks_that_its_answer_lies_in(build: Any, letters: Any, chunks: Any) -> None:
    pieces = {chunk.chunk_id: chunk for chunk in chunks(letters, 40)}
    for sample in build(letters, chunks=list(pieces.values())).samples:
        own = [pieces[name] for name in sample.chunk_ids]
        assert {chunk.document_id for chunk in own} == {sample.document_id}
        assert own[0].start <= sample.start < own[0].end
        assert own[-1].start < sample.end <= own[-1].end
        assert sample.answer in "".join(chunk.text for chunk in own)


@pytest.mark.parametrize("teacher", [None, Teacher()])
def test_every_passage_has_one_instruction_that_no_other_has(
    build: Any, letters: Any, tokens: Any, teacher: Teacher | None
) -> None:
    built = build(letters, teacher)
    samples = built.samples
    assert built.exclusions == []
    spans = [
        (document.document_id, passage.start, passage.end)
        for document in letters
        for passage in cut(document, tokens, SETTINGS.passage_tokens, SETTINGS.min_answer_words).passages
    ]
    assert sorted((s.document_id, s.start, s.end) for s in samples) == sorted(spans)
    assert len({same_wording(sample.instruction) for sample in samples}) == len(samples)
    assert not [sample for sample in samples if copies(sample.instruction, sample.answer)]


def test_all_passages_of_a_document_are_of_one_split(build: Any, letters: Any) -> None:
    samples = build(letters).samples
    assert {sample.split for sample in samples} == {"train", "validation", "test"}
    assert all(sample.split == split_of(sample.document_id, 42, 0.2, 0.3) for sample in samples)


@pytest.mark.parametrize("max_calls", [1, 7, COUNT, COUNT + 6, 1000])
def test_the_teacher_is_asked_so_often_at_most_and_about_all_documents(
    build: Any, letters: Any, max_calls: int
) -> None:
    teacher = Teacher()
    built = build(letters, teacher, max_calls=max_calls)
    assert len(teacher.prompts) == len(set(teacher.prompts)) == min(max_calls, len(built.samples))
    documents = Counter(s.document_id for p in teacher.prompts for s in built.samples if s.answer in p)
    assert len(documents) == min(max_calls, COUNT)
    if max_calls <= 2 * COUNT:
        assert max(documents.values()) == -(-max_calls // COUNT)
    assert built.stats["teacher_calls"] == built.stats["by_teacher"] == len(teacher.prompts)


def test_a_good_answer_of_the_teacher_is_the_instruction_without_its_wrapping(build: Any, letters: Any) -> None:
    plain = build(letters).samples
    mark = first_mark(plain[0].answer)
    built = build(letters, Teacher(**{mark: f'Question: "Why did you keep the {mark}?"'}))
    assert built.samples[0].instruction == f"Why did you keep the {mark}?"
    assert {sample.origin for sample in built.samples} == {"teacher:parrot"}


def test_a_teacher_that_may_not_be_asked_is_not(build: Any, letters: Any) -> None:
    teacher = Teacher()
    built = build(letters, teacher, max_calls=0)
    assert teacher.prompts == []
    assert {sample.origin for sample in built.samples} == {RULES}


@pytest.mark.parametrize(
    ("says", "outcome"),
    [
        (None, "no_answer"),
        ("", "too_short"),
        ("What does the author say about the {mark}?", "not_self_contained"),
        ("What is the best way to bake sourdough bread?", "ungrounded"),
    ],
)
def test_what_the_teacher_does_not_answer_well_keeps_the_rules_instruction(
    build: Any, letters: Any, says: str | None, outcome: str
) -> None:
    plain = {sample.sample_id: sample.instruction for sample in build(letters).samples}
    spoiled = build(letters).samples[3]
    mark = first_mark(spoiled.answer)
    built = build(letters, Teacher(**{mark: says and says.format(mark=mark)}))
    assert [s.sample_id for s in built.samples if s.origin == RULES] == [spoiled.sample_id]
    assert [s.instruction for s in built.samples if s.origin == RULES] == [plain[spoiled.sample_id]]
    assert built.stats[f"drafts_teacher_{outcome}"] == 1
    assert built.stats["drafts_teacher_accepted"] == len(built.samples) - 1


def test_a_question_that_the_teacher_repeats_is_taken_once(build: Any, document: Any) -> None:
    parts = [
        f"The kettle of the {n}th watch was on before the fog came in, I am told, and {n}. {paragraph(n, 3)}"
        for n in range(20, 40)
    ]
    documents = [document(part, f"post-{n}") for n, part in enumerate(parts)]
    question = "Who put the kettle on before the fog?"
    built = build(documents, lambda prompts: [question] * len(prompts))
    assert [sample.instruction for sample in built.samples].count(question) == 1
    assert built.stats["drafts_teacher_duplicate"] == len(built.samples) - 1


def test_a_known_sample_keeps_its_instruction_and_nobody_is_asked(build: Any, letters: Any) -> None:
    teacher, again = Teacher(), Teacher()
    first = build(letters, teacher, max_calls=12)
    assert len(teacher.prompts) == 12
    second = build(letters, again, max_calls=12, known=first.samples)
    assert second.samples == first.samples
    assert again.prompts == []
    assert (second.stats["reused"], second.stats["teacher_calls"]) == (len(first.samples), 0)


def test_one_more_document_costs_its_own_passages_alone(build: Any, letters: Any, corpus: Any) -> None:
    more = corpus(COUNT + 1, 2)
    first, teacher = build(letters, Teacher()), Teacher()
    second = build(more, teacher, known=first.samples)
    new = [sample for sample in second.samples if sample not in first.samples]
    assert {sample.document_id for sample in new} == {more[-1].document_id}
    assert len(second.samples) == len(first.samples) + len(new)
    assert len(teacher.prompts) == len(new)


@pytest.mark.parametrize("change", [{"teacher_name": "owl"}, {"max_calls": 999}, "PROMPT", "PASSAGES", "FAMILIES"])
def test_another_teacher_or_another_version_of_the_rules_asks_again(
    build: Any, letters: Any, monkeypatch: pytest.MonkeyPatch, change: Any
) -> None:
    first, teacher = build(letters, Teacher()), Teacher()
    if isinstance(change, str):
        monkeypatch.setattr(sample_builder, f"{change}_VERSION", 99)
    second = build(letters, teacher, known=first.samples, **(change if isinstance(change, dict) else {}))
    assert len(teacher.prompts) == len(first.samples)
    assert {s.input_digest for s in second.samples}.isdisjoint(s.input_digest for s in first.samples)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.randoms(use_true_random=False))
def test_the_order_of_documents_and_chunks_changes_nothing(build: Any, letters: Any, chunks: Any, random: Any) -> None:
    expected = build(letters, Teacher(), max_calls=8)
    shuffled, pieces = list(letters), chunks(letters)
    random.shuffle(shuffled)
    random.shuffle(pieces)
    assert build(shuffled, Teacher(), max_calls=8, chunks=pieces) == expected


def of_split(document: Any, split: str, text: str) -> Any:
    """A document of a text, with a name that puts it into that split."""
    found = (document(text, f"{text} {n}", f"Letter {n}") for n in range(1000))
    return next(d for d in found if split_of(d.document_id, 42, SETTINGS.validation, SETTINGS.test) == split)


@pytest.mark.parametrize(("split", "held_out"), [("train", "test"), ("train", "validation"), ("validation", "test")])
def test_documents_that_share_wording_are_in_one_split(
    build: Any, letters: Any, document: Any, split: str, held_out: str
) -> None:
    run = "we wrote in ink so that we could not rub out what was heard"
    one = of_split(document, held_out, f"In the radio room, {run}, or so I was told when I came.")
    other = of_split(document, split, f"The rule was that {run}; it was a good rule, and I have kept it.")
    built = build([*letters, other, one])
    splits = {s.document_id: s.split for s in built.samples}
    assert splits[one.document_id] == splits[other.document_id]
    assert built.exclusions == []


def test_a_formula_of_many_documents_that_would_make_held_out_text_known_is_set_aside(
    build: Any, letters: Any, document: Any
) -> None:
    run = "we wrote in ink so that we could not rub out what was heard"
    signed = [document(f"{paragraph(('signed', n))} {run}", f"signed {n}") for n in range(MOST_HOLDERS + 8)]
    splits = {d.document_id: split_of(d.document_id, 42, SETTINGS.validation, SETTINGS.test) for d in signed}
    built = build([*letters, *signed])
    assert {(e.stage, e.reason) for e in built.exclusions} == {("instruction_dataset", "leak")}
    assert {e.document_id for e in built.exclusions} == {d for d, split in splits.items() if split != "test"}


def test_the_same_words_twice_in_one_split_are_kept_once(build: Any, letters: Any, document: Any) -> None:
    text = "The log is kept in ink, and I have kept it so since I was nineteen."
    both = [of_split(document, "train", text), of_split(document, "train", f"*{text}*")]
    built = build([*letters, *both])
    kept = {s.document_id for s in built.samples} - {d.document_id for d in letters}
    assert len(kept) == 1
    assert [(e.reason, {e.document_id, *kept}) for e in built.exclusions] == [
        ("duplicate", {document.document_id for document in both})
    ]
    assert kept.pop() in built.exclusions[0].detail


def test_what_is_set_aside_while_cutting_is_told_as_well(build: Any, letters: Any, document: Any) -> None:
    built = build([*letters, document("Too short.", "short")])
    assert [(e.stage, e.reason) for e in built.exclusions] == [("instruction_dataset", "too_short")]


def test_too_little_writing_is_an_error_that_says_how_much_is_missing_before_anybody_is_asked(
    build: Any, letters: Any
) -> None:
    teacher = Teacher()
    with pytest.raises(InsufficientDataError, match=r"needed: 500\).* usable words in all") as caught:
        build(letters, teacher, settings=SETTINGS.model_copy(update={"min_train_samples": 500}))
    assert re.match(r"add about [\d,]+ words of own writing", caught.value.remedy)
    assert teacher.prompts == []
    with pytest.raises(InsufficientDataError, match="0 passages to train on"):
        build([])


def test_every_check_that_blocks_passes_on_samples_of_every_family(build: Any, corpus: Any) -> None:
    documents = corpus(40, 2)
    built = build(documents, settings=ALL)
    assert {sample.family for sample in built.samples} >= {"write", "continue", RAG, UNANSWERABLE}
    assert [
        check.line for check in dataset_checks(built.samples, documents, ALL) if check.blocking and not check.passed
    ] == []
    assert all(sample.edits == "" for sample in built.samples)


def test_a_question_to_the_authors_writing_has_its_answer_and_others_in_its_context(
    build: Any, corpus: Any, chunks: Any
) -> None:
    documents = corpus(40, 2)
    pieces = {chunk.chunk_id: chunk for chunk in chunks(documents)}
    splits = {d.document_id: split_of(d.document_id, 42, 0.2, 0.3) for d in documents}
    asked = [sample for sample in build(documents, settings=ALL).samples if sample.context]
    assert {sample.family for sample in asked} == {RAG, UNANSWERABLE}
    for sample in asked:
        assert set(sample.chunk_ids) <= set(sample.context_chunks)
        assert len(sample.context_chunks) > len(sample.chunk_ids)
        assert {pieces[chunk].document_id for chunk in sample.context_chunks} == set(sample.context_documents)
        assert {splits[document] for document in sample.context_documents} == {sample.split}
        assert all(pieces[chunk].text in sample.context for chunk in sample.chunk_ids)


def test_so_many_samples_cannot_be_answered_and_say_so(build: Any, corpus: Any) -> None:
    more = DatasetSettings(**SIZES, families={"unanswerable": 0.1})
    samples = build(corpus(40, 2), settings=more).samples
    empty = [sample for sample in samples if sample.family == UNANSWERABLE]
    assert len(empty) == round(0.1 * len(samples))
    assert {(sample.answer, sample.start, sample.end, sample.chunk_ids) for sample in empty} == {
        (NOT_WRITTEN, 0, 0, ())
    }


def test_a_family_without_a_share_is_not_made(build: Any, letters: Any) -> None:
    only = DatasetSettings(**SIZES, families={f: 0.0 for f in ALL.shares if f != "continue"})
    assert {sample.family for sample in build(letters, settings=only).samples} == {"continue"}


def test_a_passage_that_no_family_suits_is_left_out_with_its_reason(build: Any, letters: Any, document: Any) -> None:
    only = DatasetSettings(**SIZES, families={f: 0.0 for f in ALL.shares if f != "continue"})
    lone = document("One sentence only of a dozen words or so that nothing comes after at all.", "lone")
    built = build([*letters, lone], settings=only)
    assert [(e.reason, e.document_id) for e in built.exclusions if e.document_id == lone.document_id] == [
        ("no_instruction", lone.document_id)
    ]


def test_a_second_sample_of_a_passage_has_another_answer(build: Any, letters: Any) -> None:
    twice = DatasetSettings(**SIZES, samples_per_passage=2, families={"write": 1.0, "continue": 1.0})
    samples = build(letters, settings=twice).samples
    once = build(letters, settings=DatasetSettings(**SIZES)).samples
    assert len(once) < len(samples)
    answers = [same_wording(sample.answer) for sample in samples if sample.family != UNANSWERABLE]
    assert len(set(answers)) == len(answers)


def test_nearly_the_same_passage_in_another_document_is_left_out(build: Any, letters: Any, document: Any) -> None:
    text = paragraph("again", 5)
    both = [of_split(document, "train", text), of_split(document, "train", text.replace("watch", "guard", 1))]
    built = build([*letters, *both])
    assert [e.reason for e in built.exclusions] == ["duplicate"]
    assert "nearly the same words" in built.exclusions[0].detail


def test_personal_data_is_left_out_with_its_reason(build: Any, letters: Any, document: Any) -> None:
    built = build([*letters, document(f"{paragraph('pii')} Write to jo.doe@mail.org then.", "pii")])
    assert [e.reason for e in built.exclusions] == ["pii"]


def test_an_unchanged_corpus_with_every_family_is_as_it_was(build: Any, corpus: Any) -> None:
    documents = corpus(40, 2)
    first = build(documents, settings=ALL)
    second = build(documents, settings=ALL, known=first.samples)
    assert second.samples == first.samples
    assert second.stats["drafts_accepted"] == 0 if "drafts_accepted" in second.stats else True


def test_one_more_document_changes_no_sample_of_the_others(build: Any, corpus: Any) -> None:
    first = build(corpus(40, 2), settings=ALL)
    second = build(corpus(41, 2), settings=ALL, known=first.samples)
    now = {sample.sample_id: sample for sample in second.samples}
    assert [sample for sample in first.samples if now.get(sample.sample_id) != sample] == []
    assert len(now) > len(first.samples)


def test_a_context_whose_document_is_gone_is_made_anew(build: Any, corpus: Any) -> None:
    documents = corpus(40, 2)
    first = build(documents, settings=ALL)
    asked = next(s for s in first.samples if s.family == RAG)
    gone = next(d for d in asked.context_documents if d != asked.document_id)
    second = build([d for d in documents if d.document_id != gone], settings=ALL, known=first.samples)
    assert not [s for s in second.samples if gone in (*s.context_documents, s.document_id)]
    assert [s for s in second.samples if s.sample_id == asked.sample_id]


def test_the_teacher_is_not_asked_about_what_holds_the_authors_own_words(build: Any, corpus: Any) -> None:
    teacher = Teacher()
    built = build(corpus(40, 2), teacher, settings=ALL)
    assert built.stats["teacher_calls"] == len(teacher.prompts) < len(built.samples)
    taught = {sample.family for sample in built.samples if sample.origin != RULES}
    assert taught
    assert taught.isdisjoint({"notes", "continue", UNANSWERABLE})
    assert all(sample.context for sample in built.samples if sample.family == RAG)
