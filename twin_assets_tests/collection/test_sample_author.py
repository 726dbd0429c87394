"""The sample author's four sources, against what `sample_author/expected.yaml` says should come of them."""

import html
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from twin_assets.collection import Collected, collect, recognize
from twin_assets.settings import SourceConfig, SourcesConfig, load_sources

ROOT = Path(__file__).parents[2]
EXPECTED: dict[str, Any] = yaml.safe_load((ROOT / "sample_author/expected.yaml").read_text(encoding="utf-8"))
KINDS = {"blog": "markdown", "substack": "substack", "linkedin": "linkedin", "x": "x"}
WITHIN_DOCUMENTS = ("block quote", "embedded tweet", "subscribe widget")
"""Other people's words inside the author's own documents: the cleaner takes those out."""


@cache
def _config() -> SourcesConfig:
    return load_sources(ROOT / "config/sources.yaml")


@cache
def _collected(name: str) -> Collected:
    path = (ROOT / "sample_author" / EXPECTED["sources"][name]["path"]).resolve()
    source = next((s for s in _config().sources if s.path == path), None)
    return collect(source or SourceConfig(name=name, path=path), _config().author)


def _words(text: str) -> str:
    """A text without markup, as one line."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>|[*_`]", "", text)).split())


@cache
def _own_words() -> str:
    own = (d for name in KINDS for d in _collected(name).documents if not d.excluded)
    return "\n".join(_words(d.text) for d in own)


def test_the_configured_author_is_the_sample_author() -> None:
    assert _config().author == EXPECTED["author"]["name"]
    configured = {s.path for s in _config().sources}
    assert configured == {(ROOT / "sample_author" / s["path"]).resolve() for s in EXPECTED["sources"].values()}


@pytest.mark.parametrize("name", KINDS)
def test_each_source_is_recognized(name: str) -> None:
    assert recognize(ROOT / "sample_author" / EXPECTED["sources"][name]["path"]) == KINDS[name]


@pytest.mark.parametrize("name", KINDS)
def test_what_is_kept_and_excluded_by_reason_is_as_expected(name: str) -> None:
    collected, expected = _collected(name), EXPECTED["sources"][name]
    assert sum(1 for d in collected.documents if not d.excluded) == expected["own"]
    assert Counter(e.reason for e in collected.exclusions) == expected["excluded"]


@pytest.mark.parametrize("name", KINDS)
def test_own_documents_are_by_the_author_and_identified_once(name: str) -> None:
    own = [d for d in _collected(name).documents if not d.excluded]
    assert {d.by for d in own} == {_config().author}
    assert len({d.document_id for d in own}) == len(own)
    assert all(d.url for d in own)


@pytest.mark.parametrize("case", EXPECTED["must_appear"], ids=lambda case: case["because"])
def test_words_that_are_easily_lost_are_kept(case: dict[str, Any]) -> None:
    text, sought = _own_words(), _words(case["text"])
    assert (sought.lower() in text.lower()) if case.get("ignore_case") else (sought in text)


@pytest.mark.parametrize(
    "case",
    [c for c in EXPECTED["must_not_appear"] if not c["because"].startswith(WITHIN_DOCUMENTS)],
    ids=lambda case: case["text"][:30],
)
def test_documents_that_are_not_own_public_words_are_not_kept(case: dict[str, Any]) -> None:
    assert _words(case["text"]) not in _own_words()
