"""Forms of the aggregator: what people type, checked. What happens then is in the process modules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.signing import BadSignature
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from aggregator.models import Audience, Blog
from aggregator.models.saved_search import NAME_LENGTH
from aggregator.registration import RESERVED_SLUGS, Preview
from aggregator.search import saving
from aggregator.search.saving import Wanted
from aggregator.search.typed import MAX_TYPED
from bloghub.lib.urls import MAX_URL_LENGTH

if TYPE_CHECKING:
    BlogModelForm = forms.ModelForm[Blog]
else:
    BlogModelForm = forms.ModelForm


class AddressForm(forms.Form):
    """The address of a blog, as somebody pastes it. Judged by the fetch policy when it is looked at, not here."""

    address = forms.CharField(
        label=_("Address"),
        max_length=MAX_URL_LENGTH,
        help_text=_("Of the blog's feed or of its homepage; “https://” may be left out."),
        widget=forms.TextInput(
            attrs={
                "size": 80,
                "inputmode": "url",
                "autocomplete": "off",
                "autocapitalize": "none",
                "spellcheck": "false",
                "autofocus": True,
            }
        ),
    )


class BlogForm(BlogModelForm):
    """A blog's own words, its owners and who may see it."""

    class Meta:
        model = Blog
        fields = ["title", "owners", "audience", "audience_groups"]

    def clean_slug(self) -> str:
        """Asked for in the admin only, and not when a blog is registered."""
        slug = str(self.cleaned_data["slug"])
        if slug in RESERVED_SLUGS:
            raise forms.ValidationError(_("A page of the hub has this address. Please choose another."))
        return slug

    def clean(self) -> dict[str, Any]:
        """Named groups only, and none named, would hide the blog from everybody."""
        data = super().clean() or self.cleaned_data
        if data.get("audience") == Audience.GROUPS and not data.get("audience_groups"):
            self.add_error("audience_groups", _("Name at least one group, or choose “everyone”."))
        return data


class RegistrationForm(BlogForm):
    """What an admin decides about a blog that was previewed. The preview travels in the form, signed."""

    token = forms.CharField(widget=forms.HiddenInput)

    def clean_token(self) -> Preview:
        try:
            return Preview.from_token(self.cleaned_data["token"])
        except BadSignature:
            raise forms.ValidationError(_("This preview is too old. Please look at the address again.")) from None


class SavedSearchForm(forms.Form):
    """A search to keep: its name, else it is called by its words; and whether to tell of what is new."""

    name = forms.CharField(label=_("Name"), max_length=NAME_LENGTH, required=False, strip=True)
    query = forms.CharField(
        label=_("Search"),
        max_length=MAX_TYPED,
        error_messages={"required": _("Type what you are looking for: a word, a name or a filter such as tag:pumps.")},
    )
    is_told = forms.BooleanField(label=_("Tell me when it finds something new"), required=False)

    def clean_query(self) -> str:
        typed = str(self.cleaned_data["query"])
        query = saving.read(typed, timezone.localtime())
        if not saving.looks_for(query):
            raise forms.ValidationError(_("There is no word in this that could be looked for."))
        return query.text

    def wanted(self) -> Wanted:
        """What is to be saved, of a valid form."""
        cleaned = self.cleaned_data
        return Wanted(cleaned["name"] or cleaned["query"][:NAME_LENGTH], cleaned["query"], cleaned["is_told"])
