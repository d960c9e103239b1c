"""Use cases of fitting: which size, does this one fit, and what people say afterwards. No Flask, no SQL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from features.fitting import notices
from features.fitting.asked import find_asked
from features.fitting.feedback import Experience, FeedbackService
from features.fitting.kinds import Named, name_garment, row_by_zones
from features.fitting.labels import find_label
from features.fitting.model import Thing
from features.fitting.outcome import FitOutcome, Notice, Origin
from features.fitting.schemas import CheckRequest, FeedbackRequest, FitRequest
from features.fitting.sizing import advise, body_of
from features.fitting.sources import Found, GarmentFinder, sent_chart
from features.fitting.standards import chart_for_labels, standard_chart
from features.fitting.stretch import stretch_of
from features.fitting.terms import Advice, Chart, Decision, FitContext
from features.fitting.wearer import Wearer, Wearers
from shared.errors import ValidationError

NOTHING = Advice(Decision.INSUFFICIENT_DATA, None, 0.0, ())
"""Advice without a chart."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """Feedback as it was kept, and what is known of the thing with it."""

    said: FeedbackRequest
    thing: Thing
    experience: Experience


@dataclass(frozen=True, slots=True)
class _Question:
    """Everything that the maths is given."""

    wanted: FitRequest
    wearer: Wearer
    found: Found
    named: Named | None
    experience: Experience


class FittingService:
    def __init__(self, wearers: Wearers, finder: GarmentFinder, feedback: FeedbackService) -> None:
        self._wearers = wearers
        self._finder = finder
        self._feedback = feedback

    def recommend(self, user_id: str, wanted: FitRequest) -> FitOutcome:
        """The best size. Without a chart or measurements it says what is missing, and no size.

        Raises ValidationError, SizeChartInvalidError for the chart of the request, NotFoundError for the item.
        """
        return _answer(self._question(user_id, wanted))

    def check(self, user_id: str, wanted: CheckRequest) -> FitOutcome:
        """The verdict for one size. Raises as `recommend` does, and NotFoundError for a size that the chart does not
        have, with those that it has in the details."""
        question = self._question(user_id, wanted)
        return _judged(_answer(question), question, wanted.size)

    def analyze(self, user_id: str, wanted: FitRequest) -> FitOutcome:
        """Both: the verdict is for `size`, else for the size of the wardrobe's item, else for the best one."""
        question = self._question(user_id, wanted)
        answer, own = _answer(question), question.found.size
        if wanted.size:
            return _judged(answer, question, wanted.size)
        known = answer.chart and own and find_label([row.label for row in answer.chart.rows], own)
        return _judged(answer, question, known) if known else answer

    def remember(self, user_id: str, said: FeedbackRequest) -> Remembered:
        """Raises ValidationError, NotFoundError for the item, ExtractionError for a page that cannot be read."""
        found = self._finder.mentioned(user_id, said)
        named = name_garment(found.words)
        thing = found.thing(named.category if named else "")
        if not thing.item_key and not (thing.brand_key and thing.category):
            raise _nothing_meant(said)
        experience = self._feedback.add(user_id, thing, said.size, said.said, said.kept)
        return Remembered(said, thing, experience)

    def _question(self, user_id: str, wanted: FitRequest) -> _Question:
        """What can be refused by the request alone is refused before anything is fetched."""
        wearer = self._wearers.of(user_id, wanted)
        sent = sent_chart(wanted)
        _need_a_way(wanted, wearer)
        found = self._finder.find(user_id, wanted, sent)
        named = name_garment(found.words)
        _need_a_body(wanted, named, found)
        thing = found.thing(named.category if named else "")
        return _Question(wanted, wearer, found, named, self._feedback.about(user_id, thing))


