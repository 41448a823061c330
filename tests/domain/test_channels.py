"""Channels: the default rules, a model's own before them, and conditions that ask for a source."""

from typing import Any

import pytest

from domain.conditions.parse import parse_condition
from domain.conditions.words import in_words
from domain.files.problems import ModelError
from domain.fold.channel import Grouping, default
from domain.fold.fold import Fold
from domain.fold.origin import Origin
from domain.fold.trace import Trace
from domain.model.channels import Channel
from domain.model.definition import parse_model
from tests.domain.stories import at, us

STAGES = '[[stages]]\nname = "lead"\n'

DEFAULTS = [
    ("cross_network", Origin("google", "cpc", "Cross-network 1")),
    ("paid_shopping", Origin("taobao", "cpc")),
    ("paid_shopping", Origin("google", "ppc", "summer shopping")),
    ("paid_search", Origin("baidu", "cpc")),
    ("paid_search", Origin("sogou", "paid-search")),
    ("paid_social", Origin("weibo", "paid_social")),
    ("paid_video", Origin("bilibili", "retargeting")),
    ("display", Origin("some-network", "banner")),
    ("display", Origin("some-network", "cpm")),
    ("paid_other", Origin("some-network", "cpc")),
    ("organic_shopping", Origin("jd", "referral")),
    ("organic_social", Origin("zhihu", "referral")),
    ("organic_social", Origin("intranet", "social")),
    ("organic_video", Origin("youtube", "referral")),
    ("organic_video", Origin("x-tube.example", "video")),
    ("organic_search", Origin("360", "organic")),
    ("referral", Origin("news.example", "referral")),
    ("email", Origin("news", "Email")),
    ("email", Origin("e-mail", "")),
    ("affiliates", Origin("someone", "affiliate")),
    ("audio", Origin("radio", "audio")),
    ("sms", Origin("sms", "text")),
    ("mobile_push", Origin("app", "web-push")),
    ("event", Origin("Hannover 2026", "trade_fair", itself=True)),
    ("event", Origin("Seminar", "", itself=True)),
    ("partner", Origin("ACME", "partner", itself=True)),
    ("print", Origin("", "QR", "flyer 7")),
    ("offline", Origin("an old list", "", itself=True)),
    ("other", Origin("", "", "A")),
]


@pytest.mark.parametrize(("channel", "origin"), DEFAULTS)
def test_the_default_rules_are_the_described_ones(channel: str, origin: Origin) -> None:
    assert default(origin) == channel


def test_every_default_channel_is_reached_but_direct_which_nothing_says() -> None:
    assert {channel for channel, _ in DEFAULTS} == set(Channel) - {Channel.DIRECT}


RULES = """
[channels]
ignore = ["Pay.Example"]
[[channels.rules]]
name = "field sales"
label = "Field sales"
where = { "source.medium" = { in = ["visit", "fair"] } }
[[channels.rules]]
name = "paid_search"
where = { source.source = "our-ads" }
"""


def test_rules_of_a_model_come_first_and_may_give_default_channels() -> None:
    channels = parse_model(STAGES + RULES).channels
    assert channels.ignore == ("pay.example",)
    grouping = Grouping(channels)
    origins = (Origin("x", "fair"), Origin("our-ads"), Origin("baidu", "cpc"))
    assert [grouping.seen(origin)["channel"] for origin in origins] == ["field sales", "paid_search", "paid_search"]
    assert grouping.seen(origins[0]) == {"channel": "field sales", "source": "x", "medium": "fair"}


def test_channels_are_of_what_the_fold_reads_but_their_labels_are_not() -> None:
    plain, ruled = parse_model(STAGES), parse_model(STAGES + RULES)
    assert plain.hash == parse_model(STAGES + "[channels]\nignore = []\n").hash
    assert len({plain.hash, ruled.hash, parse_model(STAGES + RULES.replace("Pay.", "")).hash}) == 3
    assert parse_model(STAGES + RULES.replace('label = "Field sales"', "")).hash == ruled.hash


ASKS = """
[score]
[[score.rules]]
name = "of the mail"
on = "form_submitted"
where = { "source.channel" = "email", "source.campaign" = "May" }
points = 7
[[segments]]
name = "mailed"
when = { "source.channel" = { in = ["email", "sms"] }, "source.term" = { exists = false } }
[[segments]]
name = "straight"
when = { "source.channel" = "direct" }
[[funnels]]
name = "mails"
window = "1d"
steps = [ { on = "page_viewed", where = { "source.source" = "news" } }, { on = "form_submitted" } ]
"""


def test_rules_segments_and_funnels_ask_for_the_source_of_the_visit() -> None:
    fold = Fold(parse_model(STAGES + ASKS))
    mail = {"campaign": {"source": "news", "medium": "email", "name": "May"}}
    history = [
        at(1, "form_submitted", "u:1"),
        at(2, "page_viewed", "u:1", context=mail),
        at(3, "form_submitted", "u:1"),
        at(4, "page_viewed", "u:1", url="https://a.example/?gclid=1"),
        at(5, "form_submitted", "u:1"),
    ]
    trace = Trace()
    lead = fold.fold(history[:3], us(3), trace)
    assert [award.at for award in trace.awards] == [us(3)]
    assert lead.now.segments == {"mailed": us(2)} and lead.now.left == {"straight": us(2)}
    assert (lead.funnels["mails"].step, lead.funnels["mails"].best[1]) == (2, us(2))
    lead = fold.fold(history, us(9), trace := Trace())
    assert [award.at for award in trace.awards] == [us(3)] and not lead.now.segments


REFUSED: list[tuple[str, str]] = [
    ('[channels]\nignore = ["https://pay.example/"]\n', "channels.ignore[0]: found"),
    ('[channels]\nignore = "pay.example"\n', "channels.ignore: found"),
    ('[[channels.rules]]\nname = "a"\n', "channels.rules[0].where: missing"),
    ('[[channels]]\nname = "a"\n', "channels: found a list, allowed is a table"),
    ('[[channels.rules]]\nname = "a"\nwhere = { "source.channel" = "email" }\n', 'unknown field "source.channel"'),
    ('[[channels.rules]]\nname = "a"\nwhere = { "source.mediun" = "x" }\n', "did you mean source.medium?"),
    ('[[channels.rules]]\nname = "a"\nwhere = { path = "x" }\n', "channels.rules[0].where.path: unknown key"),
    ('[[segments]]\nname = "a"\nwhen = { "source.channel" = "paid_serach" }\n', "did you mean paid_search?"),
    ('[[segments]]\nname = "a"\nwhen = { did = "x", where = { "source.channel" = "mail" } }\n', 'channel "mail"'),
    ('[[not_a_lead]]\nreason = "a"\nwhere = { "source.medium" = "x" }\n', 'where."source.medium": unknown key'),
]  # fmt: skip


@pytest.mark.parametrize(("text", "problem"), REFUSED)
def test_what_would_never_hold_is_refused_in_words(text: str, problem: str) -> None:
    with pytest.raises(ModelError) as refused:
        parse_model(STAGES + text)
    assert problem in str(refused.value)
    assert len(refused.value.problems) == 1
    assert refused.value.lines[0].startswith(("line ", "channels: "))


def test_a_bare_source_is_still_a_property_and_a_column() -> None:
    conditions: list[Any] = [
        parse_condition({"source": "crm"}, "touchpoint"), parse_condition({"source.channel": "x"}, "row"),
        parse_condition({"source.channel": "x"}, "segment"),
    ]  # fmt: skip
    assert list(map(in_words, conditions)) == ["source is crm", "source.channel is x", "source.channel is x"]
    assert [condition.of for condition in conditions] == ["field", "field", "source"]
