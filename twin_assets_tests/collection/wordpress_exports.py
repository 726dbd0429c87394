"""WordPress exports, written and collected."""

from collections.abc import Mapping
from xml.sax.saxutils import escape

from twin_assets.collection.archive import Refused
from twin_assets.collection.collector import Item, Origin
from twin_assets.collection.wordpress import WordPress
from twin_assets.records import Exclusion, RawDocument
from twin_assets.settings import SourceConfig

NAME = "jo.WordPress.2024-05-06.xml"
WORDS = "A pencil has some forty thousand words in it."
JO = ("jo", "jo@example.com", "Jo Doe")
AL = ("albo", "al@example.com", "Al Bo")


def author_of(login: str, email: str, name: str) -> str:
    return (
        f"<wp:author><wp:author_id>1</wp:author_id><wp:author_login><![CDATA[{login}]]></wp:author_login>"
        f"<wp:author_email><![CDATA[{email}]]></wp:author_email>"
        f"<wp:author_display_name><![CDATA[{name}]]></wp:author_display_name></wp:author>"
    )


def item_of(
    content: str = WORDS,
    *,
    slug: str = "on-pencils",
    title: str = "On pencils",
    by: str = "jo",
    status: str = "publish",
    kind: str = "post",
    password: str = "",
    link: str | None = None,
    guid: str = "https://jo.example.com/?p=12",
    gmt: str = "2012-05-27 17:15:14",
    stated: str = "Sun, 27 May 2012 17:15:14 +0000",
    local: str = "2012-05-27 10:15:14",
    more: str = "",
) -> str:
    link = f"https://jo.example.com/2012/05/{slug}/" if link is None else link
    return f"""<item>
    <title><![CDATA[{title}]]></title><link>{escape(link)}</link><pubDate>{stated}</pubDate>
    <dc:creator><![CDATA[{by}]]></dc:creator><guid isPermaLink="false">{escape(guid)}</guid>
    <description></description><excerpt:encoded><![CDATA[An excerpt.]]></excerpt:encoded>
    <content:encoded><![CDATA[{content.replace("]]>", "]]]]><![CDATA[>")}]]></content:encoded>
    <wp:post_id>12</wp:post_id><wp:post_date>{local}</wp:post_date><wp:post_date_gmt>{gmt}</wp:post_date_gmt>
    <wp:post_name>{slug}</wp:post_name><wp:status>{status}</wp:status><wp:post_type>{kind}</wp:post_type>
    <wp:post_password><![CDATA[{password}]]></wp:post_password>{more}
    <wp:comment><wp:comment_author>Al</wp:comment_author><wp:comment_content>A remark.</wp:comment_content></wp:comment>
    </item>"""


def file_of(*items: str, authors: tuple[tuple[str, str, str], ...] = (JO,), version: str = "1.2") -> str:
    return f"""<?xml version="1.0" encoding="UTF-8" ?>
<!-- This is a WordPress eXtended RSS file -->
<rss version="2.0" xmlns:excerpt="http://wordpress.org/export/{version}/excerpt/"
 xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:wp="http://wordpress.org/export/{version}/"><channel><title>Jo</title>
<wp:wxr_version>{version}</wp:wxr_version>{"".join(author_of(*a) for a in authors)}
{"".join(items)}
</channel></rss>"""


class MemoryFiles:
    """Files in memory."""

    refused: tuple[Refused, ...] = ()

    def __init__(self, contents: Mapping[str, str | bytes]) -> None:
        self._contents = contents
        self.names = tuple(sorted(contents))

    def read(self, name: str, limit: int = 0) -> bytes:
        content = self._contents[name]
        return content if isinstance(content, bytes) else content.encode()


def items_of(
    *contents: str | bytes, reports: list[str] | None = None, author: str = "Jo Doe", **config: object
) -> list[Item]:
    """What the files in order (`0.xml`, `1.xml`) hold."""
    source = SourceConfig.model_validate({"name": "s", "path": ".", "kind": "wordpress", **config})
    files = MemoryFiles({f"{number}.xml": content for number, content in enumerate(contents)})
    report = (reports if reports is not None else []).append
    return list(WordPress().collect(files, Origin(source, "wordpress", author), report))


def documents_of(*contents: str | bytes, **config: object) -> list[RawDocument]:
    return [i for i in items_of(*contents, **config) if isinstance(i, RawDocument)]  # type: ignore[arg-type]


def exclusions_of(*contents: str | bytes, **config: object) -> list[Exclusion]:
    return [i for i in items_of(*contents, **config) if isinstance(i, Exclusion)]  # type: ignore[arg-type]
