"""Every setting: its default, what it refuses, and what must not be left to chance in production."""

from __future__ import annotations

import secrets
import stat
from dataclasses import fields
from pathlib import Path

import pytest

from config import DEVELOPMENT_ORIGINS, Config, ConfigError, env_template

SECRETS = {"SECRET_KEY": "a" * 40, "JWT_SECRET_KEY": "b" * 40}
PRODUCTION = {**SECRETS, "FLASK_ENV": "production"}
ALL = {item.name: item for item in fields(Config)}
NUMBERS = [name for name, item in ALL.items() if isinstance(item.default, int) and not isinstance(item.default, bool)]
FLAGS = [name for name, item in ALL.items() if isinstance(item.default, bool)]
MALFORMED = {
    "flask_env": "staging",
    "jwt_algorithm": "none",
    "log_level": "LOUD",
    "public_base_url": "api.example.com",
    "gemini_base_url": "ftp://example.com",
    "images_base_url": "images",
    "trusted_proxies": "10.0.0.0/8,proxy",
    "tryon_engines": "preview,magic",
    **dict.fromkeys(NUMBERS, "many"),
    **dict.fromkeys(FLAGS, "perhaps"),
}


def read(**environ: str) -> Config:
    return Config.from_env({**SECRETS, **environ}, env_file=None)


def refusal(environ: dict[str, str]) -> str:
    with pytest.raises(ConfigError) as caught:
        Config.from_env(environ, env_file=None)
    return str(caught.value)


def test_nothing_set_gives_every_default() -> None:
    config = read()
    found = {name: getattr(config, name) for name in ALL if name.upper() not in SECRETS}
    assert found == {name: item.default for name, item in ALL.items() if name.upper() not in SECRETS}


def test_the_port_and_the_host_are_those_of_the_documentation() -> None:
    assert (read().host, read().port) == ("127.0.0.1", 8000)


@pytest.mark.parametrize("name", sorted(name for name in ALL if name.upper() not in SECRETS))
def test_an_empty_variable_counts_as_unset(name: str) -> None:
    assert getattr(read(**{name.upper(): ""}), name) == ALL[name].default


@pytest.mark.parametrize(("name", "value"), sorted(MALFORMED.items()))
def test_a_malformed_value_is_one_sentence_naming_the_variable(name: str, value: str) -> None:
    sentence = refusal({**SECRETS, name.upper(): value})
    assert sentence.startswith(f"{name.upper()} must be ")
    assert "\n" not in sentence


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", ["-1", "1.5", "1e3", "99999999999999", "٣x", "nan"])
def test_a_number_out_of_range_or_not_whole_is_refused(name: str, value: str) -> None:
    assert name.upper() in refusal({**SECRETS, name.upper(): value})


@pytest.mark.parametrize(("text", "value"), [("1", True), ("TRUE", True), ("on", True), ("0", False), ("No", False)])
def test_flags_take_the_usual_words(text: str, value: bool) -> None:
    assert read(FLASK_DEBUG=text).flask_debug is value


def test_lists_are_split_and_trimmed() -> None:
    origins = "https://a.example , chrome-extension://abc,"
    assert read(CORS_ORIGINS=origins).cors_origins == ("https://a.example", "chrome-extension://abc")


def test_addresses_lose_their_last_slash() -> None:
    assert read(PUBLIC_BASE_URL="https://api.example.com/").public_base_url == "https://api.example.com"
    assert read(IMAGES_BASE_URL="/pictures/").images_base_url == "/pictures"


def test_pictures_cannot_be_served_over_the_api() -> None:
    assert "IMAGES_BASE_URL" in refusal({**SECRETS, "IMAGES_BASE_URL": "/api"})


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("PORT=9001\nHOST=0.0.0.0\n")
    config = Config.from_env({**SECRETS, "PORT": "9002"}, env_file=env_file)
    assert (config.port, config.host) == (9002, "0.0.0.0")


