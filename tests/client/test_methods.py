"""Batches, the history, explanations, saved files, and the client that is awaited."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image

from countlab.client import AsyncClient, Client, ServerRefused
from countlab.client.answers import PictureAnswer
from countlab.errors import CountlabError
from countlab.models.catalog import read_catalog
from countlab.notebook import Server, serve
from countlab.server import create_app
from countlab.settings import Settings
from tests.conftest import ROOT

PICTURES = [ROOT / "images" / f"oranges_{number}.jpg" for number in (1, 2, 3)]


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that keeps its history."""
    settings = Settings(home=tmp_path_factory.mktemp("recording"))
    running = serve(create_app(settings=settings, history=True), port=0)
    yield running
    running.stop()


def test_a_batch_answers_each_picture_in_its_place(server: Server) -> None:
    pictures = [PICTURES[2], ROOT / "images" / "gone.jpg", b"text", PICTURES[0], None]
    with Client(server.url) as client:
        answers = client.batch(pictures, confidence=0.5)  # type: ignore[arg-type]
    assert [entry.answer and entry.answer.count for entry in answers] == [3, None, None, 1, None]
    errors = [entry.error.code for entry in answers if entry.error]
    assert errors == ["no_such_file", "not_a_picture", "client_not_a_picture"]
    assert isinstance(answers[2].error, ServerRefused)
    assert answers[0].name == "oranges_3.jpg"


@pytest.mark.slow
def test_a_large_batch_is_sent_in_several_requests(server: Server, jpeg: bytes) -> None:
    answers = Client(server.url).batch([jpeg] * 70)
    assert len(answers) == 70
    assert all(entry.answer for entry in answers)
    assert Client(server.url).batch([]) == []
    assert Client(server.url).batch(iter([5]))[0].error  # type: ignore[arg-type]


def test_the_history_is_read_in_pages(recording: Server) -> None:
    client = Client(recording.url)
    for picture in PICTURES:
        client.count(picture)
    client.count(PICTURES[0], "apple")
    rows = client.history(limit=3)
    assert [row["count"] for row in rows] == [0, 3, 2]
    assert len(client.history()) == 4
    assert [row["object"] for row in client.history(object="apple")] == ["apple"]
    now = datetime.fromisoformat(rows[0]["time"])
    assert client.history(since=now + timedelta(hours=1)) == []
    assert len(client.history(until=now + timedelta(hours=1), model="fruits")) == 4


def test_one_object_alone_is_drawn(server: Server, photo: bytes) -> None:
    client = Client(server.url)
    alone = client.predict(photo, object="naranja")
    assert alone.counts == {"orange": client.count(photo, "orange").count}
    assert alone.picture != client.predict(photo).picture


@pytest.mark.parametrize("suffix", [".png", ".webp", ".bmp", ".jpg", ".JPEG", ""])
def test_a_saved_picture_is_what_its_name_says(
    server: Server, photo: bytes, tmp_path: Path, suffix: str
) -> None:
    answer = Client(server.url).predict(photo)
    target = answer.save(tmp_path / "new" / f"x{suffix}")
    wanted = {".jpg": "JPEG", ".jpeg": "JPEG", "": "JPEG"}.get(suffix.lower(), suffix[1:].upper())
    with Image.open(target) as image:
        assert image.format == wanted
        assert image.width > 100
    if wanted == "JPEG":
        assert target.read_bytes() == answer.picture


def test_what_cannot_be_saved_is_refused_and_leaves_no_file(tmp_path: Path) -> None:
    answer = PictureAnswer(picture=b"no picture", media_type="image/jpeg")
    with pytest.raises(CountlabError) as refused:
        answer.save(tmp_path / "x.png")
    assert refused.value.code == "broken_picture"
    assert not (tmp_path / "x.png").exists()
    (tmp_path / "file").write_text("")
    with pytest.raises(CountlabError, match="cannot be written"):
        answer.save(tmp_path / "file" / "x.jpg")


def test_a_conversion_without_pillow_is_refused_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "PIL", None)
    with pytest.raises(CountlabError) as refused:
        PictureAnswer(picture=b"\xff\xd8", media_type="image/jpeg").save(tmp_path / "x.png")
    assert refused.value.code == "client_cannot_convert"
    assert "x.jpg" in str(refused.value)


def test_a_classifier_explains_itself(server: Server, photo: bytes, tmp_path: Path) -> None:
    client = Client(server.url)
    names = [m.name for m in read_catalog(Path("none")).models.values()
             if m.task == "classify" and m.origin == "built-in"]  # fmt: skip
    with pytest.raises(ServerRefused) as refused:
        client.explain(photo, model="fruits")
    assert refused.value.code == "nothing_to_explain"
    if not names:
        pytest.skip("needs a built-in classifier")
    answer = client.explain(photo, model=names[0])
    counted = client.count(photo, model=names[0])
    label, probability = next(iter(counted.probabilities.items()))
    assert answer.label == label
    assert answer.probability == pytest.approx(probability, abs=1e-3)
    assert answer.save(tmp_path / "map.png").stat().st_size > 0


def test_the_awaited_client_gives_the_same_answers(recording: Server) -> None:
    client = Client(recording.url)

    async def ask() -> None:
        async with AsyncClient(recording.url, language="es") as other:
            counts = await asyncio.gather(*(other.count(picture) for picture in PICTURES))
            assert [answer.count for answer in counts] == [1, 2, 3]
            assert (await other.predict(PICTURES[0])).picture == client.predict(PICTURES[0]).picture
            swept = await other.sweep(PICTURES[0], "orange")
            assert swept.counts == client.sweep(PICTURES[0], "orange").counts
            batch = await other.batch([*PICTURES, b"text"])
            assert [bool(entry.error) for entry in batch] == [False, False, False, True]
            assert len(await other.history(limit=2)) == 2
            assert await other.models() == client.models()
            assert (await other.health())["status"] == "ok"
            with pytest.raises(ServerRefused, match="El archivo está vacío"):
                await other.count(b"")
            with pytest.raises(ServerRefused):
                await other.explain(PICTURES[0])

    asyncio.run(ask())


def test_the_awaited_client_reports_a_stopped_server() -> None:
    async def ask() -> None:
        async with AsyncClient("http://127.0.0.1:9", timeout_s=5) as client:
            with pytest.raises(CountlabError) as failure:
                await client.health()
            assert failure.value.code == "no_answer"

    asyncio.run(ask())


def test_a_closed_client_says_so() -> None:
    closed = Client("http://127.0.0.1:9")
    closed.close()
    with pytest.raises(CountlabError) as refused:
        closed.health()
    assert refused.value.code == "client_closed"

    async def ask() -> None:
        awaited = AsyncClient("http://127.0.0.1:9")
        await awaited.aclose()
        await awaited.health()

    with pytest.raises(CountlabError) as refused:
        asyncio.run(ask())
    assert refused.value.code == "client_closed"


@pytest.mark.parametrize("address", [f"http://{'a' * 80}.example", "http://127.0.0.1:99999"])
def test_an_address_that_cannot_be_is_no_answer(address: str) -> None:
    with pytest.raises(CountlabError) as refused:
        Client(address).health()
    assert refused.value.code == "no_answer"


def test_both_clients_have_the_same_methods() -> None:
    def methods(kind: type) -> set[str]:
        return {name for name in vars(kind) if not name.startswith("_")} - {"close", "aclose"}

    assert methods(Client) == methods(AsyncClient)


def test_a_client_that_is_let_go_of_closes_its_connections(server: Server) -> None:
    Client(server.url).health()
    gc.collect()  # an open socket would be a warning, which is an error here
