"""What is made from the code is in step with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scripts import make_docs
from scripts.postman import FOLDERS, collection
from shared.errors import REJECTION_MESSAGES, all_errors


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return make_docs.document()


def test_nothing_is_out_of_step(capsys: pytest.CaptureFixture[str]) -> None:
    assert make_docs.main(["--check"]) == 0, capsys.readouterr().out + "write it: scripts/make_docs.py"


def test_what_is_out_of_step_is_named_and_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(make_docs, "ROOT", tmp_path)
    assert make_docs.main(["--check"]) == 1
    assert not any(tmp_path.iterdir()), "a check writes nothing"
    assert "docs/errors.md" in capsys.readouterr().out
    assert make_docs.main([]) == 0 and make_docs.main(["--check"]) == 0


def test_every_code_and_reason_is_on_the_page() -> None:
    page = make_docs.errors_page()
    for kind in all_errors():
        assert f"| {kind.status_code} | {kind.error_code} | {'yes' if kind.retryable else 'no'} | " in page
    assert all(f"| {reason} | {sentence} |" in page for reason, sentence in REJECTION_MESSAGES.items())


def test_an_operation_without_a_request_is_noticed(document: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FOLDERS, "Account", FOLDERS["Account"][1:])
    with pytest.raises(ValueError, match="create_account"):
        collection(document)


def test_every_request_asserts_something(document: dict[str, Any]) -> None:
    for folder in collection(document)["item"]:
        for item in folder["item"]:
            script = "\n".join(item["event"][0]["script"]["exec"])
            assert "to.have.status(" in script and ("body.success" in script or "Content-Type" in script), item["name"]
