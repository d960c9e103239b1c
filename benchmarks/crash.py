"""SIGKILL at random moments, over and over, under load: does every accepted job end once, and is every call paid once?

    python benchmarks/crash.py [--kills 200] [--seed 1] [--people 3] [--keep FOLDER]

A real server is killed while several people submit, share pictures, cancel, delete and follow event streams, and while
the protocol fake counts the calls it receives. Requests whose answer was lost are asked again with their
Idempotency-Key. After the last restart every job must end; then rows, events, files and ledger are held against what
the people were told and what the provider saw. The exit status is 1 when a check is missed.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import requests

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.common import print_machine
from benchmarks.crash_audit import Audit, CallLog, Check, open_calls, sweep_old_files
from benchmarks.crash_load import Follower, Line, Shopper, Told, note
from benchmarks.servers import Client, ServerProcess
from shared.engines.fake_gemini import FakeGemini

EVENTS = "/api/job/{job_id}/events"
LATENCIES = (0.05, 0.2, 0.8)  # seconds of the provider, another one in each life of the server
DURING_START = 0.15  # the share of kills before the server is up
WORKER_ALONE = 0.2  # the share of kills that spare the parent process, which then starts another worker
LONGEST_LIFE = 4.0  # seconds
ATTEMPTS, CALLS = 20, 20
"""More than in production, where nobody kills a server every other second: else most jobs would end for that alone."""
PATIENCE_SECONDS = 240.0


@dataclass
class Story:
    """What happened. `open_at_kills`: ids of ledger rows."""

    kills: int = 0
    kills_during_start: int = 0
    kills_of_worker: int = 0
    left_by_kills: int = 0
    open_at_kills: set[str] = field(default_factory=set)
    told: list[Told] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    figures: dict[str, object] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        return all(check.passed for check in self.checks)

    def table(self) -> str:
        lines = [f"{name:32} {value}" for name, value in self.figures.items()]
        head = f"\n{'check':66} {'found':>6} {'allowed':>8}  verdict"
        return "\n".join([*lines, head, *map(str, self.checks)])


class Ordeal:
    """`say`: hears of progress."""

    def __init__(
        self, folder: Path, kills: int, longest_life: float, people: int, seed: int, say: Callable[[str], None]
    ) -> None:
        self._kills = kills
        self._longest_life = longest_life
        self._people = people
        self._rng = random.Random(seed)
        self._seed = seed
        self._say = say
        self._log = CallLog()
        self._fake = FakeGemini(numbered=True, on_call=self._log)
        self._server = ServerProcess(
            folder,
            GEMINI_API_KEY="k",
            GEMINI_BASE_URL=self._fake.base_url,
            MAX_QUEUE_SIZE=500,
            DAILY_USD=0,
            DAILY_USD_PER_USER=0,
            TRYON_MAX_ATTEMPTS=ATTEMPTS,
            MAX_PROVIDER_CALLS_PER_JOB=CALLS,
        )
        self._story = Story()
        self._lines: list[Line] = []

    def run(self) -> Story:
        with self._fake, self._server:
            threads = self._people_come()
            while self._story.kills < self._kills:
                self._live_and_die()
            self._live()
            self._server.wait_until_up()
            self._all_end(threads)
            if self._server.stop() != 0:
                raise RuntimeError("the server did not stop cleanly:\n" + self._server.log()[-2000:])
        self._judge()
        return self._story

    # --- load and kills --------------------------------------------------------------------------------------------

    def _people_come(self) -> list[Shopper | Follower]:
        offers = list(requests.get(f"{self._server.url}/openapi.json", timeout=30).json()["paths"])
        threads: list[Shopper | Follower] = []
        for number in range(1, self._people + 1):
            told = Told(f"p{number}")
            head = Client(self._server.url, f"p{number}@example.com").http.headers["Authorization"]
            line = Line(self._server.url, str(head).removeprefix("Bearer "))
            self._story.told.append(told)
            self._lines.append(line)
            threads.append(Shopper(line, told, offers, f"{self._seed}-{number}"))
            threads += [Follower(line, told)] if EVENTS in offers else []
        for thread in threads:
            thread.start()
        return threads

    def _live_and_die(self) -> None:
        self._live()
        self._fake.latency_seconds = self._rng.choice(LATENCIES)
        if self._rng.random() < DURING_START:
            time.sleep(self._rng.uniform(0.2, 2.5))
            self._story.kills_during_start += not self._server.healthy()
        else:
            self._server.wait_until_up()
            time.sleep(self._rng.uniform(0.02, self._longest_life))
        if self._rng.random() < WORKER_ALONE and self._server.kill_worker():
            self._story.kills_of_worker += 1
        else:
            self._server.kill()
        self._story.kills += 1
        self._story.open_at_kills |= open_calls(self._server.folder)
        if self._story.kills % 10 == 0:
            accepted = sum(len(told.accepted) for told in self._story.told)
            self._say(f"{self._story.kills} kills, {accepted} jobs accepted, {len(self._log.calls)} calls")

    def _live(self) -> None:
        if self._server.ended():
            self._server.launch()

    def _all_end(self, threads: list[Shopper | Follower]) -> None:
        for line in self._lines:
            line.stopping.set()
        for thread in threads:
            if isinstance(thread, Shopper):
                thread.join(PATIENCE_SECONDS)
        self._say("no more kills; waiting for the last jobs")
        end = time.monotonic() + PATIENCE_SECONDS
        while any(told.open for told in self._story.told) and time.monotonic() < end:
            for line, told in zip(self._lines, self._story.told, strict=True):
                _look_at_open(line, told)
            time.sleep(0.2)
        for thread in threads:
            thread.join(10)
        if any(thread.is_alive() for thread in threads):
            raise RuntimeError("a client never came to its end")

    # --- afterwards ------------------------------------------------------------------------------------------------

    def _judge(self) -> None:
        self._story.left_by_kills = sweep_old_files(self._server.folder)
        audit = Audit(self._server.folder, self._story.told, self._log, self._story.open_at_kills, CALLS)
        self._story.checks = audit.checks()
        self._story.figures = self._figures(audit)

    def _figures(self, audit: Audit) -> dict[str, object]:
        told = self._story.told
        ends = Counter(str(row["error_code"] or row["status"]) for row in audit.jobs.values())
        outcomes = Counter(str(row["outcome"]) for row in audit.rows)
        taken_up = [row for row in audit.rows if row["call_id"] in self._story.open_at_kills and row["outcome"] == "ok"]
        starting, alone = self._story.kills_during_start, self._story.kills_of_worker
        return {
            "kills": f"{self._story.kills}, {starting} before it was up, {alone} of the worker alone",
            "jobs accepted": len(audit.accepted),
            "ends": _listed(ends),
            "answered from the cache": sum(bool(row["cached"]) for row in audit.jobs.values()),
            "deleted by their owner": len(audit.deleted),
            "asked again after a lost answer": sum(person.repeated for person in told),
            "lost answers without a key": sum(person.lost for person in told),
            "refused for now (429, 503)": sum(person.refused for person in told),
            "batches": sum(person.batches for person in told),
            "event streams followed": sum(len(person.seen) for person in told),
            "calls the provider received": f"{len(self._log.calls)}, and {self._log.cut_off} cut off",
            "ledger rows": _listed(outcomes),
            "calls in flight at kills": len(self._story.open_at_kills),
            "of these taken up afterwards": len(taken_up),
            "files left by kills, swept": self._story.left_by_kills,
        }


def _look_at_open(line: Line, told: Told) -> None:
    for job_id in told.open:
        answer = line.once("GET", f"/api/job/{job_id}")
        if isinstance(answer, requests.Response):
            note(told, job_id, answer)


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.most_common())


def run(
    folder: Path,
    kills: int,
    *,
    longest_life: float = LONGEST_LIFE,
    people: int = 3,
    seed: int = 1,
    say: Callable[[str], None] = print,
) -> Story:
    return Ordeal(folder, kills, longest_life, people, seed, say).run()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--people", type=int, default=3)
    parser.add_argument("--keep", type=Path, help="a new folder for the server's data, which is then kept")
    options = parser.parse_args()
    print_machine()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        story = run(options.keep or Path(folder), options.kills, people=options.people, seed=options.seed)
    print(f"\n{story.table()}\n\n{time.monotonic() - began:.0f} s; {'all checks passed' if story.passed else 'MISSED'}")
    return 0 if story.passed else 1


if __name__ == "__main__":
    sys.exit(main())
