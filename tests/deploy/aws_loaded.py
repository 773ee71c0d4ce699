"""The real `aws`, loaded once: a process that forks for each command and becomes it.

To load it takes seconds, and the scripts for the cloud call it many times. `PYTHON aws_loaded.py
SOCKET` serves; `write_command` writes the `aws` that asks it.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import traceback
from pathlib import Path

_MOST_BYTES = 1 << 20
_COMMAND = """#!{python} -SE
import json, os, socket, sys
if sys.argv[2:3] == ["publish-function"]:  # the imitation knows none
    sys.exit()
with socket.socket(socket.AF_UNIX) as asked:
    asked.connect({address!r})
    task = {{"words": sys.argv[1:], "variables": dict(os.environ), "folder": os.getcwd()}}
    socket.send_fds(asked, [b"+"], [0, 1, 2])
    asked.sendall(json.dumps(task).encode())
    asked.shutdown(socket.SHUT_WR)
    sys.exit(int(asked.recv(8)))
"""


def write_command(path: Path, *, python: Path, address: Path) -> None:
    path.write_text(_COMMAND.format(python=python, address=str(address)))
    path.chmod(0o755)


def serve(address: str) -> None:
    from awscli.clidriver import create_clidriver  # type: ignore[import-not-found]

    driver = create_clidriver()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that have answered
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen()
        while True:
            asking, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                _answer(asking, driver)
            asking.close()


def _answer(asking: socket.socket, driver: object) -> None:
    """In the child, which ends with it."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _, streams, _, _ = socket.recv_fds(asking, 1, 3)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    with asking.makefile("rb") as file:
        task = json.loads(file.read(_MOST_BYTES))
    os.environ.update(task["variables"])
    os.chdir(task["folder"])
    status = 255
    try:
        status = driver.main(task["words"])  # type: ignore[attr-defined]
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        asking.sendall(str(status).encode())
        os._exit(0)


if __name__ == "__main__":
    serve(sys.argv[1])
