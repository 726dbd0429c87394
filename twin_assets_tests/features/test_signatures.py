"""Signatures kept in a file are those that were put there, by rows and by columns."""

import numpy as np
import pytest

from twin_assets.features import signatures
from twin_assets.features.shingles import PERMUTATIONS
from twin_assets.features.signatures import signature_file


@pytest.fixture
def made() -> np.ndarray:
    return np.random.default_rng(3).integers(0, 2**32, (50, PERMUTATIONS), np.uint32)


def test_signatures_put_in_any_order_come_back_by_rows_and_by_columns(made, monkeypatch):
    monkeypatch.setattr(signatures, "_BLOCK", 7)
    order = np.random.default_rng(4).permutation(50)
    with signature_file(50) as file:
        file.put(order[:20].tolist(), made[order[:20]])
        file.put(order[20:].tolist(), made[order[20:]])
        assert np.array_equal(file.low_bytes(np.array([49, 0, 7])), made[[49, 0, 7]] % 256)
        assert np.array_equal(file.columns(16, 48), made[:, 16:48])


def test_a_document_without_a_signature_has_zeros(made):
    with signature_file(3) as file:
        file.put([1], made[:1])
        assert np.array_equal(file.columns(0, PERMUTATIONS), np.stack([made[0] * 0, made[0], made[0] * 0]))
