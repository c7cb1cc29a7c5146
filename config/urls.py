"""The table of contents: which app answers which address."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path

from config import health

# Django's own admin log-in knows neither second factors nor allauth's limits.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("account/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("", include("accounts.urls")),
    path("", include("articles.urls")),
    path("", include("comments.urls")),
]

handler400 = "config.health.bad_request"
handler500 = "config.health.server_error"
