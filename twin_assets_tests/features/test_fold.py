"""Folding: which documents are one. A share is of the 8-word runs of the longer of two documents."""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin_assets.features.fingerprint import fingerprint
from twin_assets.features.fold import Columns, decide
from twin_assets.features.reading import own_text, read
from twin_assets.features.shingles import PERMUTATIONS, share_of_longer, shingles_of
from twin_assets.features.signatures import signature_file
from twin_assets.records import CleanedDocument
from twin_assets_tests.features.texts import edited_throughout, new_words, paragraphs, rewritten_end

MakeCleaned = Callable[..., CleanedDocument]

ARTICLE = new_words("article", 400)
SHARES = (0.51, 0.60, 0.77)


def shared(left: str, right: str) -> float:
    return share_of_longer(*(shingles_of(read(own_text(text)).hashes) for text in (left, right)))


def folded(documents: Sequence[CleanedDocument], threshold: float = 0.5) -> list[str]:
    """For each document the id of the one that it is folded into; documents come in the order of precedence."""
    prints = [fingerprint(document, "") for document in documents]
    shingles = [np.frombuffer(one.shingles, "<u4") for one in prints]
    signatures = np.zeros((len(prints), PERMUTATIONS), np.uint32)
    for row, one in zip(signatures, prints, strict=True):
        row[:] = np.frombuffer(one.minhash, "<u4") if one.minhash else 0
    ids, words = (
        pa.array([getattr(one, name) for one in prints], pa.string()) for name in ("document_id", "words_digest")
    )
    counts = np.array([one.shingle_count for one in prints], np.int64)
    with signature_file(len(prints)) as file:
        file.put(range(len(prints)), signatures)
        columns = Columns(ids, words, counts, file)
        into = decide(columns, lambda places: [shingles[place] for place in places], threshold).into
    return [documents[place].document_id for place in into]


@pytest.fixture
def are_one(cleaned: MakeCleaned) -> Callable[[str, str], bool]:
    def fold(left: str, right: str) -> bool:
        return len(set(folded([cleaned("left", left), cleaned("right", right)]))) == 1

    return fold


@pytest.mark.parametrize("length", [40, 120, 400, 3_000])
@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("make", [rewritten_end, edited_throughout])
def test_half_and_more_in_common_is_one_document_whether_short_or_long(are_one, make, share, length):
    words = new_words(("base", length), length)
    other = make(words, share, "other")
    left, right = " ".join(words), " ".join(other)
    assert shared(left, right) == pytest.approx(share, abs=8 / length)
    # Eight runs are a fifth of a text of 40 words, so that a share is met only roughly.
    if shared(left, right) >= 0.5:
        assert are_one(left, right)


@pytest.mark.parametrize("share", SHARES)
def test_a_share_of_the_union_is_at_least_that_of_the_longer_one(are_one, share):
    words = new_words("jaccard", 500)
    of_each = 2 * share / (1 + share)
    left, right = " ".join(words), " ".join(rewritten_end(words, of_each, "other"))
    one, other = (set(shingles_of(read(text).hashes).tolist()) for text in (left, right))
    assert len(one & other) / len(one | other) == pytest.approx(share, abs=0.01)
    assert shared(left, right) >= share
    assert are_one(left, right)


@pytest.mark.parametrize("seed", range(40))
def test_hardly_more_than_half_is_found_whatever_the_words_are(are_one, seed):
    words = new_words(("hard", seed), 300)
    assert are_one(" ".join(words), " ".join(rewritten_end(words, 0.51, seed)))


def test_less_than_half_in_common_is_two_documents(are_one):
    assert not are_one(" ".join(ARTICLE), " ".join(rewritten_end(ARTICLE, 0.45, "other")))
    assert not are_one(" ".join(ARTICLE), " ".join(edited_throughout(ARTICLE, 0.40, "other")))


def test_paragraphs_in_another_order_and_edited_are_one_document(are_one):
    order = random.Random(3)
    blocks = paragraphs(ARTICLE, 10)
    moved = [*blocks[:8], *paragraphs(new_words("new ending", 80), 2)]
    order.shuffle(moved)
    left, right = "\n\n".join(blocks), "\n\n".join(moved)
    assert 0.51 < shared(left, right) < 0.77
    assert are_one(left, right)


def test_versions_for_medium_and_linkedin_with_a_trimmed_introduction_are_one_document(cleaned):
    intro, *rest = paragraphs(ARTICLE, 8)
    rest[2] = f"It wasn't ready, and [the log](/logs) said so. {rest[2]}"
    blog = "\n\n".join([intro, "## What happened", *rest[:4], "```sh\nmake deploy\n```", *rest[4:]])
    medium = "\n\n".join(
        [
            intro,
            "What happened",
            *(
                part.replace("wasn't", "wasn’t").replace("/logs", "https://blog.example.org/logs?utm=1")
                for part in rest
            ),
        ]
    )
    linkedin = "\n".join(["New on the blog:", *rest[2:]]).replace("[the log](/logs)", "the log")
    documents = [cleaned("blog", blog), cleaned("medium", medium), cleaned("linkedin", linkedin)]
    assert shared(blog, medium) > 0.9
    assert 0.51 < shared(blog, linkedin) < 0.77
    assert folded(documents) == [documents[0].document_id] * 3


