"""Wrong secrets by address."""

from web.guesses import MOST, SPAN, Guesses


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_many_wrong_secrets_of_an_address_within_a_minute_are_too_many() -> None:
    clock = Clock()
    guesses = Guesses(clock)
    for _ in range(MOST - 1):
        guesses.wrong("192.0.2.1")
    assert guesses.wait("192.0.2.1") == 0
    guesses.wrong("192.0.2.1")
    assert guesses.wait("192.0.2.1") == SPAN
    assert guesses.wait("192.0.2.2") == 0
    clock.now += SPAN
    assert guesses.wait("192.0.2.1") == 0


def test_addresses_of_one_ipv6_network_are_one_client() -> None:
    guesses = Guesses(Clock())
    for number in range(MOST):
        guesses.wrong(f"2001:db8::{number}")
    assert guesses.wait("2001:db8::ffff") == SPAN
    assert guesses.wait("2001:db8:0:1::1") == 0
