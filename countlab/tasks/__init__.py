"""Raw network output to findings: a decoder for each family of networks.

`decoder_for` picks the one that a model declares, or recognizes it from the shapes of the graph's
outputs. What is none of these is refused in words, never answered from.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from countlab.errors import CountlabError
from countlab.models.catalog import Model
from countlab.tasks.classification import CLASSIFIERS, Classifier, class_count
from countlab.tasks.detection import DETECTORS, Detector

Decoder = Classifier | Detector
DECODERS: dict[str, Decoder] = {**DETECTORS, **CLASSIFIERS}


class Output(NamedTuple):
    """An output of a graph; a dimension that the graph leaves open is None."""

    name: str
    shape: tuple[int | None, ...]

    def __str__(self) -> str:
        return (
            f"{self.name} {' × '.join('?' if size is None else str(size) for size in self.shape)}"
        )


def main_output(outputs: Sequence[Output]) -> Output | None:
    """The only output, or the one that the labs' classifiers call `logits`."""
    if len(outputs) == 1:
        return outputs[0]
    return next((output for output in outputs if output.name == "logits"), None)


def decoder_for(model: Model, outputs: Sequence[Output]) -> Decoder:
    """The declared decoder, or the one that the outputs' shapes allow; both are checked."""
    candidates = [
        decoder
        for decoder in DECODERS.values()
        if model.decoder in (None, decoder.name) and decoder.task == model.task
    ]
    main = main_output(outputs) if model.task == "classify" or len(outputs) == 1 else None
    matching = [
        decoder
        for decoder in candidates
        if main and decoder.fits(main.name, main.shape, len(model.labels))
    ]
    if main and model.decoder is None:
        # Two families with one shape: what names its output as ours is known, else it must be said.
        matching = [decoder for decoder in matching if decoder.recognizable(main.name)]
    if len(matching) == 1:
        return matching[0]
    if main and not matching and model.task == "classify":
        number = class_count(main.shape)
        if number and number != len(model.labels):
            raise CountlabError(
                "graph_labels_differ",
                model=model.name,
                arrived=number,
                expected=len(model.labels),
            )
    raise CountlabError(
        "graph_not_understood",
        model=model.name,
        outputs="; ".join(str(output) for output in outputs) or "–",
        labels=len(model.labels),
        known=[f"{decoder.name} ({decoder.form})" for decoder in DECODERS.values()],
    )
