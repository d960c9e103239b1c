"""A kill between each two steps of a job, in a real server: nothing is lost, and what came is not paid again."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from sqlite3 import connect
from typing import Any

import pytest
from requests import Response

from benchmarks.crash_audit import Audit, CallLog, sweep_old_files
from benchmarks.crash_load import Line, Told, note, pictures
from benchmarks.servers import Client, ServerProcess
from shared.engines.fake_gemini import FakeGemini

ADD = "features.tryon.model:TryOnJobTable.add"
CREATE = "features.tryon.job_queue:JobQueue.create_job"
LEDGER = "features.tryon.ledger:Ledger"
KEEP = "features.tryon.kept_answers:KeptAnswers.keep"
STORE = "features.tryon.pictures:JobPictures.store_result"
FINISH = "features.tryon.leases:LeaseTable.finish_done"
TAKE_BACK = "features.tryon.leases:LeaseTable.take_back"
CACHE = "features.tryon.result_cache:ResultCache.add"
COPY = "features.tryon.pictures:JobPictures.copy_result"
DELETE = "shared.storage:LocalStorage.delete_image"
CASES = {
    "inputs stored, no row": ([f"{ADD}:before"], ["ok"], 1),
    "row not committed": ([f"{ADD}:after"], ["ok"], 1),
    "accepted, not answered": ([f"{CREATE}:before"], ["ok"], 1),
    "no row for the call": ([f"{LEDGER}.start:before"], ["ok"], 1),
    "row for the call, no call": ([f"{LEDGER}.start:after"], ["unknown", "ok"], 1),
    "answer came, not kept": ([f"{KEEP}:before"], ["unknown", "ok"], 2),
    "answer kept, not judged": ([f"{KEEP}:after"], ["ok"], 1),
    "answer judged, not settled": ([f"{LEDGER}.settle:before"], ["ok"], 1),
    "settled, no picture yet": ([f"{LEDGER}.settle:after"], ["ok"], 1),
    "answer kept, then taken up twice": ([f"{KEEP}:after", f"{LEDGER}.settle:before", f"{STORE}:before"], ["ok"], 1),
    "picture stored, job not finished": ([f"{FINISH}:before"], ["ok"], 1),
    "job finished": ([f"{FINISH}:after"], ["ok"], 1),
    "picture stored, then while it is taken over": ([f"{STORE}:after", f"{DELETE}:before"], ["ok"], 1),
    "picture stored, then before and after the row goes back": (
        [f"{STORE}:after", f"{TAKE_BACK}:before", f"{TAKE_BACK}:after"],
        ["ok"],
        1,
    ),
}


class Scene:
    """A server that can be ordered to die, and one person who insists."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = CallLog()
        self.fake = FakeGemini(numbered=True, on_call=self.log)
        self._order = folder / "order"
        app = str(Path(__file__).with_name("fragile_app.py"))
        settings = {"GEMINI_API_KEY": "k", "GEMINI_BASE_URL": self.fake.base_url, "TRYON_MAX_ATTEMPTS": 5}
        self.server = ServerProcess(folder, (app, str(self._order)), **settings)
        self.told = Told("p1")

    def __enter__(self) -> Scene:
        self.fake.start()
        self.server.start()
        head = Client(self.server.url).http.headers["Authorization"]
        self.line = Line(self.server.url, str(head).removeprefix("Bearer "))
        return self

    def __exit__(self, *_: object) -> None:
        self.server.kill()
        self.fake.stop()

    def order(self, points: list[str]) -> None:
        self._order.write_text("".join(f"{point}\n" for point in points))

    def submit(self, look: str, key: str = "") -> str:
        person, garment = pictures(look)
        files = {"selfie": ("me.jpg", person), "garment_image": ("garment.jpg", garment)}
        data = {"options": f'{{"garment_details": {{"brand": "{look}"}}}}'}
        job_id = str(self.insist("/api/tryon", key or look, files=files, data=data)["job_id"])
        self.told.accepted[job_id] = look
        return job_id

    def insist(self, path: str, key: str, **rest: Any) -> dict[str, Any]:
        """Asked again with its key until it is answered, through as many lives as that takes."""
        while True:
            self.live()
            answer = self.line.once("POST", path, headers={"Idempotency-Key": key}, **rest)
            if isinstance(answer, Response):
                assert answer.status_code == 202, answer.text
                found: dict[str, Any] = answer.json()["data"]
                return found

    def live(self) -> None:
        while self.server.ended():
            self.server.launch()
            try:
                self.server.wait_until_up()
            except RuntimeError:
                assert self.server.ended(), self.server.log()[-2000:]

    def wait(self, job_id: str) -> str:
        end = time.monotonic() + 60
        while job_id not in self.told.ended:
            assert time.monotonic() < end, "the job did not end"
            self.live()
            answer = self.line.once("GET", f"/api/job/{job_id}")
            if isinstance(answer, Response):
                note(self.told, job_id, answer)
            time.sleep(0.05)
        return self.told.ended[job_id]

    def orders_left(self) -> str:
        return self._order.read_text()

    def outcomes(self, job_id: str) -> list[str]:
        with closing(connect(self.folder / "data.db")) as db:
            rows = db.execute("SELECT outcome FROM provider_calls WHERE job_id = ? ORDER BY started_at", (job_id,))
            return [row[0] for row in rows]

    def cached(self, job_id: str) -> bool:
        answer, _ = self.line.insist("GET", f"/api/job/{job_id}")
        return bool(answer.json()["data"]["cached"])


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with Scene(tmp_path_factory.mktemp("points")) as made:
        yield made


