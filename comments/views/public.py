"""Pages of the conversation: read on, agree to the rules, write, take back, report, ask for a second look."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import anyone, members
from accounts.models import PolicyAcceptance
from articles.freshness import public_page
from articles.models import Page
from audit.moves import WrongState

from .. import history, permissions, rules, text, thread
from ..forms import AppealForm, CommentForm, ReportForm, version_in
from ..models import Comment, Conversation
from ..workflow import posting
from . import keeping

Status = Comment.Status
never_stored = cache_control(private=True, no_store=True)


@public_page()
@anyone
@require_safe
def conversation(request: HttpRequest, kind: str, slug: str) -> HttpResponse:
    """Further pages of a thread: after a comment (`before` it in time), or beginning with one (`from`)."""
    page = _live_page(kind, slug)
    found = get_object_or_404(Conversation.objects.exclude(mode=Conversation.Mode.HIDDEN), page=page)
    if mark := request.GET.get("before"):
        shown = thread.after(found, _place(found, mark))
    elif mark := request.GET.get("from"):
        shown = thread.starting_with(found, _place(found, mark))
    else:
        shown = thread.newest(found)
    context = {"page": page, "kind": kind, "conversation": found, "slice": shown}
    return render(request, "comments/conversation_page.html", context)


@keeping.small_forms
@keeping.keeps_the_draft
@members
@never_stored
@require_http_methods(["GET", "HEAD", "POST"])
def write(request: HttpRequest, kind: str, slug: str) -> HttpResponse:
    """First the rules, once; then the form. Whatever goes wrong, the words stay in it."""
    page = _live_page(kind, slug)
    found = get_object_or_404(Conversation.objects.exclude(mode=Conversation.Mode.HIDDEN), page=page)
    version = rules.current()
    if version is None:
        raise Http404("No rules, no conversation.")
    desk = Writing(request, page, found, version)
    if request.method == "POST":
        return desk.accept() if request.POST.get("act") == "accept" else desk.send()
    if not permissions.takes_comments(found):
        return desk.form_page(None, closed=True)
    return desk.form_page(desk.empty_form()) if desk.agreed else desk.rules_page()


class Writing:
    """One visit to the page where a comment is written."""

    def __init__(self, request: HttpRequest, page: Page, found: Conversation, version) -> None:
        self.request, self.page, self.conversation, self.version = request, page, found, version
        self.agreed = rules.has_accepted(request.user, version)

    def rules_page(self, *, error: str = "", status: int = 200) -> HttpResponse:
        return self._render(
            "comments/rules.html", {"errors": [{"id": "rules", "text": error}] if error else []}, status
        )

    def form_page(self, form: CommentForm | None, *, status: int = 200, **context) -> HttpResponse:
        return self._render("comments/write.html", {"form": form, "limit": text.LIMIT, **context}, status)

    def empty_form(self) -> CommentForm:
        return self._form(initial={"body": self._earlier_words(), **self._hidden()})

    def accept(self) -> HttpResponse:
        stale = _("These are new rules: they changed since you opened the page. Please read them.")
        if self.request.POST.get("version") != str(self.version.number):
            return self.rules_page(error=stale, status=422)
        try:
            rules.accept(self.request.user, self.version)
        except WrongState:
            self.version = rules.current()
            return self.rules_page(error=stale, status=422)
        return redirect(self.request.path)

    def send(self) -> HttpResponse:
        typed, is_current = self._typed()
        form = self._form(typed)
        if typed.get("act") == "preview":
            return self._preview(form)
        if not is_current:
            form.add_error(
                None, _("Our rules have changed since you opened this page. Please read them before you post.")
            )
        return self._post(form) if form.is_valid() else self.form_page(form, status=422)

    def _post(self, form: CommentForm) -> HttpResponse:
        words, token = form.cleaned_data["body"], form.cleaned_data["token"]
        try:
            if not self.agreed:
                rules.accept(self.request.user, self.version)
            comment = posting.post(
                self.conversation, by=self.request.user, text=words, token=token, rules_version=self.version
            )
        except (posting.NotPosted, WrongState) as refusal:
            form.add_error(None, str(refusal))
            return self.form_page(form, status=422, closed=isinstance(refusal, posting.ConversationClosed))
        if comment.current.text != words:
            # The same form, sent before with other words: these are a second comment, and nobody wants to lose them.
            typed = form.data.copy()
            typed["token"] = CommentForm.new_token()
            form = self._form(typed)
            form.add_error(
                None, _("You already sent a comment from this page. Send again to post these words as well.")
            )
            return self.form_page(form, status=422)
        return self._thank(comment)

    def _preview(self, form: CommentForm) -> HttpResponse:
        form.is_valid()
        if "body" in form.errors:
            return self.form_page(form, status=422)
        shown = {**form.data.dict(), **self._hidden(), "token": form.data.get("token") or CommentForm.new_token()}
        preview = text.to_html(form.cleaned_data["body"])
        return self.form_page(self._form(initial=shown), preview=preview)

    def _thank(self, comment: Comment) -> HttpResponse:
        keeping.forget(self.request)
        if comment.status == Status.LIVE:
            messages.success(self.request, _("Thank you. Your comment is published."))
        else:
            messages.success(self.request, _("Thank you. A moderator will read your comment before it appears."))
        return redirect(f"{self.page.get_absolute_url()}#comment-{comment.public_id}")

    def _typed(self):
        """What was sent, carrying the version in force from now on; and whether it carried it already."""
        typed = self.request.POST.copy()
        is_current = typed.get("version") == str(self.version.number)
        if not is_current:
            # A tick under older rules says nothing about these.
            typed.pop("agree", None)
            typed["version"] = str(self.version.number)
        if not typed.get("token"):
            typed["token"] = CommentForm.new_token()
        return typed, is_current

    def _form(self, *args, **options) -> CommentForm:
        return CommentForm(*args, version=self.version, agreed=self.agreed, **options)

    def _hidden(self) -> dict:
        return {"version": self.version.number, "token": CommentForm.new_token()}

    def _earlier_words(self) -> str:
        """A draft that survived signing in, or a refused comment to be put right."""
        if (kept := keeping.draft(self.request)) or not (again := self.request.GET.get("again")):
            return kept
        refused = self.conversation.comments.filter(author=self.request.user, status=Status.REJECTED, public_id=again)
        return refused.values_list("current__text", flat=True).first() or ""

    def _render(self, template: str, context: dict, status: int) -> HttpResponse:
        earlier = PolicyAcceptance.objects.filter(user=self.request.user, version__policy_id=self.version.policy_id)
        everything = {
            "page": self.page,
            "conversation": self.conversation,
            "version": self.version,
            "agreed": self.agreed,
            "agreed_before": not self.agreed and earlier.exists(),
            "clauses": [] if self.agreed else list(self.version.clauses.all()),
            **context,
        }
        return render(self.request, template, everything, status=status)


@anyone
@require_safe
def permalink(request: HttpRequest, public_id: str) -> HttpResponse:
    """The one lasting address of a comment: it leads to where the comment stands."""
    comment = _comment(public_id)
    user = request.user
    if not permissions.can_see(user, comment):
        raise Http404
    page = comment.conversation.page
    anchor = f"#comment-{comment.public_id}"
    if comment.status == Status.LIVE and permissions.is_shown(comment.conversation):
        if page.live_publication_id is None or thread.is_on_first_page(comment):
            return redirect(page.get_absolute_url() + anchor)
        address = reverse("comments:conversation", args=[page.PATHS[page.kind], page.slug])
        return redirect(f"{address}?from={comment.public_id}{anchor}")
    if permissions.can_decide(user, comment):
        return redirect(f"{reverse('comments:lane', args=['held'])}?comment={comment.public_id}")
    if user.is_authenticated and comment.author_id == user.pk:
        return redirect(reverse("comments:mine") + anchor)
    raise Http404


@members
@never_stored
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: HttpRequest, public_id: str) -> HttpResponse:
    comment = _own_comment(request, public_id)
    context = {"comment": comment, "page": comment.conversation.page}
    if request.method == "POST":
        try:
            posting.withdraw(comment, by=request.user, version=version_in(request.POST))
        except WrongState as refusal:
            return render(request, "comments/withdraw.html", {**context, "refusal": refusal}, status=409)
        messages.success(request, _("Your comment is deleted."))
        return redirect("comments:mine")
    return render(request, "comments/withdraw.html", context)


@members
@never_stored
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest, public_id: str) -> HttpResponse:
    comment = _comment(public_id)
    if not permissions.can_report(request.user, comment):
        raise Http404
    page = comment.conversation.page
    form = ReportForm(request.POST or None)
    context = {"comment": comment, "page": page, "form": form}
    if request.method == "POST" and form.is_valid():
        try:
            posting.report(comment, by=request.user, **form.cleaned_data)
        except (posting.TooFast, WrongState) as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Thank you. A moderator will look at it."))
            return redirect(f"{page.get_absolute_url()}#comment-{comment.public_id}")
    return render(request, "comments/report.html", context, status=422 if request.method == "POST" else 200)


@members
@never_stored
@require_http_methods(["GET", "HEAD", "POST"])
def appeal(request: HttpRequest, public_id: str) -> HttpResponse:
    comment = _own_comment(request, public_id)
    if not permissions.can_appeal(request.user, comment, decision := posting.last_decision(comment)):
        raise Http404
    form = AppealForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            posting.appeal(comment, by=request.user, text=form.cleaned_data["text"])
        except (WrongState, ValidationError) as refusal:
            form.add_error(None, refusal if isinstance(refusal, ValidationError) else str(refusal))
        else:
            messages.success(request, _("Thank you. A moderator who did not decide the first time will answer."))
            return redirect("comments:mine")
    context = {"comment": comment, "page": comment.conversation.page, "decision": decision, "form": form}
    return render(request, "comments/appeal.html", context, status=422 if request.method == "POST" else 200)


@members
@never_stored
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """Everything I wrote, where it stands, and why."""
    status = request.GET.get("status", "")
    if status not in history.GROUPS:
        raise Http404
    before = request.GET.get("before", "")
    mark = get_object_or_404(Comment, public_id=before, author=request.user) if before else None
    found, older = history.of(request.user, status, mark)
    context = {"rows": found, "older": older, "status": status, "tabs": history.tabs(request.user)}
    return render(request, "comments/mine.html", context)


def _live_page(kind: str, slug: str) -> Page:
    """The page at this address, also at an address it once had: a form that was open meanwhile still finds it."""
    kinds = {path: code for code, path in Page.PATHS.items()}
    live = (
        Page.objects.live()
        .filter(kind=kinds[kind])
        .select_related("live_publication")
        .defer("live_publication__artefact")
    )
    found = live.filter(slug=slug).first() or live.filter(redirects__slug=slug, redirects__kind=kinds[kind]).first()
    if found is None:
        raise Http404
    return found


def _place(found: Conversation, public_id: str) -> Comment:
    return get_object_or_404(Comment, conversation=found, public_id=public_id, published_at__isnull=False)


def _comment(public_id: str) -> Comment:
    return get_object_or_404(
        Comment.objects.select_related("conversation__page", "author", "current"), public_id=public_id
    )


def _own_comment(request: HttpRequest, public_id: str) -> Comment:
    own = Comment.objects.select_related("conversation__page", "current").filter(author=request.user)
    return get_object_or_404(own, public_id=public_id)
