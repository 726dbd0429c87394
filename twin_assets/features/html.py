"""HTML to Markdown with its structure kept, and without what the platform put around the author's words."""

import re
from typing import TYPE_CHECKING, Any

from twin_assets.features.markdown_blocks import fence
from twin_assets.features.normalize import normalize
from twin_assets.features.removal import Removal
from twin_assets.features.tags import TAGS

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

CHROME = {
    "widget": ".subscription-widget-wrap, .subscription-widget-wrap-editor, .subscription-widget, .subscribe-widget, "
    ".button-wrapper, .captioned-button-wrap, .install-substack-app-embed, .poll-embed, .community-chat, .pencraft, "
    ".paywall-jump, .post-ufi, .share-dialog, button, input, select, textarea, form",
    "navigation": "nav, [role=navigation], .breadcrumb, .breadcrumbs, .pagination, .post-navigation, .nav-links, "
    ".skip-link, .table-of-contents, #toc, .toc, .related-posts, .jp-relatedposts",
    "share": ".sharedaddy, .share-buttons, .social-share, .social-sharing, .addtoany_share_save_container, .a2a_kit, "
    ".likes, .clap-button, .comments-link",
    "cookie": ".cookie-banner, .cookie-notice, .cookie-consent, #cookie-notice, #cookie-banner, #onetrust-consent-sdk, "
    ".cc-window",
    "signature": ".gmail_signature, .moz-signature, .email-signature",
    "embed": ".tweet, .twitter-tweet, .twitter-embed, .digest-post-embed, .embedded-post-wrap, .youtube-wrap, "
    ".embedded-publication-wrap, .vimeo-wrap, .instagram, .tiktok-wrap, .bluesky-wrap, .spotify-wrap, "
    ".soundcloud-wrap, .apple-podcast-container, .graf--mixtapeEmbed, .js-mixtapeImage, .datawrapper-wrap, "
    ".github-gist, iframe, video, audio, object, embed, canvas, svg",
    "footer": "body > footer, article > footer, p.created, p.published, p.p-author",
}
"""Selectors of what is not the author's words, by the reason that is given: Substack, Medium and LinkedIn."""

_SILENT = (
    "head, script, style, noscript, template, link, meta, .header-anchor-post, .header-anchor-parent, "
    ".image-link-expand"
)
_LANGUAGE = re.compile(r"\b(?:language|lang|highlight-source|brush)[-:]([\w+#.-]+)")
_BASE = re.compile(r"(?<!\w)(?:\d+|[A-Za-z])$")
_ORDINAL = re.compile(r"st|nd|rd|th|")
_SMALL, _MOST = 400, 0.5
"""Characters, and share of a page's text, up to which an element can be chrome."""
_KEPT_IN_FIGURES = "pre, code, table, blockquote"
_READ_AS_MARKUP = re.compile(
    rf"(?<!\\)(?:<(?=/?(?:{TAGS})\b[^<>]*>|!--|/?(?:script|style|iframe|video|audio|svg|object|noscript|form|embed|source"
    r"|input|img)\b)|\{(?=[{%]|:)|!(?=\[))"
)
"""What the author wrote as text, and a reader of Markdown would take for markup."""

_LIKE_HEADING = re.compile(r"^(?=#{1,6}\s)", re.MULTILINE)


def html_to_markdown(html: str, title: str = "") -> tuple[str, list[Removal]]:
    """The author's words of an HTML page or fragment as Markdown, and what was left out of it.

    Headings, lists, tables, links and quotes (`>`) are kept, code byte for byte. Nesting deeper than the converter
    can follow is read as its lines of text, and that is reported as a removal of the structure.
    """
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(html, "html.parser")
    removals = _without_chrome(soup)
    _footnotes(soup)
    try:
        markdown = _converter().convert_soup(soup)
    except RecursionError:
        removals.append(Removal("structure", "nested too deeply: read as lines of text"))
        markdown = "\n\n".join(soup.stripped_strings)
    return normalize(markdown), removals


