"""The real SGLang server with a tiny model: its traps, and that the client and the service do not fall into them."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import openai
import pytest
from openai import OpenAI
from safetensors.numpy import save_file

from twin_assets.deployment.deploy import adapters_to_load, deploy, rollback
from twin_assets.deployment.engine import Engine
from twin_assets.deployment.engine_process import TARGET_MODULES, engine_command, engine_environment
from twin_assets.deployment.records import Candidate, DeploymentStore
from twin_assets.errors import AdapterNotLoaded, DeploymentError, EngineError
from twin_assets.prompts import Message, request_messages
from twin_assets.serving.app import create_app
from twin_assets.settings import ROOT, EngineSettings, Ports, Settings, SourceConfig, SourcesConfig
from twin_assets_tests.ports import free_ports

pytestmark = pytest.mark.slow

PYTHON = ROOT / ".venv-serve" / "bin" / "python"
HIDDEN, INNER, LAYERS = 64, 128, 2
TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
ASK: list[Message] = request_messages("Ada Example", "What is it about?")
AUTHOR = "Ada Example"


def make_model(folder: Path) -> Path:
    """A random Llama of 0.1 million parameters over bytes: no download, no conversion."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    specials = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    vocabulary = {token: n for n, token in enumerate([*specials, *sorted(pre_tokenizers.ByteLevel.alphabet())])}
    bytes_only = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    bytes_only.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bytes_only.decoder = decoders.ByteLevel()
    bytes_only.add_special_tokens(specials)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=bytes_only, eos_token="<|im_end|>", pad_token="<|im_end|>", model_max_length=2048
    )
    tokenizer.chat_template = TEMPLATE
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(vocabulary),
        hidden_size=HIDDEN,
        intermediate_size=INNER,
        num_hidden_layers=LAYERS,
        num_attention_heads=4,
        num_key_value_heads=4,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=2,
        max_position_embeddings=2048,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder


def make_lora(folder: Path, seed: int, scale: float = 3.0) -> Path:
    """A random adapter of all linear layers; with `scale` 0 it changes nothing."""
    random, weights = np.random.default_rng(seed), {}
    for layer in range(LAYERS):
        for module in TARGET_MODULES:
            block = "self_attn" if module[0] in "qkvo" else "mlp"
            block = "mlp" if module in ("up_proj", "gate_proj", "down_proj") else block
            wide_in = INNER if module == "down_proj" else HIDDEN
            wide_out = INNER if module in ("up_proj", "gate_proj") else HIDDEN
            name = f"base_model.model.model.layers.{layer}.{block}.{module}"
            weights[f"{name}.lora_A.weight"] = random.standard_normal((4, wide_in)).astype(np.float32)
            weights[f"{name}.lora_B.weight"] = (random.standard_normal((wide_out, 4)) * scale).astype(np.float32)
    folder.mkdir(parents=True)
    save_file(weights, folder / "adapter_model.safetensors")
    card = {"peft_type": "LORA", "task_type": "CAUSAL_LM", "r": 4, "lora_alpha": 4, "lora_dropout": 0.0, "bias": "none"}
    card |= {"target_modules": list(TARGET_MODULES), "base_model_name_or_path": "", "inference_mode": True}
    (folder / "adapter_config.json").write_text(json.dumps(card))
    return folder


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    home = tmp_path_factory.mktemp("home")
    (port,) = free_ports(1)
    sources = SourcesConfig(author=AUTHOR, sources=(SourceConfig(name="blog", path=home),))
    limits = EngineSettings(device="cpu", max_total_tokens=4096, max_lora_rank=8)
    return Settings(
        config_dir=ROOT / "config", home=home, sources_config=sources, ports=Ports(engine=port), engine=limits
    )


@pytest.fixture(scope="module")
def sglang(settings: Settings) -> Iterator[Engine]:
    """A server started without any adapter."""
    if not PYTHON.exists():
        pytest.skip("the serving environment is not installed")
    model = make_model(settings.home / "model")
    log = settings.home / "engine.log"
    command = engine_command(settings, model, {}, PYTHON)
    with log.open("w") as out:
        server = subprocess.Popen(
            command, env={**os.environ, **engine_environment(settings)}, stdout=out, stderr=subprocess.STDOUT
        )
    try:
        with Engine(settings.url("engine")) as engine:
            try:
                engine.wait_ready(240, alive=lambda: server.poll() is None)
            except EngineError:
                pytest.fail("".join(log.read_text().splitlines(keepends=True)[-30:]))
            yield engine
    finally:
        server.terminate()
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait(30)


