"""One version in one place, pyproject.toml: whatever else names it says the same."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import yaml

from runtime.applications import inside
from runtime.settings import Settings
from runtime.wiring import Wiring
from runtime.workers import Workers
from scripts.asyncapi import asyncapi
from web.private import Private

ROOT = Path(__file__).parents[1]
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


def test_the_installed_package_has_it() -> None:
    assert version("leadline") == VERSION, "run `make .venv/.ready`: the environment was built before the version rose"


def test_the_command_line_says_it() -> None:
    leadline = Path(sys.executable).with_name("leadline")
    assert subprocess.check_output([leadline, "--version"], text=True) == f"leadline {VERSION}\n"


def test_the_image_is_tagged_with_it() -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    ours = {service["image"] for service in compose["services"].values() if service["image"].startswith("leadline")}
    assert ours == {f"leadline:{VERSION}"}


def test_the_description_of_topics_bears_it() -> None:
    assert yaml.safe_load(asyncapi())["info"]["version"] == VERSION


def test_the_description_of_the_api_bears_it(tmp_path: Path) -> None:
    with Wiring(Settings(data=tmp_path)) as wiring:
        wiring.database.migrate()
        app = inside(wiring, wiring.log, Workers(), Private(None)).api
        assert app.openapi()["info"]["version"] == VERSION  # type: ignore[attr-defined]


def test_the_changelog_tells_of_it() -> None:
    """What is released stands under its number; what comes after it under Unreleased."""
    headings = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert VERSION in headings[:2]
