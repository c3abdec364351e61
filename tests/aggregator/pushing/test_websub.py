"""WebSub from the hub's side, over real HTTP: asked, verified, pushed; and what a hub must not get away with (W2)."""

from __future__ import annotations

import socket
from datetime import timedelta

import pytest
from django.utils import timezone

from aggregator import credentials
from aggregator.models import HostCredential, LeaseState, Push, WebSubLease
from aggregator.pushing.leases import LONGEST, VERIFIED_WITHIN
from tests import everything
from tests.aggregator.pushing.conftest import Subscription
from tests.web import Answer
from tests.websubhub import atom

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_post_is_here_after_a_push_from_the_hub(
    subscription: Subscription, active: dict[str, str], woken: list[str]
) -> None:
    document = subscription.publish("Two", "One")
    assert subscription.hub.push(active, document) == 202
    assert woken == ["push: aggregator.tasks.answer_pushes"]
    assert subscription.answer_pushes() == 1
    assert subscription.titles() == {"One", "Two"}


def test_what_is_asked_for(subscription: Subscription) -> None:
    form, lease = subscription.ask(), subscription.lease
    assert (form["hub.mode"], form["hub.topic"]) == ("subscribe", subscription.topic)
    assert int(form["hub.lease_seconds"]) == LONGEST.total_seconds() == 10 * 86_400
    assert form["hub.callback"].endswith(f"/websub/{lease.key}/")
    assert (form["hub.secret"], lease.state) == (lease.secret, LeaseState.ASKED)
    assert len(lease.secret) >= 40 and len(lease.key) >= 40 and lease.key != lease.secret


@pytest.mark.parametrize(
    ("method", "secret"), [("", ""), ("sha1", ""), ("md5", ""), ("sha256", "another"), ("sha512", "another")]
)
def test_a_push_that_is_not_signed_with_our_secret_changes_nothing(
    subscription: Subscription, active: dict[str, str], method: str, secret: str
) -> None:
    before = everything.tables()
    assert subscription.hub.push(active, b"<feed/>", method=method, secret=secret) == 202
    assert everything.tables() == before


def test_a_push_of_another_topic_changes_nothing(subscription: Subscription, active: dict[str, str]) -> None:
    before = everything.tables()
    assert subscription.hub.push(active, b"<feed/>", topic="https://other.example/feed") == 202
    assert everything.tables() == before


def test_a_push_that_is_played_again_changes_nothing(subscription: Subscription, active: dict[str, str]) -> None:
    for body in (b"<feed>1</feed>", b"<feed>2</feed>"):
        assert subscription.hub.push(active, body) == 202
    subscription.answer_pushes()
    before = everything.tables()
    for body in (b"<feed>1</feed>", b"<feed>2</feed>"):
        assert subscription.hub.push(active, body) == 202
    assert everything.tables() == before


def test_nothing_of_what_is_pushed_is_believed(subscription: Subscription, active: dict[str, str]) -> None:
    """Never more entries than a normal fetch gives: the feed itself is read, and it still has one."""
    pushed = atom(subscription.hub.url, subscription.topic, "Forged", "Invented", "One")
    assert subscription.hub.push(active, pushed) == 202
    subscription.answer_pushes()
    assert subscription.titles() == {"One"}


def test_a_push_to_a_lease_that_has_ended_is_told_so(subscription: Subscription, active: dict[str, str]) -> None:
    WebSubLease.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    before = everything.tables()
    assert subscription.hub.push(active, b"<feed/>") == 410
    assert everything.tables() == before


def test_a_push_before_the_hub_was_verified_changes_nothing(subscription: Subscription) -> None:
    form = subscription.ask()
    assert subscription.hub.push(form, b"<feed/>") == 410
    assert not Push.objects.exists()


def test_a_push_to_a_callback_of_nobody_changes_nothing(subscription: Subscription, active: dict[str, str]) -> None:
    guessed = active | {"hub.callback": active["hub.callback"][:-5] + "AAAA/"}
    assert subscription.hub.push(guessed, b"<feed/>") == 410
    assert not Push.objects.exists()


def test_a_body_of_20_mb_is_refused_unread(subscription: Subscription, active: dict[str, str]) -> None:
    host, _, path = active["hub.callback"].partition("://")[2].partition("/")
    name, _, port = host.partition(":")
    with socket.create_connection((name, int(port)), 20) as line:
        head = f"POST /{path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 20971520\r\n\r\n"
        line.sendall(head.encode() + b"x" * 1000)
        assert b" 413 " in line.recv(100)
    assert not Push.objects.exists()


# --- intent ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said",
    [
        {"topic": "https://other.example/feed"},
        {"mode": "unsubscribe"},
        {"mode": "whatever"},
        {"challenge": ""},
        {"challenge": "x" * 5000},
    ],
)
def test_what_we_did_not_ask_for_is_not_confirmed(subscription: Subscription, said: dict[str, str]) -> None:
    form = subscription.ask()
    assert subscription.hub.verify(form, **said)[0] == 404
    assert subscription.lease.state == LeaseState.ASKED


