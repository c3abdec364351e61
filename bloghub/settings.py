"""The one settings file: everything comes from the environment, and nothing is needed to start.

Without DATABASE_URL and REDIS_URL the hub runs its own PostgreSQL and Redis-protocol server on this machine
(``embedded.py``), for this machine only. With them it is in production and refuses to start without its secrets.
Every variable is explained in README.md, "Configure"; a test asserts that none is missing there.
"""

from __future__ import annotations

import re
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from bloghub import embedded, environment as env
from bloghub.lib.addresses import FetchPolicy
from bloghub.lib.mail import Server, is_address
from bloghub.lib.sender import Proxy

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(env.text("BLOGHUB_DATA_DIR") or BASE_DIR / "var").resolve()

# --- what runs where ------------------------------------------------------------------------------------------------

DATABASE_URL = env.text("DATABASE_URL")
REDIS_URL = env.text("REDIS_URL")
if bool(DATABASE_URL) != bool(REDIS_URL):
    raise ImproperlyConfigured("Set both DATABASE_URL and REDIS_URL, or neither for the embedded servers.")
EMBEDDED = not DATABASE_URL
if EMBEDDED:
    _addresses = embedded.addresses(DATA_DIR)
    DATABASE_URL, REDIS_URL = _addresses.database_url, _addresses.redis_url

PORT = env.number("PORT", 8000)
PUBLIC_URL = env.text("BLOGHUB_PUBLIC_URL", f"http://127.0.0.1:{PORT}" if EMBEDDED else "").rstrip("/")
SECRET_KEY = env.text("BLOGHUB_SECRET_KEY")
if EMBEDDED:
    SECRET_KEY = SECRET_KEY or embedded.secrets(DATA_DIR).secret_key
for _name, _value in {"BLOGHUB_PUBLIC_URL": PUBLIC_URL, "BLOGHUB_SECRET_KEY": SECRET_KEY}.items():
    if not _value:
        raise ImproperlyConfigured(f"{_name} is not set. The hub does not start without it (README, Configure).")
if not EMBEDDED and len(SECRET_KEY) < 50:  # noqa: PLR2004 - what check --deploy asks for, too
    raise ImproperlyConfigured("BLOGHUB_SECRET_KEY is too short: 50 random characters at least.")
SECRET_KEY_FALLBACKS = env.words("BLOGHUB_SECRET_KEY_FALLBACKS")

_public = urlsplit(PUBLIC_URL)
if _public.scheme not in {"http", "https"} or not _public.hostname:
    raise ImproperlyConfigured("BLOGHUB_PUBLIC_URL must be the hub's own address, such as https://blogs.example.")
if not PUBLIC_URL.isascii():
    raise ImproperlyConfigured(
        "BLOGHUB_PUBLIC_URL: write its host name with ASCII letters (as xn--…), as mails have it."
    )
HTTPS = _public.scheme == "https"
LOOPBACK_ONLY = EMBEDDED
if not HTTPS and not LOOPBACK_ONLY:
    raise ImproperlyConfigured("BLOGHUB_PUBLIC_URL must begin with https:// unless the embedded servers are used.")

DEBUG = env.flag("BLOGHUB_DEBUG")
if DEBUG and not LOOPBACK_ONLY:
    raise ImproperlyConfigured("BLOGHUB_DEBUG is only for the embedded servers on this machine.")
ALLOWED_HOSTS = [_public.hostname] + (["127.0.0.1", "localhost", "[::1]"] if LOOPBACK_ONLY else [])

# "web", "worker" or "" (a shell): set by wsgi.py and celery.py, decides how patient the database is
ROLE = env.text("BLOGHUB_ROLE")

# --- the company ----------------------------------------------------------------------------------------------------

COMPANY_NAME = env.text("BLOGHUB_COMPANY")
BRAND_COLOUR = env.text("BLOGHUB_BRAND_COLOUR", "#2a3fd0")
if not re.fullmatch(r"#[0-9a-fA-F]{6}", BRAND_COLOUR):
    raise ImproperlyConfigured("BLOGHUB_BRAND_COLOUR must be a colour such as #2a3fd0.")
CONTACT = env.contact("BLOGHUB_CONTACT")
ANONYMOUS_READING = env.flag("BLOGHUB_ANONYMOUS_READING")
# Demo people can be signed in with one click: on loopback with the embedded servers, and nowhere else
DEMO = LOOPBACK_ONLY and _public.hostname in {"127.0.0.1", "localhost", "::1"} and env.flag("BLOGHUB_DEMO")
DEMO_ADDRESS = env.text("BLOGHUB_DEMO_ADDRESS") if DEMO else ""

