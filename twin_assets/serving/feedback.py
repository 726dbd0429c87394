"""What people say of drafts and answers, kept where the preference dataset reads it."""

import threading
from datetime import UTC, datetime
from typing import Literal

from twin_assets.drafting.store import StoredDraft
from twin_assets.monitoring.traces import Trace
from twin_assets.records import FeedbackEvent
from twin_assets.serving.openai_errors import ApiError, bad_request
from twin_assets.serving.service import Service
from twin_assets.storage.sql import equals

Thumb = Literal["thumb_up", "thumb_down"]


class FeedbackLog:
    """Writes `feedback`. Each variant is a draft of its own there: of two events about one draft only the last counts.

    A draft that private passages may be in teaches nothing unless `datasets.train_on_private` is set: a model may
    repeat what it was trained on to anyone.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._lock = threading.Lock()

    def accepted(self, draft: StoredDraft, variant: int, text: str) -> bool:
        """Note that the author takes a variant as `text`; whether that is a preference to learn from.

        Raises StorageError. The preference is written first: a crash in between leaves a draft to be accepted again.
        """
        before = draft.variants[variant]
        edited = text.strip() != before.strip()
        learned = self._may_learn(draft)
        if learned:
            event = FeedbackEvent.of(
                _name(draft.draft_id, variant),
                "edit" if edited else "thumb_up",
                draft.asked,
                before,
                datetime.now(UTC),
                edited=text if edited else "",
                used_document_ids=draft.documents,
            )
            self._write(event)
        self._service.drafts.accept(draft.draft_id, text)
        return learned and edited

    def thumb(self, about: StoredDraft | Trace, variant: int, kind: Thumb) -> str:
        """Keep a thumb; its event's id. Raises ApiError (400, 409), StorageError."""
        if not self._may_learn(about):
            message = "It may hold private passages, and those are not learned from; set datasets.train_on_private."
            raise ApiError(409, message, kind="invalid_request_error", code="private_scope", param="draft_id")
        if isinstance(about, StoredDraft):
            identity, asked, texts = about.draft_id, about.asked, tuple(about.variants)
        else:
            identity, asked, texts = about.trace_id, about.question, about.answers
        if variant >= len(texts):
            raise bad_request(f"there are {len(texts)} variants, counted from 0", "variant")
        event = FeedbackEvent.of(
            _name(identity, variant), kind, asked, texts[variant], datetime.now(UTC), used_document_ids=about.documents
        )
        self._write(event)
        return event.event_id

    def _may_learn(self, about: StoredDraft | Trace) -> bool:
        return about.scope == "public" or self._service.settings.datasets.train_on_private

    def _write(self, event: FeedbackEvent) -> None:
        with self._lock:
            self._service.tables.sync(FeedbackEvent, [event], equals("event_id", event.event_id))


def _name(identity: str, variant: int) -> str:
    return f"{identity}/{variant}"
