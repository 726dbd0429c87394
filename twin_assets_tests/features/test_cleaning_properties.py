"""What holds for cleaning whatever is cleaned: done twice it changes nothing, and no word is lost without a trace."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin_assets.features.boilerplate import candidates, without_boilerplate
from twin_assets.features.clean import CleaningPolicy, clean_plain, prepare
from twin_assets.features.markdown_blocks import code_spans
from twin_assets.features.pii import PiiPolicy

POLICY = CleaningPolicy(min_words=0)
UNMASKED = CleaningPolicy(min_words=0, pii=PiiPolicy(kinds=()))

WORD = st.integers(0, 99_999).map(lambda n: f"w{n:05d}x")
WORDS = st.lists(WORD, min_size=1, max_size=8).map(" ".join)
INLINE = st.one_of(
    WORDS,
    WORDS.map(lambda w: f"**{w}**"),
    WORDS.map(lambda w: f"[{w}](https://example.net/{w.split()[0]})"),
    WORDS.map(lambda w: f"`{w} <b>{{{{ x }}}}`"),
    WORDS.map(lambda w: f"![{w}](a.png)"),
    WORDS.map(lambda w: f"<em>{w}</em>"),
    WORDS.map(lambda w: f"{{% include {w} %}}"),
    WORDS.map(lambda w: f"<!-- {w} -->"),
    WORDS.map(lambda w: f"{w} ada@lovelace.org"),
    WORDS.map(lambda w: f"𝗯𝗼𝗹𝗱 {w}\u200b"),
)
CODE = WORDS.map(lambda w: f"```py\n{w}\n\n\n  <b>{{{{ x }}}} 𝗯\u200b\n```")
BLOCK = st.one_of(
    st.lists(INLINE, min_size=1, max_size=4).map(" ".join),
    WORDS.map(lambda w: f"## {w}"),
    WORDS.map(lambda w: "\n".join(f"> {word}" for word in w.split())),
    WORDS.map(lambda w: "\n".join(f"- {word}" for word in w.split())),
    WORDS.map(lambda w: f"| {w} | b |\n| --- | --- |\n| {w} | c |"),
    WORDS.map(lambda w: f"<blockquote>{w}</blockquote>"),
    WORDS.map(lambda w: f"<table><tr><th>{w}</th></tr></table>"),
    CODE,
    st.sampled_from(["Share this post", "#one #two", "Sent from my iPhone", "{{< toc >}}", "---"]),
)
MARKDOWN = st.lists(BLOCK, max_size=6).map("\n\n".join)

_TEXT = st.one_of(
    WORDS, st.sampled_from(["# x", "&lt;b&gt;", "{{ y }}", "{% z %}", "![a](b)", "&lt;!-- c --&gt;", "a * b"])
)
HTML_BLOCK = st.one_of(
    _TEXT.map(lambda t: f"<p>{t}</p>"),
    WORDS.map(lambda t: f"<p><a href='https://example.net/{t.split()[0]}'>{t}</a> <b>{t}</b></p>"),
    WORDS.map(lambda t: f"<blockquote><p>{t}</p><p>{t}</p></blockquote>"),
    WORDS.map(lambda t: f"<ul><li>{t}</li><li>{t}<ul><li>{t}</li></ul></li></ul>"),
    WORDS.map(lambda t: f"<pre><code class='language-py'>{t}\n\n    &lt;b&gt;  {t}</code></pre>"),
    WORDS.map(lambda t: f"<table><tr><th>{t}</th></tr><tr><td>{t}</td></tr></table>"),
    WORDS.map(lambda t: f"<nav><a href='/'>{t}</a></nav>"),
    WORDS.map(lambda t: f"<figure><img alt='{t}'><figcaption>{t}</figcaption></figure>"),
    WORDS.map(lambda t: f"<div class='share-buttons'>{t}</div>"),
    WORDS.map(lambda t: f"<h2>{t}</h2>"),
)
HTML = st.lists(HTML_BLOCK, max_size=6).map("".join)


def found(text: str) -> set[str]:
    return set(re.findall(r"w\d{5}x", text))


@given(MARKDOWN)
def test_cleaned_markdown_cleaned_again_is_the_same(raw, text):
    once = prepare(raw(text), POLICY)
    twice = prepare(raw(once.text, title=once.title), POLICY)
    assert (twice.title, twice.text) == (once.title, once.text)
    assert twice.masked == ()


@given(HTML)
def test_a_page_that_was_cleaned_is_clean_markdown(raw, html):
    once = prepare(raw(html, "text/html"), POLICY)
    twice = prepare(raw(once.text, "text/markdown", title=once.title), POLICY)
    assert twice.text == once.text
    assert twice.removals == ()


@given(
    st.lists(
        st.one_of(WORDS, st.sampled_from(["#a #b", "\n\n", "𝗯", "pic.twitter.com/x", "hashtag#go"])), max_size=8
    ).map(" ".join)
)
def test_no_word_of_a_post_is_lost_without_a_trace(raw, text):
    once = prepare(raw(text, "text/plain"), UNMASKED)
    assert found(text) == found(once.text) | found(" ".join(r.text for r in once.removals))
    assert clean_plain(once.text) == (once.text, [])


@pytest.mark.parametrize(("media_type", "texts"), [("text/markdown", MARKDOWN), ("text/html", HTML)])
def test_no_word_is_lost_without_a_trace(raw, media_type, texts):
    @given(texts)
    def holds(text):
        once = prepare(raw(text, media_type), POLICY)
        text_after, repeated = without_boilerplate(once.text, candidates(once.text))
        taken = " ".join(removal.text for removal in [*once.removals, *repeated])
        assert found(text) == found(once.text) | found(" ".join(removal.text for removal in once.removals))
        assert found(once.text) <= found(text_after) | found(taken)

    holds()


@given(MARKDOWN)
def test_no_character_of_code_is_lost(raw, text):
    once = prepare(raw(text), POLICY).text
    assert [once[a:b] for a, b in code_spans(once)] == [text[a:b] for a, b in code_spans(text)]
    inline = re.compile(r"(?<!`)`[^`\n]+`(?!`)")
    assert inline.findall(once) == inline.findall(text)


@given(MARKDOWN)
def test_quotes_lists_tables_and_links_stay_what_they_are(raw, text):
    once = prepare(raw(text), POLICY).text
    for line in text.split("\n"):
        if line.startswith(("> ", "- ", "| ")):
            assert line in once.split("\n")
    for link in re.findall(r"(?<!!)\[w[^\]]*\]\(https://[^)]*\)", text):
        assert link in once
    for quoted in re.findall(r"<blockquote>([^<]*)</blockquote>", text):
        assert f"> {quoted}" in once
