"""Advice in plain sentences, made from its figures alone. Pure: the same outcome always reads the same.

Numbers are in what the person counts in: centimetres and kilograms, or inches and pounds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from features.body_measurements.model import Unit
from features.body_measurements.units import CM_PER_INCH, KG_PER_POUND
from features.fitting.bodies import FIELDS
from features.fitting.outcome import FitOutcome, Origin, SizeVerdict, size_verdict
from features.fitting.terms import LENGTHS, BodySource, Decision, Preference, Verdict, Zone, ZoneFit

ZONES: dict[Zone, str] = {
    Zone.BICEPS: "upper arm",
    Zone.SHOULDER_GIRTH: "shoulder girth",
    Zone.SHOULDER_WIDTH: "shoulder width",
    Zone.ARM: "arm length",
    Zone.INSEAM: "inside leg",
    Zone.FOOT_LENGTH: "foot length",
    Zone.FOOT_WIDTH: "foot width",
}
VERDICTS: dict[Verdict, str] = {
    Verdict.TOO_TIGHT: "too tight",
    Verdict.TIGHT: "a little tight",
    Verdict.IDEAL: "right",
    Verdict.LOOSE: "a little loose",
    Verdict.TOO_LOOSE: "too loose",
}
LENGTH_VERDICTS: dict[Verdict, str] = {
    Verdict.TOO_TIGHT: "cut too short",
    Verdict.TIGHT: "cut a little short",
    Verdict.IDEAL: "right",
    Verdict.LOOSE: "cut a little long",
    Verdict.TOO_LOOSE: "cut too long",
}
SIZE_VERDICTS: dict[SizeVerdict, str] = {
    SizeVerdict.TOO_SMALL: "is too small",
    SizeVerdict.TIGHT: "fits, but tightly",
    SizeVerdict.FITS: "fits",
    SizeVerdict.LOOSE: "fits, but loosely",
    SizeVerdict.TOO_LARGE: "is too large",
    SizeVerdict.MIXED: "is too tight at one place and too loose at another",
    SizeVerdict.UNCERTAIN: "cannot be judged: too little is known of the body",
}
SOURCES: dict[Origin, str] = {
    Origin.REQUEST: "Judged by the size chart that was sent.",
    Origin.ITEM: "Judged by the size chart kept with the wardrobe item.",
    Origin.PAGE: "Judged by the size chart of the shop's page.",
}
SENT_ZONES = 3
"""So many zones at most are told one by one; all of them stand in `zones`."""


def reasoning(outcome: FitOutcome) -> str:
    """A few sentences: the verdict, where it is tight or loose, what it rests on, what would help most."""
    return " ".join(sentence for sentence in _sentences(outcome) if sentence)


def zone_sentence(zone: ZoneFit, unit: Unit) -> str:
    """One zone with its figures, e.g. "Waist: 84 cm, 2 cm over its 78 to 82 cm: a little tight."."""
    about = "about " if zone.body.source is BodySource.ESTIMATED else ""
    start = f"{zone_name(zone.zone).capitalize()}: {about}{_amount(zone.zone, zone.body.cm, unit)}"
    if zone.ease_cm is not None:
        return f"{start}, {_room(zone, unit)}: {_verdict(zone, unit)}."
    return f"{start}, {_place(zone, unit)}: {_verdict(zone, unit)}."


def zone_name(zone: Zone) -> str:
    return ZONES.get(zone, zone.value)


def field_name(field: str) -> str:
    """A measurement is called what its zone is called beside it: "breast_circumference" is the chest."""
    return zone_name(_ZONE_OF[field])


def length(cm: float, unit: Unit) -> str:
    return f"{cm / CM_PER_INCH:.1f} in" if unit is Unit.IMPERIAL else f"{_plain(cm)} cm"


def listed(names: Sequence[str], joint: str = "and") -> str:
    """ "a", "a and b", "a, b and c"."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {joint} {names[-1]}" if names else ""


