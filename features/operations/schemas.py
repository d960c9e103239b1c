"""What the routes for operators answer."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from shared.answers import AnswerModel
from shared.renditions import WIDTHS

Width = Annotated[int, Field(json_schema_extra={"enum": list(WIDTHS)})]


class HealthAnswer(AnswerModel):
    status: Literal["healthy"]
    database: Literal["connected"]


class ReadyAnswer(AnswerModel):
    """`engines`: each with "ready" or a sentence that says what it lacks; one that is ready is enough."""

    status: Literal["ready"]
    workers: Literal["ready"]
    image_store: Literal["ready"]
    engines: dict[str, str]


class EngineAnswer(AnswerModel):
    name: str
    ready: bool


class CapabilitiesAnswer(AnswerModel):
    """`limits`: sizes in bytes, times as their names say. `features`: what this server has switched on."""

    engines: list[EngineAnswer]
    limits: dict[str, int]
    image_types: list[str]
    features: dict[str, bool]


class LinkQuery(BaseModel):
    """What a signed image address carries. Never parsed by this model: a wrong link is a 403, not a 400.

    `w`: width in pixels of a smaller copy; a client adds it.
    """

    exp: int
    sig: str
    w: Width | None = None
