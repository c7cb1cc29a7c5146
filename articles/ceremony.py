"""The signing ceremony: what was on the page that a reviewer signs, sealed for one use.

Nothing is stored when the page is shown. The seal travels with the form; the signature keeps its nonce, so that it
is used once, and a digest of everything the revision leaned on at that moment.
"""

import hashlib
import json
import secrets
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from django.core import signing
from django.utils import timezone
from django.utils.translation import gettext as _

from audit.moves import WrongState

from . import statements, vouching
from .models import Page, ReferenceStatus, Review

LASTS = timedelta(hours=1)
SALT = "articles.ceremony"


@dataclass(frozen=True)
class Ceremony:
    """One showing of one sign page: to whom, of which bytes, when, and what they leaned on (digests, hex)."""

    nonce: str
    user: int
    review: int
    content_hash: str
    shown_at: str  # ISO 8601, UTC
    pages: str
    sources: str
    notes: str
    words: str

    @property
    def closure(self) -> str:
        """SHA-256 (hex) over the hash and the state of all that the revision leans on."""
        return _digest([self.content_hash, self.pages, self.sources, self.notes])

    @property
    def purpose(self) -> str:
        return self.nonce

    @property
    def challenge(self) -> bytes:
        """What a passkey signs: 32 bytes made of this showing and of exactly these bytes."""
        return challenge_of(self.nonce, self.content_hash, self.closure)

    @property
    def when(self) -> datetime:
        return datetime.fromisoformat(self.shown_at)


def challenge_of(nonce: str, content_hash: str, closure: str) -> bytes:
    """The challenge of a showing, also of one long ago: a signature keeps all three."""
    return hashlib.sha256(f"bedside signature\n{nonce}\n{content_hash}\n{closure}".encode()).digest()


def begin(review: Review, user) -> Ceremony:
    """A showing of the sign page, now."""
    return Ceremony(
        nonce=secrets.token_hex(16),
        user=user.pk,
        review=review.pk,
        content_hash=review.content_hash,
        shown_at=timezone.now().isoformat(),
        words=_words(review, user),
        **leans_on(review),
    )


def seal(ceremony: Ceremony) -> str:
    return signing.dumps(asdict(ceremony), salt=SALT, compress=True)


def unseal(token: str, review: Review, user) -> Ceremony:
    """The showing that a form came from. Raises WrongState where it is too old, altered, or for somebody or something else."""
    try:
        ceremony = Ceremony(**signing.loads(token, salt=SALT, max_age=LASTS))
    except (signing.BadSignature, TypeError):  # TypeError: from a release that sealed other things
        ceremony = None
    if ceremony is None or (ceremony.user, ceremony.review) != (user.pk, review.pk):
        raise WrongState(
            _("This page was open for too long, or was meant for another signature. Read it again, then sign.")
        )
    return ceremony


def leans_on(review: Review) -> dict[str, str]:
    """Digests of what may change while the sign page is open: live entries, standing of the sources, open notes."""
    uids = json.loads(review.revision.content)["pages"]
    pages = Page.objects.filter(uid__in=uids).order_by("uid").values_list("uid", "live_publication__content_hash")
    cited = review.revision.cited.order_by("pk").values_list("reference", "reference__status")
    events = ReferenceStatus.objects.filter(reference__cited_in__revision=review.revision_id)
    notes = vouching.open_notes(review).order_by("pk").values_list("pk", flat=True)
    return {
        "pages": _digest([list(row) for row in pages]),
        "sources": _digest([*map(list, cited), sorted(set(events.values_list("pk", flat=True)))]),
        "notes": _digest(list(notes)),
    }


def what_changed(ceremony: Ceremony, review: Review, user) -> str:
    """A sentence for the signer, or "" where everything is as it was shown."""
    if ceremony.content_hash != review.content_hash:
        return _("The text changed after you opened it. Look at the change before you sign.")
    now = leans_on(review)
    if ceremony.pages != now["pages"]:
        return _(
            "A drug or subtype entry that this page mentions changed while you were reading. Look again before you sign."
        )
    if ceremony.sources != now["sources"]:
        return _("Something became known about a source while you were reading. Look again before you sign.")
    if ceremony.notes != now["notes"]:
        return _("Somebody wrote or settled a note while you were reading. Look again before you sign.")
    if ceremony.words != _words(review, user):
        return _("Your statement reads differently now. Read it again before you sign.")
    return ""


def _words(review: Review, user) -> str:
    """The statement without the declaration: its date, the signer's name and title, and which step it is for."""
    return _digest(statements.statement_for(review, user))


def _digest(value) -> str:
    return hashlib.sha256(json.dumps(value, separators=(",", ":")).encode()).hexdigest()
