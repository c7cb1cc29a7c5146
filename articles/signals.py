"""News of publishing, sent inside the transaction that publishes, received by the apps above."""

from django.dispatch import Signal

page_published = Signal()  # page, publication, by
page_withdrawn = Signal()  # page, publication, by
