"""The text of posts: paragraphs, blocks and shortcodes."""

import html
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin_assets.collection.shortcodes import to_html
from twin_assets.features.clean import CleaningPolicy, clean
from twin_assets_tests.collection.wordpress_exports import (
    documents_of,
    file_of,
    item_of,
)


def test_blank_lines_are_paragraphs_and_elements_stand_for_themselves() -> None:
    shown = to_html(
        "One\nline.\n\nTwo.\n<h2>Head</h2>\nThree.\n\n<ul>\n\n<li>Item</li>\n\n</ul>\n<pre>a\n\nb</pre>\n"
        "Four <code>x\n\ny</code>."
    )
    assert shown.startswith(
        "<p>One<br>\nline.</p>\n\n<p>Two.</p>\n\n<h2>Head</h2>\n\n<p>Three.</p>\n\n<ul>\n\n<li>Item"
    )
    assert shown.endswith("</ul>\n\n<pre>a\n\nb</pre>\n\n<p>Four <code>x\n\ny</code>.</p>")


def test_blocks_lose_their_marks_and_keep_their_markup() -> None:
    body = '<!-- wp:paragraph {"align":"left"} -->\n<p>One,\ntwo.</p>\n<!-- /wp:paragraph -->\n\n<!-- wp:spacer /-->'
    assert to_html(body) == "<p>One,\ntwo.</p>"
    assert to_html("a <!-- wp:b") == "a <!-- wp:b"
    assert to_html("One.\n\n<!--more-->\n\nTwo.").count("<!--more-->") == 1


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('One [gallery ids="1,2" link="file"]two.', "One two."),
        ('[caption id="a" width="300"]<img src="x"> A caption[/caption]', '<img src="x"> A caption'),
        ("[et_pb_row x=1][et_pb_text]Words[/et_pb_text][/et_pb_row]", "Words"),
        ('[plugin_thing id=5 name="a [b] c"/]One', "One"),
        ("[plugin_thing id=5 mode='x']One", "One"),
        ("[embed]https://example.org/film[/embed]One", "One"),
        ("[youtube=https://example.org/film]One", "One"),
        ("[[gallery]] shows [gallery]", "[gallery] shows "),
        ("One [sic] two [1] [x = 3] [sample size n=45] [see](http://x) [...]", None),
        ("[he said it's \"so\"] and arr[i] and a[href='x']", None),
    ],
)
def test_shortcodes_go_and_the_authors_brackets_stay(body: str, expected: str | None) -> None:
    assert to_html(body) == f"<p>{(body if expected is None else expected).strip()}</p>"


def test_quotes_in_shortcodes_are_other_peoples_words() -> None:
    document = documents_of(file_of(item_of("[quote]Theirs, not mine.[/quote]\n\nMine are these five words.")))[0]
    cleaned, _ = clean(document)
    assert cleaned is not None
    assert cleaned.text == "> Theirs, not mine.\n\nMine are these five words."


@pytest.mark.parametrize("code", ["if a<b:\n\n    x = y[gallery]", "a &lt;b> [gallery]"])
def test_code_in_shortcodes_is_code_and_stays_as_it_is(code: str) -> None:
    document = documents_of(file_of(item_of(f'See:\n\n[sourcecode language="python"]\n{code}\n[/sourcecode]')))[0]
    cleaned, _ = clean(document, CleaningPolicy(min_words=1))
    assert cleaned is not None
    assert cleaned.text == f"See:\n\n```python\n{html.unescape(code)}\n```"


_PIECES = st.sampled_from(
    [
        "<pre>",
        "</pre>",
        "<code>",
        "</code>",
        "[code lang=c]",
        "[/code]",
        "[a b='c'",
        "]",
        "[/a]",
        "[[",
        "<!-- wp:p -->",
        "<blockquote>",
        "</blockquote>",
        "[quote]",
        "[/quote]",
        "\n\n",
        "<!-- wp:",
        "-->",
        "\x00",
        "\x01",
        "\x020\x02",
        "<hr",
    ]
)


@settings(deadline=None)
@given(st.lists(st.one_of(_PIECES, st.integers(0, 99).map(lambda n: f" word{n} ")), max_size=25))
def test_no_word_outside_of_shortcodes_is_lost_or_repeated(pieces: list[str]) -> None:
    shown = to_html("".join(pieces))
    words = [p.strip() for p in pieces if p.startswith(" word")]
    assert "\x00" not in shown
    if not any(p in ("[a b='c'", "<!-- wp:", "[[", "]", "<hr") for p in pieces):
        assert re.findall(r"word\d+", shown) == words
