"""How long a client is willing to wait, and what it has seen already."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from shared.errors import ValidationError
from shared.validators import InputModel, parse_model

LONGEST_WAIT_SECONDS = 60
EventId = Annotated[int, Field(ge=0, le=2**63 - 1)]
# A quote that is never closed reaches to the end: looking for its end again and again would cost a second for 8 KB.
_PREFERENCES = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.?)*(?:"|$))+')
_WAIT = re.compile(r'\s*wait\s*=\s*(?:"([0-9]{1,9})"|([0-9]{1,9}))\s*(?:;.*)?', re.IGNORECASE)


class WaitQuery(InputModel):
    """`wait`: seconds, more than 60 count as 60. `since`: the `event_id` that was seen last."""

    wait: Annotated[float, Field(ge=0)] = 0
    since: EventId | None = None

    @classmethod
    def of(cls, args: Mapping[str, str]) -> WaitQuery:
        return parse_model(cls, args, from_form=True) if args else cls()

    @property
    def seconds(self) -> float:
        return min(self.wait, LONGEST_WAIT_SECONDS)


class EventsQuery(InputModel):
    """`since`: only events after this one; the header Last-Event-ID counts more."""

    since: EventId = 0


def last_event(args: Mapping[str, str], header: str | None) -> int:
    """What the client saw last. A stream that is taken up again keeps its old address, so the header is newer."""
    since = parse_model(EventsQuery, args, from_form=True).since
    if not header:
        return since
    try:
        return parse_model(EventsQuery, {"since": header}, from_form=True).since
    except ValidationError:
        sentence = "must be the id of an event of this stream"
        raise ValidationError(f"Last-Event-ID {sentence}.", fields={"Last-Event-ID": sentence}) from None


def preferred_wait(header: str | None) -> int | None:
    """Whole seconds out of `Prefer: wait=N` (RFC 7240: the first of several counts), at most 60. None when there is
    none, or one that cannot be read: preferences are wishes."""
    for preference in _PREFERENCES.findall(header or ""):
        if preference.partition("=")[0].strip().lower() == "wait":
            found = _WAIT.fullmatch(preference)
            return min(int(found[1] or found[2]), LONGEST_WAIT_SECONDS) if found else None
    return None
