"""What the how-to pages show of Kafka and PostgreSQL, done on both: four processes, model, import, dump."""

import os
import re
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
from kafka import KafkaProducer
from kafka.admin import KafkaAdminClient, NewTopic

from domain.model.starter import STARTER
from tests.given_samples import Shell, sample
from tests.runtime.serving import eventually
from tests.services.absent import without
from tests.services.kafka import KafkaBroker
from tests.services.postgres import PostgresServer, program
from tests.services.service import ServiceUnavailable, free_ports


def test_a_group_that_starts_late_hears_of_what_was_announced_before(kafka_bootstrap: str, tmp_path: Path) -> None:
    topic = f"samples.{uuid.uuid4().hex}"
    admin = KafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    admin.create_topics([NewTopic(topic, num_partitions=1, replication_factor=1)])
    admin.close()
    producer = KafkaProducer(bootstrap_servers=kafka_bootstrap)
    headers = [("ce_type", b"lead.hot"), ("ce_id", b"signal-1")]
    producer.send(topic, b'{"reasons": []}', headers=headers).get(60)
    producer.close()
    text = sample("receive-hot-leads.md", "from kafka import KafkaConsumer")
    text = text.replace("leadline.hot-leads", topic).replace("kafka:9092", kafka_bootstrap)
    lines = tmp_path / "lines"
    with lines.open("w") as out:
        process = subprocess.Popen([sys.executable, "-u", "-c", text.replace("sales-bot", topic)], stdout=out)
    try:
        eventually(lines.read_text)
    finally:
        process.kill()
        process.wait()
    assert lines.read_text() == "lead.hot signal-1 b'{\"reasons\": []}'\n"


class Installation(Shell):
    """The four processes that the page starts, and somebody who pastes beside them."""

    def __init__(self, folder: Path, kafka: str, database: str) -> None:
        self.collect, self.api = (f"127.0.0.1:{port}" for port in free_ports(2))
        self._here = {
            "kafka-1:9092,kafka-2:9092": kafka,
            "postgresql://leadline:sample-password-change-me@db:5432/leadline": database,
            "0.0.0.0:8787": self.collect.replace("127.0.0.1", "0.0.0.0"),
            "0.0.0.0:8788": self.api.replace("127.0.0.1", "0.0.0.0"),
            "/var/lib/leadline": str(folder / "spool"),
            "/etc/leadline/leadline.toml": str(folder / "leadline.toml"),
        }
        (folder / "leadline.toml").write_text(STARTER)
        super().__init__(folder)
        self.environment |= self.exported(self.here(sample("run-on-kafka-and-postgresql.md", "export LEADLINE_KAFKA")))
        self._processes: list[subprocess.Popen[bytes]] = []

    def here(self, text: str) -> str:
        """The sample, with what there is here for the names of the page."""
        for name, value in self._here.items():
            text = text.replace(name, value)
        return text

    def start(self) -> None:
        """Each paragraph of the block is one process under its supervisor."""
        for paragraph in self.here(sample("run-on-kafka-and-postgresql.md", "# public")).split("\n\n"):
            command = re.sub(r"^#.*\n", "", paragraph).replace("\\\n", "")
            self._processes.append(self.starts(f"env {command.strip()}"))

    def stop(self) -> None:
        for process in self._processes:
            process.kill()
            process.wait()


@pytest.fixture
def installation(tmp_path: Path, kafka_session: KafkaBroker, postgres_url: str) -> Iterator[Installation]:
    kafka_session.clear()
    installation = Installation(tmp_path, kafka_session.bootstrap, postgres_url)
    try:
        installation.start()
        yield installation
    finally:
        installation.stop()


def test_four_processes_a_model_an_import_a_dump_and_its_restore(
    installation: Installation, postgres_server: PostgresServer
) -> None:
    def found() -> bool:
        try:
            asked = f"http://{installation.api}/api/leads?user_id=u-1"
            answer = httpx2.get(asked, headers={"Authorization": "Bearer sample-token-change-me"})
            return answer.status_code == 200 and bool(answer.json()["items"])
        except httpx2.TransportError:
            return False

    def taken() -> bool:
        try:
            call = {"userId": "u-1", "event": "Demo Requested", "messageId": "m-1"}
            sent = httpx2.post(f"http://{installation.collect}/v1/track", json=call, auth=("sample-server-key", ""))
            return sent.status_code == 200
        except httpx2.TransportError:
            return False

    eventually(taken)
    eventually(found)
    model = installation.folder / "leadline.toml"
    model.write_text(model.read_text().replace("hot_at = 50", "hot_at = 60"))
    installation.pastes(sample("run-on-kafka-and-postgresql.md", "leadline model check"))
    (installation.folder / "crm.csv").write_text(
        "activity_id,happened,kind,mail,tel,account_name,job_title,owner\n"
        "A-1,14.09.2026 10:20,Call,bo@engines.example,,Engines Ltd,CTO,kim\n"
    )
    (installation.folder / "crm.toml").write_text(sample("import-a-file.md", 'source = "crm"'))
    installation.pastes(sample("run-on-kafka-and-postgresql.md", "leadline import"))
    installation.stop()
    dumped_and_restored(installation, postgres_server)


def dumped_and_restored(installation: Installation, server: PostgresServer) -> None:
    try:
        tools = program("pg_dump").parent
    except ServiceUnavailable as reason:
        without(reason)
    url = urlsplit(server.url)
    installation.environment["PATH"] += f":{tools}"
    named = {"PGHOST": url.hostname, "PGPORT": str(url.port), "PGUSER": url.username, "PGPASSWORD": url.password or ""}
    installation.environment |= {name: value for name, value in named.items() if value}
    installation.pastes(sample("back-up.md", "pg_dump"))
    name = f"leadline_restored_{os.getpid()}"
    there = server.url.replace("/postgres", f"/{name}")
    restore = sample("back-up.md", "createdb").replace("postgresql://USER@HOST/leadline_restored", there)
    try:
        restored = restore.replace("leadline_restored ", f"{name} ").replace("leadline_restored\n", f"{name}\n")
        assert "2 touchpoints refolded" in installation.pastes(restored)
    finally:
        server.drop(there)
