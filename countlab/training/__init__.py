"""Teaching image classifiers: from a folder of pictures to a model that any engine serves.

Needs the `[train]` extra. Nothing that answers requests imports this folder: what a trained model
knows leaves it as a folder with `graph.onnx` and `model.toml`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from countlab.training.judging import judge as judge
    from countlab.training.pruning import prune as prune
    from countlab.training.runs import TrainedModel as TrainedModel
    from countlab.training.runs import train as train

_HOMES = {"train": "runs", "TrainedModel": "runs", "judge": "judging", "prune": "pruning"}

__all__ = ["TrainedModel", "judge", "prune", "train"]


def __getattr__(name: str) -> Any:
    """torch is loaded by who trains, not by who looks."""
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(name)
