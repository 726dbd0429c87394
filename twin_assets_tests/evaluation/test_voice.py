"""The voice score: its anchors, and when it is not valid."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin_assets.evaluation.delta import BLOCK_WORDS, Scores, block_words
from twin_assets.evaluation.discriminator import function_words, mask
from twin_assets.evaluation.folds import MIN_WORDS, VARIOUS, VoiceTexts, folds
from twin_assets.evaluation.text import Piece, blocks, count_words, worded
from twin_assets.evaluation.voice import VoiceScore, judge, voice_scores

Pieces = tuple[Piece, ...]


@pytest.fixture(scope="session")
def texts(author_pieces: Pieces, guest_pieces: Pieces, base_pieces: Pieces) -> VoiceTexts:
    """The sample author against her guest; her own held-out text stands in for the twin's answers."""
    train = tuple(p for n, p in enumerate(author_pieces) if n % 3)
    held_out = author_pieces[::3]
    return VoiceTexts(train, held_out, guest_pieces, base_pieces, held_out[::2])


def scored(texts: VoiceTexts) -> dict[str, VoiceScore]:
    return {score.family: score for score in voice_scores(texts)}


def test_the_authors_own_text_scores_about_one_and_other_people_lie_below_naught(texts: VoiceTexts) -> None:
    for score in scored(texts).values():
        assert score.valid, score.why
        assert score.value == pytest.approx(1.0, abs=0.2)
        assert score.others is not None
        assert score.others < 0
        assert score.interval is not None
        assert score.interval[0] > 0.5
        assert score.block_words in BLOCK_WORDS


def test_the_base_models_answers_score_about_naught(texts: VoiceTexts) -> None:
    for score in scored(replace(texts, twin=texts.base[::2])).values():
        assert score.value == pytest.approx(0.0, abs=0.45)
        assert score.interval is not None
        assert score.interval[0] < 0.1 < 0.6


def test_another_persons_text_is_no_success(texts: VoiceTexts) -> None:
    guest = replace(texts, others=texts.others[:2], twin=texts.others[2:])
    for score in scored(guest).values():
        assert score.value is None or score.value < 0


def test_a_measure_that_takes_other_people_for_the_author_is_not_valid(texts: VoiceTexts) -> None:
    twice = replace(texts, others=tuple(replace(p, by="Namesake") for p in texts.author_train[:8]))
    for score in scored(twice).values():
        assert not score.valid
        assert score.value is None
        assert score.interval is None


def test_without_other_people_no_family_is_valid(texts: VoiceTexts) -> None:
    for score in scored(replace(texts, others=())).values():
        assert not score.valid
        assert score.value is None
        assert "no other people's text" in score.why


@pytest.mark.parametrize("name", ["author_held_out", "others", "base", "twin", "author_train"])
def test_too_little_text_is_said_and_gives_no_value(texts: VoiceTexts, name: str) -> None:
    short = tuple(replace(p, text=p.text[:200]) for p in getattr(texts, name)[:2])
    for score in scored(replace(texts, **{name: short})).values():
        assert not score.valid
        assert score.value is None
        assert "too little text" in score.why


def raw(author: float, base: float, others: float, twin: float, noise: float = 0.02, blocks: int = 8) -> Scores:
    deviations = np.random.default_rng(0).standard_normal((4, blocks))
    deviations -= deviations.mean(axis=1, keepdims=True)
    levels = {"author": author, "base": base, "others": others, "twin": twin}
    return {name: level + noise * row for (name, level), row in zip(levels.items(), deviations, strict=True)}


def test_the_scale_runs_from_base_to_author_and_is_not_clipped() -> None:
    over = judge("cosine_delta", [raw(0.5, 0.1, -0.5, 0.7)] * 2, "person", 300)
    assert over.value == pytest.approx(1.5, abs=0.1)
    assert over.others == pytest.approx(-1.5, abs=0.1)
    under = judge("cosine_delta", [raw(0.5, 0.1, 0.0, -0.1)] * 2, "person", 300)
    assert under.value == pytest.approx(-0.5, abs=0.1)


