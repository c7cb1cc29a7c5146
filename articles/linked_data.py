"""What machines are told about a live page, in the words of schema.org: nothing that the page itself does not say."""

from django.conf import settings
from django.utils import timezone

from . import citations
from .models import Page
from .reading import Reading, Reviewer


def web_page(reading: Reading) -> dict:
    """Everything from the live publication, its signatures and the fixed settings of the site."""
    publication, page = reading.publication, reading.page
    described = {
        "@context": "https://schema.org",
        "@type": "MedicalWebPage",
        "@id": f"{settings.SITE_URL}{page.get_absolute_url()}",
        "name": publication.title,
        "description": reading.description,
        "url": f"{settings.SITE_URL}{page.get_absolute_url()}",
        "inLanguage": page.language,
        "datePublished": _day(reading.first_published),
        "dateModified": _day(publication.published_at),
        "lastReviewed": publication.reviewed_on.isoformat(),
        "reviewedBy": [_reviewer(one) for one in reading.reviewers],
        "publisher": {"@type": "Organization", "name": settings.SITE_NAME, "url": f"{settings.SITE_URL}/"},
        "citation": _sources(reading.manifest),
        "about": _about(reading.manifest),
    }
    return {name: value for name, value in described.items() if value}


def _day(moment) -> str:
    """The calendar day of the site, as the page prints it."""
    return timezone.localdate(moment).isoformat()


def _reviewer(reviewer: Reviewer) -> dict:
    described = {
        "@type": "Organization" if reviewer.is_board else "Person",
        "name": reviewer.name,
        "honorificSuffix": reviewer.credentials,
        "url": f"{settings.SITE_URL}{reviewer.url}" if reviewer.url else "",
    }
    return {name: value for name, value in described.items() if value}


def _sources(manifest: dict) -> list[str]:
    """The list of references as printed, in its order."""
    known = {reference["uid"]: reference["csl"] for reference in manifest["references"]}
    language = manifest["language"].split("-")[0]
    printed = [citations.ama(known[uid], language=language) for uid in citations.numbering(manifest)]
    return ["".join(text for text, _style in runs) for runs in printed]


def _about(manifest: dict) -> dict:
    """The drug or subtype that an entry is about, by its signed facts; what an article mentions is not its subject."""
    facts = manifest.get("facts") or {}
    if manifest["kind"] == Page.Kind.DRUG:
        described = {
            "@type": "Drug",
            "name": facts["brand"] or facts["generic"],
            "nonProprietaryName": facts["generic"],
            "alternateName": [name for name in facts.get("other_names", []) if name],
            "drugClass": facts.get("drug_class", ""),
        }
    elif manifest["kind"] == Page.Kind.SUBTYPE:
        described = {
            "@type": "MedicalCondition",
            "name": facts["name"],
            "alternateName": [name for name in facts.get("synonyms", []) if name],
        }
    else:
        return {}
    return {name: value for name, value in described.items() if value}
