"""Servers on 127.0.0.1 that write exactly the bytes a test wants, and stand-ins for name server and network."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

PUBLIC, OTHER_PUBLIC = "93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"

Script = Callable[[socket.socket, str], None]


def answer(body: bytes | str = b"", status: str = "200 OK", **headers: str) -> bytes:
    """A whole answer; `content_type="..."` is a header, and an empty value leaves a usual one out."""
    raw = body.encode() if isinstance(body, str) else body
    all_headers = {"Content-Type": "text/html; charset=utf-8", "Content-Length": str(len(raw))}
    all_headers.update({name.replace("_", "-").title(): value for name, value in headers.items()})
    lines = [f"{name}: {value}" for name, value in all_headers.items() if value]
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode("utf-8") + raw


@dataclass
class RawServer:
    """`requests`: what came in, as text. `ended`: set once the script's own end, or the client's going, ended it."""

    script: Script
    tls: ssl.SSLContext | None = None
    requests: list[str] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        with contextlib.suppress(OSError), plain:
            connection = self.tls.wrap_socket(plain, server_side=True) if self.tls else plain
            request = b""
            while b"\r\n\r\n" not in request and (more := connection.recv(65536)):
                request += more
            self.requests.append(request.decode("latin-1"))
            self.script(connection, self.requests[-1])
            connection.close()
        self.ended.set()


@contextlib.contextmanager
def serving(script: Script | bytes, tls: ssl.SSLContext | None = None) -> Iterator[RawServer]:
    def send(connection: socket.socket, _: str) -> None:
        connection.sendall(script)  # type: ignore[arg-type]

    server = RawServer(script if callable(script) else send, tls)
    try:
        yield server
    finally:
        server.listener.close()


def repeat(first: bytes, piece: bytes, pause_seconds: float = 0.0) -> Script:
    """Sends `first`, then `piece` for ever, until the client has gone."""
    gone = threading.Event()

    def script(connection: socket.socket, _: str) -> None:
        connection.sendall(first)
        while not gone.wait(pause_seconds):
            connection.sendall(piece)

    return script


@dataclass
class FakeNet:
    """A name server and a network. Every connection ends at `port` of 127.0.0.1, if at all; nothing goes out."""

    names: dict[str, Sequence[str]] = field(default_factory=dict)
    port: int | None = None
    asked: list[str] = field(default_factory=list)
    connected: list[tuple[str, int]] = field(default_factory=list)

    def resolve(self, name: str, port: int) -> Sequence[str]:
        self.asked.append(name)
        if name not in self.names:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return self.names[name]

    def connect(self, address: str, port: int, timeout_seconds: float) -> socket.socket:
        self.connected.append((address, port))
        if self.port is None:
            raise ConnectionRefusedError
        return socket.create_connection(("127.0.0.1", self.port), timeout_seconds)
