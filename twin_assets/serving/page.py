"""The one page of the service, rendered on the server; its script and style are files beside it."""

from html import escape
from pathlib import Path
from string import Template

from twin_assets.deployment.records import Deployment

WEB = Path(__file__).parent / "web"


def render_page(author: str, deployment: Deployment | None) -> str:
    """The page for one author; without a deployment it says what to do, and offers the base model."""
    template = Template((WEB / "index.html").read_text(encoding="utf-8"))
    if deployment is None:
        status = "No twin is deployed yet. Run “twin up”; until then the base model answers."
        lead = "Ask the base model something."
        about = f"It has not been trained on {author}’s writing, but it can look passages up."
    else:
        status = f"Recipe {deployment.recipe}, deployed {deployment.deployed_at:%d %b %Y, %H:%M} UTC"
        lead = f"Ask {author}’s twin something."
        about = f"Answers come from a model trained on {author}’s own writing."
    about += " The passages are listed below each answer, so that you can check what it says."
    return template.substitute(
        author=escape(author, quote=True),
        status=escape(status, quote=True),
        lead=escape(lead, quote=True),
        about=escape(about, quote=True),
        state="missing" if deployment is None else "deployed",
        twin="disabled" if deployment is None else "selected",
        base="selected" if deployment is None else "",
    )
