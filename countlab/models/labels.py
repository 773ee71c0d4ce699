"""Names of labels: plurals, names in other languages, and the label that a word means.

`object=`, `--object` and `/count{plural}` all look a word up here. A label itself stays what the
model's labels file says; its names in other languages come from `[names.es]` in model.toml.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from countlab.errors import CountlabError, closest
from countlab.models.entry import Model

_IRREGULAR = {
    "person": "people",
    "mouse": "mice",
    "knife": "knives",
    "sheep": "sheep",
    "skis": "skis",
    "scissors": "scissors",
}
_STRESSED = str.maketrans("áéíóú", "aeiou")


class LabelName(NamedTuple):
    """What a label is called in one language; an empty plural is formed by the language's rule."""

    singular: str
    plural: str = ""


def plural_of(label: str) -> str:
    """`traffic light` → `TrafficLights`, `bus` → `Buses`, `person` → `People`."""
    *first, last = label.split()
    if last in _IRREGULAR:
        last = _IRREGULAR[last]
    elif last.endswith(("s", "x", "z", "ch", "sh")):
        last += "es"
    elif last.endswith("y") and last[-2:-1] not in "aeiou":
        last = last[:-1] + "ies"
    else:
        last += "s"
    return "".join(word[:1].upper() + word[1:] for word in [*first, last])


def spanish_plural(name: str) -> str:
    """`naranja` → `naranjas`, `limón` → `limones`, `pez` → `peces`; the first word of several."""
    first, space, rest = name.partition(" ")
    if first.endswith(("s", "x")) and first[-2:-1] not in "áéíóú":
        pass  # el paraguas, los paraguas
    elif first.endswith("z"):
        first = first[:-1] + "ces"
    elif first[-1:] in "aeiouáéó":
        first += "s"
    elif first[-1:] in "ns":
        first = first[:-2] + first[-2:].translate(_STRESSED) + "es"
    else:
        first += "es"
    return first + space + rest


def name_of(label: str, number: int, language: str, names: Mapping[str, Mapping[str, str]]) -> str:
    """What people read for so many of a label; the label itself where no name is known.

    `names` are the model's, as `Model.names` holds them and `/models` lists them.
    """
    singular = names.get(language, {}).get(label)
    if singular is None:
        return label
    name = _name(singular)
    return name.singular if number == 1 else name.plural


def label_for(model: Model, word: str) -> str:
    """The label that a word means: itself, its plural, or its name in another language.

    In any letter case, with or without accents and spaces; `unknown_object` lists the closest
    label first.
    """
    if word in model.labels:
        return word
    labels = _labels_by_word(model)
    if label := labels.get(_plain(word)):
        return label
    suggestion = labels.get(closest(_plain(word), labels) or "")
    known = sorted(model.labels, key=lambda label: (label != suggestion, label))
    raise CountlabError("unknown_object", model=model.name, arrived=word, known=known)


def _labels_by_word(model: Model) -> dict[str, str]:
    """Every way to say a label; where two labels share a word, the first that says it has it."""
    words: dict[str, str] = {}
    for label in model.labels:
        words.setdefault(_plain(label), label)
    for label in model.labels:
        for word in _words_for(label, model):
            words.setdefault(_plain(word), label)
    return words


def _words_for(label: str, model: Model) -> Iterator[str]:
    yield plural_of(label)
    for names in model.names.values():
        if label in names:
            yield from _name(names[label])


def _name(written: str) -> LabelName:
    """`limón` or, where the rule does not give it, `régimen/regímenes`."""
    singular, _, plural = written.partition("/")
    return LabelName(singular, plural or spanish_plural(singular))


def _plain(word: str) -> str:
    """Lower case, without accents and spaces: how words are compared."""
    parts = unicodedata.normalize("NFD", word.casefold())
    return "".join(c for c in parts if not unicodedata.combining(c) and not c.isspace())
