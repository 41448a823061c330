"""`[money]` of the model file: what is revenue, in which currency, and at which rates reports convert."""

import re
from datetime import date
from typing import Annotated, Any, Final, Self

from pydantic import BeforeValidator, PlainValidator, ValidationInfo, field_validator, model_validator
from pydantic import Field as Default

from domain.conditions.tree import Condition, Of, fields_of
from domain.files.problems import Mistake, ModelError, not_allowed
from domain.files.values import LARGEST, is_number, read_day, read_flag, read_property
from domain.model.part import Part, TypeName
from domain.model.values import read_where

ORDER: Final = "order_placed"
REFUND: Final = "order_refunded"

_CURRENCY: Final = re.compile(r"[A-Z]{3}\Z", re.ASCII)
_of_touchpoint = read_where("touchpoint")


def read_currency(raw: Any) -> str:
    """The three letters of a currency."""
    if isinstance(raw, str) and _CURRENCY.match(raw):
        return raw
    upper = raw.strip().upper() if isinstance(raw, str) else ""
    hint = f' (did you mean "{upper}"?)' if _CURRENCY.match(upper) else ""
    raise ValueError(not_allowed(raw, f'the three letters of a currency (ISO 4217) such as "EUR"{hint}'))


def _read_rate(raw: Any) -> float:
    if not is_number(raw) or not 0 < raw <= LARGEST:
        raise ValueError(not_allowed(raw, f"a number above 0, at most {LARGEST:.0f}"))
    return float(raw)


def _read_where(raw: Any, info: ValidationInfo) -> Condition:
    """A condition on the touchpoint alone: an amount stays what it was, whatever becomes known of the person."""
    condition = _of_touchpoint(raw, info)
    for asked in fields_of(condition):
        if asked.of is not Of.TOUCHPOINT:
            name = f"{asked.of}.{asked.path[0]}"
            raise ValueError(not_allowed(name, "a property of the touchpoint: what is revenue is told by it alone"))
    return condition


Currency = Annotated[str, BeforeValidator(read_currency)]


class Revenue(Part):
    """Touchpoints of type `on` for which `where` holds are worth their property `amount`.

    `amount` (): the first number among the usual properties. `returns`: its amounts are paid back, with whatever sign
    they are reported; by itself true of `order_refunded`.
    """

    on: TypeName
    where: Annotated[Condition | None, PlainValidator(_read_where)] = None
    amount: Annotated[tuple[str, ...], PlainValidator(read_property)] = ()
    returns: bool = Default(default=None, validate_default=True)

    @field_validator("returns", mode="plain")
    @classmethod
    def _refunds_are_returns(cls, raw: Any, info: ValidationInfo) -> bool:
        return info.data.get("on") == REFUND if raw is None else read_flag(raw)


class Rate(Part):
    """How many units of the currency of reports one unit of `currency` is worth, since the day `since`."""

    currency: Currency
    since: Annotated[date, PlainValidator(read_day), Default(alias="from")]
    rate: Annotated[float, PlainValidator(_read_rate)]


class Money(Part):
    """What is revenue, and in which currency: `currency` is of amounts that name none (None: unknown), `report_in` what
    reports convert to by `rates` (None: they do not)."""

    currency: Currency | None = None
    report_in: Annotated[Currency | None, Default(alias="in")] = None
    rates: tuple[Rate, ...] = ()
    revenue: tuple[Revenue, ...] = (Revenue(on=ORDER),)

    @model_validator(mode="after")
    def _rates_lead_to_one_currency(self) -> Self:
        problems: list[Mistake] = []
        if self.rates and self.report_in is None:
            problems.append(Mistake(("rates",), 'found rates, allowed is that beside in, such as in = "EUR"'))
        since: dict[tuple[str, date], int] = {}
        for place, rate in enumerate(self.rates):
            if rate.currency == self.report_in:
                text = not_allowed(rate.currency, f"any other currency: {rate.currency} is what reports convert to")
                problems.append(Mistake(("rates", place, "currency"), text))
            first = since.setdefault((rate.currency, rate.since), place)
            if first != place:
                text = not_allowed(
                    str(rate.since), f"a day of its own (rates[{first}] has this one of {rate.currency})"
                )
                problems.append(Mistake(("rates", place, "from"), text))
        if problems:
            raise ModelError(problems)
        return self
