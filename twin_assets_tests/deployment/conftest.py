"""A fake engine on the loopback interface, adapters on disk, and settings that point at them."""

import importlib.util
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from twin_assets.deployment.engine import Engine
from twin_assets.deployment.records import Candidate
from twin_assets.settings import ROOT, Ports, Settings, SourceConfig, SourcesConfig


def load_beside(name: str, folder: Path = Path(__file__).parent) -> Any:
    """A module that lies beside this file: the tests are no package."""
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, folder / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


fake_sglang = load_beside("fake_sglang")


@pytest.fixture
def fake() -> Iterator[Any]:
    """The fake server; its `url` is where it listens."""
    engine = fake_sglang.FakeEngine()
    with fake_sglang.served(engine) as url:
        engine.url = url
        yield engine


@pytest.fixture
def served() -> Any:
    """Serves an application on a free port, as a context manager that gives its URL."""
    return fake_sglang.served


@pytest.fixture
def engine(fake: Any) -> Iterator[Engine]:
    """A client of the fake server."""
    with Engine(fake.url) as client:
        yield client


@pytest.fixture
def make_adapter(tmp_path: Path) -> Callable[..., Path]:
    """Makes an adapter of one layer in the artifact layout, `adapters/<digest>`, and gives its folder."""

    def make(digest: str, value: float = 0.5, rank: int = 4) -> Path:
        folder = tmp_path / "artifacts" / "adapters" / digest
        folder.mkdir(parents=True)
        (folder / "adapter_config.json").write_text(json.dumps({"peft_type": "LORA", "r": rank}))
        weights = {"lora_A.weight": np.full((rank, 8), value, dtype=np.float32)}
        save_file(weights, folder / "adapter_model.safetensors")
        (folder / "_complete").touch()
        return folder

    return make


@pytest.fixture
def candidate(make_adapter: Callable[..., Path]) -> Callable[..., Candidate]:
    """Makes a candidate with its adapter on disk."""

    def make(digest: str, **how: Any) -> Candidate:
        folder = make_adapter(digest, **how)
        versions = {"instruction_dataset": "a1", "preference_dataset": "b2"}
        return Candidate(
            adapter_digest=digest, adapter_uri=str(folder), recipe="default", dataset_versions=versions, model_version=1
        )

    return make


@pytest.fixture
def make_settings(tmp_path: Path) -> Callable[..., Settings]:
    """Makes settings for an author in a folder of their own, with the engine at a port."""

    def make(engine_port: int = 30000, **sections: Any) -> Settings:
        sources = SourcesConfig(author="Ada Example", sources=(SourceConfig(name="blog", path=tmp_path),))
        ports = sections.pop("ports", Ports(engine=engine_port))
        return Settings(config_dir=ROOT / "config", home=tmp_path, sources_config=sources, ports=ports, **sections)

    return make
