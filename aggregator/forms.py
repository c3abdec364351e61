"""Forms of the aggregator: what people type, checked. What happens then is in the process modules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.core.signing import BadSignature
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy as _

from aggregator.importing.reading import ListError, read_list
from aggregator.models import Audience, Blog
from aggregator.models.saved_search import NAME_LENGTH
from aggregator.opml import MAX_BYTES
from aggregator.registration import RESERVED_SLUGS, Preview
from aggregator.search import saving
from aggregator.search.saving import Wanted
from aggregator.search.typed import MAX_TYPED
from bloghub.lib.urls import MAX_URL_LENGTH

NOTE_LENGTH = 1000  # characters

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


class ListForm(forms.Form):
    """A list of blogs, pasted or as a file, read here; what its rows bring is found out by the workers."""

    words = forms.CharField(
        label=_("Paste a list"),
        required=False,
        strip=False,
        help_text=_("One address a line, or the content of an OPML file, a Planet’s config.ini or a CSV table."),
        widget=forms.Textarea(attrs={"rows": 10, "cols": 80, "spellcheck": "false", "autocapitalize": "none"}),
    )
    document = forms.FileField(
        label=_("Or choose a file"),
        required=False,
        help_text=_("OPML, a Planet’s config.ini, CSV with a first line that names its columns, or plain addresses."),
    )
    kind = forms.ChoiceField(
        label=_("Format"),
        required=False,
        choices=[
            ("", _("find out")),
            ("opml", _("OPML")),
            ("planet", _("a Planet’s config.ini")),
            ("csv", _("CSV: address, title, owner")),
            ("lines", _("one address a line")),
        ],
    )

    def clean_document(self) -> UploadedFile[bytes] | None:
        chosen: UploadedFile[bytes] | None = self.cleaned_data["document"]
        if chosen is not None and (chosen.size or 0) > MAX_BYTES:
            raise forms.ValidationError(
                _("The file is larger than %(most)d MB."), params={"most": MAX_BYTES // 1024**2}
            )
        return chosen

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if self.errors:
            return data
        chosen = data["document"]
        document = chosen.read() if chosen is not None else data["words"].encode()
        if chosen is not None and data["words"].strip():
            raise forms.ValidationError(_("Paste a list or choose a file, not both."))
        try:
            data["rows"] = read_list(document, data["kind"])
        except ListError as error:
            raise forms.ValidationError(str(error)) from None
        if not data["rows"]:
            raise forms.ValidationError(_("There is no address in this list."))
        data["name"] = chosen.name if chosen is not None else gettext("Pasted list")
        return data


class SuggestionForm(forms.Form):
    """A blog that somebody proposes, and why."""

    address = forms.CharField(
        label=_("Address of the blog"),
        max_length=MAX_URL_LENGTH,
        help_text=_("Of its homepage or of its feed; “https://” may be left out."),
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off", "autocapitalize": "none"}),
    )
    note = forms.CharField(
        label=_("Why should colleagues read it?"),
        max_length=NOTE_LENGTH,
        required=False,
        help_text=_("An admin reads this. Say if it is your own."),
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class AcceptanceForm(BlogForm):
    """What an admin decides about a blog that somebody has suggested."""

    is_own = forms.BooleanField(label=_("The proposer owns the blog"), required=False)
    words = forms.CharField(
        label=_("To the proposer"),
        max_length=NOTE_LENGTH,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 80}),
    )

    class Meta:
        model = Blog
        fields = ["title", "audience", "audience_groups"]


class DeclinationForm(forms.Form):
    """No, and why."""

    words = forms.CharField(
        label=_("Your reason"),
        max_length=NOTE_LENGTH,
        help_text=_("The proposer reads it."),
        widget=forms.Textarea(attrs={"rows": 3, "cols": 80}),
    )


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
