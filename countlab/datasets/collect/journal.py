"""What was collected so far, on disk: a process that is killed goes on without a duplicate.

A picture is written whole under the name that its content gives it, then its product gets a line.
A picture without a line is found again by its content; a product with a line is never asked for
again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from countlab.datasets.collect.browser import Card
from countlab.datasets.folder import COLLECTED, PICTURES, picture_name
from countlab.datasets.lines import append_line, read_lines
from countlab.imaging.picture import Picture
from countlab.system.whole_file import write_whole

PAGES = ".pages.json"


class Journal:
    """The folder of one collection."""

    def __init__(self, folder: Path, *, again: bool = False) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        for part in (folder / PICTURES).glob(".*.part"):
            part.unlink()
        found = read_lines(folder / COLLECTED)
        lines = {line["product"]: line for line in found if {"product", "picture"} <= line.keys()}
        kept = [line for line in lines.values() if line.get("file") or not again]
        self.products = {line["product"] for line in kept}
        self.files = {line["picture"]: line["file"] for line in kept if line.get("file")}
        self._pages = self._read_pages()

    def keep(self, card: Card, data: bytes, picture: Picture, page: str) -> str:
        """The picture's file; the bytes stay as they came."""
        digest = hashlib.sha256(data).hexdigest()
        file = picture_name(digest, picture.format)
        if not (self.folder / file).is_file():
            write_whole(self.folder / file, data)
        self._write(card, page, file=file, width=picture.width, height=picture.height)
        return file

    def keep_known(self, card: Card, page: str) -> None:
        """A product whose picture's address was asked before."""
        self._write(card, page, file=self.files[card.picture])

    def keep_failure(self, card: Card, page: str, reason: str) -> None:
        self._write(card, page, failed=reason)

    def finished_pages(self) -> dict[str, str | None]:
        """Pages that an interrupted run has read to their end, and the one after each."""
        return dict(self._pages)

    def finish_page(self, page: str, following: str | None) -> None:
        self._pages[page] = following
        write_whole(self.folder / PAGES, json.dumps(self._pages).encode())

    def finish(self) -> None:
        """The next run looks at every page again: there may be new products."""
        (self.folder / PAGES).unlink(missing_ok=True)

    def all_files(self) -> Iterator[str]:
        yield from sorted(set(self.files.values()))

    def _write(self, card: Card, page: str, **facts: Any) -> None:
        line = {
            "product": card.product,
            "name": card.name,
            "description": card.description,
            "price": card.price,
            "picture": card.picture,
            **facts,
            "page": page,
            "time": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        }
        append_line(self.folder / COLLECTED, line)
        self.products.add(card.product)
        if "file" in facts:
            self.files[card.picture] = facts["file"]

    def _read_pages(self) -> dict[str, str | None]:
        try:
            pages = json.loads((self.folder / PAGES).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return pages if isinstance(pages, dict) else {}
