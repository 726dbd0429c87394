"""Documents of a fictional author, a tokenizer without a model, and samples to put into datasets."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from twin_assets.datasets.drafts import Material, Place
from twin_assets.datasets.passages import PassageSpan
from twin_assets.datasets.topics import Topics
from twin_assets.digests import chunk_id, digest, document_id
from twin_assets.records import Chunk, CorpusDocument, InstructionSample
from twin_assets_tests.corpus_documents import corpus_document

NOUNS: list[str] = str.split(
    """harbour lantern signal receiver aerial ledger barometer kettle engine buoy chart compass dynamo valve
 hawser tiller binnacle fender gale squall ebb shoal reef gannet herring trawler winch pulley rivet boiler"""
)
VERBS: list[str] = str.split("mended watched polished tested carried repaired measured painted drew lifted")


def word_tokens(texts: Sequence[str]) -> list[int]:
    """A word, a mark and a line break count one token each."""
    return [len(re.findall(r"\w+|[^\w\s]|\n", text)) for text in texts]


def make_document(
    text: str, name: str = "a", title: str = "The barometer in the hall", kind: Any = "markdown", **changes: Any
) -> Any:
    url = f"https://example.org/{name}"
    document = corpus_document(
        document_id(kind, name), text, kind=kind, url=url, urls=(url,), sources=("blog",), title=title
    )
    return replace(document, **changes)


def paragraph(seed: object, sentences: int = 4) -> str:
    """A paragraph of its own: no other seed gives the same 13 words running."""

    def pick(words: list[str], *place: object) -> str:
        return words[int(digest(seed, *place)[:8], 16) % len(words)]

    found = []
    for n in range(sentences):
        subject, thing = pick(NOUNS, n, "subject"), pick(NOUNS, n, "thing")
        mark = digest(seed, n)[:6].translate(str.maketrans("0123456789", "ghijklmnop"))
        found.append(f"On watch I {pick(VERBS, n)} the {subject} of {mark.title()} beside an old {thing} and a {mark}.")
    return " ".join(found)


def make_corpus(count: int, sections: int = 3) -> list[CorpusDocument]:
    """Documents with a title and a few headed sections, all of different words."""
    documents = []
    for n in range(count):
        parts = [paragraph((n, "intro"))]
        for section in range(sections):
            heading = f"{NOUNS[(n + section) % len(NOUNS)].title()} number {n}"
            parts += [f"## {heading}", paragraph((n, section, "first")), paragraph((n, section, "second"))]
        documents.append(make_document("\n\n".join(parts), f"post-{n}", f"Letter {n} from the {NOUNS[n % len(NOUNS)]}"))
    return documents


def make_chunks(documents: Sequence[CorpusDocument], size: int = 300) -> list[Chunk]:
    """Chunks of a fixed number of characters."""
    chunks = []
    for document in documents:
        for position, start in enumerate(range(0, len(document.text), size)):
            end = min(start + size, len(document.text))
            text = document.text[start:end]
            identity = chunk_id(document.document_id, start, end, text)
            shared = (document.title, document.url, document.kind, document.published_at, document.scope, "input")
            chunks.append(Chunk(identity, document.document_id, position, start, end, text, "", 1, *shared))
    return chunks


def make_sample(name: str, split: Any = "train", **changes: Any) -> InstructionSample:
    answer = changes.pop("answer", paragraph(name))
    values: dict[str, Any] = {
        "sample_id": digest(name),
        "document_id": f"document of {name}",
        "start": 0,
        "end": len(answer),
        "instruction": f"Tell me about {name}.",
        "answer": answer,
        "origin": "rules",
        "split": split,
        "chunk_ids": ("chunk",),
        "title": "A title",
        "url": "https://example.org/a",
        "kind": "markdown",
        "input_digest": "input",
        "family": "write",
        "context": "",
        "edits": "",
        "context_documents": (),
        "context_chunks": (),
    }
    return InstructionSample(**{**values, **changes})


def make_material(
    text: str, title: str = "The barometer in the hall", heading: str = "", *, kind: Any = "markdown", **changes: Any
) -> Material:
    """A passage that is the whole of a document, unless `place` says otherwise; `around` stands before and after it."""
    before, after = changes.pop("around", ("", ""))
    document = make_document(f"{before}{text}{after}", changes.pop("name", "a"), title, kind)
    span = PassageSpan(len(before), len(before) + len(text), text, (heading,) if heading else ())
    values: dict[str, Any] = {
        "split": "train",
        "chunk_ids": ("chunk",),
        "place": Place(0, 1, 1),
        "topics": Topics([text]),
        **changes,
    }
    return Material(document, span, digest(text, title, heading), **values)


@pytest.fixture
def material() -> Callable[..., Material]:
    """Makes the material of a passage."""
    return make_material


@pytest.fixture
def tokens() -> Callable[[Sequence[str]], list[int]]:
    """Counts tokens."""
    return word_tokens


@pytest.fixture
def document() -> Callable[..., CorpusDocument]:
    """Makes a document of a text."""
    return make_document


@pytest.fixture
def corpus() -> Callable[..., list[CorpusDocument]]:
    """Makes a corpus of so many documents."""
    return make_corpus


@pytest.fixture
def chunks() -> Callable[..., list[Chunk]]:
    """Makes the chunks of documents."""
    return make_chunks


@pytest.fixture
def sample() -> Callable[..., InstructionSample]:
    """Makes a sample of a name."""
    return make_sample
