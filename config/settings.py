"""All settings of the site in one file; what differs between machines comes from the environment."""

import tomllib
from pathlib import Path

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from config import env

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"

# Modes
# DEMO shows a made-up world on one machine, DEBUG is for whoever changes the code.

DEMO = env.flag("DEMO", default=False)
DEBUG = env.flag("DEBUG", default=False)
DEMO_PASSWORD = env.text("DEMO_PASSWORD", default="")
LOCAL = DEMO or DEBUG

SECRET_KEY = env.secret_key(keep_in=VAR_DIR / "secret_key" if DEMO else None)
SECRET_KEY_FALLBACKS = [key] if (key := env.secret("OLD_SECRET_KEY", default="")) else []

# The site

SITE_NAME = env.text("SITE_NAME", default="Bedside")
SITE_URL = env.origin("SITE_URL", default="http://127.0.0.1:8000" if LOCAL else None)
HTTPS = SITE_URL.startswith("https://")
SITE_HOST = SITE_URL.partition("://")[2].rpartition(":")[0] or SITE_URL.partition("://")[2]
LOCAL_HOSTS = ["localhost", "127.0.0.1", "[::1]"] if LOCAL else []
ALLOWED_HOSTS = env.hosts("ALLOWED_HOSTS", default=list(dict.fromkeys([SITE_HOST, *LOCAL_HOSTS])))
VERSION = tomllib.loads((BASE_DIR / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
# Part of every ETag: a new release may render other bytes from the same rows.
RELEASE = env.text("RELEASE", default=VERSION)
REQUIRE_STAFF_MFA = env.flag("REQUIRE_STAFF_MFA", default=not DEMO)
TRUSTED_PROXIES = env.number("TRUSTED_PROXIES", default=0, least=0, most=5)
STALE_IF_ERROR = env.number("STALE_IF_ERROR", default=600, least=0, most=86_400)

# Applications and the way of a request

INSTALLED_APPS = [
    "audit",
    "accounts",
    "articles",
    "comments",
    "config",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_tasks",
    "django_tasks_db",
    "csp",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "config.headers.browser_limits",
    "config.queries.refuse_nul",
    "articles.freshness.PageCacheMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.InvalidFormsAre422",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
ASGI_APPLICATION = "config.asgi.application"
APPEND_SLASH = True

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.context.site",
            ],
        },
    },
]

# What is kept, and where

DATABASES = {
    "default": env.database(
        "DATABASE_URL",
        default=f"sqlite:///{'var/demo.sqlite3' if DEMO else 'var/bedside.sqlite3'}",
        base=BASE_DIR,
        pool=not LOCAL,
    )
}
if DATABASES["default"]["NAME"].startswith(str(VAR_DIR)):
    VAR_DIR.mkdir(exist_ok=True)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Pages apart from counters: a crawler that fills one must not push rate limits out of the other.
CACHES = {"default": env.cache("CACHE_URL"), "pages": env.cache("CACHE_URL", part="pages")}
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_URL = "/media/"
MEDIA_ROOT = Path(env.text("MEDIA_ROOT", default=str(VAR_DIR / "media")))
if LOCAL:
    STATIC_ROOT = None
    STATIC_STORAGE = "django.contrib.staticfiles.storage.StaticFilesStorage"
    WHITENOISE_USE_FINDERS = True
    WHITENOISE_AUTOREFRESH = DEBUG
    WHITENOISE_MAX_AGE = 0
else:
    STATIC_ROOT = Path(env.text("STATIC_ROOT", default=str(VAR_DIR / "static")))
    STATIC_STORAGE = "whitenoise.storage.CompressedManifestStaticFilesStorage"
WHITENOISE_ALLOW_ALL_ORIGINS = False
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": STATIC_STORAGE},
}

UPLOAD_MAX_BYTES = 5 * 1024 * 1024
# All fields of a form together, files not counted.
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
# A long draft has a field or more per block and eight per reference.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 4000
DATA_UPLOAD_MAX_NUMBER_FILES = 20

# Mail
# In demo mode nothing leaves the machine: the outbox is read on /desk/mail/.

