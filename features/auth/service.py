"""Use cases of sign-up, sign-in and tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from features.auth.schemas import AccountRequest
from features.body_measurements.service import MeasurementNotice, MeasurementService
from features.users.schemas import check_birthday
from features.users.service import UserService
from shared.clock import Clock, utc_now
from shared.database import DatabaseManager
from shared.errors import AuthenticationError
from shared.logger import get_logger
from shared.models.user import User
from shared.passwords import PasswordHasher
from shared.tokens import Claims, TokenService

log = get_logger(__name__)


@dataclass(frozen=True)
class SignedIn:
    user: User
    token: str
    warnings: tuple[MeasurementNotice, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        shown: dict[str, Any] = {"token": self.token, "user": self.user.to_dict()}
        return {**shown, "warnings": [item.to_dict() for item in self.warnings]} if self.warnings else shown


class AuthService:
    def __init__(
        self,
        db: DatabaseManager,
        users: UserService,
        measurements: MeasurementService,
        hasher: PasswordHasher,
        tokens: TokenService,
        clock: Clock = utc_now,
    ) -> None:
        self._db = db
        self._users = users
        self._measurements = measurements
        self._hasher = hasher
        self._tokens = tokens
        self._clock = clock

    def create_account(self, wanted: AccountRequest) -> SignedIn:
        """User and measurements together or not at all. Raises ValidationError, EmailExistsError."""
        now = self._clock()
        check_birthday(wanted.birthday, now.date())
        values, warnings = self._measurements.check(wanted.measured(), wanted.measured_in)
        self._users.refuse_taken(wanted.email)
        password_hash = self._hasher.hash(wanted.password)  # slow: before the unit of work, which locks the database
        with self._db.transaction():
            user = self._users.add(password_hash, wanted.profile(), now)
            if any(value is not None for value in values.values()):
                self._measurements.store(user.userid, values, wanted.measured_in, now)
        log.info("account created", extra={"user_id": user.userid})
        return SignedIn(user, self._users.token(user), tuple(warnings))

    def login(self, email: str, password: str) -> SignedIn:
        """Unknown e-mail, wrong password and a closed account give the same error after about the same time."""
        user = self._users.find(email)
        if user is None:
            self._hasher.verify_nothing(password)
        if user is None or not self._hasher.verify(user.password_hash, password) or not user.is_active:
            raise AuthenticationError("E-mail address or password is wrong.")
        self._users.renew_hash(user, password)
        return SignedIn(user, self._users.token(user))

    def logout(self, claims: Claims) -> None:
        """Ends this one token; other devices stay signed in."""
        self._tokens.revoke(claims)

    def refresh(self, claims: Claims) -> str:
        """A fresh token. The old one stays valid until it runs out or is logged out: a client whose answer was lost
        on the way, or that has requests under way, is not signed out."""
        user = self._users.get(claims.user_id)
        # The version of the token that asked: a password that is changed in this moment ends both.
        return self._tokens.generate_token(user.userid, user.email, version=claims.version)
