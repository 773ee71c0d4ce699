"""What keeps a collection polite and out of private networks: robots.txt, addresses, the gate."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from countlab.datasets.collect.addresses import AddressGuard, is_public, resolve
from countlab.datasets.collect.fetch import Fetcher, retry_after_s
from countlab.datasets.collect.gate import open_gate
from countlab.datasets.collect.mirror import Mirror
from countlab.datasets.collect.robots import parse_robots
from countlab.datasets.collect.shop import read_shop
from countlab.errors import CountlabError
from tests.conftest import Run, offering
from tests.datasets.shop.server import Shop

PUBLIC = "93.184.216.34"
HOSTS = {"shop.example": [PUBLIC], "cdn.example": ["2606:2800:220:1::1"],
         "inside.example": ["10.1.2.3"], "both.example": [PUBLIC, "127.0.0.1"]}  # fmt: skip


def known(host: str, port: int) -> list[str]:
    """A name server for the test; numbers in whatever writing are the system's own business."""
    return HOSTS.get(host) or resolve(host, port)


@pytest.mark.parametrize(
    ("ip", "public"),
    [
        (PUBLIC, True), ("2606:2800:220:1::1", True), ("127.0.0.1", False), ("10.0.0.1", False),
        ("172.16.3.4", False), ("192.168.1.1", False), ("169.254.169.254", False),
        ("100.64.0.1", False), ("0.0.0.0", False), ("224.0.0.1", False), ("::1", False),
        ("::", False), ("fe80::1", False), ("fe80::1%eth0", False), ("fd00::1", False),
        ("::ffff:127.0.0.1", False), ("::ffff:93.184.216.34", True), ("2002:7f00:1::", False),
        ("64:ff9b::7f00:1", False), ("64:ff9b::5db8:d822", True),
    ],
)  # fmt: skip
def test_private_addresses_are_known_in_every_writing(ip: str, public: bool) -> None:
    assert is_public(ip) == public


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1/a.jpg", "http://localhost/", "http://2130706433/", "http://0x7f.1/",
        "http://[::1]/", "http://[::ffff:10.0.0.1]/", "https://inside.example/a.jpg",
        "http://both.example/", "http://169.254.169.254/latest/meta-data/",
    ],
)  # fmt: skip
def test_a_public_shop_leads_nowhere_private(address: str) -> None:
    guard = AddressGuard(["https://shop.example/list"], resolve=known)
    with pytest.raises(CountlabError) as error:
        guard.check(address)
    assert error.value.code == "private_address"
    assert guard.check("https://cdn.example/a.jpg") == "2606:2800:220:1::1"


@pytest.mark.parametrize(
    "address", ["file:///etc/passwd", "ftp://shop.example/", "javascript:1", "//x", "http://[", ""]
)
def test_only_http_is_asked(address: str) -> None:
    with pytest.raises(CountlabError) as error:
        AddressGuard(["https://shop.example/"], resolve=known).check(address)
    assert error.value.code == "not_web_address"


def test_a_shop_on_this_machine_is_asked_there_and_not_beside() -> None:
    guard = AddressGuard(["http://127.0.0.1:8000/list"], resolve=known)
    assert guard.check("http://127.0.0.1:9000/a.jpg") == "127.0.0.1"
    with pytest.raises(CountlabError):
        guard.check("http://127.0.0.2:8000/a.jpg")


ROBOTS = """
User-agent: Googlebot
Disallow: /

User-agent: other
User-agent: CountLab
Disallow: /private   # not for robots
Allow: /private/open
Disallow: /*?sort=
Disallow: /*.pdf$
Crawl-delay: 2.5

User-agent: *
Disallow: /
"""


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/", True), ("/private", False), ("/private/x", False), ("/private/open/x", True),
        ("/list?sort=price", False), ("/list?page=2", True), ("/a.pdf", False), ("/a.pdfx", True),
        ("/%70rivate/x", False),
    ],
)  # fmt: skip
def test_the_longest_rule_of_ones_own_group_decides(path: str, allowed: bool) -> None:
    robots = parse_robots(ROBOTS, "countlab")
    assert robots.allows(f"https://shop.example{path}") == allowed
    assert robots.delay_s == 2.5


