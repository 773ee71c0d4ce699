"""Exports of the history: as long as their clients read them, but never all for one client."""

from __future__ import annotations

import pytest

from countlab.errors import CountlabError
from countlab.history.readers import Readers


def test_one_client_has_half_of_the_exports_at_most() -> None:
    readers = Readers()
    for client in ("slow", "slow", "other"):
        readers.begin_export(client)
    with pytest.raises(CountlabError) as caught:
        readers.begin_export("slow")
    assert caught.value.code == "history_busy"
    readers.begin_export("third")
    with pytest.raises(CountlabError):
        readers.begin_export("fourth")
    readers.end_export("slow")
    readers.begin_export("fourth")
    for client in ("slow", "other", "third", "fourth"):
        readers.end_export(client)
    assert not readers._exports, "clients are forgotten"
    readers.close()
