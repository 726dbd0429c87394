"""The files of a repository by their paths: what is prose, what is code, and what is neither and why.

The rules are the same for a repository on this machine and for one on GitHub; they follow GitHub's linguist where it
has some. What the contents say is for `git_documents`.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from twin_assets.collection.archive import base_name, suffix
from twin_assets.collection.git_attributes import Attributes
from twin_assets.collection.git_languages import NAMES, SUFFIXES

Sort = Literal["prose", "code", "notebook"]

LARGEST = 256 * 1024
"""Bytes of a file of prose or code; what is larger is written by a program, or not written for reading."""
LARGEST_NOTEBOOK = 4 << 20
"""A notebook holds its outputs, pictures among them, besides what was written."""

MARKDOWN = frozenset({".md", ".markdown", ".mdx", ".rmd", ".qmd"})
_PROSE = MARKDOWN | {".rst", ".adoc", ".asciidoc", ".org"}
_PLAIN = frozenset({"", ".txt", ".text"})
_NOTEBOOK = ".ipynb"
_DOCS = frozenset({"docs", "doc", "documentation"})
_README = re.compile(r"read[-_ ]?me")
_LIST = re.compile(r".*requirements.*\.txt|(?:robots|humans|constraints|.*word[-_]?list|cname)\.txt")
"""Text in a folder of documents that programs read."""
_BOILERPLATE = re.compile(
    r"(?:(?:un)?licen[cs]es?|copying|copyright|notice|patents|code[_-]of[_-]conduct|security|codeowners|authors"
    r"|contributors|maintainers|(?:pull_request|issue)_template)(?:[._-].*)?"
)
_TEMPLATES = frozenset({"issue_template", "pull_request_template"})
_VENDORED_FOLDERS = (
    "vendor vendors _vendor third_party third-party thirdparty node_modules bower_components jspm_packages "
    "site-packages venv .venv virtualenv godeps pods carthage .yarn dist build"
)
_LOCK_FILES = "package-lock.json npm-shrinkwrap.json pnpm-lock.yaml go.sum bun.lockb package.resolved"
_GENERATED = re.compile(
    r".+\.lock(?:file)?|.+[.-]min\.(?:m?js|css)|.+\.map|.+\.snap|.+\.pb\.(?:go|cc|c|h|rs|swift|dart)"
    r"|.+_pb2(?:_grpc)?\.pyi?|.+_pb\.(?:js|ts|d\.ts|rb)|.+\.pbobjc\.[hm]|.+\.(?:g|freezed)\.dart"
    r"|.+\.designer\.(?:cs|vb)|.+[._](?:generated|gen)\.\w+"
)
_BINARY_SUFFIXES = (
    ".png .jpg .jpeg .gif .webp .avif .heic .ico .bmp .tif .tiff .psd .ai .eps .pdf .ps .djvu .epub .mobi .doc .docx "
    ".xls .xlsx .ppt .pptx .odt .ods .odp .zip .gz .tgz .bz2 .xz .zst .7z .rar .tar .jar .war .whl .egg .deb .rpm .dmg "
    ".exe .dll .so .dylib .a .o .obj .lib .class .pyc .wasm .bin .iso .mp3 .mp4 .m4a .wav .flac .ogg .mov .avi .mkv "
    ".webm .ttf .otf .woff .woff2 .eot .sqlite .sqlite3 .db .parquet .arrow .feather .npy .npz .pkl .pickle .h5 .hdf5 "
    ".pt .pth .onnx .safetensors .gguf .blend .stl .glb .fbx"
)
_VENDORED = frozenset(_VENDORED_FOLDERS.split())
_LOCKS = frozenset(_LOCK_FILES.split())
_BINARY = frozenset(_BINARY_SUFFIXES.split())
_SHOWN_SUFFIXES = 5
_SYMBOLIC_LINK, _SUBMODULE, _EXECUTABLE = "120000", "160000", "100755"


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of a tree as git lists it: `mode` in octal digits, `blob` the id of its content, `size` in bytes."""

    path: str
    mode: str
    blob: str
    size: int


@dataclass(frozen=True, slots=True)
class Chosen:
    """A file to read. `language` is that of its code, blank when only its first line may tell."""

    entry: Entry
    sort: Sort
    language: str = ""


