"""What computes vectors: OpenVINO on a processor from a conversion that is kept, PyTorch where that cannot."""

import io
import logging
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from twin_assets.errors import ModelError
from twin_assets.features import encoders, openvino_conversion, openvino_encoder
from twin_assets.features.encoders import TorchEncoder, best_precision, load_encoder, load_sentence_transformer
from twin_assets.features.openvino_encoder import MOST_STREAMS, OpenVinoEncoder
from twin_assets.models import embedding_model_folder
from twin_assets_tests.features.test_embed import PINNED

IDS = np.array([[101, 2054, 2003, 102, 7592], [101, 2088, 102, 0, 0]], np.int64)
MASK = np.array([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]], np.int64)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return embedding_model_folder(PINNED, tmp_path_factory.getbasetemp())


@pytest.fixture(scope="module")
def kept(folder, tmp_path_factory):
    """A conversion that the tests of this module read."""
    place = tmp_path_factory.mktemp("openvino") / "minilm"
    load_encoder(folder, "float32", place)
    return place


@pytest.fixture(scope="module")
def expected(folder):
    return TorchEncoder(folder, "float32").encode(IDS, MASK)


def shown(place):
    return sorted(entry.name for entry in place.iterdir() if not entry.name.endswith(".lock"))


def test_a_batch_has_a_thread_of_its_own_up_to_eight_at_once(folder, kept, monkeypatch):
    here = len(os.sched_getaffinity(0))
    for processors, streams in ((1, 1), (here, min(here, MOST_STREAMS)), (20, MOST_STREAMS)):
        monkeypatch.setattr(os, "sched_getaffinity", lambda _, n=processors: set(range(n)))
        encoder = OpenVinoEncoder(folder, "float32", kept)
        assert encoder.batches_at_once == streams
        assert int(encoder._compiled.get_property("NUM_STREAMS")) == min(streams, here)
        assert encoder._requests.qsize() == streams


READER = """
import sys
from pathlib import Path
import numpy as np
from twin_assets.features.encoders import load_encoder
encoder = load_encoder(Path(sys.argv[1]), "float32", Path(sys.argv[2]))
ids, mask = np.load(sys.argv[3])
np.save(sys.argv[4], encoder.encode(ids, mask))
print(sorted({"torch", "sentence_transformers", "openvino_telemetry.reported"} & set(sys.modules)))
"""


def test_a_kept_conversion_is_computed_without_pytorch_and_reports_to_nobody(folder, kept, expected, tmp_path):
    (tmp_path / "openvino_telemetry").mkdir()
    (tmp_path / "openvino_telemetry" / "__init__.py").write_text("from . import reported")
    (tmp_path / "openvino_telemetry" / "reported.py").write_text("")
    np.save(tmp_path / "asked.npy", np.stack([IDS, MASK]))
    command = [sys.executable, "-c", READER, folder, kept, tmp_path / "asked.npy", tmp_path / "found.npy"]
    path = os.pathsep.join([str(tmp_path), *sys.path])
    read = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path}, timeout=120)
    assert read.stdout.strip() == "[]", read.stderr
    np.testing.assert_allclose(np.load(tmp_path / "found.npy"), expected, atol=1e-5)


