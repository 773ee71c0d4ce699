"""Recording: the history row and the metrics of an answer, before it leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from fastapi import Request

from countlab.findings import CountWarning, count_by_label
from countlab.inference.answer import CountJson, SweepJson, WarningJson
from countlab.inference.prediction import Prediction
from countlab.server.language import language_of
from countlab.server.metrics import Metrics

if TYPE_CHECKING:
    from countlab.history import History, Row


def record(
    request: Request,
    prediction: Prediction,
    answer: CountJson | SweepJson,
    *,
    more_follow: bool = False,
) -> None:
    """Counts the answer in the metrics and keeps its row; the answer says if that failed.

    Waits for the disk: to be called in a thread, never in the event loop. The request's slot is
    free from here on, unless `more_follow`: pictures of the same request.
    """
    metrics: Metrics = request.app.state.metrics
    metrics.record_prediction(prediction)
    history: History | None = request.app.state.history
    if history is None:
        return
    if not more_follow:
        request.state.work_done()
    stored_in = history.record(_row(request, prediction))
    metrics.record_history_row(stored_in)
    if stored_in == "nowhere":
        warning = CountWarning("not_recorded").as_json(language_of(request))
        answer["warnings"].append(cast(WarningJson, warning))


def _row(request: Request, prediction: Prediction) -> Row:
    from countlab.history import new_row

    return new_row(
        request_id=getattr(request.state, "request_id", None),
        key_name=getattr(request.state, "key_name", None),
        picture_sha256=prediction.picture_sha256,
        model=prediction.model.name,
        engine=prediction.engine,
        precision=prediction.precision,
        parameters=prediction.options.parameters,
        object=prediction.options.object,
        count=prediction.count,
        counts=count_by_label(prediction.findings),
        milliseconds=dict(prediction.milliseconds),
        warnings=[warning.code for warning in prediction.warnings],
        likely=list(prediction.likely) if prediction.likely else None,
        receipt=prediction.receipt,
        filename=getattr(request.state, "filename", None),
        mean_confidence=prediction.mean_confidence,
    )
