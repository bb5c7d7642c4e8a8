"""What `isoglot serve` refuses before it loads anything."""

from __future__ import annotations

import socket

import pytest

from index.errors import InvalidInput
from service.cli import _require_free


def test_a_port_that_is_taken_is_told_with_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(InvalidInput, match=rf"127\.0\.0\.1:{port}: .*in use.*--port"):
            _require_free("127.0.0.1", port)
    _require_free("127.0.0.1", port)


def test_an_address_of_another_machine_is_told() -> None:
    with pytest.raises(InvalidInput, match=r"192\.0\.2\.1:8000: .*ISOGLOT_HOST"):
        _require_free("192.0.2.1", 8000)
