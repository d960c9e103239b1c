"""A user and the table `users`: all its SQL but the token check, which `shared.tokens` asks on every request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from shared.clock import from_text, to_text
from shared.database import DatabaseManager, Row
from shared.errors import ConflictError, EmailExistsError

EDITABLE = ("email", "first_name", "last_name", "gender", "birthday", "street", "city")
"""Columns that people change themselves."""


@dataclass(frozen=True)
class User:
    """`userid` is what tokens and other tables carry; `id` is a row number and opens nothing."""

    id: int
    userid: str
    email: str
    password_hash: str = field(repr=False)
    first_name: str
    last_name: str
    gender: str | None
    birthday: date | None
    street: str | None
    city: str | None
    is_active: bool
    token_version: int
    created_at: datetime
    updated_at: datetime

    def to_dict(self) -> dict[str, Any]:
        """What clients see; never the hash."""
        return {
            "id": self.id,
            "userid": self.userid,
            "email": self.email,
            "first_name": self.first_name,
            "last_name": self.last_name,
            "gender": self.gender,
            "birthday": self.birthday.isoformat() if self.birthday else None,
            "street": self.street,
            "city": self.city,
            "is_active": self.is_active,
            "created_at": to_text(self.created_at),
            "updated_at": to_text(self.updated_at),
        }


class UserTable:
    """E-mail addresses come in as `validate_email` gives them: in small letters."""

    def __init__(self, db: DatabaseManager) -> None:
        self._db = db

    def add(self, userid: str, password_hash: str, profile: Mapping[str, Any], now: datetime) -> User:
        """`profile`: columns of EDITABLE. Raises EmailExistsError, also for the later one of two at once."""
        values = [_stored(profile.get(name)) for name in EDITABLE]
        row = self._db.fetch_one(
            f"INSERT INTO users (userid, password, {', '.join(EDITABLE)}, created_at, updated_at)"
            f" VALUES (?, ?, {', '.join('?' for _ in EDITABLE)}, ?, ?) ON CONFLICT (email) DO NOTHING RETURNING *",
            (userid, password_hash, *values, to_text(now), to_text(now)),
        )
        if row is None:
            raise email_exists()
        return _user_of(row)

    def get(self, userid: str) -> User | None:
        return _user(self._db.fetch_one("SELECT * FROM users WHERE userid = ?", (userid,)))

    def get_by_email(self, email: str) -> User | None:
        return _user(self._db.fetch_one("SELECT * FROM users WHERE email = ?", (email,)))

    def list_all(self) -> list[User]:
        """For operators, oldest first."""
        return [_user_of(row) for row in self._db.fetch_all("SELECT * FROM users ORDER BY id")]

    def update(self, userid: str, changes: Mapping[str, Any], now: datetime) -> User | None:
        """Write only the given columns of EDITABLE: two changes at once keep both. None: there is no such user.

        Raises EmailExistsError when another account has the e-mail address.
        """
        columns = [name for name in EDITABLE if name in changes]
        assignments = "".join(f"{name} = ?, " for name in columns)
        values = [_stored(changes[name]) for name in columns]
        try:
            row = self._db.fetch_one(
                f"UPDATE users SET {assignments}updated_at = ? WHERE userid = ? RETURNING *",
                (*values, to_text(now), userid),
            )
        except ConflictError as error:
            raise email_exists() from error
        return _user(row)

    def change_password(self, userid: str, old_hash: str, new_hash: str, now: datetime) -> User | None:
        """Ends all tokens in the same statement. None when the stored hash is not `old_hash` any more."""
        return _user(
            self._db.fetch_one(
                "UPDATE users SET password = ?, token_version = token_version + 1, updated_at = ?"
                " WHERE userid = ? AND password = ? RETURNING *",
                (new_hash, to_text(now), userid, old_hash),
            )
        )

    def replace_hash(self, userid: str, old_hash: str, new_hash: str) -> None:
        """The same password, hashed anew; does nothing when the password was changed meanwhile. Tokens stay."""
        self._db.execute(
            "UPDATE users SET password = ? WHERE userid = ? AND password = ?", (new_hash, userid, old_hash)
        )

    def set_active(self, email: str, is_active: bool, now: datetime) -> User | None:
        """Ends all tokens: those from before a closing do not come back with the opening."""
        return _user(
            self._db.fetch_one(
                "UPDATE users SET is_active = ?, token_version = token_version + 1, updated_at = ?"
                " WHERE email = ? RETURNING *",
                (is_active, to_text(now), email),
            )
        )

    def reset_password(self, email: str, new_hash: str, now: datetime) -> User | None:
        """For operators: needs no old password. Ends all tokens."""
        return _user(
            self._db.fetch_one(
                "UPDATE users SET password = ?, token_version = token_version + 1, updated_at = ?"
                " WHERE email = ? RETURNING *",
                (new_hash, to_text(now), email),
            )
        )

    def delete(self, userid: str) -> bool:
        """Rows of other tables that belong to the user go along."""
        return bool(self._db.execute("DELETE FROM users WHERE userid = ?", (userid,)))


def _stored(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _user(row: Row | None) -> User | None:
    return _user_of(row) if row else None


def _user_of(row: Row) -> User:
    return User(
        id=row["id"],
        userid=row["userid"],
        email=row["email"],
        password_hash=row["password"],
        first_name=row["first_name"],
        last_name=row["last_name"],
        gender=row["gender"],
        birthday=date.fromisoformat(row["birthday"]) if row["birthday"] else None,
        street=row["street"],
        city=row["city"],
        is_active=bool(row["is_active"]),
        token_version=row["token_version"],
        created_at=from_text(row["created_at"]),
        updated_at=from_text(row["updated_at"]),
    )


def email_exists() -> EmailExistsError:
    return EmailExistsError(
        "There is an account with this e-mail address already. Sign in, or use another address.",
        details={"fields": {"email": "is taken"}},
    )
