"""Small JSON files that are read by one process while another writes them."""

import json
from pathlib import Path
from typing import Any


def write_json(file: Path, content: object) -> None:
    """Replace a JSON file at once."""
    file.parent.mkdir(parents=True, exist_ok=True)
    staged = file.with_suffix(".tmp")
    staged.write_text(json.dumps(content, indent=1))
    staged.replace(file)


def read_json(file: Path) -> dict[str, Any]:
    """A JSON file's mapping; empty when there is no such file."""
    if not file.is_file():
        return {}
    content = json.loads(file.read_text())
    return content if isinstance(content, dict) else {}
