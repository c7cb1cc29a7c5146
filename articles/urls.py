"""Addresses of what is published and of the desks that make it."""

from . import urls_public, urls_review, urls_sources, urls_writing

app_name = "articles"
urlpatterns = [*urls_public.urlpatterns, *urls_writing.urlpatterns, *urls_review.urlpatterns, *urls_sources.urlpatterns]