_ZONE_OF: dict[str, Zone] = {field: zone for zone, fields in FIELDS.items() for field in fields}


def _sentences(outcome: FitOutcome) -> Iterator[str]:
    yield _asked(outcome)
    yield _decision(outcome)
    yield from _zones(outcome)
    yield _source(outcome)
    yield _estimated(outcome)
    yield _stretch(outcome)
    yield _experience(outcome)
    yield _help(outcome)


def _asked(outcome: FitOutcome) -> str:
    asked, size = outcome.asked, outcome.subject
    if asked is None or size is None or outcome.advice.decision is Decision.INSUFFICIENT_DATA:
        return ""
    name = f"Size {asked.sent} (about {asked.label} in this chart)" if asked.converted else _size(asked.label)
    return f"{name} {SIZE_VERDICTS[size_verdict(size)]}."


def _decision(outcome: FitOutcome) -> str:
    advice = outcome.advice
    if advice.decision is Decision.INSUFFICIENT_DATA:
        return _insufficient(outcome)
    if advice.decision is Decision.OUTSIDE_CHART:
        nearest = listed([item.size for item in advice.alternatives], "or")
        said = "These measurements lie outside of the chart: no size of it is made for them."
        return f"{said} The nearest one is {nearest}." if nearest else said
    if outcome.asked and advice.recommended == outcome.asked.label:
        return f"It is also the size that suits these measurements best ({_sure(outcome)})."
    return _recommended(outcome)


def _recommended(outcome: FitOutcome) -> str:
    advice, size, sure = outcome.advice, _size(outcome.advice.recommended or ""), _sure(outcome)
    if advice.decision is Decision.BETWEEN_SIZES and advice.alternatives:
        rivals = listed([item.size for item in advice.alternatives], "or")
        liked = "" if outcome.preference is Preference.REGULAR else f", as a {outcome.preference.value} fit is wanted"
        return f"These measurements lie between two sizes: {advice.recommended} ({sure}{liked}) or {rivals}."
    if advice.decision is Decision.LOW_CONFIDENCE:
        return f"{size} is the best guess, but no more than a guess ({sure})."
    return f"{size} suits these measurements best ({sure})."


def _insufficient(outcome: FitOutcome) -> str:
    if outcome.chart is None:
        return (
            "No size can be recommended: no readable size chart was found."
            " Send size_chart, or a category together with the gender for a standard chart."
        )
    wanted = [field_name(item.field) for item in outcome.advice.missing]
    if not wanted and not outcome.advice.sizes:
        return "No size can be recommended: the chart names no measurement of the body that decides it."
    ask = f" Add {listed(wanted[:SENT_ZONES], 'or')}." if wanted else ""
    if outcome.advice.sizes:
        return f"No size can be recommended: only a part of what decides it is known.{ask}"
    return f"No size can be recommended: none of the measurements that this chart speaks of is known.{ask}"


def _zones(outcome: FitOutcome) -> Iterator[str]:
    """What is wrong is told with its figures, what is right in one sentence."""
    zones = outcome.subject.zones if outcome.subject else ()
    wrong = [zone for zone in zones if zone.verdict not in (Verdict.IDEAL, Verdict.UNCERTAIN)]
    yield from (zone_sentence(zone, outcome.unit) for zone in wrong[:SENT_ZONES])
    right = [zone_name(zone.zone) for zone in zones if zone.verdict is Verdict.IDEAL]
    if right:
        yield f"The {listed(right)} {_are(right)} right for it."
    unknown = [zone_name(zone.zone) for zone in zones if zone.verdict is Verdict.UNCERTAIN]
    if unknown:
        yield f"The {listed(unknown)} {_are(unknown)} not known well enough to be judged."


def _source(outcome: FitOutcome) -> str:
    if outcome.chart is None or outcome.origin is None or not outcome.advice.sizes:
        return ""
    if outcome.origin is Origin.TABLE:
        name = outcome.chart.standard or "a standard chart"
        translated = " Its sizes were translated from another system, which is worth about one more."
        said = f"No chart of the shop was found, so {name} stands in; brands differ from it by about one size."
        return said + translated if outcome.chart.conversion else said
    return SOURCES[outcome.origin]