def _without_chrome(soup: "BeautifulSoup") -> list[Removal]:
    removals = []

    def take(tag: "Tag", reason: str, text: str = "") -> None:
        if not tag.decomposed:
            removals.append(Removal(reason, text or tag.get_text(" ", strip=True) or f"<{tag.name}>"))
            tag.decompose()

    for tag in soup.select(_SILENT):
        tag.decompose()
    words = len(soup.get_text(" ", strip=True))
    for reason, selector in CHROME.items():
        for tag in soup.select(selector):
            # An element that nobody closed holds the author's words, too.
            if tag.decomposed or len(tag.get_text(" ", strip=True)) <= max(_SMALL, words * _MOST):
                take(tag, reason)
    for tag in soup.select("figure"):
        if not tag.decomposed and tag.find("img") and not tag.select(_KEPT_IN_FIGURES):
            take(tag, "image", tag.get_text(" ", strip=True) or _alt(tag.find("img")))
    for tag in soup.select("img, picture"):
        if not tag.decomposed:
            take(tag, "tracking_pixel" if _is_pixel(tag) else "image", _alt(tag))
    return removals


def _alt(tag: Any) -> str:
    return str(tag.get("alt") or tag.get("src") or "<img>")


def _is_pixel(tag: "Tag") -> bool:
    size = {str(tag.get(side, "")).removesuffix("px") for side in ("width", "height")}
    return size <= {"0", "1"} or "/_/stat?" in str(tag.get("src", ""))


def _footnotes(soup: "BeautifulSoup") -> None:
    """Substack's footnotes as Markdown's: `[^1]` in the text, `[^1]: …` below it."""
    for tag in soup.select("a.footnote-anchor"):
        tag.replace_with(f"[^{tag.get_text(strip=True)}]")
    for tag in soup.select("div.footnote"):
        number, content = tag.select_one("a.footnote-number"), tag.select_one(".footnote-content")
        if number is not None and content is not None:
            first = content.find("p") or content
            first.insert(0, f"[^{number.get_text(strip=True)}]: ")
            number.decompose()


def _converter() -> Any:
    """A converter made when it is first needed: importing markdownify and its parser takes time."""
    import markdownify

    class Converter(markdownify.MarkdownConverter):
        """Plain line breaks, code untouched, pull quotes as quotes; text that looks like markup is escaped."""

        def escape(self, text: str, parent_tags: set[str]) -> str:
            return _READ_AS_MARKUP.sub(lambda found: "\\" + found[0], text)

        def convert_br(self, el: Any, text: str, parent_tags: set[str]) -> str:
            return " " if "_inline" in parent_tags else "\n"

        def convert_p(self, el: Any, text: str, parent_tags: set[str]) -> str:
            base: Any = super()
            return str(base.convert_p(el, _LIKE_HEADING.sub(r"\\", text), parent_tags))

        def convert_pre(self, el: Any, text: str, parent_tags: set[str]) -> str:
            for line_break in el.find_all("br"):
                line_break.replace_with("\n")
            code = el.get_text().removeprefix("\n").removesuffix("\n")
            return f"\n\n{fence(code, _language(el))}\n\n" if code.strip() else ""

        def convert_sup(self, el: Any, text: str, parent_tags: set[str]) -> str:
            before = el.previous_sibling
            power = isinstance(before, str) and _BASE.search(before) and not _ORDINAL.fullmatch(text)
            return f"^{text}" if power else text

        def convert_div(self, el: Any, text: str, parent_tags: set[str]) -> str:
            base: Any = super()
            convert = base.convert_blockquote if "pullquote" in (el.get("class") or []) else base.convert_div
            return str(convert(el, text, parent_tags))

        convert_article = convert_section = convert_div

    return Converter(
        heading_style=markdownify.ATX, bullets="-", escape_asterisks=False, escape_underscores=False, escape_misc=False
    )


def _language(pre: Any) -> str:
    for tag in (pre, pre.find("code"), pre.parent):
        for name in (tag.get("class") or []) if tag is not None else []:
            if found := _LANGUAGE.search(name):
                return str(found[1])
    return ""
