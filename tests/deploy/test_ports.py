"""Ports for the programs of the stack and of the tests."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from deploy.stack.service import free_port


def test_a_port_is_given_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """One given twice made nginx refuse its configuration: both its sites listened there."""
    first, opened = free_port(), socket.create_server
    offers = iter([first, 0])  # the system may give the same one again; then whichever it likes

    def offer(address: tuple[str, int], **options: Any) -> socket.socket:
        return opened((address[0], next(offers)), **options)

    monkeypatch.setattr(socket, "create_server", offer)
    assert free_port() != first
    assert next(offers, None) is None, "both offers were looked at"
