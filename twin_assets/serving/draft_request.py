"""Requests about drafts."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from twin_assets.drafting.formats import Format, Length
from twin_assets.serving.provenance import TWIN
from twin_assets.serving.scopes import SearchFilters

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=8_000)]
MAX_MATERIALS = 8
MAX_VARIANTS = 4
TEXT_CHARACTERS = 400_000


class GivenText(BaseModel):
    """A text to write from."""

    model_config = ConfigDict(extra="forbid")

    title: Annotated[str, Field(max_length=300)] = ""
    text: Annotated[str, Field(min_length=1, max_length=TEXT_CHARACTERS)]


class DraftRequest(BaseModel):
    """What to write, from what, and how. `files` are ids of uploads; `k` own passages are looked for."""

    model_config = ConfigDict(extra="forbid")

    format: Format
    prompt: Words
    links: Annotated[list[Annotated[str, Field(min_length=1, max_length=4_000)]], Field(max_length=MAX_MATERIALS)] = []
    texts: Annotated[list[GivenText], Field(max_length=MAX_MATERIALS)] = []
    files: Annotated[list[Annotated[str, Field(max_length=200)]], Field(max_length=MAX_MATERIALS)] = []
    variants: Annotated[int, Field(ge=1, le=MAX_VARIANTS)] = 1
    tone: Annotated[str, Field(max_length=200)] | None = None
    length: Length = "medium"
    model: Annotated[str, Field(max_length=200)] = TWIN
    retrieval: bool = True
    k: Annotated[int, Field(ge=1, le=20)] | None = None
    filters: SearchFilters = SearchFilters()
    stream: bool = False


class RevisionRequest(BaseModel):
    """How to change one variant of a draft; `text` is that variant as it stands after edits by hand."""

    model_config = ConfigDict(extra="forbid")

    instruction: Words
    variant: Annotated[int, Field(ge=0, lt=MAX_VARIANTS)] = 0
    text: Annotated[str, Field(min_length=1, max_length=40_000)] | None = None
    stream: bool = False


class AcceptRequest(BaseModel):
    """The text that the author takes: a variant, with or without edits."""

    model_config = ConfigDict(extra="forbid")

    variant: Annotated[int, Field(ge=0, lt=MAX_VARIANTS)] = 0
    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100_000)]
