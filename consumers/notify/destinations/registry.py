"""Which sender speaks to which type of destination, and how it gets its secrets."""

from collections.abc import Mapping
from datetime import tzinfo
from typing import assert_never

from consumers.notify.destinations.dingtalk import DingtalkSender
from consumers.notify.destinations.feishu import FeishuSender
from consumers.notify.destinations.mail import MailSender
from consumers.notify.destinations.slack import SlackSender
from consumers.notify.destinations.webhook import WebhookSender
from consumers.notify.destinations.wecom import WecomSender
from consumers.notify.labels import UNNAMED, Labels
from consumers.notify.parcel import NO_SALES, Messenger, Setup
from domain.errors import Misconfigured
from domain.model.definition import Destination
from domain.model.destinations import DestinationType
from domain.model.sales import Sales


def sender_of(
    destination: Destination,
    environment: Mapping[str, str],
    zone: tzinfo,
    labels: Labels = UNNAMED,
    sales: Sales = NO_SALES,
) -> Messenger:
    """The sender of a destination. Raises Misconfigured with the destination, the variable and what is allowed."""
    named = destination.variables()
    for variable in named.values():
        if not environment.get(variable, "").strip():
            raise Misconfigured(f"destination {destination.name!r}: {variable} is not set in the environment")
    url = environment[named["url"]].strip() if "url" in named else str(destination.url)
    secret = environment.get(named.get("secret", ""), "")
    keys = tuple(key.strip() for key in secret.split(",") if key.strip())
    try:
        return _made(Setup(destination, url, keys, zone, labels, sales))
    except ValueError as error:
        where = " or ".join(named.values()) or "url"
        raise Misconfigured(f"destination {destination.name!r} ({where}): {error}") from None


def _made(setup: Setup) -> Messenger:
    match setup.destination.type:
        case DestinationType.WEBHOOK:
            return WebhookSender(setup)
        case DestinationType.SLACK:
            return SlackSender(setup)
        case DestinationType.WECOM:
            return WecomSender(setup)
        case DestinationType.DINGTALK:
            return DingtalkSender(setup)
        case DestinationType.FEISHU:
            return FeishuSender(setup)
        case DestinationType.MAIL:
            return MailSender(setup)
        case _:
            assert_never(setup.destination.type)
