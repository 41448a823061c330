"""`make notebook`: executes the notebook on the demo's weeks, and writes its outputs and pictures into it anew."""

import tempfile
from base64 import b64decode, b64encode
from io import BytesIO
from pathlib import Path

import nbformat
from PIL import Image

from tests.conftest import migrated
from tests.notebook.executing import NOTEBOOK, PNG, code, executed, read
from tests.notebook.playing import of_database, play


def main() -> None:
    """Make the outputs anew."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url = migrated(f"sqlite:///{folder / 'leadline.db'}")
        play(url, folder)
        notebook = executed(read(), of_database(url), folder)
    for cell in code(notebook):
        for output in cell.outputs:
            if PNG in output.get("data", {}):
                output.data[PNG] = _smaller(output.data[PNG])
    notebook.metadata.language_info = {"name": "python"}
    nbformat.write(notebook, NOTEBOOK)
    print(f"{NOTEBOOK.name}: {NOTEBOOK.stat().st_size:,} bytes")


def _smaller(picture: str) -> str:
    """The same picture in as many colours as lines and letters need: a third of the bytes."""
    with Image.open(BytesIO(b64decode(picture))) as image:
        few = image.convert("RGB").quantize(96, dither=Image.Dither.NONE)
    packed = BytesIO()
    few.save(packed, "PNG", optimize=True)
    return b64encode(packed.getvalue()).decode()


if __name__ == "__main__":
    main()
