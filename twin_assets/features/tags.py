"""The HTML elements whose tags are markup in a Markdown text; what else stands in angle brackets is the author's."""

TAGS = (
    "a|abbr|acronym|address|article|aside|b|big|blockquote|body|br|caption|center|cite|code|col|colgroup|dd|del"
    "|details|dfn|div|dl|dt|em|figcaption|figure|font|footer|h1|h2|h3|h4|h5|h6|header|hgroup|hr|html|i|ins|kbd"
    "|label|li|main|mark|nav|ol|p|picture|pre|q|s|samp|section|small|span|strike|strong|sub|summary|sup|table"
    "|tbody|td|tfoot|th|thead|time|tr|tt|u|ul|var|wbr"
)
"""Names, as alternatives of a regular expression."""
