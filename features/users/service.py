"""Use cases of an account: see it, change it, close it."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from features.users.schemas import check_birthday
from shared.clock import Clock, utc_now
from shared.database import DatabaseManager
from shared.errors import AuthenticationError, BecauseFutureError, ConflictError
from shared.logger import get_logger
from shared.models.user import User, UserTable, email_exists
from shared.passwords import PasswordHasher
from shared.tokens import TokenService

log = get_logger(__name__)


class AccountEraser(Protocol):
    """A feature that keeps things of an account. Rows go with the account's row (ON DELETE CASCADE)."""

    def count(self, user_id: str) -> dict[str, int]:
        """What rows there are, by kind; asked before the account is deleted."""

    def erase(self, user_id: str) -> dict[str, int]:
        """Delete what is no row (files) and count it; called once the account is gone for good."""


class UserService:
    def __init__(
        self,
        db: DatabaseManager,
        hasher: PasswordHasher,
        tokens: TokenService,
        *,
        erasers: Sequence[AccountEraser] = (),
        clock: Clock = utc_now,
    ) -> None:
        self._users = UserTable(db)
        self._hasher = hasher
        self._tokens = tokens
        self._erasers = erasers
        self._clock = clock

    # --- for sign-up and sign-in -----------------------------------------------------------------------------------

    def add(self, password_hash: str, profile: Mapping[str, Any], now: datetime) -> User:
        """A new account with an id that cannot be guessed. Raises EmailExistsError."""
        return self._users.add(secrets.token_urlsafe(16), password_hash, profile, now)

    def refuse_taken(self, email: str) -> None:
        """Early and cheap, before a password is hashed; only `add` is safe against two at once."""
        if self.find(email):
            raise email_exists()

    def find(self, email: str) -> User | None:
        return self._users.get_by_email(email)

    def renew_hash(self, user: User, password: str) -> None:
        """Hash the same password anew when its hash is older than today's rules."""
        if self._hasher.needs_rehash(user.password_hash):
            self._users.replace_hash(user.userid, user.password_hash, self._hasher.hash(password))

    def token(self, user: User) -> str:
        return self._tokens.generate_token(user.userid, user.email, version=user.token_version)

    # --- profile ---------------------------------------------------------------------------------------------------

    def get(self, user_id: str) -> User:
        return _still_there(self._users.get(user_id))

    def update(self, user_id: str, changes: Mapping[str, Any]) -> User:
        """Raises ValidationError (birthday), EmailExistsError."""
        now = self._clock()
        check_birthday(changes.get("birthday"), now.date())
        return _still_there(self._users.update(user_id, changes, now))

    def change_password(self, user_id: str, current: str, new: str) -> str:
        """A fresh token; every older one has ended. Raises AuthenticationError, ConflictError (two at once)."""
        user = self._proven(user_id, current)
        changed = self._users.change_password(user_id, user.password_hash, self._hasher.hash(new), self._clock())
        if changed is None:
            raise ConflictError("The password was changed at the same moment. Sign in again.")
        log.info("password changed", extra={"user_id": user_id})
        return self.token(changed)

    # --- the end ---------------------------------------------------------------------------------------------------

    def delete(self, user_id: str, password: str) -> dict[str, int]:
        """The account with all its rows and files; how many of each there were. Raises AuthenticationError."""
        self._proven(user_id, password)
        counts = Counter[str]()
        for eraser in self._erasers:
            counts.update(eraser.count(user_id))
        if not self._users.delete(user_id):
            raise _closed()
        for eraser in self._erasers:
            counts.update(_erased(eraser.erase, user_id))
        log.info("account deleted", extra={"user_id": user_id, "counts": dict(counts)})
        return dict(counts)

    def _proven(self, user_id: str, password: str) -> User:
        user = self.get(user_id)
        if not self._hasher.verify(user.password_hash, password):
            raise AuthenticationError("The password is wrong.", details={"fields": {"password": "is wrong"}})
        return user


def _erased(erase: Callable[[str], dict[str, int]], user_id: str) -> dict[str, int]:
    """The account is gone by now and cannot ask again: one feature's trouble must not keep the files of the others."""
    try:
        return erase(user_id)
    except (BecauseFutureError, OSError):
        log.exception("files of a deleted account are left", extra={"user_id": user_id})
        return {}


def _still_there(user: User | None) -> User:
    if user is None:
        raise _closed()
    return user


def _closed() -> AuthenticationError:
    return AuthenticationError("This account was closed.")
