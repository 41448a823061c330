"""Executes the notebook as it stands, in a kernel of its own, and says what its outputs show."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import nbformat
from nbclient import NotebookClient
from traitlets.config import Config

NOTEBOOK: Final = Path(__file__).parents[2] / "docs" / "how-to" / "analyse.ipynb"
PNG: Final = "image/png"
_CELL: Final = 240
"""Seconds that a cell may take on a busy machine."""


def read() -> Any:
    """The notebook as it is checked in."""
    return nbformat.read(NOTEBOOK, as_version=4)


def executed(notebook: Any, environment: Mapping[str, str], folder: Path) -> Any:
    """The same with the outputs of now. The kernel works in the folder.

    Raises CellExecutionError.
    """
    with tempfile.TemporaryDirectory() as name:
        own = {each: str(Path(name) / each.lower()) for each in ("JUPYTER_RUNTIME_DIR", "IPYTHONDIR")}
        sockets = {"transport": "ipc", "ip": f"{name}/kernel", "connection_file": f"{name}/kernel.json"}
        client = NotebookClient(
            notebook, timeout=_CELL, kernel_name="python3", record_timing=False,
            resources={"metadata": {"path": str(folder)}}, config=Config({"KernelManager": sockets}),
        )  # fmt: skip
        env = {**environment, **own, "MPLCONFIGDIR": str(fonts(folder)), "PYTHONWARNINGS": "default"}
        client.execute(env=env, cleanup_kc=True)
    return notebook


def fonts(folder: Path) -> Path:
    """Where matplotlib has its list of fonts: made before, as it warns where that takes long."""
    made = folder / "matplotlib"
    if not made.exists():
        program = [sys.executable, "-c", "import matplotlib.font_manager"]
        subprocess.run(program, env={**os.environ, "MPLCONFIGDIR": str(made)}, check=True, stderr=subprocess.DEVNULL)
    return made


def code(notebook: Any) -> list[Any]:
    """The cells that are executed."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def lines(notebook: Any, stream: str = "stdout") -> list[str]:
    """What is printed."""
    return [
        line
        for cell in code(notebook)
        for output in cell.outputs
        if output.output_type == "stream" and output.name == stream
        for line in output.text.splitlines()
    ]


def errors(notebook: Any) -> list[str]:
    """Warnings and whatever else is said on standard error."""
    return lines(notebook, "stderr")


def pictures(notebook: Any) -> Iterator[str]:
    """Base64 of every picture."""
    for cell in code(notebook):
        for output in cell.outputs:
            if PNG in output.get("data", {}):
                yield output.data[PNG]
