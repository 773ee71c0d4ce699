"""An answer about one picture, told only when its row is kept.

The one place where counting, history and metrics meet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import Request

from countlab.findings import CountWarning
from countlab.inference.prediction import Prediction
from countlab.server.language import language_of
from countlab.server.metrics import Metrics

if TYPE_CHECKING:
    from countlab.history import History, Row


def tell(request: Request, prediction: Prediction, *, more: bool = False) -> dict[str, Any]:
    """The answer's JSON. When this returns its row is on disk, or the answer says that it is not.

    Waits for the disk: to be called in a thread, never in the event loop. The work of a request
    is over with this, and others may begin theirs, unless `more` pictures follow.
    """
    language = language_of(request)
    told = prediction.as_json(language)
    metrics: Metrics = request.app.state.metrics
    metrics.counted(prediction)
    history: History | None = request.app.state.history
    if history is not None:
        if not more:
            request.state.work_done()
        where = history.keep(_row(request, prediction, told))
        metrics.kept(where)
        if where == "nowhere":
            told["warnings"].append(CountWarning("not_recorded").as_json(language))
    return told


def _row(request: Request, prediction: Prediction, told: dict[str, Any]) -> Row:
    from countlab.history import new_row

    return new_row(
        request_id=getattr(request.state, "request_id", None),
        key_name=getattr(request.state, "key_name", None),
        picture_sha256=prediction.picture_sha256,
        model=prediction.model.name,
        engine=prediction.engine,
        precision=prediction.precision,
        parameters=prediction.parameters,
        object=prediction.object,
        count=prediction.count,
        counts=told["counts"],
        milliseconds=told["milliseconds"],
        warnings=[warning["code"] for warning in told["warnings"]],
        receipt=prediction.receipt,
    )
