"""What `twin status` says of an author whose twin does not run."""

import os
import subprocess
import sys
from pathlib import Path


def test_a_stale_source_is_named_with_its_asset(tmp_path: Path) -> None:
    (tmp_path / "one.md").write_text("One.")
    sources = tmp_path / "sources.yaml"
    sources.write_text("author: Ada\nsources:\n  - {name: garden-notes, path: one.md}\n")
    environment = {**os.environ, "TWIN_HOME": str(tmp_path / "home"), "COLUMNS": "100"}
    command = [sys.executable, "-m", "twin_assets.cli.main", "status", "--sources", str(sources)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 3, done.stderr
    assert "raw_documents[garden-notes]" in done.stdout
