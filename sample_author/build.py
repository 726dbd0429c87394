"""Builds the sample author's exports from her sources: `python -m sample_author.build [--output FOLDER]`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from sample_author.builders import linkedin, substack, x
from sample_author.builders.sources import EXPORTS, SOURCES


def build_all(output: Path) -> list[Path]:
    """Write the three archives; the same sources always give the same bytes."""
    output.mkdir(parents=True, exist_ok=True)
    archives = {
        "linkedin.zip": linkedin.build(SOURCES / "linkedin"),
        "substack.zip": substack.build(SOURCES / "newsletter"),
        "x.zip": x.build(SOURCES / "x"),
    }
    for name, content in archives.items():
        (output / name).write_bytes(content)
    return [output / name for name in archives]


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=EXPORTS, help="folder for the archives")
    for path in build_all(parser.parse_args().output):
        sys.stdout.write(f"{path.name}: {path.stat().st_size:,} bytes\n")


if __name__ == "__main__":
    main()
