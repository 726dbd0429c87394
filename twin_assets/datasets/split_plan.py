"""Which split each document is in: the newest writing is the test set, and what says the same is on one side.

A pure function of the documents and the settings, made to stay as documents are added: see `_cut`.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from twin_assets.datasets.groups import near_duplicate_groups
from twin_assets.datasets.splits import position_of, split_of
from twin_assets.records import CorpusDocument, Split
from twin_assets.settings import DatasetSettings

SLACK = 1.5
"""How many times its share of the words the test set may grow to before the cut moves on to newer writing."""
LARGEST_TEST = 0.5
"""Share of the words above which one piece of writing alone is too much to test with."""
FEWEST_DATED = 2.0
"""Dated writing, in test sets, below which there is no newest writing to speak of and documents are split by hash."""


@dataclass(frozen=True)
class SplitPlan:
    """The split of each document, and how it came about.

    `cut` is the moment from which first-written documents are test; None when documents were split by hash. `groups`
    are the near-duplicates of more than one document. `why` says it to a person.
    """

    splits: dict[str, Split]
    method: Literal["time", "hash"]
    cut: datetime | None
    groups: list[list[str]]
    why: str


@dataclass(frozen=True)
class _Group:
    """Documents that are not parted; dated by the first of them, since what is repeated later is not unseen."""

    name: str
    members: tuple[str, ...]
    words: int
    first: datetime | None


def plan_splits(documents: Sequence[CorpusDocument], settings: DatasetSettings) -> SplitPlan:
    """Assign documents to splits, near-duplicates together; private ones only when they are trained on.

    By time, test is what was first written at or after a cut, `settings.test` of the words or a little more; documents
    without a date are never test. The rest is parted into train and validation by hash. By hash, or where too little
    is dated, all three are.

    What a further document moves: a newest one is test, and nothing else moves until test has grown to `SLACK` times
    its share; then the cut moves on, and the oldest test documents become train or validation. One that shares 13 words
    with others joins their group, which moves to the side of its oldest member.
    """
    usable = sorted((d for d in documents if settings.train_on_private or d.scope != "private"), key=_by_id)
    groups = _groups(usable)
    together = [list(group.members) for group in groups if len(group.members) > 1]
    dated = sum(group.words for group in groups if group.first)
    total = sum(group.words for group in groups)
    cut, why = None, "documents are split by hash, as `datasets.split` says"
    if settings.split == "time":
        cut = _cut(groups, settings.test * total) if dated >= FEWEST_DATED * settings.test * total else None
        why = f"only {dated:,} of {total:,} words have a date: documents are split by hash"
    if cut is None:
        shares = (settings.seed, settings.validation, settings.test)
        splits = {i: split_of(group.name, *shares) for group in groups for i in group.members}
        return SplitPlan(splits, "hash", None, together, why)
    held_out = [group for group in groups if group.first and group.first >= cut]
    chosen: dict[str, Split] = {i: "test" for group in held_out for i in group.members}
    rest = [group for group in groups if group.first is None or group.first < cut]
    share = settings.validation / max(1 - settings.test, settings.validation, 1e-9)
    positions = {group.name: position_of(settings.seed, group.name) for group in rest}
    validating = {name for name, position in positions.items() if position < share}
    if not validating and settings.validation and len(rest) > 2:
        validating = {min(positions, key=lambda name: positions[name])}
    for group in rest:
        chosen |= dict.fromkeys(group.members, "validation" if group.name in validating else "train")
    words = sum(group.words for group in held_out)
    why = f"test is what was first written from {cut:%Y-%m-%d} on: {words:,} of {total:,} words"
    return SplitPlan(chosen, "time", cut, together, why)


def moved(before: Mapping[str, Split], now: Mapping[str, Split]) -> dict[str, list[str]]:
    """Documents that are in another split than before, by `from -> to`; new and vanished ones have not moved."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for name in sorted(before.keys() & now.keys()):
        if before[name] != now[name]:
            found[f"{before[name]} -> {now[name]}"].append(name)
    return dict(sorted(found.items()))


def _groups(documents: Sequence[CorpusDocument]) -> list[_Group]:
    by_id = {document.document_id: document for document in documents}
    found = []
    for members in near_duplicate_groups(documents):
        dated = [(date, i) for i in members if (date := by_id[i].published_at)]
        first = min(dated) if dated else None
        words = sum(by_id[i].words for i in members)
        found.append(_Group(first[1] if first else members[0], tuple(members), words, first[0] if first else None))
    return found


def _cut(groups: Sequence[_Group], wanted: float) -> datetime | None:
    """The moment from which writing is test: the latest `wanted` words, up to `SLACK` times as many.

    Of the moments in that range the beginning of the longest period (year, quarter, month, week, day) is taken, so that
    it stays the same while the range moves on with new documents. Where one day holds more than the range, the nearest
    moment above is taken, unless that makes test larger than `LARGEST_TEST`. None when nothing is left to train on.
    """
    dated = sorted((g.first, g.words) for g in groups if g.first)
    undated = sum(g.words for g in groups if not g.first)
    total = undated + sum(words for _, words in dated)
    found: list[tuple[int, int, datetime]] = []
    suffix = 0
    for at in range(len(dated) - 1, -1, -1):
        suffix += dated[at][1]
        if at and dated[at][0] > dated[at - 1][0]:
            rank, moment = _beginning(dated[at - 1][0], dated[at][0])
            found.append((rank, suffix, moment))
        elif not at and undated:
            found.append((len(_PERIODS), suffix, dated[0][0]))
    fitting = [entry for entry in found if wanted <= entry[1] <= SLACK * wanted]
    if fitting:
        return min(fitting)[2]
    above = [entry for entry in found if wanted <= entry[1] <= LARGEST_TEST * total]
    below = [entry for entry in found if entry[1] < wanted]
    if not (above or below):
        return None
    return min(above, key=lambda e: e[1])[2] if above else max(below, key=lambda e: e[1])[2]


def _beginning(before: datetime, after: datetime) -> tuple[int, datetime]:
    """The longest period that begins between two moments: its rank, 0 for a year, and its beginning."""
    for rank, period in enumerate(_PERIODS):
        start = _start(period, after)
        if before < start:
            return rank, start
    return len(_PERIODS), after


_PERIODS = ("year", "quarter", "month", "week", "day")


def _start(period: str, moment: datetime) -> datetime:
    moment = moment.astimezone(UTC)
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    if period == "day":
        return day
    if period == "week":
        return day - timedelta(days=day.weekday())
    month = {"year": 1, "quarter": (day.month - 1) // 3 * 3 + 1, "month": day.month}[period]
    return day.replace(month=month, day=1)


def _by_id(document: CorpusDocument) -> str:
    return document.document_id
