"""`POST /api/links`: links for mails, which report their opens and clicks themselves."""

from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from typing import Annotated, Final, Self

from fastapi import APIRouter, Body, Request
from pydantic import Field, model_validator

from api.access.audit import keep_export
from api.bodies import CleanBody, JsonRoute
from api.commands.commander import Card
from api.commands.requests import problem_of
from domain.touchpoints.identity import Identity
from domain.touchpoints.mail_link import MailDoor, MailLinkKeys
from domain.touchpoints.touchpoint import Instant
from producers.commands import CommandRefused
from producers.mail_links import LASTS, Mailing, mailing, target, tokens, url_of
from projections.queries.one_lead import lead_called
from projections.queries.shapes import LeadShape, Moment, Page, Shape
from projections.queries.view import Reader
from projections.reports.segments.members import members_of
from store.database.database import Database

LEADS: Final = 1_000
"""Most leads of one request."""
LINKS: Final = 10_000
"""Most links of one request: a page of a segment is smaller where there are many targets."""


class WantedLinks(CleanBody):
    """A mail to leads: to those that are named, or to a segment."""

    leads: Annotated[
        list[str] | None,
        Field(description="ids, e-mails or KIND:VALUE (user_id:u-1) of leads", min_length=1, max_length=LEADS),
    ] = None
    segment: Annotated[str | None, Field(description="in place of `leads`: all leads in this one, page by page")] = None
    limit: Annotated[int, Field(description="of a segment: most leads of a page", ge=1, le=LEADS)] = LEADS
    cursor: Annotated[str | None, Field(description="of a segment: `next` of the page before")] = None
    campaign: Annotated[str, Field(description="the name that the mail report shows")]
    variant: Annotated[str | None, Field(description="of a test: which one")] = None
    message: Annotated[str | None, Field(description="the mail's id at whoever sends it")] = None
    targets: Annotated[list[str], Field(description="http or https addresses that clicks go on to")] = []
    lasts: Annotated[str, Field(description="how long the links hold, such as 90d")] = LASTS
    address: Annotated[
        str | None,
        Field(description="address of the collector, as whoever gets the mail reaches it; LEADLINE_PUBLIC_URL"),
    ] = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.leads is None) == (self.segment is None):
            raise ValueError("give leads (a list) or segment (a name), one of them")
        if self.leads is not None and (strange := {"limit", "cursor"} & self.model_fields_set):
            raise ValueError(f"{', '.join(sorted(strange))}: allowed with segment alone: leads come in one page")
        return self


class ClickLinkShape(Shape):
    """A link that goes on to a target."""

    target: Annotated[str, Field(description="percent-encoded, as a browser is sent to it")]
    url: str


class LeadLinksShape(Shape):
    """The links of one lead's mail."""

    asked: Annotated[str, Field(description="as the request names the lead; of a segment its id")]
    lead: str
    email: Annotated[str | None, Field(description="the address that the profile says, else one of its e-mails")]
    open: Annotated[str, Field(description="of the image that says that the mail was opened")]
    clicks: list[ClickLinkShape]


class MailLinksPage(Page[LeadLinksShape]):
    """The links of a mail, in the order of the leads."""

    ends_at: Annotated[Moment, Field(description="from when on they are no links")]
    targets: Annotated[list[str], Field(description="where each link's clicks go on to, in their order")] = []
    visitors: Annotated[
        int, Field(description="of a segment: how many of this page are left out, whom no mail can reach")
    ] = 0


