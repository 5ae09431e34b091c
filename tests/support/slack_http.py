"""Signed HTTP deliveries of the stand-in Slack to an app's request address."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from urllib.parse import urlencode

import aiohttp

from tests.support.slack_delivery import Attempt, Delivery, Receipt
from tests.support.slack_state import Json

SIGNING_SECRET = "stand-in-signing-secret"


@dataclass
class SignedHttp:
    """Posts to `url`. `skew` shifts the timestamp, `secret` signs: both can be made wrong."""

    url: str
    client: aiohttp.ClientSession
    secret: str = SIGNING_SECRET
    skew: float = 0.0

    async def send(self, delivery: Delivery, attempt: Attempt) -> Receipt:
        content_type, body = _body(delivery)
        headers = self._signed(body) | {"Content-Type": content_type}
        if attempt.number:
            headers["X-Slack-Retry-Num"] = str(attempt.number)
            headers["X-Slack-Retry-Reason"] = attempt.reason or "http_error"
        try:
            async with self.client.post(self.url, data=body, headers=headers) as response:
                text = await response.text()
                retry = response.headers.get("X-Slack-No-Retry") != "1"
                return Receipt(response.status, _reply(text), "http_error", retry)
        except aiohttp.ClientError:
            return Receipt(None, reason="connection_failed")

    def _signed(self, body: bytes) -> dict[str, str]:
        timestamp = str(int(time.time() + self.skew))
        base = b"v0:" + timestamp.encode() + b":" + body
        digest = hmac.new(self.secret.encode(), base, hashlib.sha256).hexdigest()
        return {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": f"v0={digest}"}


def _body(delivery: Delivery) -> tuple[str, bytes]:
    if delivery.kind == "events_api":
        return "application/json", json.dumps(delivery.payload).encode()
    fields = delivery.payload
    if delivery.kind == "interactive":
        fields = {"payload": json.dumps(delivery.payload)}
    return "application/x-www-form-urlencoded", urlencode(fields).encode()


def _reply(text: str) -> Json | str | None:
    try:
        return json.loads(text) if text else None
    except ValueError:
        return text
