"""News that travels upward: defined here, received by the apps above."""

from django.dispatch import Signal

role_revoked = Signal()  # grant, by; sent inside the transaction
user_erased = Signal()  # user, remove_words (bool); sent inside the transaction
collect_user_data = Signal()  # user; receivers return a JSON-able dict for the export
