"""arXiv's ids: `2401.01234`, and `cs/0112017` up to 2007, in addresses, file names and stamps."""

import re
from typing import NamedTuple

_ARCHIVES = (
    "acc-phys|adap-org|alg-geom|ao-sci|astro-ph|atom-ph|bayes-an|chao-dyn|chem-ph|cmp-lg|comp-gas|cond-mat|cs|dg-ga|"
    "funct-an|gr-qc|hep-ex|hep-lat|hep-ph|hep-th|math-ph|math|mtrl-th|nlin|nucl-ex|nucl-th|patt-sol|physics|plasm-ph|"
    "q-alg|q-bio|q-fin|quant-ph|solv-int|stat|supr-con"
)
_ID = (
    r"(?P<id>(?:(?:0[7-9]|1[0-4])(?:0[1-9]|1[0-2])\.\d{4}|(?:1[5-9]|[2-9]\d)(?:0[1-9]|1[0-2])\.\d{5})"
    rf"|(?:{_ARCHIVES})(?:\.[a-z]{{2}})?/\d{{7}})(?:v(?P<version>\d{{1,3}}))?"
)
_ADDRESS = re.compile(
    rf"(?:arxiv:\s*|(?:https?://)?(?:www\.|export\.)?arxiv\.org/(?:abs|pdf|html|format)/"
    rf"|(?:doi:|(?:https?://)?(?:dx\.)?doi\.org/)?10\.48550/arxiv\.)?{_ID}(?:\.pdf)?/?(?:[?#].*|\s*\[[\w.-]+\])?",
    re.IGNORECASE | re.ASCII,
)
_FILE_NAME = re.compile(rf"(?:arxiv[-_:. ]*)?{_ID}(?:[-_ ].*)?", re.IGNORECASE | re.ASCII)
_DAY = r"\d{1,2}\s+[A-Z][a-z]{2}\s+\d{4}"
_STAMP = re.compile(rf"(?i:arxiv):\s*(?i:{_ID})\s*(?:\[[\w.-]+\]\s*(?P<day>{_DAY})?|(?P<old>{_DAY}))", re.ASCII)


class ArxivId(NamedTuple):
    """An id as arXiv's addresses have it, and the version that is meant: 0 for the newest."""

    id: str
    version: int

    @property
    def versioned(self) -> str:
        """The id with its version, if it has one."""
        return f"{self.id}v{self.version}" if self.version else self.id


def read_address(address: str) -> ArxivId | None:
    """The id that an address is, or leads to: `arXiv:2401.01234`, a bare id, the URL of a page or PDF file, a DOI."""
    return _read(_ADDRESS.fullmatch(address.strip()))


def read_file_name(stem: str) -> ArxivId | None:
    """The id that a file is named by, as what arXiv serves is."""
    return _read(_FILE_NAME.fullmatch(stem))


def read_stamp(text: str) -> tuple[ArxivId, str] | None:
    """The id and the day (blank where it is missing) that arXiv stamps on a paper's first page:
    `arXiv:2401.01234v2 [cs.CL] 3 Jan 2024`, without the subject on the oldest."""
    match = _STAMP.search(text)
    found = _read(match)
    return (found, match["day"] or match["old"] or "") if match and found else None


def _read(match: re.Match[str] | None) -> ArxivId | None:
    if match is None:
        return None
    archive, slash, number = match["id"].partition("/")
    # The subject class in an old id (`math.GT/0309136`) is left out in addresses.
    identity = f"{archive.partition('.')[0].lower()}/{number}" if slash else match["id"]
    return ArxivId(identity, int(match["version"] or 0))
