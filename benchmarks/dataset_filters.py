"""Speed and growth of the filters and the deduplication of instruction data.

    python benchmarks/dataset_filters.py [--rows 25000 50000 100000 200000] [--runs 3]

Makes synthetic passages from a fixed seed (one in twenty is another one with a few words changed), and runs each number
of rows through `quality.unfit` and `duplicates.Seen`, and through the least that it can cost: splitting each text into
words and hashing it whole, which finds exact duplicates only. The two take turns, so that a machine shared with others
slows both; medians of the processor's time are shown. `growth` is the exponent of the time by rows: 1 is linear.
"""

import argparse
import math
import random
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from twin_assets.datasets.candidates import ALIKE
from twin_assets.datasets.duplicates import Seen
from twin_assets.datasets.quality import unfit
from twin_assets.datasets.words import same_wording

SEED = 7
RUN = 3
WORDS = 90
SHARE_ALIKE = 0.05
VOCABULARY = 20_000


def passages(rows: int) -> list[str]:
    """Texts of about 90 words in the proportions of natural language (Zipf), some of them nearly alike."""
    chance = random.Random(SEED)  # noqa: S311
    vocabulary = [
        "".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=chance.randint(3, 10))) for _ in range(VOCABULARY)
    ]
    weights = [1 / (rank + 10) for rank in range(VOCABULARY)]
    texts: list[str] = []
    for number in range(rows):
        if texts and chance.random() < SHARE_ALIKE:
            said = texts[chance.randrange(number)].split()
            for _ in range(4):
                said[chance.randrange(len(said))] = chance.choice(vocabulary)
        else:
            said = chance.choices(vocabulary, weights, k=chance.randint(WORDS // 2, WORDS * 3 // 2))
        texts.append(" ".join(said))
    return texts


def filtered(texts: list[str]) -> int:
    """Rows left by the filters and the near-duplicate search."""
    seen = Seen(ALIKE, RUN)
    return sum(1 for number, text in enumerate(texts) if not unfit(text) and seen.take(str(number), text) is None)


def floor(texts: list[str]) -> int:
    """Rows left by an exact comparison of words."""
    return len({same_wording(text) for text in texts})


def timed(way: Callable[[list[str]], int], texts: list[str]) -> tuple[float, int]:
    """Seconds of the processor, and rows left."""
    started = time.process_time()
    left = way(texts)
    return time.process_time() - started, left


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[25_000, 50_000, 100_000, 200_000])
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    all_texts = passages(max(arguments.rows))
    filtered(all_texts[:200])  # imports
    points = []
    for rows in arguments.rows:
        texts = all_texts[:rows]
        pairs = [(timed(filtered, texts), timed(floor, texts)) for _ in range(arguments.runs)]
        mine = statistics.median(pair[0][0] for pair in pairs)
        least = statistics.median(pair[1][0] for pair in pairs)
        points.append((rows, mine))
        (_, left), (_, exact) = pairs[0]
        sys.stdout.write(
            f"{rows:8} rows: {mine:7.2f} s ({rows / mine:7.0f} rows/s), {rows - left} left out; "
            f"exact only: {least:6.2f} s, {rows - exact} left out; ratio {mine / least:5.1f}\n"
        )
    if len(points) > 1:
        (few, fast), (many, slow) = points[0], points[-1]
        sys.stdout.write(f"growth: rows to the power of {math.log(slow / fast) / math.log(many / few):.2f}\n")


if __name__ == "__main__":
    main()
