"""A published classifier judged on pictures: the graph itself is asked, as a server asks it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from countlab.errors import CountlabError
from countlab.evaluation.class_metrics import measure, softmax
from countlab.training.material import Example, Form, class_names, read_folder
from countlab.training.unfamiliar import separation

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_WORST = 12


@dataclass(frozen=True)
class Published:
    """A model's folder, opened."""

    folder: Path

    @cached_property
    def described(self) -> dict[str, Any]:
        path = self.folder / "model.toml"
        if not path.is_file():
            raise CountlabError("no_trained_model", folder=self.folder)
        return tomllib.loads(path.read_text(encoding="utf-8"))

    @property
    def labels(self) -> tuple[str, ...]:
        text = (self.folder / str(self.described["labels"])).read_text(encoding="utf-8")
        return tuple(text.split("\n")[:-1])

    @property
    def graph(self) -> Path:
        return self.folder / str(self.described["files"]["graph"]["name"])

    @property
    def form(self) -> Form:
        width, height = self.described["input"]
        crop = str(self.described.get("preprocessing", {}).get("crop", "none"))
        return Form((width, height), (width, height), crop=crop)

    @cached_property
    def session(self) -> Any:
        import onnxruntime

        return onnxruntime.InferenceSession(self.graph, providers=["CPUExecutionProvider"])

    def run(self, pictures: npt.NDArray[np.uint8], *, batch: int = 64) -> dict[str, Any]:
        """All outputs of the graph for bytes (n, height, width, 3)."""
        names = [output.name for output in self.session.get_outputs()]
        if pictures.shape[-1] == 1:
            pictures = np.repeat(pictures, 3, axis=-1)
        parts = [
            self.session.run(names, {"picture": pictures[at : at + batch]})
            for at in range(0, len(pictures), batch)
        ]
        return {name: np.concatenate([p[i] for p in parts]) for i, name in enumerate(names)}


def judge(
    model: Path, *, data: Path | None = None, examples: Sequence[Example] | None = None
) -> dict[str, Any]:
    """Figures on a folder of one's own (a folder a class), or on examples at hand."""
    published = Published(model)
    if examples is None:
        if data is None or not class_names(data):
            raise CountlabError("no_training_pictures", folder=data, classes=published.labels)
        examples = read_folder(data, published.labels, published.form)
    outputs = published.run(np.stack([e.fitted for e in examples]))
    labels = np.array([e.label for e in examples], np.int64)
    figures = measure(outputs["logits"], labels, published.labels)
    far = outputs["distance"] > published.described["unfamiliar"]["threshold"]
    figures["called_unfamiliar"] = float(far.mean())
    figures["worst"] = _worst(outputs["logits"], labels, examples, published.labels)
    return figures


def judge_unlike(
    published: Published, examples: Sequence[Example], familiar: npt.NDArray[Any]
) -> dict[str, Any]:
    """Pictures that are none of the classes: how many of them get the warning."""
    outputs = published.run(np.stack([e.fitted for e in examples]))
    threshold = published.described["unfamiliar"]["threshold"]
    sure = softmax(outputs["logits"]).max(1)
    return {
        "pictures": len(examples),
        "called_unfamiliar": float((outputs["distance"] > threshold).mean()),
        "mean_confidence": float(sure.mean()),
        "separation": separation(familiar, outputs["distance"]),
    }


def _worst(
    logits: Any, labels: npt.NDArray[np.int64], examples: Sequence[Example], names: Sequence[str]
) -> list[dict[str, Any]]:
    """The wrong answers that were surest."""
    probabilities = softmax(logits)
    said = probabilities.argmax(1)
    wrong = [at for at in np.argsort(-probabilities.max(1)) if said[at] != labels[at]]
    return [
        {
            "name": examples[at].name,
            "is": names[labels[at]],
            "said": names[said[at]],
            "confidence": round(float(probabilities[at].max()), 4),
        }
        for at in wrong[:_WORST]
    ]
