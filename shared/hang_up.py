"""Whether a client that waits for its answer is still there."""

from __future__ import annotations

import select
import socket
from collections.abc import Mapping
from typing import Any


def has_hung_up(environ: Mapping[str, Any]) -> bool:
    """`environ`: of a WSGI request whose body was read. False also where the server gives no way to tell."""
    connection = environ.get("gunicorn.socket")
    if type(connection) is socket.socket and hasattr(select, "poll"):  # a TLS socket does not let us peek
        return _is_closed(connection)
    told = environ.get("waitress.client_disconnected")
    return bool(told and told())


def _is_closed(connection: socket.socket) -> bool:
    """Reads nothing away: what lies there may be the client's next request."""
    try:
        ready = select.poll()
        ready.register(connection, select.POLLIN)
        return bool(ready.poll(0)) and connection.recv(1, socket.MSG_PEEK) == b""
    except (OSError, ValueError):  # reset, or closed by the server itself
        return True
