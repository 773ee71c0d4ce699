"""What a run ran in: versions of code, Python and libraries, and the processor."""

from __future__ import annotations

import contextlib
import platform
import subprocess
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from countlab import __version__

_LIBRARIES = ("torch", "numpy", "onnx", "onnxruntime", "opencv-python-headless", "scikit-learn")


def environment() -> dict[str, str]:
    """By name, as text."""
    found = {
        "countlab.version": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processor": _processor(),
        **dict(_versions()),
    }
    if commit := _commit():
        found["mlflow.source.git.commit"] = commit
    return found


def _versions() -> Iterator[tuple[str, str]]:
    for library in _LIBRARIES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            yield f"library.{library}", metadata.version(library)


def _processor() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _commit() -> str | None:
    """Of the code that trains; with a plus sign where files differ from it."""
    folder = Path(__file__).parent

    def git(*arguments: str) -> str | None:
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            done = subprocess.run(
                ["git", *arguments], cwd=folder, capture_output=True, text=True, timeout=10,
                check=True,
            )  # fmt: skip
            return done.stdout.strip()
        return None

    commit = git("rev-parse", "HEAD")
    return commit and commit + ("+" if git("status", "--porcelain", "--", ".") else "")
