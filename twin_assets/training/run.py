"""Train one adapter: `python run.py JOB.json`, in the training environment, where twin_assets is not installed.

JOB.json is written by twin_assets.training.job; paths in it are relative to its folder. Progress goes to Dagster
through Pipes when the program was started by Dagster, else to standard output; everything that the trainer prints
goes to `train.log` in the output folder. There, too:

    history.jsonl  one object a log: step, total, loss or eval_loss, learning_rate, elapsed_s, seconds_left, ...
    result.json    what was measured, once the adapter is saved
    error.json     what failed and what to do about it, with the last lines of the log

Training is in this very process: whoever kills it, no child goes on training. It leads a process group of its own,
ends it on SIGTERM, and ends when its parent does. Started again after a crash it goes on from the newest checkpoint.
Exit codes: 0 trained, 1 training failed, 2 the job is wrong, 143 terminated.
"""

import ctypes
import importlib
import importlib.metadata
import json
import os
import re
import resource
import shutil
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from twin_assets.training.reporting import Reporter

VERSIONED = ("axolotl", "trl", "peft", "transformers", "torch")
TAIL_LINES = 30

KNOWN_FAILURES: tuple[tuple[str, str, str], ...] = (
    (r"No space left on device", "the disk is full", "free some space; training goes on from its newest checkpoint"),
    (
        r"CUDA out of memory|OutOfMemoryError|can't allocate memory|MemoryError",
        "memory ran out",
        "lower `micro_batch_size` or `sequence_len` in the recipe",
    ),
    (r"loss is (nan|-?inf)", "the loss became no number", "lower `learning_rate` in the recipe"),
    (r"empty range for randrange", "every row is longer than `sequence_len`", "raise `sequence_len` in the recipe"),
    (r"^StopIteration", "a data file is empty", "add more writing as a source"),
    (
        r"OfflineModeIsEnabled|couldn't connect to|LocalEntryNotFoundError|Can't load the (model|configuration)",
        "the base model, its tokenizer or a file of it is missing",
        "run `twin doctor`, or correct the model in config/models/",
    ),
    (r"pydantic_core\._pydantic_core\.ValidationError", "Axolotl refuses the recipe", "correct its `axolotl` keys"),
    (r"^ModuleNotFoundError|^ImportError", "the training environment is incomplete", "install requirements/train.txt"),
)
"""What a line of the trainer's traceback means, and what to do: its own messages do not say."""


class JobError(Exception):
    """The job cannot be trained; nothing was started."""


