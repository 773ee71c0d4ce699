"""A shop on loopback: pages with real scripts, pictures that are good, broken, moved and refused.

Remembers every request and its time, so that a test can see how politely it was asked.
"""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import cv2
import numpy as np

PAGES = Path(__file__).parent
PAGE_SIZE = 8
ROBOTS = "User-agent: *\nDisallow: /private/\nDisallow: /*?sort=\n"
SPECIAL = {
    3: "/pictures/broken.jpg",
    5: "/moved/5.jpg",
    7: "/busy/7.jpg",
    9: "/pictures/1.jpg?again",  # the same bytes as product 1
    11: "/inward/11.jpg",
    13: "/private/13.jpg",
    15: "/nowhere/15.jpg",
}


def picture(number: int) -> bytes:
    random = np.random.default_rng(number)
    pixels = np.full((120, 120, 3), random.integers(60, 255, 3), np.uint8)
    cv2.putText(pixels, str(number), (20, 80), cv2.FONT_HERSHEY_SIMPLEX, 2, (0, 0, 0), 3)
    return bytes(cv2.imencode(".jpg", pixels)[1])


class Shop(ThreadingHTTPServer):
    """`products` of them; `asked` has (seconds, path) of every request."""

    def __init__(
        self, products: int = 20, robots: str = ROBOTS, at: tuple[str, int] = ("127.0.0.1", 0)
    ) -> None:
        super().__init__(at, _Handler)
        self.products, self.robots = products, robots
        self.asked: list[tuple[float, str]] = []
        self.lock = threading.Lock()
        self.refused: set[str] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def paths(self, beginning: str) -> list[str]:
        return [path for _, path in self.asked if path.startswith(beginning)]

    def first_time(self, path: str) -> bool:
        with self.lock:
            first = path not in self.refused
            self.refused.add(path)
        return first

    def page(self, number: int) -> list[dict[str, Any]]:
        ids = range(self.products)[number * PAGE_SIZE : (number + 1) * PAGE_SIZE]
        return [
            {
                "id": each,
                "name": f"Galletas {each}",
                "text": f"Alto en azúcares, {each} g",
                "price": f"$ {each}.990",
                "picture": SPECIAL.get(each, f"/pictures/{each}.jpg"),
            }
            for each in ids
        ]


class _Handler(BaseHTTPRequestHandler):
    server: Shop

    def do_GET(self) -> None:
        self.server.asked.append((time.monotonic(), self.path))
        parts = urlsplit(self.path)
        kind, _, name = parts.path.strip("/").partition("/")
        number = int(name.partition(".")[0]) if name.partition(".")[0].isdigit() else 0
        if parts.path == "/robots.txt":
            self._send(self.server.robots.encode(), "text/plain")
        elif kind in ("endless.html", "more.html"):
            self._send((PAGES / kind).read_bytes(), "text/html")
        elif kind == "products.json":
            self._products(int(parse_qs(parts.query)["page"][0]))
        elif kind == "paged":
            self._send(self._paged(number).encode(), "text/html")
        elif name == "broken.jpg":
            self._send(picture(3)[:300], "image/jpeg")
        elif kind in ("pictures", "private"):
            self._send(picture(number), "image/jpeg")
        elif kind == "moved":
            self._send(b"", status=302, Location=f"/pictures/{number}.jpg")
        elif kind == "inward":
            port = self.server.server_address[1]
            self._send(b"", status=302, Location=f"http://127.0.0.2:{port}/pictures/{number}.jpg")
        elif kind == "busy":
            first = self.server.first_time(self.path)
            body, status = (b"", 429) if first else (picture(number), 200)
            self._send(body, "image/jpeg", status, **{"Retry-After": "1"})
        else:
            self._send(b"", status=404)

    def _products(self, page: int) -> None:
        """The second page is refused once: too many requests."""
        if page == 1 and self.server.first_time(self.path):
            self._send(b"", status=429, **{"Retry-After": "1"})
        else:
            self._send(json.dumps(self.server.page(page)).encode(), "application/json")

    def _paged(self, page: int) -> str:
        cards = "".join(
            f'<li class="product"><a href="/product/{each["id"]}">{each["name"]}</a>'
            f'<img src="{each["picture"]}" loading="lazy"></li>'
            for each in self.server.page(page)
        )
        last = (page + 1) * PAGE_SIZE >= self.server.products
        link = "" if last else f'<a class="next" href="/paged/{page + 1}">Siguiente</a>'
        return f'<meta charset="utf-8"><ul>{cards}</ul>{link}'

    def _send(self, body: bytes, kind: str = "text/plain", status: int = 200, **more: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **more}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass
