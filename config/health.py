"""What load balancers ask: is the process alive, and may it have readers?"""

import sys

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import loader
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from audit import triggers


@never_cache
@login_not_required
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Alive. Asks nobody, so that a slow database does not get the process killed."""
    return JsonResponse({"status": "ok"})


@never_cache
@login_not_required
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Ready when the database answers, every migration is applied and every trigger stands."""
    failing = [name for name, holds in CHECKS.items() if not safely(holds)]
    if failing:
        return JsonResponse({"status": "not ready", "failing": failing}, status=503)
    return JsonResponse({"status": "ok"})


def safely(holds) -> bool:
    try:
        return holds()
    except DatabaseError:
        return False


def database_answers() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return cursor.fetchone() == (1,)


def migrations_are_applied() -> bool:
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def triggers_stand() -> bool:
    return not triggers.missing(connection.alias)


CHECKS = {"database": database_answers, "migrations": migrations_are_applied, "triggers": triggers_stand}


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The page for what cannot be read. Its cause may be the Host header or the session, so it asks for neither."""
    page = loader.get_template("400.html").render({"site_name": settings.SITE_NAME})
    response = HttpResponse(page, status=400)
    response["Cache-Control"] = "private, no-store"
    return response


def server_error(request: HttpRequest) -> HttpResponse:
    """The page for an error of ours; without the database it says that we will be back. It asks nobody for anything."""
    away = isinstance(sys.exc_info()[1], OperationalError | InterfaceError)
    template = loader.get_template("503.html" if away else "500.html")
    response = HttpResponse(template.render({"site_name": settings.SITE_NAME}), status=503 if away else 500)
    response["Cache-Control"] = "private, no-store"
    if away:
        response["Retry-After"] = "30"
    return response
