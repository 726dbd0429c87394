"""Personal data and secrets in a text, and their masks: `[email]`, `[phone]`, `[card]`, `[iban]`, `[ip]`, `[secret]`.

What a number is, libraries decide: phonenumbers, python-stdnum (ISO 7064, Luhn), the public suffix list, ipaddress and
detect-secrets. Only what looks like a candidate is shown to them.
"""

import ipaddress
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from twin_assets.features.markdown_blocks import code_spans, inline_code_spans
from twin_assets.features.secrets import assigned_secrets, secrets

_MAX_PASSES = 4
_SHORTEST_ASSIGNMENT = 16
_DIGIT = re.compile(r"\d")
_WITHOUT_DIGITS = frozenset({"email", "secret"})
_MAILTO = re.compile(
    r"\[(?P<text>[^\[\]\n]*)\]\(mailto:(?P<address>[^()\s]+)\)"
    r"|<(?:mailto:)?(?P<plain>[^<>\s@]+@[^<>\s@]+)>"
)
_EMAIL = re.compile(
    r"(?<![\w.+@/%\-])(?P<local>[A-Za-z0-9_](?:[\w.+%\-]{0,62}[\w+\-])?)@"
    r"(?P<host>(?:[A-Za-z0-9](?:[A-Za-z0-9\-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,24})(?![\w@]|\.\w|-\w)"
)
_USER_OF_URL = re.compile(r"://[^\s/?]*$")
_RESERVED = re.compile(
    r"(?:^|\.)(?:example(?:\.\w+)?|test|invalid|localhost|local|internal|domain\.com|email\.com)$", re.I
)
_NOBODY = re.compile(
    r"(?:git|hg|svn|no-?reply|donotreply|do-not-reply|nobody|postmaster|mailer-daemon|you|your\w*)$", re.I
)
_NUMBERS = re.compile(r"[+(\d](?<![\w.,:/=\-#%&].)[\d\s().\-/\u2010-\u2013]{6,25}\d(?![\w\-]|[.,]\d)")
_CARD = re.compile(r"\d(?<![\w.,\-/=].)\d{3}(?:([ \-]?)\d{4}\1\d{4}\1\d{4}|([ \-]?)\d{6}\2\d{4,5})(?![\w\-]|[.,]\d)")
_ISSUER = re.compile(
    r"4\d{15}|(?:5[1-5]|2[2-7])\d{14}|3[47]\d{13}|3(?:0[0-5]|[689]\d)\d{11}"
    r"|6(?:011|5\d\d|4[4-9]\d)\d{12}|35\d{14}"
)
_TEST_CARDS = frozenset(
    [
        "4242424242424242",
        "4111111111111111",
        "4012888888881881",
        "4000056655665556",
        "5555555555554444",
        "5200828282828210",
        "5105105105105100",
        "378282246310005",
        "371449635398431",
        "6011111111111117",
        "6011000990139424",
        "3056930009020004",
        "30569309025904",
        "3566002020360505",
        "4000000000000002",
        "4000000000000077",
    ]
)
"""Numbers that payment providers publish for tests."""
_IBAN = re.compile(r"[A-Z](?<![\w\-/].)[A-Z]\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![\w\-])")
_IPV4 = re.compile(
    r"\d(?<![\w.\-/=<>~^].)(?<!version .)(?<!Version .)\d{0,2}\.(?:\d{1,3}\.){2}\d{1,3}(?![\w\-]|\.\d|/\d)"
)
_ADDRESS_HINT = re.compile(r"(?i)\b\w*(?:ip|addr(?:ess)?|host|remote|server|client|fwd|from|peer|ping|ssh)\b\W{0,6}$")
_VERSION_HINT = re.compile(r"(?i)\b(?:v(?![46]\b)\d*|ver|version|release|build|sqlite|chrome|node)\b\W{0,8}$")
_IPV6 = re.compile(r"[23](?<![\w:.].)[0-9a-fA-F]{3}:(?:[0-9a-fA-F]{0,4}:){1,6}[0-9a-fA-F]{0,4}(?![\w:]|\.\d)")
_PUBLIC_SERVERS = frozenset(
    ["1.1.1.1", "1.0.0.1", "8.8.8.8", "8.8.4.4", "9.9.9.9", "208.67.222.222", "208.67.220.220", "1.2.3.4", "4.4.4.4"]
)
"""Resolvers that everybody names, and what documentation takes for any address."""
_URL = re.compile(r"\b(?:https?|ftp)://[^\s<>()\[\]]+|\]\([^()\s]*\)")


@dataclass(frozen=True)
class PiiPolicy:
    """What is masked: kinds of data, names of people, and whose national telephone numbers are known.

    `region` is an ISO 3166 code; without one only numbers with a country code (`+44 …`) are telephone numbers.
    """

    kinds: tuple[str, ...] = ("email", "phone", "card", "iban", "ip", "secret")
    names: tuple[str, ...] = ()
    region: str = "US"


class _Span(NamedTuple):
    start: int
    end: int
    kind: str


def mask(text: str, policy: PiiPolicy) -> tuple[str, Counter[str]]:
    """The text with masks in the place of personal data, and how many of each kind. The values are nowhere kept.

    Telephone numbers and names are not looked for in code, where a number is just a number. Applying it twice changes
    nothing.
    """
    counts: Counter[str] = Counter()
    for _ in range(_MAX_PASSES):
        spans = _found(text, policy)
        if not spans:
            break
        parts, at = [], 0
        for start, end, kind in spans:
            parts += [text[at:start], f"[{kind}]"]
            counts[kind] += 1
            at = end
        text = "".join([*parts, text[at:]])
    return text, counts


