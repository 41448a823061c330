"""The code blocks of the how-to pages: where each is executed, or why it is not; and a shell to paste them into."""

import os
import re
import subprocess
from pathlib import Path
from typing import Final

from tests.services.forked import LOADED, PROGRAM

HOW_TO: Final = Path(__file__).parents[1] / "docs" / "how-to"

DOORS: Final = "tests/test_samples_doors.py"
FORMS: Final = "tests/test_samples_forms.py"
MODELS: Final = "tests/test_samples_models.py"
SEGMENTS: Final = "tests/test_samples_segments.py"
RECEIVERS: Final = "not executed: tests/test_webhook_examples.py runs these programs, on ports of its own"
HAND_OVER: Final = "tests/test_samples_hand_over.py"
EXPORTS: Final = "tests/test_samples_export.py"
ACCESS: Final = "tests/test_samples_access.py"
FILES: Final = "tests/test_samples_files.py"
SQL: Final = "tests/test_samples_sql.py"
REPORTS: Final = "tests/test_samples_reports.py"
SERVERS: Final = "tests/test_samples_servers.py"
WORK: Final = "tests/test_samples_work.py"
PAGES: Final = "not executed: pages of a browser; tests/tracker/ has the same lines in one"
MAIL: Final = "tests/test_samples_mail.py"
CONTAINERS: Final = "not executed: Docker's; tests/test_compose.py tries what docker-compose.yml says"

SAMPLES: Final[dict[str, dict[str, str]]] = {
    "analyse-in-a-notebook.md": {
        "uv run": "not executed: opens a browser",
        "cp docs/how-to/analyse.ipynb": "tests/test_notebook.py",
    },
    "ask-with-sql.md": {
        "sqlite3": "not executed: needs the shells of both; tests/test_samples_sql.py asks with their drivers",
        **dict.fromkeys(
            (
                "-- Which campaigns",
                "-- Where did they come from first",
                "-- Which landing pages",
                "-- What did a lead cost",
                "-- What did each channel",
                "-- Who clicks",
                "-- On which weekday",
                "-- How many new leads",
                "-- Of the leads of each month",
                "-- How long do leads stay",
                "-- Which companies",
                "-- Who got stuck",
                "-- What do the rules",
            ),
            SQL,
        ),
        **dict.fromkeys(
            ("-- Which countries", "-- How many leads of each month", "-- What did people do", "-- How soon do owners"),
            REPORTS,
        ),
    },
    "back-up.md": {
        "leadline backup": FILES,
        "leadline restore": FILES,
        "pg_dump": SERVERS,
        "createdb": SERVERS,
    },
    "change-the-model.md": {"leadline model check": FILES, "leadline model try": FILES, "[[stages]]": FILES},
    "connect-a-form-builder.md": {
        "export LEADLINE_WRITE_KEYS": FORMS,
        "https://collect.example.com/f/contact": FORMS,
        "curl -s": FORMS,
        "const ADDRESS": FORMS,
        "leadline rejected list": FORMS,
    },
    "connect-a-website.md": {
        "export LEADLINE_WRITE_KEYS": DOORS,
        "// In the browser": DOORS,
        "# On a server": DOORS,
        "<form": DOORS,
        "<script>": DOORS,
        "export LEADLINE_PROXIES": DOORS,
    },
    "export-to-parquet.md": {
        "leadline export report_leads": EXPORTS,
        "leadline export touchpoints": EXPORTS,
        "export/touchpoints": "not executed: names of files; tests/projections/test_growing_files.py has such",
        "SELECT day, type": EXPORTS,
        "WITH hot AS": EXPORTS,
        "SELECT r.stage": EXPORTS,
        "touchpoints = spark.read": "not executed: Spark needs a JVM",
        "CALL hive.system": "not executed: Trino's",
        "INSERT INTO touchpoints": "not executed: ClickHouse's",
    },
    "find-leads.md": {"leadline leads": DOORS, "curl -sG": DOORS},
    "follow-a-segment.md": {"[[segments]]": MODELS, "pip install": RECEIVERS},
    "gate-a-download.md": {"<form": FORMS, "[[score.rules]]": FORMS},
    "give-access.md": {
        "leadline token make": ACCESS,
        "leadline audit": ACCESS,
        "export LEADLINE_LOGIN_HEADER": ACCESS,
        "location / {": "not executed: nginx's",
    },
    "hand-over-leads.md": {
        "[sales]": HAND_OVER,
        "[[destinations]]": HAND_OVER,
        "export LEADLINE_PUBLIC_URL": HAND_OVER,
        "leadline leads": HAND_OVER,
        "export LEADLINE_LINK_KEY": HAND_OVER,
    },
    "import-a-file.md": {'source = "crm"': FILES, "leadline import": FILES, "leadline rejected list": FILES},
    "know-your-customers.md": {"leadline report portrait": FILES},
    "make-segments.md": {
        '[[segments]]\nname = "renews soon"': SEGMENTS,
        '[[segments]]\nname = "lifecycle new"': SEGMENTS,
        '[[segments]]\nname = "ABC A"': SEGMENTS,
        "[rfm]": SEGMENTS,
        '[[segments]]\nname = "regular"': SEGMENTS,
    },
    "measure-mail.md": {
        "export LEADLINE_PUBLIC_URL": MAIL,
        "leadline links make ada": MAIL,
        "leadline links make --segment": MAIL,
        "curl -s http": MAIL,
        "<a href": "not executed: stands in a mail",
        "curl -s -u": MAIL,
        "leadline report mail": MAIL,
        "export LEADLINE_LINK_KEY": MAIL,
    },
    "notify-a-webhook.md": {
        "[[destinations]]": MODELS,
        "WEBHOOK_KEY=": RECEIVERS,
        "POST /hook": "not executed: what a receiver gets; tests/consumers/test_destination_types.py verifies it",
    },
    "notify-by-mail.md": {"[[destinations]]": MODELS},
    "notify-dingtalk.md": {"[[destinations]]": MODELS},
    "notify-feishu.md": {"[[destinations]]": MODELS},
    "notify-slack.md": {"[[destinations]]": MODELS},
    "notify-wecom.md": {"[[destinations]]": MODELS},
    "operate.md": {
        "docker compose": CONTAINERS,
        "leadline doctor": FILES,
        "LEADLINE_WORKERS=4": FILES,
        "LEADLINE_WORKERS=tcp": "not executed: needs a cluster; tests/projections/test_verify_engines.py has one",
        "curl -X POST": FILES,
    },
    "read-a-funnel.md": {"leadline funnel sales": FILES, "leadline funnel --window": FILES},
    "read-a-report.md": {"leadline report\n": FILES, "curl -s": DOORS, "leadline report mail": FILES},
    "receive-hot-leads.md": {"from kafka import KafkaConsumer": SERVERS, "curl -N": DOORS, "curl -H": DOORS},
    "run-on-kafka-and-postgresql.md": {
        "docker compose": CONTAINERS,
        "kafka-topics.sh": "not executed: Apache Kafka's own program",
        "export LEADLINE_KAFKA": SERVERS,
        "# public": SERVERS,
        "leadline model check": SERVERS,
        "leadline import": SERVERS,
    },
    "look-back.md": {"leadline lead": FILES, "leadline past build": FILES},
    "see-how-leads-move.md": {"leadline stages": FILES},
    "see-what-channels-cost.md": {
        '[money]\ncurrency = "EUR"': FILES,
        "channel,campaign": FILES,
        "leadline import-costs": FILES,
        "leadline report channels": FILES,
        '[money]\nin = "CNY"': FILES,
    },
    "see-where-leads-come-from.md": {
        "[channels]": MODELS,
        "curl -u": DOORS,
        "[[channels.rules]]": MODELS,
        "[[score.rules]]": MODELS,
    },
    "track-a-web-site.md": {
        "<script async": PAGES,
        "<script>": PAGES,
        "<form": PAGES,
        "script-src": PAGES,
        "banner.onAccept": PAGES,
        'leadline("track"': PAGES,
    },
    "try-a-segment.md": {
        "leadline segments preview": FILES,
        "cat >>": FILES,
        "leadline segments history": FILES,
    },
    "send-touchpoints.md": {
        "const analytics = AnalyticsBrowser": DOORS,
        "// Node.js": DOORS,
        "navigator.sendBeacon": DOORS,
        '<input type="hidden" name="_aid">': DOORS,
    },
    "work-a-lead.md": {
        "[[tags]]": WORK,
        "leadline work log": WORK,
        "curl -sG http://127.0.0.1:8787/api/leads --data-urlencode email=ada": WORK,
        "leadline work correct": WORK,
        'curl -s "http://127.0.0.1:8787/api/leads/$(cat lead)/profile': WORK,
        "leadline work tag": WORK,
        'curl -s "http://127.0.0.1:8787/api/leads/$(cat lead)/tags': WORK,
        "leadline handover note": WORK,
        "curl -sG http://127.0.0.1:8787/api/leads --data-urlencode email=countess": WORK,
    },
}
"""Page, how a block of it begins, and the test file that executes it with `sample`, or the reason why none does."""


