"""What is published, and who vouches for it."""

from .drug import Approval, DrugFacts, DrugSubtype
from .image import Image, PublishedImage
from .page import Draft, Edit, Page, Redirect, SiteVersion, Topic
from .publication import Publication, PublicNotice, Schedule, Withdrawal
from .reference import (
    Citation,
    Mention,
    Reference,
    ReferenceAcknowledgement,
    ReferenceStatus,
    ReferenceVersion,
    RevisionReference,
)
from .review import (
    ClaimCheck,
    ErrorReport,
    Note,
    Review,
    ReviewPolicy,
    ReviewStep,
    ReviewTrigger,
    Revocation,
    SignOff,
)
from .revision import Revision, RevisionContributor
from .subtype import SubtypeFacts

__all__ = [
    "Approval",
    "Citation",
    "ClaimCheck",
    "Draft",
    "DrugFacts",
    "DrugSubtype",
    "Edit",
    "ErrorReport",
    "Image",
    "Mention",
    "Note",
    "Page",
    "PublicNotice",
    "Publication",
    "PublishedImage",
    "Redirect",
    "Reference",
    "ReferenceAcknowledgement",
    "ReferenceStatus",
    "ReferenceVersion",
    "Review",
    "ReviewPolicy",
    "ReviewStep",
    "ReviewTrigger",
    "Revision",
    "RevisionContributor",
    "RevisionReference",
    "Revocation",
    "Schedule",
    "SignOff",
    "SiteVersion",
    "SubtypeFacts",
    "Topic",
    "Withdrawal",
]
