"""How a person has chosen to be told of each kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.db import transaction

from bloghub.notifications.models import Delivery, Kind, Notification, Preference
from bloghub.notifications.telling import DEFAULTS

if TYPE_CHECKING:
    from bloghub.people.models import Person


def deliveries_of(person: Person) -> dict[str, str]:
    """How this person is told of each kind, in the order of Kind. One query."""
    chosen = dict(Preference.objects.filter(person=person).values_list("kind", "delivery"))
    return {kind: chosen.get(kind, DEFAULTS[kind]) for kind in Kind.values}


def choose(person: Person, deliveries: Mapping[str, str]) -> None:
    """Takes the choices for some kinds; mails and digests that wait for what is no longer wished do not go out."""
    rows = [Preference(person=person, kind=kind, delivery=delivery) for kind, delivery in sorted(deliveries.items())]
    with transaction.atomic():
        Preference.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["person", "kind"], update_fields=["delivery"]
        )
        waiting = Notification.objects.filter(recipient=person)
        without = [kind for kind, delivery in deliveries.items() if delivery != Delivery.MAIL]
        waiting.filter(kind__in=without, mail_due_at__isnull=False).update(mail_due_at=None)
        without = [kind for kind, delivery in deliveries.items() if delivery != Delivery.DIGEST]
        waiting.filter(kind__in=without, in_digest=True).update(in_digest=False)