def _estimated(outcome: FitOutcome) -> str:
    zones = outcome.subject.zones if outcome.subject else ()
    names = [zone_name(zone.zone) for zone in zones if zone.body.source is BodySource.ESTIMATED]
    were = "was" if len(names) == 1 else "were"
    return f"The {listed(names)} {were} estimated from height and weight." if names else ""


def _stretch(outcome: FitOutcome) -> str:
    found = outcome.stretch
    if found.elastane is None or not found.percent:
        return ""
    return f"With {_plain(found.elastane)} % elastane the cloth was counted as giving {_plain(found.percent)} %."


def _experience(outcome: FitOutcome) -> str:
    """What feedback did. Other people are only counted."""
    known = outcome.experience
    if not known.steps:
        return ""
    counts = f"{known.small} small, {known.fit} right, {known.large} large"
    runs, taken = ("small", "larger") if known.steps > 0 else ("large", "smaller")
    return f"By feedback it runs {runs} ({counts}), so everything was taken {abs(known.steps):.2f} of a size {taken}."


def _help(outcome: FitOutcome) -> str:
    missing = outcome.advice.missing
    if not missing or outcome.advice.decision is Decision.INSUFFICIENT_DATA:
        return ""
    best = max(missing, key=lambda item: item.confidence_if_added)
    name, then = field_name(best.field), _percent(best.confidence_if_added)
    if then == _percent(outcome.confidence):
        return f"The {name} was not measured; it would hardly change the advice."
    return f"Measuring the {name} would help most (expected confidence {then})."


def _verdict(zone: ZoneFit, unit: Unit) -> str:
    if zone.verdict is Verdict.UNCERTAIN:
        return f"not known well enough (plus or minus {_amount(zone.zone, zone.plus_minus_cm, unit)})"
    return (LENGTH_VERDICTS if zone.zone in LENGTHS else VERDICTS)[zone.verdict]


def _place(zone: ZoneFit, unit: Unit) -> str:
    """Where the body lies against what the chart says, whatever gaps and stretch allow beyond it."""
    lo, hi, cm = zone.cell.lo, zone.cell.hi, zone.body.cm
    span = _amount(zone.zone, hi, unit)
    if not zone.cell.exact:
        span = f"{_number(zone.zone, lo, unit)} to {span}"
    if cm > hi:
        return f"{_amount(zone.zone, cm - hi, unit)} over its {span}"
    return f"{_amount(zone.zone, lo - cm, unit)} under its {span}" if cm < lo else f"within its {span}"


def _room(zone: ZoneFit, unit: Unit) -> str:
    ease = zone.ease_cm or 0.0
    if ease < 0:
        return f"{_amount(zone.zone, -ease, unit)} more than the garment measures"
    return f"{_amount(zone.zone, ease, unit)} of room in the garment"


def _amount(zone: Zone, value: float, unit: Unit) -> str:
    if zone is not Zone.WEIGHT:
        return length(value, unit)
    return f"{value / KG_PER_POUND:.1f} lb" if unit is Unit.IMPERIAL else f"{_plain(value)} kg"


def _number(zone: Zone, value: float, unit: Unit) -> str:
    return _amount(zone, value, unit).rsplit(" ", 1)[0]


def _plain(number: float) -> str:
    return f"{round(number, 1):g}"


def _size(label: str) -> str:
    """ "One size" is not called size once more."""
    return label if "size" in label.casefold() else f"Size {label}"


def _sure(outcome: FitOutcome) -> str:
    return f"confidence {_percent(outcome.confidence)}"


def _percent(share: float) -> str:
    """Nothing is certain."""
    return "over 99 %" if share > 0.99 else f"{round(share * 100)} %"


def _are(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"
