"""The author's habits on a platform, read from what was collected there and kept until there is more."""

import threading
from collections.abc import Collection

from twin_assets.drafting.habits import Habits, measure
from twin_assets.errors import StorageError
from twin_assets.records import Kind, RawDocument
from twin_assets.storage import TableStore
from twin_assets.storage.sql import one_of

NONE = Habits()


class HabitReader:
    """Measures habits once for each version of the collected documents. Safe to use from several threads."""

    def __init__(self, tables: TableStore) -> None:
        self._tables = tables
        self._lock = threading.Lock()
        self._known: dict[tuple[Kind, ...], tuple[int, Habits]] = {}

    def of(self, kinds: tuple[Kind, ...]) -> Habits:
        """The habits in the author's own posts of these kinds; none where there are none, or no table to read."""
        if not kinds:
            return NONE
        with self._lock:
            try:
                table = self._tables.find(RawDocument)
                if table is None:
                    return NONE
                version = int(table.version)
                known = self._known.get(kinds)
                if known is None or known[0] != version:
                    known = self._known[kinds] = (version, measure(self._texts(kinds)))
            except StorageError:
                return NONE
        return known[1]

    def _texts(self, kinds: Collection[Kind]) -> list[str]:
        """The author's own posts; of one that two sources hold, either."""
        own = f"{one_of('kind', kinds)} AND excluded = ''"
        rows = self._tables.columns(RawDocument, ["document_id", "text"], own).to_pydict()
        return list(dict(zip(rows["document_id"], rows["text"], strict=True)).values())
