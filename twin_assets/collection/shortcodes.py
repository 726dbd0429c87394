"""What WordPress stores as a post's body, as HTML: without the marks of blocks, without shortcodes, and with the
paragraphs that blank lines stand for in the classic editor."""

import html
import re
from collections.abc import Callable

_BLOCK_MARK = re.compile(r"<!--\s*/?wp:.*?-->", re.DOTALL)
_VERBATIM = re.compile(
    r"<(?P<tag>pre|code|script|style|textarea)\b[^<>]*>|\[(?P<code>code|sourcecode|highlight)\b(?P<rest>[^\[\]]{0,300})\]",
    re.IGNORECASE,
)
_LANGUAGE = re.compile(r"\blang(?:uage)?\s*=\s*[\"']?([\w+#-]+)|^=\s*[\"']?([\w+#-]+)", re.IGNORECASE)
_VALUE = r"(?:\"[^\"]{0,2000}\"|'[^']{0,2000}'|[^\s\"'<>\[\]]{1,500})"
_SHORTCODE = re.compile(
    rf"\[(?P<escaped>\[)?(?P<close>/)?(?P<name>[a-z][\w-]{{0,60}})"
    rf"(?P<rest>(?>=\s*{_VALUE})?(?>\s+(?:[\w:-]{{1,80}}\s*=\s*)?{_VALUE}){{0,80}}+\s*/?)\](?(escaped)\]?)",
    re.IGNORECASE,
)
_ATTRIBUTES = re.compile(rf"(?:\s+[\w:-]{{1,80}}={_VALUE})+\s*/?", re.IGNORECASE)
_MEDIA = re.compile(
    r"\[(?P<name>embed|audio|video|youtube|vimeo|soundcloud)\b[^\[\]]{0,500}\]\s*https?://[^\s<>\[\]]{1,2000}\s*\[/(?P=name)\]",
    re.IGNORECASE,
)
_KNOWN = re.compile(
    r"archives|audio|bandcamp|caption|contact-f(?:ield|orm)|contact-form-7|crowdsignal|embed|facebook|gallery|getty|gist"
    r"|googleapps|googlemaps|gravityform|instagram|jetpack-[\w-]+|latexpage|nextpage|ngg\w+|playlist|poll|polldaddy"
    r"|portfolio|rss|scribd|sitemap|slideshare|slideshow|soundcloud|spotify|subscribe2?|ted|tiktok|toc|tweet|twitter"
    r"|video|videopress|vimeo|vine|wp_caption|wpvideo|youtube"
)
"""Shortcodes of WordPress, WordPress.com and common plugins: left out wherever they stand. Others are only left out
where their form says that they are shortcodes; `[sic]` and `[1]` are the author's words."""
_QUOTES = frozenset({"quote", "blockquote", "pullquote"})
_BLOCK = (
    r"address|article|aside|blockquote|center|dd|details|dir|div|dl|dt|fieldset|figcaption|figure|footer|form|h[1-6]|header"
    r"|hr|iframe|li|main|math|menu|nav|noscript|object|ol|p|pre|section|summary|table|tbody|td|tfoot|th|thead|tr|ul"
)
_OPENING = re.compile(rf"<(?:{_BLOCK})\b", re.IGNORECASE)
_CLOSING = re.compile(rf"</(?:{_BLOCK})\s*>|<hr\b[^<>]*>", re.IGNORECASE)
_IS_BLOCK = re.compile(rf"</?(?:{_BLOCK})\b", re.IGNORECASE)
_KEPT, _KEPT_BLOCK = "\x00{}\x01", "\x00{}\x02"
_PLACE = re.compile("\x00(\\d+)[\x01\x02]")
_MARKS = re.compile("[\x00\x01\x02]")


