"""Where an answer came from: the adapter with the data that it was trained on, and the model names there are."""

from typing import Any

from twin_assets.deployment.records import Deployment, DeploymentStore

TWIN, BASE = "twin", "base"
_SHOWN = {"deployment_id", "adapter_digest", "recipe", "model_version", "dataset_versions", "deployed_at"}


def provenance(model: str, deployment: Deployment | None, **notes: Any) -> dict[str, Any]:
    """The field `twin` of an answer."""
    twin: dict[str, Any] = {"model": model, **notes}
    if deployment is not None:
        twin |= deployment.model_dump(mode="json", include=_SHOWN)
    return twin


def version_of(deployment: Deployment) -> str:
    """The version in `twin@<version>`: that of MLflow's registry, else the beginning of the adapter's digest."""
    return deployment.adapter_digest[:12] if deployment.model_version is None else str(deployment.model_version)


def named_models(store: DeploymentStore) -> dict[str, Deployment | None]:
    """Each model name and what answers under it, None for the base model: `twin` once there is one, `twin@<version>`
    for what is kept on the engine, and `base`. Raises DeploymentError."""
    kept = store.kept()
    names: dict[str, Deployment | None] = {TWIN: kept[0]} if kept else {}
    for deployment in kept:
        names.setdefault(f"{TWIN}@{version_of(deployment)}", deployment)
    return names | {BASE: None}
