"""What a check found: names and figures, never words of a provider."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Fault(StrEnum):
    """What can be wrong with a picture that came, worst first. The values are codes for ledgers, logs and clients."""

    UNCHANGED = "unchanged"
    NO_PERSON = "no_person"
    SEVERAL_PEOPLE = "several_people"
    FACE = "face_changed"
    CROPPED = "cropped"
    FRAMING = "framing_changed"
    COLOUR = "colour_missing"


# Somebody else, nobody, half a person or nothing new is not what was asked for; such a picture is never delivered.
NEVER_DELIVERED = frozenset({Fault.UNCHANGED, Fault.NO_PERSON, Fault.SEVERAL_PEOPLE, Fault.FACE, Fault.CROPPED})


@dataclass(frozen=True, slots=True)
class Check:
    """`value`: None when it could not be measured on this picture; then it passes. `at_least`: which side of `limit`
    is good."""

    name: str
    fault: Fault
    value: float | None
    limit: float
    at_least: bool = False

    @property
    def passed(self) -> bool:
        if self.value is None:
            return True
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def to_dict(self) -> dict[str, Any]:
        value = None if self.value is None else round(self.value, 3)
        return {"name": self.name, "value": value, "limit": self.limit, "passed": self.passed}


@dataclass(frozen=True, slots=True)
class Report:
    checks: Sequence[Check]

    @property
    def faults(self) -> list[Fault]:
        """Without repeats, worst first."""
        failed = {check.fault for check in self.checks if not check.passed}
        return [fault for fault in Fault if fault in failed]

    @property
    def deliverable(self) -> bool:
        return not NEVER_DELIVERED.intersection(self.faults)

    def value(self, name: str) -> float | None:
        return next(check.value for check in self.checks if check.name == name)

    def to_list(self) -> list[dict[str, Any]]:
        return [check.to_dict() for check in self.checks]
