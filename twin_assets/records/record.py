"""What a row of a Lance table is: a frozen dataclass with an Arrow schema and a digest."""

import types
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache
from typing import Any, ClassVar, Literal, Self, get_args, get_origin, get_type_hints

import pyarrow as pa

from twin_assets.digests import digest

Kind = Literal[
    "linkedin",
    "medium",
    "substack",
    "x",
    "bluesky",
    "mastodon",
    "whatsapp",
    "telegram",
    "wordpress",
    "markdown",
    "git",
    "paper",
    "site",
]
"""A platform or format. Its archive and its live side are of one kind, so that a piece has one id from both."""
Scope = Literal["public", "private"]
Split = Literal["train", "validation", "test"]
_SCALARS: dict[type, pa.DataType] = {
    str: pa.string(),
    int: pa.int64(),
    float: pa.float64(),
    bool: pa.bool_(),
    bytes: pa.binary(),
    datetime: pa.timestamp("us", tz="UTC"),
}


def _arrow_type(annotation: Any) -> pa.DataType:
    origin = get_origin(annotation)
    if origin is Literal:
        return pa.string()
    if origin is types.UnionType:
        return _arrow_type(next(a for a in get_args(annotation) if a is not type(None)))
    if origin is tuple:
        return pa.list_(_arrow_type(get_args(annotation)[0]))
    return _SCALARS[annotation]


@dataclass(frozen=True, slots=True)
class Record:
    """What all records share: an Arrow schema derived from their fields, and a digest of a row."""

    TABLE: ClassVar[str]
    KEY: ClassVar[str]
    DIGEST_EXCLUDES: ClassVar[frozenset[str]] = frozenset()
    """Fields that are a function of the others, or say only when: they do not make a row a new one."""
    OF_DOCUMENTS: ClassVar[tuple[str, ...]] = ("document_id",)
    """Fields with the ids of the documents that a row was made of: one id, or a list of them."""

    @classmethod
    @cache
    def schema(cls) -> pa.Schema:
        """The Arrow schema of the table, with the `row_digest` column that storage adds last."""
        hints = get_type_hints(cls)
        columns = [pa.field(f.name, _arrow_type(hints[f.name])) for f in fields(cls)]
        return pa.schema([*columns, pa.field("row_digest", pa.string())])

    def row_digest(self) -> str:
        """Digest of what this row says."""
        values = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in self.DIGEST_EXCLUDES}
        return digest(self.TABLE, values)

    def to_row(self) -> dict[str, Any]:
        """The row as stored."""
        return {**{f.name: getattr(self, f.name) for f in fields(self)}, "row_digest": self.row_digest()}

    @classmethod
    def from_row(cls, row: dict[str, Any]) -> Self:
        """The record that a stored row holds; columns that are not fields are left out."""
        names = (f.name for f in fields(cls))
        return cls(**{n: tuple(row[n]) if isinstance(row[n], list) else row[n] for n in names})
