"""Limits on a kernel's processes: set by a small process that then becomes the kernel."""

from __future__ import annotations

import json
import os
import resource
import sys
from pathlib import Path
from typing import Any

import countlab

Message = dict[str, Any]


def python_command(module: str, *arguments: str) -> list[str]:
    """Runs `main` of a module of this package; nothing of the environment or folder joins in."""
    root = str(Path(countlab.__file__).parents[1])
    start = (
        f"import sys; sys.path.insert(0, {root!r}); from {module} import main; main(sys.argv[1:])"
    )
    return [sys.executable, "-I", "-c", start, *arguments]


def limited_kernel(limits: Message) -> list[str]:
    """The kernel's command, behind a process that sets the limits and then becomes the kernel."""
    kernel = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    return python_command(__name__, json.dumps(limits), *kernel)


def main(arguments: list[str]) -> None:
    """Limits for this process and all that come from it; then another user; then the command."""
    limits, command = json.loads(arguments[0]), arguments[1:]
    for name, value in limits["rlimits"].items():
        kind = getattr(resource, name)
        hard = resource.getrlimit(kind)[1]
        lowered = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (lowered, lowered))
    if limits["uid"]:
        os.chmod(command[-1], 0o644)  # noqa: PTH101 - the kernel's connection, read as that user
        os.setgroups([])
        os.setgid(limits["uid"])
        os.setuid(limits["uid"])
    os.umask(0o022)
    os.execv(command[0], command)
