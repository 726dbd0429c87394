"""The main content of pages: structure and code are kept, what is around the text is not."""

import html
import re
from datetime import UTC, datetime

import pytest
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st

from twin_assets.collection.text import Unreadable
from twin_assets.collection.web.bylines import split_names
from twin_assets.collection.web.extract import main_content
from twin_assets.collection.web.facts import Facts, read_facts
from twin_assets.collection.web.tree import parse, serialize, visible_words
from twin_assets.features.html import html_to_markdown
from twin_assets_tests.collection.visits import page, prose

CODE = "def f(x):\n    if x < 1 and '&amp;lt;' != \"<b>\":\n\treturn  1   # two  spaces\n\n\n    return '&nbsp;'\n"
URL = "https://jo.example/2024/bells.html"
CHROME = (
    '<div class="cookie-banner">We use cookies to improve this site.</div>'
    '<nav><a href="/">Home</a> <a href="/about">About this site</a></nav>'
)
AROUND = (
    '<div class="sharedaddy"><a href="https://x.com/share">Share this on X</a></div>'
    '<section class="related-posts"><h3>Related posts</h3><ul><li><a href="/pencils">Pencils and how they are made</a>'
    '</li></ul></section><section id="comments"><h3>3 comments</h3><ol><li class="comment"><p>'
    + "A reader liked this very much and says so at length. " * 60
    + "</p></li></ol></section>"
)
FOOTER = "<footer><p>Copyright Jo Doe, all rights reserved.</p></footer>"
TEXT = (
    '<p>Bells are heavy, and <a href="ropes.html">ropes</a> are long; who rings them has to know both of these.</p>'
    "<h2>How they are rung</h2><ul><li>Pull with <code>a_b</code></li><li>Wait<ul><li>longer</li></ul></li></ul>"
    f'<pre><code class="language-python">{html.escape(CODE)}</code></pre>'
    "<blockquote><p>Someone else said this about the bells.</p></blockquote>"
    '<p>A paragraph that ends it, with enough words to be taken for text by readers.<a href="#fn1">1</a></p>'
    '<section class="footnotes"><ol><li id="fn1">A note on the bells.</li></ol></section>'
)
LAYOUTS = {
    "a theme with classes": f'{CHROME}<main><article class="post tag-social"><h1>Bells</h1>'
    f'<p class="byline">By Jo Doe</p><div class="entry-content">{TEXT}{AROUND}</div></article></main>{FOOTER}',
    "an article element": f"{CHROME}<article><header><h1>Bells</h1><p>By <a rel='author'>Jo Doe</a>, "
    f"<time>May</time></p></header>{TEXT}{AROUND}</article>{FOOTER}",
    "main only": f"{CHROME}<main><h1>Bells</h1>{TEXT}</main>{AROUND}{FOOTER}",
    "plain divs": f'{CHROME}<div class="wrap"><div class="left"><h1>Bells</h1>{TEXT}</div>'
    f'<div class="sidebar"><h2>About</h2><p>Jo Doe writes letters.</p></div></div>{AROUND}{FOOTER}',
    "a page by hand": f"<h1>Bells</h1>{TEXT}",
}


def _content(source: str, url: str = URL) -> str:
    content = main_content(parse(source), source, url)
    return serialize(content) if content is not None else ""


def _facts(source: str, url: str = URL) -> Facts:
    root = parse(source)
    return read_facts(root, main_content(root, source, url), url, lambda name: name == "Jo Doe")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_text_is_kept_with_its_structure_whatever_is_around_it(layout: str) -> None:
    markdown, _ = html_to_markdown(_content(page(LAYOUTS[layout])))
    assert "Bells are heavy, and [ropes](https://jo.example/2024/ropes.html) are long" in markdown
    assert "## How they are rung" in markdown
    assert "- Pull with `a_b`" in markdown
    assert "  - longer" in markdown
    assert "> Someone else said this about the bells." in markdown
    assert f"```python\n{CODE.rstrip()}\n```" in markdown
    assert "A note on the bells." in markdown
    assert "[1](#fn1)" in markdown
    for noise in ("cookies", "About this site", "Share this", "Pencils", "A reader", "comments", "Copyright"):
        assert noise not in markdown
    if layout != "a page by hand":
        assert "Jo Doe" not in markdown


