"""Rendering: one prediction or sweep as the response that the client asked for.

Each answer is recorded before it leaves, by `recording`.
"""

from __future__ import annotations

import json
from typing import Any

from fastapi import Request, Response
from fastapi.responses import JSONResponse

from countlab.inference.answer import CountJson
from countlab.inference.lab_members import lab_members
from countlab.inference.prediction import Prediction
from countlab.inference.sweep import Sweep
from countlab.models.lab_answer import LabAnswer
from countlab.server.language import language_of
from countlab.server.recording import record
from countlab.server.signatures import Signer


def wants_json(request: Request) -> bool:
    """JSON and no picture in `Accept`: `*/*` and nothing leave it to the route."""
    accept = request.headers.get("accept", "")
    return "application/json" in accept and "image/" not in accept


def wants_picture(request: Request) -> bool:
    accept = request.headers.get("accept", "")
    return "image/" in accept and "application/json" not in accept


def count_answer(
    request: Request, prediction: Prediction, *, more_follow: bool = False
) -> CountJson:
    """The answer's JSON, recorded."""
    answer = prediction.as_json(language_of(request))
    record(request, prediction, answer, more_follow=more_follow)
    return answer


def json_response(request: Request, prediction: Prediction) -> JSONResponse:
    return signed(request, JSONResponse(count_answer(request, prediction)))


def single_response(request: Request, prediction: Prediction) -> JSONResponse:
    """JSON always, with the names that a lab's own clients read beside the usual ones."""
    answer = {**count_answer(request, prediction), **of_lab(request, prediction)}
    return signed(request, JSONResponse(answer))


def of_lab(request: Request, prediction: Prediction) -> dict[str, Any]:
    """What the clients of `--lab` read beside the usual members; nothing without a lab."""
    names: LabAnswer | None = request.app.state.lab_answer
    return lab_members(names, prediction) if names else {}


def sweep_response(request: Request, sweep: Sweep) -> JSONResponse:
    """The row that is kept is that of the stable count."""
    answer = sweep.as_json(language_of(request))
    record(request, sweep.at_stable, answer)
    return signed(request, JSONResponse(answer))


def signed(request: Request, response: JSONResponse) -> JSONResponse:
    """The page sends such answers back, to count or draw their findings again."""
    signer: Signer = request.app.state.signer
    signer.add_to(response)
    return response


def picture_response(request: Request, prediction: Prediction) -> Response:
    """The picture with boxes, with what a client would otherwise ask for again as headers."""
    drawn = prediction.drawn  # before the row is kept: while it waits for the disk, others draw
    answer = count_answer(request, prediction)
    headers = {
        "X-Count": str(answer["count"]),
        "X-Counts": json.dumps(answer["counts"]),
        "X-Model": answer["model"],
        "X-Engine": answer["engine"],
        "X-Precision": answer["precision"],
        "X-Tiles": str(answer["tiles"]),
        "X-Warnings": ", ".join(warning["code"] for warning in answer["warnings"]),
        **({"X-Likely": "{}-{}".format(*answer["likely"])} if "likely" in answer else {}),
    }
    return Response(drawn, media_type=prediction.picture.media_type, headers=headers)
