"""The page where a comment is written: first the rules, once; then the form. Whatever goes wrong, the words stay in it."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.access import members
from accounts.models import PolicyAcceptance
from articles.models import Page
from audit.moves import WrongState

from .. import modes, permissions, rules, text
from ..forms import CommentForm
from ..models import Comment, Conversation
from ..workflow import posting
from . import address, keeping
from .address import never_stored

Status = Comment.Status


@keeping.small_forms
@keeping.keeps_the_draft
@members
@never_stored
@require_http_methods(["GET", "HEAD", "POST"])
def write(request: HttpRequest, kind: str, slug: str) -> HttpResponse:
    """First the rules, once; then the form. Whatever goes wrong, the words stay in it."""
    page = address.live_page(kind, slug)
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
        messages.success(self.request, modes.thanks_for(comment))
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
