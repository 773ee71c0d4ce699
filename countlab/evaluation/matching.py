"""Matching of findings with ground truth: by box where boxes are annotated, else by rank."""

from __future__ import annotations

from collections import Counter

from countlab.evaluation.ground_truth import TrueBox
from countlab.evaluation.run import EvaluatedPicture
from countlab.findings import Box

_MIN_IOU = 0.5


def match_findings(picture: EvaluatedPicture) -> list[tuple[float, bool]]:
    """(confidence, is_correct) of each finding whose label has ground truth, surest first.

    Each true object matches at most one finding. Without boxes, a label's surest findings count as
    correct, as many as there are true objects.
    """
    unmatched_boxes = [_in_pixels(box, picture) for box in picture.truth.boxes or ()]
    unmatched_counts = Counter(picture.truth.counts)
    matches = []
    for finding in sorted(picture.findings, key=lambda finding: -finding.confidence):
        if finding.label not in picture.truth.counts:
            continue
        if picture.truth.boxes is None or finding.box is None:
            is_correct = unmatched_counts[finding.label] > 0
            unmatched_counts[finding.label] -= 1
        else:
            candidates = [
                (finding.box.iou(box), index)
                for index, (label, box) in enumerate(unmatched_boxes)
                if label == finding.label
            ]
            best_iou, index = max(candidates, default=(0.0, 0))
            is_correct = best_iou >= _MIN_IOU
            if is_correct:
                unmatched_boxes.pop(index)
        matches.append((finding.confidence, is_correct))
    return matches


def _in_pixels(box: TrueBox, picture: EvaluatedPicture) -> tuple[str, Box]:
    width, height = picture.width, picture.height
    sides = box.left * width, box.top * height, box.right * width, box.bottom * height
    return box.label, Box(*(round(side) for side in sides))
