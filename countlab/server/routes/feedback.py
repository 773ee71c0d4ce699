"""The route `POST /feedback`: a picture whose answer was wrong, with what is right."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, UploadFile
from fastapi.responses import JSONResponse

from countlab.errors import CountlabError
from countlab.models.catalog import Model
from countlab.server.feedback import FeedbackStore, Said, SaidBox
from countlab.server.own_answers import AnswerRoute, read_own_answer
from countlab.server.parameters import LabDependency

feedback_router = APIRouter(tags=["count"], route_class=AnswerRoute)

UNSURE = "unsure"
_MAX_BOXES = 500
_MAX_NOTE = 500
_LABEL = re.compile(r"[^\x00-\x1f,;\"\\/]{1,60}")


@feedback_router.post("/feedback", summary="This answer was wrong", status_code=201)
def feedback(
    request: Request,
    lab: LabDependency,
    file: UploadFile,
    answer: Annotated[str, Form(description="The answer, byte for byte as it came.")],
    signature: Annotated[str, Form(description="Its header X-Signature.")],
    label: Annotated[str | None, Form(description="The right class, or `unsure`.")] = None,
    boxes: Annotated[
        str | None,
        Form(description='What is to be seen: `[{"label": "orange", "box": [0, 0, 90, 60]}]`.'),
    ] = None,
    note: Annotated[str, Form(description="Anything else.")] = "",
) -> JSONResponse:
    """Keeps the picture with its right label, for whoever reviews it and trains the next model.

    Only where the operator allows it (`COUNTLAB_FEEDBACK_DAYS`), only about answers of this
    server, for so many days, and so many pictures.
    """
    store: FeedbackStore = request.app.state.feedback
    own = read_own_answer(request, answer, signature)
    data = file.file.read()
    if not own.is_about(hashlib.sha256(data).hexdigest()):
        raise CountlabError("answer_not_signed")
    model = lab.pipeline.catalog.find(own.content["model"])
    said = Said(_label(label, model), _boxes(boxes), note.strip()[:_MAX_NOTE])
    if said.label is None and said.boxes is None:
        raise CountlabError("nothing_said", known=[*model.labels, UNSURE])
    receipt = own.content["receipt"]
    about = {
        "picture_sha256": receipt["picture_sha256"],
        "model": model.name,
        "model_version": receipt.get("model_version"),
        "files_sha256": receipt["files_sha256"],
        "answered": own.content.get("counts", {}),
        "key_name": getattr(request.state, "key_name", None),
    }
    until = store.keep(data, lab.pipeline.read_picture(data), model, said, about)
    return JSONResponse({"kept_until": until.isoformat(timespec="seconds")}, status_code=201)


def _label(label: str | None, model: Model) -> str | None:
    if not label:
        return None
    if label != UNSURE and label not in model.labels:
        raise CountlabError("nothing_said", known=[*model.labels, UNSURE])
    return label


def _boxes(text: str | None) -> tuple[SaidBox, ...] | None:
    if text is None:
        return None
    try:
        boxes = tuple(_box(entry) for entry in json.loads(text))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as reason:
        raise CountlabError("bad_request", reason=f"boxes: {str(reason)[:80]}") from reason
    if len(boxes) > _MAX_BOXES:
        raise CountlabError("bad_request", reason=f"boxes: more than {_MAX_BOXES}")
    return boxes


def _box(entry: dict[str, Any]) -> SaidBox:
    label, edges = entry["label"], entry["box"]
    if not isinstance(label, str) or not _LABEL.fullmatch(label):
        raise ValueError('a label has 1 to 60 characters, without , ; " and slashes')
    left, top, right, bottom = (int(edge) for edge in edges)
    if not (0 <= left < right <= 1_000_000 and 0 <= top < bottom <= 1_000_000):
        raise ValueError(f"{edges} is no box: left, top, right, bottom in pixels")
    return SaidBox(label, (left, top, right, bottom))