def test_secrets_are_made_once_and_kept_for_their_owner_only(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("PORT=9001\n# a remark\n")
    first = Config.from_env({}, env_file=env_file)
    second = Config.from_env({}, env_file=env_file)
    assert first.secret_key == second.secret_key != first.jwt_secret_key == second.jwt_secret_key
    assert min(len(first.secret_key), len(first.jwt_secret_key)) >= 32
    assert stat.S_IMODE(env_file.stat().st_mode) == 0o600
    assert env_file.read_text().startswith("PORT=9001\n# a remark\n")


def test_secrets_of_two_machines_differ(tmp_path: Path) -> None:
    made = [Config.from_env({}, env_file=tmp_path / name).secret_key for name in ("one.env", "two.env")]
    assert made[0] != made[1]


@pytest.mark.parametrize("name", sorted(SECRETS))
def test_a_short_secret_is_refused(name: str) -> None:
    assert refusal({**SECRETS, name: "short"}).startswith(f"{name} is too short")


@pytest.mark.parametrize("name", sorted(SECRETS))
def test_production_refuses_to_start_without_its_secrets(name: str, tmp_path: Path) -> None:
    environ = {key: value for key, value in PRODUCTION.items() if key != name}
    with pytest.raises(ConfigError, match=f"^{name} is not set"):
        Config.from_env(environ, env_file=tmp_path / ".env")
    assert not (tmp_path / ".env").exists()


@pytest.mark.parametrize(
    ("extra", "named"),
    [
        ({"FLASK_DEBUG": "1"}, "FLASK_DEBUG"),
        ({"CORS_ORIGINS": "*"}, "CORS_ORIGINS"),
        ({"JWT_SECRET_KEY": SECRETS["SECRET_KEY"]}, "JWT_SECRET_KEY"),
        ({"FETCH_ALLOW_HOSTS": "127.0.0.1:9999"}, "FETCH_ALLOW_HOSTS"),
    ],
)
def test_what_production_refuses(extra: dict[str, str], named: str) -> None:
    assert named in refusal({**PRODUCTION, **extra})
    assert Config.from_env({**PRODUCTION, **extra, "FLASK_ENV": "testing"}, env_file=None).flask_env == "testing"


def test_the_address_guard_opens_in_production_only_when_it_is_said_twice() -> None:
    environ = {**PRODUCTION, "FETCH_ALLOW_HOSTS": "127.0.0.1:9999", "FETCH_ALLOW_HOSTS_IN_PRODUCTION": "1"}
    assert Config.from_env(environ, env_file=None).fetch_allow_hosts == ("127.0.0.1:9999",)


@pytest.mark.parametrize(
    ("environ", "engines"),
    [
        ({}, ("preview",)),
        ({"GEMINI_API_KEY": "key"}, ("gemini",)),
        ({"GEMINI_API_KEY": "key", "TRYON_ENGINES": "gemini,preview"}, ("gemini", "preview")),
        ({"GEMINI_API_KEY": "key", "TRYON_ENGINES": "preview"}, ("preview",)),
    ],
)
def test_the_engines_follow_the_key(environ: dict[str, str], engines: tuple[str, ...]) -> None:
    assert read(**environ).engines_in_order() == engines


def test_gemini_without_a_key_is_refused() -> None:
    assert "GEMINI_API_KEY is empty" in refusal({**SECRETS, "TRYON_ENGINES": "gemini,preview"})


def test_web_clients_of_this_machine_are_let_in_except_in_production() -> None:
    assert read().origins() == DEVELOPMENT_ORIGINS
    assert Config.from_env(PRODUCTION, env_file=None).origins() == ()


def test_no_secret_shows_in_the_text_of_a_config() -> None:
    planted = secrets.token_hex(20)
    config = read(SECRET_KEY=planted, JWT_SECRET_KEY=planted[::-1], GEMINI_API_KEY=planted[:30])
    shown = f"{config!r} {config}"
    assert planted[:30] not in shown
    assert planted[::-1] not in shown


def test_env_template_is_in_step() -> None:
    """`python3 scripts/validate.py --template > env.template` mends it."""
    kept = Path(__file__).resolve().parents[2] / "env.template"
    assert kept.read_text() == env_template()


def test_env_template_gives_the_defaults_when_it_is_used_as_it_is(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    lines = [
        line.removeprefix("#") if "=" in line and line[1:2].isupper() else "" for line in env_template().split("\n")
    ]
    env_file.write_text("\n".join(lines))
    config = Config.from_env(SECRETS, env_file=env_file)
    assert {name: getattr(config, name) for name in ALL} == {name: getattr(read(), name) for name in ALL}
