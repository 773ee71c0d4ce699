"""Models for the sandbox: published names answer there without a download, with other labels.

A server that ignores which model is named gives the same count for all of them, and shows it.
"""

from __future__ import annotations

import shutil
from pathlib import Path

OTHER_MODEL = "yolov3-tiny"
_NAMES = ("yolov3", "yolov3-tiny", "yolov4", "yolov4-tiny", "yolo-fastest-xl")
_LABELS = "bicycle\nboat\nbird\nbench\n"


def make_models(folder: Path) -> Path:
    """Folders of models as a person's own, made of the built-in network under other labels."""
    package = Path(__file__).parents[2] / "models"
    source = next(package.rglob("fruits.weights")).parent
    for name in _NAMES:
        own = folder / name
        own.mkdir(parents=True)
        for file in ("fruits.cfg", "fruits.weights"):
            shutil.copyfile(source / file, own / file)
        (own / "labels.names").write_text(_LABELS)
        (own / "model.toml").write_text(
            f'name = "{name}"\nlabels = "labels.names"\nnms = 0.45\n[files]\n'
            'config = { name = "fruits.cfg" }\nweights = { name = "fruits.weights" }\n'
        )
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return folder
