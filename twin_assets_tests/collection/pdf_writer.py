"""Writes PDF files for tests: text at given places in the standard fonts, and papers set in one column or two."""

import io
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

FONTS = {"serif": "Times-Roman", "bold": "Times-Bold", "mono": "Courier", "sans": "Helvetica"}
LIGATURES = "\ufb01\ufb02\ufb00\ufb03\ufb04"
_ENCODING = "<< /BaseEncoding /WinAnsiEncoding /Differences [1 /fi /fl /ff /ffi /ffl] >>"
WIDTH, HEIGHT = 612, 792
MARGIN, GUTTER = 60, 24
COLUMN = (WIDTH - 2 * MARGIN - GUTTER) / 2
TOP, BOTTOM = 720, 72
SIZE, LEADING = 10, 12


@dataclass(frozen=True)
class Run:
    """Text with its baseline's beginning; `turned` runs upwards, as arXiv's stamp does."""

    x: float
    y: float
    text: str
    size: float = SIZE
    font: str = "serif"
    turned: bool = False


def write_pdf(pages: Sequence[Sequence[Run]], info: Mapping[str, str] | None = None, xmp: str = "") -> bytes:
    """A PDF file with these runs, in their order, and the given entries of metadata."""
    objects: list[bytes] = [b"", b""]
    fonts = {}
    for name, base in FONTS.items():
        font = f"<< /Type /Font /Subtype /Type1 /BaseFont /{base} /Encoding {_ENCODING} >>"
        fonts[name] = _add(objects, font.encode())
    resources = " ".join(f"/{name} {number} 0 R" for name, number in fonts.items())
    kids = []
    for page in pages:
        content = _add(objects, _stream(b"\n".join(map(_run, page))))
        kids.append(
            _add(
                objects,
                f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {WIDTH} {HEIGHT}] /Contents {content} 0 R "
                f"/Resources << /Font << {resources} >> >> >>".encode(),
            )
        )
    metadata = ""
    if xmp:
        number = _add(objects, _stream(xmp.encode(), "/Type /Metadata /Subtype /XML"))
        metadata = f"/Metadata {number} 0 R"
    objects[0] = f"<< /Type /Catalog /Pages 2 0 R {metadata} >>".encode()
    objects[1] = f"<< /Type /Pages /Count {len(kids)} /Kids [{' '.join(f'{k} 0 R' for k in kids)}] >>".encode()
    entries = b" ".join(b"/%s (%s)" % (key.encode(), _escaped(value)) for key, value in (info or {}).items())
    return _file(objects, _add(objects, b"<< " + entries + b" >>"))


def _add(objects: list[bytes], value: bytes) -> int:
    objects.append(value)
    return len(objects)


def _stream(content: bytes, entries: str = "") -> bytes:
    return f"<< /Length {len(content)} {entries} >>\nstream\n".encode() + content + b"\nendstream"


def _run(run: Run) -> bytes:
    turn = "0 1 -1 0" if run.turned else "1 0 0 1"
    return f"BT /{run.font} {run.size} Tf {turn} {run.x} {run.y} Tm (".encode() + _escaped(run.text) + b") Tj ET"


def _escaped(text: str) -> bytes:
    written = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
    return b"".join(bytes([1 + LIGATURES.index(c)]) if c in LIGATURES else c.encode("cp1252") for c in written)


def _file(objects: Sequence[bytes], info: int) -> bytes:
    out = io.BytesIO(b"%PDF-1.4\n")
    out.seek(0, io.SEEK_END)
    offsets = []
    for number, value in enumerate(objects, 1):
        offsets.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, value))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.writelines(b"%010d 00000 n \n" % offset for offset in offsets)
    out.write(b"trailer\n<< /Size %d /Root 1 0 R /Info %d 0 R >>\nstartxref\n%d\n" % (len(objects) + 1, info, start))
    out.write(b"%%EOF\n")
    return out.getvalue()


@dataclass
class Paper:
    """Sets a paper: the title and what else is `full` across the page, then sections in `columns`.

    A line that ends in `-` within a paragraph given as a list of lines stays as it is: a word broken by hand.
    """

    columns: int = 2
    by_rows: bool = False
    """Write the lines of a page from the top, across the columns, as some programs do."""
    header: str = ""
    page_numbers: bool = False
    pages: list[list[Run]] = field(default_factory=list)
    _column: int = 0
    _y: float = TOP
    _top: float = TOP

    def full(self, text: str, size: float = SIZE, font: str = "serif", indent: float = 0) -> "Paper":
        """One line across the page, before the columns begin."""
        self._page().append(Run(MARGIN + indent, self._top, text, size, font))
        self._top -= max(LEADING, 1.2 * size) + 4
        self._y = self._top
        return self

    def heading(self, text: str, size: float = 12) -> "Paper":
        """A section's heading, in bold."""
        self._y -= 6
        self._line(text, size, "bold")
        self._y -= 4
        return self

    def paragraph(self, text: str | Sequence[str], size: float = SIZE, font: str = "serif") -> "Paper":
        """A paragraph with its first line indented."""
        width = int((COLUMN if self.columns == 2 else WIDTH - 2 * MARGIN) / (size * (0.6 if font == "mono" else 0.46)))
        lines = textwrap.wrap(text, width - 2, break_on_hyphens=False) if isinstance(text, str) else text
        for number, line in enumerate(lines):
            self._line(line, size, font, 12 if number == 0 and font != "mono" else 0)
        return self

    def space(self, points: float) -> "Paper":
        """A gap in the column."""
        self._y -= points
        return self

    def write(self, **info: str) -> bytes:
        """The file, with metadata."""
        return write_pdf(list(self._finished()), info)

    def _page(self) -> list[Run]:
        if not self.pages:
            self.pages.append([])
        return self.pages[-1]

    def _line(self, text: str, size: float, font: str, indent: float = 0) -> None:
        if self._y < BOTTOM:
            self._column += 1
            if self._column == self.columns:
                self.pages.append([])
                self._column, self._top = 0, TOP
            self._y = self._top
        x = MARGIN + self._column * (COLUMN + GUTTER) + indent
        self._page().append(Run(x, self._y, text, size, font))
        self._y -= size * LEADING / SIZE

    def _finished(self) -> Iterator[list[Run]]:
        for number, page in enumerate(self.pages, 1):
            runs = sorted(page, key=lambda run: (-run.y, run.x)) if self.by_rows else page
            head = [Run(MARGIN, 760, self.header.format(number), 9)] if self.header else []
            foot = [Run(WIDTH / 2, 40, str(number), 9)] if self.page_numbers else []
            yield [*head, *runs, *foot]
