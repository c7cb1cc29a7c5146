"""The page where a member changes her own words: for a while, never those that somebody else decided about meanwhile."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.access import members
from audit.moves import WrongState

from .. import permissions
from ..forms import CommentForm, EditForm
from ..models import Comment
from ..workflow import deciding, posting
from . import address, keeping
from .address import never_stored
from .writing import Writing, rules_in_force

Status = Comment.Status


@keeping.gives_words_back
@keeping.small_forms
@keeping.keeps_the_draft
@members
@never_stored
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, public_id: str) -> HttpResponse:
    """Other words for a comment of her own."""
    return Editing(request, address.own_comment(request, public_id)).visit()


class Editing(Writing):
    """One visit to the page where a comment is changed."""

    template = "comments/edit.html"
    asks = EditForm

    def __init__(self, request: HttpRequest, comment: Comment) -> None:
        super().__init__(request, comment.conversation, rules_in_force())
        self.comment = comment

    def refused_at_the_door(self) -> HttpResponse | None:
        form = self.empty_form() if keeping.draft(self.request) else None
        if why := posting.why_suspended(self.request.user, self.conversation):
            return self.form_page(form, status=403, why=why)
        if self.page.live_publication_id is None or not permissions.is_shown(self.conversation):
            return self.form_page(form, status=403, why=_("This conversation is closed."))
        if not permissions.can_edit(self.request.user, self.comment):
            return self.form_page(form, status=403, why=deciding.why_not_edit(self.comment, self.comment.version))
        return None

    def form_page(self, form: CommentForm | None, *, status: int = 200, **context) -> HttpResponse:
        until = permissions.edit_until(self.comment) if permissions.can_edit(self.request.user, self.comment) else None
        return super().form_page(form, status=status, comment=self.comment, until=until, **context)

    def _save(self, form: CommentForm) -> HttpResponse:
        try:
            posting.edit(
                self.comment,
                by=self.request.user,
                text=form.cleaned_data["body"],
                version=form.cleaned_data["was"],
                rules_version=self.version,
            )
        except WrongState as refusal:
            return self._conflict(form, str(refusal))
        keeping.forget(self.request)
        self._tell(was=form.cleaned_data["was"])
        return redirect(self._place())

    def _conflict(self, form: CommentForm, why: str) -> HttpResponse:
        """Both texts are shown. From now on the form carries the version that stands, so sending again is meant."""
        self.comment = address.own_comment(self.request, self.comment.public_id)
        typed = form.data.copy()
        typed["was"] = str(self.comment.version)
        form = self._form(typed)
        form.add_error(None, why)
        return self.form_page(form, status=409, conflict=True)

    def _tell(self, *, was: int) -> None:
        if self.comment.version == was:
            messages.info(self.request, _("You changed nothing, so everything stays as it is."))
        elif self.comment.status == Status.LIVE:
            messages.success(self.request, _("Your new words are published."))
        else:
            messages.success(self.request, _("Thank you. A moderator reads your new words before they appear."))

    def _place(self) -> str:
        if self.comment.status == Status.LIVE:
            return self.comment.get_absolute_url()
        if self.page.live_publication_id is None or not permissions.is_shown(self.conversation):
            return f"{reverse('comments:mine')}#comment-{self.comment.public_id}"
        return f"{self.page.get_absolute_url()}#comment-{self.comment.public_id}"

    def _hidden(self) -> dict:
        return {"version": self.version.number, "was": self.comment.version}

    def _earlier_words(self) -> str:
        return keeping.draft(self.request) or self.comment.current.text
