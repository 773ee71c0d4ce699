"""Is a picture like those that taught? One number in the graph, and a threshold with a promise.

Two signs are added. Features on the unit sphere lie far from the middle of every class
(Mahalanobis' distance, one spread for all classes); and no class is spoken for strongly (the
largest logit is small). Each is measured in its own spread over validation pictures. Each alone
misses what the other sees: letters are far from digits, cats are not far from weather.
A server compares the number with the threshold: so many pictures in a hundred that do belong are
called unfamiliar, no more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from countlab.evaluation.class_metrics import Floats, Labels


@dataclass(frozen=True)
class Familiarity:
    """`whitening` turns features so that plain distance is Mahalanobis' distance."""

    middles: Floats
    """One row a class, already whitened."""
    whitening: Floats
    usual_distance: tuple[float, float] = (0.0, 1.0)
    """Mean and spread over pictures that belong."""
    usual_logit: tuple[float, float] = (0.0, 1.0)
    """Mean and spread of the largest logit."""

    def apart(self, features: Floats) -> Floats:
        """How far from the nearest class's middle."""
        unit = features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-6)
        apart = (unit @ self.whitening)[:, None, :] - self.middles[None]
        return np.asarray(np.sqrt((apart**2).sum(2).min(1)))

    def distance(self, features: Floats, logits: Floats) -> Floats:
        """As the graph computes it."""
        far = (self.apart(features) - self.usual_distance[0]) / self.usual_distance[1]
        unsaid = (self.usual_logit[0] - logits.max(1)) / self.usual_logit[1]
        return np.asarray(far + unsaid)


def familiarity_of(features: Floats, labels: Labels, classes: int) -> Familiarity:
    """From the pictures that taught; the spread is shrunk towards a ball, as samples are few."""
    unit = features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-6)
    middles = np.stack([unit[labels == c].mean(0) for c in range(classes)])
    apart = unit - middles[labels]
    spread = apart.T @ apart / max(1, len(unit))
    share = min(0.9, 0.1 + spread.shape[0] / (10 * len(unit)))
    ball = np.trace(spread) / len(spread)
    spread = (1 - share) * spread + share * ball * np.eye(len(spread))
    values, vectors = np.linalg.eigh(spread)
    whitening = (vectors / np.sqrt(np.maximum(values, 1e-12))).astype(np.float32)
    return Familiarity((middles @ whitening).astype(np.float32), whitening)


def with_usual(known: Familiarity, features: Floats, logits: Floats) -> Familiarity:
    """The same, knowing what both signs usually are on pictures that did not teach."""
    if len(features) < 2:
        return known
    far, said = known.apart(features), logits.max(1)
    return replace(
        known,
        usual_distance=(float(far.mean()), max(float(far.std()), 1e-6)),
        usual_logit=(float(said.mean()), max(float(said.std()), 1e-6)),
    )


def threshold_for(distances: Floats, false_alarms: float) -> float:
    """The distance that so large a share of pictures that do belong exceeds."""
    if not len(distances):
        return float("inf")
    return float(np.quantile(distances, 1 - false_alarms, method="higher"))


def separation(familiar: Floats, strange: Floats) -> float:
    """How often a strange picture lies further than a familiar one (the area under the ROC)."""
    both = np.concatenate([familiar, strange])
    ranks = np.empty(len(both))
    ranks[both.argsort(kind="stable")] = np.arange(1, len(both) + 1)
    above = ranks[len(familiar) :].sum() - len(strange) * (len(strange) + 1) / 2
    return float(above / max(1, len(familiar) * len(strange)))
