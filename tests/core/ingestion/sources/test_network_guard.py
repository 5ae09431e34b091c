"""Which addresses a website may be read from."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx
import pytest

from core.ingestion.sources.network_guard import (
    AddressRefused,
    GuardedTransport,
    is_public,
    resolve,
)
from tests.support.https_server import OPENSSL, make_certificate, serving_tls


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.8.8",
        "0.0.0.0",
        "10.0.0.1",
        "172.16.5.4",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "192.0.2.1",
        "198.18.0.1",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1",
        "2002:7f00:1::",
        "2001::1",
        "2001:db8::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
        "localhost",
        "",
    ],
)
def test_what_is_not_on_the_open_internet_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    ["93.184.215.14", "1.1.1.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"],
)
def test_what_is_on_the_open_internet_is_public(address: str) -> None:
    assert is_public(address)


class Wire(httpx.AsyncBaseTransport):
    """Answers for hosts that are up, and remembers who was asked for what."""

    def __init__(self, *up: str) -> None:
        self.up = up
        self.tried: list[str] = []
        self.requests: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.tried.append(request.url.host)
        self.requests.append(request)
        if request.url.host not in self.up:
            raise httpx.ConnectError("refused", request=request)
        return httpx.Response(200, text="Hello")


class Names:
    """A name server whose answers change with every question, as those of an attacker do."""

    def __init__(self, answers: Mapping[str, Sequence[Sequence[str]]]) -> None:
        self.answers = {name: list(each) for name, each in answers.items()}

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        left = self.answers.get(host)
        if left is None:
            raise OSError("no such name")
        return left.pop(0) if len(left) > 1 else left[0]


async def get(url: str, wire: Wire, names: Names, *, allow_private: bool = False) -> str:
    guard = GuardedTransport(wire, names, allow_private=allow_private)
    async with httpx.AsyncClient(transport=guard, trust_env=False) as client:
        return (await client.get(url)).text


async def test_the_address_that_was_looked_at_is_the_one_that_is_connected_to() -> None:
    wire, names = Wire("1.1.1.1"), Names({"docs.example": [["1.1.1.1"], ["127.0.0.1"]]})
    assert await get("https://docs.example:8443/a?b=c", wire, names) == "Hello"
    (request,) = wire.requests
    assert str(request.url) == "https://1.1.1.1:8443/a?b=c"
    assert request.headers["host"] == "docs.example:8443"
    assert request.extensions["sni_hostname"] == "docs.example"
    with pytest.raises(AddressRefused, match=r"docs\.example is at 127\.0\.0\.1"):
        await get("https://docs.example:8443/a?b=c", wire, names)
    assert wire.tried == ["1.1.1.1"]


async def test_of_several_addresses_the_public_ones_are_tried_in_turn() -> None:
    found = ["10.0.0.1", "2606:4700::1111", "1.1.1.1", "1.0.0.1"]
    wire, names = Wire("1.1.1.1"), Names({"docs.example": [found]})
    assert await get("http://docs.example/", wire, names) == "Hello"
    assert wire.tried == ["2606:4700::1111", "1.1.1.1"]


async def test_a_host_that_is_down_at_all_its_addresses_cannot_be_connected_to() -> None:
    wire, names = Wire(), Names({"docs.example": [["1.0.0.1", "1.1.1.1"]]})
    with pytest.raises(httpx.ConnectError):
        await get("http://docs.example/", wire, names)
    assert len(wire.tried) == 2


async def test_a_name_without_an_address_cannot_be_connected_to() -> None:
    with pytest.raises(httpx.ConnectError, match="its host is unknown"):
        await get("http://nowhere.example/", Wire(), Names({}))


@pytest.mark.parametrize("url", ["http://127.0.0.1/", "http://[::1]/", "http://2130706433/"])
async def test_an_address_in_place_of_a_name_is_looked_at_as_well(url: str) -> None:
    guard = GuardedTransport(Wire("127.0.0.1"), resolve, allow_private=False)
    async with httpx.AsyncClient(transport=guard, trust_env=False) as client:
        with pytest.raises(AddressRefused):
            await client.get(url)


async def test_where_it_is_allowed_a_private_address_is_connected_to() -> None:
    wire, names = Wire("127.0.0.1"), Names({"docs.local": [["127.0.0.1"]]})
    assert await get("http://docs.local/", wire, names, allow_private=True) == "Hello"


@pytest.mark.skipif(OPENSSL is None, reason="openssl is not installed")
async def test_a_certificate_has_to_be_for_the_name_and_not_for_the_address(tmp_path: Path) -> None:
    certificate, key = await asyncio.to_thread(make_certificate, tmp_path, "docs.example")
    trusting = ssl.create_default_context(cafile=str(certificate))
    names = Names({name: [["127.0.0.1"]] for name in ("docs.example", "other.example")})
    guard = GuardedTransport(httpx.AsyncHTTPTransport(verify=trusting), names, allow_private=True)
    async with (
        serving_tls(certificate, key, "Hello") as port,
        httpx.AsyncClient(transport=guard, trust_env=False) as client,
    ):
        assert (await client.get(f"https://docs.example:{port}/")).text == "Hello"
        with pytest.raises(httpx.ConnectError, match="certificate is not valid for 'other"):
            await client.get(f"https://other.example:{port}/")


async def test_each_address_of_a_name_is_found_once() -> None:
    found = await resolve("localhost", 80)
    assert "127.0.0.1" in found or "::1" in found
    assert len(set(found)) == len(found)
