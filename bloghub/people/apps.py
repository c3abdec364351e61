"""People: who may sign in, what they may see, how they wish to be addressed."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PeopleConfig(AppConfig):
    name = "bloghub.people"
    label = "people"
    verbose_name = _("people")
