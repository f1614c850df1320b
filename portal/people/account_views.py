"""A person's own pages, outside any tenant: choosing a programme, the profile, the demo's sign-in."""

from uuid import UUID

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from portal.accounts.access import signed_in
from portal.people import actions, queries
from portal.people.forms import ProfileForm


@login_required
def choose(request: HttpRequest) -> HttpResponse:
    """Where one lands after signing in: the only programme at once, else a choice."""
    programmes = list(queries.programmes(signed_in(request)))
    if len(programmes) == 1 and "all" not in request.GET:
        return redirect("shell:home", programmes[0].tenant.slug)
    return render(request, "people/choose.html", {"title": _("Your programmes"), "programmes": programmes})


@login_required
def programmes(request: HttpRequest) -> HttpResponse:
    """The entries of the side bar's switcher."""
    context = {
        "programmes": queries.programmes(signed_in(request)),
        "current": request.GET.get("current", ""),
    }
    return render(request, "people/programmes.html", context)


@login_required
def profile(request: HttpRequest) -> HttpResponse:
    form = ProfileForm(request.POST or None, user=signed_in(request))
    if request.method == "POST" and form.is_valid():
        user = actions.change_profile(signed_in(request), **form.cleaned_data)
        with translation.override(user.language or translation.get_language()):
            messages.success(request, _("Your profile has been saved."))
        response = redirect("accounts:profile")
        if user.language:
            response.set_cookie(settings.LANGUAGE_COOKIE_NAME, user.language, samesite="Lax")
        return response
    return render(request, "people/profile.html", {"title": _("Profile"), "form": form})


@require_POST
def demo_sign_in(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Sign in as the demo's person of a role, in demo mode only and never into a real vendor's programme."""
    member = next((member for member in queries.demo_members() if member.pk == pk), None)
    if settings.PRODUCTION or member is None:
        raise Http404
    get_adapter().login(request, member.user)
    return redirect(reverse("shell:home", args=(member.tenant.slug,)))
