"""Sites that refuse, fail or mislead: what is set aside and why, and what is never done."""

import gzip
import json
import threading

import pytest

from twin_assets.collection.web.browser import is_installed
from twin_assets.collection.web.reading import in_browser
from twin_assets.errors import FetchError, SourceError
from twin_assets_tests.collection.blogs import (
    HTML,
    html_page,
    paths_asked,
    paths_of,
    post_page,
    reasons_by_path,
    site_source,
    sitemap_of,
    with_etag,
    xml_page,
)
from twin_assets_tests.collection.visits import SETTINGS, page, prose
from twin_assets_tests.loopback import Answer, Loopback, Request, Response, loopback


def test_a_page_that_is_no_page_is_refused_with_advice(site: Loopback) -> None:
    site.routes["/paper.pdf"] = Response(b"%PDF-1.7", headers={"Content-Type": "application/pdf"})
    error = site_source(site, "/paper.pdf").run().error
    assert isinstance(error, SourceError)
    assert "paper" in error.remedy


def test_pages_that_fail_are_set_aside_with_why(site: Loopback) -> None:
    paths = ("/private", "/members", "/broken", "/gone", "/bells", "/latin", "/empty", "/away", "/picture")
    site.routes |= {
        "/": html_page(""),
        "/robots.txt": Response("User-agent: *\nDisallow: /private\n"),
        "/sitemap.xml": with_etag(sitemap_of({f"{site.url}{path}": "2024-01-01" for path in paths}), '"map"'),
        "/members": Response("no", 403),
        "/broken": Response("oops", 500),
        "/gone": Response("gone", 410),
        "/bells": post_page("bells"),
        "/latin": Response(
            b"<article><h1>Caf\xe9</h1>" + prose("Genf").encode() + b"\xff\xfe</article>",
            headers={"Content-Type": "text/html"},
        ),
        "/empty": html_page("<article></article>"),
        "/away": Response(status=302, headers={"Location": f"{site.url}/bells"}),
        "/picture": Response(b"\x89PNG", headers={"Content-Type": "image/png"}),
    }
    source = site_source(site)
    run = source.run()
    assert paths_of(run, site) == {"/bells", "/latin"}
    assert reasons_by_path(run, site) == {
        "/private": "robots",
        "/members": "unreadable",
        "/broken": "unreadable",
        "/gone": "deleted",
        "/empty": "empty",
        "/away": "duplicate_id",
        "/picture": "unreadable",
    }
    details = {exclusion.file.removeprefix(site.url): exclusion.detail for exclusion in run.exclusions}
    assert "403" in details["/members"]
    assert "export" in details["/members"]
    assert "500" in details["/broken"]
    assert "Café" in run.documents[f"{site.url}/latin"].text
    paths_asked(site)
    for _ in range(4):
        source.run()
    assert paths_asked(site).count("/broken") == 2
    paths_asked(site)
    source.run()
    assert paths_asked(site) == ["/sitemap.xml"]


def test_what_a_page_shows_only_to_those_who_pay_is_told_apart(site: Loopback) -> None:
    locked = '<script type="application/ld+json">{"@type": "BlogPosting", "isAccessibleForFree": false}</script>'
    site.routes["/bells"] = post_page("bells", locked)
    (document,) = site_source(site, "/bells").run().documents.values()
    assert document.excluded == "paywalled"


def test_a_page_that_leads_to_another_host_is_not_the_authors(site: Loopback) -> None:
    with loopback({"/theirs": post_page("theirs")}) as other:
        urls = {f"{site.url}/a": ""}
        site.routes |= {"/": html_page(""), "/sitemap.xml": xml_page(sitemap_of(urls))}
        site.routes["/a"] = Response(status=301, headers={"Location": f"{other.url}/theirs"})
        run = site_source(site).run()
    assert not run.documents
    assert reasons_by_path(run, site) == {"/a": "not_a_post"}


def _listed(site: Loopback, **pages: Answer) -> None:
    """A site with a sitemap of these pages."""
    urls = {f"{site.url}/{name}": "" for name in pages}
    site.routes |= {"/": html_page(""), "/sitemap.xml": xml_page(sitemap_of(urls))}
    site.routes |= {f"/{name}": answer for name, answer in pages.items()}


def _drip(_: Request) -> Response:
    pause = threading.Event()
    return Response((b" " for _ in range(400) if not pause.wait(0.05)), headers=HTML)


def test_what_drips_is_set_aside_and_tried_again_a_few_times(site: Loopback) -> None:
    _listed(site, slow=_drip, bells=post_page("bells"))
    source = site_source(site)
    source.settings = SETTINGS.model_copy(update={"timeout_s": 1.5})
    runs = [source.run() for _ in range(4)]
    assert paths_of(runs[0], site) == {"/bells"}
    assert reasons_by_path(runs[0], site) == {"/slow": "unreadable"}
    assert "in time" in runs[0].exclusions[0].detail
    assert site.count("/slow") == 3


