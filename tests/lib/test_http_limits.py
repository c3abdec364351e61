"""What the outbound client does not take: bombs, endless and dripping bodies, broken HTTP, TLS it cannot trust."""

from __future__ import annotations

import gzip
import resource
import shutil
import socket
import ssl
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from itertools import repeat
from pathlib import Path

import brotli  # type: ignore[import-untyped]  # ships no types
import pytest

from bloghub.lib.http import Limits
from tests import web as loopback
from tests.lib.test_http import get, refusal
from tests.web import Web, serve

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MIB = 1024 * 1024
FEED = b"<rss>" + b"an entry like any other; " * 20_000 + b"</rss>"
QUICK = Limits(connect=0.5, read=0.3, total=0.6)


@pytest.fixture
def web() -> Iterator[Web]:
    with serve() as web:
        yield web


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


CODINGS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "gzip in two members": ("GZip", lambda data: gzip.compress(data[:999]) + gzip.compress(data[999:])),
    "gzip with padding": ("x-gzip", lambda data: gzip.compress(data) + b"\0" * 9),
    "deflate": ("deflate", zlib.compress),
    "deflate without its wrapping": ("deflate", raw_deflate),
    "brotli": ("br", brotli.compress),
    "zstd": ("zstd", zstd.compress),
    "zstd in two frames": ("zstd", lambda data: zstd.compress(data[:999]) + zstd.compress(data[999:])),
    "nothing": ("identity", bytes),
}


def pieces(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


@pytest.mark.parametrize("name", CODINGS)
def test_each_coding_is_decoded_whole_and_in_pieces(web: Web, name: str) -> None:
    header, compress = CODINGS[name]
    packed = compress(FEED)
    web.routes["/whole"] = loopback.Answer(packed, headers={"Content-Encoding": header})
    web.routes["/pieces"] = loopback.Answer(pieces(packed, 777), headers={"Content-Encoding": header})
    assert get(web.url + "/whole", web).body == FEED
    assert get(web.url + "/pieces", web).body == FEED


@pytest.mark.parametrize("name", [name for name in CODINGS if name != "nothing"])
def test_a_compressed_body_that_breaks_off_or_is_garbage_is_refused(web: Web, name: str) -> None:
    header, compress = CODINGS[name]
    web.routes["/cut"] = loopback.Answer(compress(FEED)[:-20], headers={"Content-Encoding": header})
    web.routes["/garbage"] = loopback.Answer(b"\xff<rss></rss>", headers={"Content-Encoding": header})
    web.routes["/empty"] = loopback.Answer(b"", headers={"Content-Encoding": header})
    assert refusal(web.url + "/cut", web).code == "content_coding"
    assert refusal(web.url + "/garbage", web).code == "content_coding"
    assert get(web.url + "/empty", web).body == b""


@pytest.mark.parametrize("header", ["gzip, gzip", "gzip, gzip, gzip, gzip, gzip", "br, gzip", "compress", "exi"])
def test_stacked_and_unknown_codings_are_refused(web: Web, header: str) -> None:
    body = gzip.compress(gzip.compress(FEED))
    web.routes["/feed"] = loopback.Answer(body, headers={"Content-Encoding": header})
    assert refusal(web.url + "/feed", web).code == "content_coding"


def bomb(coding: str) -> bytes:
    """About 1 GiB of zeros, packed to 1 MB or less; one stretch of 1 MiB again and again where that is possible."""
    if coding == "br":
        packer = brotli.Compressor(quality=1)
        return b"".join([packer.process(bytes(MIB)) for _ in range(1024)]) + bytes(packer.finish())
    if coding == "zstd":
        return zstd.compress(bytes(MIB)) * 1024
    deflate = zlib.compressobj(wbits=31 if coding == "gzip" else 15)
    start = deflate.compress(b"<rss>") + deflate.flush(zlib.Z_FULL_FLUSH)
    return start + (deflate.compress(bytes(MIB)) + deflate.flush(zlib.Z_FULL_FLUSH)) * 1024


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_a_bomb_is_refused_while_it_streams(web: Web, coding: str) -> None:
    packed = bomb(coding)
    web.routes["/bomb"] = loopback.Answer(packed, headers={"Content-Encoding": coding})
    web.routes["/stream"] = loopback.Answer(pieces(packed, 65_536), headers={"Content-Encoding": coding})
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for path in ("/bomb", "/stream"):
        error = refusal(web.url + path, web)
        assert (error.kind, error.code) == ("too_large", "too_large")
        assert "10 MiB unpacked" in error.reason
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    assert grown <= 100 * MIB


def test_a_body_is_read_up_to_its_limit_with_or_without_its_length(web: Web) -> None:
    limits = Limits(wire=1_000)
    web.routes |= {"/fits": b"x" * 1_000, "/long": b"x" * 1_001, "/chunks": loopback.Answer([b"x" * 500] * 3)}
    web.routes["/endless"] = loopback.Answer(repeat(b"x" * 65_536))
    web.routes["/until close"] = loopback.Answer(raw=b"HTTP/1.0 200 OK\r\n\r\n" + b"x" * 900)
    assert len(get(web.url + "/fits", web, limits=limits).body) == 1_000
    assert len(get(web.url + "/chunks", web).body) == 1_500
    for path in ("/long", "/chunks", "/endless"):
        assert refusal(web.url + path, web, limits=limits).kind == "too_large"
    assert refusal(web.url + "/endless", web).kind == "too_large"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (loopback.Answer(wait=60), "stalled"),
        (loopback.Answer([b"<rss>", b"</rss>"], pause=60), "stalled"),
        (loopback.Answer(repeat(b"x"), pause=0.05), "deadline"),
    ],
    ids=["never answers", "stops in the middle", "drips"],
)
def test_a_slow_server_is_given_up(web: Web, answer: loopback.Answer, code: str) -> None:
    web.routes["/feed"] = answer
    error = refusal(web.url + "/feed", web, limits=QUICK)
    assert (error.kind, error.code) == ("too_slow", code)
    assert f"127.0.0.1:{web.port}" in error.reason


