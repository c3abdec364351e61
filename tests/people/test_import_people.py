"""``manage.py import_people``: people follow the directory, and nobody gains or loses rights by it."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import CommandError, call_command
from django.db import IntegrityError
from django.test import Client

from bloghub.people.models import Person, Session

pytestmark = pytest.mark.django_db
HEADER = "username,email,display_name,team,site,time_zone,groups\n"
ROW = "eeva,eeva@example.com,Eeva Järvi,Sea Trials,Turku,Europe/Helsinki,Crew|Deck\n"


class Run:
    """One run of the command: exit code and what was said."""

    def __init__(self, path: Path, document: str | bytes, *options: str) -> None:
        path.write_bytes(document.encode() if isinstance(document, str) else document)
        out, err = io.StringIO(), io.StringIO()
        self.code = 0
        try:
            call_command("import_people", str(path), *options, stdout=out, stderr=err)
        except CommandError as error:
            self.code = error.returncode
            err.write(str(error))
        except SystemExit as end:
            self.code = int(end.code or 0)
        self.out, self.err = out.getvalue(), err.getvalue()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "people.csv"


def test_a_row_becomes_a_person_who_cannot_sign_in_by_password(path: Path) -> None:
    run = Run(path, HEADER + ROW)
    eeva = Person.objects.get(username="eeva")
    assert (run.code, eeva.display_name, eeva.place) == (0, "Eeva Järvi", "Sea Trials, Turku")
    assert eeva.time_zone == "Europe/Helsinki"
    assert not eeva.has_usable_password()
    assert set(eeva.groups.values_list("name", flat=True)) == {"Crew", "Deck"}
    assert "line 2: created 'eeva'" in run.out


def test_the_second_run_changes_nothing(path: Path) -> None:
    Run(path, HEADER + ROW)
    run = Run(path, HEADER + ROW)
    assert (run.code, Person.objects.count()) == (0, 1)
    assert "line 2: unchanged 'eeva'" in run.out


def test_a_move_to_another_team_and_group_is_followed(path: Path) -> None:
    Run(path, HEADER + ROW)
    Run(path, HEADER + ROW.replace("Sea Trials", "Engine Lab").replace("Crew|Deck", "Deck"))
    eeva = Person.objects.get()
    assert eeva.team == "Engine Lab"
    assert [group.name for group in eeva.groups.all()] == ["Deck"]


def test_columns_that_are_missing_leave_what_is_there(path: Path) -> None:
    Run(path, HEADER + ROW)
    Run(path, "username,display_name\neeva,Eeva J.\n")
    eeva = Person.objects.get()
    assert (eeva.display_name, eeva.email, eeva.groups.count()) == ("Eeva J.", "eeva@example.com", 2)


@pytest.mark.parametrize(
    "document",
    [
        b"\xef\xbb\xbf" + (HEADER + ROW).encode(),
        (HEADER + ROW).encode("latin-1"),
        (HEADER + ROW).encode("utf-16"),
        (HEADER + ROW).replace(",", ";").encode(),
        (HEADER + ROW).replace("\n", "\r\n").encode(),
        (HEADER + ROW).replace("username", "User Name").replace("User Name", "USERNAME").encode(),
    ],
    ids=["bom", "latin-1", "utf-16", "semicolons", "crlf", "capitals"],
)
def test_the_usual_kinds_of_csv_are_read(path: Path, document: bytes) -> None:
    assert Run(path, document).code == 0
    assert Person.objects.get().display_name == "Eeva Järvi"


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (",x@example.com,Nobody,,,,", "no user name"),
        ("nils,x@example.com,,,,,", "no display name"),
        ("nils,no-address,Nils,,,,", "email"),
        ("nils,n@example.com,Nils,,,Mars/Base,", "time_zone"),
        ("nils/../x,n@example.com,Nils,,,,", "username"),
        ("nils,n@example.com,Ni\x00ls,,,,", "control"),
        ("nils,n@example.com", "cells"),
        ("EEVA,e@example.com,Another Eeva,,,,", "twice"),
        ("n" * 151 + ",n@example.com,Nils,,,,", "username"),
    ],
)
def test_a_bad_row_is_told_with_its_line_and_stops_nobody(path: Path, row: str, problem: str) -> None:
    run = Run(path, HEADER + ROW + row + "\n" + ROW.replace("eeva", "aino"))
    assert run.code == 1
    assert "line 3: refused" in run.err
    assert problem in run.err
    assert set(Person.objects.values_list("username", flat=True)) == {"eeva", "aino"}


@pytest.mark.parametrize(
    "document", [b"", b"\x89PNG\r\n\x1a\n\x00\x01", b"name,mail\nx,y\n", b'username,display_name\n"x']
)
def test_an_unusable_file_changes_nothing_and_says_so(path: Path, document: bytes, aino: Person) -> None:
    run = Run(path, document, "--deactivate-missing")
    aino.refresh_from_db()
    assert (run.code, aino.is_active) == (2, True)
    assert "people.csv" in run.err


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No such file"):
        call_command("import_people", str(tmp_path / "nowhere.csv"))


def test_who_left_is_deactivated_only_when_asked(path: Path, aino: Person, admin: Person) -> None:
    Run(path, HEADER + ROW)
    aino.refresh_from_db()
    assert aino.is_active
    run = Run(path, HEADER + ROW, "--deactivate-missing")
    aino.refresh_from_db()
    admin.refresh_from_db()
    assert (aino.is_active, admin.is_active) == (False, True)
    assert "deactivated 'aino'" in run.out
    assert "left alone 'root'" in run.out


def test_who_came_back_is_let_in_again_and_who_was_switched_off_by_hand_is_not(
    path: Path, aino: Person, bo: Person
) -> None:
    Run(path, HEADER + ROW + "bo,bo@example.com,Bo Ekdahl,,,,\n", "--deactivate-missing")
    Person.objects.filter(pk=bo.pk).update(is_active=False)
    aino.refresh_from_db()
    assert (aino.is_active, aino.left_at is None) == (False, False)
    both = "aino,aino@example.com,Aino Lehtinen,,,,\nbo,bo@example.com,Bo Ekdahl-Niemi,,,,\n"
    run = Run(path, HEADER + both)
    aino.refresh_from_db()
    bo.refresh_from_db()
    assert (aino.is_active, aino.left_at, bo.is_active, bo.left_at) == (True, None, False, None)
    assert "line 2: reactivated 'aino'\n" in run.out
    assert "line 3: left off 'bo': switched off by an admin, left so\n1 reactivated, 1 left off" in run.out
    assert (run.code, bo.display_name) == (0, "Bo Ekdahl-Niemi")


def test_who_was_switched_off_by_hand_and_then_left_stays_off_on_return(path: Path, aino: Person) -> None:
    Person.objects.filter(pk=aino.pk).update(is_active=False)
    run = Run(path, HEADER + ROW, "--deactivate-missing")
    assert "aino" not in run.out
    assert "left off 'aino'" in Run(path, HEADER + "aino,a@example.com,Aino,,,,\n").out
    aino.refresh_from_db()
    assert not aino.is_active


def test_a_broken_row_lets_nobody_in_again(path: Path, aino: Person) -> None:
    Run(path, HEADER + ROW, "--deactivate-missing")
    Run(path, HEADER + "aino,broken,Aino,,,,\n")
    aino.refresh_from_db()
    assert not aino.is_active
    assert aino.left_at


def test_the_sessions_of_who_leaves_are_over_even_after_a_return(path: Path, aino: Person, bo: Person) -> None:
    browsers = {person: Client() for person in (aino, bo)}
    for person, browser in browsers.items():
        browser.force_login(person)
    row, others = "aino,aino@example.com,Aino,,,,\n", "bo,bo@example.com,Bo,,,,\n"
    Run(path, HEADER + others, "--deactivate-missing")
    assert [browsers[person].get("/latest/").status_code for person in (aino, bo)] == [302, 200]
    assert Session.objects.count() == 1
    Run(path, HEADER + others + row)
    assert browsers[aino].get("/latest/").status_code == 302
    browsers[aino].force_login(Person.objects.get(pk=aino.pk))
    assert browsers[aino].get("/latest/").status_code == 200


def test_nobody_is_active_and_gone_at_once(path: Path, aino: Person) -> None:
    Run(path, HEADER + ROW, "--deactivate-missing")
    with pytest.raises(IntegrityError, match="person_left_is_inactive"):
        Person.objects.filter(pk=aino.pk).update(is_active=True)


def test_whoever_has_a_broken_row_is_not_taken_for_gone(path: Path, aino: Person) -> None:
    Run(path, HEADER + ROW + "aino,broken,Aino,,,,\n", "--deactivate-missing")
    aino.refresh_from_db()
    assert aino.is_active


def test_a_file_of_broken_rows_deactivates_nobody(path: Path, aino: Person) -> None:
    run = Run(path, HEADER + "nils,broken,Nils,,,,\n", "--deactivate-missing")
    aino.refresh_from_db()
    assert (run.code, aino.is_active) == (2, True)


def test_rights_and_passwords_are_out_of_its_reach(path: Path, admin: Person) -> None:
    admin.set_password("kept as it is")
    admin.save()
    powers = Group.objects.create(name="Powers")
    powers.permissions.add(Permission.objects.get(codename="delete_person"))
    header = "username,display_name,password,is_staff,is_superuser,id,groups\n"
    Run(path, header + f"ROOT,Rauha,hacked,0,0,99,\nnils,Nils,hacked,1,1,{admin.pk},Powers\n")
    admin.refresh_from_db()
    nils = Person.objects.get(username="nils")
    assert (admin.username, admin.is_superuser, admin.check_password("kept as it is")) == ("root", True, True)
    assert (nils.is_staff, nils.is_superuser, nils.has_usable_password()) == (False, False, False)
    assert not nils.groups.exists()
    assert nils.pk != admin.pk
