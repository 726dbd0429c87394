"""What a page says about itself in JSON-LD (schema.org): the article that it is, with headline, date and authors."""

import html
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from twin_assets.collection.text import storable
from twin_assets.collection.web.tree import Element

_ARTICLES = frozenset(
    {"article", "blogposting", "newsarticle", "techarticle", "scholarlyarticle", "report", "opinionnewsarticle"}
    | {"analysisnewsarticle", "socialmediaposting", "liveblogposting"}
)
_LISTINGS = frozenset({"blog", "collectionpage", "searchresultspage", "profilepage"})
_NESTED = ("@graph", "mainEntity", "mainEntityOfPage", "itemListElement", "item")
_DEPTH = 6


@dataclass(frozen=True, slots=True)
class Said:
    """What JSON-LD says of the page; blank where it says nothing. `articles` counts the articles on it."""

    articles: int = 0
    listing: bool = False
    headline: str = ""
    published: str = ""
    authors: tuple[str, ...] = ()
    paywalled: bool = False


def read_jsonld(root: Element) -> Said:
    """What the page's JSON-LD says; blocks that are no JSON are passed over."""
    objects = [thing for script in root.xpath("//script") for thing in _objects(script)]
    by_id = {str(thing["@id"]): thing for thing in objects if isinstance(thing.get("@id"), str) and len(thing) > 1}
    articles = [thing for thing in objects if _types(thing) & _ARTICLES]
    distinct = {str(a.get("@id") or a.get("headline") or a.get("name") or a.get("url") or "") for a in articles}
    listing = any(_types(thing) & _LISTINGS for thing in objects)
    article: Mapping[str, Any] = articles[0] if len(distinct) == 1 else {}
    dates = (article.get(key) for key in ("datePublished", "dateCreated"))
    return Said(
        articles=len(distinct),
        listing=listing,
        headline=_string(article.get("headline")) or _string(article.get("name")),
        published=next((str(date) for date in dates if isinstance(date, str)), ""),
        authors=tuple(_names(article.get("author") or article.get("creator"), by_id, 0)),
        paywalled=any(str(thing.get("isAccessibleForFree")).lower() == "false" for thing in articles),
    )


def _objects(script: Element) -> Iterator[Mapping[str, Any]]:
    if "ld+json" not in (script.get("type") or "").lower():
        return
    try:
        yield from _walk(json.loads(script.text_content().strip(), strict=False), 0)
    except (ValueError, RecursionError):
        return


def _walk(value: object, depth: int) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, list):
        for part in value:
            yield from _walk(part, depth)
    elif isinstance(value, dict) and depth < _DEPTH:
        yield value
        for key in _NESTED:
            yield from _walk(value.get(key), depth + 1)


def _types(thing: Mapping[str, Any]) -> set[str]:
    types = thing.get("@type")
    return {t.rpartition("/")[2].lower() for t in (types if isinstance(types, list) else [types]) if isinstance(t, str)}


def _names(value: object, by_id: Mapping[str, Mapping[str, Any]], depth: int) -> Iterator[str]:
    """Names of persons; an organization signs for whoever runs the site."""
    if isinstance(value, str):
        yield _string(value)
    elif isinstance(value, list):
        for part in value:
            yield from _names(part, by_id, depth)
    elif isinstance(value, dict) and depth < _DEPTH:
        if "organization" in _types(value):
            return
        if "name" in value:
            yield from _names(value["name"], by_id, depth + 1)
        elif isinstance(value.get("givenName"), str):
            yield _string(f"{value['givenName']} {_string(value.get('familyName'))}")
        elif isinstance(value.get("@id"), str) and value["@id"] in by_id:
            yield from _names(by_id[value["@id"]], by_id, depth + 1)


def _string(value: object) -> str:
    """A text; JSON-LD often holds it escaped as HTML."""
    return " ".join(html.unescape(storable(value)).split()) if isinstance(value, str) else ""
