"""A name for a source, made from what a person gave."""

from collections.abc import Collection
from pathlib import Path
from urllib.parse import urlsplit

from twin_assets.settings import slug

_LONGEST = 48


def source_name(given: str, kind: str, taken: Collection[str]) -> str:
    """A name of letters, digits and hyphens that is not taken: the file's, the site's or the handle's."""
    try:
        parts = urlsplit(given)
        host = (parts.hostname or "").removeprefix("www.")
    except ValueError:
        host = ""
    if host:
        path = parts.path.strip("/").split("/")[0]
        words = f"{host.rsplit('.', 1)[0]}-{path}" if path else host.rsplit(".", 1)[0]
    else:
        words = Path(given).stem if "/" in given or "\\" in given else given
    base = slug(words)[:_LONGEST].strip("-") or kind
    name, number = base, 2
    while name in taken:
        name, number = f"{base}-{number}", number + 1
    return name
