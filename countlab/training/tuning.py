"""A search over batch, rate and optimiser: Optuna chooses, each trial is a run of its own.

The study lies in an SQLite file, every trial in a folder with its own checkpoint: a search that
was stopped or killed goes on, the trial under way from where it stood. Trials that fall behind are
ended early.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from countlab.errors import CountlabError
from countlab.system.toml import read_toml
from countlab.training.lab import Lab
from countlab.training.loop import Progress, Report
from countlab.training.variants import Pictures, Result, run, variant

STUDY = "tune.sqlite"
_UNDISTURBED = 3  # trials, and epochs of each, before any is ended early


@dataclass(frozen=True)
class Space:
    """What is searched: choices, and the bounds between which the rate lies."""

    batch: tuple[int, ...] = (16, 32, 64)
    rate: tuple[float, float] = (1e-4, 1e-2)
    optimiser: tuple[str, ...] = ("adamw", "sgd")
    epochs: int = 0
    """Of each trial; 0 is as many as the lab's schedule says."""


@dataclass(frozen=True)
class Trial:
    """One row of the search; a trial that was ended early has no result."""

    number: int
    values: Mapping[str, Any]
    result: Result | None


def read_space(folder: Path) -> Space:
    path = folder / "lab.toml"
    table = read_toml(path).get("tune", {}) if path.is_file() else {}
    try:
        values: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in table.items()
        }
        space = Space(**values)
        low, high = space.rate
        if not 0 < low <= high or not space.batch or not space.optimiser:
            raise ValueError("rate: two numbers, the lower first; batch, optimiser: some")
    except (TypeError, ValueError) as reason:
        raise CountlabError("bad_lab_file", file=path, reason=f"[tune] {reason}") from reason
    return space


def tune(
    lab: Lab,
    space: Space,
    pictures: Pictures,
    out: Path,
    *,
    trials: int,
    folders: Sequence[Path],
    seed: int,
    report: Report,
    each: Callable[[Trial], None] = lambda _: None,
) -> list[Trial]:
    """So many trials in all, those of earlier calls among them; the best first."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)  # it warns of Ctrl-C with a traceback
    out.mkdir(parents=True, exist_ok=True)
    study = optuna.create_study(
        storage=f"sqlite:///{(out / STUDY).resolve()}",
        study_name=lab.name,
        direction="maximize",
        load_if_exists=True,
        sampler=optuna.samplers.TPESampler(seed=seed),
        pruner=optuna.pruners.MedianPruner(_UNDISTURBED, _UNDISTURBED),
    )
    _take_up(study)

    def objective(trial: Any) -> float:
        schedule = _suggested(trial, space)
        changed = variant(lab, {"schedule": schedule})
        name = hashlib.sha256(json.dumps(schedule, sort_keys=True).encode()).hexdigest()[:12]
        folder = out / "trials" / name
        trial.set_user_attr("folder", str(folder))
        tell = _with_pruning(trial, report)
        result = run(
            f"trial {trial.number}", changed, pictures, folder,
            folders=folders, seed=seed, report=tell,
        )  # fmt: skip
        trial.set_user_attr("result", json.dumps(vars(result)))
        return result.f1

    def tell_each(_: Any, trial: Any) -> None:
        each(_row(trial))

    finished = [t for t in study.trials if t.state.is_finished() and t.state.name != "FAIL"]
    study.optimize(objective, n_trials=max(0, trials - len(finished)), callbacks=[tell_each])
    rows = [_row(t) for t in study.trials if t.state.name in ("COMPLETE", "PRUNED")]
    return sorted(rows, key=lambda row: -(row.result.f1 if row.result else -1))


def _suggested(trial: Any, space: Space) -> dict[str, Any]:
    schedule: dict[str, Any] = {
        "batch": trial.suggest_categorical("batch", space.batch),
        "rate": trial.suggest_float("rate", *space.rate, log=True),
        "optimiser": trial.suggest_categorical("optimiser", space.optimiser),
    }
    return schedule | ({"epochs": space.epochs} if space.epochs else {})


def _with_pruning(trial: Any, report: Report) -> Report:
    """Epochs before an interruption count too, so that a trial is judged as if undisturbed."""
    import optuna

    told: set[int] = set()

    def tell(progress: Progress) -> None:
        report(progress)
        if progress.stage != "train" or not progress.figures:
            return
        for figures in progress.history:
            if (epoch := int(figures["epoch"])) not in told:
                told.add(epoch)
                trial.report(figures["validation_f1"], epoch)
        if trial.should_prune():
            raise optuna.TrialPruned

    return tell


def _take_up(study: Any) -> None:
    """What a search that was stopped or killed left unfinished is asked for again."""
    import optuna

    for trial in study.trials:
        if trial.state.name == "RUNNING":
            study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
    others = [trial.params for trial in study.trials if trial.state.name != "FAIL"]
    others += [
        t.system_attrs.get("fixed_params") for t in study.trials if t.state.name == "WAITING"
    ]
    for trial in study.trials:
        if trial.state.name == "FAIL" and trial.params and trial.params not in others:
            study.enqueue_trial(trial.params)
            others.append(trial.params)


def _row(trial: Any) -> Trial:
    kept = trial.user_attrs.get("result")
    result = Result(**json.loads(kept)) if kept and trial.state.name == "COMPLETE" else None
    return Trial(trial.number, dict(trial.params), result)
