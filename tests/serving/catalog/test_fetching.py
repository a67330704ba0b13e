"""Fetching of pictures, from a local server whose address passes as public."""

from __future__ import annotations

import contextlib
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from penchant.errors import DataError
from penchant.serving.catalog.fetching import Fetcher, is_public

PICTURE = b"what is said to be a picture"
OK = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: %d\r\n\r\n"
HOSTS = {
    "pictures.example": ["93.184.216.34"],
    "other.example": ["93.184.216.34"],
    "inside.example": ["10.0.0.7"],
    "both.example": ["93.184.216.34", "127.0.0.1"],
    "nowhere.example": [],
}


def resolve(host: str, port: int) -> list[str]:
    return HOSTS.get(host, [host])


@pytest.fixture
def fetcher() -> Iterator[Callable[..., Fetcher]]:
    """Return a function that makes fetchers connected to a server with fixed answers."""
    with contextlib.ExitStack() as stack:

        def make(*answers: bytes, pause: float = 0.0, tls: Any = None, **options) -> Fetcher:
            listener = socket.create_server(("127.0.0.1", 0))
            if tls is not None:
                listener = tls.wrap_socket(listener, server_side=True)
            stack.enter_context(listener)

            def serve() -> None:
                with contextlib.suppress(OSError):  # the client may have disconnected
                    for answer in answers:
                        connection, _ = listener.accept()
                        with connection:
                            requests.append(connection.recv(4096).decode())
                            for at in range(0, len(answer), 20) if pause else ():
                                connection.sendall(answer[at : at + 20])
                                time.sleep(pause)
                            connection.sendall(b"" if pause else answer)

            def connect(address: str, port: int, seconds: float) -> socket.socket:
                connected.append((address, port))
                return socket.create_connection(listener.getsockname(), timeout=seconds)

            requests: list[str] = []
            connected: list[tuple[str, int]] = []
            thread = threading.Thread(target=serve, daemon=True)
            thread.start()
            stack.callback(thread.join, 10)
            stack.callback(socket.socket.shutdown, listener, socket.SHUT_RDWR)
            made = Fetcher(resolve=resolve, connect=connect, **options)
            made.requests, made.connected = requests, connected
            return made

        yield make


def test_pictures_are_fetched_from_the_resolved_address(fetcher) -> None:
    made = fetcher(OK % len(PICTURE) + PICTURE)
    assert made.get("http://pictures.example/ü/1.png?a=1") == PICTURE
    assert made.connected == [("93.184.216.34", 80)]
    assert made.requests[0].startswith(
        "GET /%C3%BC/1.png?a=1 HTTP/1.1\r\nHost: pictures.example\r\n"
    )


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a self-signed certificate of pictures.example and its key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("there is no openssl here to make a certificate with")
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -batch"
    names = ["-subj", "/CN=x", "-addext", "subjectAltName=DNS:pictures.example"]
    command = [openssl, *words.split(), *names, "-keyout", path, "-out", f"{path}.crt"]
    subprocess.run(command, check=True, capture_output=True)
    with path.open("ab") as file:
        file.write(Path(f"{path}.crt").read_bytes())
    return path


def test_certificates_are_verified(fetcher, certificate) -> None:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate)
    for host, is_trusted, message in [
        ("pictures.example", False, "certificate"),
        ("other.example", True, "certificate"),
        ("pictures.example", True, None),
    ]:
        made = fetcher(OK % len(PICTURE) + PICTURE, tls=server)
        if is_trusted:
            made._tls.load_verify_locations(certificate)
        with pytest.raises(DataError, match=message) if message else contextlib.nullcontext():
            assert made.get(f"https://{host}/1.png") == PICTURE
            assert "Host: pictures.example\r\n" in made.requests[0]
        assert made.connected == [("93.184.216.34", 443)]


@pytest.mark.parametrize(
    "url",
    [
        "http://inside.example/",
        "http://both.example/",
        "http://nowhere.example/",
        "http://127.0.0.1/",
        "http://[::1]/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::ffff:10.0.0.1]/",
        "http://user:password@pictures.example/",
        "ftp://pictures.example/",
        "file:///etc/passwd",
        "http:///x",
        "http://pictures.example:port/",
    ],
)
def test_private_addresses_are_rejected(fetcher, url) -> None:
    made = fetcher()
    with pytest.raises(DataError):
        made.get(url)
    assert made.connected == []


def test_redirects_are_followed_to_public_addresses_only(fetcher) -> None:
    redirect = b"HTTP/1.1 302 Found\r\nLocation: %s\r\n\r\n"
    there = fetcher(redirect % b"/2.png", OK % len(PICTURE) + PICTURE)
    assert there.get("http://pictures.example/1.png") == PICTURE
    assert there.requests[1].startswith("GET /2.png")
    inside = fetcher(redirect % b"http://inside.example/secret")
    with pytest.raises(DataError, match="not on the public internet"):
        inside.get("http://pictures.example/1.png")
    assert len(inside.connected) == 1
    around = fetcher(*[redirect % b"/1.png"] * 10)
    with pytest.raises(DataError, match="too many redirects"):
        around.get("http://pictures.example/1.png")
    assert len(around.connected) == 4


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (OK % 9999 + b"x" * 9999, "larger than 1,000 bytes"),
        (OK.replace(b"Content-Length: %d\r\n", b"") + b"x" * 9999, "larger than 1,000 bytes"),
        (OK % 100 + b"x", "connection ended early"),
        (OK.replace(b"png", b"svg+xml") % 1 + b"x", "with image/svg"),
        (OK.replace(b"image/png", b"text/html") % 1 + b"x", "with text/html"),
        (b"HTTP/1.1 404 Not Found\r\nContent-Type: image/png\r\n\r\n", "response is 404"),
        (b"nonsense\r\n\r\n", "can't be fetched"),
        (b"", "can't be fetched"),
    ],
)
def test_other_files_and_large_files_are_rejected(fetcher, answer, message) -> None:
    with pytest.raises(DataError, match=message):
        fetcher(answer, max_bytes=1_000).get("http://pictures.example/1.png")


def test_slow_servers_are_disconnected(fetcher) -> None:
    made = fetcher(OK % 4000 + b"x" * 4000, pause=0.05, seconds=0.4)
    began = time.monotonic()
    with pytest.raises(DataError):
        made.get("http://pictures.example/1.png")
    assert time.monotonic() - began < 5


def test_mapped_addresses_are_not_public() -> None:
    assert all(map(is_public, ("93.184.216.34", "2606:2800:220:1::1")))
    inside = (
        "0.0.0.0 127.0.0.1 10.1.2.3 172.16.0.1 192.168.1.1 100.64.0.1 169.254.1.1 224.0.0.1 "
        "255.255.255.255 ::1 :: fe80::1%eth0 fc00::1 ff02::1 ::ffff:93.184.216.34 64:ff9b::a00:1 "
        "2002:a00:1:: 2001:0:a00:1:: nonsense"
    )
    assert not any(map(is_public, inside.split()))
