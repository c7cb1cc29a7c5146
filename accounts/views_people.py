"""The people desk: who holds which role, and on what credential a reviewer signs."""

from datetime import datetime, time

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from audit.moves import WrongState

from . import credentials, roles
from . import people as verbs
from .access import holders_of
from .forms_people import CredentialForm, EndForm, GrantForm, PersonForm, SpecialtiesForm, SpecialtyForm
from .models import Credential, RoleGrant, Specialty, User
from .roles import Role

PAGE_SIZE = 30


@holders_of(Role.ADMINISTRATOR)
@never_cache
def people(request: HttpRequest) -> HttpResponse:
    """Holders of a role, or whoever is searched for; paged by id."""
    wanted = request.GET.get("q", "").strip()[:100]
    found = User.objects.order_by("pk").prefetch_related("grants").exclude(password="!")
    if wanted:
        found = found.filter(Q(email__icontains=wanted) | Q(handle__icontains=wanted) | Q(name__icontains=wanted))
    else:
        found = found.filter(pk__in=RoleGrant.objects.standing().values("user"))
    after = request.GET.get("after", "")
    rows = list(found.filter(pk__gt=int(after) if after.isdecimal() and len(after) < 16 else 0)[: PAGE_SIZE + 1])
    older = f"?{urlencode({'q': wanted, 'after': rows[PAGE_SIZE - 1].pk})}" if len(rows) > PAGE_SIZE else ""
    return render(request, "accounts/people.html", {"rows": rows[:PAGE_SIZE], "q": wanted, "older": older})


@holders_of(Role.ADMINISTRATOR)
@never_cache
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """One person's roles and credentials, and the acts that change them."""
    user = get_object_or_404(User.objects.exclude(password="!"), pk=pk)
    act = request.POST.get("act")
    described = {"name": user.name, "slug": user.slug or "", "bio": user.bio}
    forms = {
        "describe": PersonForm(
            request.POST if act == "describe" else None, initial=described, person=user, prefix="describe"
        ),
        "grant": GrantForm(request.POST if act == "grant" else None, prefix="grant"),
        "specialties": SpecialtiesForm(
            request.POST if act == "specialties" else None,
            initial={"specialties": user.specialties.all()},
            prefix="specialties",
        ),
        "credential": CredentialForm(request.POST if act == "credential" else None, prefix="credential"),
        "end": EndForm(request.POST if act in ("revoke", "end") else None),
    }
    if act in ("switch_on", "switch_off"):
        return _switched(request, user, on=act == "switch_on")
    form = forms["end"] if act in ("revoke", "end") else forms.get(act)
    if form is not None and form.is_valid():
        try:
            messages.success(request, _do(act, form.cleaned_data, user, request.user))
        except (WrongState, PermissionDenied) as error:
            messages.error(request, str(error))
        return redirect("accounts:person", pk)
    context = {
        "person": user,
        "forms": forms,
        "grants": user.grants.select_related("granted_by").order_by("revoked_at", "-pk"),
        "credentials": user.credentials.select_related("verified_by").order_by("revoked_at", "-pk"),
        "now": timezone.now(),
        "today": timezone.now().date(),
    }
    return render(request, "accounts/person.html", context, status=422 if request.method == "POST" else 200)


@holders_of(Role.ADMINISTRATOR)
@never_cache
def specialties(request: HttpRequest) -> HttpResponse:
    """The fields of medicine that people and pages belong to: add one, or call one otherwise."""
    form = SpecialtyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            messages.success(request, _keep_specialty(form.cleaned_data, request.user))
            return redirect("accounts:specialties")
        except (ValidationError, WrongState) as error:
            form.add_error("name", error.messages if isinstance(error, ValidationError) else str(error))
    people = Count("people", distinct=True)
    rows = Specialty.objects.annotate(held_by=people)
    return render(
        request,
        "accounts/specialties.html",
        {"rows": rows, "form": form},
        status=422 if request.method == "POST" else 200,
    )


def _keep_specialty(data: dict, by: User) -> str:
    if data["what"]:
        verbs.rename_specialty(data["what"], data["name"], by=by)
        return _("The specialty has a new name.")
    verbs.add_specialty(data["name"], by=by)
    return _("The specialty was added.")


def _do(act: str, data: dict, user: User, by: User) -> str:
    if act == "grant":
        return _grant(data, user, by)
    if act == "describe":
        verbs.describe(user, by=by, **data)
        return _("The name and the team page were changed.")
    if act == "specialties":
        verbs.set_specialties(user, list(data["specialties"]), by=by)
        return _("The specialties were changed.")
    if act == "credential":
        credentials.verify(user, by=by, **data)
        return _("The credential is on record.")
    if act == "revoke":
        roles.revoke(get_object_or_404(RoleGrant, pk=data["what"], user=user), by=by, reason=data["reason"])
        return _("The role was taken back.")
    credentials.end(get_object_or_404(Credential, pk=data["what"], user=user), by=by, reason=data["reason"])
    return _("The credential was taken back.")


def _grant(data: dict, user: User, by: User) -> str:
    until = data["until"] and timezone.make_aware(datetime.combine(data["until"], time.max))
    try:
        given = roles.grant(user, data["role"], by=by, until=until)
    except IntegrityError as error:
        raise WrongState(_("This person holds that role already, or the date has passed.")) from error
    return _("{name} is now: {role}.").format(name=user.get_full_name(), role=given.get_role_display())


def _switched(request: HttpRequest, user: User, *, on: bool) -> HttpResponse:
    try:
        verbs.switch(user, by=request.user, on=on)
        messages.success(
            request, _("The account is on again.") if on else _("The account is off. They were signed out.")
        )
    except (WrongState, PermissionDenied) as error:
        messages.error(request, str(error))
    return redirect("accounts:person", user.pk)