def test_without_a_group_of_ones_own_the_star_holds() -> None:
    assert not parse_robots(ROBOTS, "somebody").allows("https://shop.example/a")
    assert parse_robots("", "countlab").allows("https://shop.example/a")
    assert parse_robots("Disallow: /\n\x00\xff: x", "countlab").allows("https://shop.example/a")
    slow = "User-agent: *\nDisallow: /" + "*a" * 2000 + "b"
    assert parse_robots(slow, "countlab").allows("https://shop.example/" + "a" * 5000)


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7), (None, None), ("soon", None), ("-3", None),
                            ("Wed, 21 Oct 2015 07:28:00 GMT", 0)],
)  # fmt: skip
def test_retry_after_is_seconds_or_a_date(header: str | None, seconds: float | None) -> None:
    assert retry_after_s(header) == seconds


@pytest.fixture
def fetcher(shop: Shop) -> Iterator[Fetcher]:
    fetcher = Fetcher(AddressGuard([shop.url]), delay_s=0)
    yield fetcher
    fetcher.close()


@pytest.fixture
def shop() -> Iterator[Shop]:
    server = Shop()
    with offering(server):
        yield server


def test_no_more_bytes_are_read_than_a_picture_may_have(shop: Shop, fetcher: Fetcher) -> None:
    assert len(fetcher.bytes_of(f"{shop.url}/pictures/1.jpg", max_bytes=100_000)) > 1000
    with pytest.raises(CountlabError) as error:
        fetcher.bytes_of(f"{shop.url}/pictures/1.jpg", max_bytes=1000)
    assert error.value.code == "too_many_bytes"


def test_a_site_whose_robots_cannot_be_read_is_left_alone(
    fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))  # refuses: nobody listens
        address = f"http://127.0.0.1:{deaf.getsockname()[1]}/a.jpg"
        monkeypatch.setattr(fetcher, "wait", lambda _: None)
        with pytest.raises(CountlabError) as error:
            fetcher.check(address)
    assert error.value.code == "robots_forbid"


def test_the_browsers_gate_refuses_what_is_private(shop: Shop) -> None:
    with open_gate(AddressGuard([shop.url])) as gate:
        with httpx.Client(proxy=gate, trust_env=False) as client:
            assert client.get(f"{shop.url}/pictures/1.jpg").status_code == 200
            port = shop.server_address[1]
            for address in (f"http://127.0.0.2:{port}/pictures/1.jpg", "http://10.0.0.1/"):
                assert client.get(address).status_code == 403
            with pytest.raises(httpx.ProxyError):
                client.get(f"https://127.0.0.2:{port}/")
        host, _, proxy_port = gate.removeprefix("http://").partition(":")
        tunnel = socket.create_connection((host, int(proxy_port)))
        with tunnel:
            tunnel.sendall(f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\n\r\nGET /robots".encode())
            tunnel.sendall(b".txt HTTP/1.0\r\n\r\n")
            received = b""
            while block := tunnel.recv(4096):
                received += block
        assert received.startswith(b"HTTP/1.1 200")
        assert b"Disallow: /private/" in received
    assert len([thread for thread in threading.enumerate() if not thread.daemon]) <= 3


@pytest.mark.parametrize(
    "text",
    ["", 'start = "ftp://x/"\n[listing]\nproduct = "a"', 'start = "http://x/"',
     'start = "http://x/"\n[listing]\nproducts = "a"', 'start = "http://x/"\ncolour = 1\n'
     '[listing]\nproduct = "a"', 'start = []\n[listing]\nproduct = "a"',
     'start = "http://x/"\n[listing]\nproduct = "a"\n[polite]\nlimit = 0'],
)  # fmt: skip
def test_a_wrong_shop_file_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "shop.toml").write_text(text)
    with pytest.raises(CountlabError) as error:
        read_shop(tmp_path / "shop.toml")
    assert error.value.code == "bad_shop_file"


def test_a_store_without_its_library_is_named(tmp_path: Path, run: Run) -> None:
    pytest.importorskip("fsspec", reason="fsspec is not installed (countlab[collect])")
    try:
        import adlfs  # type: ignore[import-not-found] # noqa: F401
    except ModuleNotFoundError:
        with pytest.raises(CountlabError, match="pip install adlfs"):
            Mirror("abfs://box/photos", tmp_path)
    with pytest.raises(CountlabError) as error:
        Mirror("nonsense://x", tmp_path)
    assert error.value.code == "bad_store_address"
    status, _, errors = run("collect", tmp_path / "none.toml", "photos")
    assert (status, "none.toml" in errors) == (1, True)
