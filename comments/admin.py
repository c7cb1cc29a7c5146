"""Look, do not touch: comments and decisions change through the moderation desk alone."""

from django.contrib import admin

from audit.admin import EvidenceAdmin

from .models import Appeal, Comment, Conversation, Decision, Finding, QueueItem, Report, Sanction


@admin.register(Conversation)
class ConversationAdmin(EvidenceAdmin):
    list_display = ("page", "mode", "live_count", "closes_at")
    list_filter = ("mode",)


@admin.register(Comment)
class CommentAdmin(EvidenceAdmin):
    list_display = ("public_id", "author", "status", "version", "created_at")
    list_filter = ("status",)
    search_fields = ("public_id",)


@admin.register(Decision)
class DecisionAdmin(EvidenceAdmin):
    list_display = ("comment", "version", "from_status", "to_status", "source", "reason", "at")
    list_filter = ("source", "to_status")


@admin.register(QueueItem)
class QueueItemAdmin(EvidenceAdmin):
    list_display = ("comment", "lane", "opened_at", "due_at", "closed_at")
    list_filter = ("lane",)


admin.site.register([Finding, Report, Sanction, Appeal], EvidenceAdmin)
