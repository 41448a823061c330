"""What the how-to pages show, done against a real server: the pixel as a browser requests it, curl, a consumer."""

import os
import re
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka import KafkaProducer
from kafka.admin import KafkaAdminClient, NewTopic

from domain.model.starter import STARTER
from tests.runtime.serving import Server, eventually, run, serving

HOW_TO = Path(__file__).parents[1] / "docs" / "how-to"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("samples")
    (folder / "leadline.toml").write_text(STARTER)
    with serving(folder, "serve") as server:
        yield server


@pytest.mark.parametrize("page", ["connect-a-website.md", "send-touchpoints.md"])
def test_a_pixel_says_the_path_though_a_browser_tells_the_origin_only(server: Server, page: str) -> None:
    source = re.search(r'<img src="https://collect\.example\.com(/p\.gif[^"]*)"', (HOW_TO / page).read_text())
    assert source is not None
    cookie = page.partition(".")[0]
    answer = server.http.get(source[1].replace("COOKIE-ID", cookie), headers={"Referer": "https://www.example.com/"})
    assert answer.status_code == 200
    asked = {"anonymous_id": cookie}
    [lead] = eventually(lambda: server.http.get("/api/leads", params=asked).json()["items"])
    assert lead["heat"] == 11.0, "a page and the prices"


def test_what_is_asked_for_hot_leads_has_every_end(server: Server) -> None:
    text = (HOW_TO / "receive-hot-leads.md").read_text()
    asks = re.search(r"^(curl -H .*?)\nleadline signals", text, re.MULTILINE | re.DOTALL)
    assert asks is not None
    command = re.sub(r"http://127\.0\.0\.1:8787", str(server.http.base_url).rstrip("/"), asks[1]).replace("1041", "0")
    environment = {**os.environ, "LEADLINE_API_TOKEN": ""}
    said = subprocess.check_output(["bash", "-c", command + " -sf"], env=environment, text=True)
    assert '"items"' in said
    assert all(
        "lead.hot.retracted,lead.cooled" in line for line in text.splitlines() if "kind" in line and "lead.hot," in line
    )


def test_a_group_that_starts_late_hears_of_what_was_announced_before(kafka_bootstrap: str, tmp_path: Path) -> None:
    topic = f"samples.{uuid.uuid4().hex}"
    admin = KafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    admin.create_topics([NewTopic(topic, num_partitions=1, replication_factor=1)])
    admin.close()
    producer = KafkaProducer(bootstrap_servers=kafka_bootstrap)
    headers = [("ce_type", b"lead.hot"), ("ce_id", b"signal-1")]
    producer.send(topic, b'{"reasons": []}', headers=headers).get(60)
    producer.close()
    [sample] = re.findall(r"```python\n(.*?)```", (HOW_TO / "receive-hot-leads.md").read_text(), re.DOTALL)
    sample = sample.replace("leadline.hot-leads", topic).replace("kafka:9092", kafka_bootstrap)
    lines = tmp_path / "lines"
    with lines.open("w") as out:
        process = subprocess.Popen([sys.executable, "-u", "-c", sample.replace("sales-bot", topic)], stdout=out)
    try:
        eventually(lines.read_text)
    finally:
        process.kill()
        process.wait()
    assert lines.read_text() == "lead.hot signal-1 b'{\"reasons\": []}'\n"


def test_the_command_that_asks_is_one(server: Server) -> None:
    [line] = re.findall(r"^leadline (signals.*)$", (HOW_TO / "receive-hot-leads.md").read_text(), re.MULTILINE)
    ended = run(server.lines.parent, *line.split())
    assert ended.returncode == 0, ended.stderr
