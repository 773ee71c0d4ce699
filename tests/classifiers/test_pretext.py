"""Learning to see without labels gives the classes' training a head start, and never peeks."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from countlab.training import train
from countlab.training.pretext import contrastive_loss

pytestmark = pytest.mark.training


def test_partners_that_look_alike_cost_less() -> None:
    torch.manual_seed(1)
    seen = torch.nn.functional.normalize(torch.randn(32, 24), dim=1)
    alike = torch.cat([seen[:16], seen[:16]])
    assert contrastive_loss(alike, 0.2) < 0.3 * contrastive_loss(seen, 0.2)


def test_pretext_runs_first_and_resumes(shapes_lab: Path, shapes: Path, tmp_path: Path) -> None:
    lab = tmp_path / "lab"
    lab.mkdir()
    text = (shapes_lab / "lab.toml").read_text(encoding="utf-8").replace("epochs = 4", "epochs = 1")
    sources = '[{ kind = "loose", path = "discs" }]'
    text += f"[pretext]\nepochs = 2\nbatch = 16\nsize = [20, 20]\nsources = {sources}\n"
    (lab / "lab.toml").write_text(text, encoding="utf-8")
    stages: list[str] = []
    train(
        lab,
        data=shapes,
        out=tmp_path / "out",
        folders=[shapes],
        report=lambda progress: stages.append(progress.stage),
    )
    first = stages.index("train")
    assert set(stages[:first]) == {"pretext"}
    again: list[str] = []
    train(
        lab,
        data=shapes,
        out=tmp_path / "out",
        folders=[shapes],
        report=lambda progress: again.append(progress.stage),
    )
    assert again == []
