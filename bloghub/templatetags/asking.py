"""Whom to ask on this hub: BLOGHUB_CONTACT in the middle of a sentence."""

from __future__ import annotations

from django import template
from django.conf import settings
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from bloghub.environment import is_mail_address

register = template.Library()


@register.simple_tag
def whom(about: str = "") -> SafeString:
    """A link that writes a mail with the subject ``about``, the words of the setting, or an administrator."""
    contact = settings.CONTACT
    if not contact:
        return format_html("{}", gettext("an administrator of this hub"))
    if not is_mail_address(contact):
        return format_html("<bdi>{}</bdi>", contact)
    subject = f"?{urlencode({'subject': about}).replace('+', '%20')}" if about else ""
    return format_html('<a href="mailto:{}{}">{}</a>', contact, subject, contact)
