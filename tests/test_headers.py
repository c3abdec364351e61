"""The header set on every kind of answer, served as it ships (check G1, without the proxy), and what listens (G3)."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import suppress

import psutil
import pytest

from tests.hub import Hub

ALWAYS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
PAGE = ("default-src 'none'", "script-src 'self'", "style-src 'self'", "base-uri 'none'", "frame-ancestors 'none'")


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A hub as it ships: gunicorn, collected files, no demo, nobody registered."""
    with Hub(tmp_path_factory.mktemp("headers") / "hub") as hub:
        hub.manage("collectstatic", "--noinput", "-v0")
        hub.start("web")
        hub.until(lambda: answers(hub), "the hub answers")
        yield hub


def answers(hub: Hub) -> bool:
    try:
        return ask(hub, "/readyz")[0] == 200
    except OSError:
        return False


def ask(hub: Hub, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers in lower case, body; redirects are not followed."""
    connection = http.client.HTTPConnection("127.0.0.1", hub.port, timeout=20)
    try:
        connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def static_file(hub: Hub) -> str:
    """An address of a collected file, as a page names it."""
    html = ask(hub, "/sign-in/")[2].decode()
    return next(part for part in html.split('"') if part.startswith("/static/") and ".css" in part)


@pytest.mark.parametrize(
    ("path", "method", "headers", "status"),
    [
        ("/sign-in/", "GET", {}, 200),
        ("/", "GET", {}, 302),
        ("/latest", "GET", {}, 301),
        ("/sign-in/", "GET", {"Host": "evil.example"}, 400),
        ("/sign-in/", "POST", {}, 403),
        ("/nothing/here/", "GET", {}, 404),
        ("/posts/1/x/", "GET", {}, 302),
        ("/healthz", "POST", {}, 403),
        ("/healthz", "GET", {}, 200),
        ("/theme.css", "GET", {}, 200),
        ("/static/nothing.css", "GET", {}, 404),
        ("/admin/", "GET", {}, 302),
        ("/csp-report/", "GET", {}, 302),
        ("/%00", "GET", {}, 404),
        ("/" + "x" * 3000, "GET", {}, 404),
    ],
)
def test_every_answer_carries_the_set(hub: Hub, path: str, method: str, headers: dict[str, str], status: int) -> None:
    got, found, body = ask(hub, path, method, **headers)
    assert got == status, body[:300]
    assert {name: found.get(name) for name in ALWAYS} == ALWAYS
    assert "default-src 'none'" in found["content-security-policy"]
    assert "unsafe" not in found["content-security-policy"]
    assert "camera=()" in found["permissions-policy"]
    assert not {"x-powered-by", "server"} & found.keys()
    assert b"Traceback" not in body and b"/aggregator/" not in body and b"psycopg" not in body


def test_pages_load_from_the_hub_alone(hub: Hub) -> None:
    policy = ask(hub, "/sign-in/")[1]["content-security-policy"]
    for part in (*PAGE, "require-trusted-types-for 'script'", "form-action 'self'", "object-src 'none'"):
        assert part in policy


def test_collected_files_are_kept_for_ever_and_marked(hub: Hub) -> None:
    status, found, _body = ask(hub, static_file(hub))
    assert status == 200
    assert "immutable" in found["cache-control"]
    assert {name: found.get(name) for name in ALWAYS} == ALWAYS
    assert "default-src 'none'" in found["content-security-policy"]


def test_nobody_gets_the_list_of_all_files(hub: Hub) -> None:
    assert (hub.data_dir / "static" / "staticfiles.json").exists()
    assert ask(hub, "/static/staticfiles.json")[0] == 404


def test_sign_in_is_never_stored(hub: Hub) -> None:
    assert "no-store" in ask(hub, "/sign-in/")[1]["cache-control"]


def test_cookies_are_for_the_server_alone(hub: Hub) -> None:
    cookie = ask(hub, "/sign-in/")[1]["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie


@pytest.mark.parametrize("header", ["X_Forwarded_Host", "X_Forwarded_For"])
def test_a_strangers_forwarding_changes_nothing(hub: Hub, header: str) -> None:
    status, found, body = ask(hub, "/", **{header: "evil.example"})
    assert status == 302
    assert "evil.example" not in found["location"] + body.decode()


def test_health_tells_nothing_but_ok(hub: Hub) -> None:
    assert ask(hub, "/healthz")[2] == b"ok\n"
    assert ask(hub, "/readyz")[2] == b"ok\n"


def listening(process: psutil.Process) -> set[tuple[str, int]]:
    """Where it accepts connections; nowhere when it has just ended."""
    with suppress(psutil.NoSuchProcess):
        links = process.net_connections(kind="inet")
        return {(link.laddr.ip, link.laddr.port) for link in links if link.status == psutil.CONN_LISTEN}
    return set()


def test_only_the_web_listens_and_only_on_loopback(hub: Hub) -> None:
    tree = [psutil.Process(process.pid) for process in hub.processes]
    tree += [child for process in tree for child in process.children(recursive=True)]
    everybody = psutil.process_iter(["cmdline"])
    servers = [found for found in everybody if str(hub.data_dir) in " ".join(found.info["cmdline"] or ())]
    assert servers
    assert set().union(*map(listening, tree + servers)) == {("127.0.0.1", hub.port)}


def test_no_account_exists_on_a_new_hub(hub: Hub) -> None:
    assert hub.value("SELECT count(*) FROM people_person") == 0
