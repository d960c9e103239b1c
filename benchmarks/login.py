"""Fifty people sign in at once: does everybody else still get an answer? /health under the burst against /health idle.

    python benchmarks/login.py [--rounds 5] [--logins 50]

Idle and burst take turns on the same server; the figure to quote is the ratio of the 95th percentiles. The logins come
from a process of their own, so that this one only measures.
"""

from __future__ import annotations

import argparse
import http.client
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from werkzeug.security import check_password_hash, generate_password_hash

from benchmarks.common import in_turns, print_machine
from benchmarks.goals import Row
from benchmarks.servers import Client, ServerProcess
from shared.passwords import PasswordHasher

GOAL = 5.0
EMAIL, PASSWORD = "ada@example.com", "correct horse battery"
PAUSE_SECONDS = 0.005
IDLE_SECONDS = 2.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--logins", type=int, default=50)
    parser.add_argument("--burst", type=int, help=argparse.SUPPRESS)  # the port; this is the process of the logins
    options = parser.parse_args()
    if options.burst:
        return burst(options.burst, options.logins)
    with tempfile.TemporaryDirectory() as folder, ServerProcess(Path(folder)) as server:
        Client(server.url, EMAIL)
        return measure(server, options.rounds, options.logins)


def measure(server: ServerProcess, rounds: int, logins: int) -> int:
    idle: list[float] = []
    busy: list[float] = []
    rates: list[float] = []
    for _ in range(rounds):
        end = time.monotonic() + IDLE_SECONDS
        idle += polled(server.port, lambda end=end: time.monotonic() > end)
        process = start_burst(server.port, logins)
        busy += polled(server.port, lambda process=process: process.poll() is not None)
        rates.append(logins / float(process.communicate()[0]))
        if process.returncode:
            raise RuntimeError("a login failed")
    report(idle, busy, rates, logins)
    return 0 if p95(busy) <= GOAL * p95(idle) else 1


def rows(rounds: int) -> list[Row]:
    """P13."""
    hasher, password = PasswordHasher(), "correct horse battery staple"
    ours, theirs = hasher.hash(password), generate_password_hash(password, "scrypt")
    found = in_turns(
        {
            "argon2id": lambda: _milliseconds(lambda: hasher.verify(ours, password)),
            "scrypt": lambda: _milliseconds(lambda: check_password_hash(theirs, password)),
        },
        rounds,
    )
    return [Row("P13", "a password is verified", "ms", found["argon2id"], "werkzeug scrypt", found["scrypt"], goal=0.5)]


def _milliseconds(work: Callable[[], bool]) -> float:
    began = time.perf_counter()
    if not work():
        raise RuntimeError("the password was not verified")
    return (time.perf_counter() - began) * 1000


def start_burst(port: int, logins: int) -> subprocess.Popen[str]:
    """Returns when its threads are there and connected, and about to sign in."""
    command = [sys.executable, str(Path(__file__).resolve()), "--burst", str(port), "--logins", str(logins)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None and process.stdout is not None
    process.stdout.readline()
    process.stdin.write("go\n")
    process.stdin.flush()
    return process


def burst(port: int, logins: int) -> int:
    """Prints "ready", waits for a line, signs in, prints the seconds that all took together."""
    start, codes = threading.Event(), []
    body = json.dumps({"email": EMAIL, "password": PASSWORD})

    def login() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.connect()
        start.wait()
        connection.request("POST", "/api/login", body, {"Content-Type": "application/json"})
        codes.append(connection.getresponse().status)

    threads = [threading.Thread(target=login) for _ in range(logins)]
    for thread in threads:
        thread.start()
    print("ready", flush=True)
    sys.stdin.readline()
    began = time.perf_counter()
    start.set()
    for thread in threads:
        thread.join()
    print(time.perf_counter() - began)
    return 0 if codes == [200] * logins else 1


def polled(port: int, done: Callable[[], bool]) -> list[float]:
    """Milliseconds of each /health until it is done, over one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    found = []
    while not done():
        began = time.perf_counter()
        connection.request("GET", "/health")
        answer = connection.getresponse()
        answer.read()
        found.append((time.perf_counter() - began) * 1000)
        time.sleep(PAUSE_SECONDS)
    connection.close()
    return found


def p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


def report(idle: list[float], busy: list[float], rates: list[float], logins: int) -> None:
    print_machine()
    print(f"{'/health, ms':22}{'calls':>8}{'median':>10}{'p95':>10}{'largest':>10}")
    for name, values in (("idle", idle), (f"{logins} logins at once", busy)):
        print(f"{name:22}{len(values):>8}{statistics.median(values):>10.2f}{p95(values):>10.2f}{max(values):>10.2f}")
    print(f"logins per second: {statistics.median(rates):.0f} ({min(rates):.0f} to {max(rates):.0f})")
    print(f"p95 under the burst / p95 idle: {p95(busy) / p95(idle):.1f} (goal: at most {GOAL:g})")


if __name__ == "__main__":
    raise SystemExit(main())
