"""Every setting, its default, its limits and one line that explains it. The only reader of os.environ.

A field's name in capitals is the variable's name; `env.template` is made from this table
(`scripts/validate.py --template`).
"""

from __future__ import annotations

import ipaddress
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dotenv import dotenv_values

ENVIRONMENTS = ("development", "testing", "production")
ENGINE_NAMES = ("gemini", "preview")
PICTURE_EXTENSIONS = ("png", "jpg", "jpeg", "webp", "heic", "heif")
MINIMUM_SECRET_LENGTH = 32  # bytes; RFC 7518 3.2 asks as much for HS256 as the hash is long
DEVELOPMENT_ORIGINS = ("http://localhost:*", "http://127.0.0.1:*")


class ConfigError(Exception):
    """One sentence: which variable is wrong and how to mend it."""


def _text(value: str) -> str:
    return value


def _path(value: str) -> Path:
    return Path(value).expanduser()


def _flag(value: str) -> bool:
    known = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    if value.lower() not in known:
        raise ValueError("must be 1 or 0")
    return known[value.lower()]


def _words(value: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in value.split(",") if word.strip())


def _number(low: int, high: int) -> Callable[[str], int]:
    def read(value: str) -> int:
        if not value.removeprefix("-").isdecimal() or not low <= int(value) <= high:
            raise ValueError(f"must be a whole number from {low} to {high}")
        return int(value)

    return read


def _amount(value: str) -> float:
    try:
        amount = float(value)
    except ValueError:
        amount = -1.0
    if not 0 <= amount <= 1_000_000:
        raise ValueError("must be a number from 0 to 1000000")
    return amount


def _choice(*allowed: str) -> Callable[[str], str]:
    def read(value: str) -> str:
        if value not in allowed:
            raise ValueError(f"must be one of {', '.join(allowed)}")
        return value

    return read


def _engines(value: str) -> tuple[str, ...]:
    names = _words(value)
    if not names or set(names) - set(ENGINE_NAMES) or len(set(names)) != len(names):
        raise ValueError(f"must be a list out of {', '.join(ENGINE_NAMES)}, each at most once")
    return names


def _extensions(value: str) -> tuple[str, ...]:
    words = tuple(word.lower().lstrip(".") for word in _words(value))
    if not words or set(words) - set(PICTURE_EXTENSIONS):
        raise ValueError(f"must be a list out of {', '.join(PICTURE_EXTENSIONS)}")
    return words


def _base_url(value: str) -> str:
    parts = urlsplit(value)
    if value and (parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment):
        raise ValueError("must be an address such as https://api.example.com")
    return value.rstrip("/")


def _url_path(value: str) -> str:
    if not value.startswith("/") or value.rstrip("/") in {"", "/api"}:
        raise ValueError("must be a path such as /images")
    return value.rstrip("/")


def _networks(value: str) -> tuple[str, ...]:
    try:
        return tuple(str(ipaddress.ip_network(word)) for word in _words(value))
    except ValueError:
        raise ValueError("must be a list of addresses or networks such as 127.0.0.1,10.0.0.0/8") from None


def setting(default: Any, read: Callable[[str], Any], explanation: str) -> Any:
    return field(default=default, metadata={"read": read, "explanation": explanation})


MEGABYTE = 1024 * 1024


