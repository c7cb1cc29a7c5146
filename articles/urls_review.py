"""The review desk and the acts of publishing."""

from django.urls import path

from .views import calendar, policies, publishing, review, review_queue, signing, triggers

urlpatterns = [
    path("desk/review/", review_queue.queue, name="reviewing"),
    path("desk/review/<int:pk>/assign/", review_queue.assign, name="assign"),
    path("desk/review/live/", review_queue.live_pages, name="live_pages"),
    path("desk/review/pages/<int:pk>/", review_queue.page_settings, name="page_settings"),
    path("desk/review/calendar/", calendar.calendar, name="review_calendar"),
    path("desk/review/called-back/", triggers.called_back, name="called_back"),
    path("desk/review/called-back/<int:pk>/", triggers.trigger, name="trigger"),
    path("desk/review/policies/", policies.policies, name="review_policies"),
    path("desk/review/policies/<str:kind>/<str:risk>/<str:change_class>/", policies.policy, name="review_policy"),
    path("desk/review/<int:pk>/", review.one, name="review"),
    path("desk/review/<int:pk>/sign/", signing.sign, name="sign"),
    path("desk/review/<int:pk>/publish/", publishing.publish, name="publish"),
    path("desk/review/signatures/<int:pk>/", signing.receipt, name="receipt"),
    path("desk/review/planned/", publishing.planned, name="planned"),
    path("desk/review/planned/<int:pk>/cancel/", publishing.cancel, name="cancel_planned"),
    path("desk/review/pages/<int:pk>/versions/", publishing.page_versions, name="versions"),
    path("desk/review/pages/<int:pk>/restore/", publishing.restore, name="restore"),
    path("desk/review/pages/<int:pk>/again/", publishing.review_again, name="review_again"),
    path("desk/review/pages/<int:pk>/withdraw/", publishing.withdraw, name="withdraw"),
    path("desk/review/pages/<int:pk>/notice/", publishing.notice, name="notice"),
]
