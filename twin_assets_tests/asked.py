"""Traces as the service leaves them, for tests of what is made of them."""

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from twin_assets.monitoring.traces import Trace

DAY = date(2026, 3, 2)


def asked(number: int = 0, day: date = DAY, **more: Any) -> Trace:
    """A chat that was answered from two documents, some minutes into a day."""
    at = datetime.combine(day, time(), UTC) + timedelta(minutes=number % 1440)
    citations = tuple({"document_id": f"d{n}", "score": 0.5 / n} for n in (1, 2))
    given: dict[str, Any] = {
        "trace_id": f"t-{day}-{number}",
        "kind": "chat",
        "asked_at": at.isoformat(),
        "model": "twin",
        "scope": "public",
        "question": "What of kettles?",
        "answers": ("They boil.",),
        "citations": citations,
        "deployment": None,
        "seconds": 2.0,
        "first_token_s": 0.5,
    }
    return Trace(**given | more)


def traffic(day: date, count: int, seed: int, words: tuple[int, int] = (4, 20)) -> Sequence[Trace]:
    """So many chats of a day, with questions of so many words."""
    chance = random.Random(seed)
    return [
        asked(
            number,
            day,
            question=" ".join(["word"] * chance.randint(*words)),
            answers=(" ".join(["said"] * chance.randint(20, 80)),),
            citations=tuple({"document_id": f"d{n}", "score": chance.random()} for n in range(chance.randint(1, 4))),
        )
        for number in range(count)
    ]
