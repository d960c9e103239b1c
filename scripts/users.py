"""Accounts, for operators; run it in the server's folder, where its .env and its database are.

    python scripts/users.py list
    python scripts/users.py deactivate|activate|reset-password EMAIL

Closing an account and resetting a password end all of its tokens at once.
"""

from __future__ import annotations

import argparse
import secrets
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

# So that it starts from anywhere, installed or not.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.bootstrap import start_in_environment

try:
    from config import Config, ConfigError
    from shared.clock import to_text, utc_now
    from shared.database import DatabaseManager
    from shared.errors import BecauseFutureError
    from shared.models.user import UserTable
    from shared.passwords import PasswordHasher
except ModuleNotFoundError as missing:
    start_in_environment(missing)

ENV_FILE = Path(".env")
RANDOM_BYTES = 12  # 16 characters


def main(arguments: list[str] | None = None, config: Config | None = None) -> int:
    """0: done; 1: there is no such account; 2: the settings or the database are not there."""
    options = _parser().parse_args(arguments)
    try:
        users = UserTable(_database(config or _settings()))
        done = (
            _list(users) if options.command == "list" else ACTIONS[options.command](users, _email(options), utc_now())
        )
    except (ConfigError, BecauseFutureError, FileNotFoundError) as error:
        print(f"users: {error}", file=sys.stderr)
        return 2
    if not done:
        print("users: there is no account with this e-mail address", file=sys.stderr)
    return 0 if done else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Accounts, for operators.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="every account, oldest first")
    for name in ACTIONS:
        commands.add_parser(name).add_argument("email")
    return parser


def _email(options: argparse.Namespace) -> str:
    return str(options.email).strip().lower()


def _settings() -> Config:
    """Without a .env none is written: this is not where the server lives, or its settings come from elsewhere."""
    return Config.from_env(env_file=ENV_FILE if ENV_FILE.exists() else None)


def _database(config: Config) -> DatabaseManager:
    if not config.database_path.exists():
        raise FileNotFoundError("there is no database yet; start the server once, or run this in its folder")
    return DatabaseManager(config.database_path)


def _list(users: UserTable) -> bool:
    for user in users.list_all():
        state = "active" if user.is_active else "inactive"
        print(f"{user.userid}  {state:8}  {to_text(user.created_at)}  {user.email}")
    return True


def _deactivate(users: UserTable, email: str, now: datetime) -> bool:
    return _said(users.set_active(email, False, now) is not None, f"{email} is closed; all its tokens have ended")


def _activate(users: UserTable, email: str, now: datetime) -> bool:
    return _said(users.set_active(email, True, now) is not None, f"{email} is open")


def _reset_password(users: UserTable, email: str, now: datetime) -> bool:
    """The new password is shown this once and kept nowhere."""
    password = secrets.token_urlsafe(RANDOM_BYTES)
    found = users.reset_password(email, PasswordHasher().hash(password), now)
    return _said(found is not None, f"the new password of {email}: {password}")


def _said(done: bool, sentence: str) -> bool:
    if done:
        print(sentence)
    return done


ACTIONS: dict[str, Callable[[UserTable, str, datetime], bool]] = {
    "deactivate": _deactivate,
    "activate": _activate,
    "reset-password": _reset_password,
}

if __name__ == "__main__":
    raise SystemExit(main())
