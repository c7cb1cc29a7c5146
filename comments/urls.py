"""Which view answers which address of this app."""

from django.urls import path, re_path

from .views import (
    accountability,
    bulk,
    conversations,
    deciding,
    editing,
    feeds,
    following,
    medical,
    members,
    mine,
    moderation,
    reacting,
    reading,
    reporting,
    webhooks,
    writing,
)

app_name = "comments"

PAGE = r"^(?P<kind>articles|drugs|subtypes)/(?P<slug>[-a-zA-Z0-9_]+)/"

urlpatterns = [
    re_path(PAGE + r"comment/$", writing.write, name="write"),
    re_path(PAGE + r"conversation/$", reading.conversation, name="conversation"),
    re_path(PAGE + r"conversation\.xml$", feeds.conversation, name="feed"),
    re_path(PAGE + r"conversation/follow/$", following.follow_conversation, name="follow_conversation"),
    path("comments/<slug:public_id>/follow/", following.follow_comment, name="follow"),
    path("follow/leave/<str:token>/", following.leave, name="leave"),
    re_path(PAGE + r"conversation/read/$", reading.mark_read, name="read"),
    re_path(PAGE + r"conversation/(?P<public_id>[a-z2-7]{12})/$", reading.one_thread, name="thread"),
    path("comments/<slug:public_id>/", reading.permalink, name="permalink"),
    path("comments/<slug:public_id>/reply/", writing.reply, name="reply"),
    path("comments/<slug:public_id>/edit/", editing.edit, name="edit"),
    path("comments/<slug:public_id>/helpful/", reacting.helpful, name="helpful"),
    path("comments/<slug:public_id>/withdraw/", mine.withdraw, name="withdraw"),
    path("comments/<slug:public_id>/report/", reporting.report, name="report"),
    path("comments/<slug:public_id>/appeal/", mine.appeal, name="appeal"),
    re_path(r"^reports/(?P<receipt>[0-9a-f]{40})/$", reporting.receipt, name="receipt"),
    path("me/reports/", reporting.mine, name="my_reports"),
    path("me/notifications/", following.notifications, name="notifications"),
    path("me/following/", following.following, name="following"),
    path("me/comments/", mine.mine, name="mine"),
    path("me/standing/", accountability.standing, name="standing"),
    path("desk/moderation/", moderation.queue_home, name="queue"),
    path("desk/moderation/next/", deciding.take_next, name="next"),
    path("desk/moderation/decide/<slug:public_id>/", deciding.decide, name="decide"),
    path("desk/moderation/undo/<int:pk>/", deciding.undo, name="undo"),
    path("desk/moderation/news/<slug:lane>/", moderation.news, name="news"),
    path("desk/moderation/settings/", moderation.settings, name="care"),
    path("desk/questions/", medical.questions, name="questions"),
    path("desk/questions/<int:pk>/", medical.question, name="question"),
    path("desk/moderation/conversations/", conversations.listed, name="conversations"),
    path("desk/moderation/conversations/<int:pk>/", conversations.one, name="mode"),
    path("desk/webhooks/", webhooks.listed, name="webhooks"),
    path("desk/webhooks/<int:pk>/", webhooks.change, name="webhook"),
    path("desk/moderation/members/<str:handle>/", members.member, name="member"),
    path("desk/moderation/members/<str:handle>/sanction/", members.sanction, name="sanction"),
    path("desk/moderation/members/<str:handle>/waiting/", bulk.member, name="member_waiting"),
    path("desk/moderation/sanctions/<int:pk>/lift/", members.lift, name="lift"),
    path("desk/moderation/batches/<int:pk>/", bulk.batch, name="batch"),
    path("desk/moderation/<slug:lane>/bulk/", bulk.lane, name="bulk"),
    path("desk/moderation/<slug:lane>/", moderation.lane, name="lane"),
]
