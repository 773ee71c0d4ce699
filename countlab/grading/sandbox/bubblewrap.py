"""The command that shuts a process in: bubblewrap with only what a notebook needs in sight.

In sight, read-only: Python, this package, system libraries, the submission's own files. Not in
sight: other submissions, results, homes, the grader's processes, any network but its own loopback.
"""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import countlab

HOME = "/home/student"
WORK = f"{HOME}/work"
_MB = 1 << 20
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/lib32")
_ETC = ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "fonts", "mime.types", "localtime")
_CAPABILITIES = ("CAP_SETUID", "CAP_SETGID", "CAP_CHOWN", "CAP_KILL")
_FIRST_UID = 61_000  # one for each place at work: limits on processes are counted by user


@dataclass(frozen=True)
class Enclosure:
    """A command to put before another, the user inside, and the environment there."""

    command: tuple[str, ...]
    uid: int
    folder: str
    environment: dict[str, str]
    private: bool


def bubblewrap() -> str | None:
    """Where the program is, on a system that has it."""
    return shutil.which("bwrap") if sys.platform == "linux" else None


def enclosed(source: Path, models: Path | None, scratch: Path, place: int) -> Enclosure:
    """For a submission's files: shut in, with `place` to tell those at work apart."""
    program = bubblewrap() or "bwrap"
    as_root = os.geteuid() == 0
    uid = _FIRST_UID + place if as_root else 0
    command = [program, "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"]
    command += ["--unshare-cgroup-try", "--die-with-parent", "--new-session", "--clearenv"]
    command += ["--hostname", "lab"]
    command += ["--cap-drop", "ALL"]
    if as_root:  # to become another user, and to end that user's processes
        for capability in _CAPABILITIES:
            command += ["--cap-add", capability]
    else:
        command += ["--unshare-user"]
    command += _in_sight(source, models, scratch, uid or os.getuid())
    environment = _environment(HOME, models is not None)
    for name, value in environment.items():
        command += ["--setenv", name, value]
    command += ["--chdir", HOME, "--"]
    return Enclosure(tuple(command), uid, WORK, environment, private=True)


def unprotected(models: Path | None, scratch: Path) -> Enclosure:
    """Without bubblewrap: limits and a home of its own, but the same files and network."""
    home = scratch / "home"
    work = home / "work"
    work.mkdir(parents=True)
    environment = _environment(str(home), models is not None)
    (scratch / "tmp").mkdir()
    environment["TMPDIR"] = str(scratch / "tmp")
    if models is not None:
        shutil.copytree(models, home / ".countlab" / "models")
    return Enclosure((), 0, str(work), environment, private=False)


def _in_sight(source: Path, models: Path | None, scratch: Path, uid: int) -> list[str]:
    options = ["--proc", "/proc", "--dev", "/dev", *_directories([Path(HOME)])]
    for folder, megabytes in ((HOME, 300), ("/tmp", 100), ("/dev/shm", 64)):
        options += ["--perms", "1777", "--size", str(megabytes * _MB), "--tmpfs", folder]
    # After these: Python and the package may themselves lie in a home or below /tmp.
    python = (sys.base_prefix, sys.prefix, str(Path(countlab.__file__).parent))
    options += _directories([*map(Path, python), Path(WORK), Path("/etc/passwd")])
    for path in dict.fromkeys((*_SYSTEM, *python)):
        options += ["--ro-bind-try", path, path]
    options += ["--ro-bind-try", "/sys/devices/system/cpu", "/sys/devices/system/cpu"]
    for name in _ETC:
        options += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    for name, text in {
        "passwd": f"student:x:{uid}:{uid}::{HOME}:/bin/sh\n",
        "group": f"student:x:{uid}:\n",
        "hosts": "127.0.0.1 localhost lab\n::1 localhost\n",
        "nsswitch.conf": "hosts: files\n",
    }.items():
        (scratch / name).write_text(text)
        options += ["--ro-bind", str(scratch / name), f"/etc/{name}"]
    options += ["--ro-bind", str(source), "/submission"]
    options += ["--perms", "0777", "--dir", f"{HOME}/.countlab"]
    if models is not None:
        options += ["--ro-bind", str(models), f"{HOME}/.countlab/models"]
    return [*options, "--dir", WORK, "--remount-ro", "/dev", "--remount-ro", "/"]


def _directories(paths: list[Path]) -> list[str]:
    """The folders above these, open to all: the program would make them for its own user alone."""
    above = {parent for path in paths for parent in path.parents} - {Path("/"), Path("/tmp")}
    made = [["--perms", "0755", "--dir", str(each)] for each in sorted(above) if str(each) != HOME]
    return [option for options in made for option in options]


def _environment(home: str, has_models: bool) -> dict[str, str]:
    environment = {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "HOME": home,
        "LANG": "C.UTF-8",
        "TMPDIR": "/tmp",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "MPLCONFIGDIR": f"{home}/.matplotlib",
        "IPYTHONDIR": f"{home}/.ipython",
        "JUPYTER_RUNTIME_DIR": f"{home}/.jupyter",
        "PYTHONPATH": str(Path(countlab.__file__).parents[1]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": "2",
        "OPENBLAS_NUM_THREADS": "1",
    }
    if has_models:
        environment["COUNTLAB_HOME"] = f"{home}/.countlab"
    return environment
