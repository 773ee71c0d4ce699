"""Download of one file: complete or not at all, from the first good address."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace

import pytest

from countlab.errors import CountlabError
from countlab.models.catalog import Model
from countlab.models.store import Store
from tests.models.conftest import (
    CONTENT,
    HALF,
    OTHER_CONTENT,
    SHORT_TIMEOUTS,
    FileServer,
    failure_message,
    served_at,
)


def test_a_complete_file_is_stored_and_progress_reported(
    model: Model, file_server: FileServer
) -> None:
    steps: list[tuple[str, int, int | None]] = []
    paths = Store().fetch(
        served_at(model, file_server, "complete"), lambda *step: steps.append(step)
    )
    assert paths["weights"].read_bytes() == CONTENT
    assert steps[-1] == ("some.weights", len(CONTENT), len(CONTENT))
    assert [step[1] for step in steps] == sorted(step[1] for step in steps)
    assert sorted(path.name for path in model.folder.iterdir()) == [".lock", "some.weights"]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("cut", "stopped after 524\u202f288 of 1\u202f048\u202f576 bytes"),
        ("other", "has another file (its SHA-256 is " + hashlib.sha256(OTHER_CONTENT).hexdigest()),
        ("other-size", "has another file (1\u202f048\u202f580 bytes instead of"),
        ("page", "sent a web page"),
        ("hidden-page", "sent a web page"),
        ("forbidden", "answered with status 403"),
        ("stalled", "stopped after 524\u202f288"),
    ],
)
def test_a_bad_address_is_reported_and_the_next_one_used(
    model: Model, file_server: FileServer, bad: str, reason: str
) -> None:
    assert f"{file_server.url}/{bad} {reason}" in failure_message(
        served_at(model, file_server, bad)
    )
    store = Store(timeouts=SHORT_TIMEOUTS)
    paths = store.fetch(served_at(model, file_server, bad, "complete"))
    assert paths["weights"].read_bytes() == CONTENT


def test_every_address_is_reported_with_its_reason_in_both_languages(
    model: Model, file_server: FileServer
) -> None:
    bad = served_at(model, file_server, "forbidden", "page")
    with pytest.raises(CountlabError) as caught:
        Store().fetch(bad)
    english, spanish = (caught.value.text(language).detail for language in ("en", "es"))
    assert "/forbidden answered with status 403" in english
    assert "/page sent a web page" in english
    assert "/forbidden respondió con el estado 403" in spanish
    assert "/page envió una página web" in spanish


def test_an_unreachable_address_is_reported(model: Model, file_server: FileServer) -> None:
    unreachable = replace(file_server, url="http://127.0.0.1:9")
    assert "http://127.0.0.1:9/complete cannot be reached" in failure_message(
        served_at(model, unreachable, "complete")
    )


def test_a_cut_download_is_resumed_from_another_address(
    model: Model, file_server: FileServer
) -> None:
    assert "stopped after" in failure_message(served_at(model, file_server, "cut"))
    assert (model.folder / "some.weights.part").stat().st_size == HALF
    Store().fetch(served_at(model, file_server, "complete"))
    assert file_server.ranges("/complete") == [f"bytes={HALF}-"]
    assert (model.folder / "some.weights").read_bytes() == CONTENT


def test_a_cut_download_is_resumed_from_the_same_address(
    model: Model, file_server: FileServer
) -> None:
    Store().fetch(served_at(model, file_server, "cut-once"))
    assert file_server.ranges("/cut-once") == [None, f"bytes={HALF}-"]


def test_without_range_support_the_download_starts_over(
    model: Model, file_server: FileServer
) -> None:
    failure_message(served_at(model, file_server, "cut"))
    paths = Store().fetch(served_at(model, file_server, "plain"))
    assert paths["weights"].read_bytes() == CONTENT


def test_a_part_with_wrong_bytes_is_not_kept(model: Model, file_server: FileServer) -> None:
    failure_message(served_at(model, file_server, "other"))
    assert not (model.folder / "some.weights.part").exists()


def test_a_part_from_another_file_is_discarded(model: Model, file_server: FileServer) -> None:
    paths = Store().fetch(served_at(model, file_server, "other-half", "complete"))
    assert paths["weights"].read_bytes() == CONTENT
    assert file_server.ranges("/complete") == [f"bytes={HALF}-", None]


def test_without_a_known_sha256_nothing_is_fetched(model: Model, file_server: FileServer) -> None:
    assert "does not say" in failure_message(
        served_at(model, file_server, "complete", with_sha256=False)
    )
    assert file_server.requests == []


def test_an_unwritable_folder_is_a_clear_error(model: Model, file_server: FileServer) -> None:
    model.folder.parent.write_text("a file where the folder should be")
    with pytest.raises(CountlabError) as caught:
        Store().fetch(served_at(model, file_server, "complete"))
    assert caught.value.code == "cannot_write"
    assert str(model.folder) in str(caught.value)


@pytest.mark.skipif(os.name == "nt", reason="limits the file size with a Unix module")
def test_a_failed_write_is_a_clear_error(model: Model, file_server: FileServer) -> None:
    import resource
    import signal

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (HALF, limits[1]))
    try:
        with pytest.raises(CountlabError) as caught:
            Store().fetch(served_at(model, file_server, "plain"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert caught.value.code == "cannot_write"


def test_a_file_larger_than_the_disk_is_refused_before_the_request(
    model: Model, file_server: FileServer
) -> None:
    huge = served_at(model, file_server, "complete")
    huge = replace(huge, files={"weights": replace(huge.files["weights"], bytes=1 << 60)})
    with pytest.raises(CountlabError) as caught:
        Store().fetch(huge)
    assert caught.value.code == "disk_full"
    assert file_server.requests == []
