"""A provider that fails at 30 % of calls: does every job end rightly and in time, with no call against the rules?

    python benchmarks/provider_faults.py [--jobs 150] [--share 0.3] [--seed 1]

Two rounds against a real server: passing faults (429 with RetryInfo, bursts of 503, hangs, half bodies, garbage, closed
sockets), and lasting ones (refusals, no quota, dead models, answers without a picture). Each job's calls, as the
provider saw them, are held against the rules of the retry ladder, its end against its calls, and the ledger against the
provider's own count. The exit status is 1 when a check is missed.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.common import print_machine
from benchmarks.crash_audit import Audit, CallLog, Check, SeenCall, check
from benchmarks.crash_load import Files, Told, pictures
from benchmarks.servers import ROOT, Client, ServerProcess
from shared.engines.fake_gemini import FakeGemini
from shared.engines.fake_gemini_answers import THINKING_TOKENS
from shared.engines.fake_gemini_plans import LASTING, PASSING, Fault, plan

SLACK_SECONDS = 10.0  # a picture that was paid for is finished after the deadline as well, when the machine is busy
CAP = 3
SHORTEST_WAIT = 0.4  # seconds before a call is repeated after a passing fault without a word about how long
FINAL = ("rate_day", "rate_zero", "key_invalid", "http:400", "http:401", "http:403")
BLOCKED = ("finish:PROHIBITED_CONTENT", "block:PROHIBITED_CONTENT")
NO_PICTURE = ("finish:NO_IMAGE", "text")
JUDGED = "a picture with a fault"
REFUSED = "finish:IMAGE_SAFETY"
BUSY = ("http:503", "truncated", "garbage", "closed")
WAITS = {"rate:1": 1.0, "retry_after:1": 1.0}
OTHER_MODEL = ("hang", "http:404")
ENDS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(FINAL, ("EXTERNAL_SERVICE_ERROR",)),
    **dict.fromkeys((*BLOCKED, REFUSED), ("CONTENT_BLOCKED",)),
    **dict.fromkeys((*NO_PICTURE, JUDGED), ("PROVIDER_NO_IMAGE",)),
    **dict.fromkeys((*WAITS, *BUSY, "http:404"), ("EXTERNAL_SERVICE_ERROR",)),
    "hang": ("DEADLINE_EXCEEDED", "EXTERNAL_SERVICE_ERROR"),
}
"""With which codes a job may fail after such an answer, when none of its calls brought a picture."""

PREVIEW_TOO = "any"  # the end of a look that the preview may show when the provider fails
Job = Mapping[str, Any]


@dataclass(frozen=True)
class Trouble:
    """`timeout_seconds`: of a job; with less than 15 s left no further call is begun."""

    faults: Sequence[Fault]
    timeout_seconds: int
    settings: Mapping[str, object] = field(default_factory=dict)


ROUNDS = {
    "passing faults": Trouble(PASSING, 30),  # a hang takes all of it
    # A refusal opens a model's circuit for everybody at once: without it each job shows what it does by itself.
    "lasting faults, circuit breaker off": Trouble(LASTING, 90, {"CIRCUIT_FAILURES": 0}),
}


@dataclass
class Round:
    """`timeout_seconds`: of a job."""

    timeout_seconds: int
    jobs: dict[str, Job] = field(default_factory=dict)
    log: CallLog = field(default_factory=CallLog)
    checks: list[Check] = field(default_factory=list)
    figures: dict[str, object] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        return all(check.passed for check in self.checks)

    def table(self) -> str:
        return "\n".join([*(f"{name:28} {value}" for name, value in self.figures.items()), "", *map(str, self.checks)])


# --- load ----------------------------------------------------------------------------------------------------------


def run(folder: Path, trouble: Trouble, jobs: int, *, share: float, seed: int) -> Round:
    """Every third job may be answered by the preview."""
    story = Round(trouble.timeout_seconds)
    told = Told("p1")
    steps = plan(seed, jobs * CAP, share, trouble.faults)
    with FakeGemini(steps, latency_seconds=0.1, numbered=True, on_call=story.log) as fake:
        own = {"GEMINI_API_KEY": "k", "GEMINI_BASE_URL": fake.base_url, "TRYON_ENGINES": "gemini,preview"}
        limits = {"JOB_TIMEOUT_SECONDS": trouble.timeout_seconds, "TRYON_WORKERS": 10, "MAX_QUEUE_SIZE": jobs}
        more = {"MAX_JOBS_PER_USER": jobs, "DAILY_USD": 0, "DAILY_USD_PER_USER": 0}
        with ServerProcess(folder, **own, **limits, **more, **trouble.settings) as server:
            client = Client(server.url)
            with ThreadPoolExecutor(4) as people:
                ids = list(people.map(lambda number: _submit(client, number), range(jobs)))
            for number, job_id in enumerate(ids):
                told.accepted[job_id] = _look(number)
                story.jobs[_look(number)] = client.wait(job_id, seconds=300)
                told.ended[job_id] = str(story.jobs[_look(number)]["status"])
            if server.stop() != 0:
                raise RuntimeError("the server did not stop cleanly:\n" + server.log()[-2000:])
    audit = Audit(folder, [told], story.log, set(), CAP)
    story.checks = [*_checks(story, _judged(story.log.calls, audit)), *audit.checks()]
    story.figures = _figures(story, audit)
    return story


def _look(number: int) -> str:
    return f"look-{number}-{PREVIEW_TOO if number % 3 == 0 else 'gemini'}"


def _submit(client: Client, number: int) -> str:
    look = _look(number)
    person, garment = _sample_pictures(number) if look.endswith(PREVIEW_TOO) else pictures(look)
    files: Files = {"selfie": ("me.jpg", person), "garment_image": ("garment.jpg", garment)}
    options = {"garment_details": {"brand": look}, "allow_preview": look.endswith(PREVIEW_TOO)}
    head = dict(client.http.headers)
    answer = client.http.__class__().post(
        f"{client.url}/api/tryon", headers=head, files=files, data={"options": json.dumps(options)}, timeout=60
    )
    answer.raise_for_status()
    return str(answer.json()["data"]["job_id"])


def _sample_pictures(number: int) -> tuple[bytes, bytes]:
    """People whom the preview can dress; each garment in a shade of its own, so that no two jobs are equal."""
    people, garments = (sorted((ROOT / "samples" / kind).glob("*.jpg")) for kind in ("person", "garment"))
    with Image.open(garments[number % len(garments)]) as image:
        shade = image.convert("RGB").point([max(0, value - number % 40) for value in range(256)] * 3)
    buffer = io.BytesIO()
    shade.save(buffer, "JPEG", quality=92)
    return people[number % len(people)].read_bytes(), buffer.getvalue()


# --- what must be true ---------------------------------------------------------------------------------------------


def _judged(calls: Sequence[SeenCall], audit: Audit) -> list[SeenCall]:
    """A picture in which our own checks found a fault may be asked for again: the ledger tells which these are."""
    outcomes = {
        row["thinking_tokens"] - THINKING_TOKENS: row["outcome"] for row in audit.rows if row["thinking_tokens"]
    }
    return [
        replace(call, did=JUDGED) if call.did == "picture" and outcomes.get(call.number) != "ok" else call
        for call in calls
    ]


def _checks(story: Round, judged: Sequence[SeenCall]) -> list[Check]:
    calls: dict[str, list[SeenCall]] = defaultdict(list)
    for call in judged:
        calls[call.look].append(call)
    broken = [f"{look}: {rule}" for look, made in calls.items() for rule in broken_rules(made)]
    wrong = [f"{look}: {why}" for look, job in story.jobs.items() if (why := wrong_end(job, calls[look]))]
    late = [look for look, job in story.jobs.items() if _seconds(job) > story.timeout_seconds + SLACK_SECONDS]
    return [
        check("calls of no job", [call.number for call in story.log.calls if call.look not in story.jobs]),
        check("calls against the rules", broken),
        check("jobs that ended otherwise than their calls say", wrong),
        check("jobs that ended after their deadline", late),
    ]


def broken_rules(calls: Sequence[SeenCall]) -> list[str]:
    """What one job's calls, in their order, did that the rules forbid."""
    broken = [f"{len(calls)} calls"] if len(calls) > CAP else []
    for number, call in enumerate(calls[:-1]):
        later = calls[number + 1 :]
        if call.did == "picture" or call.did in FINAL + BLOCKED:
            broken.append(f"a call after {call.did}")
        if call.did in OTHER_MODEL and any(other.model == call.model for other in later):
            broken.append(f"{call.model} was called again after {call.did}")
        broken += _hasty(call, later[0])
    seen = Counter((call.model, call.did) for call in calls)
    broken += [f"{model} was asked {times} times after {did}" for (model, did), times in seen.items() if times > 2]
    refused = [call.did for call in calls].count(REFUSED)
    return broken + [f"asked {refused} times in spite of refusals"] * (refused > 2)


