"""Tables and plots of asset metadata."""

import base64
import re
from dataclasses import dataclass
from datetime import UTC, datetime

from twin_assets.defs.figures import counts_table, exclusions_table, histogram, timeline


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


def test_a_histogram_has_a_bar_for_each_tenth_and_the_longest_for_the_commonest():
    rows = str(histogram("quality", [0.05, 0.91, 0.95, 0.99, 1.0]).value).splitlines()[2:]
    assert [row.split("|")[1].strip() for row in rows[:2]] == ["0.0 to 0.1", "0.1 to 0.2"]
    counts = [int(row.split("|")[2].split()[-1]) for row in rows]
    assert counts == [1, *[0] * 8, 4]
    assert rows[-1].count("█") == 4 * rows[0].count("█") > 0
    assert "█" not in rows[1]


def test_exclusions_are_shown_by_reason_a_few_of_each():
    reasons = ["duplicate"] * 20 + ["low_quality"]
    rows = str(exclusions_table(reasons, [f"what {n}" for n in range(21)]).value).splitlines()[2:]
    assert [row.split("|")[1].strip() for row in rows] == ["duplicate"] * 5 + ["low_quality"]
    assert "what 20" in rows[-1]


def test_where_there_is_nothing_to_show_it_says_so():
    assert histogram("quality", []).value == exclusions_table([], []).value == "none"
