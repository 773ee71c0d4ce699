"""Files that hold many pictures: tar archives (WebDataset) and Parquet with a column of bytes.

Read from front to back, one picture at a time; how large the file is makes no difference.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from countlab.batch import storage
from countlab.batch.listing import PARQUET_SUFFIXES
from countlab.errors import CountlabError
from countlab.imaging.files import PICTURE_SUFFIXES

_ROWS_AT_ONCE = 32
_LIKELY_NAMES = ("image", "img", "picture", "photo", "jpg", "jpeg", "png", "bytes", "content")


def pictures_in(address: str, *, skip: int, most: int) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each picture, without the first `skip`; of larger ones `most` bytes.

    A storage that is away is waited for, and reading goes on where it broke off.
    """
    read = _in_parquet if address.lower().endswith(PARQUET_SUFFIXES) else _in_tar
    done, tries = skip, 0
    while True:
        try:
            for picture in read(address, done, most):
                done, tries = done + 1, 0
                yield picture
            return
        except (CountlabError, *storage.LASTING):
            raise
        except Exception as reason:  # each kind of storage raises classes of its own
            tries += 1
            storage.pause(tries, address, reason)


def _in_tar(address: str, skip: int, most: int) -> Iterator[tuple[str, bytes]]:
    number = 0
    with storage.opened(address) as file:
        try:
            with tarfile.open(fileobj=file, mode="r:") as archive:
                for member in archive:
                    archive.members.clear()  # type: ignore[attr-defined]  # it keeps each header
                    suffix = PurePosixPath(member.name).suffix.lower()
                    if not member.isfile() or suffix not in PICTURE_SUFFIXES:
                        continue
                    number += 1
                    if number > skip and (content := archive.extractfile(member)) is not None:
                        yield f"{address}#{member.name}", content.read(most)
        except tarfile.TarError as reason:
            raise CountlabError("broken_container", path=address, reason=str(reason)) from reason


def _in_parquet(address: str, skip: int, most: int) -> Iterator[tuple[str, bytes]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with storage.opened(address) as file:
        try:
            document = pq.ParquetFile(file, pre_buffer=False)
            column = _picture_column(address, document.schema_arrow)
            groups, first = _groups_from(document.metadata, skip)
            batches = document.iter_batches(_ROWS_AT_ONCE, row_groups=groups, columns=[column])
            for batch in batches:
                for value in batch.column(0):
                    if first >= skip:
                        yield f"{address}#{first}", _bytes_of(value.as_py())[:most]
                    first += 1
        except pa.ArrowException as reason:
            raise CountlabError("broken_container", path=address, reason=str(reason)) from reason


def _groups_from(metadata: Any, skip: int) -> tuple[list[int], int]:
    """The row groups from that of row `skip` on, and the number of their first row."""
    first = 0
    for group in range(metadata.num_row_groups):
        rows = metadata.row_group(group).num_rows
        if first + rows > skip:
            return list(range(group, metadata.num_row_groups)), first
        first += rows
    return [], first


def _picture_column(address: str, schema: Any) -> str:
    """The only column of bytes (or of `{bytes, path}`, as datasets keep pictures), or the one whose
    name says it."""
    import pyarrow.types as types

    found = [
        field.name
        for field in schema
        if types.is_binary(field.type)
        or types.is_large_binary(field.type)
        or (types.is_struct(field.type) and field.type.get_field_index("bytes") >= 0)
    ]
    likely = [name for name in found if name.lower() in _LIKELY_NAMES]
    if len(found) == 1 or likely:
        return str((likely or found)[0])
    raise CountlabError("no_picture_column", path=address, columns=schema.names)


def _bytes_of(value: Any) -> bytes:
    if isinstance(value, dict):
        value = value.get("bytes")
    return bytes(value or b"")
