"""The teacher over HTTP: what it sends, what it tries again, and when it gives up."""

import asyncio
import logging
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from twin_assets.datasets.questions import Question, Reply
from twin_assets.datasets.responses import ResponseCache, Spent
from twin_assets.datasets.teacher import GIVE_UP, Teacher
from twin_assets.errors import ConfigError, EngineError
from twin_assets.settings import TeacherConfig
from twin_assets_tests.datasets.fake_teacher import FakeTeacher
from twin_assets_tests.deployment.fake_sglang import served
from twin_assets_tests.ports import free_ports

# LiteLLM makes a coroutine in a thread, and drops it when the request is cancelled meanwhile.
pytestmark = pytest.mark.filterwarnings("ignore:coroutine 'OpenAIChatCompletion.acompletion' was never awaited")

KEY = "sk-nobody-may-read-this"


class Slept(list[float]):
    """Waits for no time at all, and remembers for how long it was asked to."""

    async def __call__(self, seconds: float) -> None:
        self.append(seconds)


@pytest.fixture
def slept() -> Slept:
    return Slept()


@pytest.fixture(scope="module")
def server() -> Iterator[FakeTeacher]:
    """The fake server; its `url` is where it listens."""
    teacher = FakeTeacher()
    with served(teacher) as url:
        teacher.url = url
        yield teacher


@pytest.fixture
def fake(server: FakeTeacher) -> FakeTeacher:
    """The fake server, as new."""
    server.forget()
    return server


class Asks:
    """A teacher that is asked plain prompts."""

    def __init__(self, teacher: Teacher) -> None:
        self.teacher = teacher

    def ask(self, prompts: Sequence[str]) -> list[str | None]:
        return self.teacher.ask([Question(p, f"sample of {p}", f"document of {p}", p, False) for p in prompts])

    def __getattr__(self, name: str) -> Any:
        return getattr(self.teacher, name)


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[ResponseCache]:
    """An empty cache."""
    with ResponseCache(tmp_path / "responses.sqlite") as opened:
        yield opened


@pytest.fixture
def make(fake: FakeTeacher, slept: Slept, cache: ResponseCache) -> Callable[..., Asks]:
    """Makes a teacher that asks the fake server."""

    def make_teacher(url: str = fake.url, how: dict[str, Any] | None = None, **config: Any) -> Asks:
        values: dict[str, Any] = {"role": "teacher", "model": "openai/base", "api_base": "engine", **config}
        more = {"identity": "base@1", "cache": cache, "sleep": slept, **(how or {})}
        return Asks(Teacher(TeacherConfig(**values), url, more.pop("cache"), more.pop("identity"), **more))

    return make_teacher


def prompts(count: int) -> list[str]:
    return [f"q{n:03}" for n in range(count)]


def test_a_request_names_the_model_and_holds_the_prompt_and_the_schema_and_nothing_more(
    make: Any, fake: FakeTeacher
) -> None:
    assert make(url=f"{fake.url}/", temperature=0.5, max_tokens=7).ask(["Why?"]) == ["About Why?"]
    assert fake.paths == ["/v1/chat/completions"]
    (body,) = fake.bodies
    form = body.pop("response_format")
    messages = [{"role": "user", "content": "Why?"}]
    assert body == {"model": "base", "messages": messages, "temperature": 0.5, "max_tokens": 7}
    assert form["type"] == "json_schema"
    assert form["json_schema"]["strict"] is True
    assert form["json_schema"]["schema"] == Reply.model_json_schema()


def test_nothing_is_sent_when_there_is_nothing_to_ask(make: Any, fake: FakeTeacher) -> None:
    assert make().ask([]) == []
    assert fake.bodies == []


def test_answers_come_in_the_order_of_the_prompts_whichever_is_first(make: Any, fake: FakeTeacher) -> None:
    fake.faults = {"q001": ["waits"]}
    assert make(concurrency=2).ask(prompts(5)) == [f"About q{n:03}" for n in range(5)]


def test_so_many_prompts_are_asked_at_once_and_no_more(make: Any, fake: FakeTeacher) -> None:
    fake.meeting = asyncio.Barrier(3)
    assert None not in make(concurrency=3).ask(prompts(10))
    assert fake.most_in_flight == 3


def test_what_was_asked_once_is_not_asked_again(make: Any, fake: FakeTeacher) -> None:
    first = make().ask(prompts(3))
    again = make()
    assert again.ask(prompts(4)) == [*first, "About q003"]
    assert len(fake.bodies) == 4
    assert again.spent == Spent(1, 30, 4, 0.0)


@pytest.mark.parametrize("change", [{"how": {"identity": "base@2"}}, {"temperature": 0.9}, {"max_tokens": 9}])
def test_another_model_or_other_parameters_are_asked_anew(make: Any, fake: FakeTeacher, change: Any) -> None:
    make().ask(["Why?"])
    make(**change).ask(["Why?"])
    assert len(fake.bodies) == 2


