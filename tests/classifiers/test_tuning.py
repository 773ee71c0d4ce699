"""Comparing a lab's variants, and searching its schedule: resumable, in runs of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="torch is not installed here (pip install countlab[train])")

from countlab.errors import CountlabError
from countlab.training.lab import Lab, read_lab
from countlab.training.runs import silent
from countlab.training.variants import Pictures, listed, run, variant
from tests.classifiers.conftest import LAB

pytestmark = pytest.mark.training

COMPARED = """
[[compare]]
name = "plain"
network = { name = "lenet", widths = [8, 8, 8], norm = false }
schedule = { epochs = 1, optimiser = "sgd" }
[compare.views]
flip = { flip = true }
turn = { turn = 15 }
light = { brightness = 0.2, contrast = 0.2 }
[[compare]]
name = "peak"
network = { pooling = "peak", widths = [8, 16, 16], strides = [2, 1] }
schedule = { epochs = 1 }
[tune]
batch = [8, 16]
rate = [0.001, 0.01]
epochs = 2
"""


@pytest.fixture
def lab_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "lab"
    folder.mkdir()
    (folder / "lab.toml").write_text(LAB + COMPARED, encoding="utf-8")
    return folder


@pytest.fixture
def lab(lab_folder: Path) -> Lab:
    return replace(read_lab(lab_folder), classes=("bars", "checks", "discs"))


def test_views_are_compared_in_all_combinations(lab_folder: Path, lab: Lab) -> None:
    names = [name for name, _ in listed(lab_folder, lab)]
    assert len(names) == 9
    assert {"plain", "plain + flip", "plain + flip + turn + light", "peak"} <= set(names)
    both = dict(listed(lab_folder, lab))["plain + turn + light"]
    assert (both.augment.turn, both.augment.contrast, both.schedule.optimiser) == (15, 0.2, "sgd")


@pytest.mark.parametrize(
    "changes", [{"split": {}}, {"schedule": {"speed": 3}}, {"network": {"width": 3}}]
)
def test_what_cannot_vary_is_refused(lab: Lab, changes: dict[str, dict[str, int]]) -> None:
    with pytest.raises(CountlabError, match=r"known|vary"):
        variant(lab, changes)


def test_variants_are_trained_judged_and_kept(
    lab_folder: Path, lab: Lab, shapes: Path, tmp_path: Path
) -> None:
    pictures = Pictures(lab_folder, [], data=shapes, quick=True, work=tmp_path)
    told: list[int] = []
    for name, changed in (listed(lab_folder, lab)[0], listed(lab_folder, lab)[-1]):
        folder = tmp_path / name
        first = run(
            name, changed, pictures, folder, folders=[], seed=1,
            report=lambda progress: told.append(progress.step),
        )  # fmt: skip
        assert 0 <= first.f1 <= 1
        assert first.epochs == 1
        steps = len(told)
        again = run(
            name, changed, pictures, folder, folders=[], seed=1,
            report=lambda progress: told.append(progress.step),
        )  # fmt: skip
        assert (again, len(told)) == (first, steps)


def test_the_best_trial_comes_first(
    lab_folder: Path, lab: Lab, shapes: Path, tmp_path: Path
) -> None:
    pytest.importorskip("optuna", reason="optuna is not installed (pip install countlab[sweep])")
    from countlab.training.tuning import read_space, tune

    pictures = Pictures(lab_folder, [], data=shapes, quick=True, work=tmp_path)
    rows = tune(
        lab, read_space(lab_folder), pictures, tmp_path / "study",
        trials=3, folders=[], seed=1, report=silent,
    )  # fmt: skip
    scores = [row.result.f1 for row in rows if row.result]
    assert len(rows) == 3
    assert scores == sorted(scores, reverse=True)
    assert {row.values["batch"] for row in rows} <= {8, 16}


_SEARCH = """
import sys
from countlab.cli import main
main(["tune", sys.argv[1], "--data", sys.argv[2], "--out", sys.argv[3], "--trials", "3"])
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_search_that_was_ended_goes_on(
    lab_folder: Path, shapes: Path, tmp_path: Path, how: signal.Signals
) -> None:
    optuna = pytest.importorskip("optuna", reason="pip install countlab[sweep]")
    out = tmp_path / "study"
    command = [sys.executable, "-c", _SEARCH, str(lab_folder), str(shapes), str(out)]
    environment = {**os.environ, "COUNTLAB_HOME": str(tmp_path / "home")}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + 240
        while len(list(out.glob("trials/*/result.json"))) < 1 and time.monotonic() < deadline:
            assert process.poll() is None
            time.sleep(0.02)
    finally:
        process.send_signal(how)
        said = process.communicate()[1]
    assert "Traceback" not in said
    assert process.returncode == (-signal.SIGKILL if how is signal.SIGKILL else 130)
    kept = {path: path.stat().st_mtime_ns for path in out.glob("trials/*/result.json")}
    assert kept
    subprocess.run(command, env=environment, check=True, timeout=300)
    study = optuna.load_study(
        study_name="shapes", storage=f"sqlite:///{(out / 'tune.sqlite').resolve()}"
    )
    states = [trial.state.name for trial in study.trials]
    assert sum(state in ("COMPLETE", "PRUNED") for state in states) == 3
    assert "RUNNING" not in states
    assert all(path.stat().st_mtime_ns == before for path, before in kept.items())
