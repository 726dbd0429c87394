"""The sections of `twin.yaml` about measuring and serving."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from twin_assets.settings.section import Fraction, Port, Positive, Strict


class Ports(Strict):
    """Ports on the loopback interface."""

    dagster: Port = 3000
    code: Port = 4000
    """Dagster's code server: the webserver and the daemon share it."""
    mlflow: Port = 5000
    engine: Port = 30000
    service: Port = 8080


class EvaluationSettings(Strict):
    """What is measured, and what must hold before a twin is deployed."""

    others: Path | None = None
    """A folder of other people's text; else what attribution excluded, else the sample author."""
    max_test_samples: Positive = 120
    generation_words: Positive = 3000
    min_bits_per_byte_gain: Fraction = 0.0
    max_refusals: Fraction = 0.2
    """Share of requests that the author's writing answers to which the twin may say that nothing is written."""
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
