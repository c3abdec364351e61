"""The aggregator: what comes in and is read."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from bloghub.notifications.guard import register_guard


class AggregatorConfig(AppConfig):
    name = "aggregator"
    verbose_name = _("Blogs")

    def ready(self) -> None:
        """Blogs decide who may still see what people were told about them; posts can be searched for."""
        # No models before this moment
        from aggregator.models.blog import hidden_from, restricted_among  # noqa: PLC0415
        from aggregator.search.kinds import register  # noqa: PLC0415
        from aggregator.search.posts import POSTS  # noqa: PLC0415

        register_guard(hidden_from, restricted_among)
        register(POSTS)
