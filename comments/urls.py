"""Which view answers which address of this app."""

from django.urls import path, re_path

from .views import mine, moderation, reading, reporting, writing

app_name = "comments"

PAGE = r"^(?P<kind>articles|drugs|subtypes)/(?P<slug>[-a-zA-Z0-9_]+)/"

urlpatterns = [
    re_path(PAGE + r"comment/$", writing.write, name="write"),
    re_path(PAGE + r"conversation/$", reading.conversation, name="conversation"),
    path("comments/<slug:public_id>/", reading.permalink, name="permalink"),
    path("comments/<slug:public_id>/withdraw/", mine.withdraw, name="withdraw"),
    path("comments/<slug:public_id>/report/", reporting.report, name="report"),
    path("comments/<slug:public_id>/appeal/", mine.appeal, name="appeal"),
    path("me/comments/", mine.mine, name="mine"),
    path("desk/moderation/", moderation.queue_home, name="queue"),
    path("desk/moderation/decide/<slug:public_id>/", moderation.decide, name="decide"),
    path("desk/moderation/<slug:lane>/", moderation.lane, name="lane"),
]