@dataclass(frozen=True, slots=True)
class MailLinkMaker:
    """Makes links. `keys` None: it cannot. `public_url`: where the collector is, where nobody says it."""

    reader: Reader
    keys: MailLinkKeys | None
    public_url: str | None
    clock: Callable[[], Instant]

    def make(self, wanted: WantedLinks) -> MailLinksPage:
        """The links, of a segment one page. Raises CommandRefused, NotFound, BadSearch, BadCursor."""
        with closing(self.pages(wanted)) as pages:
            return next(pages)

    def pages(self, wanted: WantedLinks) -> Generator[MailLinksPage]:
        """The links, of a segment page by page from the cursor on, all of one view. Raises as `make`."""
        if self.keys is None:
            raise CommandRefused(501, "links of mails need keys: set LEADLINE_LINK_KEY, of the collector too")
        mail = mailing(self.clock(), wanted.campaign, wanted.variant, wanted.message, wanted.targets, wanted.lasts)
        if not all(each.strip() for each in wanted.leads or ()):
            raise CommandRefused(422, "leads: one of them is empty, allowed is a lead's id, an e-mail or KIND:VALUE")
        sealing = _Sealing(mail, self.keys, self._address(wanted.address))
        most = LINKS // (1 + len(mail.targets))
        if wanted.leads is not None and len(wanted.leads) > most:
            found = f"{len(wanted.leads)} leads of {len(mail.targets)} targets"
            raise CommandRefused(422, f"leads: found {found}, allowed are {most} leads: {LINKS:,} links in all")
        with self.reader.view() as view:
            if wanted.segment is None:
                cards = [(each, Card.of(view, str(lead_called(view, each)))) for each in wanted.leads or ()]
                items = [sealing.links(asked, card) for asked, card in cards]
                yield MailLinksPage(items=items, ends_at=mail.ends, targets=list(mail.targets))
                return
            cursor = wanted.cursor
            while True:
                page = members_of(view, wanted.segment, limit=min(wanted.limit, most), cursor=cursor)
                people = [card for card in map(_card, page.items) if _is_somebody(card)]
                items = [sealing.links(card.id, card) for card in people]
                visitors = len(page.items) - len(items)
                yield MailLinksPage(
                    items=items, next=page.next, ends_at=mail.ends, targets=list(mail.targets), visitors=visitors
                )
                if (cursor := page.next) is None:
                    return

    def _address(self, said: str | None) -> str:
        if said is not None:
            return target(said, "address").partition("?")[0].partition("#")[0].rstrip("/")
        if self.public_url is None:
            text = "address: it is missing, and LEADLINE_PUBLIC_URL is not set: one of them says where the collector is"
            raise CommandRefused(422, text)
        return self.public_url


def mail_link_routes(maker: MailLinkMaker, database: Database) -> APIRouter:
    """The route. What takes a segment's addresses out is written into the audit of `database`."""
    router = APIRouter(tags=["mail"], route_class=JsonRoute)

    @router.post("/links", summary="Links for a mail, which report its opens and clicks")
    def links(wanted: Annotated[WantedLinks, Body()], request: Request) -> MailLinksPage:
        try:
            made = maker.make(wanted)
        except CommandRefused as error:
            raise problem_of(error) from None
        if wanted.segment is not None:
            keep_export(database, request, f"links for segment {wanted.segment}", len(made.items))
        return made

    return router


def link_columns(targets: int) -> tuple[str, ...]:
    """The names of the columns of `link_row`, of a mail with so many targets."""
    return ("lead", "email", "open", *(f"click_{place}" for place in range(1, targets + 1)))


def link_row(links: LeadLinksShape) -> tuple[str | None, ...]:
    """The row of a CSV: a lead's links, in the order of the targets."""
    return (links.lead, links.email, links.open, *(each.url for each in links.clicks))


@dataclass(frozen=True, slots=True)
class _Sealing:
    """What all links of a mail share."""

    mail: Mailing
    keys: MailLinkKeys
    address: str

    def links(self, asked: str, card: Card) -> LeadLinksShape:
        """The links of one lead. Raises CommandRefused."""
        made = tokens(card, self.mail, self.keys)
        clicks = [
            ClickLinkShape(target=to, url=url_of(self.address, MailDoor.CLICK, token)) for to, token in made.clicked
        ]
        opened = url_of(self.address, MailDoor.OPEN, made.opened)
        return LeadLinksShape(asked=asked, lead=card.id, email=_address_of(card), open=opened, clicks=clicks)


def _card(lead: LeadShape) -> Card:
    """What links are made of: a list says the highest identities first, as many as it says."""
    identities = tuple(Identity(each.kind, each.value) for each in lead.identities)
    return Card(lead.id, identities, lead.profile, lead.stage)


def _is_somebody(card: Card) -> bool:
    """Whether anything but a cookie is known, so that a link can name them."""
    return any(identity.kind != "anonymous_id" for identity in card.identities)


def _address_of(card: Card) -> str | None:
    emails = [identity.value for identity in card.identities if identity.kind == "email"]
    said = card.profile.get("email")
    return said if said in emails else next(iter(emails), None)
