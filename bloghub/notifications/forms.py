"""The form of how one wishes to be told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from bloghub.notifications.choices import choose, deliveries_of
from bloghub.notifications.models import Delivery, DigestRhythm, Kind, Notification, Preferences

if TYPE_CHECKING:
    from bloghub.people.models import Person

HOURS = [(hour, f"{hour}:00") for hour in range(24)]


class Clock(forms.TimeInput):
    """The browser's own field for a time of day, to the minute."""

    input_type = "time"

    def __init__(self) -> None:
        super().__init__(format="%H:%M")


class PreferencesForm(forms.Form):
    """One choice for each kind (``kind_<kind>``), the hours without mails, and the digest."""

    quiet_from = forms.TimeField(label=_("From"), required=False, widget=Clock)
    quiet_until = forms.TimeField(label=_("Until"), required=False, widget=Clock)
    digest = forms.ChoiceField(label=_("It comes"), choices=DigestRhythm.choices)
    digest_hour = forms.TypedChoiceField(label=_("At"), choices=HOURS, coerce=int)

    def __init__(self, person: Person, data: Any = None) -> None:
        self._person = person
        preferences = Preferences.objects.filter(person=person).first() or Preferences(person=person)
        self._preferences, self._deliveries = preferences, deliveries_of(person)
        initial = {name: getattr(preferences, name) for name in self.base_fields}
        super().__init__(data, initial=initial)
        for kind, label in Kind.choices:
            self.fields[f"kind_{kind}"] = forms.ChoiceField(
                label=label, choices=Delivery.choices, initial=self._deliveries[kind]
            )

    @property
    def kinds(self) -> list[forms.BoundField]:
        return [self[f"kind_{kind}"] for kind in Kind.values]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        start, end = cleaned.get("quiet_from"), cleaned.get("quiet_until")
        if {"quiet_from", "quiet_until"} & self.errors.keys():
            return cleaned
        if (start is None) != (end is None):
            self.add_error("quiet_until", _("Quiet hours need both times, or neither."))
        elif start is not None and start == end:
            self.add_error("quiet_until", _("Quiet hours end at another time than they begin."))
        return cleaned

    def save(self) -> None:
        """Stores what was chosen. Only what differs from before becomes a choice of its own: defaults may change."""
        cleaned = self.cleaned_data
        chosen = {kind: cleaned[f"kind_{kind}"] for kind in Kind.values}
        with transaction.atomic():
            choose(self._person, {kind: how for kind, how in chosen.items() if how != self._deliveries[kind]})
            values = {name: cleaned[name] for name in self.base_fields}
            Preferences.objects.update_or_create(person=self._person, defaults=values)
            if values["digest"] == DigestRhythm.NEVER:
                Notification.objects.filter(recipient=self._person, in_digest=True).update(in_digest=False)
