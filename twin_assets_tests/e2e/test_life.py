"""The whole twin as a user has it: one life of it, told in the order of the tests."""

import os
import signal
import socket

import pytest
from openai import OpenAI

from twin_assets.lineage import GRAPH
from twin_assets_tests.e2e.whole_twin import WholeTwin

pytestmark = pytest.mark.slow

NOTE = """---
title: A note on tide tables
date: 2012-03-02
---

The tide tables on the harbour office wall are printed in one time zone and read in another from March to October; by my
log that has put three boats on the bar since 1998, and I make it four if the dredger is counted. I hold that a table
should say its zone in every row, as a log should, because nobody reads the top of a page that they know by heart.
"""

MORE = """
And a table that is printed once a year should say on its first page who to ask when it is wrong. Ours says nothing, so
for eleven years the question came to the radio room, and we answered it from the almanac, which was wrong as well.
"""
POST = "2012-03-02-tide-tables.md"


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
    # A tiny model may say the same with an adapter as without one, but never with the same likelihood.
    likelihoods = {}
    for model in ("base", "twin"):
        asked = whole_twin.chat("What was that?", model=model, temperature=0, logprobs=True, retrieval=False).json()
        likelihoods[model] = [token["logprob"] for token in asked["choices"][0]["logprobs"]["content"]]
    assert likelihoods["base"] != likelihoods["twin"]


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


def test_one_more_post_runs_what_it_changes_and_nothing_else(whole_twin: WholeTwin):
    before, deployed = whole_twin.materializations(), whole_twin.deployed()
    (whole_twin.folder / "blog" / "_posts" / POST).write_text(NOTE)
    whole_twin.until(lambda: whole_twin.deployed() != deployed, "the post did not lead to a deployment", 600)

    def redeployed() -> bool:
        return [name for name, _ in whole_twin.materializations()].count("deployed_twin") > 1

    whole_twin.until(redeployed, "the deployment is not noted", 60)
    new = [name for name, _ in whole_twin.materializations()[len(before) :]]
    assert "raw_documents[blog]" in new
    assert not [name for name in new if name.endswith("[x]")]
    assert len(new) == len(set(new)), "something ran twice for one change"


def test_ctrl_c_stops_every_process_and_frees_every_port(whole_twin: WholeTwin):
    ports = [p["port"] for p in whole_twin.processes().values() if p["port"]]
    assert whole_twin.stop() == 0
    assert whole_twin.processes() == {}
    for port in ports:
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_started_again_with_nothing_changed_it_says_so_and_runs_nothing(whole_twin: WholeTwin):
    before = whole_twin.materializations()
    whole_twin.start()
    whole_twin.ready(180)
    assert "nothing changed: everything is up to date" in whole_twin.log.read_text()
    assert whole_twin.materializations() == before


def test_a_twin_killed_while_it_trains_goes_on_where_it_was(whole_twin: WholeTwin):
    (whole_twin.folder / "blog" / "_posts" / POST).write_text(NOTE + MORE)

    def training() -> bool:
        return "sft_adapter[default]: started" in whole_twin.log.read_text()

    whole_twin.until(training, "the change did not lead to training", 300)
    assert whole_twin.process is not None
    left = whole_twin.processes()
    for name in ("supervisor", "code"):
        os.kill(left[name]["pid"], signal.SIGKILL)
    whole_twin.process.wait(timeout=30)
    whole_twin.start()
    whole_twin.ready()
    assert "ended what an interrupted start left behind" in whole_twin.log.read_text()
    assert whole_twin.twin("status").returncode == 0
