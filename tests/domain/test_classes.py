"""RFM and engagement: segments that a model switches on, and what a file may not say of them."""

import pytest

from domain.fold.fold import Fold
from domain.model.definition import ModelError, parse_model
from domain.touchpoints.touchpoint import Touchpoint
from tests.domain.given_segments import DAY
from tests.domain.stories import at, us

STAGE = '[[stages]]\nname = "lead"\n'
RFM = "[rfm]\nmoney = [5000, 1000, 1]\n" + STAGE
THREE = "three {} limits, of A, B and C, such as {}"
RECENCY = THREE.format("rising", '["30d", "90d", "180d"]')


def order(day: float, amount: float = 10, **more: object) -> Touchpoint:
    return at(day * DAY, "order_placed", "u:1", id=f"order {day}", amount=amount, **more)


def stays(text: str, prefix: str, *history: Touchpoint) -> dict[str, list[tuple[float, float | None]]]:
    """Of each class its stays, entered and left, in days."""
    fold, until = Fold(parse_model(text)), us(9_999 * DAY)
    spells = fold.at(fold.fold(history, until), until).spells

    def day(instant: int | None) -> float | None:
        return None if instant is None else (instant - us(0)) / DAY / 1_000_000

    return {
        name.removeprefix(prefix): [(day(entered) or 0, day(left)) for entered, left in stay.items()]
        for name, stay in sorted(spells.items())
        if name.startswith(prefix)
    }


def test_recency_moves_on_by_time_alone() -> None:
    assert stays(RFM, "rfm recency ", order(0), order(200)) == {
        "A": [(0, 30), (200, 230)],
        "B": [(30, 90), (230, 290)],
        "C": [(90, 180), (290, 380)],
        "D": [(180, 200), (380, None)],
    }


def test_frequency_is_of_a_year() -> None:
    history = [order(day) for day in (0, 10, 20, 30, 40)]
    assert stays(RFM, "rfm frequency ", *history) == {
        "A": [(40, 365)], "B": [(10, 40), (365, 395)], "C": [(0, 10), (395, 405)], "D": [(405, None)],
    }  # fmt: skip


def test_money_is_the_sum_of_a_year_refunds_taken_off() -> None:
    history = order(0, 4_999.999999), order(10, 0.000001), order(20, -4_500), order(30, -499.5)
    assert stays(RFM, "rfm money ", *history) == {
        "A": [(10, 20)], "B": [(0, 10)], "C": [(20, 30)], "D": [(30, None)],
    }  # fmt: skip


def test_who_never_bought_is_in_no_class() -> None:
    assert stays(RFM, "rfm ", at(0, "page_viewed", "u:1")) == {}


def test_engagement_counts_days_on_which_somebody_did_something() -> None:
    text = f"[engagement]\ndays = [3, 2, 1]\n{STAGE}"
    history = [
        at(0, "page_viewed", "u:1"), at(60, "form_submitted", "u:1"), at(DAY, "email_opened", "u:1"),
        at(2 * DAY, "email_clicked", "u:1"), at(3 * DAY, "order_placed", "u:1"),
    ]  # fmt: skip
    assert stays(text, "engagement ", *history) == {
        "A": [(3, 30 + 60 / DAY)], "B": [(2, 3), (30 + 60 / DAY, 32)], "C": [(0, 2), (32, 33)], "D": [(33, None)],
    }  # fmt: skip


def test_at_every_moment_somebody_is_in_one_class_of_a_kind() -> None:
    fold = Fold(parse_model(f"{RFM}[engagement]\n"))
    history = [order(day * 7 % 400, 400 + day * 37 % 900) for day in range(40)]
    history.sort(key=lambda touchpoint: touchpoint.instant)
    for day in range(0, 900, 3):
        lead = fold.fold(history, us(day * DAY))
        names = sorted(name.rpartition(" ")[0] for name in fold.at(lead, us(day * DAY)).segments)
        assert names == ["engagement", "rfm frequency", "rfm money", "rfm recency"]


