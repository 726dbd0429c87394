import base64
import re
from typing import Any

from twin_assets.training.plots import loss_plot, loss_table

HISTORY: list[dict[str, Any]] = [
    {"step": 0, "total": 4, "eval_loss": 3.5, "elapsed_s": 2.0},
    {"step": 1, "total": 4, "loss": 3.0, "elapsed_s": 3.0},
    {"step": 2, "total": 4, "loss": 2.0, "elapsed_s": 4.0},
    {"step": 2, "total": 4, "eval_loss": 2.25, "elapsed_s": 5.0},
    {"step": 3, "total": 4, "loss": 1.0, "elapsed_s": 6.0},
]


def test_the_table_sets_each_evaluation_beside_the_mean_training_loss_before_it() -> None:
    assert loss_table(HISTORY).splitlines()[2:] == [
        "| 0 | - | 3.5000 | 2 s |",
        "| 2 | 2.5000 | 2.2500 | 5 s |",
        "| 3 | 1.0000 | - | 6 s |",
    ]


def test_the_plot_is_a_picture_within_the_markdown() -> None:
    found = re.search(r"!\[[^]]+\]\(data:image/png;base64,([A-Za-z0-9+/=]+)\)", loss_plot(HISTORY))
    assert found is not None
    assert base64.b64decode(found[1]).startswith(b"\x89PNG")


def test_a_run_that_logged_nothing_says_so() -> None:
    assert loss_plot([]) == "No step was logged."
