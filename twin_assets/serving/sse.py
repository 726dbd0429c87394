"""Server-sent events with JSON in them."""

import json
from typing import Any

DONE = "data: [DONE]\n\n"
MEDIA_TYPE = "text/event-stream"
HEADERS = {"Cache-Control": "no-cache"}


def event(payload: dict[str, Any]) -> str:
    """One event."""
    return f"data: {json.dumps(payload, ensure_ascii=False, separators=(',', ':'))}\n\n"


def named_event(payload: dict[str, Any]) -> str:
    """One event that is named by its `type`."""
    return f"event: {payload['type']}\n{event(payload)}"
