"""Cleaning Markdown: template tags, images, raw HTML and anchors go; structure, words and code stay."""

import re
from collections.abc import Callable

from twin_assets.features.html import html_to_markdown
from twin_assets.features.markdown_blocks import INLINE_CODE, SAME_PARAGRAPH, code_spans, fence
from twin_assets.features.normalize import normalize
from twin_assets.features.removal import Removal
from twin_assets.features.tags import TAGS

_MAX_PASSES = 12
_HIGHLIGHT = re.compile(
    r"\{%-?\s*(?:highlight|codeblock)\s*(?P<language>[\w+#-]*)[^%\n]*%\}\n?(?P<code>.*?)\n?\{%-?\s*end(?:highlight|codeblock)\s*-?%\}"
    r"|\{\{[<%]\s*highlight\s+(?P<language_>[\w+#-]*)[^\n]*?[>%]\}\}\n?(?P<code_>.*?)\n?\{\{[<%]\s*/\s*highlight\s*[>%]\}\}",
    re.DOTALL,
)
_HTML_BLOCK = re.compile(
    r"^[ ]{0,3}<(?P<tag>pre|table|blockquote|figure|ul|ol|dl)\b[^<>]*>.*?</(?P=tag)\s*>", re.DOTALL | re.MULTILINE
)
_COMMENT = re.compile(r"<(?<!\\<)!--.*?-->", re.DOTALL)
_EMBED = re.compile(
    r"<(?<!\\<)(?P<tag>script|style|iframe|video|audio|svg|object|noscript|form)\b[^<>]*>.*?</(?P=tag)\s*>|<(?<!\\<)(?:iframe|embed|source|input)\b[^<>]*>",
    re.DOTALL,
)
_TEMPLATE = re.compile(
    rf"\{{(?<!\\\{{)\{{(?:(?!\}}\}}){SAME_PARAGRAPH})*\}}\}}|\{{(?<!\\\{{)%(?:(?!%\}}){SAME_PARAGRAPH})*%\}}", re.DOTALL
)
_BRACKETED = r"\[(?:[^\[\]]|\[[^\[\]]*\])*\]"
_ADDRESS = r"\((?:[^()\n]|\([^()\n]*\))*\)"
_IMAGE = re.compile(
    rf"\[(?<!\\\[)\s*!{_BRACKETED}(?:{_ADDRESS}|\[[^\[\]]*\])\s*\]{_ADDRESS}"
    rf"|!(?<!\\!){_BRACKETED}(?:{_ADDRESS}|\[[^\[\]]*\])(?:\{{[^{{}}\n]*\}})?"
    r"|!(?<!\\!)\[\[[^\[\]\n]*\]\]"
    r"|<(?<!\\<)img\b[^<>]*>"
)
_ATTRIBUTES = re.compile(r"[ \t]*\{:[^{}\n]*\}|(?<=\S)[ \t]+\{[#.][^{}\n]*\}[ \t]*$", re.MULTILINE)
_ANCHOR = re.compile(r"^( {0,3}#{1,6}[ \t].*?)([ \t]+\(#[\w.:-]+\))[ \t]*$", re.MULTILINE)
_EMPTY_LINK = re.compile(r"(?<!!)\[([^\[\]]*)\]\(\s*\)")
_PAIRS = (
    (re.compile(r"(?<!\w)(\d+|[A-Za-z])<sup>(?!st|nd|rd|th)([^<>\n]{1,8})</sup>"), r"\1^\2"),
    (re.compile(r"<(?<!\\<)(em|i|cite|dfn)(?:\s[^<>]*)?>([^<>]*?)</\1\s*>"), r"*\2*"),
    (re.compile(r"<(?<!\\<)(strong|b)(?:\s[^<>]*)?>([^<>]*?)</\1\s*>"), r"**\2**"),
    (re.compile(r"<(?<!\\<)(code|kbd|samp|tt)(?:\s[^<>]*)?>([^<>`]+?)</\1\s*>"), r"`\2`"),
    (re.compile(r"<(?<!\\<)(a)\s[^<>]*?href=[\"']([^\"'<>]+)[\"'][^<>]*>([^<>]+?)</\1\s*>"), r"[\3](\2)"),
    (re.compile(r"<(?<!\\<)()br\s*/?>[ \t]*\n?"), "\n"),
    (re.compile(r"<(?<!\\<)()hr\b[^<>]*>"), "\n\n---\n\n"),
)
_TAG = re.compile(rf"<(?<!\\<)/?(?:{TAGS})(?:\s[^<>]*)?/?>")


