"""The twin's processes on one machine: which there are, and with what command and environment each starts."""

import os
import sys
from pathlib import Path

from twin_assets.files import write_json
from twin_assets.machine.environments import environments
from twin_assets.machine.processes import ProcessSpec
from twin_assets.settings import ROOT, Settings

STATE = "run/processes.json"


def environment(settings: Settings) -> dict[str, str]:
    """What every process of the twin is told: whose twin it is, and to stay off the network where it can."""
    uses_hub = any(settings.model(recipe.base_model).hub for recipe in settings.recipes.values())
    offline = {} if uses_hub else {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}
    return offline | {
        "DAGSTER_HOME": str(ROOT),
        "TWIN_DAGSTER": str(settings.home / "dagster"),
        "TWIN_CONFIG": str(settings.config_dir),
        "TWIN_HOME": str(settings.home),
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "TOKENIZERS_PARALLELISM": "false",
        # Idle OpenMP threads that spin would take the cores from the other processes.
        "OMP_WAIT_POLICY": "PASSIVE",
        "DO_NOT_TRACK": "1",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "PYTHONUNBUFFERED": "1",
    }


def adopt_environment(settings: Settings, sources: Path) -> None:
    """Let this process, and all it starts, see the twin's environment; `sources` is the file or folder chosen."""
    os.environ.update(environment(settings), TWIN_SOURCES=str(sources))
    (settings.home / "dagster").mkdir(parents=True, exist_ok=True)


def state_file(settings: Settings) -> Path:
    """Where the supervisor writes what runs."""
    return settings.home / STATE


def process_specs(settings: Settings) -> list[ProcessSpec]:
    """SGLang, MLflow, Dagster's code server, webserver and daemon, and the twin service.

    SGLang starts with the adapters that are deployed, so that a restart of it changes no answer.
    """
    from twin_assets.chat_model import prepare_chat_model
    from twin_assets.deployment.deploy import adapters_to_load, fetch_from
    from twin_assets.deployment.engine_process import engine_command, engine_environment
    from twin_assets.deployment.records import DeploymentStore
    from twin_assets.storage import ArtifactStore

    base = engine_base(settings)
    model = settings.model(base)
    base_folder = prepare_chat_model(model, base, settings.models_dir)
    logs = settings.home / "logs"
    common = environment(settings)
    mlflow = settings.home / "mlflow"
    mlflow.mkdir(parents=True, exist_ok=True)
    serve = environments()["serve"].python
    artifacts = ArtifactStore.of(settings)
    adapters = adapters_to_load(DeploymentStore(settings.home), fetch_from(artifacts))
    return [
        ProcessSpec(
            name="engine",
            command=tuple(engine_command(settings, base_folder, adapters, serve, model.tool_call_parser)),
            environment=common | engine_environment(settings),
            log=logs / "engine.log",
            port=settings.ports.engine,
            ready_path="/health",
            timeout_s=settings.engine.start_timeout_s,
            cwd=ROOT,
        ),
        ProcessSpec(
            name="mlflow",
            command=(
                *(sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--workers", "1"),
                *("--port", str(settings.ports.mlflow), "--backend-store-uri", f"sqlite:///{mlflow}/mlflow.db"),
                *("--artifacts-destination", str(mlflow / "artifacts")),
            ),
            environment=common | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
            log=logs / "mlflow.log",
            port=settings.ports.mlflow,
            ready_path="/health",
            cwd=mlflow,
        ),
        *dagster_specs(settings),
        ProcessSpec(
            name="service",
            command=(sys.executable, "-m", "twin_assets.serving"),
            environment=common,
            log=logs / "service.log",
            port=settings.ports.service,
            ready_path="/healthz",
            cwd=ROOT,
        ),
    ]


def dagster_specs(settings: Settings) -> list[ProcessSpec]:
    """Dagster's code server, and the webserver and daemon that share it."""
    logs, common = settings.home / "logs", environment(settings)
    workspace = ("-w", str(_workspace(settings)))
    return [
        ProcessSpec(
            name="code",
            command=(
                *(sys.executable, "-m", "dagster", "api", "grpc", "--use-python-environment-entry-point"),
                *("--module-name", "twin_assets.definitions", "--location-name", "twin"),
                *("--host", "127.0.0.1", "--port", str(settings.ports.code)),
            ),
            environment=common,
            log=logs / "code.log",
            port=settings.ports.code,
            ready_path=None,
            cwd=ROOT,
        ),
        ProcessSpec(
            name="webserver",
            command=(
                *(sys.executable, "-m", "dagster_webserver", "-h", "127.0.0.1"),
                *("-p", str(settings.ports.dagster), *workspace),
            ),
            environment=common,
            log=logs / "webserver.log",
            port=settings.ports.dagster,
            ready_path="/server_info",
            cwd=ROOT,
            after="code",
        ),
        ProcessSpec(
            name="daemon",
            command=(sys.executable, "-m", "dagster._daemon", "run", *workspace),
            environment=common,
            log=logs / "daemon.log",
            cwd=ROOT,
            after="code",
        ),
    ]


def _workspace(settings: Settings) -> Path:
    """A workspace of one code server for all: by workspace.yaml each of Dagster's processes would start its own, and
    the daemon a new one every minute.
    """
    file = settings.home / "run" / "workspace.yaml"
    server = {"host": "127.0.0.1", "port": settings.ports.code, "location_name": "twin"}
    write_json(file, {"load_from": [{"grpc_server": server}]})
    return file


def engine_base(settings: Settings) -> str:
    """The one base model that SGLang serves: that of the recipes. Raises ConfigError when they disagree."""
    from twin_assets.errors import ConfigError

    bases = {name: recipe.base_model for name, recipe in settings.recipes.items()}
    if len(set(bases.values())) != 1:
        raise ConfigError(
            f"the recipes name {len(set(bases.values()))} base models: {bases!r}",
            "one SGLang server serves one base model with all its adapters: give all recipes the same",
        )
    return next(iter(bases.values()))
