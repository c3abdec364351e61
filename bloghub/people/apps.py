"""People: who may sign in, what they may see, how they wish to be addressed."""

from django.apps import AppConfig, apps
from django.utils.translation import gettext_lazy as _


class PeopleConfig(AppConfig):
    name = "bloghub.people"
    label = "people"
    verbose_name = _("People")

    def ready(self) -> None:
        """Django's groups are of people, and stand with them in the admin."""
        apps.get_app_config("auth").verbose_name = self.verbose_name