class _Mask:
    """Hides spans behind one-character-framed numbers, so that no pattern sees into them."""

    def __init__(self, text: str) -> None:
        self._mark = next(c for c in map(chr, range(0xE000, 0xF8FF)) if c not in text)
        self._hidden: list[str] = []
        self._pattern = re.compile(f"{self._mark}(\\d+){self._mark}")

    def hide(self, span: str) -> str:
        self._hidden.append(span)
        return f"{self._mark}{len(self._hidden) - 1}{self._mark}"

    def restore(self, text: str) -> str:
        while self._pattern.search(text):
            text = self._pattern.sub(lambda found: self._hidden[int(found[1])], text)
        return text


def clean_markdown(text: str) -> tuple[str, list[Removal]]:
    """The text without template tags, images, raw HTML and heading anchors, and what was taken out.

    Code blocks and code in a line keep every character. Applying it twice changes nothing.
    """
    removals: list[Removal] = []
    text = normalize(text)
    for _ in range(_MAX_PASSES):
        after = _cleaned(text, removals)
        if after == text or (after := normalize(after)) == text:
            break
        text = after
    return text, removals


def _cleaned(text: str, removals: list[Removal]) -> str:
    mask = _Mask(text)

    def drop(reason: str, pattern: re.Pattern[str], text: str) -> str:
        def dropped(found: re.Match[str]) -> str:
            removals.append(Removal(reason, mask.restore(found[0])))
            return ""

        return pattern.sub(dropped, text)

    def anchor(found: re.Match[str]) -> str:
        removals.append(Removal("attributes", found[2]))
        return found[1]

    # The patterns begin with what they look for, and look back from there: searching for it is what is fast.
    parts, at = [], 0
    for start, end in code_spans(text):
        parts += [text[at:start], mask.hide(text[start:end])]
        at = end
    text = "".join([*parts, text[at:]])
    text = _HIGHLIGHT.sub(_fenced(mask), text)
    text = INLINE_CODE.sub(lambda found: mask.hide(found[0]), text)
    if "<" in text:
        text = drop("embed", _EMBED, drop("comment", _COMMENT, text))
    if "{" in text:
        text = drop("template_tag", _TEMPLATE, text)
    if "<" in text:
        text = _HTML_BLOCK.sub(_converted(mask, removals), text)
    text = drop("image", _IMAGE, text)
    if "{" in text:
        text = drop("attributes", _ATTRIBUTES, text)
    text = _ANCHOR.sub(anchor, text)
    text = _EMPTY_LINK.sub(r"\1", text)
    if "<" in text:
        for pattern, replacement in _PAIRS:
            text = pattern.sub(replacement, text)
        text = _TAG.sub("", text)
    return mask.restore(text)


def _fenced(mask: _Mask) -> Callable[[re.Match[str]], str]:
    def replacement(found: re.Match[str]) -> str:
        code = found["code"] if found["code"] is not None else found["code_"]
        return mask.hide(fence(mask.restore(code), found["language"] or found["language_"] or ""))

    return replacement


def _converted(mask: _Mask, removals: list[Removal]) -> Callable[[re.Match[str]], str]:
    def replacement(found: re.Match[str]) -> str:
        markdown, taken = html_to_markdown(mask.restore(found[0]))
        removals.extend(taken)
        return f"\n\n{mask.hide(markdown)}\n\n" if markdown else ""

    return replacement
