"""Settings: the environment over `config/*.yaml`, checked whole before anything starts.

`TWIN_CONFIG` names the config folder (default `config`), `TWIN_SOURCES` a sources file or a folder of writing
(default `config/sources.yaml`), `TWIN_HOME` the folder of this author's state (default `.twin/<author>`). Any key
of `twin.yaml` can be overridden as `TWIN_PORTS__SERVICE=8090`.
"""

import os
import re
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from twin_assets.config_files import check, load_yaml
from twin_assets.errors import ConfigError
from twin_assets.records import Kind

ROOT = Path(__file__).resolve().parent.parent
"""The project's folder: relative paths in config files are relative to it."""

Fraction = Annotated[float, Field(ge=0, le=1)]
Port = Annotated[int, Field(ge=1, le=65535)]
Positive = Annotated[int, Field(gt=0)]
PersonalData = Literal["email", "phone", "card", "iban", "ip", "secret"]
Weight = Annotated[float, Field(ge=0)]


class Strict(BaseModel):
    """A section of a config file: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SourceConfig(Strict):
    """One source of the author's writing: a `path` (archive, folder, file) or a `url` (URL, handle, arXiv id).

    `kind` is recognized from it when it is left out.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
    path: Path | None = None
    url: str = ""
    kind: Kind | None = None
    include_drafts: bool = False
    include_private: bool = False
    """Collect messages and unlisted posts. They stay private: found for nobody but the owner."""
    include_coauthored: bool = False
    """Take what was written together with others as own words."""
    own_names: tuple[str, ...] = ()
    """Names, handles, ids or e-mail addresses besides the author's name that mean the author."""
    base_url: str = ""
    """Where the source is published: makes links of relative permalinks (Markdown) and of slugs (Substack)."""
    schedule: str = "daily"
    """When a `url` is collected: `hourly`, `daily`, `weekly`, `never`, or a cron expression in UTC."""
    max_pages: Annotated[int, Field(gt=0)] = 500
    """Most pages that one run fetches of a `url`."""
    paused: bool = False
    """Not collected by itself; what was collected before stays, and it can still be collected by hand."""

    @model_validator(mode="after")
    def _one_place(self) -> "SourceConfig":
        if (self.path is None) == (not self.url):
            raise ValueError(f"source {self.name!r} needs either `path` or `url`")
        return self

    @property
    def place(self) -> str:
        """Where it is, for a person."""
        return self.url or str(self.path)


class SourcesConfig(Strict):
    """`sources.yaml`: whose writing it is and where it lies."""

    author: Annotated[str, Field(min_length=1)]
    sources: tuple[SourceConfig, ...] = ()
    archives: Path | None = None
    """A watched folder: each export archive that is put into it becomes a source."""

    @model_validator(mode="after")
    def _any_place(self) -> "SourcesConfig":
        if not self.sources and self.archives is None:
            raise ValueError("names no source: give `sources`, or a folder of `archives`")
        return self


class ModelConfig(Strict):
    """`models/<name>.yaml`: a model from a bundled package (checked by digest), a local folder or a hub id."""

    role: Literal["chat", "embedding", "reranker"]
    package: str | None = None
    file: str | None = None
    sha256: str | None = None
    path: Path | None = None
    hub: str | None = None


class TeacherConfig(Strict):
    """`models/<name>.yaml` with `role: teacher`: who writes instructions, by LiteLLM's name for it."""

    role: Literal["teacher"]
    model: str
    api_base: str | None = None
    """`engine` stands for the local SGLang server."""
    api_key_env: str | None = None
    temperature: float = 0.0
    max_tokens: Positive = 120
    concurrency: Positive = 32
    max_calls: Annotated[int, Field(ge=0)] = 1000
    """Samples asked of the teacher in one version; the others keep the instruction that rules made."""


class SftStage(Strict):
    """Supervised fine-tuning on the author's own text."""

    max_steps: Positive = 120
    max_epochs: Positive = 4
    sequence_len: Positive = 512
    micro_batch_size: Positive = 1
    learning_rate: float = 1e-3
    lora_r: Positive = 16
    lora_alpha: Positive = 32
    eval_every: Positive = 30
    eval_rows: Positive = 32
    """Validation samples that the loss is measured on while training; evaluation has the test split."""
    patience: Positive = 3
    """Evaluations without a lower loss after which training stops."""


