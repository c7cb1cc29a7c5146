"""Which view answers which address of this app."""

from django.urls import path

from . import views, views_people
from .models import Policy

app_name = "accounts"

POLICY_PAGES = {
    Policy.Kind.RULES: "rules",
    Policy.Kind.PRIVACY: "privacy",
    Policy.Kind.TERMS: "terms",
    Policy.Kind.HEALTH_DATA: "health_data",
    Policy.Kind.ACCESSIBILITY: "accessibility",
    Policy.Kind.REVIEW_PROCESS: "review_process",
    Policy.Kind.HELP: "help",
}

urlpatterns = [
    *(path(f"{kind.value}/", views.policy, {"kind": kind.value}, name=name) for kind, name in POLICY_PAGES.items()),
    path("newsletter/", views.sign_up_for_newsletter, name="newsletter"),
    path("newsletter/confirm/<str:token>/", views.confirm_newsletter, name="newsletter_confirm"),
    path("newsletter/leave/<str:token>/", views.leave_newsletter, name="newsletter_leave"),
    path("me/", views.me, name="me"),
    path("me/authenticator.svg", views.totp_picture, name="totp_picture"),
    path("desk/", views.desk, name="desk"),
    path("desk/people/", views_people.people, name="people"),
    path("desk/people/specialties/", views_people.specialties, name="specialties"),
    path("desk/people/<int:pk>/", views_people.person, name="person"),
    path("desk/mail/", views.mail_list, name="mail"),
    path("desk/mail/<int:pk>/", views.mail_detail, name="mail_detail"),
]