def test_a_hub_that_was_not_asked_is_not_confirmed(subscription: Subscription) -> None:
    lease = subscription.lease
    form = {"hub.mode": "subscribe", "hub.topic": lease.topic_url, "hub.lease_seconds": "864000"}
    callback = subscription.ask()["hub.callback"]
    WebSubLease.objects.update(asked_at=None)
    assert subscription.hub.verify(form | {"hub.callback": callback})[0] == 404
    WebSubLease.objects.update(asked_at=timezone.now() - VERIFIED_WITHIN)
    assert subscription.hub.verify(form | {"hub.callback": callback})[0] == 404


@pytest.mark.parametrize(
    ("said", "days"), [("864000", 10), ("86400", 1), ("99999999999999", 10), ("", 1), ("-5", 1), ("٣", 1), ("0", 0)]
)
def test_no_promise_is_longer_than_ten_days(subscription: Subscription, said: str, days: int) -> None:
    subscription.hub.verify(subscription.ask(), lease_seconds=said)
    ends = subscription.lease.expires_at
    assert ends is not None
    assert timedelta(days=days) - timedelta(minutes=1) < ends - timezone.now() <= timedelta(days=days)


def test_a_hub_may_verify_twice(subscription: Subscription, active: dict[str, str]) -> None:
    """Its first answer from us was lost."""
    assert subscription.hub.verify(active)[0] == 200


def test_a_hub_that_denies_is_asked_again_in_a_week(subscription: Subscription) -> None:
    form = subscription.ask()
    assert subscription.hub.verify(form, mode="denied", challenge="", reason="Not\x00 here.")[0] == 200
    lease = subscription.lease
    assert (lease.state, lease.last_error) == (LeaseState.REFUSED, "Not here.")
    assert lease.ask_at > timezone.now() + timedelta(days=6)


# --- asking ------------------------------------------------------------------------------------------------------


def test_a_hub_is_asked_again_before_the_end(subscription: Subscription, active: dict[str, str]) -> None:
    lease = subscription.lease
    assert lease.expires_at is not None
    assert timedelta(days=7) < lease.ask_at - timezone.now() < timedelta(days=9)
    again = subscription.ask()
    assert again["hub.callback"] == active["hub.callback"]
    assert subscription.lease.state == LeaseState.ACTIVE  # it goes on meanwhile
    assert subscription.hub.push(active, b"<feed/>") == 202
    assert subscription.lease.last_push_at is not None


@pytest.mark.parametrize(("status", "state"), [(400, "refused"), (404, "refused"), (429, "asked"), (503, "asked")])
def test_a_hub_that_takes_no_request_is_asked_ever_more_seldom(
    subscription: Subscription, status: int, state: str
) -> None:
    subscription.hub.status = status
    waits = []
    for _ in range(3):
        subscription.ask()
        waits.append(subscription.lease.ask_at - timezone.now())
    assert waits[0] * 1.9 < waits[1] < waits[2] / 1.9
    assert subscription.lease.state == state
    assert str(status) in subscription.lease.last_error


def test_a_hub_that_is_not_allowed_is_never_visited(subscription: Subscription) -> None:
    WebSubLease.objects.update(hub_url="http://169.254.169.254/hub")
    WebSubLease.objects.update(ask_at=timezone.now())
    from_before = len(subscription.hub.forms)
    with pytest.raises(IndexError):
        subscription.ask()
    assert len(subscription.hub.forms) == from_before
    assert "never to a blog" in subscription.lease.last_error


def test_a_hub_that_sends_us_on_with_a_307_is_followed_and_judged(subscription: Subscription) -> None:
    web = subscription.hub.web
    web.routes["/old"] = Answer.redirect("/hub", 307)
    WebSubLease.objects.update(hub_url=web.url + "/old")
    assert subscription.ask()["hub.mode"] == "subscribe"
    web.routes["/old"] = Answer.redirect("http://169.254.169.254/", 307)
    subscription.ask()
    assert "not allowed" in subscription.lease.last_error
    web.routes["/old"] = Answer.redirect("/hub", 302)
    before = web.count("/hub")
    subscription.ask()
    assert web.count("/hub") == before
    assert "302" in subscription.lease.last_error


def test_a_hub_is_not_told_who_we_are_at_its_server(subscription: Subscription) -> None:
    """Any feed may name any address as its hub: with our password, asking there could do what only we may."""
    place = f"127.0.0.1:{subscription.hub.web.port}"
    HostCredential.objects.create(host=place, username="bo", secret=credentials.seal("s3cret"))
    subscription.ask()
    assert "authorization" not in subscription.hub.web.last("/hub").headers
