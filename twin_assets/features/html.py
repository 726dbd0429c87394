"""HTML to Markdown with its structure kept, and without what the platform put around the author's words."""

import re
from typing import TYPE_CHECKING, Any

from twin_assets.features.markdown_blocks import fence
from twin_assets.features.normalize import normalize
from twin_assets.features.removal import Removal

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

CHROME = {
    "widget": ".subscription-widget-wrap, .subscription-widget-wrap-editor, .subscription-widget, .subscribe-widget, "
    ".button-wrapper, .captioned-button-wrap, .install-substack-app-embed, .poll-embed, .community-chat, .pencraft, "
    ".paywall-jump, .post-ufi, .share-dialog, button, input, select, textarea, form",
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
_FOOTER = re.compile(
    r"\W*(?:.{0,120}\b(?:was )?originally (?:published|posted|appeared) (?:in|on|at)\b.{0,200}"
    r"|thanks for reading\b.{0,160}\bsubscribe\b.{0,120}"
    r"|subscribe (?:now|for free)\b.{0,120}|share this post|leave a comment"
    r"|.{0,120}\bis a reader-supported publication\..{0,200})\W*",
    re.IGNORECASE | re.DOTALL,
)
_LANGUAGE = re.compile(r"\b(?:language|lang|highlight-source|brush)[-:]([\w+#.-]+)")
_KEPT_IN_FIGURES = "pre, code, table, blockquote"


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
    for reason, selector in CHROME.items():
        for tag in soup.select(selector):
            take(tag, reason)
    for tag in soup.select("p, h4, h5, h6, em, div:not(:has(div, p))"):
        if not tag.decomposed and not tag.find_parent(["pre", "code"]):
            text = tag.get_text(" ", strip=True)
            if len(text) < 400 and _FOOTER.fullmatch(text):
                take(tag, "footer")
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
        """Plain line breaks, code untouched, pull quotes as quotes."""

        def convert_br(self, el: Any, text: str, parent_tags: set[str]) -> str:
            return " " if "_inline" in parent_tags else "\n"

        def convert_pre(self, el: Any, text: str, parent_tags: set[str]) -> str:
            for line_break in el.find_all("br"):
                line_break.replace_with("\n")
            code = el.get_text().removeprefix("\n").removesuffix("\n")
            return f"\n\n{fence(code, _language(el))}\n\n" if code.strip() else ""

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
