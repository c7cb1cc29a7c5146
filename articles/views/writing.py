"""The writing desk: the list of drafts, the edit page that works without script, and the preview."""

from functools import partial
from itertools import chain

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import holders_of
from accounts.roles import Role
from audit.moves import WrongState

from .. import closure, permissions
from ..document import blank, checks, schema
from ..document import render as rendering
from ..drafting.directory import known_drugs
from ..drafting.form import DraftForm, stands_there
from ..drafting.sheet import MAX_FILES
from ..forms import NewPageForm
from ..models import Draft, Image, Page
from ..workflow import filing, writing
from ..writing_list import WritingList, has_newer_draft, state_of, with_state


@holders_of(Role.WRITER, Role.EDITOR)
@require_safe
def writing_list(request: HttpRequest) -> HttpResponse:
    kind = request.GET.get("kind", "")
    if kind and kind not in Page.Kind.values:
        raise Http404
    shown = WritingList(kind=kind, before=request.GET.get("before", ""))
    return render(request, "articles/writing_list.html", {"shown": shown})


@holders_of(Role.WRITER, Role.EDITOR)
@require_http_methods(["GET", "HEAD", "POST"])
def write_new(request: HttpRequest) -> HttpResponse:
    asked = request.GET.get("kind", "")
    kind = asked if asked in Page.Kind.values else Page.Kind.ARTICLE
    data = request.POST if request.method == "POST" else None
    form = NewPageForm(data, initial={"kind": kind}, use_required_attribute=False)
    if request.method == "POST" and form.is_valid():
        try:
            page = writing.create_page(
                form.cleaned_data["kind"], _first_content(form.cleaned_data, request.user), by=request.user
            )
            return redirect("articles:write", page.pk)
        except writing.DraftRefused as refused:
            form.add_error("title", [problem.message for problem in refused.problems])
    status = 422 if request.method == "POST" else 200
    return render(request, "articles/writing_new.html", {"form": form}, status=status)


@holders_of(Role.WRITER, Role.EDITOR)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def write(request: HttpRequest, pk: int) -> HttpResponse:
    pages = with_state(Page.objects.filter(draft__isnull=False)).select_related("draft__updated_by")
    page = get_object_or_404(pages, pk=pk)
    if request.method != "POST":
        return _edit_page(request, DraftForm(page, page.draft))
    form = DraftForm(page, page.draft, request.POST)
    form.take_pictures(request.FILES, partial(writing.upload_image, page, by=request.user))
    act = request.POST.get("act", "save")
    if form.act(act):
        return _edit_page(request, form, status=422 if form.errors else 200)
    try:
        saved = _save(request, form)
        if saved and act == "submit":
            _send(request, form)
    except WrongState as first:
        form.compare(Draft.objects.select_related("updated_by").get(page=page))
        return _edit_page(request, form, status=409, stale=str(first))
    if form.errors:
        return _edit_page(request, form, status=422, title=_error_title(act, saved))
    return redirect("articles:write_preview" if act == "preview" else "articles:write", page.pk)


@holders_of(Role.WRITER, Role.EDITOR, Role.MEDICAL_REVIEWER)
@never_cache
@require_safe
def write_preview(request: HttpRequest, pk: int) -> HttpResponse:
    page = get_object_or_404(Page.objects.filter(draft__isnull=False).select_related("draft"), pk=pk)
    manifest = closure.build(page, page.draft.content)
    # The mark of the signed zone must not stand on what nobody signed.
    html = rendering.render(manifest).replace(" data-signed=", " data-draft=", 1)
    head, opening, rest = rendering.parts(html.removesuffix("</article>"))
    context = {
        "page": page,
        "title": page.draft.title,
        "head": head,
        "opening": opening,
        "rest": rest,
        "contents": [entry for entry in rendering.contents(manifest) if entry["level"] == 2],
        "can_edit": permissions.can_edit(request.user, page),
    }
    return render(request, "articles/writing_preview.html", context)


def _first_content(said: dict, by) -> dict:
    """An empty page that knows its name already, and its writer's."""
    title = said["title"]
    content = blank.content(said["kind"], title=title, language=settings.LANGUAGE_CODE)
    if said["kind"] == Page.Kind.DRUG:
        mark = title[-1] if title[-1] in "®™" else ""
        content["facts"] |= {"brand": title.rstrip("®™ "), "mark": mark}
    elif said["kind"] == Page.Kind.ARTICLE and by.name:
        content["bylines"] = [{"name": by.name}]
    return content


