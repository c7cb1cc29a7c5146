"""“Join the conversation”: what members say under a page, and what moderators decide about it."""

from .company import Follow, Helpful, Notification, ReadMark
from .conversation import Comment, CommentRevision, Conversation
from .moderation import Appeal, Decision, DecisionText, Finding, QueueItem, Report, Sanction

__all__ = [
    "Appeal",
    "Comment",
    "CommentRevision",
    "Conversation",
    "Decision",
    "DecisionText",
    "Finding",
    "Follow",
    "Helpful",
    "Notification",
    "QueueItem",
    "ReadMark",
    "Report",
    "Sanction",
]
