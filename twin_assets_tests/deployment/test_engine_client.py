"""The engine's client against a server with SGLang's traps."""

from pathlib import Path
from typing import Any

import pytest

from twin_assets.deployment.engine import Engine
from twin_assets.errors import AdapterNotLoaded, EngineError
from twin_assets.prompts import Message, request_messages

ASK: list[Message] = request_messages("Ada", "What is it about?")


def test_an_adapter_answers_under_its_own_address_and_the_base_under_its_own(
    engine: Engine, fake: Any, make_adapter: Any
) -> None:
    assert engine.load_adapter("mine", make_adapter("mine"))
    assert engine.chat(ASK, "mine").text.startswith("mine answers")
    assert engine.chat(ASK).text.startswith("base answers")
    assert [sent["model"] for sent in fake.requests] == ["base:mine", "base"]


def test_a_name_that_is_not_loaded_is_refused_before_anything_is_sent(
    engine: Engine, fake: Any, make_adapter: Any
) -> None:
    engine.load_adapter("mine", make_adapter("mine"))
    with pytest.raises(AdapterNotLoaded, match=r"'other'.*loaded: mine"):
        engine.chat(ASK, "other")
    with pytest.raises(AdapterNotLoaded):
        engine.generate_many([ASK], "other")
    with pytest.raises(AdapterNotLoaded):
        engine.logprobs([1], [2], "other")
    assert fake.requests == []
    assert "POST /generate" not in fake.calls


def test_an_unloaded_adapter_is_not_loaded_again_by_a_request(engine: Engine, make_adapter: Any) -> None:
    engine.load_adapter("mine", make_adapter("mine"))
    assert engine.unload_adapter("mine")
    with pytest.raises(AdapterNotLoaded):
        engine.chat(ASK, "mine")
    assert engine.loaded_adapters() == {}


def test_loading_and_unloading_twice_do_nothing_the_second_time(engine: Engine, fake: Any, make_adapter: Any) -> None:
    folder = make_adapter("mine")
    assert [engine.load_adapter("mine", folder) for _ in range(2)] == [True, False]
    assert [engine.unload_adapter("mine") for _ in range(2)] == [True, False]
    assert fake.calls.count("POST /load_lora_adapter") == 1


def test_a_name_is_moved_to_another_folder(engine: Engine, make_adapter: Any) -> None:
    engine.load_adapter("mine", make_adapter("one"))
    other = make_adapter("two")
    assert engine.load_adapter("mine", other)
    assert engine.loaded_adapters() == {"mine": str(other)}


def test_a_folder_without_an_adapter_is_named(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="no adapter at"):
        engine.load_adapter("mine", tmp_path)


def test_log_probabilities_are_those_of_the_answers_tokens_alone(engine: Engine, make_adapter: Any) -> None:
    engine.load_adapter("mine", make_adapter("mine"))
    assert engine.logprobs([1, 2, 3], [4, 5]) == [-1.0, -1.0]
    assert engine.logprobs("one two", "three four five", "mine") == [-1.5] * 3
    assert engine.logprobs_many([([1], [2, 3]), ([1, 2], [])], "mine") == [[-1.5, -1.5], []]
    with pytest.raises(EngineError, match="prompt of a text to be scored is empty"):
        engine.logprobs([], [1])


def test_many_answers_come_in_the_order_of_their_prompts(engine: Engine, fake: Any) -> None:
    prompts = [request_messages("Ada", " ".join(["word"] * n)) for n in range(1, 21)]
    lines: list[str] = []
    answers = engine.generate_many(prompts, seed=100, report=lines.append)
    counts = [answer.prompt_tokens for answer in answers]
    assert counts == list(range(counts[0], counts[0] + 20))
    assert {sent["seed"] for sent in fake.requests} == set(range(100, 120))
    assert fake.most_in_flight <= 8
    assert lines[-1].startswith("answers: 20 of 20")


def test_each_answer_is_handed_on_as_soon_as_it_is_there(engine: Engine, fake: Any) -> None:
    prompts = [request_messages("Ada", " ".join(["word"] * n)) for n in range(1, 6)]
    seen: dict[int, str] = {}
    answers = engine.generate_many(prompts, arrived=lambda number, answer: seen.update({number: answer.text}))
    assert [seen[n] for n in range(5)] == [answer.text for answer in answers]


def test_one_refused_prompt_fails_them_all_with_the_engines_words(engine: Engine, fake: Any) -> None:
    fake.refuse_chat = "The input is longer than the model's context length."
    with pytest.raises(EngineError, match="longer than the model's context"):
        engine.generate_many([ASK] * 5)


def test_a_server_that_is_away_is_named_with_the_command_that_starts_it() -> None:
    with Engine("http://127.0.0.1:9") as engine:
        assert not engine.ready()
        with pytest.raises(EngineError, match=r"127\.0\.0\.1:9") as caught:
            engine.chat(ASK)
    assert "twin up" in caught.value.remedy


def test_waiting_ends_when_the_process_has_ended_or_time_is_up(engine: Engine, fake: Any) -> None:
    fake.started = False
    with pytest.raises(EngineError, match="process ended"):
        engine.wait_ready(60, alive=lambda: False)
    with pytest.raises(EngineError, match="not ready after"):
        engine.wait_ready(0.01, poll_s=0.01)
    fake.started = True
    assert engine.wait_ready(10) < 10
    assert engine.context_tokens() == 4096
