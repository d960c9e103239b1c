"""What is left after the kills: rows, events, files and ledger, held against what clients and provider remember."""

from __future__ import annotations

import hashlib
import os
import re
import sqlite3
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from PIL import Image

from app import create_app
from benchmarks.crash_load import ENDED, Told
from config import Config
from shared.engines.fake_gemini import CUT_OFF, RecordedCall
from shared.engines.fake_gemini_answers import THINKING_TOKENS
from shared.engines.models import MODELS

_BRAND = re.compile(r'brand "([^"]+)"')
_AGE_SECONDS = 2 * 60 * 60.0  # older than anything that may still be waiting for its row
Row = sqlite3.Row


@dataclass(frozen=True, slots=True)
class SeenCall:
    """A call as the provider saw it. `look`: whose garment it was about. `usage`: None when it answered none."""

    number: int
    model: str
    look: str
    did: str
    at: float
    usage: Mapping[str, Any] | None


class CallLog:
    """What the protocol fake received, whole requests and cut off ones. Thread-safe."""

    def __init__(self) -> None:
        self.calls: list[SeenCall] = []
        self.cut_off = 0
        self.refused: list[str] = []
        self._look_by_picture: dict[str, str | None] = {}
        self._lock = threading.Lock()

    def __call__(self, call: RecordedCall) -> None:
        with self._lock:
            if call.fault == CUT_OFF:
                self.cut_off += 1
            elif call.fault:
                self.refused.append(call.fault)
            else:
                look = self._look(call.body)
                self.calls.append(SeenCall(call.number, call.model, look, call.did, call.at, call.usage))

    def _look(self, body: Any) -> str:
        """The brand in the prompt. A short prompt has none: then a picture tells, if only one look has shown it."""
        parts = [part for content in body["contents"] for part in content["parts"]]
        found = _BRAND.search("\n".join(part["text"] for part in parts if "text" in part))
        sent = [
            hashlib.sha256(part["inlineData"]["data"].encode()).hexdigest() for part in parts if "inlineData" in part
        ]
        if found is None:
            return next((look for picture in sent if (look := self._look_by_picture.get(picture))), "")
        for picture in sent:
            known = self._look_by_picture.setdefault(picture, found[1])
            self._look_by_picture[picture] = known if known == found[1] else None
        return found[1]


@dataclass(frozen=True, slots=True)
class Check:
    """`most`: how many are allowed; `about`: the first few, in words."""

    name: str
    found: int
    most: int = 0
    about: str = ""

    @property
    def passed(self) -> bool:
        return self.found <= self.most

    def __str__(self) -> str:
        line = f"{self.name:66} {self.found:6d} {self.most:8d}  {'ok' if self.passed else 'MISSED'}"
        return line if self.passed or not self.about else f"{line}\n    {self.about}"


def check(name: str, items: Iterable[object], most: int = 0) -> Check:
    found = list(items)
    return Check(name, len(found), most, "; ".join(str(item) for item in found[:5]))


def query(folder: Path, sql: str) -> list[Row]:
    with closing(sqlite3.connect(folder / "data.db", timeout=30)) as db:
        db.row_factory = Row
        return db.execute(sql).fetchall()


def open_calls(folder: Path) -> set[str]:
    """Ledger rows of calls that were under way; asked while no server runs."""
    return {row["call_id"] for row in query(folder, "SELECT call_id FROM provider_calls WHERE outcome = 'started'")}


