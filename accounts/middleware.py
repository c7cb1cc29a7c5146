"""Answers of allauth's views that differ from ours."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse


class InvalidFormsAre422:
    """allauth shows a form with errors as 200; our pages say 422, and programs can rely on it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_template_response(self, request: HttpRequest, response):
        form = (response.context_data or {}).get("form")
        has_errors = getattr(form, "is_bound", False) and form.errors
        if request.method == "POST" and response.status_code == 200 and has_errors:
            response.status_code = 422
        return response
