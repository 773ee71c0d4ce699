"""How a trained classifier answers where all is as it was: the profile that drift is held against.

From the graph as it is served, on the part that chose the network.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from countlab.evaluation.class_metrics import softmax
from countlab.models.answer_profile import Answer, AnswerProfile, profile_of
from countlab.training.judging import Published
from countlab.training.material import Example

_CONFIDENCE = 0.5  # what an answer must reach to be one, unless a request says otherwise


def answer_profile(folder: Path, examples: Sequence[Example]) -> AnswerProfile:
    """`folder` is a model that was just exported."""
    published = Published(folder)
    outputs = published.run(np.stack([example.fitted for example in examples]))
    probabilities = softmax(np.asarray(outputs["logits"], np.float64))
    far = outputs["distance"].ravel() > published.described["unfamiliar"]["threshold"]
    answers = [
        Answer({published.labels[int(row.argmax())]: 1}, float(row.max()), bool(unlike))
        if row.max() > _CONFIDENCE
        else Answer({}, None, bool(unlike))
        for row, unlike in zip(probabilities, far, strict=True)
    ]
    return profile_of(answers, measured_on=f"{len(answers)} validation pictures")
