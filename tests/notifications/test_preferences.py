"""How one is told: choices for each kind, quiet hours, the digest."""

from __future__ import annotations

from datetime import time

import pytest
from django.test import Client

from bloghub.notifications.models import Kind, Notification, Preference, Preferences
from bloghub.people.models import Person
from tests.notifications.conftest import Told

SETTINGS = "/settings/notifications/"
CHOICES = {
    "kind_moderation": "mail",
    "kind_mention": "mail",
    "kind_reply": "mail",
    "kind_first": "mail",
    "kind_comment": "mail",
    "kind_feed": "mail",
    "kind_watched": "digest",
    "kind_match": "digest",
    "kind_suggestion": "mail",
    "kind_milestone": "inbox",
    "quiet_from": "",
    "quiet_until": "",
    "digest": "weekly",
    "digest_hour": "8",
}


def test_it_shows_what_holds(reader: Client, aino: Person) -> None:
    Preference.objects.create(person=aino, kind=Kind.WATCHED, delivery="nothing")
    html = reader.get(SETTINGS).content.decode()
    assert '<option value="nothing" selected>not at all</option>' in html
    assert html.count('<option value="mail" selected>') == 7
    assert "Clocks are those of Europe/Helsinki." in html


def test_choices_are_kept(reader: Client, aino: Person) -> None:
    chosen = {
        "kind_reply": "inbox",
        "quiet_from": "22:00",
        "quiet_until": "07:30",
        "digest": "daily",
        "digest_hour": "17",
    }
    answer = reader.post(SETTINGS, CHOICES | chosen)
    assert answer["Location"] == f"{SETTINGS}?kept"
    assert [(row.kind, row.delivery) for row in Preference.objects.filter(person=aino)] == [("reply", "inbox")]
    kept = Preferences.objects.get(person=aino)
    assert (kept.quiet_from, kept.quiet_until, kept.digest, kept.digest_hour) == (time(22), time(7, 30), "daily", 17)
    html = reader.get(answer["Location"]).content.decode()
    assert "Kept." in html
    assert 'value="22:00"' in html


def test_who_wants_no_digest_has_nothing_waiting_for_it(reader: Client, told: Told) -> None:
    told(1, Kind.WATCHED)
    reader.post(SETTINGS, CHOICES | {"digest": "never"})
    reader.post(SETTINGS, CHOICES)
    assert not Notification.objects.filter(in_digest=True).exists()


def test_choosing_twice_is_choosing_once(reader: Client, aino: Person) -> None:
    for how in ("inbox", "digest", "digest"):
        reader.post(SETTINGS, CHOICES | {"kind_reply": how})
    assert Preference.objects.get(person=aino, kind=Kind.REPLY).delivery == "digest"


def test_a_mail_that_waits_for_what_is_not_wished_any_more_does_not_go_out(reader: Client, told: Told) -> None:
    told(1, Kind.REPLY)
    told(2, Kind.WATCHED)
    reader.post(SETTINGS, CHOICES | {"kind_reply": "inbox", "kind_watched": "inbox"})
    assert not Notification.objects.exclude(mail_due_at=None, in_digest=False).exists()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"quiet_from": "22:00"}, "both times, or neither"),
        ({"quiet_from": "22:00", "quiet_until": "22:00"}, "another time than they begin"),
        ({"quiet_from": "99:99", "quiet_until": "07:00"}, "Enter a valid time."),
        ({"kind_reply": "pigeon"}, "Select a valid choice."),
        ({"digest_hour": "24"}, "Select a valid choice."),
        ({"digest": ""}, "This field is required."),
        ({"quiet_from": "<b>\x00", "quiet_until": "07:00"}, "Enter a valid time."),
    ],
)
def test_what_makes_no_sense_is_said_and_changes_nothing(
    reader: Client, aino: Person, wrong: dict[str, str], said: str
) -> None:
    answer = reader.post(SETTINGS, CHOICES | {"kind_mention": "nothing"} | wrong)
    assert answer.status_code == 422
    html = answer.content.decode()
    assert said in html
    assert '<option value="nothing" selected>' in html  # what was chosen is still chosen
    assert "<b>" not in html
    assert not Preference.objects.exists()
    assert not Preferences.objects.exists()


def test_nobody_chooses_for_another(reader: Client, aino: Person, bo: Person) -> None:
    reader.post(SETTINGS, CHOICES | {"kind_reply": "inbox", "person": bo.pk, "person_id": bo.pk, "is_staff": "on"})
    assert set(Preference.objects.values_list("person", flat=True)) == {aino.pk}
    aino.refresh_from_db()
    assert not aino.is_staff


def test_it_needs_sign_in(client: Client, db: None) -> None:
    assert client.get(SETTINGS)["Location"] == f"/sign-in/?next={SETTINGS}"
    assert client.post(SETTINGS, CHOICES)["Location"] == f"/sign-in/?next={SETTINGS}"


def test_it_is_one_step_from_every_page(reader: Client) -> None:
    assert f'href="{SETTINGS}"' in reader.get("/blogs/").content.decode()
