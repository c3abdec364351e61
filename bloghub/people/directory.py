"""Keeps people in step with the company's directory: a table of colleagues in; people come, change, leave and return.

Owns what a row may change: who somebody is and which audiences they belong to. Never touches passwords, staff and
superuser rights, or groups that grant permissions, and never renames anybody: a person is their user name. Whom an
admin switched off stays off; ``left_at`` marks those whom the directory switched off.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from bloghub.people.models import Person
from bloghub.people.sessions import end_sessions

PROFILE = ("email", "display_name", "team", "site", "time_zone")
REQUIRED = ("username", "display_name")
_BETWEEN_GROUPS = re.compile(r"[|;,]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class UnreadableError(Exception):
    """The file as a whole is of no use; the message says why."""


@dataclass(frozen=True, slots=True)
class Row:
    """One colleague. ``profile`` holds the columns that the file has; ``groups`` is None when it has no such column."""

    line: int
    username: str
    profile: dict[str, str]
    groups: frozenset[str] | None = None
    is_cut: bool = False  # it has more or fewer cells than the header


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one row, or of a person without one (``line`` 0). ``why`` is empty where it is plain."""

    line: int
    username: str
    what: str  # created, updated, unchanged, reactivated, left off, deactivated, left alone, refused
    why: str = ""


def read(document: bytes) -> list[Row]:
    """The rows of a CSV file: commas, semicolons or tabs; UTF-8 (with or without BOM), UTF-16 with BOM, or Latin-1.

    Raises UnreadableError when there is no header with the columns that are needed.
    """
    text = _decode(document)
    header = text.partition("\n")[0]
    lines = csv.DictReader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=header.count))
    try:
        names = [name.strip().lower().replace(" ", "_") for name in lines.fieldnames or []]
        missing = [name for name in REQUIRED if name not in names]
        if missing:
            raise UnreadableError(f"The first line must name the columns; missing: {', '.join(missing)}.")
        lines.fieldnames = names
        return [_row(lines.line_num, values) for values in lines]
    except csv.Error as error:
        raise UnreadableError(f"Line {lines.line_num}: {error}.") from None


def _decode(document: bytes) -> str:
    if document.startswith((b"\xff\xfe", b"\xfe\xff")):
        return document.decode("utf-16", errors="replace")
    try:
        return document.decode("utf-8-sig")
    except UnicodeDecodeError:
        return document.decode("cp1252", errors="replace")


def _row(line: int, values: dict[str | Any, str | Any]) -> Row:
    is_cut = None in values or None in values.values()  # csv's marks for too many and too few
    cells = {name: value.strip() for name, value in values.items() if name and isinstance(value, str)}
    groups = None
    if "groups" in cells:
        groups = frozenset(name.strip() for name in _BETWEEN_GROUPS.split(cells["groups"]) if name.strip())
    profile = {name: cells[name] for name in PROFILE if name in cells}
    return Row(line, Person.normalize_username(cells.get("username", "")), profile, groups, is_cut)


@transaction.atomic
def apply(rows: Iterable[Row], *, deactivate_missing: bool = False) -> list[Outcome]:
    """Brings people in step with ``rows``, all or nothing; bad rows are refused one by one. Safe to repeat."""
    directory = _Directory()
    outcomes = [directory.take(row) for row in rows]
    if deactivate_missing:
        if not directory.taken:
            raise UnreadableError("No row could be used: nobody is deactivated.")
        outcomes += directory.deactivate_the_rest(timezone.now())
    return outcomes


@dataclass(slots=True)
class _Directory:
    """Everybody we know, by user name without case, and who has been named so far."""

    people: dict[str, Person] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    named: set[str] = field(default_factory=set)
    taken: int = 0

    def __post_init__(self) -> None:
        known = Person.objects.select_for_update(of=("self",)).order_by("pk").prefetch_related("groups")
        self.people = {person.username.lower(): person for person in known}
        self.groups = {group.name: group for group in Group.objects.filter(permissions=None)}

    def take(self, row: Row) -> Outcome:
        key = row.username.lower()
        problem = "this user name stands in the file twice" if key and key in self.named else _problem(row)
        self.named.add(key)
        if problem:
            return Outcome(row.line, row.username, "refused", problem)
        self.taken += 1
        person = self.people.get(key)
        return self._update(person, row) if person else self._create(row)

    def _update(self, person: Person, row: Row) -> Outcome:
        """The row of somebody who is switched off is followed, too: it holds when they are switched on again."""
        returns = person.left_at is not None
        wanted = row.profile | ({"is_active": True, "left_at": None} if returns else {})
        changed = [name for name, value in wanted.items() if getattr(person, name) != value]
        for name in changed:
            setattr(person, name, wanted[name])
        if changed:
            person.save(update_fields=changed)
        moved = self._set_groups(person, row.groups)
        if not person.is_active:
            return Outcome(row.line, person.username, "left off", "switched off by an admin, left so")
        what = "reactivated" if returns else "updated" if changed or moved else "unchanged"
        return Outcome(row.line, person.username, what)

    def _create(self, row: Row) -> Outcome:
        person = Person(username=row.username, **row.profile)
        person.set_unusable_password()
        person.save(force_insert=True)
        self.people[row.username.lower()] = person
        self._set_groups(person, row.groups)
        return Outcome(row.line, person.username, "created")

    def _set_groups(self, person: Person, names: Collection[str] | None) -> bool:
        """Only audiences: a group that grants permissions is left as an admin has set it."""
        if names is None:
            return False
        wanted = {group.pk for name in names if (group := self._group(name)) is not None}
        audiences = {group.pk for group in self.groups.values()}
        now = {group.pk for group in person.groups.all()} if person.pk else set()
        add, remove = wanted - now, (now & audiences) - wanted
        person.groups.add(*sorted(add))
        person.groups.remove(*sorted(remove))
        return bool(add or remove)

    def _group(self, name: str) -> Group | None:
        if name not in self.groups:
            group, _created = Group.objects.get_or_create(name=name[:150])
            if group.permissions.exists():
                return None
            self.groups[name] = group
        return self.groups[name]

    def deactivate_the_rest(self, now: datetime) -> list[Outcome]:
        """Whoever is named by no row, not even a refused one; superusers stay, or the hub could lose its last one."""
        unnamed = [person for key, person in sorted(self.people.items()) if key not in self.named]
        absent = [person for person in unnamed if person.is_active and not person.is_demo]
        leaving = [person for person in absent if not person.is_superuser]
        Person.objects.filter(pk__in=[person.pk for person in leaving]).update(is_active=False, left_at=now)
        end_sessions(leaving)
        return [
            Outcome(0, person.username, "left alone", "a superuser who is not in the file")
            if person.is_superuser
            else Outcome(0, person.username, "deactivated")
            for person in absent
        ]


def _problem(row: Row) -> str:
    """Why this row cannot be used; empty when it can."""
    if row.is_cut:
        return "it has more or fewer cells than the first line"
    if not row.username or not row.profile.get("display_name"):
        return "it has no user name or no display name"
    person = Person(username=row.username, **row.profile)
    if any(_CONTROL.search(value) for value in (row.username, *row.profile.values(), *(row.groups or ()))):
        return "it holds control characters"
    try:
        person.clean_fields(exclude=["password"])
    except ValidationError as error:
        return "; ".join(f"{name}: {' '.join(messages)}" for name, messages in error.message_dict.items())
    return ""
