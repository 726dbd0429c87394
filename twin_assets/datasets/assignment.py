"""Which family a passage serves: by weighted rendezvous hashing, so that it depends on that passage alone."""

import math
from collections.abc import Mapping
from typing import TypeVar

from twin_assets.digests import digest

F = TypeVar("F", bound=str)

_DIGITS = 12


def family_order(passage_id: str, shares: Mapping[F, float]) -> list[F]:
    """The families in the order in which a passage tries them; it serves the first that it suits.

    Each comes first with a chance in proportion to its share, and among those that suit the passage, too (Thaler and
    Ravishankar 1998, "Using name-based mappings to increase hit rates"; weights after Schindelhauer and Schomaker
    2005). A passage keeps its family when others are added, and when a share of 0 takes out one it does not serve.
    """
    return sorted(
        (name for name, share in shares.items() if share > 0), key=lambda name: _rank(passage_id, name, shares)
    )


def _rank(passage_id: str, name: F, shares: Mapping[F, float]) -> tuple[float, str]:
    position = (int(digest("family", passage_id, name)[:_DIGITS], 16) + 0.5) / 16**_DIGITS
    return -math.log(position) / shares[name], name
