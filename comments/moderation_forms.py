"""The forms of flagging and moderating: reasons in somebody's own words, made harmless to show."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from bloghub.lib.text import plain_line
from comments import flagging, moderation
from comments.models import FlagReason


class FlagForm(forms.Form):
    """Why a comment should not stand as it is."""

    reason = forms.ChoiceField(label=_("What is the matter with it?"), choices=FlagReason, widget=forms.RadioSelect)
    note = forms.CharField(
        label=_("In your words"),
        required=False,
        max_length=flagging.LONGEST,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
        help_text=_("Its writer reads this, without your name."),
    )


class Line(forms.CharField):
    """One line of somebody's own words, of which something must be left to read."""

    def clean(self, value: str) -> str:
        line = plain_line(super().clean(value), self.max_length or 0)
        if not line and self.required:
            raise ValidationError(self.error_messages["required"], code="required")
        return line


class ReplyForm(forms.Form):
    """Why a flagged comment should stay, as its writer sees it."""

    reply = Line(
        label=_("Why it should stay"),
        max_length=flagging.LONGEST,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
        error_messages={"required": _("Say in a sentence why it should stay.")},
    )


class ReasonForm(forms.Form):
    """Why a moderator does what they do; nothing is done without."""

    because = Line(
        max_length=moderation.LONGEST,
        error_messages={"required": _("Give a reason: everyone concerned reads it.")},
    )


class PaceForm(ReasonForm):
    """How fast a conversation may go: seconds between comments of one person."""

    PACES = (
        (60, _("one comment a minute")),
        (300, _("one comment in 5 minutes")),
        (900, _("one comment in 15 minutes")),
        (0, _("as fast as they like")),
    )
    seconds = forms.TypedChoiceField(coerce=int, choices=PACES)


class SuspensionForm(ReasonForm):
    """How long somebody's comments are held."""

    SPANS = (("day", _("for a day")), ("week", _("for a week")), ("lifted", _("until it is lifted")))
    span = forms.ChoiceField(choices=SPANS)
