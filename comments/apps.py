"""The conversation about posts."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from aggregator.search.kinds import register


class CommentsConfig(AppConfig):
    name = "comments"
    verbose_name = _("Conversation")

    def ready(self) -> None:
        """Comments can be searched for."""
        from comments.search import COMMENTS  # noqa: PLC0415 - no models before this moment

        register(COMMENTS)
