"""The pages of the service, rendered on the server from `web/templates`; scripts and styles are files beside them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from twin_assets.deployment.records import Deployment

WEB = Path(__file__).parent / "web"
PageName = Literal["guide", "write", "ask", "sources", "twin", "health", "login"]

NAVIGATION: tuple[tuple[PageName, str], ...] = (
    ("write", "Write"),
    ("ask", "Ask"),
    ("sources", "Sources"),
    ("twin", "Twin"),
    ("health", "Health"),
)
"""The pages that every page links to, in this order: name, which is the path, too, and what a person calls it."""

# Whatever a template is given is text: autoescape holds for every template, whatever its name ends in.
_TEMPLATES = Environment(
    loader=FileSystemLoader(WEB / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True, slots=True)
class Shown:
    """What all pages are told."""

    author: str
    deployment: Deployment | None
    csrf: str = ""
    """Sent back by scripts with what changes something; empty where no login is needed."""

    @property
    def status(self) -> str:
        """One line about what answers."""
        if self.deployment is None:
            return "No twin is deployed yet. The base model answers."
        return f"Recipe {self.deployment.recipe}, deployed {self.deployment.deployed_at:%d %b %Y, %H:%M} UTC"


def render_page(name: PageName, shown: Shown, **more: Any) -> str:
    """The page of that name as HTML; `more` is what its template alone is told."""
    template = _TEMPLATES.get_template(f"{name}.html")
    return template.render(page=name, shown=shown, deployed=shown.deployment, navigation=NAVIGATION, **more)