class DpoStage(Strict):
    """Direct preference optimization from the SFT adapter onwards."""

    max_steps: Positive = 16
    max_epochs: Positive = 1
    sequence_len: Positive = 512
    micro_batch_size: Positive = 2
    learning_rate: float = 5e-5
    beta: float = 0.1
    nll_weight: Annotated[float, Field(ge=0)] = 1.0
    """Weight of the negative log-likelihood of the chosen text, which keeps it likely."""


_TOKENS = re.compile(r"([1-9][0-9]*)(k|m)? tokens")
Size = Positive | Literal["all"] | Annotated[str, Field(pattern=f"^{_TOKENS.pattern}$")]
"""How much of the training split: so many samples, so many tokens (`200k tokens`), or all of it."""


class Recipe(Strict):
    """`recipes/<name>.yaml`: a choice of how to train; `axolotl` holds further keys of Axolotl's own config.

    A recipe of several sizes is as many partitions of the training assets: `default` for `all` and `default@500`.
    """

    base_model: str = "smollm2-135m-instruct"
    dataset: Annotated[str, Field(pattern=r"^(latest|[0-9a-f]{8,32})$")] = "latest"
    """The version of `instruction_dataset` that is trained and evaluated on: `latest`, or the first 8 digits or more of
    the digest of any that there was (`twin datasets list`)."""
    sizes: Annotated[tuple[Size, ...], Field(min_length=1)] = ("all",)
    seed: int = 42
    precision: Literal["auto", "bfloat16", "float32"] = "auto"
    """`auto` is bfloat16 on a processor that computes in it, else float32 (ten times faster there than emulation)."""
    sft: SftStage = SftStage()
    dpo: DpoStage | None = DpoStage()
    axolotl: dict[str, Any] = Field(default_factory=dict)
    deploy: bool = True

    @field_validator("sizes")
    @classmethod
    def _once(cls, sizes: tuple[Size, ...]) -> tuple[Size, ...]:
        if len(set(sizes)) < len(sizes):
            raise ValueError("names a size twice")
        return sizes

    @property
    def size(self) -> Size:
        """The size of a variant, which has one."""
        return self.sizes[0]

    def variants(self, name: str) -> dict[str, "Recipe"]:
        """The recipe once for each of its sizes, by the name of its partition."""
        names = {size: name if size == "all" else f"{name}@{str(size).replace(' ', '-')}" for size in self.sizes}
        return {names[size]: self.model_copy(update={"sizes": (size,)}) for size in self.sizes}


def size_tokens(size: Size) -> int | None:
    """How many tokens a size is; None for one in samples."""
    found = _TOKENS.fullmatch(str(size))
    return int(found[1]) * {None: 1, "k": 1000, "m": 1_000_000}[found[2]] if found else None


class Ports(Strict):
    """Ports on the loopback interface."""

    dagster: Port = 3000
    code: Port = 4000
    """Dagster's code server: the webserver and the daemon share it."""
    mlflow: Port = 5000
    engine: Port = 30000
    service: Port = 8080


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


class PreferenceOrigins(Strict):
    """What the rejected answers are: weights, of which each instruction is given one of those that suit it."""

    base: Annotated[float, Field(ge=0)] = 0.5
    """The base model's own answer; also where another origin has nothing to give."""
    champion: Annotated[float, Field(ge=0)] = 0.2
    """The answer of the twin that is deployed: self-play. Before there is one, the base model's."""
    plain: Annotated[float, Field(ge=0)] = 0.3
    """The author's own text without its manner, by rules."""
    ungrounded: Annotated[float, Field(ge=0)] = 1.0
    """Text that the retrieved passages do not support; only for requests with retrieved passages."""

    @model_validator(mode="after")
    def _any(self) -> "PreferenceOrigins":
        if not (self.base or self.champion or self.plain):
            raise ValueError("base, champion or plain must be above 0: `ungrounded` suits few requests")
        return self


Family = Literal[
    "write", "explain", "opinion", "notes", "continue", "shorten", "lengthen", "answer", "code", "chat", "unanswerable"
]
"""A kind of request (`twin_assets.datasets.families`)."""

