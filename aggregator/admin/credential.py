"""Sign-ins at blogs' servers in the admin: a password goes in and never comes out again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from aggregator import credentials
from aggregator.models import CredentialScheme, HostCredential
from bloghub.lib.sender import HTTPS, server_of

if TYPE_CHECKING:
    CredentialModelForm = forms.ModelForm[HostCredential]
    CredentialModelAdmin = admin.ModelAdmin[HostCredential]
else:
    CredentialModelForm = forms.ModelForm
    CredentialModelAdmin = admin.ModelAdmin


class CredentialForm(CredentialModelForm):
    """``password`` is what is sealed; left empty, the one that is kept stays."""

    password = forms.CharField(
        label=_("Password or token"),
        required=False,  # an existing one may be kept: clean_password
        strip=False,
        max_length=1000,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Kept encrypted and never shown again."),
    )

    class Meta:
        model = HostCredential
        fields = ("host", "scheme", "username")
        help_texts = {
            "host": _(
                "Sent to this server alone, and only over https unless the port says otherwise: "
                "blogs.example, blogs.example:8443, or blogs.example:80 for plain http, where others can read it."
            )
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.secret:
            self.fields["password"].help_text = _(
                "Kept encrypted and never shown again. Leave it empty to keep the one there is."
            )

    def clean_host(self) -> str:
        """In one spelling, so that a server has one sign-in."""
        try:
            host, port = server_of(self.cleaned_data["host"])
        except ValueError as error:
            raise ValidationError(str(error)) from None
        place = f"[{host}]" if ":" in host else host
        return place if port == HTTPS else f"{place}:{port}"

    def clean_username(self) -> str:
        name: str = self.cleaned_data["username"]
        if ":" in name:  # RFC 7617: the first colon ends the name
            raise ValidationError(_("A name for a server holds no colon."))
        return name

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if not password and not self.instance.secret:
            raise ValidationError(_("Enter the password or the token."))
        if not password.isprintable():
            raise ValidationError(_("The password holds characters that no header can carry."))
        return password

    def clean(self) -> None:
        """A token has no name, and a password has one."""
        super().clean()
        if self.cleaned_data.get("scheme") == CredentialScheme.BASIC and self.cleaned_data.get("username") == "":
            self.add_error("username", _("Enter the name that goes with the password."))
        if self.cleaned_data.get("scheme") == CredentialScheme.BEARER:
            self.cleaned_data["username"] = ""
            if not self.cleaned_data.get("password", "").isascii():
                self.add_error("password", _("A token is written in plain ASCII."))


@admin.register(HostCredential)
class HostCredentialAdmin(CredentialModelAdmin):
    """One row a server."""

    form = CredentialForm
    list_display = ("host", "scheme", "username")
    search_fields = ("host",)

    def save_model(self, request: HttpRequest, obj: HostCredential, form: CredentialForm, change: bool) -> None:
        if form.cleaned_data["password"]:
            obj.secret = credentials.seal(form.cleaned_data["password"])
        super().save_model(request, obj, form, change)