def test_an_interrupted_run_goes_on_where_it_was(make: Any, fake: FakeTeacher) -> None:
    fake.faults = {"q005": [401]}
    with pytest.raises(EngineError):
        make(concurrency=1).ask(prompts(9))
    assert make(concurrency=1).ask(prompts(9)) == [f"About {prompt}" for prompt in prompts(9)]
    assert [fake.asked.count(prompt) for prompt in prompts(9)] == [1, 1, 1, 1, 1, 2, 1, 1, 1]


def test_tokens_are_counted_for_each_sample_and_a_model_on_this_machine_costs_nothing(
    make: Any, cache: ResponseCache
) -> None:
    teacher = make(model="openai/gpt-4o-mini")
    teacher.ask(prompts(3))
    assert teacher.spent == cache.spent() == Spent(3, 90, 12, 0.0)
    assert cache.spent("sample of q001") == Spent(1, 30, 4, 0.0)


@pytest.mark.parametrize("model", ["openai/gpt-4o-mini", "openai/nobody-knows-this"])
def test_a_model_elsewhere_costs_what_it_is_listed_at(
    make: Any, fake: FakeTeacher, monkeypatch: pytest.MonkeyPatch, model: str
) -> None:
    monkeypatch.setattr("twin_assets.datasets.teacher.is_local", lambda _: False)
    fake.model = model.removeprefix("openai/")
    teacher = make(model=model)
    teacher.ask(prompts(1))
    assert teacher.spent.cost_usd == pytest.approx(30 * 0.15e-6 + 4 * 0.6e-6 if "gpt" in model else 0.0)


def test_an_answer_of_another_form_is_asked_for_again_and_hotter(make: Any, fake: FakeTeacher) -> None:
    fake.faults = {"q001": ["has another form"]}
    assert make().ask(prompts(2)) == ["About q000", "About q001"]
    assert [body["temperature"] for body in fake.bodies] == [0.0, 0.0, 0.4]


def test_a_model_that_knows_no_form_is_left_out_and_does_not_end_it_all(make: Any, fake: FakeTeacher) -> None:
    fake.faults = {prompt: ["has another form"] * 9 for prompt in prompts(GIVE_UP + 5)[1:]}
    teacher = make(concurrency=1)
    assert teacher.ask(prompts(GIVE_UP + 5)) == ["About q000", *[None] * (GIVE_UP + 4)]
    assert teacher.failures == {"invalid": GIVE_UP + 4}


def test_a_fence_around_the_answer_is_taken_off(make: Any, fake: FakeTeacher) -> None:
    fake.faults = {"q000": ["is fenced"]}
    assert make().ask(prompts(1)) == ["About q000"]


def test_progress_is_reported_up_to_the_last_answer(make: Any) -> None:
    lines: list[str] = []
    make(how={"report": lines.append}).ask(prompts(3))
    assert lines[-1].startswith("asking the teacher: 3 of 3 (100 %)")


@pytest.mark.parametrize("fault", [429, 500, 502, 503, "is empty", "is no JSON"])
def test_what_may_pass_is_tried_again_after_a_wait(make: Any, fake: FakeTeacher, slept: Slept, fault: Any) -> None:
    fake.faults = {"q001": [fault, fault]}
    teacher = make(how={"backoff_s": 0.5})
    assert teacher.ask(prompts(2)) == ["About q000", "About q001"]
    assert slept == [0.5, 1.0]
    assert not teacher.failures


@pytest.mark.parametrize(
    ("fault", "reason"),
    [(429, "rate limit"), (500, "server error"), ("is empty", "empty"), ("is no JSON", "server error")],
)
def test_a_prompt_is_left_after_the_last_try(make: Any, fake: FakeTeacher, fault: Any, reason: str) -> None:
    fake.faults = {"q001": [fault] * 9}
    teacher = make(how={"attempts": 3})
    assert teacher.ask(prompts(3)) == ["About q000", None, "About q002"]
    assert fake.asked.count("q001") == 3
    assert teacher.failures == {reason: 1}


def test_a_bad_request_is_counted_and_not_repeated(make: Any, fake: FakeTeacher, slept: Slept) -> None:
    fake.faults = {"q001": [400], "q003": [400]}
    teacher = make()
    assert teacher.ask(prompts(4)) == ["About q000", None, "About q002", None]
    assert teacher.failures == {"refused": 2}
    assert (slept, len(fake.bodies)) == ([], 4)


def test_an_answer_that_hangs_or_drips_is_not_waited_for(make: Any, fake: FakeTeacher) -> None:
    make().ask(["warm up"])
    fake.faults = {"q001": ["hangs"], "q002": ["drips"]}
    teacher = make(how={"timeout_s": 3, "attempts": 1})
    assert teacher.ask(prompts(4)) == ["About q000", None, None, "About q003"]
    assert teacher.failures == {"timeout": 2}


