"""`app.py` that dies at an ordered point: `python fragile_app.py ORDER`.

ORDER is a file; as long as it names a point such as `features.tryon.leases:LeaseTable.finish_done:before`, the whole
server is killed when it gets there. The order is gone then, so the next life passes the point.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import app

POINTS = (
    "features.tryon.model:TryOnJobTable.add",
    "features.tryon.job_queue:JobQueue.create_job",
    "features.tryon.ledger:Ledger.start",
    "features.tryon.ledger:Ledger.settle",
    "features.tryon.kept_answers:KeptAnswers.keep",
    "features.tryon.pictures:JobPictures.store_result",
    "features.tryon.leases:LeaseTable.finish_done",
    "features.tryon.leases:LeaseTable.take_back",
    "features.tryon.result_cache:ResultCache.add",
    "features.tryon.pictures:JobPictures.copy_result",
    "shared.storage:LocalStorage.delete_image",
)


def main(order: Path) -> int:
    for point in POINTS:
        make_fragile(point, order)
    return app.main()


def make_fragile(point: str, order: Path) -> None:
    module, _, path = point.partition(":")
    owner, name = path.split(".")
    holder = getattr(importlib.import_module(module), owner)
    setattr(holder, name, fragile(getattr(holder, name), point, order))


def fragile(method: Callable[..., Any], point: str, order: Path) -> Callable[..., Any]:
    def call(*arguments: Any, **named: Any) -> Any:
        die_when_ordered(f"{point}:before", order)
        found = method(*arguments, **named)
        die_when_ordered(f"{point}:after", order)
        return found

    return call


def die_when_ordered(point: str, order: Path) -> None:
    if order.exists() and order.read_text().partition("\n")[0] == point:
        rest = order.read_text().partition("\n")[2]
        order.write_text(rest)
        os.killpg(os.getpgid(0), signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
