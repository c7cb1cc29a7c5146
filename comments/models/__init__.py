"""“Join the conversation”: what members say under a page, and what moderators decide about it."""

from .company import Follow, Helpful, Notification, ReadMark
from .conversation import Comment, CommentRevision, Conversation
from .crisis import CrisisCase, CrisisStep, FollowUp
from .desk import Batch, MedicalQuestion, ModeratorSettings, TeamNote
from .machine import SpamModel, Webhook, WebhookDelivery, WordList
from .moderation import Appeal, Decision, DecisionText, Finding, QueueItem, Report, Sanction, SanctionAppeal
from .safety import AdverseEvent, SafetyContact

__all__ = [
    "AdverseEvent",
    "Appeal",
    "Batch",
    "Comment",
    "CommentRevision",
    "Conversation",
    "CrisisCase",
    "CrisisStep",
    "Decision",
    "DecisionText",
    "Finding",
    "Follow",
    "FollowUp",
    "Helpful",
    "MedicalQuestion",
    "ModeratorSettings",
    "Notification",
    "QueueItem",
    "ReadMark",
    "Report",
    "SafetyContact",
    "Sanction",
    "SanctionAppeal",
    "SpamModel",
    "TeamNote",
    "Webhook",
    "WebhookDelivery",
    "WordList",
]
