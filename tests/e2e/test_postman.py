"""The Postman collection against a real server: by a small player of our own, and by newman where it is installed."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests

from benchmarks.servers import ServerProcess
from scripts.make_docs import document
from scripts.postman import collection

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = {
    "status": re.compile(r'pm\.test\("status \d+", \(\) => pm\.response\.to\.have\.status\((\d+)\)\);'),
    "media": re.compile(r'pm\.test\(.*headers\.get\("Content-Type"\)\)\.to\.include\("([^"]+)"\)\);'),
    "parse": re.compile(r"const body = pm\.response\.json\(\);"),
    "envelope": re.compile(r'pm\.test\("envelope", \(\) => pm\.expect\(body\.success\)\.to\.eql\(true\)\);'),
    "refusal": re.compile(r'pm\.test\("refusal", \(\) => pm\.expect\(body\.success\)\.to\.eql\(false\)\);'),
    "has": re.compile(r'pm\.test\(.*pm\.expect\(body\)\.to\.have\.property\("(\w+)"\)\);'),
    "keep": re.compile(r'pm\.collectionVariables\.set\("(\w+)", body\.data\.([\w.]+)\);'),
    "until": re.compile(r"if \(!\((.+)\)\) \{"),
    "again": re.compile(r"  setTimeout\(\(\) => pm\.execution\.setNextRequest\(pm\.info\.requestName\), \d+\);"),
    "end": re.compile(r"\}"),
}
LONGEST_WAIT_SECONDS = 60


class Player:
    """Knows what our generator writes, and refuses anything else."""

    def __init__(self, made: dict[str, Any], base_url: str) -> None:
        self._made = made
        self.variables = {item["key"]: item["value"] for item in made["variable"]} | {"base_url": base_url}
        self.played: list[str] = []

    def play(self) -> None:
        for folder in self._made["item"]:
            for item in folder["item"]:
                self._play_until_done(item)

    def _play_until_done(self, item: dict[str, Any]) -> None:
        end = time.monotonic() + LONGEST_WAIT_SECONDS
        while self._judge(item, self._send(item["request"])):
            assert time.monotonic() < end, f"{item['name']} is not done"
            time.sleep(0.2)
        self.played.append(item["name"])

    def _send(self, wanted: dict[str, Any]) -> requests.Response:
        url = wanted["url"] if isinstance(wanted["url"], str) else wanted["url"]["raw"]
        headers = {item["key"]: self._filled(item["value"]) for item in wanted["header"]}
        if "auth" not in wanted:
            assert self._made["auth"]["bearer"][0]["value"] == "{{jwt_token}}"
            headers["Authorization"] = f"Bearer {self.variables['jwt_token']}"
        assert wanted.get("auth", {"type": "noauth"}) == {"type": "noauth"}
        with ExitStack() as stack:
            body = self._body(wanted.get("body"), stack)
            return requests.request(wanted["method"], self._filled(url), headers=headers, timeout=60, **body)

    def _body(self, body: dict[str, Any] | None, stack: ExitStack) -> dict[str, Any]:
        if body is None:
            return {}
        if body["mode"] == "raw":
            return {"json": json.loads(self._filled(body["raw"]))}
        parts = body["formdata"]
        files = {item["key"]: stack.enter_context((ROOT / item["src"]).open("rb")) for item in parts if "src" in item}
        return {"files": files, "data": {item["key"]: self._filled(item["value"]) for item in parts if "value" in item}}

    def _filled(self, text: str) -> str:
        text = text.replace("{{$randomUUID}}", str(uuid.uuid4()))
        return re.sub(r"\{\{(\w+)\}\}", lambda found: self.variables[found[1]], text)

    def _judge(self, item: dict[str, Any], answer: requests.Response) -> bool:
        """Whether it is to be sent once more. The first thing that a script checks is the status."""
        again, checks = False, list(steps(item["event"][0]["script"]["exec"]))
        assert checks[0][0] == "status"
        for kind, found in checks:
            if kind == "status":
                assert answer.status_code == int(found[1]), (item["name"], answer.text[:500])
            elif kind == "media":
                assert found[1] in answer.headers["Content-Type"], item["name"]
            elif kind in ("envelope", "refusal"):
                assert answer.json()["success"] is (kind == "envelope")
            elif kind == "has":
                assert found[1] in answer.json(), item["name"]
            elif kind == "keep":
                self.variables[found[1]] = str(at(answer.json(), f"data.{found[2]}"))
            elif kind == "until":
                again = not any(at(answer.json(), place.removeprefix("body.")) for place in found[1].split(" || "))
        return again


def steps(script: list[str]) -> Iterator[tuple[str, re.Match[str]]]:
    for line in script:
        matches = [(kind, found) for kind, pattern in SCRIPT.items() if (found := pattern.fullmatch(line))]
        assert len(matches) == 1, f"a line that the player does not know: {line}"
        yield matches[0]


def at(value: Any, place: str) -> Any:
    for name in place.split("."):
        value = value[name]
    return value


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("server"), TRYON_ENGINES="preview", RATE_LIMIT_REMOVE_BG=0) as found:
        yield found


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    return collection(document())


def test_every_request_does_what_it_says(server: ServerProcess, made: dict[str, Any]) -> None:
    player = Player(made, server.url)
    player.play()
    names = [item["name"] for folder in made["item"] for item in folder["item"]]
    assert player.played == names and names[-1] == "Delete Account" and names.index("Create Account") >= 0
    assert player.variables["jwt_token"] and player.variables["job_id"] and "/images/" in player.variables["image_url"]
    profile = requests.get(
        f"{server.url}/api/users/profile",
        headers={"Authorization": f"Bearer {player.variables['jwt_token']}"},
        timeout=10,
    )
    assert profile.status_code == 401, "nothing is left of the account"


def test_the_player_notices_what_is_wrong(server: ServerProcess, made: dict[str, Any]) -> None:
    health = made["item"][0]["item"][0]
    script = [line.replace("200", "201") for line in health["event"][0]["script"]["exec"]]
    wrong = {**health, "event": [{"listen": "test", "script": {"exec": script}}]}
    player = Player({**made, "item": [{"name": "wrong", "item": [wrong]}]}, server.url)
    with pytest.raises(AssertionError, match="Health"):
        player.play()


def newman() -> str | None:
    own = ROOT / "node_modules" / ".bin" / "newman"
    return str(own) if own.exists() else shutil.which("newman")


@pytest.mark.skipif(newman() is None, reason="newman is not installed: npm install --no-save newman@6")
def test_newman_agrees(server: ServerProcess) -> None:
    done = subprocess.run(
        [str(newman()), "run", "postman_collection.json", "--env-var", f"base_url={server.url}", "--color", "off"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