def _save(request: HttpRequest, form: DraftForm) -> bool:
    """Save what is sound and what was decided about drug names; the form goes on from there."""
    content, page = form.read(), form.page
    if content is None:
        return False
    draft = _keep(form, content, request.user)
    topic = form.head.cleaned_data.get("topic")
    if "topic" not in form.head.errors and page.topic_id != (topic and topic.pk):
        filing.file_under(page, topic, by=request.user)
    form.show(_decide(request, form, draft))
    if not form.errors:
        messages.success(request, _("The draft is saved."))
    return True


def _keep(form: DraftForm, content: dict, by) -> Draft:
    """The draft with this content. The same form sent twice finds its own words saved already, and that is fine."""
    if content == form.draft.content:
        return form.draft
    try:
        return writing.save_draft(form.page, content, version=form.version, by=by)
    except WrongState:
        newest = Draft.objects.get(page=form.page)
        if newest.content != content:
            raise
        return newest


def _decide(request: HttpRequest, form: DraftForm, draft: Draft) -> Draft:
    """Link the drug names that were confirmed; leave the others as the text they are."""
    decisions = form.decisions()
    known = known_drugs([one for one, answer in decisions if answer == "link"])
    for suggestion, answer in decisions:
        page = Page.objects.select_related("draft").get(pk=form.page.pk)
        if answer == "text" or not stands_there(draft.content, suggestion):
            if answer == "link":
                gone = _("“{brand}” is no longer in its block, so there was nothing to link.")
                messages.warning(request, gone.format(brand=suggestion["brand"]))
            draft = writing.dismiss_suggestion(page, suggestion, version=draft.version, by=request.user)
            continue
        draft = writing.confirm_mention(page, suggestion, version=draft.version, by=request.user)
        if suggestion["brand"].casefold() not in known:
            begun = _("A draft entry for {brand} was begun in the directory. It needs its facts and a review.")
            messages.info(request, begun.format(brand=suggestion["brand"]))
    return draft


def _send(request: HttpRequest, form: DraftForm) -> None:
    """Freeze what is saved and open its review, or say everything that is still missing."""
    if not form.send.is_valid() or form.errors:
        images = set(form.page.images.values_list("uid", flat=True))
        problems = schema.submit_problems(form.draft.content, kind=form.page.kind, images=images)
        # A text of which a part was refused is not "no text".
        form.take_problems([problem for problem in problems if problem.where != "body"])
        return
    try:
        writing.submit(form.page, version=form.version, by=request.user, **form.send.cleaned_data)
    except writing.NotReady as not_ready:
        form.take_problems(not_ready.problems)
    else:
        messages.success(request, _("Sent for review. The text is frozen as it is now, and a reviewer is asked."))


def _error_title(act: str, saved: bool) -> str:
    if not saved:
        return _("Nothing was saved yet.")
    if act == "submit":
        return _("This draft was saved. It cannot go to review yet.")
    return _("This draft was saved, apart from what is marked.")


def _edit_page(
    request: HttpRequest, form: DraftForm, *, status: int = 200, title: str = "", stale: str = ""
) -> HttpResponse:
    page, content = form.page, form.stored
    _give_pictures(form)
    images = set(page.images.values_list("uid", flat=True))
    context = {
        "page": page,
        "form": form,
        "sheet": form.sheet,
        "state": state_of(page),
        "newer_draft": has_newer_draft(page),
        "suggestions": form.suggestions(),
        "problems": _linked(form, checks.blocking(content, kind=page.kind, images=images)),
        "warnings": _linked(form, checks.warnings(content)),
        "error_title": title,
        "stale": stale,
    }
    return render(request, "articles/writing_edit.html", context, status=status)


def _linked(form: DraftForm, problems: list) -> list[dict]:
    return [{"id": form.link(problem), "text": problem.message} for problem in problems]


def _thumbnail(image: Image) -> dict:
    smallest = image.renditions[0]
    source = rendering.source({"sha256": image.sha256}, smallest["width"], smallest["format"])
    return {"src": source, "width": smallest["width"], "height": smallest["height"]}


def _give_pictures(form: DraftForm) -> None:
    """Each figure its picture, and a file field to as many as one form may send, empty ones first."""
    figures = [row for row in form.sheet.blocks if row.is_figure]
    found = {image.uid: image for image in Image.objects.filter(uid__in=[row.image for row in figures])}
    for row in figures:
        row.picture = found.get(row.image)
        row.thumbnail = _thumbnail(row.picture) if row.picture else None
    empty_first = chain((row for row in figures if not row.picture), (row for row in figures if row.picture))
    for place, row in enumerate(empty_first):
        row.takes_file = place < MAX_FILES
