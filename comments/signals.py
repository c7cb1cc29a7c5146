"""News of the conversation, sent inside the transaction in which it happened."""

from django.dispatch import Signal

entered_crisis = Signal()  # comment, why (codes); the sender holds the comment's lock
crisis_opened = Signal()  # key, payload: ids, dates and a link, never words or names
crisis_overdue = Signal()  # key, payload
batch_finished = Signal()  # batch
