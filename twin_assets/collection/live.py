"""A run of a live source: whatever it yields is kept, even if it fails half-way."""

import os
import time
from collections import Counter

from twin_assets.collection.collector import Gone, LiveCollector, Origin, Visit, set_aside
from twin_assets.collection.keep import Keep
from twin_assets.errors import SourceError
from twin_assets.progress import Report
from twin_assets.records import Exclusion
from twin_assets.settings import CollectionSettings
from twin_assets.storage import Change

SAVE_EVERY_S = 30.0
"""A run that is killed loses at most what came in this time."""


def collect_live(
    collector: LiveCollector, origin: Origin, settings: CollectionSettings, keep: Keep, report: Report
) -> Change:
    """Fetch what is new, keep it, and return what changed in the table.

    Raises what the collector raises for a source that cannot be had, after what came before is stored; SourceError
    for a source that never yielded a document.
    """
    from twin_assets.collection.web.fetch import Fetcher

    fetcher = Fetcher(settings, keep.validators)
    visit = Visit(origin, fetcher, dict(keep.documents), keep.notes, report)
    counts: Counter[str] = Counter()
    saved = time.monotonic()
    try:
        for item in collector.collect(visit):
            if isinstance(item, Exclusion):
                keep.set_aside(item)
            elif isinstance(item, Gone):
                keep.mark_deleted(item.document_id, item.detail)
            else:
                keep.add(item)
                if item.excluded:
                    keep.set_aside(set_aside(item, origin))
            counts[type(item).__name__] += 1
            if time.monotonic() - saved > SAVE_EVERY_S:
                keep.save()
                saved = time.monotonic()
                report(f"{origin.source.name}: {counts['RawDocument']} documents up to now")
    finally:
        change = keep.save()
    if not keep.documents:
        reasons = Counter(e.reason for e in keep.exclusions.values())
        aside = ", ".join(f"{count} {reason}" for reason, count in sorted(reasons.items()))
        raise SourceError(
            f"source {origin.source.name!r} ({origin.source.place}) holds nothing to collect ({aside or 'no page'})",
            "check that the address is that of your own writing; see the exclusions for what was set aside",
        )
    new, gone = counts["RawDocument"], counts["Gone"]
    report(f"{origin.source.name}: {new} new or changed, {gone} gone, {len(keep.own)} own in all")
    return change


def github_token(settings: CollectionSettings) -> str:
    """The GitHub token of the environment, if there is one."""
    return os.environ.get(settings.github_token_env, "")