def to_html(body: str) -> str:
    """The body as a reader's browser gets it, but for what plugins put in place of shortcodes. Text inside a pair of
    shortcodes stays; code stays as it is."""
    body = _MARKS.sub("", body)
    classic = "<!-- wp:" not in body
    # Only marks that are closed: the rest of the text belongs to the author.
    marked, end, rest = body.rpartition("-->")
    body = _BLOCK_MARK.sub("", marked + end) + rest
    kept: list[str] = []
    body = _without_shortcodes(_set_apart(body, kept))
    if classic:
        body = _paragraphs(body)
    return _PLACE.sub(lambda place: kept[int(place[1])], body).strip()


def _set_apart(body: str, kept: list[str]) -> str:
    """The body with a mark for each piece of code; the pieces go to `kept`. Shortcodes for code become `<pre>`."""
    parts: list[str] = []
    at = 0
    unclosed: set[str] = set()
    for opening in _VERBATIM.finditer(body):
        name = (opening["tag"] or opening["code"]).lower()
        if opening.start() < at or name in unclosed:
            continue
        end = re.compile(rf"</{name}\s*>" if opening["tag"] else rf"\[/{name}\]", re.IGNORECASE)
        closing = end.search(body, opening.end())
        if closing is None:
            unclosed.add(name)
            continue
        if opening["code"]:
            code = _listing(opening["rest"], body[opening.end() : closing.start()])
        else:
            code = body[opening.start() : closing.end()]
        mark = _KEPT if name in ("code", "textarea") and opening["tag"] else _KEPT_BLOCK
        parts += [body[at : opening.start()], mark.format(len(kept))]
        kept.append(code)
        at = closing.end()
    return "".join([*parts, body[at:]])


def _listing(attributes: str, code: str) -> str:
    found = _LANGUAGE.search(attributes.strip())
    language = f' class="language-{html.escape(found[1] or found[2])}"' if found else ""
    # Editors store code escaped or not; a bare angle bracket says which.
    code = html.escape(code, quote=False) if "<" in code else code
    return f"<pre><code{language}>{code.strip(chr(10))}</code></pre>"


def _without_shortcodes(body: str) -> str:
    body = _MEDIA.sub("", body)
    found = [match for match in _SHORTCODE.finditer(body) if not match["escaped"]]
    closed = {m["name"].lower() for m in found if m["close"]}
    paired = closed & {m["name"].lower() for m in found if not m["close"]}
    return _SHORTCODE.sub(_replacement(paired), body)


def _replacement(paired: set[str]) -> Callable[[re.Match[str]], str]:
    def replace(match: re.Match[str]) -> str:
        name, rest = match["name"].lower(), match["rest"]
        if match["escaped"]:
            # WordPress shows `[[gallery]]` as `[gallery]`.
            return match[0][1:-1] if match[0].endswith("]]") else match[0]
        if name in _QUOTES and name in paired:
            return "</blockquote>" if match["close"] else "<blockquote>"
        is_one = name in paired or rest.endswith("/") or _KNOWN.fullmatch(name) or _ATTRIBUTES.fullmatch(rest)
        return "" if is_one else match[0]

    return replace


def _paragraphs(body: str) -> str:
    """What stands between blank lines as paragraphs, but for what begins with an element of its own."""
    body = _OPENING.sub(r"\n\n\g<0>", body)
    body = _CLOSING.sub("\\g<0>\n\n", body)
    body = re.sub("\x00\\d+\x02", "\n\n\\g<0>\n\n", body)
    chunks = (chunk.strip() for chunk in re.split(r"\n[^\S\n]*\n\s*", body))
    return "\n\n".join(chunk if _stands_alone(chunk) else _paragraph(chunk) for chunk in chunks if chunk)


def _stands_alone(chunk: str) -> bool:
    return bool(_IS_BLOCK.match(chunk) or re.match("\x00\\d+\x02", chunk))


def _paragraph(chunk: str) -> str:
    lines = chunk.replace("\n", "<br>\n")
    return f"<p>{lines}</p>"
