"""How many answers a second does a server give over kept connections? Run in a process of its own, on bare sockets, so
that the asking costs little beside the answering.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time

from benchmarks.common import ROOT


def answers_per_second(port: int, path: str, authorization: str, connections: int, seconds: float) -> float:
    command = [
        sys.executable,
        "-m",
        "benchmarks.sockets",
        str(port),
        path,
        authorization,
        str(connections),
        str(seconds),
    ]
    return float(subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout)


def count_answers(port: int, request: bytes, until: float) -> int:
    """Over one connection; raises when an answer is not a 200."""
    answered = 0
    with socket.create_connection(("127.0.0.1", port), 30) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while time.monotonic() < until:
            connection.sendall(request)
            _read_answer(connection)
            answered += 1
    return answered


def _read_answer(connection: socket.socket) -> None:
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += _received(connection)
    head, _, body = answer.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(head.decode("latin-1"))
    length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    missing = length - len(body)
    while missing > 0:
        missing -= len(_received(connection))


def _received(connection: socket.socket) -> bytes:
    data = connection.recv(65536)
    if not data:
        raise ConnectionError("the server closed the connection")
    return data


def main(port: str, path: str, authorization: str, connections: str, seconds: str) -> None:
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1"] + ([f"Authorization: {authorization}"] if authorization else [])
    request = "\r\n".join([*lines, "", ""]).encode()
    until, counts = time.monotonic() + float(seconds), []
    threads = [
        threading.Thread(target=lambda: counts.append(count_answers(int(port), request, until)))
        for _ in range(int(connections))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(counts) != len(threads):
        raise SystemExit("a connection failed")
    print(sum(counts) / float(seconds))


if __name__ == "__main__":
    main(*sys.argv[1:])