SHARES: dict[Family, float] = {
    "write": 0.12,
    "explain": 0.2,
    "opinion": 0.15,
    "notes": 0.12,
    "continue": 0.12,
    "shorten": 0.1,
    "lengthen": 0.1,
    "answer": 0.2,
    "code": 0.1,
    "chat": 0.2,
    "unanswerable": 0.05,
}
"""Shares of the families where `datasets.families` names no other."""
LARGEST_UNANSWERABLE = 0.2


class DatasetSettings(Strict):
    """Instruction and preference data."""

    teacher: str = "local"
    split: Literal["time", "hash"] = "time"
    """`time`: the newest writing is the test set. `hash`: documents are drawn, whenever they were written."""
    allow_teachers: tuple[str, ...] = ()
    """Teachers elsewhere than on this machine, by LiteLLM's name, that may be sent public writing."""
    allow_teachers_private: tuple[str, ...] = ()
    """Those that may be sent private writing."""
    families: dict[Family, Annotated[float, Field(ge=0)]] = Field(default_factory=dict)
    """Shares of the kinds of requests, over the defaults; 0 for none. Among those that suit a passage each is chosen
    in proportion to its share; `unanswerable` is the share of samples besides."""
    samples_per_passage: Annotated[int, Field(ge=1, le=3)] = 1
    """Samples that a passage serves in at most, each with another answer."""
    sample_tokens: Annotated[int, Field(ge=128)] = 512
    """The most tokens of a sample, prompt and answer together: the trainer's `sequence_len`."""
    validation: Fraction = 0.1
    test: Fraction = 0.15
    passage_tokens: Positive = 320
    min_quality: Fraction = 0.5
    """Quality from which a document is trained on."""
    min_answer_words: Positive = 12
    min_train_samples: Positive = 40
    min_test_words: Positive = 400
    preference_pairs: Positive = 96
    preference_origins: PreferenceOrigins = PreferenceOrigins()
    preference_round: Annotated[int, Field(ge=0)] = 0
    """Raised by the owner to have the champion answer anew where it is asked: a round of self-play."""
    feedback_batch: Positive = 20
    """New edits and thumbs after which preferences are made anew: not each click trains a model."""
    train_on_private: bool = False
    """Train on messages, unlisted and paid posts, too: a model may repeat what it was trained on to anyone."""
    seed: int = 42

    @property
    def shares(self) -> dict[Family, float]:
        """The share of every family."""
        return {**SHARES, **self.families}

    @model_validator(mode="after")
    def _sound_shares(self) -> "DatasetSettings":
        shares = self.shares
        if shares["unanswerable"] > LARGEST_UNANSWERABLE:
            raise ValueError(f"families.unanswerable is {shares['unanswerable']}: at most {LARGEST_UNANSWERABLE}")
        if not any(share for family, share in shares.items() if family != "unanswerable"):
            raise ValueError("families: every share is 0, so that there is nothing to make")
        return self


class EvaluationSettings(Strict):
    """What is measured, and what must hold before a twin is deployed."""

    others: Path | None = None
    """A folder of other people's text; else what attribution excluded, else the sample author."""
    max_test_samples: Positive = 120
    generation_words: Positive = 3000
    min_bits_per_byte_gain: Fraction = 0.0
    seed: int = 42


class EngineSettings(Strict):
    """SGLang: one server for the base model and all adapters."""

    device: Literal["auto", "cpu", "cuda"] = "auto"
    max_total_tokens: Positive = 16384
    max_running_requests: Positive = 32
    threads: Positive | None = None
    """OpenMP threads on a CPU; all cores but one when it is left out."""
    max_lora_rank: Positive = 64
    start_timeout_s: Positive = 240
    extra_args: tuple[str, ...] = ()


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


class ServiceSettings(Strict):
    """The twin service: answers, and what is asked of the engine."""

    max_tokens: Positive = 256
    temperature: Annotated[float, Field(ge=0, le=2)] = 0.7
    context_tokens: Annotated[int, Field(ge=256)] = 2048
    """Prompt and answer together; passages are cut, then old turns left out, until a request fits."""
    hosts: tuple[str, ...] = ("127.0.0.1", "localhost")
    """Values of the Host header that are answered: another site cannot reach the service by a name of its own."""
    host: str = "127.0.0.1"
    """The address that is listened on; one that is not loopback needs an API key (`twin keys add`)."""
    body_bytes: Positive = 4 * 2**20
    """Largest body of a request, uploads apart."""
    upload_bytes: Positive = 2 * 2**30
    """Largest upload."""
    concurrency: Positive = 64
    """Answers and drafts in the making at once; one more is refused with 429."""
    timeout_s: Annotated[float, Field(gt=0)] = 300.0
    """For one request as a whole; uploads and streams of a run's progress apart."""
    drain_s: Annotated[float, Field(ge=0)] = 10.0
    """How long answers in flight may take to end once the service is asked to stop."""
    requests_per_minute: Positive = 120
    """Of one API key, unless the key has a limit of its own."""
    session_hours: Positive = 168
    """After which the owner signs in again."""
    keep_traces_days: Positive = 90
    """Days after which the trace of an answer or a draft is removed: question, answer and citations."""


