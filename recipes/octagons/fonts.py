"""The fonts that packages are printed with, by file name, and the Debian packages that bring them.

The same fonts make the same pictures; one that is missing is named with its package.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from PIL import ImageFont

FOLDERS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path.home() / ".fonts")

WARNING = ("LiberationSans-Bold.ttf", "LiberationSansNarrow-Bold.ttf", "RobotoCondensed-Bold.ttf")
DISPLAY = (
    "Lato-Black.ttf",
    "Lato-BlackItalic.ttf",
    "OpenSans-ExtraBold.ttf",
    "OpenSans-CondBold.ttf",
    "Roboto-Black.ttf",
    "lobster.otf",
    "KaushanScript-Regular.otf",
    "DancingScript-Bold.otf",
    "ComicNeue-Bold.otf",
    "EBGaramond12-Bold.otf",
    "Cantarell-ExtraBold.otf",
)
TEXT = ("Lato-Regular.ttf", "Lato-Bold.ttf", "RobotoCondensed-Regular.ttf", "DejaVuSans.ttf")

PACKAGES = {
    "Liberation": "fonts-liberation",
    "Roboto": "fonts-roboto-unhinted",
    "Lato": "fonts-lato",
    "OpenSans": "fonts-open-sans",
    "lobster": "fonts-lobster",
    "Kaushan": "fonts-kaushanscript",
    "Dancing": "fonts-dancingscript",
    "Comic": "fonts-comic-neue",
    "EBGaramond": "fonts-ebgaramond",
    "Cantarell": "fonts-cantarell",
    "DejaVu": "fonts-dejavu-core",
}


def missing_packages() -> list[str]:
    """Debian packages whose fonts are not on this machine."""
    found = _files()
    lacking = [name for name in (*WARNING, *DISPLAY, *TEXT) if name not in found]
    return sorted(
        {PACKAGES[start] for name in lacking for start in PACKAGES if name.startswith(start)}
    )


def require_fonts() -> None:
    """Ends the program with what to install where a font is missing."""
    if missing := missing_packages():
        raise SystemExit(
            f"These pictures are printed with fonts that are not here. Install {' '.join(missing)} "
            f"(as root: apt-get install {' '.join(missing)}, or: make system-packages)."
        )


@cache
def font(name: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(_files()[name]), size)


@cache
def _files() -> dict[str, Path]:
    return {p.name: p for f in FOLDERS if f.is_dir() for p in sorted(f.rglob("*.[to]tf"))}
