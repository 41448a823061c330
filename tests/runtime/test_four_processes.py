"""Kafka and PostgreSQL mode as four real processes: a hot lead goes out once, and no kill loses or doubles anything."""

import json
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaConsumer, TopicPartition

from domain.signals.kinds import Topic
from store.log.topics import OUT
from tests.runtime.asking import problem
from tests.runtime.given_installation import Installation
from tests.runtime.serving import Process, environment, eventually, serving
from tests.services.forked import PROGRAM
from tests.services.kafka import KafkaBroker
from tests.services.postgres import PostgresServer

TOKEN = "sample-token"
MODEL = """
[[stages]]
name = "lead"
[score]
hot_at = 20
[[score.rules]]
name = "form"
on = "form_submitted"
points = 12
[[segments]]
name = "twice"
when = { did = "form_submitted", at_least = 2 }
[[funnels]]
name = "forms"
window = "9d"
steps = [ { on = "form_submitted" }, { on = "form_submitted" } ]
[[sales.owners]]
name = "ana"
"""
MAPPING = """
source = "list"
id = "id"
type = "form_submitted"
identities = { email = "who" }
time = { column = "at", format = "epoch" }
"""
PEOPLE, EACH = 400, 20


@pytest.fixture
def installation(tmp_path: Path, postgres_url: str, kafka_session: KafkaBroker) -> Iterator[Installation]:
    kafka_session.clear()
    (tmp_path / "leadline.toml").write_text(MODEL)
    settings = {"DATABASE": postgres_url, "KAFKA": kafka_session.bootstrap, "API_TOKEN": TOKEN}
    found = Installation(tmp_path, settings)
    try:
        for name in ("project", "consume", "api", "collect"):
            found.start(name)
        found.ready()
        yield found
    finally:
        found.close()


def messages(bootstrap: str, *topics: str) -> list[dict[str, Any]]:
    """All messages on the topics, as a plain consumer gets them, partition by partition."""
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, consumer_timeout_ms=1_000)
    places = [
        TopicPartition(topic, number) for topic in topics for number in consumer.partitions_for_topic(topic) or ()
    ]
    if places:  # of a cluster that answers late nothing is known yet
        consumer.assign(places)
        consumer.seek_to_beginning(*places)
    found = []
    for message in consumer if places else ():
        headers = {name: value.decode() for name, value in message.headers}
        assert message.key.decode() == json.loads(message.value)["lead"]
        found.append({**json.loads(message.value), "headers": headers, "topic": message.topic})
    consumer.close()
    return found


def test_a_hot_lead_goes_out_once_with_its_reasons(installation: Installation) -> None:
    for _ in range(3):
        sent = installation.collect.post("/f/contact", data={"email": "ada@example.org"})
        assert sent.status_code == 303, sent.text
    bootstrap = installation.settings["KAFKA"]
    [hot] = eventually(lambda: messages(bootstrap, Topic.HOT_LEADS))
    assert hot["kind"] == "lead.hot" and hot["headers"]["ce_id"] == hot["id"]
    assert hot["reasons"][0]["rule"] == "form" and hot["headers"]["ce_type"] == "lead.hot"
    [lead] = installation.api.get("/api/leads?email=ada@example.org").json()["items"]
    assert lead["id"] == hot["lead"] and lead["hot"] is True
    [signal_] = installation.api.get("/api/signals?kind=lead.hot").json()["items"]
    assert signal_["id"] == hot["id"] and signal_["reasons"] == hot["reasons"]
    with installation.api.stream("GET", "/api/signals/stream?after=0&kind=lead.hot") as stream:
        data = next(line for line in stream.iter_lines() if line.startswith("data: "))
    assert json.loads(data.removeprefix("data: ")) | {"deliveries": []} == signal_
    [assigned] = eventually(lambda: messages(bootstrap, Topic.HAND_OVERS))
    assert (hot["owner"], hot["assigned"], assigned["owner"]) == ("ana", assigned["id"], "ana")
    owned = eventually(lambda: installation.api.get(f"/api/leads/{lead['id']}").json()["owner"])
    assert owned["name"] == "ana" and owned["due"] == hot["due"]
    accepted = installation.api.post(f"/api/leads/{lead['id']}/accept?wait=20s", json={})
    assert accepted.status_code == 200 and accepted.json()["owner"]["accepted_at"] is not None
    assert [each["kept"] for each in installation.run("responses")["items"]] == [1]
    answer = installation.api.post(f"/api/leads/{lead['id']}/reset?wait=20s")
    assert answer.status_code == 200 and answer.json()["heat"] == 0
    eventually(lambda: [message["closes"] for message in messages(bootstrap, Topic.HOT_LEADS)] == [None, hot["id"]])
    found = installation.run("doctor")
    assert found["problems"] == []
    for name, process in installation.processes.items():
        assert process.stop() == 0, (name, process.said)


def test_one_process_does_it_all_on_kafka_and_postgresql_too(
    tmp_path: Path, postgres_url: str, kafka_session: KafkaBroker
) -> None:
    kafka_session.clear()
    (tmp_path / "leadline.toml").write_text(MODEL)
    with serving(tmp_path, "serve", DATABASE=postgres_url, KAFKA=kafka_session.bootstrap) as server:
        for _ in range(2):
            assert server.http.post("/f/contact", data={"email": "ada@example.org"}).status_code == 303
        [hot] = eventually(lambda: messages(kafka_session.bootstrap, Topic.HOT_LEADS))
        [lead] = server.http.get("/api/leads?email=ada@example.org").json()["items"]
        assert hot["lead"] == lead["id"]
        assert server.stop() == 0, server.said


