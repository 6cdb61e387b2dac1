"""Serving the UI; what a whole `wealth dev` prints and leaves behind is seen by `make test-ui`."""

from __future__ import annotations

import socket

import pytest

from wealth_pipeline.serving import HOST, PortInUse, serve_ui


def test_a_port_that_something_listens_on_is_refused_with_the_way_out() -> None:
    """Dagster would serve on another port than the one that is printed, or end with a traceback."""
    with socket.create_server((HOST, 0)) as taken, pytest.raises(PortInUse, match="--port"):
        serve_ui(taken.getsockname()[1], lambda: None)
