"""Download of one file, from the first of its addresses that sends the expected bytes.

Bytes are collected in a `.part` file beside the target, so that a download can be resumed; the
target itself appears only when size and SHA-256 match.
"""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from countlab.errors import CountlabError
from countlab.models.entry import ModelFile
from countlab.models.timeouts import Progress, Timeouts
from countlab.models.transfer import Transfer
from countlab.system.sha256 import sha256_of

_MAX_RESUMES = 10


def download(
    file: ModelFile, target: Path, *, timeouts: Timeouts, progress: Progress
) -> tuple[CountlabError, ...]:
    """Tries each address; returns () on success, else the reason of failure for each address."""
    if not file.sha256 or not file.addresses:
        return (CountlabError("unknown_bytes", file=file.name),)
    part = target.with_name(f"{target.name}.part")
    transfer = Transfer(file, part, timeouts, progress, time.monotonic() + timeouts.total_s)
    _check_space(transfer)
    reasons = []
    for address in file.addresses:
        try:
            _download_from(address, transfer)
            part.replace(target)
        except CountlabError as reason:
            reasons.append(reason)
        except OSError as reason:
            raise CountlabError("cannot_write", path=part, reason=reason.strerror) from reason
        else:
            return ()
    return tuple(reasons)


def _download_from(address: str, transfer: Transfer) -> None:
    """Resumes interrupted transfers while they make progress; leaves a verified part file."""
    file = transfer.file
    for _ in range(_MAX_RESUMES):
        before = transfer.arrived
        if before != file.bytes:
            try:
                transfer.receive(address)
            except CountlabError as reason:
                if reason.code == "file_cut" and transfer.arrived > before:
                    continue
                raise
        arrived = sha256_of(transfer.part)
        if arrived == file.sha256:
            return
        transfer.part.unlink()  # never kept: the next attempt would append to wrong bytes
        if not before:
            raise CountlabError("wrong_bytes", address=address, arrived=arrived)
        # The part from an earlier attempt may be from another file: try again from the start.
    raise CountlabError(
        "file_cut", address=address, arrived=transfer.arrived, expected=file.bytes or "?"
    )


def _check_space(transfer: Transfer) -> None:
    folder, needed = transfer.part.parent, transfer.file.bytes or 0
    free = shutil.disk_usage(folder).free
    if free < needed - transfer.arrived:
        raise CountlabError("disk_full", folder=folder, needed=needed, free=free)