class Settings(BaseSettings):
    """All settings of one author's twin on one machine."""

    model_config = SettingsConfigDict(
        env_prefix="TWIN_",
        env_nested_delimiter="__",
        extra="ignore",
        frozen=True,
        nested_model_default_partial_update=True,
    )

    ports: Ports = Ports()
    storage: StorageSettings = StorageSettings()
    collection: CollectionSettings = CollectionSettings()
    features: FeatureSettings = FeatureSettings()
    datasets: DatasetSettings = DatasetSettings()
    evaluation: EvaluationSettings = EvaluationSettings()
    engine: EngineSettings = EngineSettings()
    retrieval: RetrievalSettings = RetrievalSettings()
    service: ServiceSettings = ServiceSettings()
    config_dir: Path
    home: Path
    sources_config: SourcesConfig
    sources_file: Path | None = None
    """The sources file, or the folder of writing, that `sources_config` was read from."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over what the files say."""
        return env_settings, init_settings

    @property
    def sources(self) -> SourcesConfig:
        """Whose writing it is and where it lies."""
        return self.sources_config

    @property
    def author(self) -> str:
        """The name of the person whose twin this is."""
        return self.sources.author

    @property
    def lance_uri(self) -> str:
        """Where the tables lie."""
        return _under(self.home, self.storage.lance)

    @property
    def artifacts_uri(self) -> str:
        """Where adapters and reports lie."""
        return _under(self.home, self.storage.artifacts)

    @property
    def collection_dir(self) -> Path:
        """What live sources remember, and what was forgotten."""
        return self.home / "collection"

    @property
    def models_dir(self) -> Path:
        """Converted models, shared by all authors on this machine."""
        return Path(os.environ.get("TWIN_MODELS", self.home.parent / "models"))

    def url(self, process: Literal["dagster", "mlflow", "engine", "service"]) -> str:
        """The loopback URL of one of the twin's processes."""
        return f"http://127.0.0.1:{getattr(self.ports, process)}"

    @cached_property
    def recipes(self) -> dict[str, Recipe]:
        """Every recipe of `config/recipes/`, by file name, and `name@size` for what is cut to a size."""
        files = sorted((self.config_dir / "recipes").glob("*.yaml"))
        return {n: r for f in files for n, r in check(Recipe, load_yaml(f), f).variants(f.stem).items()}

    def model(self, name: str) -> ModelConfig:
        """The model called `name`. Raises ConfigError when there is no such file, or it is a teacher's."""
        return check(ModelConfig, *self._model_file(name))

    def chat_models(self) -> dict[str, ModelConfig]:
        """Every chat model of `config/models/`, by file name."""
        files = sorted((self.config_dir / "models").glob("*.yaml"))
        roles = {file: load_yaml(file) for file in files}
        return {f.stem: check(ModelConfig, content, f) for f, content in roles.items() if content.get("role") == "chat"}

    def teacher(self) -> TeacherConfig:
        """The configured teacher. Raises ConfigError when there is no such file."""
        return check(TeacherConfig, *self._model_file(self.datasets.teacher))

    def _model_file(self, name: str) -> tuple[dict[str, Any], Path]:
        file = self.config_dir / "models" / f"{name}.yaml"
        if not file.is_file():
            known = ", ".join(sorted(f.stem for f in file.parent.glob("*.yaml")))
            raise ConfigError(f"no model is called {name!r}: {file} does not exist", f"use one of: {known}")
        return load_yaml(file), file


def _under(home: Path, location: str) -> str:
    return location if "://" in location else str(home / location)


