"""Config files: what is wrong is one line that names the file and the key, before anything starts."""

import shutil
from pathlib import Path

import pytest

from twin_assets.errors import ConfigError
from twin_assets.settings import ROOT, load_settings, load_sources, size_tokens


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the project's config with one small source."""
    folder = tmp_path / "config"
    shutil.copytree(ROOT / "config", folder)
    (tmp_path / "writing").mkdir()
    (folder / "sources.yaml").write_text("author: Ada\nsources:\n  - {name: blog, path: ../writing}\n")
    for name in ("TWIN_SOURCES", "TWIN_HOME", "TWIN_PORTS__SERVICE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TWIN_CONFIG", str(folder))
    return folder


def wrong(config: Path, file: str, old: str, new: str) -> str:
    path = config / file
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(ConfigError) as caught:
        load_settings()
    assert str(path) in caught.value.what
    assert "\n" not in caught.value.what
    return f"{caught.value.what} {caught.value.remedy}"


def test_the_project_s_own_config_is_valid(config: Path):
    settings = load_settings()
    assert settings.author == "Ada"
    assert settings.url("service") == "http://127.0.0.1:8080"
    assert "default" in settings.recipes


def test_a_misspelled_key_is_named_with_its_file_and_the_likely_one(config: Path):
    message = wrong(config, "twin.yaml", "dagster: 3000", "dagstr: 3000")
    assert "'ports.dagstr'" in message
    assert "'dagster'" in message


def test_a_value_of_the_wrong_type_is_named_with_its_file_and_key(config: Path):
    assert "'ports.dagster' is 'three'" in wrong(config, "twin.yaml", "dagster: 3000", "dagster: three")


def test_a_value_out_of_range_is_named_with_its_file_and_key(config: Path):
    assert "'datasets.test' is 7" in wrong(config, "twin.yaml", "test: 0.15", "test: 7")


def test_a_missing_author_is_named(config: Path):
    assert "'author' is missing" in wrong(config, "sources.yaml", "author: Ada", "")


def test_a_source_that_lies_nowhere_is_named_with_its_path(config: Path):
    assert "'../elsewhere'" in wrong(config, "sources.yaml", "../writing", "../elsewhere")


def test_broken_yaml_is_named_with_its_file(config: Path):
    assert "cannot be read as YAML" in wrong(config, "twin.yaml", "ports:", "ports: [")


def test_a_misspelled_key_in_a_recipe_is_found_before_anything_is_trained(config: Path):
    message = wrong(config, "recipes/default.yaml", "learning_rate: 0.001", "learn_rate: 0.001")
    assert "'sft.learn_rate'" in message


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("metric: error_share", "metric: eror_share", "'rules.0.metric' is 'eror_share'"),
        ("above: 0.05", "abov: 0.05", "'rules.0.abov'"),
        ("for_days: 2", "for_days: two", "'rules.1.for_days' is 'two'"),
        ("name: slow_answers", "name: answers_fail", "two rules are called 'answers_fail'"),
        ("    above: 0.05\n", "", "needs either `above` or `below`"),
        ("reference_days: 14", "reference_day: 14", "did you mean 'reference_days'?"),
    ],
)
def test_a_wrong_rule_of_alerts_is_found_before_anything_starts(config: Path, old: str, new: str, told: str):
    assert told in wrong(config, "alerts.yaml", old, new)


def test_a_config_folder_without_alerts_has_the_project_s(config: Path):
    (config / "alerts.yaml").unlink()
    assert len(load_settings().alerts.rules) > 5


def test_a_model_that_is_not_configured_is_named_with_those_that_are(config: Path):
    message = wrong_model(config)
    assert "'gpt-nonsense'" in message
    assert "smollm2-135m-instruct" in message


def wrong_model(config: Path) -> str:
    recipe = config / "recipes" / "default.yaml"
    recipe.write_text(recipe.read_text().replace("base_model: smollm2-135m-instruct", "base_model: gpt-nonsense"))
    with pytest.raises(ConfigError) as caught:
        load_settings()
    return f"{caught.value.what} {caught.value.remedy}"


def test_the_environment_wins_over_the_file(config: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TWIN_PORTS__SERVICE", "8099")
    settings = load_settings()
    assert settings.ports.service == 8099
    assert settings.ports.dagster == 3000


def test_the_sources_file_named_in_the_environment_is_read(config: Path, monkeypatch: pytest.MonkeyPatch):
    other = config / "others.yaml"
    other.write_text("author: Grace\nsources:\n  - {name: notes, path: ../writing}\n")
    monkeypatch.setenv("TWIN_SOURCES", str(other))
    assert load_settings().author == "Grace"


def test_a_section_that_the_environment_cannot_mean_is_one_error(config: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TWIN_PORTS", "8080")
    with pytest.raises(ConfigError, match="ports"):
        load_settings()


def test_two_sources_of_one_name_are_refused(config: Path):
    extra = "\n  - {name: blog, path: ../writing}\n"
    assert "two sources are called 'blog'" in wrong(
        config, "sources.yaml", "path: ../writing}\n", f"path: ../writing}}{extra}"
    )


def test_a_folder_of_writing_and_archives_is_taken_as_sources(tmp_path: Path):
    folder = tmp_path / "Ada Lovelace"
    (folder / "notes").mkdir(parents=True)
    (folder / "notes" / "one.md").write_text("One.")
    (folder / "My Export.zip").write_bytes(b"PK")
    found = load_sources(folder)
    assert found.author == "Ada Lovelace"
    assert {source.name: source.kind for source in found.sources} == {"my-export": None, "ada-lovelace": "markdown"}


def test_a_path_with_nothing_at_it_says_so(tmp_path: Path):
    with pytest.raises(ConfigError, match="no sources file or folder"):
        load_sources(tmp_path / "nothing")


def test_a_recipe_of_several_sizes_is_as_many_partitions(config: Path):
    (config / "recipes" / "default.yaml").write_text("sizes: [500, 200k tokens, all]\nseed: 7\n")
    recipes = load_settings().recipes
    assert {name: recipe.size for name, recipe in recipes.items()} == {
        "default@500": 500,
        "default@200k-tokens": "200k tokens",
        "default": "all",
    }
    assert {recipe.seed for recipe in recipes.values()} == {7}
    assert [size_tokens(recipe.size) for recipe in recipes.values()] == [None, 200_000, None]


def test_a_size_that_is_none_is_named_with_its_file_and_key(config: Path):
    for wrong_size in ("[0]", "[200k words]", "[]", "[500, 500]"):
        (config / "recipes" / "default.yaml").write_text(f"sizes: {wrong_size}\n")
        with pytest.raises(ConfigError, match=r"recipes/default\.yaml.*sizes"):
            _ = load_settings().recipes


def test_a_recipe_pins_a_version_by_its_digest(config: Path):
    (config / "recipes" / "default.yaml").write_text('dataset: "0123456789ab"\n')
    assert load_settings().recipes["default"].dataset == "0123456789ab"
    (config / "recipes" / "default.yaml").write_text("dataset: newest\n")
    with pytest.raises(ConfigError, match="dataset"):
        _ = load_settings().recipes


def test_chat_models_are_those_with_the_role(config: Path):
    assert set(load_settings().chat_models()) == {"smollm2-135m-instruct"}
