"""Members of a lab's answer under the names that its own clients read."""

from __future__ import annotations

from typing import Any

from countlab.inference.prediction import Prediction
from countlab.models.lab_answer import LabAnswer


def lab_members(names: LabAnswer, prediction: Prediction) -> dict[str, Any]:
    """Class and probabilities; nothing where another model was asked for, which detects."""
    probabilities = prediction.probabilities
    if not probabilities:
        return {}
    label, probability = next(iter(probabilities.items()))
    shares = {names.classes.get(each, each): share for each, share in probabilities.items()}
    in_order = [probabilities[each] for each in prediction.model.labels]
    said = names.classes.get(label, label)
    seconds = round(sum(prediction.milliseconds.values()) / 1000, 3)
    return {
        names.class_name: int(said) if names.class_as == "number" else said,
        names.probability: probability,
        names.probabilities: in_order if names.probabilities_as == "list" else shares,
        **({names.seconds: seconds} if names.seconds else {}),
    }
