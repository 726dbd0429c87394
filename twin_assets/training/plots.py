"""The loss curve of a training run as Markdown: a picture in a data URI, and a table of the evaluations."""

import base64
import io
from typing import Any

_WIDTH, _HEIGHT, _DPI = 7.2, 3.2, 90


def loss_plot(history: list[dict[str, Any]]) -> str:
    """Markdown with training and held-out loss (nats per token) over steps.

    Args:
        history: rows of history.jsonl, oldest first.
    """
    if not history:
        return "No step was logged."
    return f"![loss over steps](data:image/png;base64,{_picture(history)})\n\n{loss_table(history)}"


def loss_table(history: list[dict[str, Any]]) -> str:
    """A Markdown table: each evaluation with the mean training loss since the one before."""
    lines = ["| step | training loss | held-out loss | elapsed |", "|---:|---:|---:|---:|"]
    since: list[float] = []
    for row in history:
        if "loss" in row:
            since.append(row["loss"])
        if "eval_loss" in row:
            mean = f"{sum(since) / len(since):.4f}" if since else "-"
            lines.append(f"| {row['step']} | {mean} | {row['eval_loss']:.4f} | {row['elapsed_s']:.0f} s |")
            since = []
    if since:
        lines.append(
            f"| {history[-1]['step']} | {sum(since) / len(since):.4f} | - | {history[-1]['elapsed_s']:.0f} s |"
        )
    return "\n".join(lines)


def _picture(history: list[dict[str, Any]]) -> str:
    """A PNG in base64, drawn without pyplot, whose state is shared by the whole process."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_WIDTH, _HEIGHT), dpi=_DPI, layout="constrained")
    axes = figure.add_subplot()
    for key, label, marker in (("loss", "training", ""), ("eval_loss", "held-out", "o")):
        points = [(row["step"], row[key]) for row in history if key in row]
        if points:
            axes.plot(*zip(*points, strict=True), marker=marker, label=label)
    axes.set_xlabel("step")
    axes.set_ylabel("loss (nats per token)")
    axes.grid(alpha=0.3)
    axes.legend()
    target = io.BytesIO()
    FigureCanvasAgg(figure)
    figure.savefig(target, format="png")
    return base64.b64encode(target.getvalue()).decode("ascii")
