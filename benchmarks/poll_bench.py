"""P5 and P6: a status poll against a Flask view that says hello: CPU time of the thread, and requests/s of a server.

The poll is the product's own: bearer token with revocation, request id, access log (to a file, and to a console that is
thrown away here), one running job of the user. Two kinds are measured: an app's, without an Origin, and a page's, which
has one and gets CORS headers. Both pass Flask by. Hello is a bare Flask app: no token, log or database.

    python -m benchmarks.poll_bench [--profile app|page]
"""

from __future__ import annotations

import argparse
import cProfile
import io
import os
import pstats
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import Flask

from app import create_app
from benchmarks.common import in_turns, print_machine
from benchmarks.goals import AT_LEAST, Row
from benchmarks.load import Pictures, try_on_server
from benchmarks.servers import python_server
from benchmarks.sockets import answers_per_second
from benchmarks.upload import small_photo
from config import Config
from shared.engines.fake import FakeEngine
from shared.logger import set_up_logging
from shared.serving import serve

ORIGIN = "http://localhost:3000"
CALLS = 300  # of one contender in a round
SECONDS = 2.0  # of one contender in a round, over HTTP
CONNECTIONS = 8
LONG_SECONDS = 140.0  # of the provider: longer than all rounds
ACCOUNT = {"email": "ada@example.com", "password": "correct horse battery", "confirm_password": "correct horse battery",
           "first_name": "Ada", "last_name": "L"}  # fmt: skip


def rows(rounds: int) -> list[Row]:
    return [*cpu_rows(rounds), rate_row(rounds)]


# --- P5: in-process ---


def cpu_rows(rounds: int) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder, polled_app(Path(folder)) as (app, path, headers):
        calls = {
            "hello": wsgi_call(hello_app(), "/hello", {}),
            "app": wsgi_call(app, path, headers),
            "page": wsgi_call(app, path, {**headers, "Origin": ORIGIN}),
        }
        measured = in_turns({name: lambda c=call: cpu_us(c) for name, call in calls.items()}, rounds, warm_up=2)
    what, hello = "status poll, CPU against Flask hello", measured["hello"]
    return [
        Row("P5", f"{what}, of an app", "us", measured["app"], "hello", hello, goal=2.7, stretch=1.8),
        Row("P5", f"{what}, of a page (CORS)", "us", measured["page"], "hello", hello, goal=2.7, stretch=1.8),
    ]


def cpu_us(call: Callable[[], object], calls: int = CALLS) -> float:
    """CPU microseconds of this thread for one call."""
    began = time.thread_time()
    for _ in range(calls):
        call()
    return (time.thread_time() - began) * 1e6 / calls


def hello_app() -> Flask:
    app = Flask("hello")
    app.add_url_rule("/hello", view_func=lambda: "hello")
    return app


@contextmanager
def polled_app(folder: Path) -> Iterator[tuple[Flask, str, dict[str, str]]]:
    """The product with one running job: the app, the job's path, and what its owner sends."""
    hold = threading.Event()
    config = Config(
        flask_env="testing",
        secret_key="s" * 40,
        jwt_secret_key="j" * 40,
        database_path=folder / "data.db",
        images_dir=folder / "images",
        cors_origins=(ORIGIN,),
        tryon_workers=2,
    )
    app = create_app(config, engines=[FakeEngine(hold=hold)])
    with _logging_to(folder / "logs"):
        try:
            client = app.test_client()
            token = client.post("/api/create-account", json=ACCOUNT).get_json()["data"]["token"]
            headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
            yield app, _path_of_running_job(app, headers), headers
        finally:
            hold.set()
            app.extensions["drain"]()
            app.extensions["close"]()


@contextmanager
def _logging_to(folder: Path) -> Iterator[None]:
    """As the server sets it up; the console goes to /dev/null."""
    console = sys.stderr
    with Path(os.devnull).open("w") as nothing:
        sys.stderr = nothing
        try:
            set_up_logging("INFO", folder, retention_days=1, secrets=("s" * 40, "j" * 40))
            yield
        finally:
            set_up_logging("WARNING", None, retention_days=1, secrets=())
            sys.stderr = console


def _path_of_running_job(app: Flask, headers: Mapping[str, str]) -> str:
    client = app.test_client()
    pictures = {name: (io.BytesIO(small_photo()), "p.jpg") for name in ("selfie", "garment_image")}
    path = "/api/job/" + client.post("/api/tryon", data=pictures, headers=headers).get_json()["data"]["job_id"]
    while client.get(path, headers=headers).get_json()["data"]["status"] != "processing":
        time.sleep(0.01)
    return path


def wsgi_call(app: Flask, path: str, headers: Mapping[str, str]) -> Callable[[], bytes]:
    """One GET, without sockets and without the costs of a test client."""
    environ = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "127.0.0.1:8000",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        **{"HTTP_" + name.upper().replace("-", "_"): value for name, value in headers.items()},
    }

    def call() -> bytes:
        statuses: list[str] = []
        request = {**environ, "wsgi.input": io.BytesIO()}
        answer = app(request, lambda status, _headers, _error=None: statuses.append(status))  # type: ignore[arg-type]
        body = b"".join(answer)
        if hasattr(answer, "close"):
            answer.close()
        if not statuses[0].startswith("200"):
            raise RuntimeError(f"{path} answered {statuses[0]}: {body!r}")
        return body

    return call


# --- P6: through the server ---


def rate_row(rounds: int) -> Row:
    """Both behind the same server with the same threads, the polled job running; clients in a process of their own."""
    pictures = Pictures(small_photo(), small_photo())
    with (
        python_server("benchmarks.poll_bench", "--serve-hello") as hello,
        try_on_server(LONG_SECONDS, LOG_LEVEL="INFO") as (server, person),
    ):
        path = f"/api/job/{person.submit(pictures).job_id}"
        measured = in_turns(
            {
                "hello": lambda: answers_per_second(hello, "/hello", "", CONNECTIONS, SECONDS),
                "poll": lambda: answers_per_second(server.port, path, person.token, CONNECTIONS, SECONDS),
            },
            rounds,
        )
    return Row("P6", "status polls per second against Flask hello", "/s", measured["poll"], "hello", measured["hello"],
               goal=0.55, sense=AT_LEAST)  # fmt: skip


@dataclass(frozen=True)
class HelloOptions:
    port: int
    host: str = "127.0.0.1"
    server_threads: int = 64
    shutdown_grace_seconds: int = 0
    flask_debug: bool = False


def serve_hello(port: int) -> None:
    def make() -> Flask:
        app = hello_app()
        app.extensions.update(drain=lambda: None, close=lambda: None)
        return app

    serve(make, HelloOptions(port))


def profile(as_page: bool) -> None:
    """Where a poll's time goes, by function."""
    with tempfile.TemporaryDirectory() as folder, polled_app(Path(folder)) as (app, path, headers):
        call = wsgi_call(app, path, {**headers, "Origin": ORIGIN} if as_page else headers)
        cpu_us(call)
        profiler = cProfile.Profile()
        profiler.enable()
        cpu_us(call, 2000)
        profiler.disable()
    pstats.Stats(profiler).sort_stats("tottime").print_stats(45)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--profile", choices=("app", "page"))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--serve-hello", type=int, help=argparse.SUPPRESS)  # the port
    options = parser.parse_args()
    if options.serve_hello:
        serve_hello(options.serve_hello)
    elif options.profile:
        profile(options.profile == "page")
    else:
        print_machine()
        for row in rows(options.rounds):
            print(row.line())


if __name__ == "__main__":
    main()
