"""`twin ask`: a question to the running service, and its answer with sources."""

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from twin_assets.cli.context import choose
from twin_assets.errors import DeploymentError, ProcessError
from twin_assets.settings import Settings
from twin_assets.text_tables import clip


def run_ask(console: Console, question: str, sources: Path | None, *, model: str, retrieval: bool) -> int:
    """Returns 0 when the twin answered. Raises ProcessError or DeploymentError."""
    show_answer(console, choose(sources), question, model=model, retrieval=retrieval)
    return 0


def show_answer(console: Console, settings: Settings, question: str, *, model: str, retrieval: bool) -> None:
    """Ask and print. Raises ProcessError when the service is away, DeploymentError when it cannot answer."""
    answer = _complete(settings, question, model, retrieval)
    text = answer["choices"][0]["message"]["content"]
    # A console with soft wrapping leaves lines to the terminal, which cannot wrap inside a frame: it would cut them.
    console.print(Panel(Text(text), title=Text(f"{model}: {question}"), title_align="left"), soft_wrap=False)
    for number, citation in enumerate(answer.get("citations", []), 1):
        untitled = citation["title"] == citation["url"]
        for line, style in (
            (f"[{number}] {citation['url'] if untitled else clip(citation['title'], 70)}", "bold"),
            ("" if untitled else f"    {citation['url']}", ""),
            (f"    {clip(str(citation.get('text', '')), 70)}", "dim"),
        ):
            if line:
                console.print(line, style=style, highlight=False)


def example_question(settings: Settings) -> str:
    """A request from the held-out part of the author's own dataset, else a general one."""
    from twin_assets.records import InstructionSample
    from twin_assets.storage import TableStore

    samples = TableStore.of(settings).read(InstructionSample, "split = 'test'")
    asked = sorted((s for s in samples if s.instruction.endswith("?")), key=lambda s: s.sample_id) or samples
    return asked[0].instruction if asked else "What do you write about?"


def own_key(settings: Settings) -> dict[str, str]:
    """The header with the key that the running service made for this machine's user; none where none is needed."""
    from twin_assets.serving.access import exposed
    from twin_assets.serving.keys import local_key_file

    file = local_key_file(settings)
    if not exposed(settings.service) or not file.is_file():
        return {}
    return {"Authorization": f"Bearer {file.read_text(encoding='utf-8').strip()}"}


def _complete(settings: Settings, question: str, model: str, retrieval: bool) -> dict[str, Any]:
    import httpx

    body = {"model": model, "messages": [{"role": "user", "content": question}], "retrieval": retrieval}
    try:
        response = httpx.post(
            f"{settings.url('service')}/v1/chat/completions", json=body, headers=own_key(settings), timeout=180
        )
    except httpx.ConnectError:
        raise ProcessError(
            f"the twin service does not answer at {settings.url('service')}", "start it with `twin up`"
        ) from None
    content: dict[str, Any] = response.json()
    if response.is_error:
        message = content.get("error", {}).get("message", response.text)
        raise DeploymentError(f"the twin did not answer: {message}", "`twin status` shows what is deployed")
    return content
