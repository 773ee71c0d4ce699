"""The options of a prediction on the command line: derived from `PredictOptions`."""

from __future__ import annotations

import functools
from collections.abc import Callable
from inspect import Parameter, signature
from typing import Annotated, Any

import typer

from countlab.engines import ENGINES
from countlab.options import OPTIONS, Option, PredictOptions
from countlab.settings import terminal_language

Command = Callable[..., None]


def with_options(*, without: tuple[str, ...] = ()) -> Callable[[Command], Command]:
    """Gives a command the options of `PredictOptions`; it receives them as one value, `options`."""
    names = [name for name in OPTIONS if name not in without]

    def decorate(command: Command) -> Command:
        @functools.wraps(command)
        def run(**values: Any) -> None:
            options = PredictOptions(**{name: values.pop(name) for name in names})
            command(options=options, **values)

        parameters: list[Parameter] = []
        for parameter in signature(command, eval_str=True).parameters.values():
            if parameter.name == "options":
                parameters += [_parameter(OPTIONS[name]) for name in names]
            else:
                parameters.append(parameter.replace(kind=Parameter.KEYWORD_ONLY))
        run.__signature__ = signature(command).replace(parameters=parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {entry.name: entry.annotation for entry in parameters}
        return run

    return decorate


def _parameter(option: Option) -> Parameter:
    return Parameter(
        option.name,
        Parameter.KEYWORD_ONLY,
        default=option.default,
        annotation=Annotated[option.type, typer_option(option.name)],
    )


def typer_option(name: str, **changed: Any) -> Any:
    """The Typer declaration of one option, with its sentence in the terminal's language."""
    option = OPTIONS[name]
    declared = {
        "min": option.minimum,
        "max": option.maximum,
        "help": option.help(terminal_language(), engines=", ".join(ENGINES)),
        **changed,
    }
    return typer.Option(**declared)
