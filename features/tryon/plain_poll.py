"""The status of a job that has no picture yet, as bytes: what clients ask for most."""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from features.tryon.service import TryOnService
from shared.errors import BecauseFutureError
from shared.logger import CONTEXT
from shared.tokens import TokenService


@dataclass(frozen=True)
class PlainPoll:
    """A PlainAnswer. What the job's controller answers in the same case; a picture's address takes a request."""

    tokens: TokenService
    service: TryOnService

    def __call__(self, token: str, job_id: str) -> bytes | None:
        try:
            user_id = self.tokens.authenticate(token).user_id
            view = self.service.get(user_id, job_id)
        except BecauseFutureError:
            return None
        if self.service.result_key(view.job) is not None:
            return None
        CONTEXT.set({**(CONTEXT.get() or {}), "user_id": user_id})
        return orjson.dumps({"success": True, "data": view.to_dict(None)})
