"""A teacher's answers are kept as they arrive, through a crash, until their document is forgotten."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from twin_assets.datasets.responses import FILE, Response, ResponseCache, Spent, forget_responses
from twin_assets.errors import StorageError

SECRET = "the zebrafinch in the radio room"


def response(key: str, document: str = "d1", said: str = "Why?") -> Response:
    return Response(key, f"sample {key}", document, "openai/base", said, 100, 7, 0.25)


def test_what_was_put_is_there_and_nothing_else(tmp_path: Path) -> None:
    with ResponseCache(tmp_path / "r.sqlite") as cache:
        cache.put(response("a"))
        assert (cache.get("a"), cache.get("b")) == ("Why?", None)
    with ResponseCache(tmp_path / "r.sqlite") as cache:
        assert cache.get("a") == "Why?"


def test_tokens_and_cost_are_kept_for_each_sample(tmp_path: Path) -> None:
    with ResponseCache(tmp_path / "r.sqlite") as cache:
        assert cache.spent() == Spent(0, 0, 0, 0.0)
        for key in "abc":
            cache.put(response(key))
        assert cache.spent() == Spent(3, 300, 21, 0.75)
        assert cache.spent("sample b") == Spent(1, 100, 7, 0.25)


def test_an_answer_survives_a_kill_right_after_it_was_put(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from twin_assets.datasets.responses import Response, ResponseCache\n"
        "cache = ResponseCache(Path(sys.argv[1]))\n"
        "cache.put(Response('a', 's', 'd', 'm', 'kept'))\n"
        "os.kill(os.getpid(), 9)"
    )
    file = tmp_path / "r.sqlite"
    killed = subprocess.run([sys.executable, "-c", code, str(file)], cwd=Path(__file__).parents[2], env=os.environ)
    assert killed.returncode == -signal.SIGKILL
    with ResponseCache(file) as cache:
        assert cache.get("a") == "kept"


def test_a_forgotten_documents_answers_leave_the_disk(tmp_path: Path) -> None:
    with ResponseCache(tmp_path / FILE) as cache:
        cache.put(response("a", "d1", SECRET))
        cache.put(response("b", "d2"))
    assert forget_responses(tmp_path, {"d1"}) == 1
    assert not [f for f in tmp_path.rglob("*") if f.is_file() and SECRET.encode() in f.read_bytes()]
    with ResponseCache(tmp_path / FILE) as cache:
        assert (cache.get("a"), cache.get("b")) == (None, "Why?")
    assert forget_responses(tmp_path, {"d1"}) == 0


def test_nothing_is_made_where_no_teacher_was_asked(tmp_path: Path) -> None:
    assert forget_responses(tmp_path, {"d1"}) == 0
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    file = tmp_path / "r.sqlite"
    file.write_text("nothing of the kind " * 99)
    with pytest.raises(StorageError, match="remove the file"):
        ResponseCache(file)
