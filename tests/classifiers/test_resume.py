"""A run that was stopped or killed ends as if nothing had happened."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from countlab.errors import CountlabError
from countlab.training import train
from countlab.training.loop import Progress

pytestmark = pytest.mark.training

RUN = """
import sys, time
from pathlib import Path
from countlab.training import loop, train
loop.SAVE_EVERY_S = 0.0
lab, data, out = (Path(value) for value in sys.argv[1:4])
def report(progress):
    print(progress.step, flush=True)
    time.sleep(float(sys.argv[4]))
train(lab, data=data, out=out, seed=5, report=report)
"""


def _command(lab: Path, data: Path, out: Path, pause_s: float) -> list[str]:
    return [sys.executable, "-c", RUN, str(lab), str(data), str(out), str(pause_s)]


@pytest.fixture(scope="module")
def undisturbed(shapes_lab: Path, shapes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("undisturbed")
    train(shapes_lab, data=shapes, out=out, seed=5)
    return out


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=["killed", "stopped"])
def test_resumed_equals_undisturbed(
    how: signal.Signals, undisturbed: Path, shapes_lab: Path, shapes: Path, tmp_path: Path
) -> None:
    process = subprocess.Popen(
        _command(shapes_lab, shapes, tmp_path, 0.1), stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    for line in process.stdout:
        if int(line) >= 5:  # in the middle of the second epoch
            break
    os.kill(process.pid, how)
    process.communicate(timeout=60)
    assert process.returncode != 0
    assert not (tmp_path / "graph.onnx").exists()
    subprocess.run(_command(shapes_lab, shapes, tmp_path, 0), check=True, stdout=subprocess.DEVNULL)
    for name in ("graph.onnx", "evaluation.json", "model.toml", "training/curve.svg"):
        assert (tmp_path / name).read_bytes() == (undisturbed / name).read_bytes(), name


def test_progress_is_reported_with_one_line_an_epoch(
    shapes_lab: Path, shapes: Path, tmp_path: Path
) -> None:
    said: list[Progress] = []
    model = train(shapes_lab, data=shapes, out=tmp_path, seed=5, report=said.append)
    assert [p.step for p in said] == list(range(1, said[-1].steps + 1))
    ended = [p.figures for p in said if p.figures]
    assert [f["epoch"] for f in ended] == [1, 2, 3, 4]
    assert list(model.epochs) == ended
    assert "<polyline" in (tmp_path / "training/curve.svg").read_text(encoding="utf-8")


def test_other_seed_does_not_go_on_from_this_run(
    undisturbed: Path, shapes_lab: Path, shapes: Path
) -> None:
    with pytest.raises(CountlabError) as caught:
        train(shapes_lab, data=shapes, out=undisturbed, seed=6)
    assert caught.value.code == "other_training_run"


def test_early_stopping_keeps_the_best_epoch(
    shapes_lab: Path, shapes: Path, tmp_path: Path
) -> None:
    lab = tmp_path / "lab"
    lab.mkdir()
    text = (shapes_lab / "lab.toml").read_text(encoding="utf-8")
    text = text.replace("epochs = 4", "epochs = 60\npatience = 2").replace("0.004", "0.3")
    (lab / "lab.toml").write_text(text, encoding="utf-8")
    model = train(lab, data=shapes, out=tmp_path / "out", seed=5)
    losses = [epoch["validation_loss"] for epoch in model.epochs]
    assert len(losses) < 60
    assert len(losses) - 1 - losses.index(min(losses)) == 2
    kept = torch.load(tmp_path / "out/training/state.pt", weights_only=True)["best"]
    assert kept["epoch"] == losses.index(min(losses)) + 1


def test_balanced_sampling_shows_rare_classes_as_often() -> None:
    import numpy as np

    from countlab.training.schedule import class_weights, order

    labels = np.repeat([0, 1], [950, 50])
    shown = labels[order(labels, 2, seed=(1, 0), balanced=True)]
    assert 0.42 < shown.mean() < 0.58
    weights = class_weights(labels, 2)
    assert abs(float(weights[labels].mean()) - 1) < 1e-9


def test_checkpoint_is_never_half_written(tmp_path: Path) -> None:
    from countlab.system.whole_file import write_whole

    target = tmp_path / "state.pt"
    write_whole(target, b"old")
    code = (
        "import sys\nfrom pathlib import Path\n"
        "from countlab.system.whole_file import write_whole\n"
        "while True:\n    write_whole(Path(sys.argv[1]), b'x' * 3_000_000)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(target)])
    time.sleep(1.5)
    process.kill()
    process.wait()
    assert len(target.read_bytes()) in (3, 3_000_000)
