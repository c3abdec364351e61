"""Whose blog a row of a list is: its words matched with people, by user name or mail address."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import Q
from django.db.models.functions import Lower

from bloghub.people.models import Person

MOST = 20  # names in one cell
_BETWEEN = re.compile(r"[,;|\s]+")


@dataclass(frozen=True, slots=True)
class Owners:
    """Who was meant. ``mail`` is the first address that is nobody's yet: its holder may claim the blog later.

    ``unknown`` and ``shared`` are the words that name nobody, and those that name several people.
    """

    people: tuple[Person, ...] = ()
    mail: str = ""
    unknown: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()


class Directory:
    """The people whom some rows name; one query for all of them."""

    def __init__(self, cells: Iterable[str]) -> None:
        words = {word.lower() for cell in cells for word in _words(cell)}
        self._by_name: dict[str, Person] = {}
        self._by_mail: dict[str, list[Person]] = {}
        people = Person.objects.annotate(name_key=Lower("username"), mail_key=Lower("email"))
        for person in people.filter(Q(name_key__in=words) | Q(mail_key__in=words)) if words else ():
            self._by_name[person.username.lower()] = person
            self._by_mail.setdefault(person.email.lower(), []).append(person)

    def owners(self, cell: str) -> Owners:
        """The people of one cell; a user name goes before a mail address."""
        people: list[Person] = []
        unknown, shared = list[str](), list[str]()
        for word in _words(cell):
            named = self._by_name.get(word.lower())
            found = [named] if named else self._by_mail.get(word.lower(), [])
            if len(found) == 1:
                people += [person for person in found if person not in people]
            else:
                (shared if found else unknown).append(word)
        mail = "" if people else next(filter(_is_mail, unknown), "")
        return Owners(tuple(people), mail, tuple(word for word in unknown if word != mail), tuple(shared))


def _words(cell: str) -> list[str]:
    return [word for word in _BETWEEN.split(cell.strip()) if word][:MOST]


def _is_mail(word: str) -> bool:
    try:
        validate_email(word)
    except ValidationError:
        return False
    return len(word) <= 254  # noqa: PLR2004 - what the column holds
