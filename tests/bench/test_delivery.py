"""The measurement of deliveries measures: every form's signal arrives, after it was acknowledged."""

from tests.bench.delivery import measure


def test_every_signal_is_measured() -> None:
    delays = measure(seconds=1.0, rate=200)
    assert delays.signals >= 2 and delays.beside > 0
    assert 0 < delays.p50 <= delays.p99 <= delays.most
    assert str(delays).startswith("form to webhook: p50 ")