def test_classes_are_segments_like_others() -> None:
    asking = '[[segments]]\nname = "best"\nwhen = { segment = ["rfm money A", "engagement A"] }\n'
    told = '[[destinations]]\nname = "d"\ntype = "webhook"\nurl = { env = "D_URL" }\nsecret = { env = "D_KEY" }\n'
    told += 'on = ["segment.entered"]\nwhere = { segment = ["rfm recency D", "best"] }\n'
    model = parse_model(f"{RFM}[engagement]\n{asking}{told}")
    names = [segment.name for segment in model.segments]
    kinds = ("rfm recency", "rfm frequency", "rfm money", "engagement")
    assert names == ["best", *(f"{kind} {letter}" for kind in kinds for letter in "ABCD")]
    assert model.segments[1].label == {"en": "Recency A", "zh": "最近购买 A"}
    assert model.segments[-1].label == {"en": "Engagement D", "zh": "活跃度 D"}
    without = [segment.name for segment in parse_model(f"[rfm]\n{STAGE}").segments]
    assert without == [f"rfm {kind} {letter}" for kind in ("recency", "frequency") for letter in "ABCD"]


def test_a_class_means_what_its_segment_means_written_out() -> None:
    """So a limit that moves is another version, and switching classes on is one too."""
    did = 'did = ["page_viewed", "form_submitted"], days = true, within = "30d"'
    limits = [(10, None), (4, 10), (1, 4)]
    written = "".join(
        f'[[segments]]\nname = "engagement {letter}"\nwhen = {{ {did}, at_least = {least}'
        + (f", not = {{ {did}, at_least = {most} }}" if most else "")
        + " }\n"
        for letter, (least, most) in zip("ABC", limits, strict=True)
    )
    ever = 'did = ["page_viewed", "form_submitted"]'
    written += f'[[segments]]\nname = "engagement D"\nwhen = {{ {ever}, not = {{ {did} }} }}\n'
    on = 'on = ["page_viewed", "form_submitted"]'
    assert parse_model(STAGE + written).hash == parse_model(f"[engagement]\n{on}\n{STAGE}").hash
    assert parse_model(f"[rfm]\n{STAGE}").hash != parse_model(f"[rfm]\nfrequency = [6, 2, 1]\n{STAGE}").hash


def test_what_is_bought_may_be_another_type_and_amount() -> None:
    keys = 'on = ["invoice_paid", "sale"]', 'where = { shop = "b" }', 'amount = "order.total"', "money = [9, 5, 1]"
    text = "\n".join(["[rfm]", *keys, STAGE])
    paid = at(0, "invoice_paid", "u:1", shop="b", order={"total": "7.50"})
    other = at(1, "invoice_paid", "u:1", shop="c", order={"total": 90})
    assert stays(text, "rfm money ", paid, other)["B"] == [(0, 365)]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f'[rfm]\nrecency = ["30d", "90d"]\n{STAGE}', f"rfm.recency: found a list, allowed is {RECENCY}"),
        (f'[rfm]\nrecency = ["90d", "30d", "180d"]\n{STAGE}',
         f"rfm.recency: found 90d, 30d, 180d, allowed are {RECENCY}"),
        (f'[rfm]\nrecency = "30d"\n{STAGE}', f'rfm.recency: found "30d", allowed is {RECENCY}'),
        (f"[rfm]\nfrequency = [2, 5, 1]\n{STAGE}",
         f"rfm.frequency: found 2, 5, 1, allowed are {THREE.format('falling', '[5, 2, 1]')}"),
        (f"[rfm]\nfrequency = [5, 2, 0]\n{STAGE}", "rfm.frequency: found 0, allowed is a whole number from 1 to 10000"),
        (f"[rfm]\nmoney = [100, 10, 0]\n{STAGE}", "rfm.money: found 0, allowed is an amount above 0"),
        (f"[rfm]\nquantiles = true\n{STAGE}",
         "rfm.quantiles: found true, allowed is a list of recency, frequency, money"),
        (f"[engagement]\ndays = [2000, 4, 1]\n{STAGE}",
         "engagement.days: found 2000, allowed is a whole number from 1 to 1000 (each is remembered of every lead)"),
        (f'[engagement]\non = ["page_viewed", "Form"]\n{STAGE}',
         'engagement.on[1]: found "Form", allowed is a touchpoint type in snake_case such as page_viewed '
         "(did you mean form?)"),
        (f"rfm = 3\n{STAGE}", "rfm: found 3, allowed is a table"),
        (f'{RFM}[[segments]]\nname = "rfm money A"\nwhen = {{ grade = "A" }}\n',
         'segments[0].name: found "rfm money A", allowed is another name: [rfm] makes the segments '
         + ", ".join(f"rfm {kind} {letter}" for kind in ("recency", "frequency", "money") for letter in "ABCD")),
    ],
)  # fmt: skip
def test_what_a_file_may_not_say_of_classes(text: str, line: str) -> None:
    with pytest.raises(ModelError) as refused:
        parse_model(text)
    assert line in refused.value.problems
