"""Documents embedded through Cohere's own SDK."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import isfinite
from typing import TYPE_CHECKING, Any

import httpx

from core.backends.cohere_errors import SERVICE, error_for
from core.backends.vendor_http import unreachable
from core.errors import MalformedReply, ServiceUnavailable
from core.text.unicode import well_formed

if TYPE_CHECKING:
    from cohere import AsyncClientV2, EmbedByTypeResponse


class CohereDocuments:
    """The SDK, which is loaded when the first documents come."""

    def __init__(
        self, http: httpx.AsyncClient, base_url: str, *, secret: str, timeout: float
    ) -> None:
        self._http = http
        self._base_url = base_url
        self._secret = secret
        self._timeout = timeout
        self._client: AsyncClientV2 | None = None
        self._loading = asyncio.Lock()

    async def embed(
        self, texts: Sequence[str], model: str, dimensions: int
    ) -> tuple[list[Any], int]:
        """The embeddings as they are encoded, and the tokens that they were billed as."""
        client = await self._loaded()
        with sdk_errors(self._secret):
            response = await client.embed(
                model=model,
                input_type="search_document",
                # A text of spaces may be refused, and its whole batch with it.
                texts=[well_formed(text) if text.strip() else "." for text in texts],
                output_dimension=dimensions,
                # As floats, 96 vectors block the loop for an eighth of a second in validation.
                embedding_types=["base64"],
                truncate="END",
            )
            found = response.embeddings.base64 or response.embeddings.float_ or ()
            return list(found), _billed_tokens(response)

    async def _loaded(self) -> AsyncClientV2:
        async with self._loading:
            if self._client is None:
                # It takes a second to import: for who has documents, beside whoever asks.
                self._client = await asyncio.to_thread(self._load)
            return self._client

    def _load(self) -> AsyncClientV2:
        from cohere import AsyncClientV2  # noqa: PLC0415 - see above

        # Retries are ours: the SDK's would hide a Retry-After of up to a minute.
        return AsyncClientV2(
            self._secret,
            base_url=self._base_url,
            timeout=self._timeout,
            max_retries=0,
            httpx_client=self._http,
        )


def _billed_tokens(response: EmbedByTypeResponse) -> int:
    """0 where the reply does not tell."""
    units = getattr(getattr(response, "meta", None), "billed_units", None)
    tokens = getattr(units, "input_tokens", None)
    return int(tokens) if isinstance(tokens, int | float) and isfinite(tokens) else 0


@contextmanager
def sdk_errors(secret: str) -> Iterator[None]:
    """Turns everything that the SDK and the client under it raise into errors of ours."""
    from cohere.core.api_error import ApiError  # noqa: PLC0415 - as above; loaded by now
    from cohere.core.parse_error import ParsingError  # noqa: PLC0415 - as above

    try:
        yield
    except ApiError as exc:
        raise error_for(exc.status_code, exc.body, exc.headers, secret=secret) from exc
    except (ParsingError, httpx.DecodingError, TypeError, ValueError, AttributeError) as exc:
        # The SDK builds its values unchecked: an odd reply fails somewhere inside it.
        raise MalformedReply(SERVICE, "the reply does not have the form that we know.") from exc
    except (httpx.ConnectError, httpx.ConnectTimeout) as exc:
        raise unreachable(SERVICE) from exc
    except (TimeoutError, httpx.TimeoutException) as exc:
        raise ServiceUnavailable(SERVICE, "did not answer in time.") from exc
    except httpx.HTTPError as exc:
        raise ServiceUnavailable(SERVICE, "broke the connection.") from exc
