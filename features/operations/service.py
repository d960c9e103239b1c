"""Is the server well, and what can it do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.database import DatabaseManager
from shared.engines.chain import EngineChain
from shared.errors import BecauseFutureError, UnhealthyError
from shared.jobs import JobEngine
from shared.storage import StorageService


class OperationsService:
    def __init__(
        self,
        db: DatabaseManager,
        storage: StorageService,
        chain: EngineChain,
        jobs: JobEngine,
        capabilities: Mapping[str, Any],
    ) -> None:
        self._db = db
        self._storage = storage
        self._chain = chain
        self._jobs = jobs
        self._capabilities = capabilities

    def health(self) -> dict[str, str]:
        """Raises UnhealthyError when the database does not answer."""
        try:
            self._db.fetch_one("SELECT 1 AS one")
        except BecauseFutureError as error:
            raise UnhealthyError("The database does not answer.", details={"database": "unreachable"}) from error
        return {"status": "healthy", "database": "connected"}

    def ready(self) -> dict[str, Any]:
        """Raises UnhealthyError, naming the parts, when work cannot be taken."""
        self.health()
        engines = {engine.name: engine.ready() or "ready" for engine in self._chain.engines}
        parts = {
            "workers": "ready" if self._jobs.alive() else "stopped",
            "image_store": self._storage.write_check() or "ready",
            "engines": engines,
        }
        some_engine = "ready" in engines.values()
        if parts["workers"] != "ready" or parts["image_store"] != "ready" or not some_engine:
            raise UnhealthyError("A part that the server needs is down.", details=parts)
        return {"status": "ready", **parts}

    def capabilities(self) -> dict[str, Any]:
        engines = [{"name": engine.name, "ready": engine.ready() is None} for engine in self._chain.engines]
        return {"engines": engines, **self._capabilities}