def main(arguments: list[str]) -> int:
    """Run the job; returns the exit code."""
    if len(arguments) != 1:
        print("usage: python run.py JOB.json", file=sys.stderr)  # noqa: T201
        return 2
    _lead_process_group()
    job_file = Path(arguments[0]).resolve()
    job = json.loads(job_file.read_text(encoding="utf-8"))
    output = job_file.parent / job["output_dir"]
    output.mkdir(parents=True, exist_ok=True)
    for name in ("result.json", "error.json"):
        (output / name).unlink(missing_ok=True)
    log = output / "train.log"
    reporting = importlib.import_module("reporting")
    with reporting.pipes() as pipes, reporting.captured(log) as out:
        reporter = reporting.Reporter(out, pipes)
        try:
            result = train(job, job_file.parent, output, reporter)
        except (Exception, SystemExit) as error:  # whatever Axolotl raises is reported, with a code that says failed
            trace = traceback.format_exc()
            print(trace, file=sys.stderr)  # noqa: T201
            return _fail(error, trace, log, output, reporter)
        (output / "result.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
        reporter.message("result", result)
        reporter.line(
            f"trained {result['steps']} steps in {result['seconds']:.0f} s: held-out loss "
            f"{_number(result['eval_loss_before'])} -> {_number(result['eval_loss_after'])}"
        )
    return 0


def train(job: dict[str, Any], folder: Path, output: Path, reporter: "Reporter") -> dict[str, Any]:
    """Check the job, run Axolotl, and return what was measured."""
    started = time.monotonic()
    reporter.line(f"starting Axolotl for {job['stage']} (about 20 s)")
    check = importlib.import_module("check")
    config_file = folder / job["config"]
    config = importlib.import_module("yaml").safe_load(config_file.read_text(encoding="utf-8"))
    known = importlib.import_module("axolotl.utils.schemas.config").AxolotlInputConfig.model_fields
    aliases = {field.alias for field in known.values() if field.alias}
    problems = [*check.unknown_keys(config, {*known, *aliases}), *check.file_problems(config)]
    if problems:
        raise JobError("\n".join(f"{problem.what}\n  -> {problem.remedy}" for problem in problems))
    drop_incomplete_checkpoints(output)

    plugin = importlib.import_module("axolotl_plugin")
    validation = folder / job["validation_file"] if job.get("validation_file") else None
    session = plugin.Session(
        stage=job["stage"],
        history_file=output / "history.jsonl",
        validation_file=validation,
        sft_adapter=config.get("lora_model_dir"),
        report=reporter.row,
    )
    plugin.open_session(session)
    overrides = {} if job["precision"] != "auto" else {"bfloat16": computes_bfloat16()}
    sys.argv = ["axolotl"]  # Axolotl parses the arguments of the process as its own
    importlib.import_module("axolotl.cli.train").do_cli(config=str(config_file), **overrides)
    if not (output / "adapter_model.safetensors").is_file():
        raise RuntimeError("Axolotl ended without an adapter")
    # Axolotl writes the whole base model beside a DPO adapter; it is not part of the adapter.
    (output / "model.safetensors").unlink(missing_ok=True)
    precision = "bfloat16" if {**config, **overrides}["bfloat16"] else "float32"
    return {**measured(job, session, time.monotonic() - started), "precision": precision}


def computes_bfloat16() -> bool:
    """Whether this machine computes in bfloat16; a processor that only emulates it is ten times slower in it."""
    torch = importlib.import_module("torch")
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported())
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def measured(job: dict[str, Any], session: Any, seconds: float) -> dict[str, Any]:
    """The figures of a finished run."""
    rows = session.rows
    losses = [row["loss"] for row in rows if "loss" in row]
    evaluations = [row["eval_loss"] for row in rows if "eval_loss" in row]
    # SFT keeps the best evaluated checkpoint, DPO its last step; the first evaluation is of the untrained model.
    trained = evaluations[1:]
    after = (min(trained) if job["stage"] == "sft" else trained[-1]) if trained else None
    torch = importlib.import_module("torch")
    on_gpu = bool(torch.cuda.is_available())
    peak = torch.cuda.max_memory_allocated() if on_gpu else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    rewards = [row for row in rows if "reward_margin" in row]
    return {
        "stage": job["stage"],
        "eval_loss_before": evaluations[0] if evaluations else None,
        "eval_loss_after": after,
        "train_loss_first": losses[0] if losses else None,
        "train_loss_last": losses[-1] if losses else None,
        "reward_margin_last": rewards[-1]["reward_margin"] if rewards else None,
        "reward_accuracy_last": rewards[-1].get("reward_accuracy") if rewards else None,
        "steps": max((row["step"] for row in rows), default=0),
        "steps_planned": max((row["total"] for row in rows), default=0),
        "stopped_early": session.stopped_early,
        "seconds": round(seconds, 1),
        "training_seconds": max((row["elapsed_s"] for row in rows), default=0.0),
        "tokens": session.tokens,
        "rows": job.get("rows", {}),
        "device": torch.cuda.get_device_name() if on_gpu else "cpu",
        "peak_memory_bytes": int(peak),
        "versions": {name: importlib.metadata.version(name) for name in VERSIONED},
    }


def explain(text: str) -> tuple[str, str] | None:
    """What a traceback means and what to do about it, when that is known."""
    for pattern, what, remedy in KNOWN_FAILURES:
        if re.search(pattern, text, re.MULTILINE):
            return what, remedy
    return None


def drop_incomplete_checkpoints(output: Path) -> None:
    """Remove checkpoints that a killed process left unfinished: `trainer_state.json` is written last."""
    for checkpoint in output.glob("checkpoint-*"):
        try:
            json.loads((checkpoint / "trainer_state.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            shutil.rmtree(checkpoint)


def _fail(error: BaseException, trace: str, log: Path, output: Path, reporter: "Reporter") -> int:
    sys.stdout.flush()
    sys.stderr.flush()
    tail = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-TAIL_LINES:])
    if isinstance(error, JobError):
        what, remedy = str(error), ""
    else:
        known = explain(trace)
        what, remedy = known or (f"Axolotl failed: {type(error).__name__}: {error}", f"see {log}")
    failure = {"what": what, "remedy": remedy, "tail": tail}
    (output / "error.json").write_text(json.dumps(failure, indent=2) + "\n", encoding="utf-8")
    reporter.message("error", failure)
    reporter.line(f"training failed: {what}" + (f"\n  -> {remedy}" if remedy else ""))
    return 2 if isinstance(error, JobError) else 1


def _lead_process_group() -> None:
    """Lead a process group, end it on SIGTERM, and be terminated (on Linux) when the parent ends."""
    if os.getpgrp() != os.getpid():
        os.setpgid(0, 0)

    def terminate(*_: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        os.killpg(os.getpgrp(), signal.SIGTERM)
        os._exit(143)

    signal.signal(signal.SIGTERM, terminate)
    if sys.platform == "linux":
        parent_death_signal = 1  # PR_SET_PDEATHSIG
        ctypes.CDLL(None).prctl(parent_death_signal, int(signal.SIGTERM))


def _number(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.4f}"


def _siblings_last() -> None:
    """Files beside this one can be imported, but never in the place of a library's."""
    here = str(Path(__file__).resolve().parent)
    sys.path[:] = [entry for entry in sys.path if entry != here] + [here]


if __name__ == "__main__":
    _siblings_last()
    sys.exit(main(sys.argv[1:]))
