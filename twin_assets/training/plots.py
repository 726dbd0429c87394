"""The loss curve of a training run as Markdown: a picture in a data URI, and a table of the evaluations."""

from typing import Any

from twin_assets.pictures import new_figure, picture


def loss_plot(history: list[dict[str, Any]]) -> str:
    """Markdown with training and held-out loss (nats per token) over steps.

    Args:
        history: rows of history.jsonl, oldest first.
    """
    if not history:
        return "No step was logged."
    return f"{_picture(history)}\n\n{loss_table(history)}"


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
    figure = new_figure()
    axes = figure.add_subplot()
    for key, label, marker in (("loss", "training", ""), ("eval_loss", "held-out", "o")):
        points = [(row["step"], row[key]) for row in history if key in row]
        if points:
            axes.plot(*zip(*points, strict=True), marker=marker, label=label)
    axes.set_xlabel("step")
    axes.set_ylabel("loss (nats per token)")
    axes.grid(alpha=0.3)
    axes.legend()
    return picture(figure, "loss over steps")
