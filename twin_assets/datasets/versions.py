"""Versions of the datasets: what each was made of and how, and how an old one is found again.

A version is a Lance version that is tagged with the digest of its rows, and a row of `dataset_versions`. Tags hold:
what is tagged is never cleaned up, save by `twin forget`; the row of such a version stays as a note that it was.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from twin_assets.digests import digest
from twin_assets.errors import ConfigError
from twin_assets.records import DatasetVersion, InstructionSample, PreferenceSample
from twin_assets.storage import TableStore
from twin_assets.storage.sql import equals

Dataset = Literal["instruction_dataset", "preference_dataset"]
RECORDS: dict[str, type[InstructionSample] | type[PreferenceSample]] = {
    "instruction_dataset": InstructionSample,
    "preference_dataset": PreferenceSample,
}
LATEST = "latest"
_SHORTEST = 8


def record_version(
    tables: TableStore,
    dataset: Dataset,
    data_version: str,
    *,
    parents: Mapping[str, str],
    settings: Mapping[str, Any],
    counts: Mapping[str, Any],
    moved: Mapping[str, Any],
    now: datetime | None = None,
) -> DatasetVersion:
    """Tag the table's current version, and note it down once; returns what is noted. Raises StorageError.

    A digest that was there before keeps its row, with the Lance version that its tag points to by now and with these
    parents besides its earlier ones: other input may give the same rows.
    """
    lance_version = tables.tag(RECORDS[dataset], data_version)
    version_id = digest("dataset version", dataset, data_version)
    mine = equals("version_id", version_id)
    known = tables.read(DatasetVersion, mine)
    made_from: dict[str, list[str]] = json.loads(known[0].parents) if known else {}
    for name, parent in parents.items():
        made_from[name] = list(dict.fromkeys([*made_from.get(name, []), parent]))
    if known and known[0].lance_version == lance_version and known[0].parents == _json(made_from):
        return known[0]
    before = [v for v in versions(tables, dataset) if v.digest != data_version]
    version = DatasetVersion(
        version_id=version_id,
        dataset=dataset,
        digest=data_version,
        lance_version=lance_version,
        previous=known[0].previous if known else before[-1].digest if before else "",
        created_at=known[0].created_at if known else (now or datetime.now(UTC)),
        settings_digest=digest(settings),
        parents=_json(made_from),
        settings=_json(settings),
        counts=known[0].counts if known else _json(counts),
        moved=known[0].moved if known else _json(moved),
    )
    tables.sync(DatasetVersion, [version], mine)
    return version


def versions(tables: TableStore, dataset: str | None = None) -> list[DatasetVersion]:
    """What is noted of all versions, or of those of one dataset, oldest first. Raises StorageError."""
    found = tables.read(DatasetVersion, equals("dataset", dataset) if dataset else None)
    return sorted(found, key=lambda version: (version.created_at, version.version_id))


def tags(tables: TableStore, dataset: str) -> dict[str, int]:
    """The digests of the versions that can be read, with their Lance versions. Raises StorageError."""
    record = RECORDS[dataset]
    table = tables.find(record)
    if table is None:
        return {}
    with tables.reading(record):
        return {str(name): int(tag["version"]) for name, tag in table.tags.list().items()}


def resolve(tables: TableStore, dataset: str, reference: str, latest: str = "") -> str:
    """The digest of the version that `reference` means: `latest`, or the first 8 digits or more of a digest.

    Args:
        latest: the digest that `latest` stands for; when empty the version that was noted last.

    Raises ConfigError when it means none, or several; StorageError.
    """
    if reference == LATEST:
        found = latest or next((v.digest for v in reversed(versions(tables, dataset))), "")
        if not found:
            raise ConfigError(f"there is no version of {dataset!r} yet", "run `twin up`, or materialize it")
        return found
    readable = tags(tables, dataset)
    matching = [name for name in readable if len(reference) >= _SHORTEST and name.startswith(reference)]
    if len(matching) == 1:
        return matching[0]
    noted = [v.digest for v in versions(tables, dataset) if v.digest in readable]
    known = ", ".join(name[:12] for name in noted[-5:]) or "none yet"
    problem = f"means {len(matching)} versions" if matching else "is no version that can be read"
    raise ConfigError(f"{reference!r} {problem} of {dataset!r}", f"`twin datasets list` shows them (the last: {known})")


def read_version(tables: TableStore, dataset: str, data_version: str) -> list[Any]:
    """The samples of a version, by its digest. Raises ConfigError when it cannot be read any more; StorageError."""
    if data_version not in tags(tables, dataset):
        raise ConfigError(
            f"version {data_version!r} of {dataset!r} is not there (any more)", "`twin datasets list` shows what is"
        )
    return tables.read(RECORDS[dataset], version=data_version)


def preferences_for(tables: TableStore, instructions: str) -> str:
    """The newest version of `preference_dataset` that was made from a version of `instruction_dataset`.

    Raises ConfigError when there is none.
    """
    readable = tags(tables, "preference_dataset")
    for version in reversed(versions(tables, "preference_dataset")):
        parents = json.loads(version.parents).get("instruction_dataset", [])
        if instructions in parents and version.digest in readable:
            return version.digest
    raise ConfigError(
        f"no version of 'preference_dataset' was made from {instructions[:12]!r} of 'instruction_dataset'",
        "leave `dpo` out of this recipe (`dpo: null`), or set its `dataset` to a version that has one",
    )


def _json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, sort_keys=True, default=str)
