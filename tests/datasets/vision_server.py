"""A server that speaks OpenAI's chat protocol, well or badly as the model's name says.

It really looks at the picture that it is sent: a dark octagon is found by its corners.
"""

from __future__ import annotations

import base64
import contextlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import cv2
import numpy as np

from tests.datasets.conftest import WITH, WITHOUT

KEY = "sk-test"


class VisionServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.questions: list[dict[str, Any]] = []
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class _Handler(BaseHTTPRequestHandler):
    server: VisionServer
    body: dict[str, Any]

    def do_POST(self) -> None:
        body = self.body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            self.server.questions.append(body)
            number = len(self.server.questions)
        if self.path != "/v1/chat/completions":
            return self._send(404, b"nothing here")
        if self.headers["Authorization"] != f"Bearer {KEY}":
            return self._send(401, b'{"error": {"message": "bad key"}}')
        with contextlib.suppress(ConnectionError):
            getattr(self, f"_{body['model']}")(_label(body), number)
        return None

    def _good(self, label: str, _: int) -> None:
        self._answer(label)

    def _polite(self, label: str, _: int) -> None:
        self._answer(f"  «{label.replace('_', ' ').replace('octogono', 'octógono').title()}».\n")

    def _chatty(self, label: str, number: int) -> None:
        words = ["No sé.", f"Veo un paquete: {label}", "no hay con_octogono", ""]
        self._answer(words[number % 4])

    def _limited(self, label: str, _: int) -> None:
        """Each picture is refused twice."""
        picture = self.body["messages"]
        times = sum(body["messages"] == picture for body in self.server.questions)
        if times == 1:
            return self._send(429, b'{"error": {"message": "slow down"}}', **{"Retry-After": "0"})
        return self._send(503, b"busy") if times == 2 else self._answer(label)

    def _streams(self, label: str, _: int) -> None:
        pieces = [{"choices": [{"delta": {"content": piece}}]} for piece in (label[:4], label[4:])]
        usage = {"choices": [], "usage": {"prompt_tokens": 500, "completion_tokens": 5}}
        lines = [f"data: {json.dumps(piece)}\n\n" for piece in (*pieces, usage)]
        self._send(200, "".join([*lines, "data: [DONE]\n\n"]).encode(), "text/event-stream")

    def _stalls(self, *_ignored: Any) -> None:
        """A byte now and then, never an answer."""
        self.send_response(200)
        self.send_header("Content-Length", "100000")
        self.end_headers()
        for _ in range(200):
            self.wfile.write(b" ")
            time.sleep(0.1)

    def _html(self, *_: Any) -> None:
        self._send(200, b"<html><body>Welcome to our portal</body></html>", "text/html")

    def _other(self, *_: Any) -> None:
        self._send(200, b'{"choices": [{"message": {"content": {"label": 1}}}]}')

    def _huge(self, *_: Any) -> None:
        self._send(200, b"{" + b" " * 3_000_000)

    def _answer(self, words: str) -> None:
        document = {
            "choices": [{"message": {"role": "assistant", "content": words}}],
            "usage": {"prompt_tokens": 500, "completion_tokens": 5},
        }
        self._send(200, json.dumps(document).encode())

    def _send(self, status: int, body: bytes, kind: str = "application/json", **more: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **more}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def _label(body: dict[str, Any]) -> str:
    content = body["messages"][0]["content"]
    data = base64.b64decode(content[1]["image_url"]["url"].partition(",")[2])
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert pixels is not None
    outlines, _ = cv2.findContours(
        (np.asarray(pixels) < 80).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    outline = max(outlines, key=cv2.contourArea)
    corners = cv2.approxPolyDP(outline, 0.02 * cv2.arcLength(outline, True), True)
    width, height = cv2.boundingRect(outline)[2:]
    share = cv2.contourArea(outline) / ((width - 1) * (height - 1))  # 0.83; a disc has 0.79
    return WITH if len(corners) == 8 and share > 0.807 else WITHOUT
