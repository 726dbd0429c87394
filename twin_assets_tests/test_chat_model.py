import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from tqdm import tqdm

from twin_assets import chat_model
from twin_assets.chat_model import model_digest, package_file, prepare_chat_model
from twin_assets.config_files import check, load_yaml
from twin_assets.errors import ModelError
from twin_assets.settings import ROOT, ModelConfig

FILE = ROOT / "config" / "models" / "smollm2-135m-instruct.yaml"
BUNDLED = check(ModelConfig, load_yaml(FILE), FILE)


@pytest.fixture(scope="module")
def converted() -> Path:
    """The bundled model, converted once on this machine and shared with the twin itself."""
    models = Path(os.environ.get("TWIN_MODELS", ROOT / ".twin" / "models"))
    return prepare_chat_model(BUNDLED, FILE.stem, models)


@pytest.fixture
def fake_conversion(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """A conversion that writes two small files, and the list of the folders it was asked to write."""
    made: list[Path] = []

    def convert(gguf: Path, out: Path) -> None:
        made.append(out)
        out.mkdir()
        (out / "config.json").write_text("{}")
        (out / "model.safetensors").write_bytes(b"weights")

    monkeypatch.setattr(chat_model, "convert", convert)
    monkeypatch.setattr(chat_model, "prove", lambda folder, name: None)
    return made


def a_model(folder: Path, *, without: str = "") -> Path:
    folder.mkdir()
    for name in ("config.json", "tokenizer.json", "model.safetensors", "chat_template.jinja"):
        (folder / name).write_text(name)
    (folder / "tokenizer_config.json").write_text("{}")
    if without:
        (folder / without).unlink()
    return folder


def test_digits_are_single_tokens_and_turns_end_as_the_file_says(converted: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(converted)
    assert [tokenizer.decode([token]) for token in tokenizer.encode("31 May 2026")] == [
        *("3", "1", " May", " ", "2", "0", "2", "6")
    ]
    assert (tokenizer.eos_token, tokenizer.pad_token) == ("<|im_end|>", "<|im_end|>")
    config = json.loads((converted / "config.json").read_text())
    assert (config["bos_token_id"], config["eos_token_id"], config["pad_token_id"]) == (1, 2, 2)


def test_the_chat_template_is_kept(converted: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(converted)
    messages = [{"role": "system", "content": "S"}, {"role": "user", "content": "U"}]
    text = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    assert text == "<|im_start|>system\nS<|im_end|>\n<|im_start|>user\nU<|im_end|>\n<|im_start|>assistant\n"


def test_a_complete_folder_is_used_again(converted: Path) -> None:
    before = (converted / "model.safetensors").stat().st_mtime_ns
    assert prepare_chat_model(BUNDLED, FILE.stem, converted.parent) == converted
    assert (converted / "model.safetensors").stat().st_mtime_ns == before


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # of transformers' own reading of GGUF, which differ from version to version
def test_a_second_conversion_gives_the_same_model_and_is_proved(converted: Path, tmp_path: Path) -> None:
    lines: list[str] = []
    again = prepare_chat_model(BUNDLED, "again", tmp_path, lines.append)
    assert model_digest(again) == model_digest(converted)
    assert len(lines) == 2


def test_a_package_with_another_file_is_refused_with_both_digests(tmp_path: Path) -> None:
    config = BUNDLED.model_copy(update={"sha256": "0" * 64})
    with pytest.raises(ModelError) as error:
        prepare_chat_model(config, "other", tmp_path)
    assert "0" * 64 in error.value.what
    assert str(BUNDLED.sha256) in error.value.what
    assert error.value.remedy
    assert not (tmp_path / "other").exists()


def test_a_package_that_is_not_installed_or_lacks_the_file_is_named() -> None:
    with pytest.raises(ModelError, match="no-such-package"):
        package_file("no-such-package", "model.gguf")
    with pytest.raises(ModelError, match=r"no-such\.gguf"):
        package_file(str(BUNDLED.package), "no-such.gguf")


def test_a_model_file_that_names_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"nothing\.yaml names no model"):
        prepare_chat_model(ModelConfig(role="chat"), "nothing", tmp_path)


def test_what_an_interrupted_conversion_left_is_made_anew(fake_conversion: list[Path], tmp_path: Path) -> None:
    for leftover in (".small.staged", "small"):
        (tmp_path / leftover).mkdir()
        (tmp_path / leftover / "model.safetensors").write_bytes(b"half")
    folder = prepare_chat_model(BUNDLED, "small", tmp_path)
    assert (folder / "model.safetensors").read_bytes() == b"weights"
    assert not (tmp_path / ".small.staged").exists()
    assert prepare_chat_model(BUNDLED, "small", tmp_path) == folder
    assert len(fake_conversion) == 1


def test_a_failed_conversion_leaves_no_folder_and_says_what_to_do(
    fake_conversion: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(folder: Path, name: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(chat_model, "prove", full)
    with pytest.raises(ModelError, match="No space left") as error:
        prepare_chat_model(BUNDLED, "small", tmp_path)
    assert "disk space" in error.value.remedy
    assert not (tmp_path / "small").exists()
    assert not (tmp_path / ".small.staged").exists()


def test_a_local_folder_is_used_where_it_lies(tmp_path: Path) -> None:
    folder = a_model(tmp_path / "mine")
    assert prepare_chat_model(ModelConfig(role="chat", path=folder), "mine", tmp_path / "models") == folder


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja"])
def test_a_local_folder_that_lacks_something_is_refused(tmp_path: Path, name: str) -> None:
    folder = a_model(tmp_path / "mine", without=name)
    with pytest.raises(ModelError, match=name):
        prepare_chat_model(ModelConfig(role="chat", path=folder), "mine", tmp_path)


def test_a_local_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="nowhere"):
        prepare_chat_model(ModelConfig(role="chat", path=tmp_path / "nowhere"), "mine", tmp_path)


def test_a_hub_id_is_fetched_at_its_revision_without_other_formats(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {}

    def snapshot_download(repository: str, **options: Any) -> str:
        asked.update(options, repository=repository)
        return str(a_model(tmp_path / "snapshot"))

    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot_download)
    config = ModelConfig(role="chat", hub="someone/model@abc123")
    assert prepare_chat_model(config, "hub", tmp_path) == tmp_path / "snapshot"
    assert (asked["repository"], asked["revision"]) == ("someone/model", "abc123")
    assert "*.safetensors" in asked["allow_patterns"]
    assert "*.bin" not in asked["allow_patterns"]


def test_a_hub_that_is_away_is_an_error_with_a_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any, **__: Any) -> str:
        raise OSError("connection refused")

    monkeypatch.setattr("huggingface_hub.snapshot_download", away)
    with pytest.raises(ModelError, match="someone/model") as error:
        prepare_chat_model(ModelConfig(role="chat", hub="someone/model"), "hub", tmp_path)
    assert "path:" in error.value.remedy


def test_a_models_digest_follows_its_files_and_not_its_place(tmp_path: Path) -> None:
    one = a_model(tmp_path / "one")
    value = model_digest(one)
    assert model_digest(one) == value
    shutil.copytree(one, tmp_path / "two")
    (tmp_path / "two" / "README.md").write_text("said about it")
    assert model_digest(tmp_path / "two") == value
    (tmp_path / "two" / "model.safetensors").write_text("other weights")
    assert model_digest(tmp_path / "two") != value


def test_a_models_digest_is_kept_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = a_model(tmp_path / "one")
    value = model_digest(folder)
    monkeypatch.setattr(chat_model, "file_sha256", lambda file: pytest.fail("the files were read again"))
    assert model_digest(folder) == value


def test_a_folder_without_weights_has_no_digest(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="safetensors"):
        model_digest(a_model(tmp_path / "one", without="model.safetensors"))


def test_progress_bars_of_libraries_do_not_run_into_the_report(
    fake_conversion: list[Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    quietly = chat_model.convert

    def convert_with_a_bar(gguf: Path, out: Path) -> None:
        for _ in tqdm([1, 2, 3]):
            pass
        quietly(gguf, out)

    monkeypatch.setattr(chat_model, "convert", convert_with_a_bar)
    lines: list[str] = []
    prepare_chat_model(BUNDLED, "model", tmp_path, lines.append)
    assert len(lines) == 2
    assert capsys.readouterr().err == ""
