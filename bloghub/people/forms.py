"""Forms of sign-in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.password_validation import password_validators_help_text_html, validate_password
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bloghub.people import throttle
from bloghub.people.models import Person

if TYPE_CHECKING:  # generic for the type checker only
    PersonForm = forms.ModelForm[Person]
else:
    PersonForm = forms.ModelForm


class SignInForm(AuthenticationForm):
    """Django's own, behind the throttle. ``wait`` is set when it refused: seconds until the next try."""

    error_messages = {
        "invalid_login": _("No account has this user name and password. Mind capital letters."),
        "inactive": _("This account is switched off."),
        "throttled": _("Too many wrong tries for this account or from your computer. Wait five minutes and try again."),
    }
    wait = 0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = _("User name")
        if self.is_bound and self.data.get("username"):  # seen again only when refused: the name stays as typed
            self.fields["username"].widget.attrs.pop("autofocus", None)
            self.fields["password"].widget.attrs["autofocus"] = True

    def clean(self) -> dict[str, Any]:
        username = self.cleaned_data.get("username")
        if not (username and self.cleaned_data.get("password") and self.request):
            return super().clean()
        attempt = throttle.begin(username, throttle.client_address(self.request), timezone.now())
        if attempt.wait:
            self.wait = attempt.wait
            raise ValidationError(self.error_messages["throttled"], code="throttled")
        cleaned = super().clean()
        attempt.succeeded()
        return cleaned


class FirstAdminForm(PersonForm):
    """Name and password of the first admin."""

    password = forms.CharField(
        label=_("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    class Meta:
        model = Person
        fields = ("display_name", "username", "email")
        labels = {"display_name": _("Your name"), "username": _("User name"), "email": _("E-mail address")}
        widgets = {
            "display_name": forms.TextInput(attrs={"autocomplete": "name"}),
            "username": forms.TextInput(
                attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
            ),
            "email": forms.EmailInput(attrs={"autocomplete": "email"}),
        }
        help_texts = {
            "display_name": _("As colleagues know you."),
            "username": _("For signing in; short, without spaces."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].required = True
        self.fields["password"].help_text = password_validators_help_text_html()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if password := cleaned.get("password"):
            so_far = Person(**{name: cleaned.get(name, "") for name in self.Meta.fields})
            try:
                validate_password(password, so_far)  # it may not be like the name
            except ValidationError as trouble:
                self.add_error("password", trouble)
        return cleaned
