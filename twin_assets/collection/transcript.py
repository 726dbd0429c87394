"""WhatsApp's transcript: lines to entries, the order of day and month, and what in a message the author wrote.

Nearly everything in it follows the phone's language and region, so what is looked for is form where there is one
(a date, a clock, the marks that WhatsApp puts before its own words) and known phrases where there is none.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from itertools import pairwise
from typing import Literal

from twin_assets.collection.text import has_words

Order = Literal["day first", "month first", "year first"]
Day = tuple[str, str, str]
"""The three numbers of a date, as written."""

_POSITIONS: dict[Order, tuple[int, int, int]] = {
    "day first": (2, 1, 0),
    "month first": (2, 0, 1),
    "year first": (0, 1, 2),
}
"""Where year, month and day are; the first of two orders that fit equally well counts."""
_FIRST_YEAR = 2009
"""WhatsApp's first: an order that gives earlier ones is the wrong one."""

_MARKS = "\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff"
_MARK = re.compile(f"[{_MARKS}]")
_PROGRAM = "\u200e"
"""The mark that WhatsApp puts before its own words on iOS, and before the names of attachments."""
_MORNING = ("am", "午前", "上午", "오전", "ص", "öö", "πμ", "sa")
_AFTERNOON = ("pm", "午後", "下午", "오후", "م", "ös", "μμ", "ch")
_HALF = r"[ap]\.?\s?m\.?|午前|午後|上午|下午|오전|오후|ص|م|ÖÖ|ÖS|[πμ]\.?\s?μ\.?|SA|CH"
_M = f"[{_MARKS}]{{0,4}}"
_DATE = (
    rf"(?P<first>\d{{1,4}}){_M}\s?(?P<separator>[./-])\s?{_M}(?P<second>\d{{1,2}}){_M}\s?(?P=separator)\s?{_M}"
    rf"(?P<third>\d{{1,4}}){_M}\.?{_M}(?:[,،]\s*|\s+)"
)
_CLOCK = (
    rf"(?:(?:(?P<before>{_HALF})\s?|[^\W\d_]{{1,4}}\.?\s))?{_M}"  # `às 14:30`, `klo 14.30`, `오후 2:30`
    rf"(?P<hour>\d{{1,2}})[:.](?P<minute>\d{{2}})(?:[:.](?P<second_of>\d{{2}}))?(?:{_M}\s?(?P<after>{_HALF}))?{_M}"
)
_HEADER = re.compile(
    rf"{_M}(?:(?P<bracket>\[))?{_DATE}{_CLOCK}(?(bracket)\]\s?|\s[-–](?:\s|$))(?P<rest>.*)", re.IGNORECASE | re.DOTALL
)
_SENDER = re.compile(r"(?P<name>.{1,100}?):(?:\s(?P<text>.*)|$)", re.DOTALL)

