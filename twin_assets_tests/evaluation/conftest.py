"""A small dataset with the author's, other people's and a base model's real text, and stand-ins for the engine.

The author and the guest are the sample author's; the base model's answers are SmolLM2-135M-Instruct's (Apache-2.0), to
the titles of her pieces, at temperature 0.8 and at most 192 tokens long.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from twin_assets.digests import digest
from twin_assets.evaluation.likelihood import Scored
from twin_assets.evaluation.others import SAMPLE_AUTHOR, SAMPLE_AUTHOR_NAME, choose_others
from twin_assets.evaluation.text import Piece, wording
from twin_assets.records import InstructionSample, Split


@pytest.fixture
def make_sample() -> Callable[..., InstructionSample]:
    """Makes an instruction sample; what is not given follows from the document and the answer."""

    def make(
        answer: str,
        document: str = "d1",
        split: Split = "test",
        instruction: str = "Write.",
        chunks: tuple[str, ...] = (),
    ) -> InstructionSample:
        return InstructionSample(
            sample_id=digest(document, answer, split),
            document_id=document,
            start=0,
            end=len(answer),
            instruction=instruction,
            answer=answer,
            origin="rules",
            split=split,
            chunk_ids=chunks,
            title="",
            url="",
            kind="markdown",
            input_digest="",
            family="write",
            context="",
            edits="",
            context_documents=(),
            context_chunks=(),
        )

    return make


@pytest.fixture(scope="session")
def sample_texts() -> tuple[Piece, ...]:
    """The sample author's pieces and her guest's, each under its author's name."""
    return choose_others(None, [], "Somebody Else", [], SAMPLE_AUTHOR).pieces


@pytest.fixture(scope="session")
def author_pieces(sample_texts: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """The sample author's own pieces of some length."""
    return tuple(p for p in sample_texts if p.by == SAMPLE_AUTHOR_NAME and len(p.text.split()) > 100)


@pytest.fixture(scope="session")
def guest_pieces(sample_texts: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """The guest's pieces."""
    return tuple(p for p in sample_texts if p.by != SAMPLE_AUTHOR_NAME)


@pytest.fixture(scope="session")
def base_pieces() -> tuple[Piece, ...]:
    """A real base model's answers, each under the document it was prompted from."""
    answers = json.loads((Path(__file__).parent / "base_answers.json").read_text(encoding="utf-8"))
    return tuple(Piece(a["document"], a["answer"]) for a in answers)


@pytest.fixture
def samples(author_pieces: tuple[Piece, ...], make_sample: Callable[..., InstructionSample]) -> list[InstructionSample]:
    """The sample author's pieces as an instruction dataset: every third document is held out."""
    return [
        make_sample(
            wording(piece.text),
            piece.document,
            "test" if number % 3 == 0 else "train",
            f"Write about {piece.document}.",
            (digest("chunk", piece.document),),
        )
        for number, piece in enumerate(author_pieces)
    ]


@pytest.fixture
def score_by_byte() -> Callable[[float], Callable[[Sequence[Scored]], list[float]]]:
    """A model that gives every byte of every answer the same log-probability."""

    def model(log_probability: float) -> Callable[[Sequence[Scored]], list[float]]:
        return lambda texts: [log_probability * len(text.answer.encode()) for text in texts]

    return model
