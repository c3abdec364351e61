"""The nouns of telling, one a file."""

from bloghub.notifications.models.notification import Kind, Notification
from bloghub.notifications.models.preference import Delivery, DigestRhythm, Preference, Preferences

__all__ = ["Delivery", "DigestRhythm", "Kind", "Notification", "Preference", "Preferences"]
