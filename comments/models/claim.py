"""Claim: a blogger whom the hub knows by a mail address only, invited to take their blog."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from aggregator.models import Blog
from comments.models.comment import Comment


class Claim(models.Model):
    """One invitation for one blog, made with the first comment on it. ``sent_at`` is null while its mail is to go."""

    blog = models.OneToOneField(Blog, on_delete=models.CASCADE, primary_key=True, related_name="claim")
    email = models.EmailField(_("mail address"))
    comment = models.ForeignKey(Comment, on_delete=models.SET_NULL, null=True, related_name="+")
    invited_at = models.DateTimeField(_("invited"))
    sent_at = models.DateTimeField(_("sent"), null=True)
    claimed_at = models.DateTimeField(_("claimed"), null=True)
    claimed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        verbose_name = _("claim of a blog")
        verbose_name_plural = _("claims of blogs")
        indexes = [models.Index(fields=["invited_at"], name="claim_unsent", condition=Q(sent_at=None))]

    def __str__(self) -> str:
        return f"{self.blog_id}: {self.email}"
