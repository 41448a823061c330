"""The play on the Kafka topic, as plain bytes."""

from collections.abc import Sequence

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.partitioner.default import murmur2

from tests.bench.traffic import Play
from tests.services.kafka import clear_topics

TOPIC = "leadline.touchpoints"
PARTITIONS = 4


class Topic:
    """The topic of touchpoints on one broker, and the producer that fills it."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._producer = KafkaProducer(
            bootstrap_servers=bootstrap, acks="all", linger_ms=20, batch_size=256 * 1024, metrics_enabled=False
        )

    def anew(self) -> None:
        """Delete every topic, and make this one, empty."""
        clear_topics(self._bootstrap)
        admin = KafkaAdminClient(bootstrap_servers=self._bootstrap)
        try:
            admin.create_topics({TOPIC: {"num_partitions": PARTITIONS, "replication_factor": -1}})
            admin.wait_for_topics([TOPIC])
        finally:
            admin.close()

    def fill(self, played: Sequence[Play]) -> None:
        """Append, and return when everything is acknowledged."""
        sent = [
            self._producer.send(
                TOPIC, each.envelope, each.key, each.headers, partition=(murmur2(each.key) & 0x7FFFFFFF) % PARTITIONS
            )
            for each in played
        ]
        for one in sent:
            one.get(timeout=60)

    def read(self, times: int) -> None:
        """Read everything so often: a broker's code is compiled while it works, which is no cost of ours."""
        places = [TopicPartition(TOPIC, number) for number in range(PARTITIONS)]
        consumer = KafkaConsumer(bootstrap_servers=self._bootstrap, enable_auto_commit=False, max_poll_records=5_000)
        try:
            consumer.assign(places)
            ends = consumer.end_offsets(places)
            for _ in range(times):
                consumer.seek_to_beginning(*places)
                while any(consumer.position(place) < ends[place] for place in places):
                    consumer.poll(timeout_ms=500)
        finally:
            consumer.close()

    def close(self) -> None:
        """Close the producer."""
        self._producer.close(timeout=10)
