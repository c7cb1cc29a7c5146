"""Addresses of the writing desk."""

from django.urls import path

from .views import writing

urlpatterns = [
    path("desk/writing/", writing.writing_list, name="writing"),
    path("desk/writing/new/", writing.write_new, name="write_new"),
    path("desk/writing/<int:pk>/", writing.write, name="write"),
    path("desk/writing/<int:pk>/preview/", writing.write_preview, name="write_preview"),
]
