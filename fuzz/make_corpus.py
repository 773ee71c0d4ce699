"""Writes the corpus again: small valid files of every kind, and the hostile ones that are small."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
from pathlib import Path

from PIL import Image

from tests.promises.hostile import dear_pictures, pictures

HERE = Path(__file__).parent
ROOT = HERE.parent
_LARGEST = 20_000


def write(target: str, *files: bytes) -> None:
    folder = HERE / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    for data in files:
        if len(data) <= _LARGEST:
            (folder / hashlib.sha256(data).hexdigest()[:12]).write_bytes(data)


def small_pictures() -> list[bytes]:
    scene, exif = pictures.SCENE.resize((24, 16)), Image.Exif()
    exif[0x0112] = 6
    made = []
    for format in ("JPEG", "PNG", "WEBP", "TIFF", "AVIF"):
        made.append(pictures.encoded(scene, format, exif=exif))
    for mode, format, options in (
        ("L", "JPEG", {}), ("CMYK", "JPEG", {}), ("RGB", "JPEG", {"progressive": True}),
        ("RGBA", "PNG", {}), ("P", "PNG", {}), ("I;16", "PNG", {}), ("RGBA", "WEBP", {}),
        ("RGBA", "WEBP", {"lossless": True}), ("P", "GIF", {}), ("P", "BMP", {}),
        ("RGB", "BMP", {}), ("CMYK", "TIFF", {}), ("F", "TIFF", {}), ("1", "TIFF", {}),
        ("RGB", "TIFF", {"compression": "tiff_lzw"}),
        ("RGB", "TIFF", {"compression": "tiff_deflate"}), ("RGBA", "AVIF", {}),
    ):  # fmt: skip
        image = scene.convert("L").convert(mode) if mode in ("I;16", "F") else scene.convert(mode)
        made.append(pictures.encoded(image, format, **options))
    for format in ("GIF", "WEBP", "PNG", "TIFF", "MPO"):
        target = io.BytesIO()
        scene.save(target, format, save_all=True, append_images=[scene.rotate(180)])
        made.append(target.getvalue())
    made += [
        dear_pictures.bmp_of_jumps(20, 20, jumps=9),
        dear_pictures.jpeg_with_exif(dear_pictures.exif_of_one_block(9, 99)),
        dear_pictures.tiff_of_strips(9),
        pictures.tiff(tile=16),
        pictures.tiff_with_directory_loop(),
        pictures.big_tiff_with_many_tags(),
        *pictures.other_files().values(),
    ]
    return made


def main() -> None:
    shutil.rmtree(HERE / "corpus", ignore_errors=True)
    for target in ("headers", "decoders"):
        write(target, *small_pictures())
    entries = [path.read_bytes() for path in (ROOT / "countlab/models/data").glob("*/model.toml")]
    write("entries", *entries, b'name = "x"\nlabels = "x.names"\ninput = [416, 416]\nnms = 0.3\n'
          b'[files]\nconfig = { name = "x.cfg" }\nweights = { name = "x.weights" }\n')  # fmt: skip
    layers = (
        b"[net]\nwidth=32\nheight=32\n[convolutional]\nfilters=8\nsize=3\nstride=1\npad=1\n"
        b"activation=leaky\n[maxpool]\nsize=2\nstride=2\n[upsample]\nstride=2\n[route]\nlayers=-1\n"
        b"[shortcut]\nfrom=-2\n[convolutional]\nfilters=21\nsize=1\n[yolo]\nmask=0,1,2\n"
        b"anchors=1,2, 3,4, 5,6\nclasses=2\nnum=3\n"
    )
    write("configs", layers, (ROOT / "countlab/models/data/fruits/fruits.cfg").read_bytes())
    receipt = {
        "picture_sha256": "0" * 64, "model": "fruits", "files_sha256": {"weights": "0" * 64},
        "engine": "openvino", "precision": "f32", "parameters": {"confidence": 0.5, "nms": 0.3},
        "object": None, "result_sha256": "0" * 64, "version": "1",
    }  # fmt: skip
    answer = {"count": 1, "counts": {"orange": 1}, "findings": [
        {"label": "orange", "confidence": 0.9, "box": [1, 2, 3, 4]}], "warnings": [],
        "receipt": receipt}  # fmt: skip
    documents = [receipt, answer, {"results": [{"result": answer}]}, {"rows": [answer]}]
    write("answers", *(json.dumps(document).encode() for document in documents))


if __name__ == "__main__":
    main()
