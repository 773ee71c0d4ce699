"""What the client takes as a picture, turned into a file to send.

A path, an http address, bytes, a file opened for reading bytes, a PIL.Image, a numpy array. PIL
and numpy are recognized, never imported: the client works without them.
"""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, NamedTuple, TypeAlias

from countlab.client.png import encode_png
from countlab.errors import CountlabError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image


class Upload(NamedTuple):
    """A picture's bytes and the file name that goes with them."""

    name: str
    data: bytes


Color = Literal["bgr", "rgb"]
PictureLike: TypeAlias = (
    "str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO | Image | NDArray[Any]"
    " | Upload"
)

_NAME = "picture"
_MAX_FETCHED_BYTES = 100_000_000  # of an address; the server has its own, smaller limit
_PNG_MODES = {"1", "L", "LA", "I", "I;16", "P", "RGB", "RGBA"}


def to_upload(picture: Any, *, color: Color | None = None) -> Upload:
    """The picture as a file; anything else is refused with what arrived and what is taken."""
    if _is_array(picture):
        return Upload(f"{_NAME}.png", _array_png(picture, color))
    if color is not None:
        raise CountlabError("client_color_unused", arrived=_kind(picture))
    if isinstance(picture, Upload):
        return picture
    if isinstance(picture, bytes | bytearray | memoryview):
        return Upload(_NAME, bytes(picture))
    if isinstance(picture, str | os.PathLike):
        return _from_name(os.fspath(picture))
    if callable(getattr(picture, "read", None)):
        return _from_file(picture)
    if callable(getattr(picture, "getbands", None)):
        return Upload(f"{_NAME}.png", _pillow_png(picture))
    raise CountlabError("client_not_a_picture", arrived=_kind(picture))


def _from_name(name: Any) -> Upload:
    if isinstance(name, bytes):
        name = os.fsdecode(name)
    if name.lower().startswith(("http://", "https://")):
        from countlab.client.web_picture import fetch_picture

        data = fetch_picture(name, max_bytes=_MAX_FETCHED_BYTES)
        return Upload(name.partition("?")[0].rpartition("/")[2] or _NAME, data)
    path = Path(name)
    try:
        return Upload(path.name, path.read_bytes())
    except (OSError, ValueError) as error:  # a null byte in a name is a ValueError
        raise CountlabError("no_such_file", path=path) from error


def _from_file(file: Any) -> Upload:
    """From where the file is read now, as other programs do."""
    name = getattr(file, "name", "")
    name = Path(name).name if isinstance(name, str) else ""
    try:
        data = file.read()
    except (OSError, ValueError) as error:  # closed, or opened for writing
        raise _unreadable(name or _kind(file), error) from error
    if isinstance(data, str):
        raise CountlabError("client_text_file", name=name or type(file).__name__)
    if not isinstance(data, bytes | bytearray | memoryview):
        raise CountlabError("client_not_a_picture", arrived=_kind(file))
    return Upload(name or _NAME, bytes(data))


def _pillow_png(image: Any) -> bytes:
    """Turned upright, as the server would have turned the file it came from."""
    from PIL import ImageOps

    buffer = io.BytesIO()
    try:
        image = ImageOps.exif_transpose(image)
        if image.mode not in _PNG_MODES:
            image = image.convert("RGB")
        image.save(buffer, "PNG", compress_level=1)
    except (OSError, ValueError, SyntaxError, SystemError) as error:  # closed, cut off, or empty
        raise _unreadable(_kind(image), error) from error
    return buffer.getvalue()


def _unreadable(name: str, reason: Exception) -> CountlabError:
    return CountlabError("client_unreadable", name=name, reason=str(reason).rstrip("."))


def _is_array(picture: Any) -> bool:
    return hasattr(picture, "dtype") and hasattr(picture, "__array_interface__")


def _array_png(array: Any, color: Color | None) -> bytes:
    if color not in (None, "bgr", "rgb"):
        raise CountlabError("client_color_unknown", arrived=color)
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    gray = array.ndim == 2
    if str(array.dtype) != "uint8" or not (gray or (array.ndim == 3 and array.shape[2] == 3)):
        raise _bad_array(array)
    if not all(array.shape):
        raise _bad_array(array)
    if not gray and color is None:
        raise CountlabError("client_color_not_said")
    if not gray and color == "bgr":
        array = array[:, :, ::-1]
    height, width = array.shape[:2]
    return encode_png(array.tobytes(), width=width, height=height, gray=gray)


def _bad_array(array: Any) -> CountlabError:
    shape = " × ".join(map(str, array.shape)) or "()"
    return CountlabError("client_array_shape", shape=shape, dtype=array.dtype)


def _kind(value: Any) -> str:
    """What arrived, as a Python reader knows it: `list`, `torch.Tensor`, `None`."""
    if value is None:
        return "None"
    module = type(value).__module__.partition(".")[0]
    name = type(value).__qualname__
    return name if module in ("builtins", "pathlib") else f"{module}.{name}"
