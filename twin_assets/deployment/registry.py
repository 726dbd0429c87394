"""MLflow: training runs with their loss curves, and the registry of adapters with `challenger` and `champion`.

Everything is found again by the adapter's digest, which is a tag: a step that is repeated adds nothing.
"""

import os
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from twin_assets.errors import DeploymentError

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run
    from mlflow.entities.model_registry import ModelVersion

MODEL = "twin"
EXPERIMENT = "training"
DIGEST_TAG = "adapter_digest"
Alias = Literal["challenger", "champion"]

_LONGEST_PARAM = 6000
"""Characters that MLflow's store takes for a parameter's value."""
_BATCH = 1000
"""Metrics that MLflow takes in one request."""


class ModelRegistry:
    """Training runs and model versions of one author's twin on one MLflow server (or any tracking URI)."""

    def __init__(self, tracking_uri: str, model: str = MODEL) -> None:
        self._uri = tracking_uri
        self._model = model

    def log_training(
        self,
        adapter_digest: str,
        recipe: str,
        params: Mapping[str, object],
        history: Sequence[Mapping[str, float]],
        metrics: Mapping[str, float] | None = None,
    ) -> str:
        """Log a training run and return its id; a run of the same adapter that is already whole is returned as it is.

        Args:
            adapter_digest: the adapter's identity.
            recipe: the recipe's name.
            params: what it was trained with; nested values are logged as `outer.inner`.
            history: one mapping for each log line of the trainer, with `step` and numbers such as `loss`.
            metrics: figures of the whole run.

        Raises DeploymentError: MLflow is away, or refused.
        """
        from mlflow.entities import Metric, Param, RunTag
        from mlflow.exceptions import MlflowException

        client = self._client()
        try:
            whole = self._run(client, adapter_digest)
            if whole is not None:
                return str(whole.info.run_id)
            experiment = client.get_experiment_by_name(EXPERIMENT)
            experiment_id = experiment.experiment_id if experiment else client.create_experiment(EXPERIMENT)
            run = client.create_run(experiment_id, run_name=f"{recipe}-{adapter_digest[:8]}")
            run_id, began = str(run.info.run_id), int(run.info.start_time)
            points = [
                Metric(_key(name), float(value), began + int(line["step"]), int(line["step"]))
                for line in history
                for name, value in line.items()
                if name != "step"
            ]
            points += [Metric(_key(name), float(value), began, 0) for name, value in (metrics or {}).items()]
            logged = [Param(_key(name), value[:_LONGEST_PARAM]) for name, value in _flat(params)]
            tags = [RunTag(DIGEST_TAG, adapter_digest), RunTag("recipe", recipe)]
            client.log_batch(run_id, params=logged[:100], tags=tags)
            for start in range(0, len(points), _BATCH):
                client.log_batch(run_id, metrics=points[start : start + _BATCH])
            client.set_terminated(run_id, "FINISHED")
        except MlflowException as error:
            raise self._failed("the training run could not be logged", error) from error
        return run_id

    def register(
        self,
        adapter_digest: str,
        recipe: str,
        metrics: Mapping[str, float],
        artifact_uri: str,
        params: Mapping[str, object],
        history: Sequence[Mapping[str, float]],
    ) -> int:
        """Register an adapter as the challenger and return its version; the same digest keeps its version.

        The files stay in the artifact store, at `artifact_uri` (a tag): the server takes no local path outside its
        own runs as a source. Raises DeploymentError: MLflow is away, or refused.
        """
        from mlflow.exceptions import MlflowException

        client = self._client()
        try:
            version = self._version(client, adapter_digest)
            if version is None:
                run_id = self.log_training(adapter_digest, recipe, params, history, metrics)
                self._ensure_model(client)
                tags = {DIGEST_TAG: adapter_digest, "recipe": recipe, "adapter_uri": artifact_uri}
                tags |= {_key(name): f"{value:.6g}" for name, value in metrics.items()}
                source = artifact_uri if "://" in artifact_uri else f"runs:/{run_id}/adapter"
                version = client.create_model_version(self._model, source, run_id=run_id, tags=tags)
            client.set_registered_model_alias(self._model, "challenger", str(version.version))
            return int(version.version)
        except MlflowException as error:
            raise self._failed(f"adapter {adapter_digest!r} could not be registered", error) from error

    def version_of(self, adapter_digest: str) -> int | None:
        """The version that an adapter is registered as, if it is."""
        from mlflow.exceptions import MlflowException

        try:
            version = self._version(self._client(), adapter_digest)
        except MlflowException as error:
            raise self._failed(f"adapter {adapter_digest!r} could not be looked up", error) from error
        return None if version is None else int(version.version)

    def promote(self, version: int) -> None:
        """Make a version the champion: the one that is deployed. Raises DeploymentError."""
        from mlflow.exceptions import MlflowException

        try:
            self._client().set_registered_model_alias(self._model, "champion", str(version))
        except MlflowException as error:
            raise self._failed(f"version {version} could not be made champion", error) from error

    def holder(self, alias: Alias) -> tuple[int, str] | None:
        """Version and adapter digest of the model that holds an alias, if one does. Raises DeploymentError."""
        from mlflow.exceptions import MlflowException

        try:
            version = self._client().get_model_version_by_alias(self._model, alias)
        except MlflowException as error:
            if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
                return None
            raise self._failed(f"alias {alias!r} could not be looked up", error) from error
        return int(version.version), str(version.tags[DIGEST_TAG])

    def _client(self) -> "MlflowClient":
        # MLflow's own defaults try a server that is away for many minutes.
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "30")
        from mlflow import MlflowClient

        return MlflowClient(tracking_uri=self._uri, registry_uri=self._uri)

    def _run(self, client: "MlflowClient", adapter_digest: str) -> "Run | None":
        """The whole run of an adapter; what a killed process left half logged is deleted."""
        experiment = client.get_experiment_by_name(EXPERIMENT)
        if experiment is None:
            return None
        whole = None
        for run in client.search_runs([experiment.experiment_id], f"tags.{DIGEST_TAG} = '{adapter_digest}'"):
            if run.info.status == "FINISHED":
                whole = run
            else:
                client.delete_run(run.info.run_id)
        return whole

    def _version(self, client: "MlflowClient", adapter_digest: str) -> "ModelVersion | None":
        found = client.search_model_versions(f"name = '{self._model}' and tags.{DIGEST_TAG} = '{adapter_digest}'")
        return min(found, key=lambda version: int(version.version), default=None)

    def _ensure_model(self, client: "MlflowClient") -> None:
        from mlflow.exceptions import MlflowException

        try:
            client.create_registered_model(self._model)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise

    def _failed(self, what: str, error: Exception) -> DeploymentError:
        reason = " ".join(str(error).split())[:300]
        return DeploymentError(
            f"{what} at MLflow ({self._uri}): {reason}", "see `twin status`; `twin up` starts MLflow"
        )


def _key(name: str) -> str:
    """A name in the characters that MLflow takes."""
    return re.sub(r"[^\w\-. /]", "_", name)


def _flat(params: Mapping[str, object], prefix: str = "") -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for name, value in params.items():
        if isinstance(value, Mapping):
            pairs += _flat(value, f"{prefix}{name}.")
        else:
            pairs.append((f"{prefix}{name}", str(value)))
    return pairs
