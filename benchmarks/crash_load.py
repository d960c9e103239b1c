"""People who keep asking for try-ons while the server is killed under them, and who remember what they were told."""

from __future__ import annotations

import io
import json
import random
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from typing import Any

import requests
from PIL import Image, ImageDraw
from urllib3.exceptions import NewConnectionError

ENDED = ("done", "failed", "cancelled")
MOST_OPEN = 3  # jobs of one person that have not ended; then they look instead of asking for more
FULL = (429, 503)
Files = dict[str, tuple[str, bytes]]


@dataclass
class Told:
    """What one person knows. `accepted`: the look of each job that was answered with 202; `seen`: the numbers of the
    events that came in their stream; `lost`: requests without a key whose answer never came; `wrong`: what must not be.
    """

    email: str
    accepted: dict[str, str] = field(default_factory=dict)
    ended: dict[str, str] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    seen: dict[str, list[int]] = field(default_factory=dict)
    repeated: int = 0
    lost: int = 0
    refused: int = 0
    batches: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def open(self) -> list[str]:
        return [job_id for job_id in list(self.accepted) if job_id not in self.ended and job_id not in self.deleted]

    @property
    def kept(self) -> list[str]:
        """Jobs that have ended and were not deleted."""
        return [job_id for job_id in self.ended if job_id not in self.deleted]


@lru_cache(maxsize=64)
def pictures(look: str) -> tuple[bytes, bytes]:
    """A person and a garment, the same bytes for the same look."""
    rng = random.Random(look)
    colour = [rng.randrange(40, 216) for _ in range(6)]
    return _drawn(tuple(colour[:3])), _drawn(tuple(colour[3:]))


def _drawn(colour: tuple[int, ...]) -> bytes:
    image = Image.new("RGB", (480, 640), "#dddddd")
    ImageDraw.Draw(image).rectangle((140, 120, 340, 600), fill=colour)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG")
    return buffer.getvalue()


class NoAnswer(Enum):
    AWAY = "nobody listened, so nothing was asked"
    LOST = "it was asked, and may have been done"


class Line:
    """Requests to a server that may be away, or die before it answers."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self.stopping = threading.Event()
        self._head = {"Authorization": f"Bearer {token}"}

    def once(
        self, method: str, path: str, headers: dict[str, str] | None = None, **rest: Any
    ) -> requests.Response | NoAnswer:
        head = {**self._head, **(headers or {})}
        try:
            return requests.request(method, self.url + path, headers=head, timeout=30, **rest)
        except requests.ConnectionError as error:
            reason = getattr(error.args[0] if error.args else None, "reason", None)
            return NoAnswer.AWAY if isinstance(reason, NewConnectionError) else NoAnswer.LOST
        except requests.RequestException:
            return NoAnswer.LOST

    def insist(self, method: str, path: str, **rest: Any) -> tuple[requests.Response, int]:
        """The answer, and how often it was lost before. Raises TimeoutError when the server never comes back."""
        lost, end = 0, time.monotonic() + 120
        while time.monotonic() < end:
            answer = self.once(method, path, **rest)
            if isinstance(answer, requests.Response):
                return answer, lost
            lost += answer is NoAnswer.LOST
            time.sleep(0.05)
        raise TimeoutError("the server never came back")


class Shopper(threading.Thread):
    """One person. `offers`: paths of the server's OpenAPI document."""

    def __init__(self, line: Line, told: Told, offers: Sequence[str], seed: str) -> None:
        super().__init__(name=told.email, daemon=True)
        self.told = told
        self._line = line
        self._rng = random.Random(seed)
        self._looks = 0
        self._acts = {self._new: 5.0, self._again: 3.0, self._look: 4.0, self._cancel: 1.0, self._delete: 0.5}
        if "/api/tryon/batch" in offers:
            self._acts[self._batch] = 1.0

    def run(self) -> None:
        while not self._line.stopping.is_set():
            crowded = len(self.told.open) >= MOST_OPEN
            act = self._look if crowded else self._rng.choices(list(self._acts), list(self._acts.values()))[0]
            act()
            self._line.stopping.wait(self._rng.uniform(0.02, 0.4))

    # --- asking ----------------------------------------------------------------------------------------------------

    def _new(self) -> None:
        self._looks += 1
        self._submit(f"{self.name}-{self._looks}", with_key=self._rng.random() < 0.8)

    def _again(self) -> None:
        """One of a few looks that many of the person's jobs share; they change now and then."""
        look = f"{self.name}-again-{self._looks // 20}-{self._rng.randrange(3)}"
        self._submit(look, with_key=True, force_refresh=self._rng.random() < 0.1)

    def _submit(self, look: str, *, with_key: bool, force_refresh: bool = False) -> None:
        person, garment = pictures(look)
        files: Files = {"selfie": ("me.jpg", person), "garment_image": ("garment.jpg", garment)}
        options: dict[str, Any] = {"garment_details": {"brand": look}}
        if force_refresh:
            options["force_refresh"] = True
        answer = self._post("/api/tryon", files, {"options": json.dumps(options)}, with_key)
        if answer is not None:
            self._accept(answer["data"]["job_id"], look)

    def _batch(self) -> None:
        """Several garments for one person; two of them may be equal."""
        self._looks += 1
        looks = [f"{self.name}-batch-{self._looks}-{self._rng.randrange(3)}" for _ in range(self._rng.randint(2, 4))]
        files: Files = {"selfie": ("me.jpg", pictures(looks[0].rpartition("-")[0])[0])}
        items = []
        for number, look in enumerate(looks):
            files[f"part{number}"] = ("garment.jpg", pictures(look)[1])
            items.append({"image": f"part{number}", "options": {"garment_details": {"brand": look}}})
        answer = self._post("/api/tryon/batch", files, {"items": json.dumps(items)}, with_key=True)
        if answer is None:
            return
        jobs = [job["job_id"] for job in answer["data"]["jobs"]]
        if len(jobs) != len(looks):
            self.told.wrong.append(f"a batch of {len(looks)} became {len(jobs)} jobs")
        self.told.batches += 1
        for job_id, look in zip(jobs, looks, strict=False):
            self._accept(job_id, look)

    def _post(self, path: str, files: Files, data: dict[str, str], with_key: bool) -> dict[str, Any] | None:
        """The accepted answer; None when it was refused for now, or lost without a key to ask again with."""
        if with_key:
            head = {"Idempotency-Key": uuid.UUID(int=self._rng.getrandbits(128)).hex}
            answer, lost = self._line.insist("POST", path, headers=head, files=files, data=data)
            self.told.repeated += lost > 0
            return self._accepted(answer)
        only = self._line.once("POST", path, files=files, data=data)
        self.told.lost += only is NoAnswer.LOST
        return self._accepted(only) if isinstance(only, requests.Response) else None

    def _accepted(self, answer: requests.Response) -> dict[str, Any] | None:
        if answer.status_code == 202:
            body: dict[str, Any] = answer.json()
            return body
        self.told.refused += 1
        if answer.status_code not in FULL:
            self.told.wrong.append(f"a try-on was answered with {answer.status_code}: {answer.text[:200]}")
        return None

    def _accept(self, job_id: str, look: str) -> None:
        if job_id in self.told.accepted:
            self.told.wrong.append(f"job {job_id} was given out twice")
        self.told.accepted[job_id] = look

    # --- looking, cancelling, deleting -----------------------------------------------------------------------------

    def _look(self) -> None:
        known = self.told.open or self.told.kept
        if not known:
            return
        job_id = self._rng.choice(known)
        answer = self._line.once("GET", f"/api/job/{job_id}", params={"wait": self._rng.choice(("0", "1"))})
        if isinstance(answer, requests.Response):
            note(self.told, job_id, answer)

    def _cancel(self) -> None:
        if self.told.open:
            self._remove(self._rng.choice(self.told.open))

    def _delete(self) -> None:
        if self.told.kept:
            self._remove(self._rng.choice(self.told.kept))

    def _remove(self, job_id: str) -> None:
        """Repeated until it is answered: by then it may have been cancelled before, or deleted."""
        answer, lost = self._line.insist("DELETE", f"/api/job/{job_id}")
        if answer.status_code == 200 and answer.json()["data"]["outcome"] in ("cancelled", "cancelling"):
            return
        if answer.status_code == 200 or (answer.status_code == 404 and lost):
            self.told.deleted.add(job_id)
        else:
            self.told.wrong.append(f"DELETE of job {job_id} was answered with {answer.status_code}")


