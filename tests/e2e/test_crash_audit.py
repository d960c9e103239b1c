"""The audit that judges the crash proofs must itself see what is wrong: each planted damage is found by its check."""

from __future__ import annotations

import io
import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from app import create_app
from benchmarks.crash_audit import Audit, CallLog, open_calls
from benchmarks.crash_load import Told, pictures
from config import Config
from shared.engines.fake_gemini import FakeGemini

PASSWORD = "correct horse battery"
ANY_JOB = "(SELECT min(job_id) FROM tryon_jobs)"


@dataclass(frozen=True)
class Finished:
    """Two jobs that ended well."""

    folder: Path
    told: Told
    log: CallLog

    def missed(self) -> set[str]:
        checks = Audit(self.folder, [self.told], self.log, open_calls(self.folder), 3).checks()
        return {check.name for check in checks if not check.passed}

    def copied(self, folder: Path) -> Finished:
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        log = CallLog()
        log.calls = list(self.log.calls)
        return Finished(folder, replace(self.told, accepted=dict(self.told.accepted)), log)

    def execute(self, sql: str) -> None:
        with closing(sqlite3.connect(self.folder / "data.db")) as db, db:
            db.execute(sql)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Finished]:
    folder = tmp_path_factory.mktemp("finished")
    log, told = CallLog(), Told("p1")
    with FakeGemini(numbered=True, on_call=log) as fake:
        config = Config(
            flask_env="testing",
            secret_key="s" * 40,
            jwt_secret_key="j" * 40,
            database_path=folder / "data.db",
            images_dir=folder / "images",
            logs_dir=folder / "logs",
            gemini_api_key="k",
            gemini_base_url=fake.base_url,
        )
        app = create_app(config, inline_jobs=True)
        http = app.test_client()
        person = {"email": "p1@example.com", "password": PASSWORD, "confirm_password": PASSWORD}
        token = http.post("/api/create-account", json={**person, "first_name": "A", "last_name": "L"}).json
        assert token is not None
        for look in ("look-1", "look-2"):
            selfie, garment = pictures(look)
            form = {
                "selfie": (io.BytesIO(selfie), "me.jpg"),
                "garment_image": (io.BytesIO(garment), "garment.jpg"),
                "options": json.dumps({"garment_details": {"brand": look}}),
            }
            head = {"Authorization": f"Bearer {token['data']['token']}"}
            answer = http.post("/api/tryon", data=form, headers=head).json
            assert answer is not None
            told.accepted[answer["data"]["job_id"]] = look
        app.extensions["close"]()
    yield Finished(folder, told, log)


@pytest.fixture
def finished(original: Finished, tmp_path: Path) -> Finished:
    return original.copied(tmp_path)


def test_nothing_is_missed_where_nothing_is_wrong(finished: Finished) -> None:
    assert finished.missed() == set()


DAMAGE = {
    "accepted jobs that are not there": f"DELETE FROM tryon_jobs WHERE job_id = {ANY_JOB}",
    "jobs that did not end": f"UPDATE tryon_jobs SET status = 'queued' WHERE job_id = {ANY_JOB}",
    "jobs without exactly one end": "INSERT INTO job_events SELECT job_id, max(event_id) + 1, 'failed', NULL, 100, 1,"
    f" created_at FROM job_events WHERE job_id = {ANY_JOB}",
    "jobs with a gap in their events": f"DELETE FROM job_events WHERE event_id = 2 AND job_id = {ANY_JOB}",
    "calls without exactly one ledger row": f"DELETE FROM provider_calls WHERE job_id = {ANY_JOB}",
    "ledger rows without a call (allowed: in flight at kills)": "INSERT INTO provider_calls (call_id, job_id, user_id,"
    " attempt, provider, model, outcome, started_at) SELECT 'x', job_id, user_id, 1, provider, model, 'unknown',"
    f" started_at FROM provider_calls WHERE job_id = {ANY_JOB}",
    "ledger rows that are still open": f"UPDATE provider_calls SET outcome = 'started' WHERE job_id = {ANY_JOB}",
    "jobs that paid again after a good answer": "INSERT INTO provider_calls (call_id, job_id, user_id, attempt,"
    " provider, model, outcome, started_at) SELECT 'x', job_id, user_id, 2, provider, model, outcome, started_at"
    f" FROM provider_calls WHERE job_id = {ANY_JOB}",
    "done jobs without their picture": f"UPDATE tryon_jobs SET result_image_path = 'x' WHERE job_id = {ANY_JOB}",
    "pictures of no job, after the sweep": f"UPDATE tryon_jobs SET result_image_path = 'x' WHERE job_id = {ANY_JOB}",
}


@pytest.mark.parametrize(("name", "sql"), DAMAGE.items(), ids=DAMAGE)
def test_damage_to_the_rows_is_seen(finished: Finished, name: str, sql: str) -> None:
    finished.execute(sql)
    assert name in finished.missed()


@pytest.mark.parametrize("column", ["cost_usd", "input_tokens", "output_tokens"])
def test_a_wrong_figure_is_seen(finished: Finished, column: str) -> None:
    finished.execute(f"UPDATE provider_calls SET {column} = {column} + 1 WHERE job_id = {ANY_JOB}")
    assert "settled rows that differ from the provider's figures" in finished.missed()


def test_a_row_of_another_job_is_seen(finished: Finished) -> None:
    other = "(SELECT max(job_id) FROM tryon_jobs)"
    finished.execute(f"UPDATE provider_calls SET job_id = {other} WHERE job_id = {ANY_JOB}")
    assert "settled rows that differ from the provider's figures" in finished.missed()


def a_call_twice(finished: Finished) -> None:
    call = finished.log.calls[0]
    finished.log.calls.append(replace(call, number=99))


def a_file_too_few(finished: Finished) -> None:
    next((finished.folder / "images" / "tryon-results").rglob("*.jpg")).unlink()


def a_broken_file(finished: Finished) -> None:
    path = next((finished.folder / "images" / "tryon-results").rglob("*.jpg"))
    path.write_bytes(path.read_bytes()[:2000])


def an_unknown_job(finished: Finished) -> None:
    finished.told.accepted.popitem()


def an_input_too_many(finished: Finished) -> None:
    path = next((finished.folder / "images" / "tryon-inputs").rglob("*.jpg"))
    (path.parents[1] / "nobody").mkdir()
    (path.parents[1] / "nobody" / "person.jpg").write_bytes(b"left")


def an_answer_too_many(finished: Finished) -> None:
    path = next((finished.folder / "images" / "tryon-inputs").rglob("*.jpg"))
    (path.parent / "answers").mkdir()
    (path.parent / "answers" / "call.bin").write_bytes(b"left")


OTHER_DAMAGE: dict[str, Callable[[Finished], None]] = {
    "calls without exactly one ledger row": a_call_twice,
    "done jobs without their picture": a_file_too_few,
    "pictures that cannot be opened": a_broken_file,
    "jobs that nobody was told of (allowed: answers lost without a key)": an_unknown_job,
    "pictures of no job, after the sweep": an_input_too_many,
}


@pytest.mark.parametrize(("name", "damage"), OTHER_DAMAGE.items(), ids=OTHER_DAMAGE)
def test_other_damage_is_seen(finished: Finished, name: str, damage: Callable[[Finished], None]) -> None:
    damage(finished)
    assert name in finished.missed()


def test_an_answer_that_outlived_its_job_is_seen(finished: Finished) -> None:
    an_answer_too_many(finished)
    assert finished.missed() == {"pictures of no job, after the sweep"}