def _hasty(call: SeenCall, following: SeenCall) -> list[str]:
    wait = WAITS.get(call.did, SHORTEST_WAIT)
    if call.did in (*WAITS, *BUSY) and following.model == call.model and following.at - call.at < wait:
        return [f"{call.model} was called again {following.at - call.at:.2f} s after {call.did}"]
    return []


def wrong_end(job: Job, calls: Sequence[SeenCall]) -> str | None:
    """Why this is not how the job should have ended; None when it is. Without any call all models were left alone."""
    if calls and calls[-1].did == "picture":
        right = job["status"] == "done" and job["model"] == calls[-1].model and not job["preview"]
        return None if right else f"{job['status']} {job['error']} after a picture of {calls[-1].model}"
    blocked = any(call.did in (*BLOCKED, REFUSED) for call in calls)
    dids = [call.did for call in calls]
    if job["status"] == "done" and JUDGED in dids and not job["preview"]:
        return None  # shown in spite of a small fault, which its warnings name
    if job["status"] == "done":
        marked = job["preview"] and job["warnings"] and job["warnings"][0]["code"] == "provider_unavailable"
        return None if marked and not blocked else f"done by {job['engine']} after {dids}"
    if calls and calls[0].look.endswith(PREVIEW_TOO) and not blocked and "hang" not in dids:  # a hang uses up the time
        return f"{job['status']} {job['error']}, not previewed, after {dids}"
    codes = {code for call in calls for code in ENDS[call.did]} or {"EXTERNAL_SERVICE_ERROR"}
    found = job["error"]["code"] if job["error"] else None
    return None if found in codes else f"{job['status']} {found} after {dids}"