@pytest.fixture
def adapter(sglang: Engine, tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """Makes adapters; what a test loaded is unloaded after it."""
    yield lambda name, seed=1, scale=3.0: make_lora(tmp_path / "adapters" / name, seed, scale)
    for name in sglang.loaded_adapters():
        sglang.unload_adapter(name)


def raw(engine: Engine, model: str) -> str:
    """What the server says to a model's name as it stands, without the client's care."""
    body = {"model": model, "messages": ASK, "max_tokens": 24, "temperature": 0}
    response = httpx.post(f"{engine.base_url}/v1/chat/completions", json=body, timeout=60, trust_env=False)
    return str(response.raise_for_status().json()["choices"][0]["message"]["content"])


def test_the_base_never_answers_in_an_adapters_place(sglang: Engine, adapter: Any) -> None:
    sglang.load_adapter("strong", adapter("strong"))
    base, twin = sglang.chat(ASK, max_tokens=24).text, sglang.chat(ASK, "strong", max_tokens=24).text
    assert base != twin
    # The trap is real: the adapter's bare name, and any other, is answered by the base model.
    assert raw(sglang, "strong") == base
    assert raw(sglang, "nothing-of-that-name") == base
    assert raw(sglang, "base:strong") == twin
    for absent in ("stron", "base", "base:strong"):
        with pytest.raises(AdapterNotLoaded):
            sglang.chat(ASK, absent)


def test_an_unloaded_adapter_stays_unloaded(sglang: Engine, adapter: Any) -> None:
    sglang.load_adapter("gone", adapter("gone"))
    twin = sglang.chat(ASK, "gone", max_tokens=24).text
    assert sglang.unload_adapter("gone")
    with pytest.raises(AdapterNotLoaded):
        sglang.chat(ASK, "gone")
    assert sglang.loaded_adapters() == {}
    # The trap is real: asked for without care, the server loads it again without a word.
    assert raw(sglang, "base:gone") == twin
    assert "gone" in sglang.loaded_adapters()


def test_log_probabilities_are_those_of_transformers(sglang: Engine, settings: Settings, adapter: Any) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    prompt, answer = sglang.render(ASK), sglang.tokenize("It is about kettles and boats.")
    model = AutoModelForCausalLM.from_pretrained(settings.home / "model", dtype=torch.float32)
    with torch.no_grad():
        logits = model(torch.tensor([[*prompt, *answer]])).logits[0]
    rows = torch.log_softmax(logits, -1)[len(prompt) - 1 : -1]
    expected = rows[torch.arange(len(answer)), torch.tensor(answer)].tolist()
    np.testing.assert_allclose(sglang.logprobs(prompt, answer), expected, atol=2e-4)
    sglang.load_adapter("strong", adapter("strong"))
    many = sglang.logprobs_many([(prompt, answer), (prompt, answer[:3])], "strong")
    assert abs(np.subtract(many[0], expected)).mean() > 0.1
    np.testing.assert_allclose(many[1], many[0][:3], atol=2e-4)


def test_deploying_rolling_back_and_refusing_on_the_running_server(
    sglang: Engine, settings: Settings, adapter: Any
) -> None:
    store = DeploymentStore(settings.home / "deploying")

    def candidate(digest: str, seed: int, scale: float = 3.0) -> Candidate:
        folder = str(adapter(digest, seed, scale))
        return Candidate(adapter_digest=digest, adapter_uri=folder, recipe="default", dataset_versions={})

    first = deploy(sglang, store, candidate("a" * 32, 1), Path, AUTHOR)
    second = deploy(sglang, store, candidate("b" * 32, 2), Path, AUTHOR)
    with pytest.raises(DeploymentError, match="differs from the base model by"):
        deploy(sglang, store, candidate("c" * 32, 3, scale=0.0), Path, AUTHOR)
    assert store.current() == second
    assert set(sglang.loaded_adapters()) == set(adapters_to_load(store, Path))
    back = rollback(sglang, store, Path, AUTHOR)
    assert back.adapter_name == first.adapter_name


def test_the_service_answers_through_the_adapter_and_swaps_it_without_a_restart(
    sglang: Engine, settings: Settings, adapter: Any, served: Any
) -> None:
    store = DeploymentStore(settings.home)
    texts: dict[str, str] = {}
    with (
        served(create_app(settings, lambda query, k, only: [], Path)) as url,
        OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0, timeout=60) as client,
    ):
        messages: Any = [{"role": "user", "content": "What is it about?"}]
        with pytest.raises(openai.InternalServerError, match="No twin is deployed"):
            client.chat.completions.create(model="twin", messages=messages)
        for seed, digest in enumerate(("d" * 32, "e" * 32), 1):
            uri = str(adapter(digest, seed))
            one = Candidate(adapter_digest=digest, adapter_uri=uri, recipe="default", dataset_versions={})
            name = deploy(sglang, store, one, Path, AUTHOR).adapter_name
            whole = client.chat.completions.create(model="twin", messages=messages, max_tokens=24, temperature=0)
            chunks = list(
                client.chat.completions.create(
                    model="twin", messages=messages, max_tokens=24, temperature=0, stream=True
                )
            )
            texts[name] = whole.choices[0].message.content or ""
            assert texts[name] == sglang.chat(ASK, name, max_tokens=24).text
            assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == texts[name]
            assert (whole.model_extra or {})["twin"]["adapter_digest"] == digest
        base = client.chat.completions.create(model="base", messages=messages, max_tokens=24, temperature=0)
        assert len({*texts.values(), base.choices[0].message.content}) == 3