def _found(text: str, policy: PiiPolicy) -> list[_Span]:
    """The spans to mask in order; where two overlap, the one that begins first, then the kind that is asked first."""
    code = [*code_spans(text), *inline_code_spans(text)]
    addresses: list[tuple[int, int]] = [found.span() for found in _URL.finditer(text)] if "/" in text else []
    detectors: dict[str, Callable[[], Iterator[tuple[int, int]]]] = {
        "secret": lambda: _secrets(text, code),
        "email": lambda: _emails(text),
        "iban": lambda: _ibans(text),
        "card": lambda: _without(_cards(text), addresses),
        "ip": lambda: _ips(text),
        "phone": lambda: _phones(text, policy.region, [*code, *addresses]),
    }
    spans: list[_Span] = []
    wanted = set(policy.kinds) if _DIGIT.search(text) else _WITHOUT_DIGITS & set(policy.kinds)
    for kind, detect in detectors.items():
        if kind in wanted:
            spans += _clear(spans, [_Span(*span, kind) for span in detect()])
    if policy.names:
        named = _without((found.span() for found in _names(policy.names).finditer(text)), [*code, *addresses])
        spans += _clear(spans, [_Span(*span, "name") for span in named])
    return sorted(spans)


def _clear(taken: Sequence[_Span], spans: Sequence[_Span]) -> list[_Span]:
    kept: list[_Span] = []
    for span in sorted(spans):
        if all(span.end <= other.start or span.start >= other.end for other in (*taken, *kept)):
            kept.append(span)
    return kept


def _without(spans: Iterator[tuple[int, int]], places: Collection[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    for start, end in spans:
        if all(end <= left or start >= right for left, right in places):
            yield start, end


def _secrets(text: str, code: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    yield from secrets(text)
    for start, end in code:
        for left, right in assigned_secrets(text[start:end]) if end - start >= _SHORTEST_ASSIGNMENT else ():
            yield start + left, start + right


def _emails(text: str) -> Iterator[tuple[int, int]]:
    if "@" not in text:
        return
    for found in _MAILTO.finditer(text):
        address = found["address"] or found["plain"]
        if _EMAIL.fullmatch(address) and _is_personal(address) and found["text"] in (None, address):
            yield found.span()
    for found in _EMAIL.finditer(text):
        before = text[max(0, found.start() - 80) : found.start()]
        if _is_personal(found[0]) and not _USER_OF_URL.search(before):
            yield found.span()


@cache
def _is_personal(address: str) -> bool:
    """Whether an address may reach somebody: not one of documentation or a machine, nor a file (`cat@2x.jpg`)."""
    import tld

    local, host = address.rsplit("@", 1)
    if _RESERVED.search(host) or _NOBODY.match(local) or "noreply" in host:
        return False
    return tld.get_tld(f"http://{host.lower()}", fail_silently=True) is not None


def _phones(text: str, region: str, places: Collection[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    import phonenumbers

    for start, end in _without((found.span() for found in _NUMBERS.finditer(text)), places):
        candidate = text[start:end]
        digits = sum(map(str.isdigit, candidate))
        if not 7 <= digits <= 15:
            continue
        abroad = candidate.startswith(("+", "00"))
        if not abroad and (not region or len(re.findall(r"\d+", candidate)) < 3):
            continue
        leniency = phonenumbers.Leniency.VALID if abroad else phonenumbers.Leniency.EXACT_GROUPING
        for number in phonenumbers.PhoneNumberMatcher(candidate, region or None, leniency=leniency, max_tries=8):
            yield start + number.start, start + number.end


def _cards(text: str) -> Iterator[tuple[int, int]]:
    for found in _CARD.finditer(text):
        from stdnum import luhn

        digits = re.sub(r"\D", "", found[0])
        if _ISSUER.fullmatch(digits) and digits not in _TEST_CARDS and luhn.is_valid(digits):
            yield found.span()


def _ibans(text: str) -> Iterator[tuple[int, int]]:
    for found in _IBAN.finditer(text):
        from stdnum import iban

        if iban.is_valid(found[0]):
            yield found.span()


def _ips(text: str) -> Iterator[tuple[int, int]]:
    for pattern in (_IPV4, _IPV6):
        for found in pattern.finditer(text):
            try:
                address = ipaddress.ip_address(found[0])
            except ValueError:
                continue
            if not address.is_global or address.is_multicast or found[0] in _PUBLIC_SERVERS:
                continue
            if address.version == 6 or not _is_version(text, found):
                yield found.span()


def _is_version(text: str, found: re.Match[str]) -> bool:
    """Whether four numbers are more likely a version or a network: `3.8.11.1`, `V8 11.4.183.1`, `1.2.3.0`."""
    before = text[max(0, found.start() - 24) : found.start()]
    numbers = [int(number) for number in found[0].split(".")]
    small = max(numbers) < 100 and not _ADDRESS_HINT.search(before)
    return small or numbers[-1] == 0 or _VERSION_HINT.search(before) is not None


@cache
def _names(names: tuple[str, ...]) -> re.Pattern[str]:
    longest_first = sorted(names, key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)", re.IGNORECASE)
