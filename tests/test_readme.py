"""README's block, pasted: bash runs it as it stands there, in a folder like a checkout; it ends with a hot lead."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

from tests.services.service import free_ports

ROOT = Path(__file__).parents[1]


def block() -> str:
    """The lines under "In ten lines"."""
    match = re.search(
        r"^## In ten lines\n.*?^```sh\n(.*?)^```", (ROOT / "README.md").read_text(), re.DOTALL | re.MULTILINE
    )
    assert match is not None
    return match[1]


def test_the_block_as_pasted_ends_with_a_hot_lead(tmp_path: Path) -> None:
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "bin").symlink_to(Path(sys.executable).parent)
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    address = f"127.0.0.1:{free_ports(1)[0]}"  # 8787 may be somebody's
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LEADLINE_")}
    shell = subprocess.Popen(
        ["bash", "-e"], cwd=tmp_path, env={**environment, "LEADLINE_BIND": address}, start_new_session=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        out, err = shell.communicate(block().replace("localhost:8787", address), timeout=240)
    finally:
        if shell.poll() is None:
            os.killpg(shell.pid, signal.SIGKILL)
    assert (shell.returncode, err.count("Traceback")) == (0, 0), out + err
    said = re.sub(r"\s+", " ", out)
    for text in ("Ada Lovelace", "Bo Lind", "viewed pricing", "sent a form", "lead.hot", "qualified"):
        assert text in said, f"{text!r} is not in\n{out}\n{err}"
    assert "#" not in block(), "zsh takes a pasted comment for arguments"
