"""Tables and plots of asset metadata."""

import base64
import re
from dataclasses import dataclass
from datetime import UTC, datetime

from twin_assets.defs.figures import counts_table, timeline


@dataclass(frozen=True)
class Piece:
    """As much of a document as figures show."""

    kind: str
    published_at: datetime | None
    title: str = "A title"
    text: str = "A text."
    url: str = "https://ada.example"


def test_a_timeline_is_a_picture_and_says_from_when_to_when_and_what_has_no_date():
    pieces = [
        Piece("x", datetime(2019, 11, 3, tzinfo=UTC)),
        Piece("site", datetime(2021, 2, 1, tzinfo=UTC)),
        Piece("site", None),
    ]
    markdown = str(timeline(pieces).value)
    found = re.match(r"!\[documents by month from 2019-11 to 2021-02\]\(data:image/png;base64,([^)]+)\)", markdown)
    assert found is not None
    assert base64.b64decode(found[1]).startswith(b"\x89PNG")
    assert markdown.endswith("1 without a date")


def test_without_a_date_there_is_no_timeline():
    assert timeline([Piece("x", None)]).value == "no dated documents"


def test_counts_are_listed_the_commonest_first():
    rows = str(counts_table("reason", ["draft", "guest", "draft"]).value).splitlines()
    assert ["draft" in rows[-2], "guest" in rows[-1]] == [True, True]
