"""Retrieved context in training prompts: as serving shows it, with the answer in it, and nothing from elsewhere."""

from typing import Any

import pytest

from twin_assets.datasets.contexts import MOST, Shelf
from twin_assets.datasets.shingles import all_runs
from twin_assets.datasets.topics import Topics
from twin_assets.datasets.unanswerable import SUBJECTS, unanswered
from twin_assets.datasets.words import OVERLAP, content_stems
from twin_assets.prompts import request_messages, with_context, with_passages
from twin_assets_tests.datasets.conftest import make_chunks, make_corpus, word_tokens

DOCUMENTS = make_corpus(12, 2)
CHUNKS = make_chunks(DOCUMENTS)
SPLITS: dict[str, Any] = {d.document_id: ("train", "train", "test")[n % 3] for n, d in enumerate(DOCUMENTS)}
NOTHING = all_runs([], OVERLAP)


def shelf(held_out: Any = NOTHING, most: int = 400) -> Shelf:
    return Shelf(CHUNKS, SPLITS, held_out, word_tokens, most)


def gold(number: int = 0) -> Any:
    return next(c for c in CHUNKS if c.document_id == DOCUMENTS[number].document_id)


def context_of(on: Shelf, chunk: Any, identity: str = "one") -> Any:
    split = SPLITS[chunk.document_id]
    return on.context(identity, split, "What of the lantern?", chunk.text, [chunk.chunk_id], chunk.document_id)


def test_a_context_is_rendered_as_serving_renders_it_and_holds_the_answer() -> None:
    found = context_of(shelf(), gold())
    by_id = {chunk.chunk_id: chunk for chunk in CHUNKS}
    pairs = [(by_id[chunk].title, by_id[chunk].text) for chunk in found.chunks]
    whole = [pair for pair in pairs if pair[1] in found.block]
    assert (gold().title, gold().text) in whole
    if whole == pairs:
        assert with_context("Q?", found.block) == with_passages("Q?", pairs)
    assert found.block.startswith(f"[1] {pairs[0][0]}\n<<<\n{pairs[0][1][:40]}")
    assert request_messages("Jo", "Q?", found.block)[1]["content"] == with_context("Q?", found.block)


def test_the_other_passages_are_of_other_documents_of_the_same_split() -> None:
    for number in range(len(DOCUMENTS)):
        found = context_of(shelf(), gold(number), str(number))
        assert 1 < len(found.chunks) <= MOST
        assert len(found.documents) == len(found.chunks)
        assert {SPLITS[document] for document in found.documents} == {SPLITS[DOCUMENTS[number].document_id]}


def test_the_answer_stands_at_every_place() -> None:
    places = {context_of(shelf(), gold(), str(n)).chunks.index(gold().chunk_id) for n in range(40)}
    assert places >= {0, 1}


def test_held_out_wording_stands_in_no_training_context() -> None:
    leaking = gold(1)
    on = shelf(all_runs([leaking.text], OVERLAP))
    assert context_of(on, leaking) is None
    for n in range(60):
        assert leaking.chunk_id not in context_of(on, gold(), str(n)).chunks


def test_a_context_fits_into_the_sample_and_one_that_cannot_is_none() -> None:
    for most in (180, 260, 400):
        found = context_of(shelf(most=most), gold())
        if found is not None:
            assert sum(word_tokens([with_context("What of the lantern?", found.block), gold().text])) <= most
    assert context_of(shelf(most=130), gold()) is None


def test_a_chunk_that_is_gone_gives_no_context_and_an_earlier_context_is_stale() -> None:
    on = shelf()
    assert on.context("one", "train", "Q?", "A.", ["gone"], "") is None
    found = context_of(on, gold())
    assert on.holds(found.chunks, "train")
    assert not on.holds(found.chunks, "test")
    assert not on.holds([*found.chunks, "gone"], "train")


def test_the_order_of_chunks_changes_no_context() -> None:
    turned = Shelf(CHUNKS[::-1], SPLITS, NOTHING, word_tokens, 400)
    assert [context_of(turned, gold(), str(n)) for n in range(9)] == [
        context_of(shelf(), gold(), str(n)) for n in range(9)
    ]


def test_what_is_asked_and_cannot_be_answered_was_never_written_of() -> None:
    topics = Topics(["Knitting is dull. I know the offside rule; sourdough I bake on Fridays."])
    asked = list(unanswered(topics, 10_000))
    assert len(asked) > len(SUBJECTS)
    assert len({one.question for one in asked}) == len({one.identity for one in asked}) == len(asked)
    for word in ("knitting", "offside", "sourdough"):
        assert not [one for one in asked if content_stems(word) & content_stems(one.question)]


@pytest.mark.parametrize("count", [0, 7])
def test_so_many_unanswerable_questions_are_made_and_no_subject_twice_before_all_others(count: int) -> None:
    asked = list(unanswered(Topics([]), count))
    assert len(asked) == count
    assert asked == list(unanswered(Topics([]), 99))[:count]
