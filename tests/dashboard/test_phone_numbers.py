"""Which of what people leave as their phone number is dialed."""

import pytest

from api.dashboard.words.phone_numbers import dial_of


@pytest.mark.parametrize(("left", "number"), [
    ("+8613800000001", "+8613800000001"), ("030 123-4567", "0301234567"), ("+49 30 1234567#12", "+49301234567"),
    ("+49 30 1234567 ext. 12", "+49301234567"),
])  # fmt: skip
def test_a_number_is_dialed_without_what_stands_behind_it(left: str, number: str) -> None:
    dial = dial_of(left)
    assert dial is not None and dial.number == number


@pytest.mark.parametrize("left", ["**21*0900123456#", "*#06#", "#31#030123456", "nobody", "12", 12345, None])
def test_what_would_command_the_phone_itself_is_no_number(left: object) -> None:
    assert dial_of(left) is None
