"""The demo's server is polite and keeps to loopback."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import pytest

from demo import company, pages, serve
from tests.demo.kaltiva import BLOGS, DATED, EPOCH, KALTIVA, LATER, site


@pytest.fixture(scope="module")
def server() -> Iterator[serve.Server]:
    with serve.Server(0, KALTIVA, EPOCH, lambda: LATER) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def get(server: serve.Server, path: str, **headers: str) -> tuple[HTTPResponse, bytes]:
    connection = HTTPConnection("127.0.0.1", server.server_address[1], timeout=5)
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request("GET", path, headers=names)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response, body


def test_dates_survive_a_restart(tmp_path: Path) -> None:
    first = serve.read_epoch(tmp_path / "state", EPOCH)
    second = serve.read_epoch(tmp_path / "state", LATER)
    assert first == second == EPOCH


def test_homepages_name_their_feed(server: serve.Server) -> None:
    for blog in KALTIVA.blogs.values():
        response, body = get(server, blog.path)
        assert response.status == 200
        assert f'href="{blog.feed_path}"' in body.decode() and 'rel="alternate"' in body.decode()


def test_pages_know_their_direction() -> None:
    arabic = next(item for item in DATED if item.post.language == "ar")
    assert 'lang="ar" dir="rtl"' in pages.post_page(arabic)


@BLOGS
def test_an_unchanged_feed_answers_304(server: serve.Server, blog: company.Blog) -> None:
    response, body = get(server, blog.feed_path)
    assert response.status == 200 and body
    etag, modified = response.headers["ETag"], response.headers["Last-Modified"]
    assert get(server, blog.feed_path, If_None_Match=etag)[0].status == 304
    assert get(server, blog.feed_path, If_Modified_Since=modified)[0].status == 304
    assert get(server, blog.feed_path, If_None_Match='"old"', If_Modified_Since=modified)[0].status == 200


def test_a_new_post_changes_the_validators() -> None:
    blog = KALTIVA.blogs["pump-house-diary"]
    before, after = (site().answer(blog.feed_path, EPOCH + timedelta(minutes=m)) for m in (2, 3))
    assert before is not None and after is not None
    assert before.etag != after.etag and before.last_modified != after.last_modified


def test_it_compresses_for_who_asks(server: serve.Server) -> None:
    response, body = get(server, "/hot-metal/feed/", Accept_Encoding="gzip")
    assert response.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(body) == get(server, "/hot-metal/feed/")[1]


def test_images_and_sounds_can_be_embedded_by_the_hub(server: serve.Server) -> None:
    image, _ = get(server, "/water-towers/images/clock.svg")
    audio, whole = get(server, "/line-pressure/audio/hiss.wav")
    part, some = get(server, "/line-pressure/audio/hiss.wav", Range="bytes=10-19")
    assert (image.headers["Content-Type"], audio.headers["Content-Type"]) == ("image/svg+xml", "audio/wav")
    assert image.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert (part.status, some, part.headers["Content-Range"]) == (206, whole[10:20], f"bytes 10-19/{len(whole)}")


@pytest.mark.parametrize(
    "path", ["/nobody/", "/hot-metal/nothing/", "/hot-metal/images/../../company.toml", "/hot-metal/images/%2e%2e"]
)
def test_what_is_not_there_is_404(server: serve.Server, path: str) -> None:
    response, body = get(server, path)
    assert response.status == 404 and b"nothing here" in body


def test_it_listens_on_loopback_only(server: serve.Server) -> None:
    assert server.socket.getsockname()[0] == "127.0.0.1"


@pytest.mark.parametrize("host", ["blogs.attacker.example", "0.0.0.0", "127.0.0.1.attacker.example", ""])
def test_it_answers_to_no_other_name(server: serve.Server, host: str) -> None:
    assert get(server, "/", Host=host)[0].status == 421
