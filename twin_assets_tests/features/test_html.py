"""HTML: structure kept, code byte for byte, what the platform added left out with a reason."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin_assets.features.html import html_to_markdown
from twin_assets.features.markdown import clean_markdown
from twin_assets.features.normalize import normalize


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<h2>Head</h2><p>One <em>two</em> <strong>three</strong>.</p>", "## Head\n\nOne *two* **three**."),
        ("<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>", "- a\n  - b\n- c"),
        ("<ol><li>a</li><li>b</li></ol>", "1. a\n2. b"),
        ('<p>a <a href="https://x.org">link</a></p>', "a [link](https://x.org)"),
        ("<blockquote><p>theirs</p><p>too</p></blockquote><p>mine</p>", "> theirs\n>\n> too\n\nmine"),
        ("<p>one<br>two<br/>three</p>", "one\ntwo\nthree"),
        ("<p>2<sup>53</sup> on the 1<sup>st</sup></p>", "2^53 on the 1st"),
        ("<p>snake_case and 2 * 3</p>", "snake_case and 2 * 3"),
        ("<p>about the &lt;div&gt; tag and {{ braces }}</p>", r"about the \<div> tag and \{{ braces }}"),
        (
            "<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table>",
            "| a | b |\n| --- | --- |\n| 1 | 2 |",
        ),
        ('<div class="pullquote"><p>said</p></div><p>x</p>', "> said\n\nx"),
        (
            '<p>a<a class="footnote-anchor" href="#f">1</a></p><div class="footnote"><a class="footnote-number">1</a>'
            '<div class="footnote-content"><p>note</p></div></div>',
            "a[^1]\n\n[^1]: note",
        ),
    ],
)
def test_structure_is_kept(html, expected):
    assert html_to_markdown(html) == (expected, [])


@pytest.mark.parametrize(
    "code",
    [
        "def f():\n\treturn  1\n\n\n    # end",
        "a < b && c > d",
        "```\nnested\n```",
        "  leading and trailing   ",
        "<b>*_x_*</b>",
    ],
)
def test_code_is_kept_byte_for_byte(code):
    escaped = code.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    markdown, _ = html_to_markdown(f'<p>a</p><pre><code class="hljs language-python">{escaped}</code></pre><p>b</p>')
    assert f"python\n{code}\n```" in markdown
    assert markdown.startswith("a\n\n```")
    assert markdown.endswith("```\n\nb")


def test_code_with_line_break_tags_and_coloured_spans_keeps_its_lines():
    markdown, _ = html_to_markdown("<pre><span>a</span> = 1<br>  b<br></pre>")
    assert markdown == "```\na = 1\n  b\n```"


@pytest.mark.parametrize(
    ("html", "reason"),
    [
        ('<div class="subscription-widget-wrap"><p>Type your email</p><form><input></form></div>', "widget"),
        ('<p class="button-wrapper"><a class="button" href="x">Share</a></p>', "widget"),
        ('<div class="tweet" data-attrs="{}"><p>somebody else</p></div>', "embed"),
        ('<blockquote class="twitter-tweet"><p>somebody else</p></blockquote>', "embed"),
        ('<img src="https://medium.com/_/stat?event=x" width="1" height="1">', "tracking_pixel"),
        ('<figure><img src="a.png" alt="alt"><figcaption>caption</figcaption></figure>', "image"),
        ('<iframe src="https://video.example"></iframe>', "embed"),
        ('<nav><a href="/">Home</a> <a href="/about">About</a></nav>', "navigation"),
        ('<div class="sharedaddy"><h3>Share this:</h3><ul><li>Twitter</li></ul></div>', "share"),
        ('<div id="cookie-notice">We use cookies to improve things.</div>', "cookie"),
    ],
)
def test_what_the_platform_added_is_left_out_with_a_reason(html, reason):
    markdown, removals = html_to_markdown(f"<p>before</p>{html}<p>after</p>")
    assert markdown == "before\n\nafter"
    assert [removal.reason for removal in removals] == [reason]


def test_navigation_that_nobody_closed_does_not_take_the_article_with_it():
    article = "<p>" + "The words of the author go on and on. " * 30 + "</p>"
    markdown, removals = html_to_markdown(f"<nav><a href='/'>Home</a>{article}")
    assert "words of the author" in markdown
    assert removals == []


def test_text_that_looks_like_markup_stays_text():
    html = "<p># of users, &lt;b&gt; and ![x](y) and {% raw %}</p>"
    markdown, _ = html_to_markdown(html)
    assert markdown == r"\# of users, \<b> and \![x](y) and \{% raw %}"
    assert clean_markdown(markdown) == (markdown, [])


def test_scripts_styles_and_the_head_are_no_words():
    html = "<html><head><title>t</title><style>p{}</style></head><body><script>x()</script><p>words</p></body></html>"
    assert html_to_markdown(html) == ("words", [])


def test_html_nested_too_deeply_is_read_as_its_lines():
    markdown, removals = html_to_markdown("<div>" * 3000 + "words" + "</div>" * 3000)
    assert markdown == "words"
    assert [removal.reason for removal in removals] == ["structure"]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "<p>",
                "</p>",
                "<b>",
                "</b>",
                "<pre>",
                "</pre>",
                "<ul>",
                "<li>",
                "</ul>",
                "<td>",
                "<table>",
                "<br>",
                "<blockquote>",
                "&lt;",
                "&nbsp;",
                "word",
                " ",
                "\n",
                "<h2>",
                "</h2>",
                "<img>",
                "<!--",
                "<",
                "\u200b",
            ]
        ),
        max_size=30,
    ).map("".join)
)
def test_any_html_gives_normal_markdown(html):
    markdown, _ = html_to_markdown(html)
    assert normalize(markdown) == markdown