def pages() -> list[str]:
    """The how-to pages."""
    return sorted(page.name for page in HOW_TO.glob("*.md"))


def blocks(page: str) -> list[str]:
    """The text of every fenced block of a page."""
    return re.findall(r"^```\w*\n(.*?)^```$", (HOW_TO / page).read_text(), re.MULTILINE | re.DOTALL)


def sample(page: str, start: str) -> str:
    """The one block of a page that begins so."""
    [block] = [block for block in blocks(page) if block.startswith(start)]
    return block


class Shell:
    """Somebody who pastes a block into bash in a folder: `leadline` is on the PATH, LEADLINE_ variables are theirs."""

    def __init__(self, folder: Path, **variables: str) -> None:
        self.folder = folder
        clean = {name: value for name, value in os.environ.items() if not name.startswith("LEADLINE_")}
        self.environment = {**clean, "PATH": f"{PROGRAM.parent}:{os.environ['PATH']}", "COLUMNS": "200", **variables}

    def pastes(self, text: str, status: int = 0) -> str:
        """What the block prints, errors included. The first command that fails ends it, and must be expected."""
        quick = {**self.environment, "PATH": f"{LOADED.path()}:{self.environment['PATH']}"}
        done = subprocess.run(
            ["bash", "-ec", text], cwd=self.folder, env=quick, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=300,
        )  # fmt: skip
        assert done.returncode == status, f"{text}\n{done.stdout}"
        return done.stdout

    def starts(self, text: str) -> subprocess.Popen[bytes]:
        """The command of a block that goes on; the caller ends it."""
        with (self.folder / "started.log").open("ab") as out:
            return subprocess.Popen(
                ["bash", "-ec", f"exec {text}"], cwd=self.folder, env=self.environment, stdout=out, stderr=out
            )

    def exported(self, text: str) -> dict[str, str]:
        """The LEADLINE_ variables that a block exports."""
        lines = self.pastes(f"{text}\nenv").splitlines()
        return dict(line.split("=", 1) for line in lines if line.startswith("LEADLINE_"))