def test_what_is_too_large_is_no_text_or_leads_to_a_private_address_is_set_aside(site: Loopback) -> None:
    _listed(
        site,
        large=html_page("x" * (11 << 20)),
        bomb=Response(gzip.compress(bytes(32 << 20)), headers={**HTML, "Content-Encoding": "gzip"}),
        metadata=Response(status=302, headers={"Location": "http://169.254.169.254/latest/meta-data"}),
        mojibake=Response(b"<article>" + b"\xe7\xe2\xee\xed " * 50, headers=HTML),
        bells=post_page("bells"),
    )
    run = site_source(site).run()
    assert paths_of(run, site) == {"/bells"}
    assert reasons_by_path(run, site) == {
        "/large": "too_large",
        "/bomb": "too_large",
        "/metadata": "unreadable",
        "/mojibake": "unreadable",
    }
    details = {exclusion.file.rpartition("/")[2]: exclusion.detail for exclusion in run.exclusions}
    assert "169.254.169.254" in details["metadata"]
    assert "encoding" in details["mojibake"]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Response("no", 403), "status"),
        (Response("<title>Just a moment...</title>", 403, HTML), "status"),
        (Response("<title>Just a moment...</title>", 503, HTML), "status"),
        (Response(status=301, headers={"Location": "http://169.254.169.254/"}), "address"),
        (html_page("x" * (11 << 20)), "too_large"),
    ],
)
def test_a_site_that_cannot_be_had_is_an_error_after_one_request(site: Loopback, answer: Response, reason: str) -> None:
    site.routes["/"] = answer
    source = site_source(site)
    source.settings = SETTINGS.model_copy(update={"attempts": 4})
    error = source.run().error
    assert isinstance(error, FetchError)
    assert error.reason == reason
    assert error.remedy
    assert paths_asked(site) == ["/"]


def test_a_site_whose_robots_txt_asks_not_to_is_left_alone(site: Loopback) -> None:
    site.routes |= {"/robots.txt": Response("User-agent: *\nDisallow: /"), "/": post_page("bells")}
    error = site_source(site).run().error
    assert isinstance(error, FetchError)
    assert error.reason == "robots"
    assert paths_asked(site) == []


def test_a_page_that_is_a_bot_check_is_set_aside_and_not_asked_for_twice(site: Loopback) -> None:
    check = Response("<title>Just a moment...</title>", 403, HTML)
    _listed(site, bells=check, soup=post_page("soup"))
    source = site_source(site)
    run = source.run()
    assert reasons_by_path(run, site) == {"/bells": "unreadable"}
    assert "proof of a human reader" in run.exclusions[0].detail
    source.run()
    assert site.count("/bells") == 1


def test_a_bot_check_is_not_shown_to_a_browser(site: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("twin_assets.collection.web.render.rendered", pytest.fail)
    _listed(site, bells=html_page("Making sure you're not a bot!<script src=/.within.website/x/cmd/anubis/a></script>"))
    run = site_source(site, render=in_browser).run()
    assert reasons_by_path(run, site) == {"/bells": "unreadable"}
    assert "a bot check is not worked around" in run.exclusions[0].detail


def test_a_pause_that_a_site_asks_for_is_kept_and_nothing_is_lost(site: Loopback) -> None:
    answers = iter([Response("slow down", 429, {"Retry-After": "7"}), post_page("bells")])
    _listed(site, bells=lambda _: next(answers))
    source = site_source(site)
    source.settings = SETTINGS.model_copy(update={"attempts": 2})
    run = source.run()
    assert (paths_of(run, site), run.error) == ({"/bells"}, None)
    assert 6 < sum(source.waited) <= 8


@pytest.mark.slow
@pytest.mark.skipif(not is_installed(""), reason="no Chromium is installed, which renders the page")
def test_a_page_that_scripts_write_is_read_once_there_is_a_browser(site: Loopback) -> None:
    shell = '<div id="root">Loading</div><script src="/app.js"></script>'
    _listed(site, bells=with_etag(page(shell), '"shell"', "text/html"), soup=post_page("soup"))
    script = "root.innerHTML = " + json.dumps(f"<article><h1>On bells</h1>{prose('bells')}</article>")
    site.routes["/app.js"] = Response(script, headers={"Content-Type": "text/javascript"})
    source = site_source(site, render=in_browser)
    source.settings = SETTINGS.model_copy(update={"browser": "/no/such/browser"})
    run = source.run()
    assert paths_of(run, site) == {"/soup"}
    assert reasons_by_path(run, site) == {"/bells": "unreadable"}
    assert "collection: browser" in run.exclusions[0].detail
    source.settings = SETTINGS
    found = source.run().documents[f"{site.url}/bells"]
    assert "Sentence 9 about bells" in found.text
    assert found.title == "On bells"
    # The page as it came has not changed, what its script writes may have.
    urls = {f"{site.url}/bells": "2024-07-07", f"{site.url}/soup": ""}
    site.routes["/sitemap.xml"] = xml_page(sitemap_of(urls))
    site.routes["/app.js"] = Response(script.replace("bells", "bees"), headers={"Content-Type": "text/javascript"})
    after = source.run().documents[f"{site.url}/bells"]
    assert "Sentence 9 about bees" in after.text
    assert after.document_id == found.document_id


@pytest.mark.slow
@pytest.mark.skipif(not is_installed(""), reason="no Chromium is installed, which renders the page")
def test_an_article_that_scripts_write_is_collected_alone(site: Loopback) -> None:
    article = json.dumps(f"<article><h1>On bells</h1>{prose('bells')}</article>")
    site.routes["/bells"] = html_page(f"<div id=root></div><script>root.innerHTML = {article}</script>")
    assert paths_of(site_source(site, "/bells", render=in_browser).run(), site) == {"/bells"}
    assert paths_asked(site) == ["/bells"]
