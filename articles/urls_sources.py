"""The sources desk."""

from django.urls import path

from .views import sources

urlpatterns = [
    path("desk/review/sources/", sources.sources, name="sources"),
    path("desk/review/sources/import/", sources.import_list, name="import_sources"),
    path("desk/review/sources/<int:pk>/", sources.source, name="source"),
]