@dataclass(frozen=True, repr=False)  # no repr: it would show the secrets
class Config:
    """Raises ConfigError from `from_env`; a value made by hand (tests) is taken as it is."""

    flask_env: str = setting("development", _choice(*ENVIRONMENTS), "development, testing or production")
    flask_debug: bool = setting(False, _flag, "1: reloads when a file changes; this machine only, never in production")
    secret_key: str = setting("", _text, "signs image addresses; made at random in development, required in production")
    jwt_secret_key: str = setting("", _text, "signs tokens; made at random in development, required in production")
    jwt_algorithm: str = setting("HS256", _choice("HS256", "HS384", "HS512"), "HS256, HS384 or HS512")
    jwt_expiration_hours: int = setting(24, _number(1, 8760), "how long a token is valid, hours")

    host: str = setting("127.0.0.1", _text, "address to listen on; 0.0.0.0 for the whole network")
    port: int = setting(8000, _number(1, 65535), "port to listen on")
    server_threads: int = setting(64, _number(2, 1000), "request threads")
    public_base_url: str = setting("", _base_url, "what absolute addresses begin with; empty: taken from the request")
    trusted_proxies: tuple[str, ...] = setting(
        (), _networks, "proxies whose X-Forwarded-* headers count; they must set or remove all of them"
    )
    cors_origins: tuple[str, ...] = setting(
        (), _words, "exact origins of web clients, also chrome-extension://<id>; empty: localhost in development"
    )

    database_path: Path = setting(Path("database.db"), _path, "SQLite file")
    migrate_on_start: bool = setting(True, _flag, "0: the server does not bring the database up to date by itself")
    images_dir: Path = setting(Path("images"), _path, "where pictures are kept")
    images_base_url: str = setting("/images", _url_path, "path under which pictures are served")
    rendition_cache_size: int = setting(
        512 * MEGABYTE, _number(0, 1 << 40), "bytes of smaller copies of pictures that are kept; 0: none"
    )
    image_url_ttl_hours: int = setting(24, _number(1, 8760), "how long an image address works, rounded up to the hour")
    logs_dir: Path = setting(Path("logs"), _path, "where app.log and errors.log are kept")
    log_level: str = setting("INFO", _choice("DEBUG", "INFO", "WARNING", "ERROR"), "DEBUG, INFO, WARNING or ERROR")
    log_retention_days: int = setting(14, _number(1, 3650), "daily log files older than this are removed")

    max_upload_size: int = setting(15 * MEGABYTE, _number(1024, 1 << 30), "bytes of one picture")
    max_request_size: int = setting(64 * MEGABYTE, _number(1024, 1 << 31), "bytes of a body that carries pictures")
    max_parse_size: int = setting(9 * MEGABYTE, _number(1024, 1 << 30), "bytes of a page sent to garments/parse")
    max_json_size: int = setting(1 * MEGABYTE, _number(1024, 1 << 30), "bytes of any other body")
    max_image_pixels: int = setting(60_000_000, _number(4096, 1 << 30), "pixels of one picture")
    allowed_extensions: tuple[str, ...] = setting(
        PICTURE_EXTENSIONS, _extensions, "kinds of pictures that are taken (by content)"
    )

    tryon_engines: tuple[str, ...] = setting(
        (), _engines, "engines in order; empty: gemini with a key, preview without; gemini,preview falls back"
    )
    gemini_api_key: str = setting("", _text, "key of the Gemini API; empty: the preview engine works without it")
    gemini_model_name: str = setting("gemini-nano-banana-2.1", _text, "image model that is asked first")
    gemini_fallback_models: tuple[str, ...] = setting(
        ("gemini-3-pro-image", "gemini-3.1-flash-lite-image"), _words, "models that are asked when the first is down"
    )
    gemini_base_url: str = setting(
        "https://generativelanguage.googleapis.com", _base_url, "where the Gemini API is; a protocol fake can stand in"
    )
    gemini_input_side: int = setting(1536, _number(512, 2016), "longer side of the pictures that are sent, pixels")
    gemini_garments_per_call: int = setting(3, _number(1, 5), "more garments are dressed in turns, a paid call each")
    max_provider_calls_per_job: int = setting(3, _number(1, 20), "paid calls of one job, all attempts and models")

    allow_underwear_and_swimwear: bool = setting(False, _flag, "1: try-ons of underwear and swimwear are not refused")

    daily_calls_per_user: int = setting(0, _number(0, 1_000_000), "paid calls of one user and day (UTC); 0: no limit")
    daily_calls: int = setting(0, _number(0, 100_000_000), "paid calls of all users and day (UTC); 0: no limit")
    daily_usd_per_user: float = setting(20.0, _amount, "US dollars of one user and day (UTC); 0: no limit")
    daily_usd: float = setting(100.0, _amount, "US dollars of all users and day (UTC); 0: no limit")
    circuit_failures: int = setting(
        5, _number(0, 1000), "failures in a row after which a model is left alone for a while; 0: never"
    )
    circuit_open_seconds: int = setting(30, _number(1, 3600), "how long it is left alone, the first time")

    tryon_workers: int = setting(50, _number(1, 500), "jobs that run at once; they mostly wait for the provider")
    tryon_express_workers: int = setting(10, _number(0, 500), "more of them, only for users who have no job running")
    tryon_running_per_user: int = setting(50, _number(1, 500), "jobs of one user that run at once")
    max_jobs_per_user: int = setting(50, _number(1, 100_000), "unfinished jobs of one user, waiting and running")
    max_queue_size: int = setting(50, _number(1, 100_000), "jobs that may wait, those that run not counted")
    job_timeout_seconds: int = setting(300, _number(5, 3600), "longest run of one attempt at a job")
    job_lease_seconds: int = setting(30, _number(3, 3600), "a worker that is silent for so long loses its job")
    shutdown_grace_seconds: int = setting(20, _number(0, 600), "time that running jobs get to finish at a stop")
    tryon_max_attempts: int = setting(3, _number(1, 20), "how often an interrupted job is taken up")
    result_retention_days: int = setting(90, _number(1, 36500), "results are kept so long; favourites for ever")
    input_retention_hours: int = setting(24, _number(0, 87600), "a job's photos are kept so long after its end")

    rate_limit_login: int = setting(10, _number(0, 1_000_000), "sign-ins per minute, e-mail and address; 0: no limit")
    rate_limit_signup: int = setting(10, _number(0, 1_000_000), "sign-ups per hour and address; 0: no limit")
    rate_limit_garments: int = setting(30, _number(0, 1_000_000), "garment pages per minute; 0: no limit")
    rate_limit_remove_bg: int = setting(10, _number(0, 1_000_000), "remove-bg per minute; 0: no limit")
    rate_limit_tryon: int = setting(60, _number(0, 1_000_000), "try-ons per minute and user; 0: no limit")

    fetch_allow_hosts: tuple[str, ...] = setting(
        (), _words, "host:port pairs that the address guard lets through, for tests and local shops"
    )
    fetch_allow_hosts_in_production: bool = setting(False, _flag, "1: FETCH_ALLOW_HOSTS counts in production too")

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None, *, env_file: Path | None = Path(".env")) -> Config:
        """Read the environment, which wins over `env_file`. Empty or unset: the default. Raises ConfigError."""
        found: dict[str, str | None] = {**(dotenv_values(env_file) if env_file else {})}
        found.update(os.environ if environ is None else environ)
        values = {item.name: _read(item, text) for item in fields(cls) if (text := found.get(item.name.upper()))}
        config = cls(**_with_secrets(values, env_file))
        _check_together(config)
        return config

    @property
    def is_production(self) -> bool:
        return self.flask_env == "production"

    def engines_in_order(self) -> tuple[str, ...]:
        return self.tryon_engines or (("gemini",) if self.gemini_api_key else ("preview",))

    def origins(self) -> tuple[str, ...]:
        return self.cors_origins or (() if self.is_production else DEVELOPMENT_ORIGINS)