def test_other_people_above_naught_make_it_invalid_however_well_the_twin_does() -> None:
    score = judge("masked_ngrams", [raw(1.0, 0.0, 0.4, 1.0)] * 2, "person", 300)
    assert (score.valid, score.value, score.interval) == (False, None, None)
    assert score.others == pytest.approx(0.4, abs=0.05)
    assert "above 0" in score.why


def test_other_people_may_lie_above_naught_by_their_own_spread_and_no_more_than_a_tenth() -> None:
    near = judge("masked_ngrams", [raw(1.0, 0.0, 0.05, 0.5, noise=0.1)], "person", 300)
    assert near.others_tolerance is not None
    assert 0.02 < near.others_tolerance <= 0.1
    wide = judge("masked_ngrams", [raw(1.0, 0.0, 0.3, 0.5, noise=0.3, blocks=40)], "person", 300)
    assert wide.others_tolerance is not None
    assert wide.others_tolerance <= 0.1
    assert not wide.valid


def test_an_author_who_does_not_stand_out_from_base_cannot_be_scored() -> None:
    for author in (0.0, 0.01):
        score = judge("masked_ngrams", [raw(author, 0.0, -1.0, 0.0, noise=0.3)], "person", 300)
        assert not score.valid
        assert "does not stand out" in score.why


def write(words: Sequence[str], count: int) -> str:
    return " ".join(words[n % len(words)] for n in range(count))


def test_people_are_held_out_whole_where_there_are_enough_of_them(texts: VoiceTexts) -> None:
    crowd = tuple(Piece(f"{who}{n}", write(["tick", "tock"], 400), who) for who in "abcd" for n in range(2))
    parting, parts = folds(replace(texts, others=crowd))
    assert parting == "person"
    assert len(parts) == 4
    for fold in parts:
        assert not {p.by for p in fold.others_held_out} & {p.by for p in fold.others_reference}
        assert not {p.document for p in fold.base_held_out} & {p.document for p in fold.base_reference}
        assert count_words(fold.base_held_out) >= MIN_WORDS


def test_one_person_is_parted_by_document_and_short_texts_count_as_one_person(texts: VoiceTexts) -> None:
    parting, parts = folds(texts)
    assert (parting, len(parts)) == ("document", 2)
    for fold in parts:
        assert not {p.document for p in fold.others_held_out} & {p.document for p in fold.others_reference}
    notes = tuple(Piece(f"n{n}", write(["short"], 90), f"person {n}") for n in range(20))
    parting, parts = folds(replace(texts, others=notes))
    assert parting == "document"
    assert {p.by for p in parts[0].others_held_out} == {VARIOUS}


def test_blocks_are_as_long_as_the_least_text_allows(texts: VoiceTexts) -> None:
    _, parts = folds(texts)
    assert block_words(parts) == 400
    _, parts = folds(replace(texts, twin=texts.twin[:1]))
    assert block_words(parts) == BLOCK_WORDS[-1]


def test_words_of_one_topic_are_masked_and_everybodys_are_kept(author_pieces: Pieces, base_pieces: Pieces) -> None:
    groups = [blocks(worded(pieces), 300) for pieces in (author_pieces, base_pieces)]
    kept = function_words(groups, 60)
    assert {"the", "of", "and", "is"} <= kept
    assert "harbour" not in kept
    assert mask("The harbour is at 24,500 feet; and so?", kept | {"so"}) == "the ## is at 0,0 #; and so?"


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=120))
def test_a_mask_lets_no_unknown_word_through(text: str) -> None:
    assert not any(character.isdecimal() and character != "0" for character in mask(text, set()))
    assert not [word for word in mask(text, {"the"}).split() if word.isalpha() and word.isascii() and word != "the"]