@pytest.mark.parametrize("mark", ["", "> "])
def test_a_follow_up_that_quotes_itself_stays_a_document(are_one, mark):
    earlier = " ".join(ARTICLE[:150])
    before, after = (" ".join(new_words(side, 100)) for side in ("before", "after"))
    assert not are_one(earlier, f"Last year I wrote this:\n\n{before}\n\n{mark}{earlier}\n\n{after}")


@pytest.mark.parametrize("mark", ["", "> "])
def test_a_reply_to_oneself_passage_by_passage_stays_a_document(are_one, mark):
    quoted = paragraphs(ARTICLE[:200], 5)
    said = [" ".join(new_words(("reply", n), 50)) for n in range(5)]
    both = [f"{mark}{quote}\n\n{reply}" for quote, reply in zip(quoted, said, strict=True)]
    assert not are_one(" ".join(ARTICLE[:200]), "\n\n".join(both))


def test_a_quotation_in_a_block_counts_for_nothing_however_long_it_is(are_one):
    quote = "\n".join(f"> {line}" for line in paragraphs(ARTICLE, 4))
    assert not are_one(" ".join(ARTICLE), f"{' '.join(new_words('reply', 30))}\n\n{quote}")
    first, second = (f"{' '.join(new_words(seed, 60))}\n\n{quote}" for seed in ("first", "second"))
    assert not are_one(first, second)
    assert not are_one(f"This.\n\n{quote}", f"Exactly.\n\n{quote}")


def test_a_post_that_an_article_contains_stays_a_document(are_one):
    assert not are_one(" ".join(ARTICLE), " ".join(ARTICLE[:60]))


def test_short_posts_are_one_only_when_their_words_are_the_same(are_one):
    assert are_one("Good morning, everyone!", "good morning everyone")
    assert not are_one("Good morning, everyone!", "Good morning, all!")


def test_rows_of_one_id_are_one_document_however_they_were_edited(cleaned):
    export, live = cleaned("post", " ".join(ARTICLE)), cleaned("post", " ".join(new_words("else", 50)), source="live")
    cross_post = cleaned("copy", live.text, source="other")
    assert folded([export, live, cross_post]) == [export.document_id] * 3


def test_what_is_folded_into_a_folded_document_goes_where_that_went(cleaned):
    words = new_words("chain", 400)
    first, second = cleaned("a", " ".join(words)), cleaned("b", " ".join(rewritten_end(words, 0.6, "b")))
    third = replace(cleaned("c", second.text), title="the words of the second")
    assert folded([first, second, third]) == [first.document_id] * 3


def test_a_document_is_folded_into_the_nearest_one(cleaned):
    words = new_words("nearest", 400)
    far = cleaned("far", " ".join([*words[:230], *new_words("far", 170)]))
    near = cleaned("near", " ".join([*new_words("near", 150), *words[150:]]))
    copy = cleaned("copy", " ".join(words))
    assert 0.5 < shared(far.text, copy.text) < shared(near.text, copy.text)
    assert folded([far, near, copy]) == [far.document_id, near.document_id, near.document_id]


def test_the_threshold_decides(cleaned):
    pair = [cleaned("a", " ".join(ARTICLE)), cleaned("b", " ".join(rewritten_end(ARTICLE, 0.3, "b")))]
    assert len(set(folded(pair, 0.5))) == 2
    assert len(set(folded(pair, 0.25))) == 1


def test_nothing_is_folded_where_there_is_nothing():
    assert folded([]) == []


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 6)), min_size=1, max_size=12))
def test_candidates_by_signature_give_what_comparing_every_pair_gives(cleaned, shapes):
    documents = []
    for number, (family, changed) in enumerate(shapes):
        words = new_words(("family", family), 120)
        words[: changed * 15] = new_words(("changed", number), changed * 15)
        documents.append(cleaned(f"d{number}", " ".join(words)))
    sets = [shingles_of(read(document.text).hashes) for document in documents]
    kept: list[int] = []
    expected = []
    for place in range(len(documents)):
        share, nearest = max(((share_of_longer(sets[place], sets[k]), -k) for k in kept), default=(0.0, 0))
        if share >= 0.5:
            expected.append(documents[-nearest].document_id)
        else:
            kept.append(place)
            expected.append(documents[place].document_id)
    assert folded(documents) == expected
