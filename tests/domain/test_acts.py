"""Whose act a touchpoint is: a lead was last seen when the person did something themselves."""

import pytest

from domain.fold.fold import Fold
from domain.model.definition import parse_model
from domain.touchpoints.acts import is_own_act
from tests.domain.stories import at, us
from tests.given_model import MODEL


@pytest.mark.parametrize(("type", "source", "own"), [
    ("page_viewed", "browser", True), ("page_viewed", "import", True), ("order_placed", "server", True),
    ("email_clicked", "provider", True), ("email_opened", "provider", True), ("demo_requested", "server", True),
    ("email_unsubscribed", "provider", True), ("event_attended", "import", True),
    ("email_sent", "provider", False), ("email_delivered", "provider", False), ("email_bounced", "provider", False),
    ("call_logged", "server", False), ("meeting_held", "import", False), ("message_sent", "server", False),
    ("stage_changed", "server", False), ("stage_changed", "policy", False), ("score_reset", "api", False),
    ("consent_changed", "api", False), ("merged", "api", False),
    ("identified", "browser", True), ("identified", "server", False), ("identified", "import", False),
    ("grouped", "server", False), ("page_viewed", "policy", False), ("page_viewed", "api", False),
    ("message_received", "api", True), ("message_received", "server", True), ("message_sent", "api", False),
])  # fmt: skip
def test_an_act_is_the_persons_by_its_type_and_by_who_reports_it(type: str, source: str, own: bool) -> None:
    assert is_own_act(at(1, type, "e:a@x.de", source=source)) is own


def test_last_seen_is_the_last_own_act_whatever_comes_after_and_beside() -> None:
    history = [
        at(1, "identified", "e:a@x.de", source="import"),
        at(2, "page_viewed", "e:a@x.de", source="browser"),
        at(3, "email_clicked", "e:a@x.de"),
        at(3, "email_sent", "e:a@x.de"),
        at(4, "page_viewed", "e:a@x.de", context={"machine": "burst"}),
        at(5, "call_logged", "e:a@x.de"),
        at(6, "stage_changed", "e:a@x.de", source="policy", to="qualified"),
    ]
    fold = Fold(parse_model(MODEL))
    seen = [fold.fold(history, us(second)).last_seen for second in range(7)]
    assert seen == [None, None, us(2), us(3), us(3), us(3), us(3)]
    assert fold.fold(history, us(6)).last_touch == us(6)
