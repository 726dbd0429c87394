"""Plots as Markdown: a picture in a data URI, which Dagster's catalog shows in place."""

import base64
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_WIDTH, _HEIGHT, _DPI = 7.2, 3.2, 90


def new_figure() -> "Figure":
    """An empty figure in the size of all of them, made without pyplot, whose state is shared by the whole process."""
    from matplotlib.figure import Figure

    return Figure(figsize=(_WIDTH, _HEIGHT), dpi=_DPI, layout="constrained")


def picture(figure: "Figure", what: str) -> str:
    """The figure as a Markdown image; `what` is said to those who cannot see it."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    target = io.BytesIO()
    FigureCanvasAgg(figure)
    figure.savefig(target, format="png")
    return f"![{what}](data:image/png;base64,{base64.b64encode(target.getvalue()).decode('ascii')})"
