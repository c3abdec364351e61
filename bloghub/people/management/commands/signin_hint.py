"""How to sign in, for whoever has just started the hub."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.urls import reverse

from bloghub.people import first_admin
from bloghub.people.models import Person


class Command(BaseCommand):
    help = "Prints how to sign in: the link that makes the first admin while there is none, and the demo's people."

    def handle(self, *args: Any, **options: Any) -> None:
        door = f"{settings.PUBLIC_URL}{reverse('people:session-create')}"
        if settings.DEMO and Person.objects.filter(is_demo=True).exists():
            self.stdout.write(f"Sign in as one of the demo's people, one click: {door}")
        elif not first_admin.is_missing():
            self.stdout.write(f"Sign in: {door}")
        if first_admin.is_missing():
            minutes = first_admin.LIFETIME // 60
            self.stdout.write(f"Become the first admin (link for {minutes} minutes): {first_admin.setup_url()}")
