"""The output folder of a run: what was asked, the listing, the shards, and the manifest last.

    run.json            what was asked, and what the receipts have in common
    listing/000012.parquet   the addresses of one chunk; `end.json` when there are no more
    counts/000012.parquet    its rows. Of a file with very many pictures there are several, and the
                             one without a second number is the last: 000012-000, 000012-001, 000012
    manifest.json       totals and shards; written when everything is counted

Each file is written whole or not at all, under a name that follows from the listing: whatever
moment a run ends at, the next one finds what is done and does the rest.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count
from typing import Any

from countlab.batch import storage
from countlab.batch.listing import is_container
from countlab.batch.rows import Row, shard_bytes, shard_facts
from countlab.batch.storage import join
from countlab.errors import CountlabError

_SHARD = re.compile(r"(\d{6,})(?:-(\d{3,}))?\.parquet")


class Output:
    """One folder, on disk or in a bucket."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._parts: dict[int, set[int]] = {}
        """Of chunks that are begun: which of their shards are there."""
        self._done: set[int] = set()
        for name in self._names("counts"):
            if match := _SHARD.fullmatch(name):
                self._note(int(match[1]), match[2])

    # What was asked.

    def check(self, asked: Mapping[str, Any]) -> None:
        """A folder with the counts of another question is refused."""
        then = self._json("run.json")
        if then is None:
            return
        for name, now in asked.items():
            if name in then and then[name] != json.loads(json.dumps(now)):
                raise CountlabError(
                    "output_of_other_run", path=self.address, what=name, then=then[name], now=now
                )

    def begin(self, run: Mapping[str, Any]) -> None:
        """Keeps what was asked; to be called before the first shard."""
        self.check(run)
        if self._json("run.json") is None:
            self._write_json("run.json", run)

    @property
    def run(self) -> dict[str, Any]:
        return self._json("run.json") or {}

    # The listing.

    def listed_chunks(self) -> int:
        return sum(1 for name in self._names("listing") if _SHARD.fullmatch(name))

    @property
    def listing_end(self) -> dict[str, Any] | None:
        """How much there is in all, once everything is listed."""
        return self._json("listing/end.json")

    def write_listing(self, chunk: int, addresses: Sequence[str]) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        buffer = pa.BufferOutputStream()
        pq.write_table(pa.table({"address": list(addresses)}), buffer, compression="zstd")
        storage.write_whole(self._listing(chunk), bytes(buffer.getvalue()))

    def end_listing(self, facts: Mapping[str, Any]) -> None:
        self._write_json("listing/end.json", facts)

    def read_listing(self, chunk: int) -> list[str]:
        import pyarrow as pa
        import pyarrow.parquet as pq

        table = pq.read_table(pa.BufferReader(storage.read(self._listing(chunk))))
        addresses: list[str] = table.column("address").to_pylist()
        return addresses

    # The shards.

    @property
    def chunks_done(self) -> int:
        return len(self._done)

    def is_done(self, chunk: int) -> bool:
        return chunk in self._done

    def parts(self, chunk: int) -> int:
        """How many shards of this chunk are there, from the first one on without a gap."""
        there = self._parts.get(chunk, ())
        return next(part for part in count() if part not in there)

    def write_shard(self, chunk: int, part: int | None, rows: Sequence[Row]) -> dict[str, Any]:
        """`part` is None for the last shard of a chunk; returns its facts."""
        name = f"{chunk:06}.parquet" if part is None else f"{chunk:06}-{part:03}.parquet"
        facts = {"name": name, **_totals(rows)}
        storage.write_whole(join(self.address, "counts", name), shard_bytes(rows, facts))
        self._note(chunk, None if part is None else str(part))
        return facts

    def facts_of(self, name: str) -> dict[str, Any]:
        """What a shard says of itself, read from its end."""
        import pyarrow.parquet as pq

        with storage.opened(join(self.address, "counts", name)) as file:
            return shard_facts(pq.read_metadata(file).metadata)

    def shard_names(self, chunk: int | None = None) -> list[str]:
        """Of one chunk, or all that are there."""
        found = {name: _SHARD.fullmatch(name) for name in self._names("counts")}
        return sorted(
            name for name, match in found.items() if match and chunk in (None, int(match[1]))
        )

    # The manifest.

    @property
    def manifest(self) -> dict[str, Any] | None:
        return self._json("manifest.json")

    def write_manifest(self, facts: Mapping[str, Any]) -> None:
        self._write_json("manifest.json", facts)

    def _note(self, chunk: int, part: str | None) -> None:
        if part is None:
            self._done.add(chunk)
            self._parts.pop(chunk, None)
        elif chunk not in self._done:
            self._parts.setdefault(chunk, set()).add(int(part))

    def _listing(self, chunk: int) -> str:
        return join(self.address, "listing", f"{chunk:06}.parquet")

    def _names(self, folder: str) -> list[str]:
        try:
            found = list(storage.entries(join(self.address, folder)))
        except FileNotFoundError:
            return []
        return [entry.address.rpartition("/")[2] for entry in found if not entry.is_folder]

    def _json(self, name: str) -> dict[str, Any] | None:
        try:
            document: dict[str, Any] = json.loads(storage.read(join(self.address, name)))
        except FileNotFoundError:
            return None
        return document

    def _write_json(self, name: str, document: Mapping[str, Any]) -> None:
        text = json.dumps(document, indent=2, ensure_ascii=False, default=str)
        storage.write_whole(join(self.address, name), text.encode())


def chunks_of(addresses: Iterable[str], rows: int) -> Iterator[list[str]]:
    """Lists of at most `rows` addresses; a file that holds many pictures is a list of its own."""
    waiting: list[str] = []
    for address in addresses:
        if is_container(address):
            if waiting:
                yield waiting
            yield [address]
            waiting = []
            continue
        waiting.append(address)
        if len(waiting) == rows:
            yield waiting
            waiting = []
    if waiting:
        yield waiting


def _totals(rows: Sequence[Row]) -> dict[str, Any]:
    counts: dict[str, int] = {}
    for row in rows:
        for label, number in row.get("counts") or ():
            counts[label] = counts.get(label, 0) + number
    failed = sum("error" in row for row in rows)
    return {"pictures": len(rows), "failed": failed, "counts": counts}
