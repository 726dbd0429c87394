"""What people said of drafts becomes pairs, and never makes text known that is tested with."""

from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest

from twin_assets.datasets.feedback import feedback_pairs
from twin_assets.records import FeedbackEvent, InstructionSample
from twin_assets_tests.datasets.conftest import make_sample, paragraph

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def event(
    draft_id: str, kind: Literal["edit", "thumb_up", "thumb_down"], *, minutes: int = 0, **changes: Any
) -> FeedbackEvent:
    values = {"instruction": "Write about fog.", "draft": f"Fog is a cloud that draft {draft_id} is near.", **changes}
    return FeedbackEvent.of(draft_id, kind, created_at=NOW + timedelta(minutes=minutes), **values)


def pairs(
    *events: FeedbackEvent, samples: Any = (), longest: int = 100
) -> tuple[list[tuple[str, str, str]], list[str]]:
    found = feedback_pairs(events, list(samples), longest)
    shown = [(p.chosen, p.rejected, p.origin.partition(":")[0]) for p in found.pairs]
    return shown, [e.reason for e in found.exclusions]


def test_an_edit_is_preferred_to_its_draft() -> None:
    edit = event("a", "edit", edited="The fog came at six.", used_document_ids=("d1", "d2"))
    found = feedback_pairs([edit], [], 100)
    pair = found.pairs[0]
    assert (pair.chosen, pair.rejected, pair.origin) == (edit.edited, edit.draft, f"edit:{edit.event_id}")
    assert (pair.document_id, pair.used_document_ids, pair.split) == ("d1", ("d2",), "train")


def test_of_two_edits_of_one_draft_the_last_counts() -> None:
    first, last = event("a", "edit", edited="First."), event("a", "edit", edited="Last.", minutes=5)
    assert pairs(last, first) == ([("Last.", last.draft, "edit")], [])


def test_a_liked_draft_is_preferred_to_one_that_was_not_for_the_same_instruction() -> None:
    up, down = event("a", "thumb_up", instruction="write about FOG"), event("b", "thumb_down")
    assert pairs(up, down) == ([(up.draft, down.draft, "thumb")], [])


def test_without_a_liked_draft_an_edit_or_the_authors_passage_is_preferred() -> None:
    down, edit = event("b", "thumb_down"), event("a", "edit", edited="The fog came at six.")
    shown, reasons = pairs(down, edit)
    assert ("The fog came at six.", down.draft, "thumb") in shown
    assert reasons == []
    own = make_sample("s", instruction="Write about fog.")
    pair = feedback_pairs([down], [own], 100).pairs[0]
    assert (pair.chosen, pair.document_id, pair.start, pair.end) == (own.answer, own.document_id, own.start, own.end)


def test_a_thumb_with_nothing_to_set_it_against_is_kept_as_a_reason() -> None:
    assert pairs(event("a", "thumb_up"), event("b", "thumb_down", instruction="Another thing?")) == (
        [],
        ["unpaired", "unpaired"],
    )


@pytest.mark.parametrize(
    ("edited", "reason"),
    [("", "empty"), ("Fog is a cloud that draft a is near.", "identical"), ("w " * 101, "too_long")],
)
def test_an_edit_that_teaches_nothing_has_a_reason(edited: str, reason: str) -> None:
    assert pairs(event("a", "edit", edited=edited)) == ([], [reason])


def test_an_edit_that_changes_marks_alone_is_a_choice_all_the_same() -> None:
    assert pairs(event("a", "edit", edited="Fog is a cloud, that draft a is near!"))[1] == []


@pytest.fixture
def tested() -> InstructionSample:
    return make_sample("h", "test", document_id="held", answer=paragraph("held"))


def test_feedback_on_what_is_tested_with_is_left_out(tested: InstructionSample) -> None:
    quoting = event("a", "edit", edited=f"As I said: {tested.answer}")
    on_it = event("b", "edit", edited="Shorter.", used_document_ids=("held",))
    asking = event("c", "edit", edited="Shorter.", instruction=tested.instruction.upper())
    assert pairs(quoting, on_it, asking, samples=[tested]) == ([], ["held_out"] * 3)


def test_feedback_on_a_validation_document_is_not_trained_on() -> None:
    sample = make_sample("v", "validation", document_id="v")
    found = feedback_pairs([event("a", "edit", edited="Shorter.", used_document_ids=("v",))], [sample], 100)
    assert [pair.split for pair in found.pairs] == ["validation"]


def test_one_event_sent_twice_is_one() -> None:
    assert event("a", "thumb_up") == event("a", "thumb_up")
    assert event("a", "thumb_up").event_id != event("a", "thumb_up", minutes=1).event_id
