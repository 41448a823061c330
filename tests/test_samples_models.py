"""What the how-to pages show of model files: each block, below the starter model, is a model; its destinations work."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from consumers.notify.destinations.registry import sender_of
from domain.model.definition import parse_model
from domain.model.starter import STARTER
from projections.reports.signals import signals
from tests.domain.stories import at, us
from tests.given_samples import sample
from tests.projections.world import World

SECRETS = {
    "LEADLINE_BERLIN_URL": "https://crm.example.com/hook",
    "LEADLINE_BERLIN_KEY": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "LEADLINE_NEWSLETTER_URL": "http://127.0.0.1:8080/hook",
    "LEADLINE_NEWSLETTER_KEY": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "LEADLINE_MAIL_KEY": "an-example",
    "LEADLINE_CHAT_URL": "https://chat.example.com/robot?key=an-example",
    "LEADLINE_CHAT_KEY": "SECan-example",
}


@pytest.mark.parametrize(
    "block",
    [
        sample("notify-a-webhook.md", "[[destinations]]"),
        sample("notify-by-mail.md", "[[destinations]]"),
        sample("notify-dingtalk.md", "[[destinations]]"),
        sample("notify-feishu.md", "[[destinations]]"),
        sample("notify-slack.md", "[[destinations]]"),
        sample("notify-wecom.md", "[[destinations]]"),
        sample("follow-a-segment.md", "[[segments]]"),
    ],
)
def test_a_destination_is_one_with_the_variables_that_its_page_names(block: str) -> None:
    text = f"{STARTER}\n{block}"
    if 'name = "pricing-returners"' in STARTER:
        text = text.replace("pricing-returners", "price-watchers").replace("price-watchers", "pricing-returners", 1)
    model = parse_model(text)
    [destination] = model.destinations
    assert sender_of(destination, SECRETS, ZoneInfo(model.timezone)) is not None


def test_channels_and_what_asks_for_them_are_a_model() -> None:
    blocks = [
        sample("see-where-leads-come-from.md", "[channels]"),
        sample("see-where-leads-come-from.md", "[[channels.rules]]"),
        sample("see-where-leads-come-from.md", "[[score.rules]]"),
    ]
    model = parse_model("\n".join([STARTER, *blocks]))
    assert model.channels.ignore == ("pay.example.com", "login.example.net")
    assert [rule.name for rule in model.channels.rules] == ["field sales"]
    assert "from-search" in [segment.name for segment in model.segments]


def test_who_unsubscribes_leaves_the_segment_that_a_mail_tool_follows_and_still_has_an_address(tmp_path: Path) -> None:
    model = parse_model('[[stages]]\nname = "lead"\n' + sample("follow-a-segment.md", "[[segments]]"))
    world = World.on_sqlite(tmp_path, model, us(100))
    views = [at(second, "page_viewed", "e:ann@example.com", path="/pricing") for second in (1, 2, 3)]
    world.play([views, [at(9, "email_unsubscribed", "e:ann@example.com", source="provider")]])
    with world.database.snapshot() as conn:
        told = signals(conn, 0, kinds=["segment.entered", "segment.left"]).items
    world.close()
    assert [(each.kind, each.model_dump()["person"]["email"]) for each in told] == [
        ("segment.entered", "ann@example.com"),
        ("segment.left", "ann@example.com"),
    ]