@settings(deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t"), min_size=1))
def test_code_survives_byte_for_byte(code: str) -> None:
    source = page(f"<article><h1>Bells</h1>{prose('bells')}<pre><code>x{html.escape(code)}x</code></pre></article>")
    found = BeautifulSoup(_content(source), "html.parser").pre
    assert found is not None
    assert found.get_text() == f"x{code}x"


@pytest.mark.parametrize(
    "code",
    [
        '<table class="rouge-table"><tr><td class="gutter gl"><pre>1\n2\n</pre></td>'
        '<td class="code"><pre>{}</pre></td></tr></table>',
        '<table class="lntable"><tr><td class="lntd"><pre><code><span class="lnt">1\n</span></code></pre></td>'
        '<td class="lntd"><pre><code class="language-py">{}</code></pre></td></tr></table>',
        '<pre><code><span class="ln">1</span>{}</code></pre>',
        '<div class="highlight"><pre><button class="copy">Copy</button>{}</pre></div>',
    ],
)
def test_line_numbers_and_copy_buttons_are_no_code(code: str) -> None:
    source = page(
        f"<article><h1>Bells</h1>{prose('bells')}{code.format('<span class=comment># a</span> = b')}</article>"
    )
    blocks = [block.get_text() for block in BeautifulSoup(_content(source), "html.parser").find_all("pre")]
    assert [block for block in blocks if block.strip()] == ["# a = b"]


def test_a_short_post_beside_a_long_sidebar_is_found() -> None:
    sidebar = f"<div class='widget'>{prose('other things', 30)}</div>"
    content = _content(page(f"<article><h1>Bells</h1><p>They ring at noon, and that is all.</p></article>{sidebar}"))
    assert "They ring at noon" in content
    assert "other things" not in content


def test_an_element_with_a_misleading_name_that_holds_the_text_stays() -> None:
    assert "Sentence 7 about bells" in _content(
        page(f"<article><div class='widget social'>{prose('bells')}</div></article>")
    )


def test_what_follows_a_heading_of_related_posts_is_left_out() -> None:
    after = "<h2>You may also like</h2><p>Pencils and how they are made.</p>"
    assert "Pencils" not in _content(page(f"<article>{prose('bells')}{after}</article>"))


def test_links_are_relative_to_the_base_that_the_page_names() -> None:
    source = page(f"<article>{prose('bells')}<a href='x'>x</a></article>", '<base href="https://cdn.example/b/">')
    assert "https://cdn.example/b/x" in _content(source)


def test_a_page_without_words_has_no_content() -> None:
    assert _content(page("<script>var a = 'words in a script';</script><div id='root'></div>")) == ""
    with pytest.raises(Unreadable):
        parse("")


ARTICLE = """{"@context": "https://schema.org", "@graph": [
    {"@type": "WebSite", "name": "Letters"},
    {"@type": "Person", "@id": "#jo", "name": "Jo Doe"},
    {"@type": "BlogPosting", "headline": "Bells &amp; ropes", "datePublished": "2024-05-06T07:08:09Z",
     "author": {"@id": "#jo"}, "isAccessibleForFree": "False"}]}"""
THEN = "2024-05-06T07:08:09Z"


def _jsonld(value: str) -> str:
    return f'<script type="application/ld+json">{value}</script>'


def test_json_ld_says_title_date_author_and_paywall() -> None:
    facts = _facts(page(f"<h1>Other</h1>{prose('bells')}", _jsonld(ARTICLE)))
    assert (facts.title, facts.bylines, facts.paywalled, facts.one_article) == (
        "Bells & ropes",
        ("Jo Doe",),
        True,
        True,
    )
    assert facts.published_at == datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (f'<meta property="article:published_time" content="{THEN}">', ""),
        ("", f'<article><time datetime="{THEN}">then</time></article>'),
        ("", f'<time class="dt-published" datetime="{THEN}">then</time><time datetime="2020-01-01">x</time>'),
        (f'<meta property="article:published_time" content="0000-00-00"><meta name="date" content="{THEN}">', ""),
        ('<meta name="date" content="2091-05-06">', f'<article><time datetime="{THEN}">x</time></article>'),
    ],
)
def test_the_date_is_where_pages_have_it_unless_it_is_impossible(head: str, body: str) -> None:
    assert _facts(page(body + prose("bells"), head)).published_at == datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)


def test_without_a_marked_date_the_url_gives_one() -> None:
    assert _facts(page(prose("bells")), "https://jo.example/2023/04/05/bells").published_at == datetime(
        2023, 4, 5, tzinfo=UTC
    )


@pytest.mark.parametrize(
    ("head", "body", "names"),
    [
        ('<meta name="author" content="Ann Roe">', "", ("Ann Roe",)),
        ("", '<p class="byline">Written by Jo Doe and Ann Roe</p>', ("Jo Doe", "Ann Roe")),
        ("", '<a rel="author" href="/ann">Ann Roe</a>', ("Ann Roe",)),
        ("", '<div id="comments"><span class="author">Ann Roe</span></div>', ()),
        ('<meta property="og:site_name" content="Letters"><meta name="author" content="Letters">', "", ()),
        ('<meta property="article:author" content="https://social.example/ann">', "", ()),
        (_jsonld('{"@type": "Article", "author": {"@type": "Organization", "name": "X"}}'), "", ()),
        (_jsonld('{"@type": "Article", "author": ["Jo Doe", {"name": "Ann Roe"}]}'), "", ("Jo Doe", "Ann Roe")),
        (_jsonld('{"@type": oops') + '<meta name="author" content="Ann Roe">', "", ("Ann Roe",)),
    ],
)
def test_the_byline_is_the_writers_and_not_the_sites_or_a_readers(head: str, body: str, names: tuple[str, ...]) -> None:
    assert _facts(page(f"<article><h1>Bells</h1>{body}{prose('bells')}</article>", head)).bylines == names


