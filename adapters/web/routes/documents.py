"""The documents that answers come from, and those that come by upload."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import JSONResponse
from starlette.datastructures import UploadFile

from adapters.web.background import waited_for
from adapters.web.corpus_schemas import (
    AcceptedUploadBody,
    DocumentBody,
    DocumentsBody,
    WholeDocumentBody,
)
from adapters.web.described import problems
from adapters.web.library import document_id, place_of
from adapters.web.problems import Problem
from adapters.web.rendering import document_body, documents_body, whole_document_body
from adapters.web.services import Admin, Reader, Services, Serving
from adapters.web.uploads import KINDS, SOURCE, Uploads, safe_name

DocumentId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,3000}$")]

router = APIRouter(tags=["documents"])

_UPLOAD: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {
                            "type": "string",
                            "format": "binary",
                            "description": f"by its name one of {', '.join(KINDS)}",
                        }
                    },
                }
            }
        },
    }
}


@router.get("/documents", response_model=DocumentsBody, responses=problems(422))
async def documents(
    _: Reader,
    serving: Serving,
    source: Annotated[str | None, Query(max_length=100)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    after: Annotated[
        str | None, Query(max_length=3000, description="`next` of the page before")
    ] = None,
) -> DocumentsBody:
    """List the documents that answers come from, by source and path."""
    if after is not None and place_of(after) is None:
        raise Problem(422, "Not valid", "`after` is no document's id.")
    if source is not None and "\0" in source:
        raise Problem(422, "Not valid", "`source` has a NUL.")
    found = await serving.library.page(limit=limit, source=source, after=after)
    return documents_body(found, limit)


@router.get("/documents/{document}", response_model=WholeDocumentBody, responses=problems(404, 422))
async def document(document: DocumentId, _: Reader, serving: Serving) -> WholeDocumentBody:
    """Get a document with its sections, as they are answered from."""
    found = await serving.library.read(document)
    if found is None:
        raise _no_document()
    return whole_document_body(*found)


@router.post(
    "/documents",
    status_code=201,
    response_model=DocumentBody,
    responses={
        202: {"model": AcceptedUploadBody, "description": "Kept, and brought in later"},
        **problems(400, 409, 413, 415, 422, 507),
    },
    openapi_extra=_UPLOAD,
)
async def upload(request: Request, _: Admin, serving: Serving) -> JSONResponse:
    """Upload a document, as Markdown, HTML, PDF or DOCX. It is answered from right after.

    One of the same name is replaced.
    """
    uploads = _uploads(serving)
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise Problem(415, "Unsupported media type", "Send multipart/form-data.")
    # Read here and not by a parameter, which would read it before it is known whose it is.
    name, data = await _file_of(request)
    added = await waited_for(serving.start, uploads.add(name, data), serving.patience)
    location = {"Location": f"/api/v1/documents/{document_id(SOURCE, name)}"}
    if added is None:
        accepted = AcceptedUploadBody(id=document_id(SOURCE, name))
        return JSONResponse(accepted.model_dump(), 202, location)
    return JSONResponse(document_body(added).model_dump(), 201, location)


@router.delete(
    "/documents/{document}",
    status_code=204,
    responses={
        202: {"description": "It is deleted once a sync that runs has ended"},
        204: {"description": "It is answered from no more"},
        **problems(404, 409, 422),
    },
)
async def delete_document(document: DocumentId, _: Admin, serving: Serving) -> Response:
    """Delete a document that came by upload. The others belong to their sources."""
    found = await serving.library.find(document)
    if found is None:
        raise _no_document()
    if found.source != SOURCE:
        raise Problem(409, "Not an upload", f"The document belongs to the source {found.source}.")
    removing = _uploads(serving).remove(found.path)
    removed = await waited_for(serving.start, removing, serving.patience)
    return Response(status_code=202 if removed is None else 204)


async def _file_of(request: Request) -> tuple[str, bytes]:
    """Its safe name, and what is in it. Raises Problem."""
    try:
        async with request.form(max_files=1, max_fields=0) as form:
            file = form.get("file")
            if isinstance(file, UploadFile) and file.filename:
                return safe_name(file.filename), await file.read()
    except UnicodeError:  # of the form's own `charset`, which may be any codec of Python's
        raise Problem(400, "Bad Request", "The form's charset is none that can be read.") from None
    raise Problem(422, "Not valid", "The form needs one file, as `file`, with its name.")


def _uploads(serving: Services) -> Uploads:
    if serving.uploads is None:
        raise Problem(
            409,
            "Uploads are off",
            "Several instances need a folder for uploads that they share: set WEB_UPLOADS.",
        )
    return serving.uploads


def _no_document() -> Problem:
    return Problem(404, "Not found", "No document of that id is served.")
