"""Route parameters, spelled out once: derived from the declaration of `PredictOptions`.

The dependencies are async because they do next to nothing: FastAPI would send each of the others
to a thread and back, which took as long as drawing the boxes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from inspect import Parameter, Signature
from typing import Annotated, Any

from fastapi import Depends, Path, Query, Request

from countlab.engines import ENGINES
from countlab.options import OPTIONS, Option, PredictOptions
from countlab.server.lab import Lab


async def lab_of(request: Request) -> Lab:
    lab: Lab = request.app.state.lab
    return lab


LabDependency = Annotated[Lab, Depends(lab_of)]
ModelPath = Annotated[str, Path(description="A name from /models.", examples=["fruits"])]
PluralPath = Annotated[
    str, Path(description="The plural of a label, such as Oranges.", examples=["Oranges"])
]


def query_options(*, without: tuple[str, ...] = ()) -> Callable[..., Awaitable[PredictOptions]]:
    """A dependency whose query parameters are the fields of `PredictOptions`."""

    async def options(**values: Any) -> PredictOptions:
        return PredictOptions(**values)

    options.__signature__ = Signature(  # type: ignore[attr-defined]  # what FastAPI reads
        [
            Parameter(
                option.name,
                Parameter.KEYWORD_ONLY,
                default=option.default,
                annotation=Annotated[option.type, _query(option)],
            )
            for option in OPTIONS.values()
            if option.name not in without
        ]
    )
    return options


def _query(option: Option) -> Any:
    return Query(
        description=option.help(engines=", ".join(ENGINES)),
        ge=option.minimum,
        le=option.maximum,
        examples=None if option.example is None else [option.example],
        json_schema_extra={"enum": list(option.choices)} if option.choices else None,
    )


AnyOptions = Annotated[PredictOptions, Depends(query_options())]
"""Everything that may be asked."""
OptionsOfAll = Annotated[PredictOptions, Depends(query_options(without=("object",)))]
"""For routes that answer for all objects, or whose path names the object."""
SweepOptions = Annotated[PredictOptions, Depends(query_options(without=("confidence",)))]
"""For routes that answer for every confidence."""