@dataclass(frozen=True, slots=True)
class Aside:
    """A file that is not read, and why. Files with one `folder`, reason and detail are counted together."""

    reason: str
    detail: str
    folder: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Files that were set aside, as one line: `file` is their path, or their folder with a `/` at its end."""

    file: str
    reason: str
    detail: str


def sort_files(entries: Iterable[Entry], attributes: Attributes) -> tuple[list[Chosen], list[Group]]:
    """The files to read, by path, and what was set aside."""
    chosen: list[Chosen] = []
    counted: dict[Aside, Counter[str]] = {}
    single: list[Group] = []
    for entry in sorted(entries, key=lambda e: e.path):
        what = classify(entry, attributes)
        if isinstance(what, Chosen):
            chosen.append(what)
        elif what.folder:
            counted.setdefault(what, Counter())[suffix(entry.path) or base_name(entry.path)] += 1
        else:
            single.append(Group(entry.path, what.reason, what.detail))
    return chosen, [*(_group(aside, suffixes) for aside, suffixes in counted.items()), *single]


def classify(entry: Entry, attributes: Attributes) -> Chosen | Aside:
    """What a file is, by its path, mode and size."""
    path = entry.path
    name, ending = base_name(path).lower(), suffix(path)
    folder = f"{path.rpartition('/')[0] or '.'}/"
    if entry.mode == _SUBMODULE:
        return Aside("vendored", "is a submodule: give that repository as a source if it is the author's")
    if entry.mode == _SYMBOLIC_LINK:
        return Aside("not_a_post", "symbolic links", folder)
    if top := _vendored_folder(path, attributes):
        return Aside("vendored", "files that are vendored or built", top)
    if attributes.generated(path) or (attributes.generated(path) is None and _is_generated(name)):
        return Aside("generated", "files that a program wrote", folder)
    if ending in _BINARY:
        return Aside("not_a_post", "files that are not text", folder)
    if _is_boilerplate(path, name, ending):
        return Aside("not_a_post", "is boilerplate: a license, a list of people or a template")
    sort, language = _sort(path, name, ending, entry.mode)
    if sort is None:
        return Aside("not_a_post", "files of data or settings", folder)
    limit = LARGEST_NOTEBOOK if sort == "notebook" else LARGEST
    if entry.size > limit:
        return Aside("too_large", f"has {entry.size} bytes, more than the {limit} that are read")
    if entry.size == 0:
        return Aside("empty", "empty files", folder)
    return Chosen(entry, sort, language)


def is_vendored_folder(path: str) -> bool:
    """Whether a folder is one of vendored code by its name alone: nothing below it is read."""
    return path.rpartition("/")[2].lower() in _VENDORED


def _vendored_folder(path: str, attributes: Attributes) -> str:
    """The topmost folder (with a `/` at its end) with which a path is vendored; blank when it is not."""
    said = attributes.vendored(path)
    folders = path.split("/")[:-1]
    if said is False:
        return ""
    for depth, folder in enumerate(folders, 1):
        if folder.lower() in _VENDORED:
            return "/".join(folders[:depth]) + "/"
    return f"{folders[0] if folders else '.'}/" if said else ""


def _is_generated(name: str) -> bool:
    return name in _LOCKS or _GENERATED.fullmatch(name) is not None


def _is_boilerplate(path: str, name: str, ending: str) -> bool:
    # `LICENSE-MIT` and `COPYING.LESSER` are boilerplate, `security.py` is code.
    if ending in SUFFIXES or ending == _NOTEBOOK:
        return False
    in_templates = ending in _PROSE and any(part.lower() in _TEMPLATES for part in path.split("/")[:-1])
    return in_templates or _BOILERPLATE.fullmatch(name) is not None


def _sort(path: str, name: str, ending: str, mode: str) -> tuple[Sort | None, str]:
    if name in NAMES:
        return "code", NAMES[name]
    in_docs = any(part.lower() in _DOCS for part in path.split("/")[:-1])
    is_text = in_docs and ending != "" and not _LIST.fullmatch(name)
    if ending in _PROSE or (ending in _PLAIN and (is_text or _README.match(name))):
        return "prose", ""
    if ending == _NOTEBOOK:
        return "notebook", ""
    if ending in SUFFIXES:
        return "code", SUFFIXES[ending]
    # A script often has no suffix: its first line names what runs it.
    return ("code", "") if not ending and mode == _EXECUTABLE else (None, "")


def _group(aside: Aside, suffixes: Counter[str]) -> Group:
    shown = ", ".join(f"{ending} {count}" for ending, count in suffixes.most_common(_SHOWN_SUFFIXES))
    more = ", …" if len(suffixes) > _SHOWN_SUFFIXES else ""
    return Group(aside.folder, aside.reason, f"{suffixes.total()} {aside.detail} ({shown}{more})")