def _answer(question: _Question) -> FitOutcome:
    wanted, wearer, found = question.wanted, question.wearer, question.found
    chart = found.chart or _standard(question)
    stretch = stretch_of(wanted.stretch_percent, found.fabric)
    outcome = FitOutcome(
        advice=_advice(question, chart, stretch.percent) if chart else NOTHING,
        preference=wanted.preference,
        unit=wearer.unit,
        chart=chart,
        origin=found.origin or (Origin.TABLE if chart else None),
        experience=question.experience,
        stretch=stretch,
    )
    return replace(outcome, warnings=(*wearer.notices, *found.notices, *_notices(question, outcome)))


def _standard(question: _Question) -> Chart | None:
    """Only for an adult's garment and a sex that are known: nothing is made up.

    In the page's sizes where they are other ones; of its own the standard keeps all, as pages tend to leave some out.
    """
    named, sex = question.named, question.wearer.sex
    if question.found.for_children or not (named and named.row and sex):
        return None
    plain = standard_chart(named.row, named.category, sex)
    if plain is None or all(find_label([row.label for row in plain.rows], size) for size in question.found.sizes):
        return plain
    return chart_for_labels(question.found.sizes, named.category, sex) or plain


def _advice(question: _Question, chart: Chart, stretch_percent: float) -> Advice:
    wearer = question.wearer
    body = body_of(wearer.values, sex=wearer.sex, estimates=wearer.no_estimates is None)
    context = FitContext(_row(question, chart), question.wanted.preference, stretch_percent, question.experience.steps)
    return advise(body, chart, context)


def _row(question: _Question, chart: Chart) -> str:
    """Of the tables: by what the garment is called, else by what its chart measures."""
    return (question.named.row if question.named else None) or row_by_zones(chart)


def _judged(outcome: FitOutcome, question: _Question, size: str) -> FitOutcome:
    """The same about one size. Without a chart there is nothing to look it up in."""
    if outcome.chart is None:
        return outcome
    category = question.named.category if question.named else None
    asked = find_asked(outcome.chart, size, sex=question.wearer.sex, category=category)
    return replace(outcome, asked=asked)


def _notices(question: _Question, outcome: FitOutcome) -> Iterator[Notice]:
    chart, recommended = outcome.chart, outcome.advice.recommended
    if chart:
        if not (question.named and question.named.row):
            yield notices.GARMENT_UNKNOWN
        yield from notices.of_the_chart(chart, _row(question, chart))
    yield from notices.of_the_wearer(question.wearer, outcome)
    if recommended:
        yield from notices.of_the_size(recommended, question.found.sold_out, question.experience.same_item)


def _need_a_way(wanted: FitRequest, wearer: Wearer) -> None:
    """A chart, something that has one, or what a standard chart needs."""
    if wanted.size_chart is not None or wanted.garment_url or wanted.wardrobe_item_id:
        return
    if not (wanted.category or wanted.garment_type):
        raise ValidationError(
            "There is nothing to find a size chart with. Send size_chart, garment_url or wardrobe_item_id, or a"
            " category for a standard chart.",
            fields={"size_chart": "or garment_url, wardrobe_item_id or category is required"},
        )
    if wearer.sex is None:
        raise ValidationError(
            "A standard chart is for women or for men. Send gender, or a size_chart.",
            fields={"gender": "must be female or male for a standard chart"},
        )


def _need_a_body(wanted: FitRequest, named: Named | None, found: Found) -> None:
    """Perfume has no size, and a bag's says nothing of the body. A belt with a chart of its own is welcome."""
    if named and (named.category == "none" or (named.row is None and found.chart is None)):
        said_by = ("garment_type", "category", "wardrobe_item_id", "garment_url")
        raise ValidationError(
            "This is nothing that is sized by the body's measurements.",
            fields={next(name for name in said_by if getattr(wanted, name)): "must be clothing or shoes"},
        )


def _nothing_meant(said: FeedbackRequest) -> ValidationError:
    wrong = {name: "is required" for name in ("brand", "category") if not getattr(said, name)}
    return ValidationError(
        "Say what was worn: wardrobe_item_id, garment_url, or brand and category.",
        fields=wrong or {"category": "is no kind of garment that is known"},
    )
