"""What was handed in: a ZIP, a folder or two notebooks, unpacked where nothing can escape."""

from __future__ import annotations

import json
import shutil
import stat
import zipfile
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path, PurePosixPath
from typing import Any

from countlab.errors import CountlabError
from countlab.grading.submissions.notebook import Notebook, language_of, read_notebook
from countlab.messages import Language

MANIFEST = "manifest.json"
_MOST_FILES = 400
_MOST_BYTES = 120_000_000
_MOST_FILE_BYTES = 40_000_000
_STARTS = {
    b"Rar!": "RAR", b"7z\xbc\xaf": "7z", b"\x1f\x8b": "gzip", b"%PDF": "PDF", b"{": "JSON",
}  # fmt: skip


@dataclass(frozen=True)
class Submission:
    """One student's files, ready to be shown to the sandbox, and who they say they are."""

    name: str
    folder: Path
    server: Notebook | None
    client: Notebook | None
    language: Language
    student: dict[str, str]
    handed_in: datetime | None


def open_submission(path: Path, into: Path, *, name: str, language: Language) -> Submission:
    """Unpacks or copies it; what is no submission is refused with a reason."""
    into.mkdir(parents=True)
    into.chmod(0o755)
    if path.is_dir():
        _copy_folder(path, into)
    elif path.suffix.lower() == ".ipynb":
        shutil.copy(path, into / path.name)
    else:
        _unpack(path, into)
    server, client = _find(into, "server", "servidor"), _find(into, "client", "cliente")
    if server is None and client is None:
        raise CountlabError("grade_no_notebooks", files=[p.name for p in into.rglob("*")][:8])
    root = (server or client or into).parent  # beside the notebooks lie their pictures
    notebooks = [read_notebook(found) for found in (server, client) if found is not None]
    manifest = _manifest(root / MANIFEST)
    return Submission(
        name=name,
        folder=root,
        server=next((each for each in notebooks if each.path == server), None),
        client=next((each for each in notebooks if each.path == client), None),
        language=language_of(notebooks) if notebooks else language,
        student={key: str(value)[:200] for key, value in manifest.get("student", {}).items()},
        handed_in=_handed_in(path),
    )


def _find(folder: Path, *words: str) -> Path | None:
    """The notebook by its name; the one nearest to the top where there are several."""
    found = [
        path
        for path in folder.rglob("*.ipynb")
        if any(word in path.name.lower() for word in words)
        and not {".ipynb_checkpoints", "__MACOSX"} & set(path.parts)
    ]
    return min(found, key=lambda path: (len(path.parts), path.name), default=None)


def _unpack(path: Path, into: Path) -> None:
    try:
        with path.open("rb") as file:
            start = file.read(8)
        if not zipfile.is_zipfile(path):
            kind = next((name for sign, name in _STARTS.items() if start.startswith(sign)), "?")
            raise CountlabError("grade_not_a_zip", file=path.name, kind=kind)
        with zipfile.ZipFile(path) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            if not entries:
                raise CountlabError("grade_empty_zip", file=path.name)
            _check_sizes(path, entries)
            for entry in entries:
                _extract(archive, entry, into)
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as reason:
        raise CountlabError("grade_broken_zip", file=path.name, reason=reason) from reason


def _check_sizes(path: Path, entries: list[zipfile.ZipInfo]) -> None:
    total = sum(entry.file_size for entry in entries)
    if len(entries) > _MOST_FILES or total > _MOST_BYTES:
        raise CountlabError("grade_too_large", file=path.name, files=len(entries), bytes=total)


def _extract(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, into: Path) -> None:
    """Only plain files, below the folder, and no longer than they said."""
    parts = PurePosixPath(entry.filename.replace("\\", "/")).parts
    if stat.S_ISLNK(entry.external_attr >> 16) or ".." in parts or "/" in parts[:1]:
        return
    target = into.joinpath(*parts)
    if not target.resolve().is_relative_to(into.resolve()):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(entry) as source, target.open("wb") as file:
        left = min(entry.file_size, _MOST_FILE_BYTES)
        while left > 0 and (piece := source.read(min(left, 1 << 20))):
            file.write(piece)
            left -= len(piece)


def _copy_folder(path: Path, into: Path) -> None:
    files = [each for each in sorted(path.rglob("*")) if each.is_file() and not each.is_symlink()]
    total = sum(each.stat().st_size for each in files)
    if len(files) > _MOST_FILES or total > _MOST_BYTES:
        raise CountlabError("grade_too_large", file=path.name, files=len(files), bytes=total)
    for each in files:
        target = into / each.relative_to(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(each, target)


def _manifest(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > 2_000_000:
            return {}
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(content, dict) or not isinstance(content.get("student", {}), dict):
        return {}
    return content


def _handed_in(path: Path) -> datetime | None:
    """When the file was written here; a time inside the ZIP could be anything."""
    return datetime.fromtimestamp(path.stat().st_mtime, tz=timezone.utc)
