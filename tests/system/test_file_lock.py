"""File locks between processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from countlab.system.file_lock import locked, try_lock

OTHER_PROCESS = (
    "import sys; from countlab.system.file_lock import try_lock; "
    "print(try_lock(open(sys.argv[1], 'a')))"
)


def other_process_gets_lock(path: Path) -> bool:
    done = subprocess.run(
        [sys.executable, "-c", OTHER_PROCESS, path], capture_output=True, text=True, check=True
    )
    return done.stdout.strip() == "True"


def test_a_lock_excludes_other_processes_during_its_block(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / ".lock"
    with locked(path):
        assert not other_process_gets_lock(path)
    assert other_process_gets_lock(path)


def test_an_open_file_is_locked_until_it_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with path.open("a") as file:
        assert try_lock(file)
        with path.open("a") as second:
            assert not try_lock(second)
        assert not other_process_gets_lock(path)
    assert other_process_gets_lock(path)