@pytest.mark.parametrize(
    ("byline", "names"),
    [
        ("By Jo Doe", ["Jo Doe"]),
        ("Ann Roe, Bo Poe & Jo Doe", ["Ann Roe", "Bo Poe", "Jo Doe"]),
        ("Doe, Jo", ["Doe", "Jo"]),
        ("", []),
        ("Byron", ["Byron"]),
    ],
)
def test_names_are_told_apart_in_a_byline(byline: str, names: list[str]) -> None:
    assert split_names(byline, lambda name: name == "Jo Doe") == names


def test_a_name_that_is_the_authors_is_never_split() -> None:
    assert split_names("By Doe, Jo", lambda name: name == "Doe, Jo") == ["Doe, Jo"]


@pytest.mark.parametrize(
    ("href", "found"),
    [
        ("https://jo.example/bells?utm_source=x#top", "https://jo.example/bells"),
        ("/bells", "https://jo.example/bells"),
        ("https://other.example/bells", ""),
        ("https://jo.example/", ""),
        ("http://[", ""),
    ],
)
def test_a_canonical_link_counts_within_its_site(href: str, found: str) -> None:
    assert _facts(page(prose("bells"), f'<link rel="canonical" href="{href}">')).canonical == found


TEASER = '<article><h2><a href="/{0}">Post {0}</a></h2><p>The first words of {0}, which go on elsewhere.</p></article>'


def test_a_list_of_articles_is_told_from_an_article_with_others_below_it() -> None:
    teasers = "".join(TEASER.format(i) for i in range(6))
    assert _facts(page(f"<main>{teasers}</main>")).listing
    article = _facts(page(f"<article><h1>Bells</h1>{prose('bells', 30)}</article>{teasers}"))
    assert (article.listing, article.one_article) == (False, False)
    links = "".join(f'<li>2024 <a href="/{i}">The post about {i} and its friends</a></li>' for i in range(9))
    assert _facts(page(f"<main><h1>Archive</h1><ul>{links}</ul></main>")).listing
    assert _facts(page(prose("bells"), '<meta property="og:type" content="article">')).one_article


PIECES = (
    "<p> </p> <div class='comment'> </div> <pre> <table><tr><td class='gutter'> <nav> <h2>Comments</h2> <article>"
    " </article> word a<b &amp;lt; <!--c--> <?pi?> <a href='http://['> \x00 ]]> <time datetime='99'>"
    " <base href='::'> <svg> <main>"
    " <link rel=canonical href='?'> <meta name=author content='By,and'> <template> <h1> </body> \ud800"
    """ <script type='application/ld+json'>[1,{"@type":[null,"Article"],"author":[[]]}]</script>"""
)
MARKUP = st.lists(st.sampled_from(re.split(r" (?=[<wa&\x00\]\ud800])", PIECES)), max_size=40)


@settings(deadline=None)
@given(st.one_of(MARKUP.map("".join), st.text(max_size=200)))
def test_no_markup_stops_the_reading_of_a_page(source: str) -> None:
    try:
        root = parse(source)
    except Unreadable:
        return
    content = main_content(root, source, URL)
    facts = read_facts(root, content, URL, lambda name: False)
    assert content is None or visible_words(content)
    assert facts.canonical == "" or facts.canonical.startswith("https://jo.example/")


def test_a_page_nested_thousands_deep_stops_nothing() -> None:
    assert "Sentence 3 about bells" in _content(page("<div>" * 200 + prose("bells") + "</div>" * 200))
    assert _content(page("<div>" * 30000 + prose("bells"))) == ""


def test_words_are_counted_where_there_are_no_spaces_between_them() -> None:
    body = "鐘は重く、綱は長い。" * 20
    facts = page(f"{CHROME}<div><div><p>{body}</p><p>そして<a href='x'>鐘</a>は鳴る。</p></div></div>{FOOTER}")
    content = main_content(parse(facts), facts, URL)
    assert content is not None
    assert len(visible_words(content)) > 150
    assert "cookies" not in serialize(content)


@pytest.mark.parametrize("heading", ["Comments", "Subscribe and publish", "Related reading"])
def test_a_heading_of_the_text_is_no_end_of_it_whatever_it_says(heading: str) -> None:
    section = f"<h2>{heading}</h2><p>Comments are written behind two slashes.</p>"
    content = _content(page(f"<article>{prose('syntax')}{section}<h2>Strings</h2>{prose('strings')}</article>"))
    assert "two slashes" in content
    assert "two slashes" not in _content(page(f"<article>{prose('syntax')}{section}</article>"))
