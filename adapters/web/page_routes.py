"""The page: files of this package, served as they are."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}

_POLICY = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "img-src 'self' data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    # DOMPurify alone makes markup of a text.
    "require-trusted-types-for 'script'",
    "trusted-types dompurify",
)

_HEADERS = {
    "Content-Security-Policy": "; ".join(_POLICY),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept-Encoding",
}
_FOR_EVER = "public, max-age=31536000, immutable"
_READ = ["GET", "HEAD"]


@dataclass(frozen=True, slots=True)
class File:
    """One file of the page, as it goes over the wire."""

    body: bytes
    zipped: bytes
    media_type: str
    etag: str

    @classmethod
    def of(cls, name: str, body: bytes) -> File:
        """The file of that name, which tells what it is."""
        media_type = MEDIA_TYPES[name[name.rindex(".") :]]
        return cls(body, gzip.compress(body, mtime=0), media_type, f'"{_digest(body)}"')

    def response(self, request: Request, caching: str) -> Response:
        """The file, or that the client has it already."""
        headers = {**_HEADERS, "ETag": self.etag, "Cache-Control": caching}
        if self.etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        if "gzip" not in request.headers.get("accept-encoding", ""):
            return Response(self.body, headers=headers, media_type=self.media_type)
        headers["Content-Encoding"] = "gzip"
        return Response(self.zipped, headers=headers, media_type=self.media_type)


def page_router() -> APIRouter:
    """`/`, and what it loads from `/page/`, under the hash of it all: what is cached never ages."""
    contents = dict(_read(files("adapters.web") / "page"))
    version = _digest(b"".join(contents[name] for name in sorted(contents)))
    index = contents.pop("index.html").replace(b"{version}", version.encode())
    page = File.of("index.html", index)
    assets = {name: File.of(name, body) for name, body in contents.items()}
    router = APIRouter(include_in_schema=False)

    @router.api_route("/", methods=_READ)
    async def show(request: Request) -> Response:
        return page.response(request, "no-cache")

    @router.api_route("/page/{asked}/{name:path}", methods=_READ)
    async def asset(request: Request, asked: str, name: str) -> Response:
        if name not in assets:
            raise HTTPException(404)
        # While instances are exchanged, one may be asked for what another's page names.
        return assets[name].response(request, _FOR_EVER if asked == version else "no-cache")

    return router


def _read(folder: Traversable, prefix: str = "") -> list[tuple[str, bytes]]:
    found = []
    for each in folder.iterdir():
        if each.is_dir():
            found += _read(each, f"{prefix}{each.name}/")
        elif each.name.endswith(tuple(MEDIA_TYPES)):
            found.append((prefix + each.name, each.read_bytes()))
    return found


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:16]
