"""Keeping tables small and fast to read: small files merged, old versions removed, tables dropped that nobody reads."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from twin_assets.errors import StorageError
from twin_assets.storage.tables import TableStore


@dataclass(frozen=True)
class Maintained:
    """A table after maintenance: its rows, versions before and after, and files of data before and after."""

    table: str
    rows: int
    versions_before: int
    versions: int
    fragments_before: int
    fragments: int


def table_names(store: TableStore) -> list[str]:
    """The names of all tables, sorted. Raises StorageError."""
    names: list[str] = []
    page: str | None = None
    with _reported("tables", "listed"):
        while True:
            found = store.connection().list_tables(page_token=page, limit=1000)
            names += found.tables
            page = found.page_token
            if not page:
                return sorted(names)


def maintain(store: TableStore, name: str, keep: timedelta) -> Maintained:
    """Merge a table's small files, add new rows to its indexes, and remove versions older than `keep`.

    Tagged versions and those after the oldest of them stay, and so does every version that was written within `keep`:
    whoever has opened one in that time reads it to the end. Files of a write that is under way are not touched.
    Raises StorageError.
    """
    with _reported(name, "compacted"):
        table = store.connection().open_table(name)
        versions, fragments = len(table.list_versions()), _fragments(table)
        tagged = {int(tag["version"]) for tag in table.tags.list().values()}
        times = [_utc(version["timestamp"]) for version in table.list_versions() if version["version"] in tagged]
        # Lance refuses to clean up as a whole when a version so old is tagged.
        protected = datetime.now(UTC) - min(times) + timedelta(seconds=1) if times else keep
        table.optimize(cleanup_older_than=max(keep, protected))
        return Maintained(name, table.count_rows(), versions, len(table.list_versions()), fragments, _fragments(table))


def written_at(store: TableStore, name: str) -> datetime:
    """When a table was last written. Raises StorageError."""
    with _reported(name, "read"):
        return max(_utc(version["timestamp"]) for version in store.connection().open_table(name).list_versions())


def drop(store: TableStore, name: str) -> None:
    """Remove a table with all its versions. Raises StorageError."""
    with _reported(name, "dropped"):
        store.connection().drop_table(name)


def _utc(moment: datetime) -> datetime:
    """LanceDB gives times of this machine without a zone, which `astimezone` takes them for."""
    return moment.astimezone(UTC)


def _fragments(table: Any) -> int:
    return int(table.stats()["fragment_stats"]["num_fragments"])


@contextmanager
def _reported(name: str, what: str) -> Iterator[None]:
    try:
        yield
    except (OSError, RuntimeError, ValueError) as error:
        raise StorageError(
            f"{name!r} cannot be {what}: {' '.join(str(error).split())[:500]}",
            "check that the storage can be reached (`twin doctor`), then run again: nothing is lost",
        ) from error
