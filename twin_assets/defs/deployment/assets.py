"""`registered_model` and `deployed_twin`: what passed its evaluation is registered, what is registered answers."""

import dagster as dg

from twin_assets.defs.evaluation.assets import evaluation_report, stored_report
from twin_assets.defs.figures import figures_table
from twin_assets.defs.partitions import RECIPES
from twin_assets.defs.resources import TwinResource
from twin_assets.defs.stage import stage
from twin_assets.errors import DeploymentError


class DeployConfig(dg.Config):
    """How to deploy: `rollback: true` goes back to the deployment before the current one."""

    rollback: bool = False


@dg.asset(partitions_def=RECIPES, deps=[evaluation_report], group_name="deployment", kinds={"mlflow"})
def registered_model(context: dg.AssetExecutionContext, twin: TwinResource) -> dg.MaterializeResult:
    """The adapter in MLflow's registry, as the challenger. Refused unless its own evaluation passed the gate."""
    with stage(context, twin) as s:
        from twin_assets.deployment.registry import ModelRegistry
        from twin_assets.evaluation.figures import metrics
        from twin_assets.evaluation.gate import decide

        adapter = s.version("dpo_adapter", s.node.partition)
        report = stored_report(s.twin, adapter)
        decision = decide(report, s.twin.settings.evaluation, adapter)
        if not decision.passed:
            raise DeploymentError(
                f"adapter {adapter!r} did not pass its evaluation: {'; '.join(decision.reasons)}",
                "see the evaluation report; add writing, or change the recipe",
            )
        registry = ModelRegistry(s.twin.settings.url("mlflow"))
        version = registry.register(
            report.adapter_digest,
            s.node.partition,
            metrics(report),
            f"{s.twin.settings.artifacts_uri}/adapters/{report.adapter_digest}",
            report.dataset_versions,
            [],
        )
        return s.result(
            report.adapter_digest,
            {
                "version": version,
                "adapter": report.adapter_digest,
                "metrics": figures_table(metrics(report)),
                "mlflow": dg.MetadataValue.url(f"{s.twin.settings.url('mlflow')}/#/models"),
            },
        )


@dg.asset(deps=[registered_model], group_name="deployment", kinds={"sglang"})
def deployed_twin(context: dg.AssetExecutionContext, config: DeployConfig, twin: TwinResource) -> dg.MaterializeResult:
    """The adapter that answers: loaded into the running server without a restart, probed, then made current."""
    with stage(context, twin) as s:
        from twin_assets.deployment.deploy import deploy, fetch_from, rollback
        from twin_assets.deployment.records import Candidate, DeploymentStore
        from twin_assets.deployment.registry import ModelRegistry

        settings, fetch = s.twin.settings, fetch_from(s.twin.artifacts)
        store, registry = DeploymentStore(settings.home), ModelRegistry(settings.url("mlflow"))
        if config.rollback:
            deployment = rollback(s.twin.engine, store, fetch, settings.author, s.report)
        else:
            wanted = [name for name, recipe in settings.recipes.items() if recipe.deploy]
            digests = {name: version for name in wanted if (version := s.version("registered_model", name))}
            reports = {name: stored_report(s.twin, digest) for name, digest in digests.items()}
            best = min(reports, key=lambda name: reports[name].likelihood.twin)
            candidate = Candidate(
                adapter_digest=digests[best],
                adapter_uri=f"{settings.artifacts_uri}/adapters/{digests[best]}",
                recipe=best,
                dataset_versions=reports[best].dataset_versions,
                model_version=registry.version_of(digests[best]),
            )
            deployment = deploy(s.twin.engine, store, candidate, fetch, settings.author, s.report)
        if deployment.model_version is not None:
            registry.promote(deployment.model_version)
        return s.result(
            deployment.deployment_id,
            {
                "deployment": figures_table(deployment.model_dump(mode="json", exclude={"dataset_versions"})),
                "datasets": figures_table(deployment.dataset_versions),
                "probe": deployment.probe,
                "chat": dg.MetadataValue.url(settings.url("service")),
            },
        )