def _read(item: Field[Any], text: str) -> Any:
    try:
        return item.metadata["read"](text.strip())
    except ValueError as error:
        raise ConfigError(f"{item.name.upper()} {error}. Correct it in .env or in the environment.") from None


def _with_secrets(values: dict[str, Any], env_file: Path | None) -> dict[str, Any]:
    """Outside production a missing secret is made at random and kept in `env_file`: tokens outlive a restart."""
    missing = [name for name in ("secret_key", "jwt_secret_key") if not values.get(name)]
    if missing and values.get("flask_env") == "production":
        raise ConfigError(
            f"{missing[0].upper()} is not set, and production has no default for it. "
            'Make one with: python3 -c "import secrets; print(secrets.token_urlsafe(48))"'
        )
    made = {name: secrets.token_urlsafe(48) for name in missing}
    if made and env_file:
        keep_in_env_file(env_file, {name.upper(): value for name, value in made.items()})
    return {**values, **made}


def keep_in_env_file(env_file: Path, values: Mapping[str, str]) -> None:
    """Set variables in `env_file`, the other lines left as they are; readable by its owner only."""
    lines = env_file.read_text().splitlines() if env_file.exists() else []
    kept = [line for line in lines if line.split("=", 1)[0].strip() not in values]
    text = "\n".join([*kept, *(f"{name}={value}" for name, value in values.items())]) + "\n"
    beside = env_file.with_name(env_file.name + ".new")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text)
    beside.replace(env_file)


def _check_together(config: Config) -> None:
    for name in ("secret_key", "jwt_secret_key"):
        if len(getattr(config, name).encode()) < MINIMUM_SECRET_LENGTH:
            raise ConfigError(f"{name.upper()} is too short: use at least {MINIMUM_SECRET_LENGTH} characters.")
    if "gemini" in config.tryon_engines and not config.gemini_api_key:
        raise ConfigError("TRYON_ENGINES names gemini, but GEMINI_API_KEY is empty. Set the key, or use preview.")
    if config.is_production:
        _check_production(config)


def _check_production(config: Config) -> None:
    if config.flask_debug:
        raise ConfigError("FLASK_DEBUG=1 would open a debugger to the network: leave it out in production.")
    if "*" in config.cors_origins:
        raise ConfigError("CORS_ORIGINS must name exact origins in production, not *.")
    if config.secret_key == config.jwt_secret_key:
        raise ConfigError("SECRET_KEY and JWT_SECRET_KEY must differ.")
    if config.fetch_allow_hosts and not config.fetch_allow_hosts_in_production:
        raise ConfigError(
            "FETCH_ALLOW_HOSTS opens the address guard: remove it, or set FETCH_ALLOW_HOSTS_IN_PRODUCTION=1."
        )


def env_template() -> str:
    """The text of env.template: every variable with its explanation, commented out at its default."""
    lines = [
        "# Copy to .env and change what you need; a variable that is left out keeps the default shown here.",
        "# scripts/run.py makes .env with random secrets when there is none.",
        "",
    ]
    for item in fields(Config):
        lines += [f"# {item.metadata['explanation']}", f"#{item.name.upper()}={_shown(item.default)}", ""]
    return "\n".join(lines)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    return ",".join(value) if isinstance(value, tuple) else str(value)
