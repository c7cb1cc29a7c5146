"""The review desk and the acts of publishing."""

from django.urls import path

from .views import review

urlpatterns = [
    path("desk/review/", review.queue, name="reviewing"),
    path("desk/review/live/", review.live_pages, name="live_pages"),
    path("desk/review/<int:pk>/", review.one, name="review"),
    path("desk/review/<int:pk>/sign/", review.sign, name="sign"),
    path("desk/review/<int:pk>/publish/", review.publish, name="publish"),
    path("desk/review/signatures/<int:pk>/", review.receipt, name="receipt"),
    path("desk/review/pages/<int:pk>/withdraw/", review.withdraw, name="withdraw"),
    path("desk/review/pages/<int:pk>/notice/", review.notice, name="notice"),
]
