"""The services that tests use do what tests need of them: empty databases, outages on the same port and data."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic

from tests.services.kafka import KafkaBroker
from tests.services.service import answers


def tables(url: str) -> int:
    connection = psycopg2.connect(url)
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'")
        (count,) = cursor.fetchone()
        cursor.execute("CREATE TABLE left_over (id integer)")
    connection.close()
    return count


def test_each_test_gets_an_empty_database(postgres_url: str) -> None:
    assert tables(postgres_url) == 0


def test_a_test_before_left_nothing(postgres_url: str) -> None:
    assert tables(postgres_url) == 0


def test_a_broker_keeps_its_port_and_data_over_an_outage(kafka_broker: KafkaBroker) -> None:
    admin = KafkaAdminClient(bootstrap_servers=kafka_broker.bootstrap)
    admin.create_topics([NewTopic("services-outage", num_partitions=1, replication_factor=1)])
    admin.close()
    producer = KafkaProducer(bootstrap_servers=kafka_broker.bootstrap)
    producer.send("services-outage", b"before").get(10)
    producer.close()
    kafka_broker.stop(crash=True)
    assert not answers(kafka_broker.port)
    kafka_broker.start()
    consumer = KafkaConsumer(bootstrap_servers=kafka_broker.bootstrap)
    partition = TopicPartition("services-outage", 0)
    consumer.assign([partition])
    consumer.seek_to_beginning(partition)
    records = consumer.poll(10_000)
    consumer.close()
    assert [record.value for record in records[partition]] == [b"before"]


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A temporary directory that other users may enter, as the services' own must be."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_a_killed_run_leaves_nothing(open_folder: Path) -> None:
    """kill -9 of the process that started a service stops the service and removes its folder."""
    code = (
        "from tests.services.postgres import running_postgres\nimport time\n"
        "with running_postgres() as server:\n    print(server.url, flush=True)\n    time.sleep(60)\n"
    )
    environment = {**os.environ, "TMPDIR": str(open_folder)}
    environment.pop("LEADLINE_TEST_POSTGRES", None)
    run = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=environment)
    assert run.stdout is not None
    port = int(run.stdout.readline().split(":")[-1].split("/")[0])
    assert answers(port)
    run.send_signal(signal.SIGKILL)
    run.wait()
    deadline = time.monotonic() + 20
    while (answers(port) or any(open_folder.iterdir())) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not answers(port)
    assert list(open_folder.iterdir()) == []
