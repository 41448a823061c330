"""The sides that are compared: this checkout, and a commit beside it, with an environment of its own."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parents[2]
BUILD = HERE / "build" / "against"


@dataclass(frozen=True)
class Side:
    """One state of the code."""

    name: str
    rev: str
    program: Path


def here() -> Side:
    """This checkout as it is; `+` behind the commit: with changes that are in none."""
    changed = "+" if _git("status", "--porcelain", "--untracked-files=no") else ""
    return Side("here", _git("rev-parse", "--short=12", "HEAD") + changed, Path(sys.executable).with_name("leadline"))


def against(rev: str) -> Side:
    """A commit, unpacked under build/against/ with the environment that its own scripts build. Raises SystemExit."""
    commit = _git("rev-parse", "--short=12", f"{rev}^{{commit}}")
    folder = BUILD / commit
    if not (folder / ".venv" / ".ready").exists():
        _unpack(commit, folder)
        _build(folder)
    return Side("against", commit, folder / ".venv" / "bin" / "leadline")


def _unpack(commit: str, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    archive = folder.with_suffix(".tar")
    _git("archive", "--output", str(archive), commit)
    shutil.unpack_archive(archive, folder, filter="data")
    archive.unlink()


def _build(folder: Path) -> None:
    """By the script of that commit, with our Python and our uv, where we have one."""
    inherited = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    path = f"{HERE / 'build' / 'uv' / 'bin'}{os.pathsep}{inherited.get('PATH', '')}"
    environment = {**inherited, "PATH": path, "PYTHON": str(Path(sys.base_prefix) / "bin" / "python3")}
    done = subprocess.run(
        ["sh", "scripts/environment.sh"], cwd=folder, env=environment, stdout=subprocess.DEVNULL, check=False
    )
    if done.returncode:
        raise SystemExit(f"{folder}: its environment could not be built, see above")


def _git(*words: str) -> str:
    done = subprocess.run(["git", "-C", str(HERE), *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"git {' '.join(words)}: {done.stderr.strip()}")
    return done.stdout.strip()
