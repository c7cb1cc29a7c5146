"""A reader says, or takes back, that a comment helped."""

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts.access import members
from audit.moves import WrongState

from ..workflow import reacting
from . import address, keeping
from .address import never_stored


@keeping.after_sign_in_at(lambda public_id: reverse("comments:permalink", args=[public_id]))
@members
@never_stored
@require_POST
def helpful(request: HttpRequest, public_id: str) -> HttpResponse:
    """Pressed once or ten times, it counts once. Scripts get a number, browsers go back to where the comment stands."""
    comment = address.comment(public_id)
    address.must_have_been_public(comment)
    wanted = request.POST.get("helpful")
    if wanted not in ("0", "1"):
        raise BadRequest("helpful is 0 or 1")
    # A browser accepts everything; whoever wants JSON says so first.
    as_json = request.get_preferred_type(["text/html", "application/json"]) == "application/json"
    try:
        count = reacting.find_helpful(comment, by=request.user, helpful=wanted == "1")
    except WrongState as refusal:
        if as_json:
            return JsonResponse({"error": str(refusal)}, status=409)
        messages.warning(request, str(refusal))
        return redirect(f"{comment.conversation.page.get_absolute_url()}#conversation")
    return JsonResponse({"count": count, "helpful": wanted == "1"}) if as_json else redirect(comment)
