"""The services of the stack and how they know of each other."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from deploy.stack.postgresql import make_databases, postgresql
from deploy.stack.service import NotStartedError, Service, answers, free_port, listens

ROOT = Path(__file__).parent.parent.parent
TOOLS = Path(os.environ.get("STACK_TOOLS", ROOT / ".venv-stack" / "bin"))
"""Where `mlflow` and `rclone` are; `make stack` sets it up."""
MODEL, BUCKET = "digits", "models"
_KEY, _SECRET = "stack", "stack-secret"  # of a store that only this machine reaches


class Stack:
    """`with Stack(folder) as stack:` starts the stores; what was kept in the folder is there again.

    The server is started by `serve()`, once there is a champion to follow.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for place in (folder, *folder.parents):  # for the user `postgres`
            if os.getuid() == 0 and not place.stat().st_mode & 0o001:
                place.chmod(place.stat().st_mode | 0o011)
        self.home = folder / "home"
        self.home.mkdir(parents=True, exist_ok=True)
        self.postgresql = postgresql(folder, self._log("postgresql"))
        self.s3 = self._s3()
        self.mlflow = self._mlflow()
        self.server: Service | None = None
        self.clients: list[Service] = []

    def __enter__(self) -> Stack:
        try:
            self.postgresql.start()
            make_databases(self.postgresql)
            self.s3.start()
            self.mlflow.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def services(self) -> list[Service]:
        """In the order in which they start."""
        server = [self.server] if self.server else []
        return [self.postgresql, self.s3, self.mlflow, *server, *self.clients]

    def stop(self) -> None:
        for service in reversed(self.services):
            service.stop()

    @property
    def environment(self) -> dict[str, str]:
        """Of everything that runs countlab."""
        return {
            "COUNTLAB_HOME": str(self.home),
            "COUNTLAB_TRACKING": self.mlflow.address,
            "COUNTLAB_DATABASE_URL": f"postgresql+psycopg://{self.postgresql.address}/history",
            "PYTHONPATH": str(ROOT),
            "OMP_NUM_THREADS": "2",
            "MLFLOW_HTTP_REQUEST_TIMEOUT": "300",  # this machine runs all of it at once
        }

    def countlab(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        """One command in the stack, such as `train` or `promote`, to its end."""
        return subprocess.run(
            self.command(*arguments),
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            cwd=ROOT,
        )

    @staticmethod
    def command(*arguments: object) -> list[str]:
        program = [sys.executable, "-c", "from countlab.cli import main; main()"]
        return [*program, *map(str, arguments)]

    def serve(self, *options: str, port: int = 0) -> Service:
        """The prediction server, following the champion."""
        port = port or free_port()
        url = f"http://127.0.0.1:{port}"
        self.server = Service(
            "countlab",
            self.command("serve", "--follow", f"{MODEL}@champion", "--port", port, *options),
            answers(f"{url}/health/ready"),
            self._log("server"),
            self.environment,
            url,
        )
        self.server.start()
        return self.server

    def start_clients(self) -> Iterable[Service]:
        """The web clients that are installed here."""
        assert self.server is not None
        streamlit = ROOT / ".venv-clients" / "bin" / "streamlit"
        react = ROOT / "clients" / "react"
        vite = react / "node_modules" / ".bin" / "vite"
        if streamlit.is_file():
            app = ROOT / "clients" / "streamlit" / "app.py"
            self._client(
                "Streamlit", streamlit, "run", app, "--server.address", "127.0.0.1",
                "--server.headless", "true", "--browser.gatherUsageStats", "false", "--server.port",
            )  # fmt: skip
        if vite.is_file() and (react / "dist" / "index.html").is_file():
            self._client("React", vite, "preview", react, "--host", "127.0.0.1", "--port")
        return self.clients

    def _client(self, name: str, *command: object) -> None:
        """A page that asks the server over HTTP; its port is the command's last word."""
        assert self.server is not None
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        client = Service(
            name,
            [*map(str, command), str(port)],
            answers(url),
            self._log(name.lower()),
            {"COUNTLAB_URL": self.server.address, "COUNTLAB_MODEL": MODEL},
            url,
        )
        self.clients.append(client)
        client.start()

    def _log(self, name: str) -> Path:
        return self.folder / "logs" / f"{name}.log"

    def _s3(self) -> Service:
        port = free_port()
        (self.folder / "s3" / BUCKET).mkdir(parents=True, exist_ok=True)
        return Service(
            "S3 (rclone)",
            [_tool("rclone"), "serve", "s3", "--addr", f"127.0.0.1:{port}", "--auth-key",
             f"{_KEY},{_SECRET}", "--config", str(self.folder / "rclone.conf"),
             str(self.folder / "s3")],
            listens(port),
            self._log("s3"),
            address=f"http://127.0.0.1:{port}",
        )  # fmt: skip

    def _mlflow(self) -> Service:
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        return Service(
            "MLflow",
            [_tool("mlflow"), "server", "--host", "127.0.0.1", "--port", str(port),
             "--workers", "1", "--backend-store-uri",
             f"postgresql+psycopg2://{self.postgresql.address}/mlflow",
             "--artifacts-destination", f"s3://{BUCKET}"],
            answers(f"{url}/health"),
            self._log("mlflow"),
            {
                "MLFLOW_S3_ENDPOINT_URL": self.s3.address,
                "AWS_ACCESS_KEY_ID": _KEY,
                "AWS_SECRET_ACCESS_KEY": _SECRET,
                "AWS_DEFAULT_REGION": "us-east-1",
                "AWS_MAX_ATTEMPTS": "2",
                "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
                "MLFLOW_DISABLE_TELEMETRY": "true",
            },
            url,
        )  # fmt: skip


def _tool(name: str) -> str:
    found = shutil.which(name, path=os.pathsep.join([str(TOOLS), os.environ.get("PATH", "")]))
    if found is None:
        raise NotStartedError(f"{name} is not here ({TOOLS}): make .venv-stack/ready")
    return found
