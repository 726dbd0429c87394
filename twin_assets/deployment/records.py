"""The record of what answers: `deployment/current.json` below the author's home, and the history beside it."""

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from twin_assets.digests import digest
from twin_assets.errors import DeploymentError


def adapter_name(adapter_digest: str) -> str:
    """An adapter's name on the engine. It follows from the digest: one name is always one adapter."""
    return f"twin-{adapter_digest[:16]}"


class Candidate(BaseModel):
    """An adapter that is to be deployed, and what it was made from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    adapter_digest: str
    adapter_uri: str
    recipe: str
    dataset_versions: dict[str, str]
    """Table name and data version of each dataset that the adapter was trained on."""
    model_version: int | None = None
    """Its version in MLflow's registry."""

    @property
    def adapter_name(self) -> str:
        """The adapter's name on the engine."""
        return adapter_name(self.adapter_digest)


class Deployment(Candidate):
    """An adapter that was probed and made the one that answers."""

    deployment_id: str
    deployed_at: datetime
    previous: str | None
    """Id of the deployment before it, which `rollback` goes back to."""
    probe: str
    """What the probe found, for a person to read."""

    @classmethod
    def of(cls, candidate: Candidate, previous: "Deployment | None", probe: str, at: datetime) -> "Deployment":
        """The record of a candidate that passed its probe."""
        before = previous.deployment_id if previous else None
        values = candidate.model_dump(include=set(Candidate.model_fields))
        identity = digest("deployment", values, before, at.isoformat())
        return cls(**values, deployment_id=identity, deployed_at=at, previous=before, probe=probe)


class DeploymentStore:
    """The current deployment and the ones before it. Each file is replaced whole: a crash leaves the old or the new.

    Reading costs one look at each file's facts while it does not change: the service reads them for each request.
    """

    def __init__(self, home: Path) -> None:
        self._folder = home / "deployment"
        self._current = self._folder / "current.json"
        self._history = self._folder / "history.jsonl"
        self._read: dict[Path, tuple[tuple[int, int, int], tuple[Deployment, ...]]] = {}
        """What was read of each file last, and its facts then."""

    def current(self) -> Deployment | None:
        """What answers now, if anything was deployed. Raises DeploymentError: the record cannot be read."""
        return next(iter(self._of(self._current, lambda text: [text])), None)

    def history(self) -> list[Deployment]:
        """Every deployment that was current, the oldest first. Raises DeploymentError: it cannot be read."""
        past = list(self._of(self._history, lambda text: [line for line in text.splitlines() if line]))
        # The current one is written first: a process killed between the two writes left it out of the history.
        current = self.current()
        known = current is None or any(one.deployment_id == current.deployment_id for one in past)
        return past if known or current is None else [*past, current]

    def find(self, deployment_id: str | None) -> Deployment | None:
        """The deployment of that id, if there was one."""
        return next((one for one in self.history() if one.deployment_id == deployment_id), None)

    def kept(self) -> list[Deployment]:
        """What belongs on the engine: the current deployment and the one that a rollback goes to."""
        current = self.current()
        previous = self.find(current.previous) if current else None
        return [one for one in (current, previous) if one is not None]

    def make_current(self, deployment: Deployment) -> None:
        """Make a deployment the one that answers, for the next request on. Raises DeploymentError: not written."""
        past = self.history()
        lines = [one.model_dump_json() for one in past if one.deployment_id != deployment.deployment_id]
        try:
            self._replace(self._current, deployment.model_dump_json(indent=2) + "\n")
            self._replace(self._history, "\n".join([*lines, deployment.model_dump_json()]) + "\n")
        except OSError as error:
            raise DeploymentError(
                f"the deployment could not be recorded below {str(self._folder)!r}: {error}",
                "free disk space, then deploy again: what answered before still does",
            ) from error
        finally:
            self._read.clear()

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """One deployment or rollback at a time, across processes."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _of(self, file: Path, split: Callable[[str], list[str]]) -> tuple[Deployment, ...]:
        """The deployments in a file, none when there is no file. Raises DeploymentError."""
        try:
            facts = file.stat()
            seen = (facts.st_ino, facts.st_mtime_ns, facts.st_size)
            known = self._read.get(file)
            if known is None or known[0] != seen:
                lines = split(file.read_text(encoding="utf-8"))
                # A file that was replaced after the look at it has other facts at the next one.
                known = seen, tuple(Deployment.model_validate_json(line) for line in lines)
                self._read[file] = known
        except FileNotFoundError:
            return ()
        except (OSError, ValueError) as error:
            raise self._unreadable(file, error) from error
        return known[1]

    def _replace(self, file: Path, text: str) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        staged = file.with_name(f".{file.name}.{os.getpid()}")
        try:
            with staged.open("w", encoding="utf-8") as out:
                out.write(text)
                out.flush()
                os.fsync(out.fileno())
            staged.replace(file)
        finally:
            staged.unlink(missing_ok=True)
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _unreadable(self, file: Path, error: Exception) -> DeploymentError:
        reason = " ".join(str(error).split())[:200]
        return DeploymentError(f"{file}: cannot be read: {reason}", "delete it and materialize `deployed_twin` again")


def adapter_card(folder: Path) -> dict[str, object]:
    """The adapter's own config. Raises DeploymentError: it is missing or no JSON."""
    file = folder / "adapter_config.json"
    try:
        card: dict[str, object] = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DeploymentError(f"{file}: cannot be read: {error}", "materialize the adapter's asset again") from error
    return card
