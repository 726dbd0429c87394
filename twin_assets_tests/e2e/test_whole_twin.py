"""The whole twin as a user has it: one life of it, told in the order of the tests."""

import os
import signal

import pytest
from openai import OpenAI

from twin_assets.lineage import GRAPH
from twin_assets_tests.e2e.whole_twin import WholeTwin

pytestmark = pytest.mark.slow


def test_everything_is_materialized_once_and_the_twin_answers(whole_twin: WholeTwin):
    whole_twin.start()
    whole_twin.ready()
    made = [name for name, _ in whole_twin.materializations()]
    wanted = {
        "source": [f"{{}}[{name}]" for name in ("blog", "x")],
        "recipe": ["{}[default]"],
        "": ["{}"],
    }
    expected = [form.format(a.name) for a in GRAPH.values() for form in wanted[a.partitioned_by]]
    assert sorted(made) == sorted(expected)


def test_the_answer_is_the_deployed_adapter_s_and_names_its_sources(whole_twin: WholeTwin):
    response = whole_twin.chat("What did the silence period teach you about alerting?")
    assert response.status_code == 200, response.text
    answer = response.json()
    deployed = dict(whole_twin.materializations())["registered_model[default]"]
    assert answer["twin"]["adapter_digest"] == deployed
    assert any("silence" in citation["title"].lower() for citation in answer["citations"])
    base = whole_twin.chat("What did the silence period teach you about alerting?", model="base", temperature=0).json()
    twin = whole_twin.chat("What did the silence period teach you about alerting?", temperature=0).json()
    assert base["choices"][0]["message"]["content"] != twin["choices"][0]["message"]["content"]


def test_the_openai_client_streams_from_it(whole_twin: WholeTwin):
    client = OpenAI(base_url=f"{whole_twin.service}/v1", api_key="none")
    assert "twin" in {model.id for model in client.models.list()}
    messages = [{"role": "user", "content": "Tell me about the dredger."}]
    with client.chat.completions.create(model="twin", messages=messages, max_tokens=12, stream=True) as stream:
        parts = [chunk.choices[0].delta.content for chunk in stream if chunk.choices]
    assert "".join(part or "" for part in parts)


def test_a_second_start_beside_a_running_twin_only_says_so(whole_twin: WholeTwin):
    again = whole_twin.twin("up")
    assert again.returncode == 0
    assert "already running" in again.stdout
    assert "up to date" in whole_twin.twin("status").stdout


def test_an_engine_that_is_killed_comes_back_with_the_deployed_adapter(whole_twin: WholeTwin):
    before = whole_twin.processes()["engine"]["pid"]
    os.kill(before, signal.SIGKILL)
    whole_twin.until(lambda: whole_twin.processes()["engine"]["pid"] != before, "the engine is not restarted", 90)

    def answers() -> bool:
        response = whole_twin.chat("What is a log?", retrieval=False)
        return response.status_code == 200 and bool(response.json()["twin"]["adapter_digest"])

    whole_twin.until(answers, "the twin does not answer again", 300)
