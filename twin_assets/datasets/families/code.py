"""Write code the way you do: a definition of the author's, asked for by its name, its place and its remark."""

import re
from collections.abc import Iterator

from twin_assets.datasets.drafts import Draft, Material
from twin_assets.datasets.families.notes import telegraphic
from twin_assets.datasets.tagging import tagged

_SORTS = {
    "def": "function",
    "func": "function",
    "fn": "function",
    "function": "function",
    "proc": "function",
    "sub": "function",
    "defp": "function",
    "defmodule": "module",
    "impl": "implementation",
}
_LANGUAGES = {
    "py": "Python",
    "python": "Python",
    "go": "Go",
    "rust": "Rust",
    "ruby": "Ruby",
    "javascript": "JavaScript",
    "js": "JavaScript",
    "typescript": "TypeScript",
    "ts": "TypeScript",
    "java": "Java",
    "kotlin": "Kotlin",
    "swift": "Swift",
    "php": "PHP",
    "elixir": "Elixir",
    "c": "C",
    "cpp": "C++",
    "csharp": "C#",
    "scala": "Scala",
    "haskell": "Haskell",
}
_REMARK = re.compile(r"^\s*(?://+!?|#|--|;;|/?\*+)\s?(?P<said>[^\n]*[a-z]{3}[^\n]*)", re.M)
_DOCSTRING = re.compile(r"(?:\"\"\"|''')\s*(?P<said>[^\n]*[a-z]{3}[^\n]*?)\s*(?:\"\"\"|'''|$)", re.M)

_TEMPLATES = (
    "Write the {language}{sort} `{name}` for `{path}`{what}.",
    "How do you write the {language}{sort} `{name}` in `{path}`{what}?",
    "Show me your {language}{sort} `{name}` from `{path}`{what}.",
)


def code(material: Material) -> Iterator[Draft]:
    """Requests for a definition in a repository; none of prose."""
    definition = material.span.definition
    if definition is None:
        return
    language = _LANGUAGES.get(definition.language, definition.language)
    said = _DOCSTRING.search(material.text) or _REMARK.search(material.text)
    note = telegraphic(tagged(said["said"])) if said else ""
    for template in material.choose(_TEMPLATES, "code"):
        request = template.format(
            language=f"{language} " if language else "",
            sort=_SORTS.get(definition.sort, definition.sort),
            name=definition.name,
            path=material.document.title,
            what=f" ({note})" if note else "",
        )
        yield material.draft(request)
