"""The API as an ASGI application."""

from __future__ import annotations

from importlib.metadata import version

from fastapi import FastAPI

from adapters.web.middleware import Doorman, Doors
from adapters.web.page_routes import page_router
from adapters.web.problems import handle_problems
from adapters.web.routes import chat, documents, probes, sessions, upkeep
from adapters.web.services import Services

PREFIX = "/api/v1"

_DESCRIPTION = """\
Answers questions about your docs, and cites the exact section.

Errors are `application/problem+json`. `RateLimit` headers tell what is left.
"""


def web_application(services: Services, doors: Doors) -> Doorman:
    """The application, behind what every request passes."""
    app = FastAPI(
        title="Docent",
        version=version("docent"),
        description=_DESCRIPTION,
        openapi_url=f"{PREFIX}/openapi.json",
        # Their pages load scripts from elsewhere.
        docs_url=None,
        redoc_url=None,
    )
    app.state.services = services
    handle_problems(app)
    for each in (chat, sessions, documents, upkeep):
        app.include_router(each.router, prefix=PREFIX)
    app.include_router(probes.router)
    app.include_router(page_router())
    return Doorman(app, doors)