def _seconds(job: Job) -> float:
    started, finished = (datetime.fromisoformat(str(job[name])) for name in ("started_at", "finished_at"))
    return (finished - started).total_seconds()


def _figures(story: Round, audit: Audit) -> dict[str, object]:
    did = Counter(call.did for call in story.log.calls)
    ends = Counter(
        str(job["error"]["code"] if job["error"] else f"done by {job['engine']}") for job in story.jobs.values()
    )
    return {
        "jobs": len(story.jobs),
        "ends": dict(ends.most_common()),
        "calls": len(story.log.calls),
        "faulty calls": f"{1 - did['picture'] / max(1, len(story.log.calls)):.0%}",
        "answers": dict(did.most_common()),
        "ledger": dict(Counter(str(row["outcome"]) for row in audit.rows).most_common()),
        "longest job": f"{max(map(_seconds, story.jobs.values())):.1f} s of {story.timeout_seconds} s",
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=150, help="in each round")
    parser.add_argument("--share", type=float, default=0.3, help="of the calls that go wrong")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print_machine()
    passed = True
    for name, trouble in ROUNDS.items():
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            story = run(Path(folder), trouble, options.jobs, share=options.share, seed=options.seed)
        passed = passed and story.passed
        print(f"\n{name}\n{story.table()}\n{time.monotonic() - began:.0f} s", flush=True)
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
