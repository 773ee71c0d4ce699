"""Starts what runs inside a sandbox, with one socket to the grader."""

from __future__ import annotations

import json
import os
import socket
import subprocess

from countlab.grading.sandbox.bubblewrap import Enclosure
from countlab.grading.sandbox.limits import python_command
from countlab.grading.sandbox.notebook_run import Limits

_KERNEL_STARTS_WITHIN_S = 60


def start_inside(
    enclosure: Enclosure, source: str, limits: Limits, control: socket.socket
) -> subprocess.Popen[bytes]:
    """`source` is the submission's folder as it is seen from inside."""
    os.set_inheritable(control.fileno(), True)
    settings = {
        "uid": enclosure.uid,
        "folder": enclosure.folder,
        "source": source,
        "private": enclosure.private,
        "rlimits": limits.as_rlimits(),
        "output_bytes": limits.output_bytes,
        "start_s": max(_KERNEL_STARTS_WITHIN_S, limits.cell_s),
    }
    inside = python_command(
        "countlab.grading.sandbox.inside", str(control.fileno()), json.dumps(settings)
    )
    return subprocess.Popen(
        [*enclosure.command, *inside],
        pass_fds=(control.fileno(),),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=enclosure.environment,
        start_new_session=True,
    )
