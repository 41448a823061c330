"""Style sheet, script and icon, served under names that bear their content's hash: browsers keep them for ever."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

STATIC: Final = Path(__file__).with_name("static")
_TYPES: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_FOR_EVER: Final = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is served."""

    content: bytes
    type: str


class Assets:
    """All files of the folder, read once."""

    def __init__(self, folder: Path = STATIC) -> None:
        self._addresses: dict[str, str] = {}
        self._assets: dict[str, Asset] = {}
        for file in sorted(folder.iterdir()):
            content = file.read_bytes()
            served = f"{file.stem}.{hashlib.sha256(content).hexdigest()[:12]}{file.suffix}"
            self._addresses[file.name] = f"/static/{served}"
            self._assets[served] = Asset(content, _TYPES[file.suffix])

    def address(self, name: str) -> str:
        """The path of a file by its plain name."""
        return self._addresses[name]

    async def serve(self, request: Request) -> Response:
        """Answer with the file that the path names. Raises HTTPException 404."""
        asset = self._assets.get(request.path_params["name"])
        if asset is None:
            raise HTTPException(404)
        return _response(asset, _FOR_EVER)

    async def icon(self, request: Request) -> Response:
        """`/favicon.ico`, which browsers and chats ask for by themselves."""
        return _response(self._assets[self._addresses["favicon.svg"].rpartition("/")[2]], "max-age=86400")


def _response(asset: Asset, caching: str) -> Response:
    headers = {"Cache-Control": caching, "X-Content-Type-Options": "nosniff"}
    return Response(asset.content, media_type=asset.type, headers=headers)
