"""What an engine says that it is doing, as the stages of its job."""

from __future__ import annotations

from collections.abc import Callable

from features.tryon.model import Stage

GENERATING_PROGRESS, CHECKING_PROGRESS = 30, 80  # percent


class ToldStages:
    """The Stages of one attempt whose job says `generating` already. Only a change is told, and progress never falls,
    also when a picture is made anew."""

    def __init__(self, tell: Callable[[Stage, int], None]) -> None:
        self._tell = tell
        self._told = (Stage.GENERATING, GENERATING_PROGRESS)

    def generating(self) -> None:
        self._say(Stage.GENERATING, GENERATING_PROGRESS)

    def checking(self) -> None:
        self._say(Stage.CHECKING, CHECKING_PROGRESS)

    def _say(self, stage: Stage, progress: int) -> None:
        if stage != self._told[0]:
            self._told = (stage, max(progress, self._told[1]))
            self._tell(*self._told)