MAIL_DEFAULT = "none://" if DEMO else "console://" if DEBUG else "smtp://localhost:25"
MAIL = env.email("EMAIL_URL", default=MAIL_DEFAULT)
globals().update(MAIL)
DEFAULT_FROM_EMAIL = env.text("MAIL_FROM", default=f"{SITE_NAME} <no-reply@{SITE_HOST.strip('[]')}>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# People and their sessions

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
# Length and a list of common passwords; composition rules make people choose worse ones.
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_RESET_TIMEOUT = 60 * 60

LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/me/"
LOGOUT_REDIRECT_URL = "/"

ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {"signup": "accounts.forms.SignupForm"}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
# Only in the browser that signed up, while that sign-up is fresh: the reader goes on where they were.
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_LOGIN_TIMEOUT = 60 * 60
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_LOGIN_ON_PASSWORD_RESET = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if HTTPS else "http"
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300

MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = SITE_NAME
# Browsers allow passkeys over http only for the name localhost.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = LOCAL
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES

SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_TRUSTED_ORIGINS = [SITE_URL]
LANGUAGE_COOKIE_NAME = "language"

# What a browser may do with our pages

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = HTTPS
# A load balancer asks over plain http from inside.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 2 * 365 * 24 * 3600 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
# Believed only when somebody has said that a proxy of ours sets it.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None

# Language and time
# The URL alone decides the language, so there is no LocaleMiddleware.

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = env.zone("TIME_ZONE", default="UTC")

# The conversation

# When moderators are there; outside these hours every comment is held. Empty: always.
MODERATION_HOURS = env.hours("MODERATION_HOURS")
# Of a hundred comments that screening publishes, so many are read afterwards: they show what it misses.
# The comments of the demonstration lie in their lanes already.
SAMPLE_PERCENT = env.number("SAMPLE_PERCENT", default=0 if DEMO else 2, least=0, most=100)
# A conversation closes so many days after its page was first published; 0: never.
COMMENTS_CLOSE_AFTER_DAYS = env.number("COMMENTS_CLOSE_AFTER_DAYS", default=0, least=0, most=3650)
# Whether side effects that members tell of are recorded and handed over to the makers of the medicines.
ADVERSE_EVENTS = env.flag("ADVERSE_EVENTS", default=DEMO)
# Who is told by mail when one was not handed over in time.
SAFETY_ON_CALL = env.addresses("SAFETY_ON_CALL")

# Reports of a comment that together weigh so much take it out of view until a moderator has looked.
REPORTS_HIDE_AT = env.number("REPORTS_HIDE_AT", default=4, least=1, most=100)

# Who gets a mail, at most once an hour, while comments wait for longer than they may.
MODERATION_ON_CALL = env.addresses("MODERATION_ON_CALL")
# Who is told when somebody may be in danger, and again when nobody saw, answered or closed it within so many minutes.
CRISIS_ON_CALL = env.addresses("CRISIS_ON_CALL")
CRISIS_MINUTES = env.rising("CRISIS_MINUTES", default="15,60,240", count=3, most=7 * 24 * 60)
# Whether "nobody is in danger" and "an emergency service was called" need a second person.
CRISIS_FOUR_EYES = env.flag("CRISIS_FOUR_EYES", default=True)
# Whom somebody in danger can call, by country; the site's own country comes first.
HELP_CONTACTS = BASE_DIR / env.text("HELP_CONTACTS", default="comments/contacts.toml")
DEFAULT_COUNTRY = env.country("DEFAULT_COUNTRY")

# Log

LOG_FORMAT = env.choice("LOG_FORMAT", default="plain" if LOCAL else "json", allowed=("plain", "json"))
LOG_LEVEL = env.choice("LOG_LEVEL", default="INFO", allowed=("DEBUG", "INFO", "WARNING", "ERROR"))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {"()": "config.logs.JsonLines"},
        "plain": {"()": "config.logs.PlainLines"},
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        "django": {"handlers": ["stderr"], "level": LOG_LEVEL, "propagate": False},
        "django.server": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
        # Strangers' Host headers are noise, not news.
        "django.security.DisallowedHost": {"handlers": [], "level": "CRITICAL", "propagate": False},
    },
}