@pytest.mark.parametrize(("points", "outcomes", "calls"), CASES.values(), ids=CASES)
def test_a_kill_between_two_steps(scene: Scene, points: list[str], outcomes: list[str], calls: int) -> None:
    look = f"look-{list(CASES.values()).index((points, outcomes, calls))}"
    scene.order(points)
    job_id = scene.submit(look)
    assert scene.wait(job_id) == "done"
    assert scene.orders_left() == "", "every ordered kill happened"
    assert scene.outcomes(job_id) == outcomes
    assert sum(call.look == look for call in scene.log.calls) == calls


def test_a_kill_while_a_finished_picture_is_copied_from_the_cache(scene: Scene) -> None:
    first = scene.submit("cached-look")
    assert scene.wait(first) == "done"
    scene.order([f"{CACHE}:before"])
    second = scene.submit("cached-look", "another-key")
    assert second != first and scene.wait(second) == "done"
    assert scene.orders_left() == "" and scene.outcomes(second) == []
    assert sum(call.look == "cached-look" for call in scene.log.calls) == 1


def test_a_kill_while_a_waiting_job_copies_its_twin(scene: Scene) -> None:
    scene.fake.latency_seconds = 1.0
    first, second = scene.submit("twin-look"), scene.submit("twin-look", "twin-key")
    scene.fake.latency_seconds = 0.0
    scene.order([f"{COPY}:after"])
    assert [scene.wait(first), scene.wait(second)] == ["done", "done"]
    assert scene.orders_left() == "" and scene.outcomes(second) == []
    assert scene.cached(second)


def test_a_kill_between_the_rows_of_a_batch(scene: Scene) -> None:
    looks = [f"batch-look-{number}" for number in range(3)]
    files = {f"part{number}": ("garment.jpg", pictures(look)[1]) for number, look in enumerate(looks)}
    items = [
        {"image": f"part{number}", "options": {"garment_details": {"brand": look}}} for number, look in enumerate(looks)
    ]
    scene.order([f"{ADD}:after"])
    person = {"selfie": ("me.jpg", pictures(looks[0])[0])}
    batch = scene.insist("/api/tryon/batch", "batch", files={**person, **files}, data={"items": json.dumps(items)})
    jobs = [str(job["job_id"]) for job in batch["jobs"]]
    scene.told.accepted |= dict(zip(jobs, looks, strict=True))
    assert [scene.wait(job_id) for job_id in jobs] == ["done"] * 3
    assert scene.orders_left() == "" and [scene.outcomes(job_id) for job_id in jobs] == [["ok"]] * 3
    with closing(connect(scene.folder / "data.db")) as db:
        of_batch = db.execute("SELECT job_id FROM tryon_jobs WHERE batch_id = ?", (batch["batch_id"],)).fetchall()
    assert sorted(row[0] for row in of_batch) == sorted(jobs)


def test_afterwards_everything_adds_up(tmp_path: Path) -> None:
    """Kills where files and rows could part, one after the other; then rows, files and ledger agree."""
    with Scene(tmp_path) as scene:
        scene.order([f"{ADD}:before", f"{KEEP}:after", f"{FINISH}:before", f"{DELETE}:before"])
        scene.wait(scene.submit("look-0"))
        scene.order([f"{CACHE}:before"])
        scene.wait(scene.submit("look-0", "another-key"))
        assert scene.orders_left() == "" and scene.server.stop() == 0
        swept = sweep_old_files(tmp_path)
        checks = Audit(tmp_path, [scene.told], scene.log, set(), 3).checks()
    assert [str(check) for check in checks if not check.passed] == []
    assert swept >= 2, "kills left pictures without rows, and the sweep found them"
