"""`/mail`: what became of mail, by campaign, variant and time of sending; and a test of two variants, in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.access.masking import seen_by
from api.dashboard.periods import PagePeriod, period_of
from api.dashboard.reports.choice import ReportChoice
from api.dashboard.reports.columns import COLUMN_TEXTS
from api.dashboard.reports.mail_variants import MEASURED, MailTest, mail_test
from api.dashboard.reports.notes import note_text
from api.dashboard.reports.questions import by_label
from api.dashboard.reports.table import sorted_items
from api.dashboard.resources import Resources
from api.dashboard.shell import NavigationEntry
from api.dashboard.words.well_known import N_
from api.dashboard.words.wording import PageWording
from projections.queries.view import View
from projections.reports.answer import ReportQuestion, ReportShape
from projections.reports.mail import HAD_BOTH, MAIL
from projections.reports.registry import report
from web.viewer import Viewer, viewer_of

NAVIGATION: Final = NavigationEntry("/mail", N_("Mail"))
SHARED: Final = ("opened", "clicked", "converted", "bounced", "unsubscribed", "complained")
"""Columns with their share of all people."""
COLUMNS: Final = ("people", "delivered", *SHARED)
BARS: Final = frozenset(("opened", "clicked", "converted"))
_PLACES: Final[Mapping[str, Sequence[str]]] = {
    "campaign": ("campaign",),
    "variant": ("campaign", "variant"),
    "weekday": ("weekday",),
    "hour": ("hour",),
}
"""What names a row, by what is told apart."""
_NONE: Final = N_("none")

Item = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class MailChoice:
    """What the address asks for. `test`: a campaign; "" says nothing."""

    period: PagePeriod
    by: str
    test: str
    of: str
    sort: str

    def address(self, **changed: str) -> str:
        """The address of the same page with something else."""
        told = {name: changed.get(name, getattr(self, name)) for name in ("by", "test", "of", "sort")}
        usual = {"by": MAIL.by[0], "of": next(iter(MEASURED))}
        said = [(name, value) for name, value in told.items() if value and value != usual.get(name)]
        return f"/mail?{urlencode([*self.period.said, *said])}"

    def people(self, name: str, item: Item) -> str | None:
        """Where the people behind a number of a row are listed."""
        return ReportChoice(MAIL, self.period, None if self.by == MAIL.by[0] else self.by, {}, "").people(name, item)

    @property
    def download(self) -> str:
        """Where the API answers the same as CSV."""
        return f"/api/reports/mail?{urlencode({**self.period.asked, 'by': self.by, 'format': 'csv'})}"


def routes(resources: Resources) -> Sequence[Route]:
    """Where the page stands."""

    def mail(request: Request) -> Response:
        with resources.reader.view() as view:
            wording = PageWording(view.model, resources.shell.language(request), view.clock)
            values = _values(view, _choice(request, view), wording, viewer_of(request))
        return resources.shell.render(request, "mail.html", **values)

    counted = resources.counted
    return [Route("/mail", counted(mail))]


def _choice(request: Request, view: View) -> MailChoice:
    """What the address says; what is none is the first. Raises BadPeriod."""
    said, period = request.query_params, period_of(request, view.model, view.clock, "91")
    by = next((each for each in MAIL.by if each == said.get("by")), MAIL.by[0])
    of = next((each for each in MEASURED if each == said.get("of")), next(iter(MEASURED)))
    return MailChoice(period, by, said.get("test", ""), of, said.get("sort", ""))


def _values(view: View, choice: MailChoice, wording: PageWording, viewer: Viewer) -> dict[str, Any]:
    """What the template is given."""
    days = choice.period.days
    shape = report(view, "mail", ReportQuestion(days, choice.by))
    variants = shape if choice.by == "variant" else report(view, "mail", ReportQuestion(days, "variant"))
    tested = tested_campaigns(variants)
    campaign = choice.test if choice.test in tested else next(iter(tested), None)
    test = None if campaign is None else _test(view, choice, campaign, variants, wording)
    shown = seen_by(viewer, view.ids, shape)
    items = sorted_items(wording, shown, choice.sort)
    greatest = {name: max((item[f"{name}_share"] or 0 for item in items), default=0) for name in BARS}
    return {
        "choice": choice,
        "period": choice.period,
        "wording": wording,
        "clock": view.clock,
        "ways": [(by, by_label(wording, by)) for by in MAIL.by],
        "heads": _heads(wording, choice),
        "columns": COLUMNS,
        "shared": SHARED,
        "rows": [(_name(wording, choice.by, item), item) for item in items],
        "width": lambda item, name: (
            round(100 * (item[f"{name}_share"] or 0) / greatest[name]) if greatest.get(name) else None
        ),
        "tested": tested,
        "campaign": campaign,
        "measured": MEASURED,
        "test": test,
        "notes": [note_text(wording, note) for note in shown.notes],
    }


def tested_campaigns(variants: ReportShape) -> list[str]:
    """The campaigns of which there are just two variants."""
    found: dict[str, int] = {}
    for item in variants.items:
        if item["campaign"] is not None and item["variant"] is not None:
            found[item["campaign"]] = found.get(item["campaign"], 0) + 1
    return [campaign for campaign, count in found.items() if count == 2]


def _test(view: View, choice: MailChoice, campaign: str, variants: ReportShape, wording: PageWording) -> MailTest:
    options = {"test": campaign, "of": choice.of}
    shape = report(view, "mail", ReportQuestion(choice.period.days, "variant", options))
    of_campaign = [item for item in variants.items if item["campaign"] == campaign and item["variant"] is None]
    left_out = sum(item["people"] for item in of_campaign)
    had_both = [note_text(wording, note) for note in shape.notes if note.startswith(HAD_BOTH)]
    return mail_test(wording, shape.items, choice.of, left_out, had_both)


def _name(wording: PageWording, by: str, item: Item) -> str:
    """What a row is called."""
    match by:
        case "weekday":
            return wording.weekday(item["weekday"])
        case "hour":
            return wording.hour(item["hour"])
    return " · ".join(item[name] or wording.text(_NONE) for name in _PLACES[by])


def _heads(wording: PageWording, choice: MailChoice) -> list[tuple[str, str, str, str, str]]:
    """Of each column its name, label, explanation, how the table is sorted by it, and the address that sorts by it."""
    heads = []
    for name in (_PLACES[choice.by][0], *COLUMNS):
        text = COLUMN_TEXTS["mail"][name]
        sort = f"{name}_share" if name in SHARED else name
        up, down = sort, f"-{sort}"
        told = {up: "ascending", down: "descending"}.get(choice.sort, "")
        following = {up: down, down: up}.get(choice.sort, down if name in COLUMNS else up)
        label = by_label(wording, choice.by) if name not in COLUMNS else wording.text(text.label)
        heads.append((name, label, wording.text(text.about), told, choice.address(sort=following)))
    return heads
