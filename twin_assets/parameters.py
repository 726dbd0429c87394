"""What besides its upstream assets decides the content of each asset: settings, files and versions of the code."""

from collections.abc import Callable
from pathlib import Path

from twin_assets.digests import config_digest, digest
from twin_assets.lineage import Node
from twin_assets.records import FeedbackEvent
from twin_assets.settings import Recipe, Settings
from twin_assets.storage import TableStore


def parameters(settings: Settings, node: Node) -> str:
    """Digest of a node's own parameters. Cheap: reads no text and loads no model."""
    return digest(_OF[node.asset](settings, node.partition))


def _raw_documents(settings: Settings, partition: str) -> object:
    from twin_assets.collection import fingerprint
    from twin_assets.collection.keep import forgotten

    source = next(source for source in settings.sources.sources if source.name == partition)
    return [settings.author, fingerprint(source), forgotten(settings.collection_dir).get(partition, [])]


def _cleaned_documents(settings: Settings, _: str) -> object:
    from twin_assets.features.clean import CleaningPolicy

    policy = CleaningPolicy.of(settings.features)
    return [policy.digest(), policy.boilerplate_share]


def _corpus(settings: Settings, _: str) -> object:
    from twin_assets.features.corpus import CorpusPolicy
    from twin_assets.features.fingerprint import FINGERPRINT_VERSION

    return [CorpusPolicy.of(settings).digest(), FINGERPRINT_VERSION]


def _chunks(settings: Settings, _: str) -> object:
    from twin_assets.features.chunk import CHUNKER_VERSION

    return [CHUNKER_VERSION, _model(settings, settings.features.embedder)]


def _chunk_embeddings(settings: Settings, _: str) -> object:
    from twin_assets.features.active import STORE_VERSION

    features = settings.features
    return [
        STORE_VERSION,
        _model(settings, features.embedder),
        features.embedder,
        features.embedding_precision,
        features.vector_index_rows,
    ]


def _instruction_dataset(settings: Settings, _: str) -> object:
    bases = sorted({recipe.base_model for recipe in settings.recipes.values()})
    # How many questions are asked at once changes no answer.
    teacher = digest(settings.teacher().model_dump(mode="json", exclude={"concurrency"}))
    of_pairs = {"preference_pairs", "preference_origins", "preference_round", "feedback_batch"}
    datasets = settings.datasets.model_dump(mode="json", exclude=of_pairs)
    return [datasets, teacher, settings.author, [_model(settings, base) for base in bases]]


def _preference_dataset(settings: Settings, _: str) -> object:
    from twin_assets.datasets.rejected import PREFERENCES_VERSION

    feedback = TableStore.of(settings).find(FeedbackEvent)
    batches = feedback.count_rows() // settings.datasets.feedback_batch if feedback is not None else 0
    datasets = settings.datasets
    return [
        PREFERENCES_VERSION,
        (datasets.preference_pairs, datasets.seed, datasets.preference_round, batches),
        datasets.preference_origins.model_dump(mode="json"),
    ]


def _sft_adapter(settings: Settings, partition: str) -> object:
    recipe = settings.recipes[partition]
    # What a recipe leaves as it always was is left out, so that a new key makes no adapter stale.
    content = recipe.model_dump(mode="json", exclude={"dataset", "sizes"})
    return [
        digest(content),
        *_pinned(recipe),
        *_cut(recipe),
        _model(settings, recipe.base_model),
        _list("train"),
        settings.author,
    ]


def _evaluation_report(settings: Settings, partition: str) -> object:
    recipe = settings.recipes[partition]
    return [config_digest(settings.evaluation), recipe.base_model, *_pinned(recipe)]


def _pinned(recipe: Recipe) -> list[str]:
    return [] if recipe.dataset == "latest" else [recipe.dataset]


def _cut(recipe: Recipe) -> list[str]:
    return [] if recipe.size == "all" else [str(recipe.size)]


def _model(settings: Settings, name: str) -> str:
    return config_digest(settings.model(name))


def _list(environment: str) -> str:
    """Digest of an environment's exact versions: the trainer's version, for one."""
    from twin_assets.machine.environments import environments

    return digest(*(Path(file).read_text() for file in environments()[environment].lists))


_OF: dict[str, Callable[[Settings, str], object]] = {
    "raw_documents": _raw_documents,
    "cleaned_documents": _cleaned_documents,
    "corpus": _corpus,
    "chunks": _chunks,
    "chunk_embeddings": _chunk_embeddings,
    "instruction_dataset": _instruction_dataset,
    "preference_dataset": _preference_dataset,
    "sft_adapter": _sft_adapter,
    "dpo_adapter": _sft_adapter,
    "evaluation_report": _evaluation_report,
    "registered_model": lambda settings, partition: settings.recipes[partition].deploy,
    "deployed_twin": lambda settings, _: sorted(n for n, recipe in settings.recipes.items() if recipe.deploy),
}
