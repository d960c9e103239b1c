"""The gallery's page: plain HTML and CSS, every word escaped, every address relative to it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from statistics import median
from typing import Any

from scripts.gallery_files import Cell, Outfit, Picture

_STYLE = """
:root { color-scheme: light dark; font: 14px/1.4 system-ui, sans-serif }
body { margin: 1rem }
table { border-collapse: separate; border-spacing: 8px }
th, td { vertical-align: top; text-align: left; font-weight: normal; max-width: 320px }
thead th { position: sticky; top: 0; background: Canvas; z-index: 2 }
th:first-child { position: sticky; left: 0; background: Canvas; z-index: 1 }
thead img { height: 110px; width: auto }
img { max-width: 100%; height: auto; display: block; border-radius: 4px }
.garments { display: flex; gap: 4px }
.pair { position: relative; display: block }
.pair .photo { position: absolute; inset: 0; width: 100%; height: 100%; object-fit: contain; opacity: 0 }
.pair:hover .photo, .pair:focus .photo { opacity: 1 }
.refused { border: 1px dashed #b33; border-radius: 4px; padding: 8px; color: #b33 }
.failed { color: #b33 }
code, pre { font-size: 12px }
pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: 4px 0 }
small { opacity: .75 }
"""


def page(
    persons: Sequence[Picture], outfits: Sequence[Outfit], cells: Iterable[Cell], engine: str, cost_usd: float
) -> str:
    """A row a person, a column an outfit; cells that are still to come are empty."""
    done = {(cell.person, cell.outfit): cell for cell in cells}
    heads = "".join(f"<th>{_garments(outfit)}</th>" for outfit in outfits)
    rows = "".join(_row(person, [done.get((person.name, outfit.name)) for outfit in outfits]) for person in persons)
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>Gallery: {escape(engine)}</title><style>{_STYLE}</style>"
        f"<h1>Gallery of the {escape(engine)} engine</h1>"
        f"<p>{_summary(list(done.values()), len(persons) * len(outfits), cost_usd)}"
        " Point at a result to see the photo again.</p>"
        f"<table><thead><tr><th></th>{heads}</tr></thead><tbody>{rows}</tbody></table></html>"
    )


def _summary(cells: Sequence[Cell], whole: int, cost_usd: float) -> str:
    made = [cell.seconds for cell in cells if cell.refusal is None]
    refused = Counter(cell.refusal.reason for cell in cells if cell.refusal is not None)
    words = [f"{len(cells)} of {whole} done, {len(made)} pictures"]
    words += [f"{median(made):.2f} s each (median), {max(made):.2f} s at most"] if made else []
    words += [f"{count} refused: {escape(reason)}" for reason, count in refused.most_common()]
    words += [f"{cost_usd:.3f} US dollars"] if cost_usd else []
    return "; ".join(words) + "."


def _garments(outfit: Outfit) -> str:
    return f'<div class="garments">{"".join(map(_input, outfit.garments))}</div>{escape(outfit.name)}'


def _row(person: Picture, cells: Iterable[Cell | None]) -> str:
    found = "".join(f"<td>{_cell(cell, person) if cell else ''}</td>" for cell in cells)
    return f"<tr><th>{_input(person)}{escape(person.name)}</th>{found}</tr>"


def _input(picture: Picture) -> str:
    if picture.refusal is not None:
        return f'<div class="refused">{escape(picture.refusal.message)}</div>'
    return f'<img src="{escape(picture.thumbnail)}" alt="{escape(picture.name)}">'


def _cell(cell: Cell, person: Picture) -> str:
    if cell.refusal is not None:
        return (
            f'<div class="refused"><code>{escape(cell.refusal.reason)}</code><br>{escape(cell.refusal.message)}</div>'
        )
    facts = cell.facts
    model = f", {escape(str(facts['model']))}" if facts["model"] else ""
    return (
        f'<a class="pair" href="{escape(str(cell.picture))}"><img loading="lazy" src="{escape(str(cell.thumbnail))}"'
        f' alt="{escape(cell.person)} in {escape(cell.outfit)}">'
        f'<img class="photo" loading="lazy" src="{escape(person.thumbnail)}" alt=""></a>'
        f"{cell.seconds:.2f} s <small>{escape(facts['engine'])}{model}</small>"
        f"{_warnings(facts['warnings'])}{_checks(facts['checks'])}"
    )


def _warnings(warnings: Iterable[Mapping[str, str]]) -> str:
    """A preview always says that it is one; the page need not say it in every cell."""
    told = [item for item in warnings if item["code"] != "preview"]
    return "".join(f"<br><code>{escape(item['code'])}</code> <small>{escape(item['message'])}</small>" for item in told)


def _checks(checks: Mapping[str, Any]) -> str:
    judged: Sequence[Mapping[str, Any]] = checks.get("results", ())
    figures = "".join(map(_judged, judged))
    rest = {name: value for name, value in checks.items() if name != "results"}
    text = escape(json.dumps(rest, indent=1, ensure_ascii=False))
    return f"{figures}<details><summary>checks</summary><pre>{text}</pre></details>"


def _judged(check: Mapping[str, Any]) -> str:
    sign, style = ("✓", "") if check["passed"] else ("✗", ' class="failed"')
    value = "not measured" if check["value"] is None else check["value"]
    return f"<br><small{style}>{sign} {escape(str(check['name']))}: {value} (limit {check['limit']})</small>"