def slug(name: str) -> str:
    """A name as a folder: lower case letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "author"


def load_sources(path: Path) -> SourcesConfig:
    """Read a sources file, or take a folder of writing (or of export archives) as the sources.

    Raises ConfigError when there is nothing at `path`, or a source's path does not exist.
    """
    if not path.exists():
        raise ConfigError(
            f"no sources file or folder at {str(path)!r}", "give the path of a sources.yaml or of a folder"
        )
    if path.is_dir() and (path / "sources.yaml").is_file():
        path = path / "sources.yaml"
    config = _sources_of_folder(path) if path.is_dir() else check(SourcesConfig, load_yaml(path), path)
    base = path if path.is_dir() else path.parent
    resolved = []
    for source in config.sources:
        location = _existing(source.path, base, f"{path}: source {source.name!r}") if source.path else None
        resolved.append(source.model_copy(update={"path": location}))
    if config.archives:
        folder = _existing(config.archives, base, f"{path}: the folder of archives")
        named = {source.path for source in resolved}
        resolved += [source for source in _sources_in(folder) if source.path not in named]
    names = [s.name for s in resolved]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"{path}: two sources are called {name!r}", "give each a name of its own")
    return config.model_copy(update={"sources": tuple(resolved)})


_EXPORTS = frozenset({".zip", ".xml", ".json", ".txt"})
"""Suffixes of files that are a source each: archives, WordPress, Telegram and Mastodon, WhatsApp."""


def _sources_of_folder(folder: Path) -> SourcesConfig:
    """The sources in a folder. A git repository, or a folder with nothing that is known, is one source as a whole;
    an empty one is a source of Markdown, which then says what it looks for."""
    found = [] if (folder / ".git").exists() else _sources_in(folder)
    if not found:
        kind: Kind | None = None if any(folder.iterdir()) else "markdown"
        found = [SourceConfig(name=slug(folder.resolve().name), path=folder.resolve(), kind=kind)]
    return SourcesConfig(author=folder.resolve().name, sources=tuple(found))


def _sources_in(folder: Path) -> list[SourceConfig]:
    """Each archive and export file in the folder is a source; its papers are one, and so is its Markdown."""
    files = sorted(f for f in folder.iterdir() if f.is_file() and not f.name.startswith("."))
    exports = [f for f in files if f.suffix.lower() in _EXPORTS]
    found = [SourceConfig(name=slug(f.stem), path=f.resolve()) for f in exports]
    for pattern, kind in (("*.md", "markdown"), ("*.pdf", "paper")):
        if next(folder.rglob(pattern), None):
            name = slug(folder.name) if kind == "markdown" else f"{slug(folder.name)}-papers"
            found.append(SourceConfig(name=name, path=folder.resolve(), kind=kind))  # type: ignore[arg-type]
    return found


def _existing(place: Path, base: Path, what: str) -> Path:
    location = place.expanduser()
    location = location if location.is_absolute() else (base / location).resolve()
    if not location.exists():
        raise ConfigError(
            f"{what} lies at {str(place)!r}, which does not exist",
            "correct its path; a relative one is relative to the sources file",
        )
    return location


def load_settings(sources: Path | None = None) -> Settings:
    """Read and check every config file. Raises ConfigError: one line that names the file and the key."""
    config_dir = Path(os.environ.get("TWIN_CONFIG", ROOT / "config")).resolve()
    if not config_dir.is_dir():
        raise ConfigError(f"no config folder at {str(config_dir)!r}", "set TWIN_CONFIG to one, or unset it")
    file = config_dir / "twin.yaml"
    named = (sources or Path(os.environ.get("TWIN_SOURCES", config_dir / "sources.yaml"))).resolve()
    author_sources = load_sources(named)
    home = Path(os.environ.get("TWIN_HOME", ROOT / ".twin" / slug(author_sources.author))).resolve()
    values = {**load_yaml(file), "config_dir": config_dir, "home": home, "sources_config": author_sources}
    values["sources_file"] = named
    try:
        settings = check(Settings, values, file)
    except SettingsError as error:
        raise ConfigError(f"an environment variable is wrong: {error}", "unset it, or correct it") from error
    for recipe in settings.recipes.values():
        settings.model(recipe.base_model)
    settings.model(settings.features.embedder)
    if settings.retrieval.reranker:
        settings.model(settings.retrieval.reranker)
    settings.teacher()
    return settings
