"""The definitions of a repository's code are passages; other code is none."""

from typing import Any

import pytest

from twin_assets.datasets.passages import cut

PYTHON = '''import os

# Words of the forecast.
@cached
def tendency(change: float) -> str:
    """Say it in words."""
    return "steady"


class Glass:
    height = 1

    def read(self) -> float:
        return self.height


X = 1
'''
GO = """package main

// Run reads the gauge
// until it is told to stop.
func (g *Gauge) Run(ctx context.Context) error {
\treturn nil
}

type Gauge struct {
\tName string
}
"""


@pytest.mark.parametrize(
    ("language", "code", "names"), [("python", PYTHON, ["tendency", "Glass"]), ("go", GO, ["Run", "Gauge"])]
)
def test_definitions_are_verbatim_spans_with_their_remarks(
    language: str, code: str, names: list[str], document: Any, tokens: Any
) -> None:
    source = document(f"```{language}\n{code}```", "a", "glass/main", "git")
    found = cut(source, tokens, 200, 12).passages
    assert [span.definition.name for span in found if span.definition] == names
    for span in found:
        assert span.text == source.text[span.start : span.end]
        assert span.definition is not None
        assert span.definition.language == language
    assert found[0].text.startswith(("# Words of the forecast.\n@cached\ndef", "// Run reads the gauge\n"))
    assert "import" not in "".join(span.text for span in found)
    assert "X = 1" not in "".join(span.text for span in found)


def test_code_in_an_article_is_no_passage_of_its_own(document: Any, tokens: Any) -> None:
    found = cut(document(f"```python\n{PYTHON}```"), tokens, 200, 12)
    assert found.passages == []
    assert [e.reason for e in found.exclusions] == ["code"]


def test_a_definition_that_is_too_long_is_left_out_with_its_reason(document: Any, tokens: Any) -> None:
    found = cut(document(f"```python\n{PYTHON}```", "a", "main.py", "git"), tokens, 30, 12)
    assert "too_long" in [e.reason for e in found.exclusions]


@pytest.mark.parametrize("code", ["x = 1\ny = 2\nz = 3\n", "def f(): pass\n", "def"])
def test_code_that_defines_nothing_of_some_length_is_left_out(code: str, document: Any, tokens: Any) -> None:
    found = cut(document(f"```python\n{code}```", "a", "main.py", "git"), tokens, 200, 12)
    assert found.passages == []
    assert [e.reason for e in found.exclusions] == ["code"]
