"""The pages where a comment and an answer are written: first the rules, once; then the form. The words always stay in it."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.access import members
from accounts.models import PolicyAcceptance, PolicyVersion
from audit.moves import WrongState

from .. import canned, modes, permissions, questions, rules, text
from ..forms import CommentForm
from ..models import Comment, Conversation
from ..workflow import locking, posting
from . import address, keeping
from .address import never_stored

Status = Comment.Status

# What the answer to a form that was not taken says; 422 for everything that she can put right in it.
REFUSALS = {posting.TooFast: 429, posting.Suspended: 403, posting.ConversationClosed: 409, posting.ParentGone: 409}


@keeping.gives_words_back
@keeping.small_forms
@keeping.keeps_the_draft
@members
@never_stored
@require_http_methods(["GET", "HEAD", "POST"])
def write(request: HttpRequest, kind: str, slug: str) -> HttpResponse:
    """A comment of its own under a page."""
    page = address.live_page(kind, slug)
    found = get_object_or_404(Conversation.objects.exclude(mode=Conversation.Mode.HIDDEN), page=page)
    return Writing(request, found, rules_in_force()).visit()


@keeping.gives_words_back
@keeping.small_forms
@keeping.keeps_the_draft
@members
@never_stored
@require_http_methods(["GET", "HEAD", "POST"])
def reply(request: HttpRequest, public_id: str) -> HttpResponse:
    """An answer to a comment. One that is no longer public has no answers any more, but what was typed is not lost."""
    asked = address.comment(public_id)
    address.must_have_been_public(asked)
    return Writing(request, asked.conversation, rules_in_force(), asked).visit()


def rules_in_force() -> PolicyVersion:
    version = rules.current()
    if version is None:
        raise Http404("No rules, no conversation.")
    return version


class Writing:
    """One visit to a page where words for a conversation are written."""

    template = "comments/write.html"
    asks = CommentForm

    def __init__(
        self, request: HttpRequest, found: Conversation, version: PolicyVersion, asked: Comment | None = None
    ) -> None:
        self.request, self.conversation, self.version, self.asked = request, found, version, asked
        self.page = found.page
        self.agreed = rules.has_accepted(request.user, version)

    def visit(self) -> HttpResponse:
        if self.request.method == "POST":
            return self.accept() if self.request.POST.get("act") == "accept" else self.send()
        if (refused := self.refused_at_the_door()) is not None:
            return refused
        return self.form_page(self.empty_form()) if self.agreed else self.rules_page()

    def refused_at_the_door(self) -> HttpResponse | None:
        """Nobody types in vain: what would be refused is said before. Words from before are shown all the same."""
        form = self.empty_form() if keeping.draft(self.request) else None
        if why := posting.why_suspended(self.request.user, self.conversation):
            return self.form_page(form, status=403, why=why)
        if not permissions.takes_comments(self.conversation):
            return self.form_page(form, closed=True)
        if self.asked is not None and self.asked.status != Status.LIVE:
            return self.form_page(form, gone=True)
        if self.asked is not None and locking.is_locked(self.asked):
            return self.form_page(form, status=409, why=locking.CLOSED)
        return None

    def rules_page(self, *, error: str = "", status: int = 200) -> HttpResponse:
        return self._render(
            "comments/rules.html", {"errors": [{"id": "rules", "text": error}] if error else []}, status
        )

    def form_page(self, form: CommentForm | None, *, status: int = 200, **context) -> HttpResponse:
        return self._render(self.template, {"form": form, "limit": text.LIMIT, **context}, status)

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
        if not form.is_valid():
            return self.form_page(form, status=422)
        question = questions.about(form.cleaned_data["body"], answered=typed.get("sure", ""))
        return self.form_page(form, status=422, question=question) if question else self._post(form)

    def _post(self, form: CommentForm) -> HttpResponse:
        try:
            if not self.agreed:
                rules.accept(self.request.user, self.version)
            return self._save(form)
        except (posting.NotPosted, WrongState) as refusal:
            form.add_error(None, str(refusal))
            kind = type(refusal)
            return self.form_page(
                form,
                status=REFUSALS.get(kind, 422),
                closed=kind is posting.ConversationClosed,
                gone=kind is posting.ParentGone,
            )

    def _save(self, form: CommentForm) -> HttpResponse:
        words = form.cleaned_data["body"]
        comment = posting.post(
            self.conversation,
            by=self.request.user,
            text=words,
            token=form.cleaned_data["token"],
            rules_version=self.version,
            reply_to=self.asked,
            mail_answers=form.cleaned_data["mail_answers"],
        )
        return self._thank(comment) if comment.current.text == words else self._ask_for_a_second_one(form)

    def _ask_for_a_second_one(self, form: CommentForm) -> HttpResponse:
        """The same form, sent before with other words: these are a second comment, and nobody wants to lose them."""
        typed = form.data.copy()
        typed["token"] = CommentForm.new_token()
        form = self._form(typed)
        form.add_error(None, _("You already sent a comment from this page. Send again to post these words as well."))
        return self.form_page(form, status=422)

    def _preview(self, form: CommentForm) -> HttpResponse:
        form.is_valid()
        if "body" in form.errors:
            return self.form_page(form, status=422)
        shown = {**self._hidden(), **{name: form.data[name] for name in form.fields if name in form.data}}
        preview = text.to_html(form.cleaned_data["body"])
        return self.form_page(self._form(initial=shown), preview=preview)

    def _thank(self, comment: Comment) -> HttpResponse:
        keeping.forget(self.request)
        messages.success(self.request, modes.thanks_for(comment))
        if comment.status == Status.LIVE:
            return redirect(comment)
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
        return self.asks(*args, version=self.version, agreed=self.agreed, **options)

    def _hidden(self) -> dict:
        return {"version": self.version.number, "token": CommentForm.new_token()}

    def _earlier_words(self) -> str:
        """A draft that survived signing in, or a refused comment to be put right."""
        if kept := keeping.draft(self.request):
            return kept
        if not (again := self.request.GET.get("again")):
            return canned.beginning(self.request.user, self.request.GET.get("begin", ""))
        refused = self.conversation.comments.filter(author=self.request.user, status=Status.REJECTED, public_id=again)
        return refused.values_list("current__text", flat=True).first() or ""

    def _render(self, template: str, context: dict, status: int) -> HttpResponse:
        earlier = PolicyAcceptance.objects.filter(user=self.request.user, version__policy_id=self.version.policy_id)
        everything = {
            "page": self.page,
            "conversation": self.conversation,
            "asked": self.asked,
            "version": self.version,
            "agreed": self.agreed,
            "agreed_before": not self.agreed and earlier.exists(),
            "clauses": [] if self.agreed else list(self.version.clauses.all()),
            **context,
        }
        return render(self.request, template, everything, status=status)
