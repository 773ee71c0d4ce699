"""A shop as data: where its products stand on the page, and how politely they are asked for."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from countlab.errors import CountlabError
from countlab.system.toml import TOMLDecodeError, read_toml

Section = TypeVar("Section")


@dataclass(frozen=True)
class Listing:
    """CSS selectors: `product` on the page, the others inside a product."""

    product: str
    name: str = ""
    description: str = ""
    price: str = ""
    picture: str = "img"
    link: str = "a"
    picture_attributes: tuple[str, ...] = (
        "data-src", "data-original", "data-lazy-src", "data-srcset", "srcset", "src",
    )  # fmt: skip
    """The first that holds an address is taken: lazy pictures keep theirs in `data-…`."""
    more: str = ""
    """A button that loads more, clicked until it is gone."""
    next: str = ""
    """A link to the next page."""
    scroll: str = ""
    """What scrolls, where it is not the page itself."""


@dataclass(frozen=True)
class Politeness:
    """How much is asked of the shop, and how fast."""

    delay_s: float = 1.0
    """Between two requests; a longer Crawl-delay of robots.txt wins."""
    limit: int = 500
    """Products in the folder, earlier ones included."""
    pages: int = 100
    patience_s: float = 4.0
    """How long something new is waited for at the end of a page."""
    max_bytes: int = 25_000_000
    max_pixels: int = 51_000_000


@dataclass(frozen=True)
class Shop:
    """What a `SHOP.toml` says."""

    name: str
    start: tuple[str, ...]
    listing: Listing
    polite: Politeness = field(default_factory=Politeness)


def read_shop(path: Path) -> Shop:
    try:
        table = read_toml(path)
        shop = Shop(
            name=str(table.pop("name", path.stem)),
            start=_addresses(table.pop("start")),
            listing=_section(Listing, table.pop("listing")),
            polite=_section(Politeness, table.pop("polite", {})),
        )
        if table:
            raise ValueError(f"“{next(iter(table))}” is not known here")
        if shop.polite.delay_s < 0 or shop.polite.limit < 1:
            raise ValueError("polite: delay_s ≥ 0, limit ≥ 1")
    except (OSError, TOMLDecodeError, TypeError, ValueError, KeyError, AttributeError) as reason:
        raise CountlabError("bad_shop_file", file=path, reason=reason) from reason
    return shop


def _addresses(arrived: Any) -> tuple[str, ...]:
    addresses = (arrived,) if isinstance(arrived, str) else tuple(arrived)
    for address in addresses:
        if urlsplit(address).scheme not in ("http", "https") or not urlsplit(address).hostname:
            raise ValueError(f"start: {address} is no http address")
    if not addresses:
        raise ValueError("start: one address at least")
    return addresses


def _section(kind: type[Section], table: dict[str, Any]) -> Section:
    """Lists become tuples; a name that the section does not know is refused."""
    known = [item.name for item in fields(kind)]  # type: ignore[arg-type]
    for name in table:
        if name not in known:
            raise ValueError(f"“{name}” is not known here; known: {', '.join(known)}")
    return kind(**{k: tuple(v) if isinstance(v, list) else v for k, v in table.items()})