def note(told: Told, job_id: str, answer: requests.Response) -> None:
    """An ended job stays as it ended; one that was accepted and not deleted is there."""
    if answer.status_code != 200:
        told.wrong.append(f"job {job_id} was answered with {answer.status_code}")
        return
    status = str(answer.json()["data"]["status"])
    if told.ended.get(job_id, status) != status:
        told.wrong.append(f"job {job_id} ended as {told.ended[job_id]} and then was {status}")
    if status in ENDED:
        told.ended[job_id] = status


class Follower(threading.Thread):
    """Reads the event stream of one job after the other, and goes on where it was cut off, until the job has ended."""

    def __init__(self, line: Line, told: Told) -> None:
        super().__init__(name=f"{told.email}-events", daemon=True)
        self._line = line
        self._told = told

    def run(self) -> None:
        while not self._line.stopping.is_set():
            latest = next((job_id for job_id in reversed(self._told.open) if job_id not in self._told.seen), None)
            if latest is None:
                self._line.stopping.wait(0.1)
            else:
                self._follow(latest, self._told.seen.setdefault(latest, []))

    def _follow(self, job_id: str, seen: list[int]) -> None:
        over, end = False, time.monotonic() + 300
        while not over and time.monotonic() < end:
            head = {"Last-Event-ID": str(seen[-1])} if seen else {}
            answer = self._line.once("GET", f"/api/job/{job_id}/events", headers=head, stream=True)
            if isinstance(answer, requests.Response):
                over = answer.status_code in (204, 404) or self._read(answer, seen)
            time.sleep(0.05)

    def _read(self, answer: requests.Response, seen: list[int]) -> bool:
        """True once the job has ended."""
        try:
            for event in _events(answer):
                seen.append(int(event["event_id"]))
                if event["status"] in ENDED:
                    return True
        except (requests.RequestException, ValueError):
            pass
        finally:
            answer.close()
        return False


def _events(answer: requests.Response) -> Iterator[dict[str, Any]]:
    """Whole events only: one is over at its empty line. A kill may cut one off in the middle."""
    data = ""
    for line in answer.iter_lines(chunk_size=1, decode_unicode=True):
        if line.startswith("data:"):
            data = line[5:]
        elif not line and data:
            yield json.loads(data)
            data = ""
