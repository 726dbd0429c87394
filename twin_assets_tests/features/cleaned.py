"""Cleaning of documents all in memory: what the stage, which goes by what changed, must come to as well."""

from collections.abc import Sequence

import pyarrow as pa

from twin_assets.features.boilerplate import boilerplate
from twin_assets.features.clean import Cleaned, CleaningPolicy, Prepared, finish, prepare
from twin_assets.records import RawDocument


def clean_documents(raws: Sequence[RawDocument], policy: CleaningPolicy | None = None) -> Cleaned:
    """Clean the author's own documents of any sources; rows with `excluded` are left where they are."""
    policy = policy or CleaningPolicy()
    by_source: dict[str, list[Prepared]] = {}
    for raw in raws:
        if not raw.excluded:
            by_source.setdefault(raw.source, []).append(prepare(raw, policy))
    cleaned = Cleaned([], [])
    for prepared in by_source.values():
        candidates = pa.array((p.candidates for p in prepared), pa.list_(pa.int64()))
        repeated = boilerplate(candidates, policy.boilerplate_share)
        for one in prepared:
            document, found = finish(one, repeated, policy)
            cleaned.documents.extend([document] if document else [])
            cleaned.exclusions.extend(found)
    return cleaned
