"""Deploying and rolling back: an adapter is loaded into the running server, probed, and made the one that answers.

The order is what makes it safe. The record of what answers is replaced only after the adapter is on the server and
has passed its probe, and older adapters are unloaded only after that: a process killed at any point leaves a record
that names an adapter which was deployed, and a service that answers through it.
"""

import math
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from twin_assets.deployment.engine import Engine
from twin_assets.deployment.records import Candidate, Deployment, DeploymentStore, adapter_card
from twin_assets.errors import DeploymentError, EngineError
from twin_assets.progress import Report, silent
from twin_assets.prompts import request_messages
from twin_assets.storage import ArtifactStore

Fetch = Callable[[str], Path]
"""Gives the local folder of an adapter's URI."""

PROBE_QUESTION = "What have you been writing about, and why does it matter to you?"
PROBE_TEXT = "I write to find out what I think, and I keep the parts that turn out to be useful to somebody else."
PROBE_TOKENS = 24
MIN_DIFFERENCE = 1e-3
"""Mean difference in log probability from which the adapter is called at work; rounding is a thousand times less."""


def fetch_from(store: ArtifactStore) -> Fetch:
    """Adapters by their URI in the artifact store, which keeps them as `adapters/<digest>`."""
    return lambda uri: store.get("/".join(uri.rstrip("/").rsplit("/", 2)[-2:]))


def deploy(
    engine: Engine,
    store: DeploymentStore,
    candidate: Candidate,
    fetch: Fetch,
    author: str,
    report: Report = silent,
) -> Deployment:
    """Make a candidate the one that answers, without restarting the server; what already answers is left as it is.

    The one before it stays loaded for a rollback; older ones are unloaded.

    Raises DeploymentError: the adapter's files or its probe were found wanting, and what answered before still does.
    Raises EngineError: the server is away.
    """
    with store.exclusive():
        current = store.current()
        if current is not None and current.adapter_digest == candidate.adapter_digest:
            engine.load_adapter(current.adapter_name, fetch(current.adapter_uri))
            report(f"adapter {current.adapter_name} answers already")
            return current
        found = _loaded_and_probed(engine, store, candidate, fetch, author, report)
        deployment = Deployment.of(candidate, current, found, datetime.now(UTC))
        store.make_current(deployment)
        _unload_older(engine, store)
    report(f"adapter {deployment.adapter_name} answers now: {found}")
    return deployment


def rollback(
    engine: Engine, store: DeploymentStore, fetch: Fetch, author: str, report: Report = silent, reason: str = ""
) -> Deployment:
    """Go back to the deployment before the current one; done again, it goes back further.

    The reason, in a person's words, is kept with what the probe found.

    Raises DeploymentError: there is none to go back to, or it fails its probe. Raises EngineError.
    """
    with store.exclusive():
        current = store.current()
        target = store.find(current.previous) if current else None
        if current is None or target is None:
            raise DeploymentError("there is no earlier deployment to go back to", "deploy another adapter instead")
        found = _loaded_and_probed(engine, store, target, fetch, author, report)
        earlier = store.find(target.previous)
        why = f"rolled back ({reason})" if reason else "rolled back"
        deployment = Deployment.of(target, earlier, f"{why}: {found}", datetime.now(UTC))
        store.make_current(deployment)
        _unload_older(engine, store, also=current.adapter_name)
    report(f"adapter {deployment.adapter_name} answers again: {found}")
    return deployment


def adapters_to_load(store: DeploymentStore, fetch: Fetch) -> dict[str, Path]:
    """Name and folder of each adapter that the server is started with: the current one, and the one before it."""
    return {one.adapter_name: fetch(one.adapter_uri) for one in store.kept()}


def check_adapter(folder: Path, max_rank: int | None = None) -> None:
    """Look at an adapter's files before the server does: with weights that are not finite it answers nothing.

    Raises DeploymentError: files are missing or damaged, a weight is not finite, or the rank is above `max_rank`.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    rank = adapter_card(folder).get("r")
    if max_rank is not None and (not isinstance(rank, int) or rank > max_rank):
        raise DeploymentError(
            f"the adapter at {str(folder)!r} has rank {rank!r}, above the engine's {max_rank}",
            "raise engine.max_lora_rank and start the engine again, or train with a smaller lora_r",
        )
    file = folder / "adapter_model.safetensors"
    try:
        tensors = load_file(file)
    except (OSError, SafetensorError) as error:
        raise DeploymentError(f"{file}: cannot be read: {error}", "materialize the adapter's asset again") from error
    broken = next((name for name, tensor in tensors.items() if not bool(tensor.isfinite().all())), None)
    if broken is not None or not tensors:
        raise DeploymentError(
            f"{file}: {f'weight {broken!r} is not finite' if broken else 'holds no weights'}",
            "lower the recipe's learning rate and train again",
        )


def probe(engine: Engine, adapter: str, author: str) -> str:
    """Ask the adapter a question, and compare it with the base model on a fixed text; says what was found.

    Raises DeploymentError: it gave no answer, or it does not differ from the base model.
    """
    messages = request_messages(author, PROBE_QUESTION)
    answer = engine.chat(messages, adapter, max_tokens=PROBE_TOKENS)
    if not answer.text.strip():
        raise DeploymentError(f"adapter {adapter!r} gave an empty answer to its probe", "look at its evaluation report")
    prompt, text = engine.render(messages), engine.tokenize(PROBE_TEXT)
    ours, base = engine.logprobs(prompt, text, adapter), engine.logprobs(prompt, text)
    difference = sum(abs(a - b) for a, b in zip(ours, base, strict=True)) / len(text)
    if not math.isfinite(difference) or difference < MIN_DIFFERENCE:
        raise DeploymentError(
            f"adapter {adapter!r} differs from the base model by {difference:.2g} nats per token: it is not at work",
            "look at its training run: the loss did not move, or the wrong files were stored",
        )
    return f"answered in {answer.completion_tokens} tokens, {difference:.3f} nats per token from the base model"


def _loaded_and_probed(
    engine: Engine, store: DeploymentStore, candidate: Candidate, fetch: Fetch, author: str, report: Report
) -> str:
    name, folder = candidate.adapter_name, fetch(candidate.adapter_uri)
    check_adapter(folder)
    report(f"loading adapter {name}")
    try:
        engine.load_adapter(name, folder)
        return probe(engine, name, author)
    except (DeploymentError, EngineError) as error:
        if name not in {one.adapter_name for one in store.kept()} and engine.ready():
            engine.unload_adapter(name)
        if isinstance(error, DeploymentError) or not engine.ready():
            raise
        raise DeploymentError(f"adapter {name!r} failed its probe: {error.what}", error.remedy) from error


def _unload_older(engine: Engine, store: DeploymentStore, also: str = "") -> None:
    """Unload the twin's adapters but for those kept (and, after a rollback, the one gone back from)."""
    kept = {one.adapter_name for one in store.kept()} | {also}
    known = {one.adapter_name for one in store.history()}
    for name in engine.loaded_adapters():
        if name in known and name not in kept:
            engine.unload_adapter(name)
