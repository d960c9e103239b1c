"""A planted key, a planted password and exception texts are searched for in every answer and every log line."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from conftest import PASSWORD
from flask import Flask
from test_tryon import form

from shared.engines.fake_gemini import FakeGemini
from shared.logger import set_up_logging

KEY = "AQ.planted-key-0123456789"
FAULTS = """key_invalid http:401 http:403 http:404 rate:17 rate_day http:503 garbage truncated closed text redirect
huge broken_picture block:PROHIBITED_CONTENT finish:IMAGE_SAFETY""".split()


@pytest.fixture
def logged(config: Any) -> Iterator[Callable[[], str]]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    root.handlers = []
    set_up_logging("DEBUG", config.logs_dir, retention_days=1, secrets=(KEY, config.secret_key, config.jwt_secret_key))

    def text() -> str:
        return "".join(path.read_text() for path in config.logs_dir.glob("*.log"))

    yield text
    for handler in root.handlers:
        handler.close()
    root.handlers, level = before
    root.setLevel(level)


@pytest.mark.parametrize("fault", FAULTS)
def test_no_secret_leaves(
    make_app: Callable[..., Flask],
    sign_up: Callable[..., Any],
    config: Any,
    logged: Callable[[], str],
    fault: str,
) -> None:
    answers: list[str] = []
    with FakeGemini(default=fault) as fake:
        app = make_app(
            gemini_api_key=KEY,
            gemini_base_url=fake.base_url,
            gemini_fallback_models=(),
            inline_jobs=True,
            job_timeout_seconds=5,
        )
        app.after_request(lambda answer: answers.append(str(answer.headers)) or answer)
        person = sign_up(app)
        created = person.post("/api/tryon", data=form())
        job = person.get(f"/api/job/{created.json['data']['job_id']}")
        answers += [created.text, job.text, person.get("/ready").text, person.get("/metrics").text]
    assert job.json["data"]["status"] == "failed", job.json
    text = "\n".join([*answers, logged()])
    assert "job failed" in text, "the log was really looked at"
    for secret in (KEY, PASSWORD, config.secret_key, config.jwt_secret_key, person.token):
        assert secret not in text
    for private in ("Traceback", str(config.database_path.parent), fake.base_url):
        assert private not in "\n".join(answers)