def test_a_chain_of_slow_redirects_shares_one_deadline(web: Web) -> None:
    web.routes |= {f"/{n}": loopback.Answer(status=302, headers={"Location": f"/{n + 1}"}, wait=0.2) for n in range(5)}
    assert refusal(web.url + "/0", web, limits=QUICK).code == "deadline"


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", "bad_http"),
        (b"\x00\x01\x02" * 100, "bad_http"),
        (b"HTTP/1.1 200 OK\r\n" + b"X-A: 1\r\n" * 101 + b"\r\n", "bad_http"),
        (b"HTTP/1.1 200 OK\r\nX-A: " + b"a" * 70_000 + b"\r\n\r\n", "bad_http"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n<rss>", "cut_short"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "bad_http"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n<rss>", "bad_http"),
        (b"HTTP/1.1 301 Moved\r\nLocation: http://[::1\r\nContent-Length: 0\r\n\r\n", "bad_address"),
        (b"", "disconnected"),
    ],
)
def test_what_is_not_http_is_a_sentence_and_no_crash(web: Web, raw: bytes, code: str) -> None:
    web.routes["/feed"] = loopback.Answer(raw=raw)
    error = refusal(web.url + "/feed", web, limits=QUICK)
    assert error.code == code
    assert f"127.0.0.1:{web.port}" in error.reason


def test_a_closed_port_and_an_unknown_name_are_not_reachable() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        closed = Web({}, "127.0.0.1", "http")
        closed.port = probe.getsockname()[1]
        error = refusal(closed.url, closed)
    assert (error.kind, error.code, error.reason) == (
        "not_reachable",
        "refused",
        f"No server answers at {closed.address}.",
    )
    error = refusal("http://no-such-name.invalid/feed")
    assert (error.kind, error.code) == ("not_reachable", "dns")
    assert error.reason == "No server is called no-such-name.invalid."


AUTHORITY = """
[ca]
default_ca = here
[here]
database = index
serial = serial
new_certs_dir = .
default_md = sha256
policy = names
x509_extensions = extensions
[names]
commonName = supplied
[extensions]
subjectAltName = DNS:{name}
basicConstraints = CA:TRUE
"""


def certificate(folder: Path, *, name: str = "localhost", ends: str = "21260101") -> tuple[ssl.SSLContext, Path]:
    """A server's TLS context, and the certificate that signs itself in it."""
    (folder / "index").write_text("")
    (folder / "serial").write_text("01")
    (folder / "config").write_text(AUTHORITY.format(name=name))
    make_key = "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key -out csr -subj"
    sign = (
        "openssl ca -batch -selfsign -config config -keyfile key -in csr -out pem -startdate 20200101000000Z -enddate"
    )
    for command in ([*make_key.split(), f"/CN={name}"], [*sign.split(), f"{ends}000000Z"]):
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "pem", folder / "key")
    return context, folder / "pem"


needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is needed to make certificates")


@needs_openssl
def test_a_certificate_of_a_known_authority_is_trusted_and_no_other(tmp_path: Path) -> None:
    context, ca_file = certificate(tmp_path)
    with serve({"/feed": FEED}, tls=context) as web:
        url = f"https://localhost:{web.port}/feed"
        assert get(url, web, ca_file=ca_file).body == FEED
        error = refusal(url, web)
    assert (error.kind, error.code) == ("not_reachable", "certificate")
    assert error.reason.startswith(f"The certificate of localhost:{web.port} is signed by ")


@needs_openssl
@pytest.mark.parametrize(
    ("name", "ends", "sentence"),
    [("other.example", "21260101", "is made out for another name."), ("localhost", "20260503", "ended on 3 May 2026.")],
)
def test_a_wrong_certificate_is_told_in_words(tmp_path: Path, name: str, ends: str, sentence: str) -> None:
    context, ca_file = certificate(tmp_path, name=name, ends=ends)
    with serve(tls=context) as web:
        error = refusal(f"https://localhost:{web.port}/feed", web, ca_file=ca_file)
    assert error.reason == f"The certificate of localhost:{web.port} {sentence}"


def test_plain_http_where_tls_is_expected_is_a_sentence(web: Web) -> None:
    assert refusal(f"https://127.0.0.1:{web.port}/", web).code == "tls"


@needs_openssl
def test_a_password_does_not_leave_https(tmp_path: Path) -> None:
    context, ca_file = certificate(tmp_path)
    with serve(tls=context) as secure:
        secure.routes["/feed"] = loopback.Answer.redirect(f"http://localhost:{secure.port}/feed")
        url = f"https://localhost:{secure.port}/feed"
        error = refusal(url, secure, headers={"Authorization": "Basic c2VjcmV0"}, ca_file=ca_file)
    assert (error.kind, error.code) == ("not_allowed", "insecure_redirect")
