"""What is published, and who vouches for it."""

from .drug import Approval, DrugFacts, DrugSubtype
from .image import Image, PublishedImage
from .page import Draft, Edit, Page, Redirect, SiteVersion, Topic
from .publication import Publication, PublicNotice, Withdrawal
from .reference import (
    Citation,
    Mention,
    Reference,
    ReferenceAcknowledgement,
    ReferenceStatus,
    ReferenceVersion,
    RevisionReference,
)
from .review import Note, Review, ReviewPolicy, ReviewStep, ReviewTrigger, Revocation, SignOff
from .revision import Revision, RevisionContributor
from .subtype import SubtypeFacts

__all__ = [
    "Approval",
    "Citation",
    "Draft",
    "DrugFacts",
    "DrugSubtype",
    "Edit",
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
    "SignOff",
    "SiteVersion",
    "SubtypeFacts",
    "Topic",
    "Withdrawal",
]
