"""Labels in the terminal's language, where the model on this machine knows their names."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from countlab.cli.texts import say
from countlab.errors import CountlabError
from countlab.settings import Settings, terminal_language

if TYPE_CHECKING:
    from countlab.models.catalog import Model

_MOST_LABELS = 12


def counts_text(result: Mapping[str, Any]) -> str:
    """`3 orange, 2 apple`; in Spanish `3 naranjas, 2 manzanas`."""
    counts = result.get("counts") or {}
    return ", ".join(
        f"{number} {label_text(result, label, number)}" for label, number in counts.items()
    )


def label_text(result: Mapping[str, Any], label: str | None, number: int = 1) -> str:
    language = terminal_language()
    if not label or language == "en":
        return label or ""
    from countlab.models.labels import name_of

    return name_of(label, number, language, _names(str(result.get("model"))))


def label_meant(word: str, model: str | None, settings: Settings) -> str:
    """`orange` for `naranja`, if the model (or the default one) knows it; else the word itself."""
    from countlab.models.catalog import read_catalog
    from countlab.models.labels import label_for

    try:
        known = read_catalog(settings.models_folder).find(model or settings.default_model)
        return label_for(known, word)
    except CountlabError:
        return word


def known_labels_text(result: Mapping[str, Any]) -> str | None:
    """What the model could have found, for a zero."""
    known = _known(str(result.get("model")))
    if known is None:
        return None
    labels = ", ".join(label_text(result, label) for label in known.labels[:_MOST_LABELS])
    facts = {"model": known.name, "labels": labels, "number": len(known.labels)}
    return say("known_labels_of" if len(known.labels) > _MOST_LABELS else "known_labels", **facts)


def _names(model: str) -> Mapping[str, Mapping[str, str]]:
    known = _known(model)
    return known.names if known else {}


@cache
def _known(model: str) -> Model | None:
    """Of a model that only a server has, nothing is known here."""
    from countlab.models.catalog import read_catalog

    return read_catalog(Settings.from_environment().models_folder).models.get(model)
