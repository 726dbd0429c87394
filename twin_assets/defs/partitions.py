"""Partitions: where the outside world is touched (source) and where a choice is made (recipe)."""

import dagster as dg

SOURCES = dg.DynamicPartitionsDefinition(name="source")
RECIPES = dg.DynamicPartitionsDefinition(name="recipe")


def register(instance: dg.DagsterInstance, sources: list[str], recipes: list[str]) -> None:
    """Make partitions of what the config names. Partitions are never taken away: what was stored stays readable."""
    for partitions, wanted in ((SOURCES, sources), (RECIPES, recipes)):
        name = str(partitions.name)
        missing = sorted(set(wanted) - set(instance.get_dynamic_partitions(name)))
        if missing:
            instance.add_dynamic_partitions(name, missing)
