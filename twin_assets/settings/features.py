"""The sections of `twin.yaml` about collecting, storing, embedding and searching."""

from typing import Annotated, Literal

from pydantic import Field, field_validator

from twin_assets.records import Kind
from twin_assets.settings.section import Fraction, PersonalData, Positive, Strict, Weight


class StorageSettings(Strict):
    """Where tables and artifacts lie: a local folder (relative to the author's home) or an `s3://` URI."""

    lance: str = "lance"
    artifacts: str = "artifacts"
    options: dict[str, str] = Field(default_factory=dict)
    """LanceDB's `storage_options`, for example `aws_endpoint`."""
    keep_versions_days: Positive = 14
    """Days after which versions of tables that are not tagged may be removed."""


class FeatureSettings(Strict):
    """Cleaning, folding, chunking and embedding."""

    embedder: str = "all-minilm-l6-v2"
    embedding_precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """`auto` is bfloat16 on a processor that computes in it, else float32."""
    vector_index_rows: Positive = 100_000
    """Chunks from which vectors are searched approximately, by an index."""
    near_duplicate: Fraction = 0.5
    """Share of the longer document's 8-word shingles that the other one has, from which two documents are one."""
    min_quality: Fraction = 0.2
    """Quality from which a document is searched."""
    min_words: Annotated[int, Field(ge=0)] = 5
    boilerplate_share: Annotated[float, Field(gt=0, le=1)] = 0.1
    """Share of a source's documents (three at least) from which a paragraph that they share is boilerplate."""
    pii: tuple[PersonalData, ...] = ("email", "phone", "card", "iban", "ip", "secret")
    """Kinds of personal data that are masked."""
    pii_names: tuple[str, ...] = ()
    """Names of people that are masked, too."""
    pii_region: Annotated[str, Field(pattern=r"^([A-Z]{2})?$")] = "US"
    """The country (ISO 3166) whose telephone numbers are known without a country code; empty for none."""


class CollectionSettings(Strict):
    """How pages are fetched: politely, and from public addresses only."""

    contact: str = ""
    """An e-mail address or URL for the User-Agent, so that whoever runs a site can reach you."""
    allow_hosts: tuple[str, ...] = ()
    """Host names that may lie on this machine or in a private network."""
    delay_s: Annotated[float, Field(ge=0)] = 1.0
    """Seconds between two requests to one host."""
    timeout_s: Annotated[float, Field(gt=0)] = 30.0
    """For one request as a whole, however slowly it drips."""
    max_bytes: Positive = 10 * 2**20
    max_redirects: Annotated[int, Field(ge=0)] = 5
    attempts: Positive = 4
    """Tries of a request that fails for a reason that may pass."""
    browser: str = ""
    """Path of a Chromium for pages without text unless rendered; found by itself when it is left out."""
    github_token_env: str = "GITHUB_TOKEN"  # noqa: S105
    """The name of the environment variable with a GitHub token, never the token."""
    endpoints: dict[Kind, str] = Field(default_factory=dict)
    """Base URLs of APIs by kind: `git` for GitHub Enterprise, `bluesky` for another AppView of its network."""

    @field_validator("endpoints")
    @classmethod
    def _known(cls, endpoints: dict[Kind, str]) -> dict[Kind, str]:
        if unknown := sorted(set(endpoints) - {"git", "bluesky"}):
            raise ValueError(f"{unknown[0]!r} has no endpoint to set: `git` and `bluesky` have")
        return endpoints


class RetrievalSettings(Strict):
    """How the feature store is searched, by the service and the evaluation alike."""

    k: Positive = 4
    """Passages under a question."""
    candidates: Positive = 20
    """Chunks that each query finds: by vector, by the words of the text, by those of the headings."""
    vector_weight: Weight = 1.0
    """Of the cosine of the vectors."""
    text_weight: Weight = 8.0
    """Of the squared share of the most that the words of a question can weigh; 0 leaves a search out."""
    per_document: Positive = 2
    """Passages of one document, unless there are not enough others."""
    passage_chunks: Positive = 3
    """Chunks that were found beside each other and are joined into one passage, at most."""
    neighbours: Annotated[int, Field(ge=0, le=8)] = 0
    """Chunks added before and after what was found."""
    max_tokens: Positive = 1024
    """Of all passages in one prompt, by the embedder's tokenizer; never more than half of service.context_tokens."""
    expansions: Annotated[int, Field(ge=0, le=4)] = 0
    """Other wordings of a question that the base model is asked for; 0 searches for the question alone."""
    expansion_timeout_s: Annotated[float, Field(gt=0)] = 5.0
    reranker: str = ""
    """A file of config/models/ with `role: reranker`; none when it is left out."""
    rerank_candidates: Positive = 20
    """Chunks that the reranker reads."""
    rerank_threshold: float | None = None
    """Chunks with a lower score of the reranker are left out."""
    nprobes: Positive = 20
    """Partitions of the vector index that a query looks into: more find more, and take longer."""
    refine_factor: Positive = 2
    """How many times the candidates are compared by their full vectors where the index holds compressed ones."""
