"""Where a training run stands: enough to go on as if nothing had happened.

No state of a random generator is kept, because none is needed: what is random in a step follows
from the run's seed and the step's number.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from countlab.errors import CountlabError
from countlab.system.whole_file import write_whole


@dataclass
class State:
    """All that changes while a run goes on."""

    network: Any
    average: Any
    optimiser: Any
    step: int = 0
    losses: list[float] = field(default_factory=list)
    """Of the steps of the epoch under way."""
    epochs: list[dict[str, float]] = field(default_factory=list)
    best: dict[str, Any] | None = None
    """The averaged numbers of the best epoch so far, with its loss."""
    seconds: float = 0.0


def save(state: State, path: Path, *, plan: str) -> None:
    """`plan` is a digest of everything that decides how the run goes."""
    file = io.BytesIO()
    torch.save(
        {
            "plan": plan,
            "network": state.network.state_dict(),
            "average": state.average.state_dict(),
            "optimiser": state.optimiser.state_dict(),
            "step": state.step,
            "losses": state.losses,
            "epochs": state.epochs,
            "best": state.best,
            "seconds": state.seconds,
        },
        file,
    )
    write_whole(path, file.getvalue())


def load(state: State, path: Path, *, plan: str) -> None:
    """Puts a run back where it stood; one with other settings or pictures is refused."""
    kept = torch.load(path, map_location="cpu", weights_only=True)
    if kept["plan"] != plan:
        raise CountlabError("other_training_run", file=path)
    state.network.load_state_dict(kept["network"])
    state.average.load_state_dict(kept["average"])
    state.optimiser.load_state_dict(kept["optimiser"])
    for name in ("step", "losses", "epochs", "best", "seconds"):
        setattr(state, name, kept[name])