RACE = """
import faulthandler, sys, threading
from pathlib import Path
import numpy as np
from twin_assets.features.openvino_encoder import OpenVinoEncoder
faulthandler.dump_traceback_later(90, exit=True)
sys.setswitchinterval(1e-6)
encoder = OpenVinoEncoder(Path(sys.argv[1]), "float32", Path(sys.argv[2]))
words, barrier = np.ones((3, 8), np.int64), threading.Barrier(4)
def encode():
    barrier.wait()
    encoder.encode(words, words)
threads = [threading.Thread(target=encode) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""


def test_threads_that_embed_first_at_the_same_moment_do_not_wait_for_each_other_for_ever(folder, kept):
    # Without a first use by one thread alone, one process in three stood still.
    command = [sys.executable, "-c", RACE, folder, kept]
    racing = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(8)]
    assert [process.communicate()[1] for process in racing] == [""] * 8
    assert {process.returncode for process in racing} == {0}


def test_a_damaged_conversion_is_made_anew(folder, kept, expected, tmp_path, caplog):
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    (damaged / "model.xml").write_bytes((kept / "model.xml").read_bytes()[:5_000])
    (damaged / "model.bin").write_bytes(b"")
    with caplog.at_level(logging.WARNING):
        encoder = load_encoder(folder, "float32", damaged)
    assert "is made anew" in caplog.text
    np.testing.assert_allclose(encoder.encode(IDS, MASK), expected, atol=1e-5)
    assert (damaged / "model.bin").stat().st_size == (kept / "model.bin").stat().st_size
    assert shown(tmp_path) == ["damaged"]


def test_of_two_that_want_a_model_at_once_one_converts_it(folder, kept, expected, tmp_path, monkeypatch):
    began: list[Path] = []

    def convert(_folder, target):
        began.append(target)
        shutil.copytree(kept, target, dirs_exist_ok=True)

    monkeypatch.setattr(openvino_encoder, "_convert", convert)
    with ThreadPoolExecutor(4) as threads:
        loaded = list(threads.map(lambda _: load_encoder(folder, "float32", tmp_path / "minilm"), range(4)))
    assert len(began) == 1
    for encoder in loaded:
        np.testing.assert_allclose(encoder.encode(IDS, MASK), expected, atol=1e-5)


def test_what_a_killed_conversion_left_is_swept_away(folder, kept, tmp_path, monkeypatch):
    (tmp_path / ".minilm.staged").mkdir()
    (tmp_path / ".minilm.staged" / "half").write_text("")
    monkeypatch.setattr(
        openvino_encoder, "_convert", lambda _, target: shutil.copytree(kept, target, dirs_exist_ok=True)
    )
    load_encoder(folder, "float32", tmp_path / "minilm")
    assert shown(tmp_path) == ["minilm"]
    assert shown(tmp_path / "minilm") == ["model.bin", "model.xml"]


def test_a_place_that_cannot_be_written_is_named_with_a_remedy(folder, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelError, match=r"could not be written to .*minilm") as error:
        load_encoder(folder, "float32", tmp_path / "file" / "minilm")
    assert "TWIN_MODELS" in error.value.remedy


def test_a_conversion_that_is_cut_off_leaves_nothing_behind(folder, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with caplog.at_level(logging.WARNING):
        assert isinstance(load_encoder(folder, "float32", tmp_path / "minilm"), TorchEncoder)
    assert "ended by itself" in caplog.text
    assert shown(tmp_path) == []


def test_a_model_that_openvino_computes_otherwise_is_left_to_pytorch(folder, expected, tmp_path, monkeypatch, caplog):
    (tmp_path / "converted").mkdir()
    capture = io.StringIO()
    with monkeypatch.context() as stricter:
        stricter.setattr(openvino_conversion, "LEAST_COSINE", 1.1)
        stricter.setattr(sys, "stdout", capture)
        assert openvino_conversion.main(str(folder), str(tmp_path / "converted")) == openvino_conversion.NOT_CONVERTED
    assert "are others than PyTorch's" in capture.getvalue()
    assert list((tmp_path / "converted").iterdir()) == []

    monkeypatch.setattr(
        subprocess,
        "run",
        lambda command, **_: subprocess.CompletedProcess(
            command, openvino_conversion.NOT_CONVERTED, capture.getvalue(), ""
        ),
    )
    with caplog.at_level(logging.WARNING):
        encoder = load_encoder(folder, "float32", tmp_path / "minilm")
    assert isinstance(encoder, TorchEncoder)
    assert "computed by PyTorch, more slowly" in caplog.text
    assert not (tmp_path / "minilm").exists()
    np.testing.assert_allclose(encoder.encode(IDS, MASK), expected, atol=1e-6)
    assert encoder.dimensions == 384


def test_pytorch_computes_only_where_it_finds_a_gpu(folder, kept, monkeypatch):
    monkeypatch.setattr(encoders, "may_have_gpu", lambda: True)
    assert isinstance(load_encoder(folder, "float32", kept), OpenVinoEncoder)
    monkeypatch.setattr(TorchEncoder, "on_gpu", True)
    assert isinstance(load_encoder(folder, "float32", kept), TorchEncoder)


def test_auto_is_what_the_device_computes_in(monkeypatch):
    import torch

    for able, precision in ((True, "bfloat16"), (False, "float32")):
        monkeypatch.setattr(openvino_encoder, "computes_bfloat16", lambda able=able: able)
        assert best_precision() == precision
        monkeypatch.setattr(encoders, "may_have_gpu", lambda: True)
        assert best_precision() == precision
        with monkeypatch.context() as gpu:
            gpu.setattr(torch.cuda, "is_available", lambda: True)
            gpu.setattr(torch.cuda, "is_bf16_supported", lambda able=able: not able)
            assert best_precision() == ("float32" if able else "bfloat16")


def test_pooling_in_pytorch_is_in_32_bits(folder, expected):
    near = TorchEncoder(folder, "bfloat16").encode(IDS, MASK)
    assert near.dtype == np.float32
    assert (near * expected).sum(axis=1).min() > 0.9995
    assert load_sentence_transformer(folder, "bfloat16", "cpu").dtype.itemsize == 2
