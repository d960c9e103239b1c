"""Bearer tokens, ended at once by a logout, a changed password or a closed account."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import jwt

from shared.clock import Clock, to_text, utc_now
from shared.database import DatabaseManager
from shared.errors import AuthenticationError

_REQUIRED = ("user_id", "email", "iat", "exp", "jti", "ver")
_REMEMBERED = 4096
"""Tokens whose signature was found right: a poll a second need not check it each time."""

_REFUSED = "The token is not valid (any more). Sign in again."


@dataclass(frozen=True, slots=True)
class Claims:
    user_id: str
    email: str
    jti: str
    version: int
    expires_at: datetime


class TokenService:
    def __init__(
        self, db: DatabaseManager, secret: str, *, algorithm: str = "HS256", hours: int = 24, clock: Clock = utc_now
    ) -> None:
        self._db = db
        self._secret = secret
        self._algorithm = algorithm
        self._hours = hours
        self._clock = clock
        self._read = lru_cache(maxsize=_REMEMBERED)(self._decoded)

    def generate_token(
        self, user_id: str, email: str, *, version: int = 1, additional_claims: Mapping[str, Any] | None = None
    ) -> str:
        now = self._clock()
        claims = {
            **(additional_claims or {}),
            "user_id": user_id,
            "email": email,
            "iat": int(now.timestamp()),
            "exp": int((now + timedelta(hours=self._hours)).timestamp()),
            "jti": secrets.token_urlsafe(16),
            "ver": version,
        }
        return jwt.encode(claims, self._secret, algorithm=self._algorithm)

    def verify_token(self, token: str) -> Claims:
        """Signature, form and time; whether the account still honours it is `authenticate`'s question."""
        claims = self._read(token)
        if claims.expires_at <= self._clock():
            raise AuthenticationError("The token has run out. Sign in again.")
        return claims

    def _decoded(self, token: str) -> Claims:
        """What never changes for one token: its signature, its form, and what it says."""
        try:
            found = jwt.decode(
                token,
                self._secret,
                algorithms=[self._algorithm],
                options={"require": list(_REQUIRED), "verify_exp": False, "verify_iat": False},
            )
            return Claims(
                str(found["user_id"]),
                str(found["email"]),
                str(found["jti"]),
                int(found["ver"]),
                datetime.fromtimestamp(int(found["exp"]), UTC),
            )
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, OSError):
            raise AuthenticationError(_REFUSED) from None

    def authenticate(self, token: str) -> Claims:
        """The claims of a token that counts now: right, not ended, and of an account that is open."""
        claims = self.verify_token(token)
        row = self._db.fetch_one(
            "SELECT is_active, token_version,"
            " EXISTS (SELECT 1 FROM revoked_tokens WHERE jti = ?) AS revoked FROM users WHERE userid = ?",
            (claims.jti, claims.user_id),
        )
        if row is None or not row["is_active"] or row["revoked"] or row["token_version"] != claims.version:
            raise AuthenticationError(_REFUSED)
        return claims

    def get_user_from_token(self, token: str) -> str:
        return self.authenticate(token).user_id

    def revoke(self, claims: Claims) -> None:
        """End this one token; also forgets ended tokens whose time is over."""
        self._db.execute("DELETE FROM revoked_tokens WHERE expires_at < ?", (to_text(self._clock()),))
        self._db.execute(
            "INSERT INTO revoked_tokens (jti, user_id, expires_at) VALUES (?, ?, ?) ON CONFLICT (jti) DO NOTHING",
            (claims.jti, claims.user_id, to_text(claims.expires_at)),
        )
