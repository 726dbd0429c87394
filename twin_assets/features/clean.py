"""Raw documents to Markdown: structure kept, boilerplate out, personal data masked, every removal with its reason.

In two steps, because what is boilerplate is known only when all documents of a source have been seen: `prepare` does
all that concerns one document, `finish` takes out what its source repeats.
"""

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Self

from twin_assets.digests import digest, text_digest
from twin_assets.features.boilerplate import candidates, without_boilerplate
from twin_assets.features.chrome import without_chrome, without_tail
from twin_assets.features.html import html_to_markdown
from twin_assets.features.language import language
from twin_assets.features.markdown import clean_markdown
from twin_assets.features.markdown_blocks import blocks
from twin_assets.features.normalize import normalize
from twin_assets.features.pii import PiiPolicy, mask
from twin_assets.features.removal import Removal, exclude, exclusions
from twin_assets.features.words import word_count
from twin_assets.records import CleanedDocument, Exclusion, RawDocument

if TYPE_CHECKING:
    from twin_assets.settings import FeatureSettings

CLEANER_VERSION = 3
"""Raised when the same raw text cleans differently: every document is then cleaned again."""

_MAX_PASSES = 6
_SHOWN = 2_000
_LINKEDIN_HASHTAG = re.compile(r"\{hashtag\|\\?#\|([^{}|]+)\}|\bhashtag#(?=\w)")


@dataclass(frozen=True)
class CleaningPolicy:
    """What the settings decide about cleaning."""

    min_words: int = 5
    boilerplate_share: float = 0.1
    pii: PiiPolicy = field(default_factory=PiiPolicy)

    @classmethod
    def of(cls, settings: "FeatureSettings") -> Self:
        """The policy that the settings name."""
        pii = PiiPolicy(settings.pii, settings.pii_names, settings.pii_region)
        return cls(settings.min_words, settings.boilerplate_share, pii)

    def digest(self) -> str:
        """What besides its raw row decides how a document is prepared: the cleaner and the policy."""
        kinds, names = sorted(self.pii.kinds), sorted(self.pii.names)
        return digest(CLEANER_VERSION, self.min_words, kinds, names, self.pii.region)


@dataclass(frozen=True)
class Prepared:
    """A document cleaned but for what its source repeats, which is among `candidates`."""

    raw: RawDocument
    """Without its text."""
    raw_digest: str
    title: str
    text: str
    removals: tuple[Removal, ...]
    masked: tuple[tuple[str, int], ...]
    """Kinds of personal data, and how many of each were masked."""
    candidates: tuple[int, ...]


@dataclass(frozen=True)
class Cleaned:
    """Cleaned documents, and what was taken out of them or left out as a whole."""

    documents: list[CleanedDocument]
    exclusions: list[Exclusion]


def clean(raw: RawDocument, policy: CleaningPolicy | None = None) -> tuple[CleanedDocument | None, list[Exclusion]]:
    """One raw document by itself as Markdown, with an exclusion for each kind of thing removed or masked.

    A document of fewer words than the policy's least is none: its exclusion has the reason `too_short`.
    """
    policy = policy or CleaningPolicy()
    return finish(prepare(raw, policy), (), policy)


def prepare(raw: RawDocument, policy: CleaningPolicy) -> Prepared:
    """Everything that concerns one document alone. Titles are masked, too."""
    removals: list[Removal] = []
    title, titles = mask(" ".join(normalize(raw.title).split()), policy.pii)
    if raw.media_type == "text/plain":
        text, masked = _plain(raw.text, policy.pii, removals)
    else:
        html = raw.media_type == "text/html"
        text, removals = html_to_markdown(raw.text) if html else (raw.text, removals)
        text, masked = _markdown(text, policy.pii, removals)
        title, text, repeated = _titled(title, text)
        removals += repeated
    found = candidates(text) if raw.media_type != "text/plain" else ()
    counts = tuple(sorted((titles + masked).items()))
    return Prepared(replace(raw, text=""), raw.row_digest(), title, text, tuple(removals), counts, found)


def finish(
    prepared: Prepared, repeated: Collection[int], policy: CleaningPolicy
) -> tuple[CleanedDocument | None, list[Exclusion]]:
    """The document without what its source repeats, and everything that was taken out of it."""
    raw = prepared.raw
    own = own_boilerplate(prepared.candidates, repeated)
    text, removals = without_boilerplate(prepared.text, own)
    found = exclusions(raw, [*prepared.removals, *removals], policy.pii)
    found += [exclude(raw, f"pii_{kind}", f"{count} masked") for kind, count in prepared.masked]
    count = word_count(text)
    if count < policy.min_words:
        return None, [*found, exclude(raw, "too_short", f"{count} words, fewer than {policy.min_words}")]
    code, confidence = language(text)
    document = CleanedDocument(
        row_id=raw.row_id,
        document_id=raw.document_id,
        source=raw.source,
        kind=raw.kind,
        url=raw.url,
        title=prepared.title,
        text=text,
        published_at=raw.published_at,
        scope=raw.scope,
        words=count,
        language=code,
        language_confidence=confidence,
        content_digest=text_digest(text),
        input_digest=input_digest(prepared.raw_digest, policy.digest(), own),
    )
    return document, found


def shown(raw: RawDocument, policy: CleaningPolicy) -> RawDocument:
    """The beginning of a raw document as it may be shown outside of its table: personal data masked."""
    return replace(raw, title=mask(raw.title, policy.pii)[0], text=mask(raw.text[:_SHOWN], policy.pii)[0])


def own_boilerplate(candidates: Sequence[int], repeated: Collection[int]) -> tuple[int, ...]:
    """Which of a document's candidates are boilerplate, in ascending order."""
    return tuple(sorted(candidate for candidate in candidates if candidate in repeated))


def input_digest(raw_digest: str, policy_digest: str, own: Sequence[int]) -> str:
    """What a cleaned document is made from: the raw row, cleaner and policy, and which of its parts are boilerplate."""
    return digest(raw_digest, policy_digest, own)


def clean_plain(text: str) -> tuple[str, list[Removal]]:
    """A post as it is, without the tail of hashtags. Applying it twice changes nothing."""
    return without_tail(normalize(_LINKEDIN_HASHTAG.sub(lambda tag: f"#{tag[1] or ''}", text)))


def _plain(text: str, pii: PiiPolicy, removals: list[Removal]) -> tuple[str, Counter[str]]:
    text, taken = clean_plain(text)
    removals += taken
    return mask(text, pii)


def _markdown(text: str, pii: PiiPolicy, removals: list[Removal]) -> tuple[str, Counter[str]]:
    """Until nothing changes: what one step leaves may be what another one takes."""
    masked: Counter[str] = Counter()
    for _ in range(_MAX_PASSES):
        text, taken = clean_markdown(text)
        removals += taken
        before = text
        text, taken = without_chrome(text)
        removals += taken
        if text == before:
            text, counts = mask(text, pii)
            masked += counts
            if not counts:
                break
    return text, masked


def _titled(title: str, text: str) -> tuple[str, str, list[Removal]]:
    """Title and text; a first heading that repeats the title, or stands in for a missing one, leaves the text."""
    first = next(iter(blocks(text)), None)
    if first is None or first.kind != "heading" or not first.title:
        return title, text, []
    repeats = first.title.casefold() == title.casefold()
    if not repeats and (title or first.level > 1):
        return title, text, []
    removal = Removal("repeated_title" if repeats else "title", first.title)
    return title or first.title, text[first.end :].strip("\n"), [removal]
