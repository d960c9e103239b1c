"""Try-on jobs that failed, for operators; run it in the server's folder, where its .env and its database are.

    python scripts/jobs.py list [--status failed] [--code ATTEMPTS_EXHAUSTED] [--limit 50]
    python scripts/jobs.py show JOB_ID
    python scripts/jobs.py requeue JOB_ID... | --all [--code ATTEMPTS_EXHAUSTED]

`any` as status or code shows all of them. A job that is put back begins anew: it is tried, and may pay for calls, as
often as a new one. A server that runs takes it up within a second, otherwise the next one to start.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

# So that it starts from anywhere, installed or not.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.bootstrap import start_in_environment

try:
    from config import Config, ConfigError
    from features.tryon.events import JobEventTable
    from features.tryon.requeue import Chosen, OperatorTable
    from shared.clock import utc_now
    from shared.database import DatabaseManager
    from shared.errors import BecauseFutureError
except ModuleNotFoundError as missing:
    start_in_environment(missing)

ENV_FILE = Path(".env")
LOST = "ATTEMPTS_EXHAUSTED"
ANY = "any"
MOST_SHOWN = 1_000_000


def main(arguments: list[str] | None = None, config: Config | None = None) -> int:
    """0: done; 1: a job that was named is not there or cannot be put back; 2: the settings or the database are not
    there."""
    options = _parser().parse_args(arguments)
    try:
        return 0 if ACTIONS[options.command](_database(config or _settings()), options) else 1
    except (ConfigError, BecauseFutureError, FileNotFoundError) as error:
        print(f"jobs: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Try-on jobs that failed, for operators.")
    commands = parser.add_subparsers(dest="command", required=True)
    listing = commands.add_parser("list", help="jobs, those that ended last first")
    listing.add_argument("--status", default="failed", help="failed by default; any: all")
    listing.add_argument("--code", default=LOST, help=f"of the error, {LOST} by default; any: all")
    listing.add_argument("--limit", type=int, default=50, help="how many at most")
    commands.add_parser("show", help="one job and its story").add_argument("job_id")
    requeue = commands.add_parser("requeue", help="put failed jobs back into the queue")
    requeue.add_argument("job_ids", nargs="*", metavar="job_id")
    requeue.add_argument("--all", action="store_true", help="all that failed with the code")
    requeue.add_argument("--code", default=LOST, help=f"for --all: {LOST} by default")
    return parser


def _settings() -> Config:
    """Without a .env none is written: this is not where the server lives, or its settings come from elsewhere."""
    return Config.from_env(env_file=ENV_FILE if ENV_FILE.exists() else None)


def _database(config: Config) -> DatabaseManager:
    if not config.database_path.exists():
        raise FileNotFoundError("there is no database yet; start the server once, or run this in its folder")
    return DatabaseManager(config.database_path)


def _list(db: DatabaseManager, options: argparse.Namespace) -> bool:
    chosen = Chosen(_unless_any(options.status), _unless_any(options.code), min(max(1, options.limit), MOST_SHOWN))
    for row in OperatorTable(db).list(chosen):
        ended = row["finished_at"] or row["created_at"]
        print(f"{row['job_id']}  {ended}  {row['status']:10}  {row['attempts']} attempts  {row['error_code'] or '-'}")
    return True


def _unless_any(word: str) -> str | None:
    return None if word == ANY else word


def _show(db: DatabaseManager, options: argparse.Namespace) -> bool:
    job = OperatorTable(db).get(options.job_id)
    if job is None:
        return _complain(f"there is no job {options.job_id}")
    for name, value in job.items():
        print(f"{name:18} {'-' if value is None else value}")
    for event in JobEventTable(db).since(options.job_id, job["user_id"], 0) or []:
        print(f"{event.at}  {event.event_id:3}  {event.status}  {event.stage or ''}".rstrip())
    return True


def _requeue(db: DatabaseManager, options: argparse.Namespace) -> bool:
    table = OperatorTable(db)
    if bool(options.job_ids) == options.all:
        return _complain("name the jobs, or say --all")
    done = [_put_back(table, job_id) for job_id in _wanted(table, options)]
    print("1 job waits again" if sum(done) == 1 else f"{sum(done)} jobs wait again")
    return all(done)


def _wanted(table: OperatorTable, options: argparse.Namespace) -> Sequence[str]:
    return table.failed_with(options.code) if options.all else options.job_ids


def _put_back(table: OperatorTable, job_id: str) -> bool:
    if table.requeue(job_id, utc_now()):
        print(f"{job_id} waits again")
        return True
    job = table.get(job_id)
    if job is None:
        return _complain(f"there is no job {job_id}")
    why = "its photos were deleted" if job["status"] == "failed" else f"it is {job['status']}, not failed"
    return _complain(f"{job_id} stays as it is: {why}")


def _complain(sentence: str) -> bool:
    print(f"jobs: {sentence}", file=sys.stderr)
    return False


ACTIONS: dict[str, Callable[[DatabaseManager, argparse.Namespace], bool]] = {
    "list": _list,
    "show": _show,
    "requeue": _requeue,
}

if __name__ == "__main__":
    raise SystemExit(main())
