"""What the routes for operators answer."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from shared.answers import AnswerModel
from shared.engines.breaker import CircuitState
from shared.renditions import WIDTHS

Width = Annotated[int, Field(json_schema_extra={"enum": list(WIDTHS)})]


class HealthAnswer(AnswerModel):
    status: Literal["healthy"]
    database: Literal["connected"]


class ReadyAnswer(AnswerModel):
    """`engines`: each with "ready" or a sentence that says what it lacks; one that is ready is enough.

    `models`: of providers, by their circuit. One that kept failing is left alone for a while, and then tried again.
    """

    status: Literal["ready"]
    workers: Literal["ready"]
    image_store: Literal["ready"]
    engines: dict[str, str]
    models: dict[str, CircuitState]


class ModelAnswer(AnswerModel):
    """closed: in use. half_open: being tried. open: left alone for a while."""

    name: str
    state: CircuitState


class EngineAnswer(AnswerModel):
    """`models`: of the provider, in the order in which they are asked."""

    name: str
    ready: bool
    models: list[ModelAnswer]


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