_EDITED = re.compile(
    r"<(?:This message was edited|Esta mensagem foi editada|Mensagem editada|Se editó este mensaje|"
    r"Ce message a été modifié|Diese Nachricht wurde bearbeitet|Questo messaggio è stato modificato|"
    r"Dit bericht is bewerkt|Bu mesaj düzenlendi|Сообщение изменено)\.?>$",
    re.IGNORECASE,
)
_DELETED = re.compile(
    r"this message was deleted|you deleted this message|message deleted|"
    r"(?:diese nachricht wurde|du hast diese nachricht) gelöscht|se eliminó este mensaje|este mensaje fue eliminado|"
    r"eliminaste este mensaje|esta mensagem foi (?:apagada|eliminada)|mensagem apagada|"
    r"(?:você )?(?:apagou|eliminou) esta mensagem|ce message a été supprimé|vous avez supprimé ce message|"
    r"questo messaggio è stato eliminato|hai eliminato questo messaggio|"
    r"(?:dit bericht is|u hebt dit bericht|je hebt dit bericht) verwijderd|bu mesaj silindi|bu mesajı sildiniz|"
    r"данное сообщение удалено|вы удалили данное сообщение|це повідомлення було видалено|"
    r"ви видалили це повідомлення|tato zpráva byla smazána|تم حذف هذه الرسالة"
)
_OMITTED = re.compile(
    r"null|(?:media|image|photo|video|video note|audio|sticker|gif|document|contact card) omitted|"
    r"(?:bild|video|audio|sticker|gif|dokument) weggelassen|kontaktkarte ausgelassen|"
    r"(?:imagen|imagem|v[ií]deo|[aá]udio|sticker|gif|documento|tarjeta de contacto|figurinha) (?:omitid|ocultad)[oa]|"
    r"(?:imagem|vídeo|ficheiro de áudio|sticker|gif|documento) não revelad[oa]|(?:image|vidéo) absente|"
    r"(?:audio|sticker) omis|gif retiré|document manquant|immagine omessa|(?:video|audio|documento) omesso|"
    r"sticker non incluso|gif esclusa|(?:afbeelding|video|audio|sticker|gif|document|videonotitie) weggelaten|"
    r"(?:görüntü|video|ses|gif|çıkartma|belge) dahil edilmedi|(?:изображение|видео|аудио|gif|документ) отсутствует|"
    r"стикер не добавлен|missed (?:group )?(?:voice|video) call|live location shared"
)
_PLACEHOLDER = re.compile(r"<(?=[^<>]*(?:\s|[^\x00-\x7f]))[^<>\n]{3,80}>")
"""`<Media omitted>` in any language: more than one word, or letters that no markup has."""
_ATTACHED = re.compile(
    rf"{_PROGRAM}{{1,4}}<[^<>\n]*>|"
    r"<(?:attached|anexado|anexo|adjunto|pièce jointe|Anhang|allegato|bijlage|ek|załącznik|вложение)\s?:[^<>\n]+>",
    re.IGNORECASE,
)
"""A remark of WhatsApp's, above all an attachment's name on iOS; its caption stands before it."""
_FILE = re.compile(
    r"(?:(?:IMG|VID|PTT|AUD|STK|DOC)-\d{8}-WA\d+\.\w+\s\([^()\n]+\)|.+\.\w{2,5}\s\((?:file attached|Datei angehängt|"
    r"archivo adjunto|arquivo anexado|ficheiro anexado|fichier joint|file allegato|bestand bijgevoegd|dosya ekli|"
    r"plik załączony|soubor byl přiložen|файл добавлен|файл прикреплен|файл прикріплено)\)|"
    rf".+\.\w{{2,5}}\s•\s{_PROGRAM}.*)",
    re.IGNORECASE,
)
"""An attachment's line; its caption follows. The last form is a document on iOS: `report.pdf • 12 pages`."""
_LOCATION = re.compile(r"[^\s:]{3,20}(?: [^\s:]{3,20})?: https://maps\.google\.com/\?q=\S+")


@dataclass(frozen=True, slots=True)
class Entry:
    """A message or system line with the lines that continue it; `row` is the number of its first line, from 1.

    `day` is None for the lines before the first entry, `sender` blank for a system line, `clock` None for a time
    that there is not.
    """

    row: int
    day: Day | None
    clock: time | None
    sender: str
    text: str


def is_header(line: str) -> bool:
    """Whether a line begins a message or is a system line, by its date and time."""
    return _HEADER.fullmatch(line) is not None


def read_entries(lines: Sequence[str]) -> Iterator[Entry]:
    """Every line, as the beginning or a continuation of an entry."""
    header: re.Match[str] | None = None
    start = 0
    for number, line in enumerate(lines):
        match = _HEADER.fullmatch(line)
        if match:
            if number > start:
                yield _entry(header, lines[start:number], start + 1)
            header, start = match, number
    if len(lines) > start:
        yield _entry(header, lines[start:], start + 1)


