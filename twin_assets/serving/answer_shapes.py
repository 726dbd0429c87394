"""What the routes about writing, searching and answering answer, for the OpenAPI document."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from twin_assets.drafting.formats import Format
from twin_assets.records import Kind, Scope


class Citation(BaseModel):
    """A passage that an answer was written from; `[start, end)` in characters of the document."""

    number: int
    document_id: str
    chunk_id: str
    title: str
    url: str
    start: int
    end: int
    text: str
    score: float


class Provenance(BaseModel):
    """What answered: the deployment with the data it was trained on, none of it for the base model."""

    model: str
    retrieval: dict[str, Any]
    dropped_turns: int = 0
    deployment_id: str | None = None
    deployed_at: str | None = None
    adapter_digest: str | None = None
    recipe: str | None = None
    model_version: int | None = None
    dataset_versions: dict[str, str] | None = None


class _Answered(BaseModel):
    """What an answer has in each of OpenAI's shapes, and where it came from; `id` is that of its trace."""

    model_config = ConfigDict(extra="allow")

    id: str
    model: str
    usage: dict[str, Any] | None
    citations: list[Citation]
    twin: Provenance


class Completion(_Answered):
    """OpenAI's chat completion, and where it came from."""

    object: Literal["chat.completion"]
    created: int
    choices: list[dict[str, Any]]


class WrittenResponse(_Answered):
    """OpenAI's response, and where it came from."""

    object: Literal["response"]
    created_at: float
    status: Literal["completed", "incomplete"]
    output: list[dict[str, Any]]


class Model(BaseModel):
    """A model's name, and when what answers under it was deployed (seconds since 1970; 0 for the base model)."""

    id: str
    object: Literal["model"]
    created: int
    owned_by: str


class Models(BaseModel):
    """The names that are answered."""

    object: Literal["list"]
    data: list[Model]


class Embedding(BaseModel):
    """A vector: numbers, or these as 32-bit floats in base64."""

    object: Literal["embedding"]
    index: int
    embedding: list[float] | str


class Embeddings(BaseModel):
    """A vector for each text, in the order of the texts."""

    object: Literal["list"]
    model: str
    data: list[Embedding]
    usage: dict[str, int]


class Variant(BaseModel):
    """One text of a draft; `parts` are the posts of a thread."""

    variant: int
    text: str
    parts: list[str]
    characters: int
    warnings: list[str]


class DraftMaterial(BaseModel):
    """New material, and how much of it was read; `error` says why there is none."""

    kind: Literal["link", "text", "file"]
    title: str
    url: str
    tokens: int
    used_tokens: int
    error: str | None


class Draft(BaseModel):
    """A draft with what it was written from; of a revision also the text before it."""

    draft_id: str
    created_at: str
    format: Format
    instruction: str
    variants: list[Variant]
    citations: list[Citation]
    materials: list[DraftMaterial]
    twin: Provenance
    status: Literal["draft", "accepted"]
    accepted_text: str | None
    revision_of: str | None = None
    revised_from: str | None = None


class Drafts(BaseModel):
    """Drafts, newest first."""

    drafts: list[Draft]


class Accepted(BaseModel):
    """A draft that was taken; whether its edit is a `preference` to learn from."""

    draft: Draft
    preference: bool


class FoundPassage(BaseModel):
    """A passage, with what each stage of the search said of it."""

    chunk_id: str
    document_id: str
    title: str
    url: str
    start: int
    end: int
    text: str
    scores: dict[str, int | float | None]


class FoundPassages(BaseModel):
    """Passages, best first."""

    passages: list[FoundPassage]


class Span(BaseModel):
    """`[start, end)` in characters of a document."""

    start: int
    end: int


class Document(BaseModel):
    """A document as it is searched and trained on."""

    document_id: str
    title: str
    url: str
    kind: Kind
    source: str
    sources: list[str]
    published_at: str | None
    scope: Scope
    text: str
    span: Span | None


class LineageDeployment(BaseModel):
    """The deployment that answered."""

    deployment_id: str
    deployed_at: str
    previous: str | None
    probe: str


class LineageAdapter(BaseModel):
    """The adapter that answered."""

    digest: str
    name: str
    recipe: str
    model_version: int | None


class LineageDataset(BaseModel):
    """A dataset that the adapter was trained on; what was recorded of a version that is gone is left out."""

    dataset: str
    version: str
    lance_version: int | None = None
    created_at: str | None = None
    parents: dict[str, Any] | None = None
    counts: dict[str, Any] | None = None


class LineageCitation(BaseModel):
    """A passage that was shown to the model."""

    number: int
    chunk_id: str
    document_id: str
    title: str
    url: str
    span: Span


class Lineage(BaseModel):
    """What an answer came from; the base model has no deployment and no adapter."""

    trace_id: str
    kind: Literal["chat", "draft"]
    asked_at: str
    model: str
    deployment: LineageDeployment | None
    adapter: LineageAdapter | None
    datasets: list[LineageDataset]
    citations: list[LineageCitation]
