"""Is the server well, and what can it do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from features.tryon.budgets import Budgets
from shared.database import DatabaseManager
from shared.engines.base import ImageEngine
from shared.engines.breaker import CircuitState, HasModels
from shared.engines.chain import EngineChain
from shared.errors import BecauseFutureError, DatabaseBusyError, DatabaseError, UnhealthyError
from shared.jobs import JobEngine
from shared.logger import get_logger
from shared.metrics import BUDGET_LEFT, PROVIDER_CIRCUIT
from shared.storage import StorageService

CIRCUIT_VALUES = {CircuitState.CLOSED: 0, CircuitState.HALF_OPEN: 1, CircuitState.OPEN: 2}
log = get_logger(__name__)


class OperationsService:
    def __init__(
        self,
        db: DatabaseManager,
        storage: StorageService,
        chain: EngineChain,
        jobs: JobEngine,
        budgets: Budgets,
        capabilities: Mapping[str, Any],
    ) -> None:
        self._db = db
        self._storage = storage
        self._chain = chain
        self._jobs = jobs
        self._budgets = budgets
        self._capabilities = capabilities

    def health(self) -> dict[str, str]:
        """Raises UnhealthyError when the database does not answer."""
        try:
            self._db.fetch_one("SELECT 1 AS one")
        except BecauseFutureError as error:
            raise UnhealthyError("The database does not answer.", details={"database": "unreachable"}) from error
        return {"status": "healthy", "database": "connected"}

    def ready(self) -> dict[str, Any]:
        """Raises UnhealthyError, naming the parts, when work cannot be taken. `models` that are left alone for a moment
        are no reason: they come back by themselves, and only calls make them."""
        self.health()
        engines = {engine.name: engine.ready() or "ready" for engine in self._chain.engines}
        parts = {
            "workers": "ready" if self._jobs.alive() else "stopped",
            "image_store": self._storage.write_check() or "ready",
            "engines": engines,
            "models": {model: state for engine in self._chain.engines for model, state in _models(engine).items()},
        }
        some_engine = "ready" in engines.values()
        if parts["workers"] != "ready" or parts["image_store"] != "ready" or not some_engine:
            raise UnhealthyError("A part that the server needs is down.", details=parts)
        return {"status": "ready", **parts}

    def capabilities(self) -> dict[str, Any]:
        return {"engines": [_described(engine) for engine in self._chain.engines], **self._capabilities}

    def observe(self) -> None:
        """Bring gauges up to date that nothing else moves: circuits half open, and days begin, by themselves."""
        for engine in self._chain.engines:
            for model, state in _models(engine).items():
                PROVIDER_CIRCUIT.labels(model).set(CIRCUIT_VALUES[state])
        try:
            for cap in self._budgets.left_of_service():
                BUDGET_LEFT.labels(cap.cap).set(cap.left)
        except (DatabaseError, DatabaseBusyError) as error:  # the other figures are wanted all the more then
            log.warning("budgets could not be read: %s", error.error_code)


def _models(engine: ImageEngine) -> Mapping[str, CircuitState]:
    return engine.model_states() if isinstance(engine, HasModels) else {}


def _described(engine: ImageEngine) -> dict[str, Any]:
    models = [{"name": model, "state": state} for model, state in _models(engine).items()]
    return {"name": engine.name, "ready": engine.ready() is None, "models": models}
