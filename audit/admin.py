"""The log and other evidence in Django's admin: to be looked at, never changed."""

from django.contrib import admin

from .models import Entry


class EvidenceAdmin(admin.ModelAdmin):
    """For rows that a verb writes and nobody edits. The database refuses changes; this hides the buttons."""

    actions = None

    def has_add_permission(self, request) -> bool:
        return False

    def has_change_permission(self, request, obj=None) -> bool:
        return False

    def has_delete_permission(self, request, obj=None) -> bool:
        return False


@admin.register(Entry)
class EntryAdmin(EvidenceAdmin):
    list_display = ["seq", "at", "actor", "verb", "object_type", "object_id"]
    list_select_related = ["actor"]
    search_fields = ["verb", "object_type", "object_id"]
    show_full_result_count = False
