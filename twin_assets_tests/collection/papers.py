"""Papers for tests, and what comes of one."""

import random
from pathlib import Path

from twin_assets.collection.collector import Collected, Origin
from twin_assets.collection.paper import facts_of, paper_items
from twin_assets.collection.pdf import read_pdf
from twin_assets.records import Exclusion, RawDocument
from twin_assets.settings import SourceConfig
from twin_assets_tests.collection.pdf_writer import Paper

_HALVES = (
    *("tide", "harbour", "stone", "lantern", "gravel", "willow", "copper", "ledger", "signal", "meadow"),
    *("winter", "barley", "anchor", "kettle", "ribbon", "thistle", "marble", "cinder", "saddle", "timber"),
)


def words_of(count: int, seed: int = 0) -> list[str]:
    """So many words, always the same ones for a seed."""
    chosen = random.Random(seed)
    return [f"{chosen.choice(_HALVES)}{chosen.choice(_HALVES)}" for _ in range(count)]


def paragraph(count: int, seed: int = 0) -> str:
    """A sentence of so many words."""
    return " ".join(words_of(count, seed)).capitalize() + "."


def essay(*names: str, title: str = "On the Depth of Harbours") -> Paper:
    """A short paper in one column, with a line for each name."""
    paper = Paper(columns=1).full(title, 20)
    for name in names:
        paper.full(name)
    return paper.heading("Abstract").paragraph(paragraph(60, 1)).heading("1 Introduction").paragraph(paragraph(80, 2))


def take(data: bytes, name: str = "paper.pdf", **config: object) -> Collected:
    """What comes of one file. Raises Unreadable."""
    source = SourceConfig(name="papers", path=Path("papers"), kind="paper", **config)  # type: ignore[arg-type]
    origin = Origin(source, "paper", "Jo Doe")
    pdf = read_pdf(data)
    items = list(paper_items(pdf, facts_of(pdf, name), origin, name))
    documents = [item for item in items if isinstance(item, RawDocument)]
    return Collected(documents, [item for item in items if isinstance(item, Exclusion)])


def document_of(data: bytes, name: str = "paper.pdf", **config: object) -> RawDocument:
    """The one document that comes of one file."""
    (document,) = take(data, name, **config).documents
    return document
