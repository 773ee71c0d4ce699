"""What people say was wrong: pictures with their right labels, kept as a dataset a model.

    HOME/feedback/MODEL/pictures/…    what was sent, named by its content
    HOME/feedback/MODEL/labels.csv    the label a person gave, for `countlab review`
    HOME/feedback/MODEL/boxes/        the boxes a person drew
    HOME/feedback/MODEL/feedback.ndjson    who said it of which answer

Only what the operator allows: for so many days, so many pictures, and answers of this server.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from anyio import sleep, to_thread

from countlab.datasets.folder import (
    BOXES,
    CLASSES,
    PICTURES,
    SETTINGS,
    picture_name,
    read_settings,
)
from countlab.datasets.labels import LabelRow, read_rows, write_rows
from countlab.datasets.lines import append_line, remove_lines
from countlab.datasets.reviews import remove_reviews
from countlab.errors import CountlabError
from countlab.imaging.picture import Picture
from countlab.models.catalog import Model
from countlab.settings import Settings
from countlab.system.file_lock import locked
from countlab.system.private_files import make_private_folder, write_private_file
from countlab.system.whole_file import write_whole

SAID = "feedback.ndjson"
SOURCE = "feedback"
_CONFIDENCE = 0.5
"""Of a label that nobody has reviewed yet: `confidence = 1` leaves it out of training."""
_DAY_S = 86_400
_LOOK_EVERY_S = 600

log = logging.getLogger("countlab.feedback")


@dataclass(frozen=True)
class SaidBox:
    """An object that a person sees, its edges in pixels of the upright picture."""

    label: str
    box: tuple[int, int, int, int]


@dataclass(frozen=True)
class Said:
    """What a person says is right; at least one of `label` and `boxes`."""

    label: str | None
    boxes: Sequence[SaidBox] | None
    note: str = ""


class FeedbackStore:
    """Keeps feedback within the operator's limits; several processes may share the folder."""

    def __init__(self, settings: Settings) -> None:
        self.days, self._allowed = settings.feedback_days, settings.feedback_pictures
        self.folder = settings.home / "feedback"

    def keep(
        self, data: bytes, picture: Picture, model: Model, said: Said, about: Mapping[str, Any]
    ) -> datetime:
        """Until when the picture is kept; a later word on the same picture replaces an earlier."""
        assert self.days
        folder = self.folder / model.registered_name
        file = picture_name(about["picture_sha256"], picture.format)
        make_private_folder(self.folder)
        with locked(self.folder / ".lock"):
            if not (folder / file).exists() and self._number() >= self._allowed:
                raise CountlabError("feedback_full", allowed=self._allowed, retry_after_s=3600)
            for place in (folder, folder / PICTURES):
                make_private_folder(place)
            self._describe(folder, model)
            write_private_file(folder / file, data)
            append_line(folder / SAID, {**about, "file": file, "label": said.label,
                                        "note": said.note, "time": _now().isoformat()})  # fmt: skip
            if said.boxes is not None:
                _write_boxes(folder, file, said.boxes, picture, model)
            label = said.label or _label_of_boxes(said.boxes or ())
            row = LabelRow(file, label, _CONFIDENCE, SOURCE, {"note": said.note})
            rows = [other for other in read_rows(folder) if other.file != file]
            write_rows(folder, [*rows, row])
        return _now() + timedelta(days=self.days)

    async def keep_to_time_limit(self) -> None:
        """Until it is cancelled."""
        while True:
            try:
                await to_thread.run_sync(self.remove_old)
            except (CountlabError, OSError) as reason:
                log.warning("old feedback could not be removed: %s", reason)
            await sleep(_LOOK_EVERY_S)

    def remove_old(self) -> int:
        """Deletes what was kept longer than allowed, reviewed or not; how many pictures went."""
        if not self.days:
            return 0
        oldest, removed = time.time() - self.days * _DAY_S, 0
        for folder in self._folders():
            gone = [path for path in (folder / PICTURES).iterdir() if _age(path) < oldest]
            if gone:
                with locked(self.folder / ".lock"):
                    removed += _remove(folder, gone)
        return removed

    def _folders(self) -> list[Path]:
        found = self.folder.iterdir() if self.folder.is_dir() else iter(())
        return [path for path in found if (path / PICTURES).is_dir()]

    def _number(self) -> int:
        return sum(1 for folder in self._folders() for _ in (folder / PICTURES).iterdir())

    def _describe(self, folder: Path, model: Model) -> None:
        """So that `countlab review` asks for this model's labels, those of each of its versions."""
        before = read_settings(folder).classes if (folder / SETTINGS).is_file() else ()
        if before and (len(model.labels) == 1 or set(model.labels) <= set(before)):
            return
        labels = list(dict.fromkeys([*before, *model.labels]))
        names = json.dumps(labels, ensure_ascii=False)  # TOML writes lists alike
        asked = ["classes"] if len(model.labels) > 1 else []
        asked += ["boxes"] if model.task == "detect" else []
        text = "".join(f"{name} = {names}\n" for name in asked) + 'shape = "none"\n'
        write_whole(folder / SETTINGS, text.encode())


def _label_of_boxes(boxes: Sequence[SaidBox]) -> str:
    """A picture of boxes has the label that most of them have."""
    labels = [box.label for box in boxes]
    return max(sorted(set(labels)), key=labels.count) if labels else ""


def _write_boxes(
    folder: Path, file: str, boxes: Sequence[SaidBox], picture: Picture, model: Model
) -> None:
    """As YOLO writes them: label by number, center and size as shares of the picture."""
    path = folder / CLASSES
    classes = path.read_text(encoding="utf-8").split("\n")[:-1] if path.is_file() else []
    classes = list(dict.fromkeys([*(classes or model.labels), *(box.label for box in boxes)]))
    write_whole(path, "".join(f"{label}\n" for label in classes).encode())
    lines = []
    for entry in boxes:
        left, top, right, bottom = entry.box
        x, y = (left + right) / 2 / picture.width, (top + bottom) / 2 / picture.height
        width, height = (right - left) / picture.width, (bottom - top) / picture.height
        number = classes.index(entry.label)
        lines.append(f"{number} {x:.6f} {y:.6f} {width:.6f} {height:.6f}\n")
    write_whole(folder / BOXES / f"{Path(file).stem}.txt", "".join(lines).encode())


def _remove(folder: Path, gone: Sequence[Path]) -> int:
    names = {f"{PICTURES}/{path.name}" for path in gone}
    for path in gone:
        path.unlink(missing_ok=True)
        (folder / BOXES / f"{path.stem}.txt").unlink(missing_ok=True)
    write_rows(folder, [row for row in read_rows(folder) if row.file not in names])
    remove_reviews(folder, names)
    remove_lines(folder / SAID, lambda line: line.get("file") in names)
    return len(gone)


def _age(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:  # another process removed it
        return time.time()


def _now() -> datetime:
    return datetime.now(timezone.utc)
