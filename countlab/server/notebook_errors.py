"""Errors in a student's endpoint: the line of their own code, and what Python said."""

from __future__ import annotations

import linecache
import traceback

from countlab.errors import CountlabError

_CELL_FILES = ("ipykernel_", "<ipython-input")  # what kernels call the code of a cell
_LONGEST = 160


def endpoint_error(error: BaseException) -> CountlabError:
    """The error of a notebook's own endpoint; `internal` if no line of a cell took part."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if any(mark in frame.filename for mark in _CELL_FILES)
    ]
    if not frames:
        return CountlabError("internal")
    frame = frames[-1]
    line = linecache.getline(frame.filename, frame.lineno or 0).strip()
    said = traceback.format_exception_only(type(error), error)[-1].strip()
    return CountlabError(
        "endpoint_failed",
        function=frame.name,
        number=str(frame.lineno),
        line=line[:_LONGEST],
        said=said[:_LONGEST],
    )
