"""Every version of a dataset is noted once, found again by its digest, and can be read for good."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from twin_assets.datasets.diff import difference
from twin_assets.datasets.drift import drift_page
from twin_assets.datasets.versions import (
    preferences_for,
    read_version,
    record_version,
    resolve,
    tags,
    versions,
)
from twin_assets.errors import ConfigError
from twin_assets.records import DatasetVersion, FeedbackEvent, InstructionSample, PreferenceSample
from twin_assets.storage import ArtifactStore, TableStore
from twin_assets.storage.purge import purge
from twin_assets_tests.datasets.conftest import make_sample

NOW = datetime(2026, 3, 1, tzinfo=UTC)
NAME = "instruction_dataset"


@pytest.fixture
def tables(tmp_path: Path) -> TableStore:
    return TableStore(str(tmp_path / "lance"))


def written(tables: TableStore, samples: list[Any], minutes: int = 0, **parents: str) -> DatasetVersion:
    record: Any = type(samples[0])
    change = tables.sync(record, samples)
    return record_version(
        tables,
        record.TABLE,
        change.data_version,
        parents=parents,
        settings={"seed": 42},
        counts={"samples": len(samples)},
        moved={"test -> train": ["d"]} if minutes else {},
        now=NOW + timedelta(minutes=minutes),
    )


def pair(sample: InstructionSample) -> PreferenceSample:
    place = (sample.sample_id, sample.document_id, sample.start, sample.end)
    return PreferenceSample(*place, "Why?", sample.answer, "Other.", "base:x", "train", "", "write", "", ("other",))


def test_a_version_says_where_it_is_and_what_it_was_made_of(tables: TableStore) -> None:
    version = written(tables, [make_sample("a")], corpus="c1", chunks="k1")
    assert (version.dataset, version.previous, version.created_at) == (NAME, "", NOW)
    assert json.loads(version.parents) == {"chunks": ["k1"], "corpus": ["c1"]}
    assert json.loads(version.settings) == {"seed": 42}
    assert tags(tables, NAME) == {version.digest: version.lance_version}
    assert versions(tables) == versions(tables, NAME) == [version]
    assert versions(tables, "preference_dataset") == []


def test_the_same_rows_again_are_the_same_version_and_write_nothing(tables: TableStore) -> None:
    first = written(tables, [make_sample("a")])
    notes = tables.open(DatasetVersion).version
    assert written(tables, [make_sample("a")], 5) == first
    assert tables.open(DatasetVersion).version == notes


def test_other_input_that_gives_the_same_rows_is_noted_beside_the_first(tables: TableStore) -> None:
    first = written(tables, [make_sample("a")], corpus="c1")
    again = written(tables, [make_sample("a")], 5, corpus="c2")
    assert json.loads(again.parents) == {"corpus": ["c1", "c2"]}
    assert replace(again, parents=first.parents) == first
    assert versions(tables) == [again]


def test_an_old_version_is_read_as_it_was(tables: TableStore) -> None:
    old = written(tables, [make_sample("a"), make_sample("b")])
    new = written(tables, [make_sample("b"), make_sample("c")], 1)
    assert new.previous == old.digest
    assert {s.instruction for s in read_version(tables, NAME, old.digest)} == {"Tell me about a.", "Tell me about b."}
    assert {s.instruction for s in read_version(tables, NAME, new.digest)} == {"Tell me about b.", "Tell me about c."}


def test_going_back_to_earlier_rows_keeps_the_note_and_moves_the_tag(tables: TableStore) -> None:
    old = written(tables, [make_sample("a")])
    written(tables, [make_sample("b")], 1)
    again = written(tables, [make_sample("a")], 2)
    assert (again.digest, again.created_at, again.previous) == (old.digest, NOW, "")
    assert again.lance_version == tags(tables, NAME)[old.digest] > old.lance_version
    assert len(versions(tables)) == 2


def test_a_version_is_found_by_latest_or_the_beginning_of_its_digest(tables: TableStore) -> None:
    with pytest.raises(ConfigError, match="no version"):
        resolve(tables, NAME, "latest")
    old, new = written(tables, [make_sample("a")]), written(tables, [make_sample("b")], 1)
    assert resolve(tables, NAME, "latest") == new.digest
    assert resolve(tables, NAME, "latest", "as recorded") == "as recorded"
    assert resolve(tables, NAME, old.digest[:8]) == resolve(tables, NAME, old.digest) == old.digest
    with pytest.raises(ConfigError, match="is no version that can be read") as caught:
        resolve(tables, NAME, "0" * 8)
    assert new.digest[:12] in caught.value.remedy
    with pytest.raises(ConfigError):
        resolve(tables, NAME, old.digest[:4])


def test_a_forgotten_version_stays_as_a_note_and_cannot_be_read(tables: TableStore) -> None:
    old = written(tables, [make_sample("a"), make_sample("b")])
    written(tables, [make_sample("b")], 1)
    gone = purge(tables, InstructionSample, ["document of a"])
    assert gone.tags == (old.digest,)
    assert versions(tables)[0] == old
    with pytest.raises(ConfigError, match="not there"):
        read_version(tables, NAME, old.digest)


def test_what_is_made_of_a_document_in_any_way_is_forgotten_with_it(tables: TableStore) -> None:
    sample = make_sample("a", context_documents=("shown",))
    event = FeedbackEvent.of("draft", "thumb_up", "Why?", "So.", NOW, used_document_ids=("x", "y"))
    for row, document in ((sample, "shown"), (pair(sample), "other"), (event, "y")):
        record: Any = type(row)
        tables.sync(record, [row])
        assert purge(tables, record, [document]).rows == 1
        assert tables.read(record) == []


def test_pairs_of_an_old_version_are_those_that_were_made_from_it(tables: TableStore) -> None:
    sample = make_sample("a")
    with pytest.raises(ConfigError, match="was made from"):
        preferences_for(tables, "v1")
    first = written(tables, [pair(sample)], instruction_dataset="v1")
    second = written(tables, [replace(pair(sample), rejected="More.")], 1, instruction_dataset="v1")
    written(tables, [replace(pair(sample), rejected="Else.")], 2, instruction_dataset="v2")
    assert preferences_for(tables, "v1") == second.digest != first.digest


def test_a_difference_names_every_sample_once_and_the_fields_that_changed() -> None:
    a, b, c = make_sample("a"), make_sample("b"), make_sample("c")
    moved = replace(b, split="test", title="Another")
    found = difference([a, b], [moved, c])
    assert (found.added, found.removed, found.unchanged) == ([c], [a], 0)
    assert [(x.before, x.after, x.fields) for x in found.changed] == [(b, moved, ("split", "title"))]
    assert difference([a, b], [b, a]).unchanged == 2


def test_the_data_report_shows_drift_against_the_version_before_and_no_text(tmp_path: Path) -> None:
    artifacts = ArtifactStore(str(tmp_path / "artifacts"), tmp_path / "cache")
    before = [make_sample(f"b{n}") for n in range(40)]
    after = [make_sample(f"a{n}", answer="Short as a wink.", family="explain") for n in range(40)]
    page, figures = drift_page(artifacts, NAME, "v2", before, after)
    assert figures["drifted_share"] > 0
    html = page.read_text(encoding="utf-8")
    assert "answer_words" in html
    assert "Short as a wink" not in html
    stamp = page.stat().st_mtime_ns
    assert drift_page(artifacts, NAME, "v2", [], [])[1] == figures
    assert page.stat().st_mtime_ns == stamp
    assert drift_page(artifacts, NAME, "v1", [], before)[1] == {}
    page, figures = drift_page(artifacts, NAME, "v3", before, [])
    assert (figures, "no samples" in page.read_text()) == ({}, True)