def alarms(process: Process) -> list[str]:
    """The warnings and errors that a process printed.

    Now and then psycopg2's C code prints the error of a server that ends by itself (PyErr_Print): no line of ours.
    """
    assert "Traceback" not in process.said
    lines = [json.loads(line) for line in process.said.splitlines() if line.startswith("{")]
    return [line["event"] for line in lines if line["level"] in ("warning", "error", "critical")]


def assert_each_outage_is_said_once(process: Process) -> None:
    """A broker that starts may answer and be gone again: that is another one, of which it is said that it was over."""
    for alarm, times in Counter(alarms(process)).items():
        over = process.said.count(f'"{alarm.removesuffix("waits")}goes_on"') if alarm.endswith(".waits") else 0
        assert times <= max(over, 1), process.said


def test_while_the_database_is_away_all_wait_and_say_so_once(
    installation: Installation, stoppable_postgres: PostgresServer
) -> None:
    def sent(name: str) -> None:
        for _ in range(2):
            answer = installation.collect.post("/f/contact", data={"email": f"{name}@example.org"})
            assert answer.status_code == 303, answer.text

    def hot() -> list[str]:
        return sorted(message["id"] for message in messages(installation.settings["KAFKA"], Topic.HOT_LEADS))

    sent("before")
    assert len(eventually(hot)) == 1
    consume, project = installation.processes["consume"], installation.processes["project"]
    with stoppable_postgres.outage():
        for path in ("/readyz", "/api/leads", "/api/signals", "/api/signals/stream"):
            answer = installation.api.get(path)
            problem(answer, 503, "PostgreSQL is away")
            assert int(answer.headers["retry-after"]) > 0
        assert installation.api.get("/healthz").status_code == installation.collect.get("/readyz").status_code == 200
        sent("during")
        eventually(lambda: alarms(consume) and len(alarms(project)) >= 2)
    [lead] = eventually(lambda: installation.api.get("/api/leads?email=during@example.org").json().get("items"))
    assert installation.api.get("/readyz").status_code == 200
    assert len(eventually(lambda: found if len(found := hot()) > 1 else None)) == 2
    done = installation.api.get(f"/api/leads/{lead['id']}/timeline").json()["items"]
    assert [each["type"] for each in done].count("form_submitted") == 2  # an owner may have been assigned since
    assert installation.run("verify")["differences"] == 0
    assert alarms(consume) == ["record.waits"] and "record.goes_on" in consume.said
    assert sorted(set(alarms(project))) == sorted(alarms(project)), project.said
    assert not alarms(installation.processes["api"]) and not alarms(installation.processes["collect"])


def test_while_the_broker_is_away_the_collector_goes_on(installation: Installation, kafka_broker: KafkaBroker) -> None:
    kafka_broker.stop(crash=True)
    for number in range(3):
        sent = installation.collect.post("/f/contact", data={"email": f"spooled-{number}@example.org"})
        assert sent.status_code == 303, sent.text
    command = installation.api.post("/api/leads/00000000-0000-0000-0000-000000000000/reset")
    assert command.status_code == 404
    kafka_broker.start()
    for number in range(3):
        asked = f"/api/leads?email=spooled-{number}@example.org"
        [lead] = eventually(lambda asked=asked: installation.api.get(asked).json()["items"], 120)
        assert lead["touches"] == 1
    for process in installation.processes.values():
        assert_each_outage_is_said_once(process)


def test_killing_each_process_once_loses_nothing_and_doubles_nothing(installation: Installation) -> None:
    now = int(time.time())
    rows = [
        f"{number}-{person},p{person}@example.org,{now - 86_400 + number}"
        for number in range(EACH)
        for person in range(PEOPLE)
    ]
    (installation.folder / "rows.csv").write_text("id,who,at\n" + "\n".join(rows) + "\n")
    (installation.folder / "mapping.toml").write_text(MAPPING)
    importing = subprocess.Popen(
        [PROGRAM, "import", "rows.csv", "--mapping", "mapping.toml"],
        cwd=installation.folder, env=environment(**installation.settings), stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        acknowledged = 0
        for name in ("consume", "project", "collect", "api"):
            time.sleep(1.0)
            for _ in range(5):
                acknowledged += 1
                email = f"form-{acknowledged}@example.org"
                assert installation.collect.post("/f/contact", data={"email": email}).status_code == 303
            installation.kill(name)
            installation.start(name)
            installation.ready()
        assert importing.wait(240) == 0
    finally:
        importing.kill()
    whole = PEOPLE * EACH + acknowledged + PEOPLE  # of each hot lead its policy's: who got it

    def projected() -> bool:
        found = installation.run("doctor")["found"]
        return bool(
            found["recorded"] == f"{whole:,} touchpoints" and f"to position {whole:,} (0 behind)" in found["projected"]
        )

    eventually(projected)
    verified = installation.run("verify")
    assert (verified["touchpoints"], verified["differences"], verified["aside"]) == (whole, 0, [])
    assert len(installation.run("leads", "--limit", "1000", "--hot")["items"]) == PEOPLE
    ledger = _signals(installation)
    bootstrap = installation.settings["KAFKA"]
    eventually(lambda: len(messages(bootstrap, *OUT)) >= len(ledger))
    published = messages(bootstrap, *OUT)
    assert sorted(message["id"] for message in published) == sorted(signal_["id"] for signal_ in ledger)
    kinds = Counter(message["kind"] for message in published)
    assert (kinds["lead.hot"], kinds["lead.assigned"]) == (PEOPLE, PEOPLE)


def _signals(installation: Installation) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    after: str | None = "0"
    while after is not None:
        page = installation.api.get(f"/api/signals?limit=1000&after={after}").json()
        found += page["items"]
        after = page["next"]
    return found
