"""Sign-up and sign-in: typed requests."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, StringConstraints, ValidationInfo, field_validator

from features.body_measurements.schemas import MeasuredInput, MeasurementNoticeAnswer, with_fields
from features.users.schemas import (
    Birthday,
    Email,
    Gender,
    Name,
    NewPassword,
    Secret,
    Text,
    TokenAnswer,
    UserAnswer,
    same_as,
)
from shared.models.user import EDITABLE
from shared.validators import LONGEST_EMAIL, InputModel


class AccountRequest(MeasuredInput):
    email: Email
    password: NewPassword
    confirm_password: Secret
    first_name: Name
    last_name: Name
    gender: Gender | None = None
    birthday: Birthday | None = None
    street: Text | None = None
    city: Text | None = None

    @field_validator("confirm_password")
    @classmethod
    def _repeats(cls, value: str, info: ValidationInfo) -> str:
        return same_as("password", value, info)

    def profile(self) -> dict[str, Any]:
        return {name: getattr(self, name) or None for name in EDITABLE}


CreateAccountRequest = with_fields(AccountRequest)


class LoginRequest(InputModel):
    """Any text may be tried: an address of a wrong form is just one that nobody has."""

    email: Annotated[str, StringConstraints(to_lower=True, max_length=LONGEST_EMAIL)]
    password: Secret


class SignedInAnswer(TokenAnswer):
    """`warnings`: measurements that look odd, when there are any."""

    user: UserAnswer
    warnings: list[MeasurementNoticeAnswer] = Field(default_factory=list)
