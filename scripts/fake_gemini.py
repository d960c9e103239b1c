"""Run the Gemini protocol fake: `python scripts/fake_gemini.py --port 9090 [--script FILE] [--latency-seconds 2]`.

Then start the server with GEMINI_BASE_URL=http://127.0.0.1:9090 and any GEMINI_API_KEY.
FILE is JSON, all keys optional:
{"script": ["http:503", "picture"], "rules": [{"model": "...", "text": "...", "do": "text"}], "default": "picture"}
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
from pathlib import Path
from typing import Any

# A script is started by path, so the repository's root is not on the module path by itself.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from shared.engines.fake_gemini import FakeGemini, Rule
from shared.engines.fake_gemini_answers import STEPS


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="A stand-in for the Gemini API on 127.0.0.1.")
    parser.add_argument("--port", type=int, default=9090, help="0: any free one")
    parser.add_argument("--script", type=Path, help="JSON file with script, rules and default")
    parser.add_argument("--latency-seconds", type=float, default=0.0, help="waited before every answer")
    parser.add_argument("--key", help="the only key that is accepted (default: any)")
    options = parser.parse_args(arguments)
    try:
        plan: dict[str, Any] = json.loads(options.script.read_text("utf-8")) if options.script else {}
        fake = FakeGemini(
            plan.get("script", ()),
            rules=[Rule(**rule) for rule in plan.get("rules", ())],
            default=plan.get("default", "picture"),
            port=options.port,
            key=options.key,
            latency_seconds=options.latency_seconds,
        )
    except (OSError, ValueError, TypeError) as error:
        print(f"fake_gemini: {error}", file=sys.stderr)
        return 2
    with fake:
        print(f"fake Gemini at {fake.base_url}; steps: {', '.join(sorted(STEPS))}", flush=True)
        return _until_interrupted(fake)


def _until_interrupted(fake: FakeGemini) -> int:
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        print(f"{fake.count} calls answered")
    return 0


if __name__ == "__main__":
    sys.exit(main())
