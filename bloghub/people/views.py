"""Coming in: sign-in, the demo's sign-in with one click, the first admin."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bloghub.people import first_admin
from bloghub.people.forms import FirstAdminForm, SignInForm
from bloghub.people.models import Person


class SignInView(LoginView):
    """User name and password; in the demo also its people, one click each."""

    template_name = "people/sign_in.html"
    authentication_form = SignInForm

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Who is signed in already is sent on, unless they came from a door that stays shut to them."""
        wanted = self.get_success_url()
        if request.user.is_authenticated and not _refuses(wanted, request):
            return redirect(wanted)
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"demo_people": demo_people(self.request)}

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        response = super().form_invalid(form)
        wait = getattr(form, "wait", 0)
        if wait:
            response.status_code = 429
            response["Retry-After"] = str(wait)
        return response


def _refuses(wanted: str, request: HttpRequest) -> bool:
    """Whether going there would lead straight back here: to this page itself, or to the admin for who is not staff."""
    path = urlsplit(wanted).path
    shut = path.startswith(reverse("admin:index")) and not request.user.is_staff
    return shut or path == request.path


@login_not_required
@never_cache
def admin_sign_in(request: HttpRequest) -> HttpResponse:
    """The admin has no door of its own: one door, one throttle."""
    query = urlencode({"next": request.GET.get("next", "")})
    return redirect(f"{resolve_url(settings.LOGIN_URL)}?{query}")


@login_not_required
@require_POST
def demo_session_create(request: HttpRequest) -> HttpResponse:
    """Signs one of the demo's people in: on this machine and in the demo only."""
    person = get_object_or_404(demo_people(request), username=request.POST.get("username", "").replace("\x00", ""))
    login(request, person)
    return HttpResponseRedirect(_way_on(request))


# A proxy on this machine makes everybody look local: who comes through one is a visitor
_FORWARDED = {"X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Forwarded", "Via"}


def demo_people(request: HttpRequest) -> QuerySet[Person]:
    """Whom one click may sign in: nobody unless the demo runs and the browser is on this machine."""
    if not (settings.DEMO and _is_loopback(request)) or _FORWARDED & request.headers.keys():
        return Person.objects.none()
    return Person.objects.filter(is_demo=True, is_active=True).order_by("-is_superuser", "display_name")


def _is_loopback(request: HttpRequest) -> bool:
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


def _way_on(request: HttpRequest) -> str:
    """Where somebody wanted to go before they were asked to sign in, if it is a page of ours."""
    wanted = request.POST.get("next", "")
    ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if ours else resolve_url(settings.LOGIN_REDIRECT_URL)


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def first_admin_create(request: HttpRequest, token: str) -> HttpResponse:
    """The page behind the link of the first start."""
    if not first_admin.is_valid(token):
        return _link_ended(request)
    form = FirstAdminForm(request.POST or None)
    if form.is_valid():
        person = form.save(commit=False)
        if not first_admin.create(person, form.cleaned_data["password"]):
            return _link_ended(request)
        login(request, person)
        return redirect("people:firstadmin-detail")
    return render(request, "people/first_admin.html", {"form": form})


def _link_ended(request: HttpRequest) -> HttpResponse:
    """One answer for old, used and made-up links, so that it tells nothing but what to do."""
    return render(request, "people/link_ended.html", status=404)


@never_cache
@require_safe
def first_admin_detail(request: HttpRequest) -> HttpResponse:
    """What the first admin may do next; for admins alone."""
    if not request.user.is_superuser:
        raise Http404
    return render(request, "people/first_admin_done.html")
