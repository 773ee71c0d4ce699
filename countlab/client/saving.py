"""A picture that a server sent, written to a file of the format that the name asks for."""

from __future__ import annotations

import io
from pathlib import Path

from countlab.errors import CountlabError

_FORMATS = {
    ".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG", ".webp": "WEBP", ".bmp": "BMP",
    ".gif": "GIF", ".tif": "TIFF", ".tiff": "TIFF",
}  # fmt: skip


def save_picture(picture: bytes, media_type: str, path: Path) -> Path:
    """As it came where the name fits it or asks for nothing; else converted, or refused."""
    wanted = _FORMATS.get(path.suffix.lower())
    arrived = media_type.rpartition("/")[2].upper()
    if wanted is not None and wanted != arrived:
        picture = _converted(picture, arrived, wanted, path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture)
    except OSError as reason:
        raise CountlabError("cannot_write", path=path, reason=reason.strerror) from reason
    return path


def _converted(picture: bytes, arrived: str, wanted: str, path: Path) -> bytes:
    suggestion = path.with_suffix(f".{arrived.lower().replace('jpeg', 'jpg')}").name
    try:
        from PIL import Image
    except ImportError as error:
        raise CountlabError(
            "client_cannot_convert",
            arrived=arrived, path=path.name, wanted=wanted, suggestion=suggestion,
        ) from error  # fmt: skip
    buffer = io.BytesIO()
    try:
        with Image.open(io.BytesIO(picture)) as image:
            image.convert("RGB").save(buffer, wanted, quality=95)
    except (OSError, ValueError) as error:
        raise CountlabError("broken_picture", format=arrived) from error
    return buffer.getvalue()
