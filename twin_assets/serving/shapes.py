"""What the routes about sources, runs and the twin answer, for the OpenAPI document. Times are ISO 8601 in UTC."""

from typing import Any, Literal

from pydantic import BaseModel

from twin_assets.records import Kind

Score = float | int | None
"""None where it was not measured, or is no number."""


class LastRun(BaseModel):
    """A source's newest run; `error` says in words why it failed."""

    run_id: str
    status: str
    at: str | None
    error: str | None


class Source(BaseModel):
    """A source: at a `url` with a schedule, or at a `path`, which is collected when its files change."""

    name: str
    kind: Kind | None
    url: str | None = None
    path: str | None = None
    schedule: str | None
    paused: bool
    documents: int
    exclusions: dict[str, int]
    last_run: LastRun | None
    next_run: str | None


class Sources(BaseModel):
    """Every source; `notice` says what could not be told."""

    sources: list[Source]
    notice: str | None


class OneSource(BaseModel):
    """A source as it is after the request."""

    source: Source


class Recognized(BaseModel):
    """What was given, understood; `advice` is what to give instead where it was not."""

    kind: Kind | None
    name: str | None
    url: str | None
    path: str | None
    advice: str | None


class ForgottenDocuments(BaseModel):
    """What was forgotten: document ids, rows by table, dataset versions and adapters that were made with it."""

    forgotten: list[str]
    rows: dict[str, int]
    datasets: list[str]
    adapters: list[str]


class Removed(BaseModel):
    """A source that is gone, and what was forgotten with it."""

    removed: str
    forgotten: ForgottenDocuments | None


class Started(BaseModel):
    """A run that was started, or is at work already."""

    run_id: str


class Uploaded(BaseModel):
    """A file that was taken; `kind` is None when it is no source by itself, and `advice` says why."""

    upload_id: str
    name: str
    bytes: int
    kind: Kind | None
    advice: str | None


class Step(BaseModel):
    """One asset of a run."""

    asset: str
    status: Literal["waiting", "running", "done", "failed", "skipped"]


class Run(BaseModel):
    """A run of Dagster's; `partition` is a source or a recipe."""

    run_id: str
    job: str
    status: str
    created: str | None
    started: str | None
    ended: str | None
    source: str | None
    partition: str | None
    steps: list[Step]
    message: str


class Runs(BaseModel):
    """Runs, newest first."""

    runs: list[Run]


class DeploymentCard(BaseModel):
    """A deployment, with what it was made of and what its probe found."""

    deployment_id: str
    deployed_at: str
    adapter_digest: str
    adapter_name: str
    adapter_uri: str
    recipe: str
    dataset_versions: dict[str, str]
    model_version: int | None
    previous: str | None
    probe: str


class Deployments(BaseModel):
    """What answers now, and everything that did, newest first."""

    current: DeploymentCard | None
    history: list[DeploymentCard]


class RolledBack(BaseModel):
    """What answers now; `notice` says what is left to do."""

    current: DeploymentCard
    notice: str | None


class Version(BaseModel):
    """A version of a dataset; `readable` is False for what was forgotten."""

    dataset: str
    digest: str
    previous: str | None
    created_at: str
    lance_version: int
    counts: dict[str, Any]
    parents: dict[str, list[str]]
    readable: bool


class Versions(BaseModel):
    """Versions of both datasets, newest first."""

    versions: list[Version]


class Scores(BaseModel):
    """Figures by name, of each that was measured."""

    base: dict[str, Score]
    twin: dict[str, Score]
    previous: dict[str, Score] | None


class Evaluation(BaseModel):
    """What was measured of an adapter, and whether it may be deployed."""

    recipe: str
    adapter_digest: str
    base_model: str
    dataset_versions: dict[str, str]
    scores: Scores
    gain: dict[str, Score]
    recall_at_5: Score
    passed: bool
    reasons: list[str]
    remarks: list[str]
    deployed: bool


class Evaluations(BaseModel):
    """Evaluations, those of what was deployed last first."""

    reports: list[Evaluation]
