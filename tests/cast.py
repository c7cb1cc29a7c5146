"""The people and one world: Amara writes, Ruth and Raj review, Edda edits, Max and Mona moderate, Rita reads."""

import io
from datetime import date, timedelta
from itertools import count
from types import SimpleNamespace

from allauth.account.internal.userkit import user_id_to_str
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image

from accounts import policies
from accounts.models import Credential, RoleGrant, User
from accounts.roles import Role
from accounts.signing import Proof
from articles import ceremony, checking, permissions
from articles.document import blank, notation
from articles.document.schema import new_id
from articles.models import Page, Review
from articles.workflow import publishing, review, signing, writing
from tests.worlds import kept

PASSWORD = "correct horse battery staple"
_serial = count(1)

CAST = {
    "amara": ("Amara Diop", [Role.WRITER]),
    "ruth": ("Ruth Adeyemi", [Role.MEDICAL_REVIEWER]),
    "raj": ("Raj Patel", [Role.MEDICAL_REVIEWER]),
    "edda": ("Edda Lind", [Role.EDITOR]),
    "max": ("Max Okafor", [Role.MODERATOR]),
    "mona": ("Mona Reyes", [Role.MODERATOR]),
    "rita": ("", []),
    "nora": ("", []),
    "ada": ("Ada Osei", [Role.ADMINISTRATOR]),
}


def person(handle: str, *roles: str, name: str = "", credential: bool | None = None, **fields) -> User:
    """Somebody with a confirmed address; medical reviewers get a valid credential unless told otherwise."""
    user = User.objects.create_user(f"{handle}@example.org", PASSWORD, handle=handle, name=name, **fields)
    user.emailaddress_set.create(email=user.email, verified=True, primary=True)
    for role in roles:
        RoleGrant.objects.create(user=user, role=role, granted_by=User.objects.machine())
    if credential if credential is not None else Role.MEDICAL_REVIEWER in roles:
        qualify(user)
    return user


def qualify(user: User, *, until: date | None = None) -> Credential:
    return Credential.objects.create(
        user=user,
        title="MD",
        issuer="General Medical Board",
        valid_from=date(2015, 1, 1),
        valid_until=until,
        verified_by=User.objects.machine(),
    )


@kept
def people(suffix: str = "") -> SimpleNamespace:
    """The whole cast, as attributes. `suffix` keeps names apart where a world is shared between tests."""
    return SimpleNamespace(**{key: person(f"{key}{suffix}", *roles, name=name) for key, (name, roles) in CAST.items()})


def sign_in(client, user: User) -> None:
    """As if `user` had just typed the password on the sign-in page: the session says how it began."""
    client.force_login(user)
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": timezone.now().timestamp()}]
    session["account_authentication_methods_user"] = user_id_to_str(user)  # without it the record is nobody's
    session.save()


def proof(user: User, purpose: str = "") -> Proof:
    """As if the password had just been typed, for this one act."""
    return Proof(user_id=user.pk, method="password", at=timezone.now(), purpose=purpose)


def reference(title: str = "Surgery and survival", **csl) -> dict:
    number = next(_serial)
    return {
        "uid": new_id(),
        "csl": {
            "type": "article-journal",
            "title": f"{title} {number}",
            "author": [{"family": "Okoro", "given": "A"}, {"family": "Lind", "given": "B C"}],
            "container-title": "Journal of Examples",
            "issued": {"date-parts": [[2021]]},
            "DOI": f"10.5555/bedside.{number}",
            **csl,
        },
    }


def content(
    title: str = "Sleep in the weeks after treatment", *, kind: str = Page.Kind.ARTICLE, slug: str = "", **changes
) -> dict:
    """A draft that is ready to be sent: two headings, a list, three references cited."""
    made = blank.content(kind, title=title)
    references = [reference(), reference(), reference()]
    slots = {number: one["uid"] for number, one in enumerate(references, start=1)}
    texts = [
        ("heading2", "What helps"),
        ("paragraph", "Many people sleep badly at first.[1] It often passes.[2,3]"),
        ("bullet_list", "- A fixed time to get up\n- Light in the morning[1]"),
        ("heading2", "When to ask"),
        ("paragraph", "Tell your team when it lasts longer than four weeks.[1-3]"),
    ]
    made["body"]["content"] = [
        notation.from_text(block, text, node_id=new_id(), slots=slots, pages={}) for block, text in texts
    ]
    made |= {"references": references, "slug": slug, "standfirst": "Short nights are common. Here is what can help."}
    if kind == Page.Kind.DRUG:
        made["facts"] |= {"brand": title, "mark": "®", "generic": f"{title.lower()}umab", "drug_class": "antibody"}
    if kind == Page.Kind.SUBTYPE:
        made["facts"] |= {"definition": "A made-up subtype."}
    return made | changes


@kept
def draft(by: User, **options) -> Page:
    """A page that nobody has sent to review."""
    kind = options.pop("kind", Page.Kind.ARTICLE)
    return writing.create_page(kind, content(kind=kind, **options), by=by)


@kept
def open_review(cast: SimpleNamespace, **options) -> Review:
    """A frozen revision that waits for its signature."""
    page = draft(cast.amara, **options)
    return writing.submit(page, version=page.draft.version, by=cast.amara)


@kept
def signed_review(cast: SimpleNamespace, **options) -> Review:
    """A revision with every signature its policy asks for."""
    opened = options.pop("review", None) or open_review(cast, **options)
    sign(opened, cast.ruth)
    opened.refresh_from_db()
    return opened


def check_claims(opened: Review, by: User) -> None:
    """Tick every claim, as a medical reviewer must; whoever may not tick is told so when signing."""
    if permissions.can_check_claims(by, opened):
        review.check_claims(opened, by=by, keys={claim.key for claim in checking.claims_of(opened)})


def sign(opened: Review, by: User, **options):
    """The whole ceremony: the page is shown, the claims are ticked, the password is typed, the button is pressed."""
    check_claims(opened, by)
    showing = options.pop("ceremony", None) or ceremony.begin(opened, by)
    return signing.sign(
        opened,
        by=by,
        ceremony=showing,
        proof=options.pop("proof", None) or proof(by, showing.purpose),
        next_review_due=options.pop("next_review_due", timezone.localdate() + timedelta(days=700)),
        **options,
    )


@kept
def live_page(cast: SimpleNamespace, **options) -> Page:
    """A public page, through every verb that makes one."""
    signed = signed_review(cast, **options)
    publishing.publish(signed, by=cast.edda)
    return Page.objects.get(pk=signed.page_id)


live_article = live_page


@kept
def rules(cast: SimpleNamespace):
    """The community rules in force; a first version where there is none."""
    return policies.current("rules") or policies.publish(
        "rules",
        title="Community rules",
        text="",
        clauses=[
            {"code": "kind", "title": "Be kind", "text": "Write as you would speak to somebody in the same room."},
            {"code": "privacy", "title": "Protect privacy", "text": "Leave out names, addresses and numbers."},
            {
                "code": "advice",
                "title": "No medical advice",
                "text": "Share what happened to you, not what others should take.",
            },
        ],
        changes="",
        by=cast.ada,
    )


def picture(width: int = 640, height: int = 360, name: str = "figure.png", form: str = "PNG") -> SimpleUploadedFile:
    """A picture file as a browser would send it."""
    out = io.BytesIO()
    Image.new("RGB", (width, height), (107, 42, 111)).save(out, format=form)
    return SimpleUploadedFile(name, out.getvalue(), content_type=f"image/{form.lower()}")
