"""Many questions at once search no more at once than the machine has processors."""

import asyncio
import os
import threading
from pathlib import Path
from typing import Any

from twin_assets.serving.chat_request import ChatRequest
from twin_assets.serving.service import Service


def test_searches_wait_for_a_processor_and_all_are_done(settings: Any) -> None:
    processors = os.cpu_count() or 1
    begun, go, running, most = threading.Semaphore(0), threading.Event(), 0, 0
    lock = threading.Lock()

    def search(query: str, k: int, only: Any) -> list[Any]:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        begun.release()
        assert go.wait(20)
        with lock:
            running -= 1
        return []

    async def ask() -> None:
        service = Service(settings, search, Path)
        chat = ChatRequest.model_validate({"model": "twin", "messages": [{"role": "user", "content": "Kettles?"}]})
        asked = [asyncio.create_task(service.prompt(chat)) for _ in range(processors + 3)]
        for _ in range(processors):
            assert await asyncio.to_thread(begun.acquire, timeout=20)
        # All others have had their turn to begin; a free thread would have taken them.
        assert not await asyncio.to_thread(begun.acquire, blocking=False)
        go.set()
        answers = await asyncio.gather(*asked)
        assert [note["enabled"] for _, note in answers] == [True] * len(asked)
        await service.close()

    asyncio.run(ask())
    assert most == processors