class Audit:
    """`in_flight`: ids of the ledger rows that were open at a kill. `cap`: paid calls that a job may make."""

    def __init__(self, folder: Path, told: Sequence[Told], log: CallLog, in_flight: set[str], cap: int) -> None:
        self._folder = folder
        self._told = told
        self._log = log
        self._in_flight = in_flight
        self._cap = cap
        self.jobs = {row["job_id"]: row for row in query(folder, "SELECT * FROM tryon_jobs")}
        self.rows = query(folder, "SELECT * FROM provider_calls")
        self.accepted = {job_id: look for person in told for job_id, look in person.accepted.items()}
        self.deleted = {job_id for person in told for job_id in person.deleted}

    def checks(self) -> list[Check]:
        return [*self._job_checks(), *self._event_checks(), *self._call_checks(), *self._file_checks()]

    # --- jobs ------------------------------------------------------------------------------------------------------

    def _job_checks(self) -> list[Check]:
        there = set(self.jobs)
        lost = sum(person.lost for person in self._told)
        not_ended = [job_id for job_id, row in self.jobs.items() if row["status"] not in ENDED]
        changed = [
            job_id
            for person in self._told
            for job_id, status in person.ended.items()
            if job_id in there and self.jobs[job_id]["status"] != status
        ]
        return [
            check("accepted jobs that are not there", set(self.accepted) - self.deleted - there),
            check("deleted jobs that are there", self.deleted & there),
            check(
                "jobs that nobody was told of (allowed: answers lost without a key)", there - set(self.accepted), lost
            ),
            check("jobs that did not end", not_ended),
            check("jobs that ended otherwise than was told", changed),
            check("answers that must not be", [words for person in self._told for words in person.wrong]),
        ]

    def _event_checks(self) -> list[Check]:
        events: dict[str, list[Row]] = defaultdict(list)
        for row in query(self._folder, "SELECT * FROM job_events ORDER BY job_id, event_id"):
            events[row["job_id"]].append(row)
        ends = {job_id: [row["status"] for row in rows if row["status"] in ENDED] for job_id, rows in events.items()}
        numbers = {job_id: [row["event_id"] for row in rows] for job_id, rows in events.items()}
        streamed = [(job_id, seen) for person in self._told for job_id, seen in person.seen.items() if job_id in events]
        return [
            check("jobs without exactly one end", [job_id for job_id in self.jobs if len(ends.get(job_id, ())) != 1]),
            check(
                "jobs whose last event is not their state",
                [job_id for job_id, row in self.jobs.items() if (ends.get(job_id) or [""])[-1] != row["status"]],
            ),
            check(
                "jobs with a gap in their events",
                [job_id for job_id, found in numbers.items() if found != list(range(1, len(found) + 1))],
            ),
            check(
                "event streams that told another story than the rows",
                [(job_id, seen) for job_id, seen in streamed if seen != numbers[job_id]],
            ),
        ]

    # --- calls -----------------------------------------------------------------------------------------------------

    def _call_checks(self) -> list[Check]:
        by_number = {call.number: call for call in self._log.calls}
        settled = [row for row in self.rows if row["thinking_tokens"] is not None]
        used = Counter(row["thinking_tokens"] - THINKING_TOKENS for row in settled)
        wrong = [
            row["call_id"]
            for row in settled
            if not self._equal(row, by_number.get(row["thinking_tokens"] - THINKING_TOKENS))
        ]
        calls = Counter(call.look for call in self._log.calls if call.number not in used)
        rows = Counter(self._look(row["job_id"]) for row in self.rows if row["thinking_tokens"] is None)
        cut_short = [row for row in self.rows if row["call_id"] in self._in_flight]
        without_row = list((calls - rows).elements()) + [number for number, times in used.items() if times > 1]
        return [
            check("calls without exactly one ledger row", without_row),
            check(
                "ledger rows without a call (allowed: in flight at kills)", (rows - calls).elements(), len(cut_short)
            ),
            check("settled rows that differ from the provider's figures", wrong),
            check(
                "ledger rows that are still open", [row["call_id"] for row in self.rows if row["outcome"] == "started"]
            ),
            check("requests that the provider refused", self._log.refused),
            check("jobs with more calls than their cap", self._greedy()),
            check("jobs that paid again after a good answer", self._paid_again()),
        ]

    def _equal(self, row: Row, call: SeenCall | None) -> bool:
        if call is None or call.usage is None or (call.look, call.model) != (self._look(row["job_id"]), row["model"]):
            return False
        image = sum(item["tokenCount"] for item in call.usage["candidatesTokensDetails"])
        output, thinking = call.usage["candidatesTokenCount"], call.usage["thoughtsTokenCount"]
        prices = MODELS[call.model].prices
        assert prices is not None
        words = (output - image + thinking) * prices.text_output
        dollars = (call.usage["promptTokenCount"] * prices.input + words + image * prices.image_output) / 1e6
        figures = (row["input_tokens"], row["output_tokens"], row["thinking_tokens"])
        return figures == (call.usage["promptTokenCount"], output, thinking) and abs(row["cost_usd"] - dollars) < 1e-6

    def _look(self, job_id: str) -> str:
        if job_id in self.accepted:
            return self.accepted[job_id]
        row = self.jobs.get(job_id)
        return str(orjson.loads(row["request"])["garments"][0]["details"].get("brand")) if row else "?"

    def _greedy(self) -> list[str]:
        return [job_id for job_id, calls in Counter(row["job_id"] for row in self.rows).items() if calls > self._cap]

    def _paid_again(self) -> list[str]:
        """An answer that reached us is kept, however soon a kill follows. Each of these jobs needs one picture."""
        calls = Counter(row["job_id"] for row in self.rows if row["outcome"] == "ok")
        return [job_id for job_id, times in calls.items() if times > 1]

    # --- files -----------------------------------------------------------------------------------------------------

    def _file_checks(self) -> list[Check]:
        images = self._folder / "images"
        results = {path.relative_to(images).as_posix(): path for path in (images / "tryon-results").rglob("*.*")}
        inputs = [path for path in (images / "tryon-inputs").rglob("*.*") if path.parent.name not in self.jobs]
        kept = {row["result_image_path"] for row in self.jobs.values() if row["result_image_path"]}
        done = [job_id for job_id, row in self.jobs.items() if row["status"] == "done" and not row["result_image_path"]]
        return [
            check("done jobs without their picture", [*(kept - set(results)), *done]),
            check("pictures of no job, after the sweep", [*(set(results) - kept), *inputs]),
            check("pictures that cannot be opened", [key for key in kept & set(results) if not _opens(results[key])]),
            check("faults of the database", self._database_faults()),
        ]

    def _database_faults(self) -> list[object]:
        integrity = [row[0] for row in query(self._folder, "PRAGMA integrity_check") if row[0] != "ok"]
        return [*integrity, *(tuple(row) for row in query(self._folder, "PRAGMA foreign_key_check"))]


def _opens(path: Path) -> bool:
    try:
        with Image.open(path) as image:
            image.load()
    except OSError:
        return False
    return True


def sweep_old_files(folder: Path) -> int:
    """Make all files two hours older, sweep as the server does each hour, and return how many went."""
    files = [path for path in (folder / "images").rglob("*") if path.is_file()]
    then = time.time() - _AGE_SECONDS
    for path in files:
        os.utime(path, (then, then))
    config = Config(
        flask_env="testing",
        secret_key="s" * 40,
        jwt_secret_key="j" * 40,
        database_path=folder / "data.db",
        images_dir=folder / "images",
        logs_dir=folder / "logs",
    )
    app = create_app(config, inline_jobs=True)
    app.extensions["retention"].sweep()
    app.extensions["close"]()
    return sum(not path.exists() for path in files)