def test_a_server_that_hangs_is_found_by_the_first_prompt(make: Any, fake: FakeTeacher, slept: Slept) -> None:
    fake.faults = {"q000": ["hangs", "hangs"]}
    with pytest.raises(EngineError, match=r"did not answer within 0\.3 s") as caught:
        make(how={"timeout_s": 0.3, "attempts": 2}).ask(prompts(9))
    assert set(fake.asked) <= {"q000"}
    assert slept == [1.0]
    assert "twin up" in caught.value.remedy


@pytest.mark.parametrize("status", [400, 401, 404])
def test_a_server_that_refuses_is_found_by_one_request(make: Any, fake: FakeTeacher, slept: Slept, status: int) -> None:
    fake.faults = {prompt: [status] for prompt in prompts(9)}
    with pytest.raises(EngineError, match="'openai/base' refused the request") as caught:
        make().ask(prompts(9))
    assert "config/models/" in caught.value.remedy
    assert (fake.asked, slept) == (["q000"], [])


def test_a_key_that_is_withdrawn_on_the_way_ends_it_all(make: Any, fake: FakeTeacher) -> None:
    fake.faults = {prompt: [401] for prompt in prompts(40)[3:]}
    with pytest.raises(EngineError, match="refused"):
        make(concurrency=1).ask(prompts(40))
    assert fake.asked == prompts(4)


def test_a_server_that_is_away_is_an_error_with_its_address(make: Any, slept: Slept) -> None:
    url = f"http://127.0.0.1:{free_ports(1)[0]}"
    with pytest.raises(EngineError, match=f"{url}/v1 cannot be reached") as caught:
        make(url=url, how={"attempts": 2}).ask(prompts(2))
    assert slept == [1.0]
    assert "twin up" in caught.value.remedy
    with pytest.raises(EngineError, match="cannot be reached") as caught:
        make(api_base=f"{url}/v1").ask(prompts(2))
    assert "api_base" in caught.value.remedy


def test_the_rest_is_not_asked_after_so_many_failures_running(make: Any, fake: FakeTeacher) -> None:
    fake.faults = {prompt: [500] for prompt in prompts(40)[2:]}
    with pytest.raises(EngineError, match=f"failed {GIVE_UP} times running"):
        make(concurrency=1, how={"attempts": 1}).ask(prompts(40))
    assert len(set(fake.asked)) == 2 + GIVE_UP


def test_one_answer_between_failures_starts_the_count_again(make: Any, fake: FakeTeacher) -> None:
    fake.faults = {f"q{n:03}": [500] for n in range(2 * GIVE_UP) if n not in (0, GIVE_UP)}
    answers = make(concurrency=1, how={"attempts": 1}).ask(prompts(2 * GIVE_UP))
    assert [n for n, answer in enumerate(answers) if answer is not None] == [0, GIVE_UP]


def test_the_key_comes_from_the_environment(make: Any, fake: FakeTeacher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEACHER_KEY", KEY)
    make(api_base=f"{fake.url}/v1", api_key_env="TEACHER_KEY").ask(["Why?"])
    assert (fake.paths, fake.keys) == (["/v1/chat/completions"], [f"Bearer {KEY}"])


def test_the_local_server_is_sent_no_key_of_somebody_else(
    make: Any, fake: FakeTeacher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    make().ask(["Why?"])
    assert fake.keys == ["Bearer none"]


@pytest.mark.parametrize("value", [None, ""])
def test_a_missing_key_is_an_error_that_names_its_variable(
    make: Any, fake: FakeTeacher, monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    monkeypatch.delenv("TEACHER_KEY", raising=False)
    if value is not None:
        monkeypatch.setenv("TEACHER_KEY", value)
    with pytest.raises(ConfigError, match="'TEACHER_KEY', which is not set") as caught:
        make(api_key_env="TEACHER_KEY")
    assert "set TEACHER_KEY" in caught.value.remedy
    assert fake.bodies == []


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500])
def test_neither_key_nor_prompt_is_in_an_error_or_a_log(
    make: Any,
    fake: FakeTeacher,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    status: int,
) -> None:
    monkeypatch.setenv("TEACHER_KEY", KEY)
    caplog.set_level(logging.INFO)
    monkeypatch.setattr("twin_assets.datasets.teacher.GIVE_UP", 2)
    private = ["words that nobody may read", "more that nobody may read"]
    fake.faults = {prompt: [status] for prompt in private}
    with pytest.raises(EngineError) as caught:
        make(api_base=f"{fake.url}/v1", api_key_env="TEACHER_KEY", how={"attempts": 1}).ask(private)
    written = "".join([*traceback.format_exception(caught.value), caplog.text, *capfd.readouterr()])
    assert fake.keys[0] == f"Bearer {KEY}"
    assert KEY not in written
    assert "nobody may read" not in written
