"""How WhatsApp writes the beginning of a message, by system and language, and chats to write so."""

from collections.abc import Callable
from datetime import datetime

from hypothesis import strategies as st

from twin_assets.collection.text import has_words

LRM, RLM, NARROW, NO_BREAK = "\u200e", "\u200f", "\u202f", "\u00a0"


def _half(t: datetime, morning: str, afternoon: str) -> str:
    return afternoon if t.hour >= 12 else morning


def _hour(t: datetime) -> int:
    return t.hour % 12 or 12


def _arabic(text: str) -> str:
    return text.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))


LAYOUTS: dict[str, Callable[[datetime], str]] = {
    "iOS German": lambda t: f"[{t:%d.%m.%y, %H:%M:%S}] ",
    "iOS British": lambda t: f"[{t:%d/%m/%Y, %H:%M:%S}] ",
    "iOS American": lambda t: f"[{t.month}/{t.day}/{t:%y}, {_hour(t)}:{t:%M:%S}{NARROW}{_half(t, 'AM', 'PM')}] ",
    "iOS Dutch": lambda t: f"{LRM}[{t:%d-%m-%Y %H:%M:%S}] ",
    "iOS Finnish": lambda t: f"[{t.day}.{t.month}.{t.year} klo {t.hour}.{t:%M.%S}] ",
    "iOS Korean": lambda t: f"[{t.year}. {t.month}. {t.day}. {_half(t, '오전', '오후')} {_hour(t)}:{t:%M:%S}] ",
    "iOS Chinese": lambda t: f"[{t.year}/{t.month}/{t.day} {_half(t, '上午', '下午')}{_hour(t)}:{t:%M:%S}] ",
    "iOS Arabic": lambda t: _arabic(
        f"[{t.day}{RLM}/{t.month}{RLM}/{t.year}، {_hour(t)}:{t:%M:%S}{NO_BREAK}{_half(t, 'ص', 'م')}] "
    ),
    "Android American": lambda t: f"{t.month}/{t.day}/{t:%y}, {_hour(t)}:{t:%M}{NARROW}{_half(t, 'AM', 'PM')} - ",
    "Android American, 24 hours": lambda t: f"{t.month}/{t.day}/{t:%y}, {t:%H:%M} - ",
    "Android British": lambda t: f"{t:%d/%m/%Y, %H:%M} - ",
    "Android Indian": lambda t: f"{t:%d/%m/%y}, {_hour(t)}:{t:%M}{NARROW}{_half(t, 'am', 'pm')} - ",
    "Android Spanish": lambda t: (
        f"{t.day}/{t.month}/{t:%y}, {_hour(t)}:{t:%M}{NO_BREAK}{_half(t, 'a', 'p')}.{NO_BREAK}m. - "
    ),
    "Android Brazilian": lambda t: f"{t:%d/%m/%Y %H:%M} - ",
    "Android Portuguese": lambda t: f"{t:%d/%m/%Y às %H:%M} - ",
    "Android Czech": lambda t: f"{t:%d.%m.%y %H:%M} - ",
    "Android Indonesian": lambda t: f"{t:%d/%m/%y %H.%M} - ",
    "Android Turkish": lambda t: f"{t.day}.{t:%m.%Y} {_half(t, 'ÖÖ', 'ÖS')} {_hour(t)}:{t:%M} - ",
    "Android Greek": lambda t: f"{t.day}/{t.month}/{t:%y}, {_hour(t)}:{t:%M} {_half(t, 'π', 'μ')}.μ. - ",
    "Android Swedish": lambda t: f"{t:%Y-%m-%d %H:%M} - ",
    "Android Hungarian": lambda t: f"{t:%Y. %m. %d. %H:%M} - ",
    "Android Japanese": lambda t: f"{t:%Y/%m/%d %H:%M} - ",
}

LINES = st.text(
    st.one_of(st.characters(exclude_categories=["Cs", "Cc", "Cf", "Zs", "Zl", "Zp"]), st.just(" ")),
    max_size=20,
).filter(lambda line: "<" not in line)
TEXTS = st.lists(LINES, min_size=1, max_size=3).map(lambda lines: "\n".join(lines).strip()).filter(has_words)
OTHERS = ("Bob", "+49 170 1234567", f"~{NARROW}Anna: at work")
SPOKEN = st.lists(
    st.tuples(
        st.sampled_from(["own", "own", "other", "system", "empty", "deleted"]),
        st.one_of(st.integers(0, 1300), st.integers(0, 200_000)),
        TEXTS,
        st.integers(0, 2),
    ),
    max_size=25,
)
PLACEHOLDERS = ("<Media omitted>", f"{LRM}image omitted", f"{LRM}<attached: 00000012-PHOTO-2024-03-25.jpg>")
