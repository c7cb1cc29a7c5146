"""The desk's pages about the watched words: the list in force, its versions, and writing, trying and publishing a new one."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import holders_of
from accounts.roles import Role
from audit.moves import WrongState

from .. import casefile, queue, trial, word_list, word_pages
from ..models import WordList
from ..screening import site_words
from ..word_forms import WordsForm
from ..workflow import wording

LONGEST_NUMBER = 9


@holders_of(Role.MODERATOR)
@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    """The list in force and the versions before it."""
    before = request.GET.get("before", "")
    if before and not (before.isascii() and before.isdigit() and len(before) <= LONGEST_NUMBER):
        raise Http404
    versions, more = word_pages.versions(int(before) if before else None)
    latest = site_words.newest()
    context = {"latest": latest, "rows": word_pages.rows(latest), "versions": versions, "slow": word_pages.slow(latest)}
    context["last"] = versions[-1].number if more else None
    return _render(request, "words", context)


@holders_of(Role.MODERATOR)
@require_safe
def version(request: HttpRequest, number: int) -> HttpResponse:
    """One version, and what it changed."""
    made = get_object_or_404(WordList.objects.select_related("by"), number=number)
    earlier = WordList.objects.filter(number=number - 1).first()
    came, went = word_list.difference(earlier.entries if earlier else [], made.entries)
    return _render(request, "words_version", {"made": made, "rows": word_pages.rows(made), "came": came, "went": went})


@holders_of(Role.MODERATOR)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest) -> HttpResponse:
    """Write a new list; try it on the latest comments, or publish it."""
    if request.method != "POST":
        return _form(request, WordsForm.of(site_words.newest()))
    trying = request.POST.get("step") != "publish"
    form = WordsForm(request.POST, trying=trying)
    if not form.is_valid():
        return _form(request, form, status=422)
    if trying:
        return _form(request, form, trial=trial.run(form.cleaned_data["entries"]))
    try:
        made = wording.publish(by=request.user, **form.cleaned_data)
    except ValidationError as refusal:
        form.add_error(None, refusal)
        return _form(request, form, status=422)
    except WrongState as first:
        return _late(request, form, str(first))
    messages.success(
        request, _("Version {n} is in force. Comments written from now on are compared with it.").format(n=made.number)
    )
    return redirect("comments:words")


def _late(request: HttpRequest, form: WordsForm, said: str) -> HttpResponse:
    """What was typed stays, beside what the other changed; sent again, it replaces that knowingly."""
    latest = site_words.newest()
    started = WordList.objects.filter(number=form.cleaned_data["based_on"]).first()
    came, went = word_list.difference(started.entries if started else [], latest.entries if latest else [])
    typed = form.data.copy()
    typed["based_on"] = str(latest.number if latest else 0)
    return _form(request, WordsForm(typed), status=409, collision=said, came=came, went=went, theirs=latest)


def _form(request: HttpRequest, form: WordsForm, *, status: int = 200, **context) -> HttpResponse:
    signs = {"lanes": [word_list.SHOWN, *word_list.LANES], "labels": word_list.short_labels()}
    return _render(request, "words_edit", {"form": form, **signs, **context}, status=status)


def _render(request: HttpRequest, name: str, context: dict, *, status: int = 200) -> HttpResponse:
    context["tabs"] = casefile.tabs(queue.lanes())
    return render(request, f"comments/moderation/{name}.html", context, status=status)
