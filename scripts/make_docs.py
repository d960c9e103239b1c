"""Writes docs/errors.md and postman_collection.json from the code: `python3 scripts/make_docs.py`.

With `--check` nothing is written; the exit code is 1 when one of them is out of step, and its name is printed.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

# A script is started by path, so the repository's root is not on the module path by itself.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.bootstrap import start_in_environment

try:
    from app import create_app
    from config import Config
    from scripts.postman import collection
    from shared.errors import REJECTION_MESSAGES, all_errors
    from shared.openapi import make_document
except ModuleNotFoundError as missing:
    start_in_environment(missing)

ROOT = Path(__file__).resolve().parent.parent
HEAD = """# Errors: what each code means to a client

Made from the code by `scripts/make_docs.py`. Every error has the same envelope; `retryable` and the code are for the
program, the sentence in `error` for the person. Answers with 429 and 503 carry `Retry-After`. A job that failed carries
the same codes in `error.code`.
"""
REASONS = """
## Why a picture was refused

`details.reason` of IMAGE_REJECTED, and the codes of an avatar's `warnings[]`. Reasons stay, wording may change.
"""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Write what is made from the code.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when something is out of step")
    check = parser.parse_args(arguments).check
    stale = [path for path, text in outputs().items() if not path.is_file() or path.read_text() != text]
    for path in stale:
        if not check:
            path.parent.mkdir(exist_ok=True)
            path.write_text(outputs()[path])
        print(f"{'out of step' if check else 'written'}: {path.relative_to(ROOT)}")
    return 1 if check and stale else 0


def outputs() -> dict[Path, str]:
    """Each file and the text that belongs there."""
    requests = json.dumps(collection(document()), indent=2, ensure_ascii=False) + "\n"
    return {ROOT / "docs" / "errors.md": errors_page(), ROOT / "postman_collection.json": requests}


def document() -> dict[str, Any]:
    """OpenAPI of an app with default settings, whatever this machine's environment says."""
    with tempfile.TemporaryDirectory() as folder:
        config = Config(
            flask_env="testing",
            secret_key="s" * 40,
            jwt_secret_key="j" * 40,
            database_path=Path(folder, "docs.db"),
            images_dir=Path(folder, "images"),
        )
        app = create_app(config)
        try:
            return make_document(app)
        finally:
            app.extensions["close"]()


def errors_page() -> str:
    rows = [
        (kind.status_code, kind.error_code, "yes" if kind.retryable else "no", kind.advice) for kind in all_errors()
    ]
    codes = table(("status", "code", "retryable", "what a client does"), rows)
    return f"{HEAD}\n{codes}{REASONS}\n{table(('reason', 'sentence'), REJECTION_MESSAGES.items())}"


def table(head: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join("| " + " | ".join(str(cell) for cell in line) + " |\n" for line in lines)


if __name__ == "__main__":
    sys.exit(main())