# --- fetching -------------------------------------------------------------------------------------------------------

# host, network, host:port or network:port, separated by commas; "only" among them forbids everything else
FETCH_ALLOW = ",".join(env.words("BLOGHUB_FETCH_ALLOW") + ([DEMO_ADDRESS] if DEMO_ADDRESS else []))
try:
    FetchPolicy.parse(FETCH_ALLOW)
except ValueError as _error:
    raise ImproperlyConfigured(str(_error)) from None
FETCH_CA_BUNDLE = env.text("BLOGHUB_FETCH_CA_BUNDLE")
_proxy = env.text("BLOGHUB_FETCH_PROXY")
try:
    FETCH_PROXY = Proxy.parse(_proxy, tuple(env.words("BLOGHUB_FETCH_DIRECT"))) if _proxy else None
except ValueError as _error:
    raise ImproperlyConfigured(f"BLOGHUB_FETCH_PROXY {_error}.") from None  # never the address: it holds a password

# --- metrics --------------------------------------------------------------------------------------------------------

# Whoever sends it as a bearer token may read /metrics, as admins may; without it machines may not
METRICS_TOKEN = env.text("BLOGHUB_METRICS_TOKEN")
if METRICS_TOKEN and len(METRICS_TOKEN) < 20:  # noqa: PLR2004 - what cannot be guessed
    raise ImproperlyConfigured("BLOGHUB_METRICS_TOKEN is too short: 20 random characters at least.")

# --- mail -----------------------------------------------------------------------------------------------------------

# Without a server letters are kept as files, which a mail program opens
MAIL_DIR = Path(env.text("BLOGHUB_MAIL_DIR") or DATA_DIR / "mail")
_smtp = env.text("BLOGHUB_SMTP_URL")
try:
    MAIL_SERVER = Server.parse(_smtp) if _smtp else None
except ValueError as _error:
    raise ImproperlyConfigured(f"BLOGHUB_SMTP_URL {_error}.") from None  # never the address: it holds a password
MAIL_FROM = env.text("BLOGHUB_MAIL_FROM") or ("" if _smtp else "BlogHub <bloghub@localhost>")
if not is_address(parseaddr(MAIL_FROM)[1]):
    raise ImproperlyConfigured("BLOGHUB_MAIL_FROM must be a mail address, such as BlogHub <blogs@corp.example>.")
EMAIL_TIMEOUT = 10  # s for the whole of one exchange with the server

# --- Django ---------------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "bloghub.admin_config.HubAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "taggit",
    "django_htmx",
    "csp",
    "bloghub",
    "bloghub.people",
    "bloghub.notifications",
    "aggregator",
    "comments",
]

MIDDLEWARE = [
    "bloghub.middleware.SecurityHeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "bloghub.middleware.StaticFilesMiddleware",
    "bloghub.middleware.DatabaseDownMiddleware",
    "bloghub.middleware.CompressionMiddleware",
    "bloghub.middleware.EntityTagMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "bloghub.people.middleware.SignInRequiredMiddleware",
    "bloghub.people.middleware.TimeZoneMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "bloghub.urls"
WSGI_APPLICATION = "bloghub.wsgi.application"
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
                "bloghub.context.company",
            ],
        },
    },
]

# How long a statement may take: a page gives up soon, a worker later, a shell or a migration never (security.md 3.3)
_PATIENCE = {
    "web": "-c statement_timeout=5s -c lock_timeout=2s -c idle_in_transaction_session_timeout=30s",
    "worker": "-c statement_timeout=60s -c lock_timeout=20s -c idle_in_transaction_session_timeout=120s",
}
_database = env.database(DATABASE_URL)
_database["OPTIONS"] = {"connect_timeout": 5, **_database["OPTIONS"]}
if ROLE in _PATIENCE:
    _database["OPTIONS"]["options"] = _PATIENCE[ROLE]
