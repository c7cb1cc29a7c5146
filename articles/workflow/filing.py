"""Where a page stands in the navigation: no medical text, so no review."""

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from audit.moves import record

from .. import permissions
from ..models import Page, SiteVersion, Topic


def file_under(page: Page, topic: Topic | None, *, by) -> None:
    """Put the page under a topic. Lists of public pages show it at once."""
    if not permissions.can_edit(by, page):
        raise PermissionDenied(_("Only a writer or an editor may do this."))
    new = topic.pk if topic else None
    with transaction.atomic():
        if Page.objects.filter(pk=page.pk).exclude(topic=new).update(topic=topic):
            if page.live_publication_id:
                SiteVersion.bump()
            record(page, by=by, verb="page.filed", topic=new)
    page.topic = topic
