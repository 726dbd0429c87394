import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from twin_assets.chat_model import prepare_chat_model
from twin_assets.config_files import check, load_yaml
from twin_assets.prompts import request_messages, sample_messages
from twin_assets.settings import ROOT, ModelConfig
from twin_assets_tests.tiny_model import make_tiny_model

Row = dict[str, Any]
WriteRows = Callable[[str, list[Row]], Path]


@pytest.fixture(scope="session")
def chat_model() -> Path:
    """The bundled chat model, converted once on this machine and shared with the twin itself."""
    file = ROOT / "config" / "models" / "smollm2-135m-instruct.yaml"
    models = Path(os.environ.get("TWIN_MODELS", ROOT / ".twin" / "models"))
    return prepare_chat_model(check(ModelConfig, load_yaml(file), file), file.stem, models)


@pytest.fixture(scope="session")
def tokenizer(chat_model: Path) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(chat_model)


@pytest.fixture(scope="session")
def tiny_model(chat_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(chat_model, tmp_path_factory.mktemp("tiny") / "model")


@pytest.fixture
def write_rows(tmp_path: Path) -> WriteRows:
    def write(name: str, rows: list[Row]) -> Path:
        file = tmp_path / name
        file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
        return file

    return write


@pytest.fixture(scope="session")
def samples() -> list[Row]:
    """Sixty samples in a voice of their own."""
    return [{"messages": sample_messages("Ada", f"Write about {n}", _answer(n))} for n in range(60)]


@pytest.fixture(scope="session")
def pairs() -> list[Row]:
    """Twenty pairs: the author's answer, and one that any model would give."""
    return [
        {
            "messages": request_messages("Ada", f"Write about {n}"),
            "chosen": {"role": "assistant", "content": _answer(n)},
            "rejected": {"role": "assistant", "content": f"As a language model I can say {n} things about that."},
        }
        for n in range(20)
    ]


def _answer(n: int) -> str:
    return f"Here is number {n} of mine. It says that {7 * n + 1} is more than {n}, plainly and twice over. " * 3
