"""One complete try-on over HTTP, as any client would do it: `python3 scripts/demo.py http://127.0.0.1:8000`.

Standard library only. `scripts/run.py --demo` starts a server for it.
"""

from __future__ import annotations

import argparse
import http.client
import json
import secrets
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PERSON = ROOT / "samples" / "person" / "woman_light.jpg"
GARMENT = ROOT / "samples" / "garment" / "dress.jpg"
GARMENT_TYPE = "dress"
POLL_SECONDS = 0.2
LONGEST_SECONDS = 360
ENDED = {"done", "failed", "cancelled"}


class DemoError(Exception):
    """One sentence: what the server did not do."""


@dataclass(frozen=True)
class DemoResult:
    picture: Path
    token: str
    job: Mapping[str, Any]


def try_on(base_url: str, target: Path, report: Callable[[Mapping[str, Any]], None]) -> DemoResult:
    """Sign up, start a job, follow it (`report` gets every answer), and save its picture as `target`.

    The file's ending follows the picture's kind. Raises DemoError.
    """
    token = _sign_up(base_url)
    job = _data(_call(f"{base_url}/api/tryon", token, *_form()))
    deadline = time.monotonic() + LONGEST_SECONDS
    while job["status"] not in ENDED:
        if time.monotonic() > deadline:
            raise DemoError(f"The job did not end within {LONGEST_SECONDS} seconds.")
        time.sleep(POLL_SECONDS)
        job = _data(_call(f"{base_url}/api/job/{job['job_id']}", token))
        report(job)
    if job["status"] != "done":
        raise DemoError(f"The job ended as {job['status']}: {(job.get('error') or {}).get('message')}")
    return DemoResult(_download(job["result_url"], target), token, job)


def _sign_up(base_url: str) -> str:
    password = secrets.token_urlsafe(16)
    person = {
        "email": f"demo-{secrets.token_hex(4)}@example.com",
        "password": password,
        "confirm_password": password,
        "first_name": "Demo",
        "last_name": "Person",
    }
    answer = _call(f"{base_url}/api/create-account", None, json.dumps(person).encode(), "application/json")
    return str(_data(answer)["token"])


def _form() -> tuple[bytes, str]:
    """The body of the try-on and its content type."""
    boundary = secrets.token_hex(16)
    body = _part(boundary, 'name="garment_type"', GARMENT_TYPE.encode())
    for name, picture in (("person_image", PERSON), ("garment_image", GARMENT)):
        body += _part(boundary, f'name="{name}"; filename="{picture.name}"', picture.read_bytes(), "image/jpeg")
    return body + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


def _part(boundary: str, disposition: str, content: bytes, content_type: str = "text/plain") -> bytes:
    head = f"--{boundary}\r\nContent-Disposition: form-data; {disposition}\r\nContent-Type: {content_type}\r\n\r\n"
    return head.encode() + content + b"\r\n"


def _call(url: str, token: str | None, body: bytes | None = None, content_type: str = "") -> bytes:
    headers = {"Content-Type": content_type} if body else {}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    return _fetch(urllib.request.Request(url, data=body, headers=headers))[0]  # noqa: S310  the person's own server


def _fetch(request: urllib.request.Request) -> tuple[bytes, str]:
    """The answer's body and content type. No proxy: the server is a neighbour."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=60) as answer:
            return answer.read(), str(answer.headers.get_content_type())
    except urllib.error.HTTPError as error:
        raise DemoError(
            f"{request.full_url} answered {error.code}: {error.read()[:500].decode(errors='replace')}"
        ) from error
    except (OSError, http.client.HTTPException) as error:
        raise DemoError(f"{request.full_url} did not answer: {error}") from error


def _data(body: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(body)["data"]
    return found


def _download(url: str, target: Path) -> Path:
    picture, kind = _fetch(urllib.request.Request(url))  # noqa: S310  the server's own link
    target = target.with_suffix({"image/png": ".png", "image/webp": ".webp"}.get(kind, ".jpg"))
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(picture)
    return target


class Progress:
    """Shows a job's stage, percent and time: on a terminal the line runs on, in a log there is one for each change."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._shown = ""

    def __call__(self, job: Mapping[str, Any]) -> None:
        stage = (job["stage"] if job["status"] == "processing" else None) or job["status"]
        text = f"  {stage.replace('_', ' '):<20} {job['progress'] or 0:>4} %"
        timed = f"{text}  {time.monotonic() - self._started:5.1f} s"
        if not sys.stdout.isatty():
            if text != self._shown:
                print(timed, flush=True)
        else:
            before = "\n" if self._shown not in ("", text) else "\r"
            print(before + timed, end="\n" if job["status"] in ENDED else "", flush=True)
        self._shown = text


def tell(base_url: str, result: DemoResult, *, server_stays: bool = True) -> None:
    """Print where the picture lies and, when there is still a server to ask, what to try next."""
    print(f"\nThe picture (by the {result.job.get('engine')} engine): {_short(result.picture)}", flush=True)
    if not server_stays:
        return
    print("\nTry your own photo; the token lasts a day:\n")
    print(f"  TOKEN={result.token}")
    print(f'  curl -s {base_url}/api/tryon -H "Authorization: Bearer $TOKEN" \\')
    print(f"    -F person_image=@your-photo.jpg -F garment_image=@{_short(GARMENT)} -F garment_type={GARMENT_TYPE}")
    print(f'  curl -s {base_url}/api/job/{result.job["job_id"]} -H "Authorization: Bearer $TOKEN"\n', flush=True)


def _short(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="One try-on on a running server, with the sample pictures.")
    parser.add_argument("base_url", nargs="?", default="http://127.0.0.1:8000")
    parser.add_argument("--to", type=Path, default=ROOT / "demo" / "try-on.jpg", help="where the picture is saved")
    options = parser.parse_args(arguments)
    base_url = options.base_url.rstrip("/")
    try:
        tell(base_url, try_on(base_url, options.to, Progress()))
    except DemoError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
