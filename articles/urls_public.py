"""Addresses that anybody may read."""

from django.urls import path, re_path

from .models import Page
from .views import error_report, history, public

PAGE = r"^(?P<kind>articles|drugs|subtypes)/(?P<slug>[-a-zA-Z0-9_]+)/"

urlpatterns = [
    path("", public.home, name="home"),
    path("topics/<slug:slug>/", public.topic, name="topic"),
    path("articles/", public.articles, name="articles"),
    path("articles/<slug:slug>/", public.article, name="article"),
    path("drugs/", public.drugs, name="drugs"),
    path("drugs/classes/<slug:slug>/", public.drug_class, name="drug_class"),
    path("drugs/<slug:slug>/", public.drug, name="drug"),
    path("subtypes/", public.subtypes, name="subtypes"),
    path("subtypes/<slug:slug>/", public.subtype, name="subtype"),
    *(
        path(f"{word}/<slug:slug>/report-error/", error_report.report_error, {"kind": kind}, name="report_error")
        for kind, word in Page.PATHS.items()
    ),
    re_path(PAGE + r"history/$", history.told, name="history"),
    re_path(PAGE + r"history/(?P<number>[1-9][0-9]{0,8})/$", history.as_reviewed, name="as_reviewed"),
    path("team/", public.team, name="team"),
    path("team/<slug:slug>/", public.person, name="person"),
    # The pattern is the whole check of the path: sixty-four hex digits, a width, a known ending.
    re_path(
        r"^media/i/(?P<sha256>[0-9a-f]{64})/(?P<name>[1-9][0-9]{0,4}\.(?:jpg|png|webp))$",
        public.media,
        name="media",
    ),
]
