"""CSV as exports write it: headers with stray spaces, preambles, and LinkedIn's own ways of quoting.

Rows are numbered as a spreadsheet numbers them: the header is row 1 wherever it lies.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from twin_assets.collection.text import Unreadable

_FIELD_CHARS = 1 << 24
_PREAMBLE_LINES = 10
_RECORD_START = re.compile(
    # A date with its time, or a link of LinkedIn's in the second field behind a blank or short date.
    r'^"?(?:\d{4}-\d{1,2}-\d{1,2} \d{1,2}:\d{2}(?::\d{2})?(?: UTC)?"?[ \t]*,'
    r'|(?:\d{4}-\d{1,2}-\d{1,2})?"?[ \t]*,[ \t]*"?https?://[\w.-]*linkedin\.[\w.-]+/)',
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Row:
    """One record; `values` by folded column name (see `fold`), or the problem that it cannot be read for."""

    number: int
    values: dict[str, str]
    problem: str = ""

    def get(self, *names: str) -> str:
        """The value of the first of the columns that is there and not blank, stripped."""
        return next((v for n in names if (v := self.values.get(n, "").strip())), "")


def fold(header: str) -> str:
    """A column name without spaces, underscores and case: `Share Link` and `ShareLink` are the same."""
    return re.sub(r"[\s_]+", "", header).lower()


def read_rows(text: str, required: Sequence[str]) -> Iterator[Row]:
    """The records of an RFC 4180 table. Raises Unreadable when no line names the required columns (folded)."""
    columns, body = _header(text, required)
    yield from _plain_rows(columns, body)


def read_linkedin_rows(text: str, required: Sequence[str], free_text: str) -> Iterator[Row]:
    r"""The records of LinkedIn's Shares or Comments, whose `free_text` column is not quoted by RFC 4180.

    A line break in Shares is quote, newline, quote; Comments write `\"`. Records are told apart by the date and link
    that each begins with, so a stray quote cannot swallow the records after it. Raises Unreadable like `read_rows`.
    """
    columns, body = _header(text, required)
    starts = [match.start() for match in _RECORD_START.finditer(body)]
    if columns.index(free_text) != 2 or columns[0] != "date" or not starts:
        yield from _plain_rows(columns, body)
        return
    number = 2
    if body[: starts[0]].strip():
        yield Row(number, {}, "does not begin with a date and a link")
        number += 1
    for start, end in zip(starts, [*starts[1:], len(body)], strict=True):
        for row in _record(columns, body[start:end], columns.index(free_text), number):
            yield row
            number += 1


def _header(text: str, required: Sequence[str]) -> tuple[list[str], str]:
    position = 0
    for _ in range(_PREAMBLE_LINES):
        end = text.find("\n", position)
        line = text[position:] if end < 0 else text[position:end]
        columns = [fold(c) for c in next(_csv(line), [])]
        if set(required) <= set(columns):
            return columns, "" if end < 0 else text[end + 1 :]
        if end < 0:
            break
        position = end + 1
    raise Unreadable("unreadable", f"has no header with the columns {', '.join(required)}")


def _csv(text: str) -> Iterator[list[str]]:
    before = csv.field_size_limit(_FIELD_CHARS)
    try:
        # The limit is global to the process and read as each row is parsed, so rows are parsed at once.
        rows = list(_until_error(text))
    finally:
        csv.field_size_limit(before)
    yield from rows


def _until_error(text: str) -> Iterator[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""))
    while True:
        try:
            row = next(reader, None)
        except csv.Error:
            yield []
            continue
        if row is None:
            return
        if any(cell.strip() for cell in row):
            yield row


def _plain_rows(columns: list[str], body: str) -> Iterator[Row]:
    for number, cells in enumerate(_csv(body), 2):
        yield _row(columns, cells, number)


def _row(columns: list[str], cells: list[str], number: int) -> Row:
    blank_rest = not any(cell.strip() for cell in cells[len(columns) :])
    if not cells:
        return Row(number, {}, "a field is too long or badly quoted")
    if len(cells) < len(columns) or not blank_rest:
        return Row(number, {}, f"has {len(cells)} fields, the header {len(columns)}")
    return Row(number, dict(zip(columns, cells, strict=False)))


def _record(columns: list[str], record: str, index: int, number: int) -> list[Row]:
    """The row in a record, and a row with a problem for each line behind it that does not belong to it."""
    if '\\"' not in record:
        first, *rest = list(_csv(record)) or [[]]
        if len(first) == len(columns):
            first[index] = _join_quoted_lines(first[index])
            others = [Row(number + i, {}, "does not begin with a date and a link") for i, _ in enumerate(rest, 1)]
            return [_row(columns, first, number), *others]
    head = record.strip()
    leading: list[str] = []
    trailing: list[str] = []
    for _ in range(index):
        field, comma, head = head.partition(",")
        if not comma:
            return [Row(number, {}, f"has fewer fields than the header, which has {len(columns)}")]
        leading.append(field.strip().strip('"'))
    for _ in range(len(columns) - index - 1):
        head, comma, field = _last_field(head)
        if not comma or "\n" in field:
            return [Row(number, {}, "its last fields cannot be told from its text")]
        trailing.insert(0, field)
    return [_row(columns, [*leading, _unquote(head), *trailing], number)]


def _last_field(text: str) -> tuple[str, str, str]:
    text = text.rstrip()
    cut = text.rfind(',"', 0, len(text) - 1) if text.endswith('"') else text.rfind(",")
    return (text[:cut], ",", text[cut + 1 :].strip('"')) if cut >= 0 else ("", "", "")


def _unquote(field: str) -> str:
    field = field.strip()
    if len(field) > 1 and field[0] == field[-1] == '"':
        field = field[1:-1]
    return _join_quoted_lines(field.replace('\\"', '"').replace('""', '"'))


def _join_quoted_lines(text: str) -> str:
    """Lines that were quoted one by one, without those quotes. A quotation that spans lines keeps its marks: only a
    quote that leaves its line unbalanced, met by a quote on the next line, belongs to the line break."""
    lines = text.split("\n")
    joined = False
    for i in range(len(lines) - 1):
        line, after = lines[i].rstrip(), lines[i + 1].lstrip()
        blank = joined and not line
        joined = after.startswith('"') and (blank or (line.endswith('"') and line.count('"') % 2 == 1))
        if joined:
            lines[i] = line if blank else line[:-1]
            lines[i + 1] = after[1:]
    return "\n".join(lines)
