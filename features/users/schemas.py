"""What people may say about themselves; sign-up and profile share the types."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, ValidationInfo, field_validator

from shared.answers import AnswerModel, Moment
from shared.errors import ValidationError
from shared.models.user import EDITABLE
from shared.validators import InputModel, validate_email, validate_password

LONGEST_TEXT = 255
LONGEST_SECRET = 1024  # more than any password that can be set; keeps absurd ones away from the hasher
EARLIEST_BIRTHDAY = date(1900, 1, 1)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u200b\u202a-\u202e\u2066-\u2069]")  # also what turns writing round


def _email(text: str) -> str:
    """As a ValueError, so that the other wrong fields are named beside it; the same in the next functions."""
    try:
        return validate_email(text)
    except ValidationError as error:
        raise ValueError(error.details["fields"]["email"]) from None


def _new_password(text: str) -> str:
    try:
        return validate_password(text)
    except ValidationError as error:
        raise ValueError(error.details["fields"]["password"]) from None


def _plain(text: str) -> str:
    if _CONTROL.search(text):
        raise ValueError("must not contain control characters")
    return text


def _date(value: Any) -> date:
    if not isinstance(value, str) or not _DATE.fullmatch(value.strip()):
        raise ValueError("must be a date such as 1990-01-15")
    try:
        return date.fromisoformat(value.strip())
    except ValueError:
        raise ValueError("is not a day of the calendar") from None


Email = Annotated[str, AfterValidator(_email)]
Text = Annotated[str, StringConstraints(max_length=LONGEST_TEXT), AfterValidator(_plain)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_TEXT), AfterValidator(_plain)]
Gender = Literal["male", "female", "other", "prefer-not-to-say"]
Birthday = Annotated[date, BeforeValidator(_date)]
# Blanks belong to a password.
Secret = Annotated[str, StringConstraints(strip_whitespace=False, max_length=LONGEST_SECRET)]
NewPassword = Annotated[str, StringConstraints(strip_whitespace=False), AfterValidator(_new_password)]


def same_as(other: str, value: str, info: ValidationInfo) -> str:
    """For a field that repeats another; silent when that one is wrong itself."""
    if info.data.get(other, value) != value:
        raise ValueError(f"must be the same as {other}")
    return value


def check_birthday(birthday: date | None, today: date) -> None:
    if birthday is not None and not EARLIEST_BIRTHDAY <= birthday < today:
        raise ValidationError(
            "The birthday must lie in the past.", fields={"birthday": "must be after 1900 and before today"}
        )


class ProfileChange(InputModel):
    """Only what was sent is changed; null clears what may be empty."""

    email: Email = ""
    first_name: Name = ""
    last_name: Name = ""
    gender: Gender | None = None
    birthday: Birthday | None = None
    street: Text | None = None
    city: Text | None = None

    def sent(self) -> dict[str, Any]:
        """An empty text counts as nothing, as in forms."""
        return {name: getattr(self, name) or None for name in EDITABLE if name in self.model_fields_set}


class PasswordChange(InputModel):
    current_password: Secret
    new_password: NewPassword
    confirm_password: Secret

    @field_validator("confirm_password")
    @classmethod
    def _repeats(cls, value: str, info: ValidationInfo) -> str:
        return same_as("new_password", value, info)


class AccountDeletion(InputModel):
    password: Secret


class UserAnswer(AnswerModel):
    """`userid` cannot be guessed and is what other answers carry; `id` is a row number."""

    id: int
    userid: str
    email: str
    first_name: str
    last_name: str
    gender: Gender | None
    birthday: date | None
    street: str | None
    city: str | None
    is_active: bool
    created_at: Moment
    updated_at: Moment


class TokenAnswer(AnswerModel):
    token: str


DeletionAnswer = dict[str, Annotated[int, Field(ge=0)]]
"""How many of each kind of thing are gone."""
