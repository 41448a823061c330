"""The measurement of deliveries measures: every form's signal arrives, after it was acknowledged."""

from tests.bench import delivery
from tests.bench.delivery import Delivery
from tests.services.kafka import KafkaBroker


def measured(found: Delivery, *ways: str) -> None:
    assert tuple(found.delays) == ways and found.beside > 0
    for way, each in found.delays.items():
        assert each.signals >= 2
        assert 0 < each.p50 <= each.p99 <= each.most
        assert f"{found.mode}, {way}: p50 " in str(found)
        assert found.values[f"{way}, p99"] == each.p99


def test_every_webhook_is_measured() -> None:
    measured(delivery.embedded(seconds=1.0, rate=200), "form to webhook")


def test_every_message_and_webhook_is_measured(postgres_url: str, kafka_session: KafkaBroker) -> None:
    kafka_session.clear()
    found = delivery.kafka(postgres_url, kafka_session.bootstrap, seconds=1.0, rate=200)
    measured(found, "form to webhook", "form to hot topic")