def _entry(header: re.Match[str] | None, lines: Sequence[str], row: int) -> Entry:
    if header is None:
        return Entry(row, None, None, "", "\n".join(lines))
    text = "\n".join([header["rest"], *lines[1:]])
    day = (header["first"], header["second"], header["third"])
    sender = _SENDER.fullmatch(header["rest"])
    if not sender:
        return Entry(row, day, _clock(header), "", text)
    name = " ".join(_MARK.sub("", sender["name"]).split()).removeprefix("~").lstrip()
    return Entry(row, day, _clock(header), name, "\n".join([sender["text"] or "", *lines[1:]]))


def _clock(header: re.Match[str]) -> time | None:
    hour = int(header["hour"])
    half = re.sub(r"[\s.]", "", unicodedata.normalize("NFKC", header["before"] or header["after"] or "")).casefold()
    if half in _MORNING or half in _AFTERNOON:
        hour = hour % 12 + (12 if half in _AFTERNOON else 0)
    try:
        return time(hour, int(header["minute"]), int(header["second_of"] or 0), tzinfo=UTC)
    except ValueError:
        return None


def infer_order(days: Iterable[Day]) -> tuple[Order, bool]:
    """The order of day, month and year in a file's dates, and whether it is certain.

    It is the one by which most dates exist (a part above 12 is no month) and then the one by which time goes back
    least often. What remains is taken as day first, as in most of the world.
    """
    # What repeats the day before says nothing new.
    written: list[Day] = []
    for day in days:
        if not written or written[-1] != day:
            written.append(day)
    scores: dict[Order, tuple[int, int]] = {order: _misfits(written, order) for order in _POSITIONS}
    best = min(scores, key=lambda order: scores[order])
    doubtful = best == "day first" and scores[best] == scores["month first"]
    return best, not (doubtful and any(first != second for first, second, _ in written))


def _misfits(days: Sequence[Day], order: Order) -> tuple[int, int]:
    read = [read_day(day, order) for day in days]
    known = [day for day in read if day and day.year >= _FIRST_YEAR]
    return len(days) - len(known), sum(after < before for before, after in pairwise(known))


def read_day(day: Day, order: Order) -> date | None:
    """The date that three numbers give in an order, or None where there is no such day."""
    year, month, of_month = (day[position] for position in _POSITIONS[order])
    if len(year) not in (2, 4):
        return None
    try:
        return date(int(year) + (2000 if len(year) == 2 else 0), int(month), int(of_month))
    except ValueError:
        return None


def read_time(entry: Entry, order: Order) -> datetime | None:
    """When an entry was written, in the phone's time, which the file does not name: it is taken as UTC."""
    day = read_day(entry.day, order) if entry.day else None
    return datetime.combine(day, entry.clock) if day and entry.clock else None


def own_words(written: str) -> tuple[str, str]:
    """What the author wrote in a message, without WhatsApp's remarks; or a blank with `deleted` or `empty`."""
    text = _EDITED.sub("", written.rstrip())
    text = _ATTACHED.sub("", text).strip()
    lines = text.split("\n")
    if text.startswith(_PROGRAM):
        if _DELETED.fullmatch(_phrase(lines[0])):
            return "", "deleted"
        # A poll's question stands between such lines.
        lines = [line for line in lines if not line.startswith(_PROGRAM)]
    elif _FILE.fullmatch(lines[0]) or _PLACEHOLDER.fullmatch(lines[0]) or _LOCATION.fullmatch(lines[0]):
        lines = lines[1:]
    elif len(lines) == 1 and _DELETED.fullmatch(_phrase(text)):
        return "", "deleted"
    if lines:
        # A caption on iOS stands before the remark.
        caption, mark, remark = lines[-1].rpartition(_PROGRAM)
        if (mark or len(lines) == 1) and _OMITTED.fullmatch(_phrase(remark)):
            lines[-1] = caption
    words = _MARK.sub("", "\n".join(lines)).strip()
    return (words, "") if has_words(words) else ("", "empty")


def _phrase(line: str) -> str:
    return _MARK.sub("", line).strip().rstrip(".").casefold()
