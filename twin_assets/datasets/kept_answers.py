"""Models' answers that rejected texts are made of, kept as they arrive: what was interrupted goes on, nothing twice."""

from collections.abc import Collection
from pathlib import Path

from twin_assets.datasets.responses import Response, ResponseCache
from twin_assets.records import InstructionSample

FILE = "preferences/answers.sqlite"


class KeptAnswers(ResponseCache):
    """The answers of base model and champion, in the author's home. Raises StorageError."""

    def find(self, key: str) -> tuple[str, str] | None:
        """Origin and answer to what `key` names, or None."""
        row = self._run("SELECT model, reply FROM responses WHERE key = ?", (key,)).fetchone()
        return None if row is None else (str(row[0]), str(row[1]))

    def keep(self, key: str, sample: InstructionSample, origin: str, answer: str) -> None:
        """Keep an answer, on disk when this returns."""
        self.put(Response(key, sample.sample_id, sample.document_id, origin, answer))


def forget_answers(home: Path, document_ids: Collection[str]) -> int:
    """Remove the answers to requests made of documents; how many there were."""
    file = home / FILE
    if not file.is_file():
        return 0
    with KeptAnswers(file) as kept:
        return kept.forget(document_ids)
