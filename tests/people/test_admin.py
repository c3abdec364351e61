"""People and groups in the admin: who may give rights, and what nobody can reach from there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.utils import timezone

from aggregator.models import Blog
from bloghub.people.models import Person

pytestmark = pytest.mark.django_db
PEOPLE, GROUPS = "/admin/people/person/", "/admin/auth/group/"


@pytest.fixture
def desk(client: Client, admin: Person) -> Client:
    """The browser of a superuser."""
    client.force_login(admin)
    return client


@pytest.fixture
def clerk(client: Client, bo: Person) -> Callable[..., Client]:
    """The browser of somebody on the staff with these permissions and no others."""

    def sign_in(*permissions: str) -> Client:
        bo.is_staff = True
        bo.save()
        bo.user_permissions.set(Permission.objects.filter(codename__in=permissions))
        client.force_login(bo)
        return client

    return sign_in


def form_of(person: Person, **changes: object) -> dict[str, object]:
    names = ("username", "display_name", "email", "team", "site", "time_zone")
    return {**{name: getattr(person, name) for name in names}, "is_active": "on", **changes}


def test_a_person_is_added_and_found(desk: Client) -> None:
    form = {"username": "eeva", "display_name": "Eeva Järvi", "email": "eeva@example.com", "usable_password": "false"}
    assert desk.post(f"{PEOPLE}add/", form).status_code == 302
    assert not Person.objects.get(username="eeva").has_usable_password()
    assert "Eeva Järvi" in desk.get(f"{PEOPLE}?q=järvi").content.decode()


def test_a_user_name_that_differs_in_case_only_is_refused(desk: Client, aino: Person) -> None:
    form = {"username": "AINO", "display_name": "Another", "email": "a@example.com", "usable_password": "false"}
    assert "already" in desk.post(f"{PEOPLE}add/", form).content.decode()


def test_a_person_is_changed(desk: Client, aino: Person) -> None:
    desk.post(f"{PEOPLE}{aino.pk}/change/", form_of(aino, team="Sea Trials", is_staff="on"))
    aino.refresh_from_db()
    assert (aino.team, aino.is_staff) == ("Sea Trials", True)


def test_the_page_of_a_person_shows_no_demo_mark_and_takes_none(desk: Client, aino: Person) -> None:
    assert "is_demo" not in desk.get(f"{PEOPLE}{aino.pk}/change/").content.decode()
    desk.post(f"{PEOPLE}{aino.pk}/change/", form_of(aino, is_demo="on"))
    aino.refresh_from_db()
    assert not aino.is_demo


def test_when_somebody_left_the_directory_is_shown_and_not_asked(desk: Client, aino: Person) -> None:
    left = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    Person.objects.filter(pk=aino.pk).update(is_active=False, left_at=left)
    page = f"{PEOPLE}{aino.pk}/change/"
    html = desk.get(page).content.decode()
    assert "Left the directory" in html
    assert "2 Mar 2026" in html
    desk.post(page, form_of(aino, team="Sea Trials", is_active="", left_at_0="2020-01-01", left_at_1="00:00"))
    aino.refresh_from_db()
    assert (aino.team, aino.left_at) == ("Sea Trials", left)


def test_an_admins_word_on_who_may_come_in_overrules_the_directory(desk: Client, aino: Person) -> None:
    Person.objects.filter(pk=aino.pk).update(is_active=False, left_at=timezone.now())
    for switch in ("on", ""):
        desk.post(f"{PEOPLE}{aino.pk}/change/", form_of(aino, is_active=switch))
        aino.refresh_from_db()
        assert (aino.is_active, aino.left_at) == (switch == "on", None)


def test_who_is_switched_off_and_on_again_has_to_sign_in_again(desk: Client, aino: Person) -> None:
    browser = Client()
    browser.force_login(aino)
    for switch in ("", "on"):
        assert desk.post(f"{PEOPLE}{aino.pk}/change/", form_of(aino, is_active=switch)).status_code == 302
        assert browser.get("/latest/").status_code == 302


def test_a_clerk_can_hand_out_no_rights(clerk: Callable[..., Client], aino: Person, bo: Person) -> None:
    powers = Group.objects.create(name="Powers")
    browser = clerk("change_person", "view_person")
    forged = {"is_superuser": "on", "is_staff": "on", "user_permissions": ["1", "2"], "groups": [powers.pk]}
    for person in (aino, bo):
        browser.post(f"{PEOPLE}{person.pk}/change/", form_of(person, team="Changed", **forged))
        person.refresh_from_db()
        assert (person.is_superuser, person.groups.count()) == (False, 0)
    assert (aino.team, aino.is_staff, aino.user_permissions.exists()) == ("Changed", False, False)
    assert bo.team != "Changed"  # a clerk is staff, and staff are for superusers to change


@pytest.mark.parametrize("page", ["change", "password", "delete"])
def test_a_clerk_cannot_touch_a_superuser(clerk: Callable[..., Client], admin: Person, page: str) -> None:
    browser = clerk("change_person", "view_person", "delete_person", "add_person")
    before = Person.objects.values().get(pk=admin.pk)
    form = form_of(admin, email="taken@example.com", password1="Taken over 1", password2="Taken over 1", post="yes")
    answer = browser.post(f"{PEOPLE}{admin.pk}/{page}/", form)
    assert answer.status_code == 403
    assert Person.objects.values().get(pk=admin.pk) == before


@pytest.mark.parametrize("power", ["staff", "permission", "group"])
def test_a_clerk_cannot_take_over_a_stronger_colleague(clerk: Callable[..., Client], aino: Person, power: str) -> None:
    powers = Permission.objects.all()[:3]
    if power == "staff":
        Person.objects.filter(pk=aino.pk).update(is_staff=True)
    elif power == "permission":
        aino.user_permissions.set(powers)
    else:
        aino.groups.create(name="Powers").permissions.set(powers)
    browser = clerk("change_person", "view_person")
    form = {"password1": "Taken over 1", "password2": "Taken over 1", "usable_password": "true"}
    assert browser.post(f"{PEOPLE}{aino.pk}/password/", form).status_code == 403
    assert browser.post(f"{PEOPLE}{aino.pk}/change/", form_of(aino, email="taken@example.com")).status_code == 403


def test_a_clerk_cannot_delete_a_superuser_from_the_list(clerk: Callable[..., Client], admin: Person) -> None:
    browser = clerk("view_person", "delete_person")
    browser.post(PEOPLE, {"action": "delete_selected", "_selected_action": [admin.pk], "post": "yes"})
    assert Person.objects.filter(pk=admin.pk).exists()


def test_what_a_group_grants_is_decided_by_superusers(clerk: Callable[..., Client], crew: Group) -> None:
    browser = clerk("change_group", "view_group")
    permission = Permission.objects.get(codename="delete_blog")
    browser.post(f"{GROUPS}{crew.pk}/change/", {"name": "Deck", "permissions": [permission.pk]})
    crew.refresh_from_db()
    assert (crew.name, crew.permissions.count()) == ("Deck", 0)


def test_passwords_cannot_be_probed_through_the_list(desk: Client) -> None:
    assert desk.get(f"{PEOPLE}?password__startswith=scrypt").status_code in {302, 400}


def test_only_trusted_types_are_eased_for_the_admin(desk: Client) -> None:
    policy = desk.get(PEOPLE).headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy + ";"
    assert "style-src 'self';" in policy + ";"
    assert "unsafe" not in policy
    assert "trusted-types" not in policy
    assert "require-trusted-types-for" in desk.get("/").headers["Content-Security-Policy"]


def test_people_are_let_into_a_group_and_taken_out_of_it(
    desk: Client, crew: Group, aino: Person, bo: Person, make_blog: Callable[..., Blog]
) -> None:
    make_blog("Deck notes", for_groups=(crew,))
    desk.post(f"{GROUPS}{crew.pk}/change/", {"name": "Crew", "members": [aino.pk, bo.pk]})
    assert set(crew.user_set.all()) == {aino, bo}
    html = desk.get(f"{GROUPS}{crew.pk}/change/").content.decode()
    for shown in (str(aino), str(bo), "Deck notes"):
        assert shown in html
    desk.post(f"{GROUPS}{crew.pk}/change/", {"name": "Crew", "members": [bo.pk]})
    assert set(crew.user_set.all()) == {bo}


def test_members_are_looked_up_as_they_are_typed(desk: Client, aino: Person) -> None:
    form = desk.get(f"{GROUPS}add/").content.decode()
    assert 'data-field-name="person"' in form
    where = {"app_label": "people", "model_name": "person_groups", "field_name": "person", "term": "aino"}
    found = desk.get("/admin/autocomplete/", where).json()
    assert [result["id"] for result in found["results"]] == [str(aino.pk)]


def test_a_clerk_lets_nobody_into_a_group_that_grants_something(
    clerk: Callable[..., Client], crew: Group, aino: Person
) -> None:
    browser = clerk("change_group", "view_group", "view_person")
    browser.post(f"{GROUPS}{crew.pk}/change/", {"name": "Crew", "members": [aino.pk]})
    assert set(crew.user_set.all()) == {aino}
    crew.user_set.clear()
    crew.permissions.add(Permission.objects.get(codename="delete_blog"))
    browser.post(f"{GROUPS}{crew.pk}/change/", {"name": "Crew", "members": [aino.pk]})
    assert not crew.user_set.exists()


def test_groups_stand_beside_people(desk: Client) -> None:
    html = desk.get("/admin/").content.decode()
    assert "Authentication and Authorization" not in html
    assert html.index(PEOPLE) < html.index(GROUPS)
