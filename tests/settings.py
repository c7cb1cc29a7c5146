"""The site's settings as the tests see them: production rules, quick passwords, no pool, no https."""

import os

os.environ.setdefault("SECRET_KEY", "tests-only-tests-only-tests-only-tests-only")
os.environ.setdefault("SITE_URL", "http://testserver")
os.environ.setdefault("ALLOWED_HOSTS", "testserver,localhost,127.0.0.1")
os.environ.setdefault("EMAIL_URL", "memory://")
os.environ.setdefault("LOG_FORMAT", "plain")
os.environ.setdefault("LOG_LEVEL", "ERROR")
os.environ.setdefault("REQUIRE_STAFF_MFA", "0")
# The draw falls on comments by chance; the tests of it set it.
os.environ.setdefault("SAMPLE_PERCENT", "0")
os.environ.setdefault("ADVERSE_EVENTS", "1")

from config.settings import *  # noqa: E402, F403
from config.settings import DATABASES, STORAGES  # noqa: E402

# Tests copy whole databases; a pool would keep connections to one that is about to be replaced.
DATABASES["default"]["OPTIONS"].pop("pool", None)
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
STATIC_ROOT = None
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
WHITENOISE_MAX_AGE = 0
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = True
