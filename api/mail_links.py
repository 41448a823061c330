"""`POST /api/links`: links for mails, which report their opens and clicks themselves."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Body
from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.command_requests import JsonRoute, problem_of
from api.commander import Card
from domain.touchpoints.mail_link import MailDoor, MailLinkKeys
from domain.touchpoints.touchpoint import Instant
from producers.commands import CommandRefused
from producers.mail_links import LASTS, Mailing, mailing, target, tokens, url_of
from producers.reading.body import clean
from projections.queries.one_lead import lead_called
from projections.queries.shapes import Moment, Page, Shape
from projections.queries.view import Reader, View

LEADS: Final = 1_000
"""Most leads of one request."""


class WantedLinks(BaseModel):
    """A mail to leads."""

    model_config = ConfigDict(extra="forbid")

    leads: Annotated[
        list[str],
        Field(description="ids, e-mails or KIND:VALUE (user_id:u-1) of leads", min_length=1, max_length=LEADS),
    ]
    campaign: Annotated[str, Field(description="the name that the mail report shows")]
    variant: Annotated[str | None, Field(description="of a test: which one")] = None
    message: Annotated[str | None, Field(description="the mail's id at whoever sends it")] = None
    targets: Annotated[list[str], Field(description="http or https addresses that clicks go on to")] = []
    lasts: Annotated[str, Field(description="how long the links hold, such as 90d")] = LASTS
    address: Annotated[
        str | None,
        Field(description="address of the collector, as whoever gets the mail reaches it; LEADLINE_PUBLIC_URL"),
    ] = None

    @model_validator(mode="before")
    @classmethod
    def _storable(cls, value: Any) -> Any:
        try:
            return clean(value)
        except RecursionError:
            raise ValueError("it is nested too deeply") from None


class ClickLinkShape(Shape):
    """A link that goes on to a target."""

    target: Annotated[str, Field(description="percent-encoded, as a browser is sent to it")]
    url: str


class LeadLinksShape(Shape):
    """The links of one lead's mail."""

    asked: Annotated[str, Field(description="as the request names the lead")]
    lead: str
    open: Annotated[str, Field(description="of the image that says that the mail was opened")]
    clicks: list[ClickLinkShape]


class MailLinksPage(Page[LeadLinksShape]):
    """The links of a mail, in the order of the leads."""

    ends_at: Annotated[Moment, Field(description="from when on they are no links")]


@dataclass(frozen=True, slots=True)
class MailLinkMaker:
    """Makes links. `keys` None: it cannot. `public_url`: where the collector is, where nobody says it."""

    reader: Reader
    keys: MailLinkKeys | None
    public_url: str | None
    clock: Callable[[], Instant]

    def make(self, wanted: WantedLinks) -> MailLinksPage:
        """The links. Raises CommandRefused, NotFound, BadSearch."""
        if self.keys is None:
            raise CommandRefused(501, "links of mails need keys: set LEADLINE_LINK_KEY, of the collector too")
        mail = mailing(self.clock(), wanted.campaign, wanted.variant, wanted.message, wanted.targets, wanted.lasts)
        address = self._address(wanted.address)
        with self.reader.view() as view:
            items = [_links(view, each, mail, self.keys, address) for each in wanted.leads]
        return MailLinksPage(items=items, ends_at=mail.ends)

    def _address(self, said: str | None) -> str:
        if said is not None:
            return target(said).partition("?")[0].partition("#")[0].rstrip("/")
        if self.public_url is None:
            text = "address: it is missing, and LEADLINE_PUBLIC_URL is not set: one of them says where the collector is"
            raise CommandRefused(422, text)
        return self.public_url


def mail_link_routes(maker: MailLinkMaker) -> APIRouter:
    """The route."""
    router = APIRouter(tags=["mail"], route_class=JsonRoute)

    @router.post("/links", summary="Links for a mail, which report its opens and clicks")
    def links(wanted: Annotated[WantedLinks, Body()]) -> MailLinksPage:
        try:
            return maker.make(wanted)
        except CommandRefused as error:
            raise problem_of(error) from None

    return router


def _links(view: View, asked: str, mail: Mailing, keys: MailLinkKeys, address: str) -> LeadLinksShape:
    card = Card.of(view, str(lead_called(view, asked)))
    made = tokens(card, mail, keys)
    clicks = [ClickLinkShape(target=to, url=url_of(address, MailDoor.CLICK, token)) for to, token in made.clicked]
    return LeadLinksShape(asked=asked, lead=card.id, open=url_of(address, MailDoor.OPEN, made.opened), clicks=clicks)