DATABASES = {"default": {**_database, "CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# PostgreSQL is the truth and Redis only carries messages: no page needs the broker, so the cache is the process's own
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# --- people ---------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "people.Person"
AUTHENTICATION_BACKENDS = ["bloghub.people.backends.PersonBackend"]
LOGIN_URL = "people:session-create"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = LOGIN_URL
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
PASSWORD_RESET_TIMEOUT = 3600  # s

# --- languages and time ---------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]  # a language is offered once locale/ holds it
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["bloghub.formats"]
USE_I18N = True
TIME_ZONE = env.text("BLOGHUB_TIME_ZONE", "UTC")
USE_TZ = True

# --- static files ---------------------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = Path(env.text("BLOGHUB_STATIC_ROOT") or DATA_DIR / "static")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# --- security (security.md section 5) -------------------------------------------------------------------------------

SESSION_ENGINE = "bloghub.people.sessions"
SESSION_COOKIE_AGE = 12 * 3600  # s without a visit; a week at most in all (people/sessions.py)
SESSION_SAVE_EVERY_REQUEST = False
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"  # Strict breaks the way back from a sign-on server
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else f"session_{PORT}"  # ports share cookies: two hubs, two names
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else f"csrf_{PORT}"
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if HTTPS else []
CSRF_FAILURE_VIEW = "bloghub.views.csrf_failure"
SIGNED_COOKIE_LEGACY_SALT_FALLBACK = False
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]  # asked by the container engine, inside, without TLS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
# Only with a proxy in front that overwrites the header itself
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.flag("BLOGHUB_BEHIND_PROXY") else None
SECURE_REFERRER_POLICY = "same-origin"  # no-referrer would make forms send "Origin: null", which Django refuses
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SILENCED_SYSTEM_CHECKS = [
    "security.W005",  # subdomains of an intranet name belong to other people
    "security.W021",  # preload lists are for the public web
]
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440

_CSP_PAGES = {
    "default-src": ["'none'"],
    "script-src": ["'self'"],
    "style-src": ["'self'"],
    "img-src": ["'self'", "https:", "http:"],  # posts carry pictures and sound from the blogs' own hosts
    "media-src": ["'self'", "https:", "http:"],
    "font-src": ["'self'"],
    "connect-src": ["'self'"],
    "form-action": ["'self'"],
    "base-uri": ["'none'"],
    "frame-ancestors": ["'none'"],
    "object-src": ["'none'"],
    "manifest-src": ["'self'"],
    "require-trusted-types-for": ["'script'"],
    # `default` is what htmx needs: it lets pass the answer htmx is putting in, and nothing else (static/js/trusted.js)
    "trusted-types": ["bloghub", "default"],
    "report-uri": ["/csp-report/"],
}
CONTENT_SECURITY_POLICY = {"DIRECTIVES": _CSP_PAGES}
# Django admin's own scripts write innerHTML: the same without Trusted Types, for its pages only
CSP_ADMIN_REPLACE = {"require-trusted-types-for": None, "trusted-types": None}

# --- Celery (security.md 3.1 and 3.2: every value has its issue there) ----------------------------------------------

_PATIENT_SOCKET = 10  # s; must exceed the worker's blocking pop of 1 s
_HASTY_SOCKET = 5  # s; what a page may wait for a frozen broker
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = CELERY_RESULT_SERIALIZER = CELERY_EVENT_SERIALIZER = "json"
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_RETRY_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 300  # s
CELERY_TASK_SOFT_TIME_LIMIT = 240
CELERY_VISIBILITY_TIMEOUT = 600  # s; longer than any hard limit, or a running task starts twice
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": CELERY_VISIBILITY_TIMEOUT,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_timeout": _HASTY_SOCKET if ROLE == "web" else _PATIENT_SOCKET,
    "socket_connect_timeout": _HASTY_SOCKET,
    "socket_keepalive": True,
    "retry_on_timeout": True,
    "health_check_interval": 25,
    "global_keyprefix": "bloghub:",
}
CELERY_RESULT_BACKEND_TRANSPORT_OPTIONS = {"visibility_timeout": CELERY_VISIBILITY_TIMEOUT}
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_POOL_ACQUIRE_TIMEOUT = 5  # s
CELERY_TASK_PUBLISH_RETRY = ROLE != "web"
CELERY_WORKER_MAX_TASKS_PER_CHILD = 500
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 300_000  # KiB
# Only with REMAP_SIGTERM=SIGQUIT in the worker's environment: by itself, SIGTERM waits for running tasks without limit
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = float(env.number("BLOGHUB_WORKER_SOFT_SHUTDOWN", 30))  # s
CELERY_WORKER_ENABLE_SOFT_SHUTDOWN_ON_IDLE = not EMBEDDED  # nobody who presses Ctrl-C wants to wait for nothing
CELERY_WORKER_ETA_TASK_LIMIT = 1000
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "bloghub.beat:SteadyScheduler"

# --- logging --------------------------------------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "bloghub.logs.LineFormatter",
            "format": "{asctime} {levelname} {name}: {message}",
            "style": "{",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.text("BLOGHUB_LOG_LEVEL", "WARNING").upper()},
}
