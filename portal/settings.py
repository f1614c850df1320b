"""One settings module: the environment in, loud when something is wrong."""

import os
import sys
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

import structlog
from celery.schedules import crontab
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _
from structlog.typing import Processor

from portal import embedded

BASE_DIR = Path(__file__).resolve().parent.parent


def env(name: str, default: str | None = None) -> str:
    value = os.environ.get(name, "").strip() or default
    if value is None:
        raise ImproperlyConfigured(f"The environment variable {name} must be set.")
    return value


def env_flag(name: str, *, default: bool) -> bool:
    value = env(name, "true" if default else "false").lower()
    if value not in {"1", "true", "yes", "on", "0", "false", "no", "off"}:
        raise ImproperlyConfigured(f"{name} must be true or false, not {value!r}.")
    return value in {"1", "true", "yes", "on"}


def env_list(name: str, default: str = "") -> list[str]:
    return [part.strip() for part in env(name, default).split(",") if part.strip()]


def env_choice(name: str, default: str, choices: tuple[str, ...]) -> str:
    value = env(name, default)
    if value not in choices:
        raise ImproperlyConfigured(
            f"{name} must be {', '.join(choices[:-1])} or {choices[-1]}, not {value!r}."
        )
    return value


def env_address(name: str, default: str | None, schemes: tuple[str, ...]) -> str:
    value = env(name, default)
    parts = urlsplit(value)
    if parts.scheme not in schemes or not parts.hostname:
        begins = " or ".join(f"{scheme}://" for scheme in schemes)
        raise ImproperlyConfigured(f"{name} must be an address that starts with {begins}.")
    return value


def env_megabytes(name: str, default: int) -> int:
    value = env(name, str(default))
    if not value.isascii() or not value.isdigit() or int(value) == 0:
        raise ImproperlyConfigured(f"{name} must be a whole number of megabytes, not {value!r}.")
    return int(value) * 1024 * 1024


def env_seconds(name: str, default: int) -> int:
    value = env(name, str(default))
    if not value.isascii() or not value.isdigit() or int(value) == 0:
        raise ImproperlyConfigured(f"{name} must be a whole number of seconds, not {value!r}.")
    return int(value)


def database(url: str, *, options: str = "") -> dict:
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"} or not parts.path.strip("/"):
        raise ImproperlyConfigured("DATABASE_URL must look like postgres://user:password@host:port/name.")
    settings: dict[str, str | int] = dict(parse_qsl(parts.query))
    # Of what asks for it (`portal.tenancy.db.run_planned`) and of nothing else.
    if env_flag("PREPARED_STATEMENTS", default=True):
        settings["prepare_threshold"] = 1_000_000
        # A plan for all values would serve a small tenant as the largest one is served.
        options = f"{options} -c plan_cache_mode=force_custom_plan"
    if options:
        settings["options"] = f"{settings.get('options', '')} {options}".strip()
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "ATOMIC_REQUESTS": True,
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        # Behind PgBouncer in transaction mode a cursor does not outlive its transaction.
        "DISABLE_SERVER_SIDE_CURSORS": True,
        "OPTIONS": settings,
    }


# --- what kind of installation this is -------------------------------------------------------

ENVIRONMENT = env_choice("PORTAL_ENV", "development", ("development", "test", "production"))
PRODUCTION = ENVIRONMENT == "production"
# Whether pages note who of the partners was here today; tests say so where they mean it.
NOTES_PRESENCE = ENVIRONMENT != "test"
DEBUG = env_flag("DEBUG", default=False)
DEMO = env_flag("DEMO", default=ENVIRONMENT == "development")
if PRODUCTION and (DEBUG or DEMO):
    raise ImproperlyConfigured("DEBUG and DEMO must be off in production.")

SECRET_KEY = env("SECRET_KEY", None if PRODUCTION else embedded.secret_key())
if PRODUCTION and len(SECRET_KEY) < 50:
    raise ImproperlyConfigured("SECRET_KEY must have at least 50 characters in production.")
PORTAL_URL = env_address(
    "PORTAL_URL", None if PRODUCTION else "http://localhost:8000", ("https", "http")
).rstrip("/")
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", "" if PRODUCTION else "*") or [urlsplit(PORTAL_URL).hostname or ""]
CSRF_TRUSTED_ORIGINS = [PORTAL_URL]

# --- engines ----------------------------------------------------------------------------------

if PRODUCTION or os.environ.get("DATABASE_URL"):
    DATABASE_URL = env("DATABASE_URL")
    MIGRATION_DATABASE_URL = env("MIGRATION_DATABASE_URL", DATABASE_URL)
    REDIS_URL = env_address("REDIS_URL", None, ("redis", "rediss"))
else:
    DATABASE_URL, MIGRATION_DATABASE_URL, REDIS_URL = embedded.urls()
# In a parallel test run each process has its own database (from pytest-django) and its own broker.
if _test_process := os.environ.get("PYTEST_XDIST_WORKER", "").removeprefix("gw"):
    _broker, _number = REDIS_URL.rsplit("/", 1)
    REDIS_URL = f"{_broker}/{int(_number) + 1 + int(_test_process)}"

MIGRATING = len(sys.argv) > 1 and sys.argv[1] == "migrate"
# A migration that reads a tenant table outside tenant_scope must be an error, not an empty result.
DATABASES = {
    "default": {
        **database(MIGRATION_DATABASE_URL, options="-c row_security=off"),
        "ENGINE": "portal.tenancy.migrating",
    }
    if MIGRATING
    else database(DATABASE_URL)
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "portal",
    }
}

# --- application ------------------------------------------------------------------------------

INSTALLED_APPS = [
    "portal.accounts",
    "portal.tenancy",
    "portal.events",
    "portal.jobs",
    "portal.imports",
    "portal.shell",
    "portal.people",
    "portal.notifications",
    "portal.search",
    "portal.programme",
    "portal.rates",
    "portal.files",
    "portal.discussion",
    "portal.reports",
    "portal.webhooks",
    "partners.directory",
    "partners.matching",
    "partners.deals",
    "partners.coselling",
    "partners.leads",
    "partners.surveys",
    "partners.training",
    "partners.orders",
    "partners.marketing",
    "partners.onboarding",
    "partners.engagement",
    "partners.content",
    "metrics",
    "metrics.benchmarks",
    "metrics.costs",
    "metrics.portfolio",
    "metrics.reviews",
    "metrics.readings",
    "incentives",
    "incentives.statements",
    "incentives.funds",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.admin",
    "django.contrib.humanize",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "rules",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_filters",
    "django_tables2",
    "crispy_forms",
    "crispy_bootstrap5",
    "django_htmx",
    "django_structlog",
    "health_check",
]
if not PRODUCTION:
    INSTALLED_APPS.append("django_linear_migrations")

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "portal.shell.middleware.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "portal.shell.middleware.RequestLogMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "portal.accounts.middleware.TenantMiddleware",
    "partners.engagement.middleware.PresenceMiddleware",
]

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
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
                "portal.shell.context.shell",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"
MESSAGE_STORAGE = "django.contrib.messages.storage.fallback.FallbackStorage"

# --- people -----------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "allauth.account.auth_backends.AuthenticationBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "accounts:choose"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ADAPTER = "portal.accounts.adapter.InvitationOnlyAdapter"
ACCOUNT_LOGOUT_REDIRECT_URL = LOGIN_URL
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_PREVENT_ENUMERATION = True
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION
MFA_FORMS = {"add_webauthn": "portal.people.passkeys.AddPasskeyForm"}
MFA_TOTP_ISSUER = "Partner portal"
USERSESSIONS_TRACK_ACTIVITY = False

# --- transport and browser --------------------------------------------------------------------

SECURE_TRANSPORT = PORTAL_URL.startswith("https://")
if env_flag("BEHIND_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    # Or one person's failed sign-ins would lock out everyone: all would seem to come from the proxy.
    ALLAUTH_TRUSTED_PROXY_COUNT = 1
SECURE_SSL_REDIRECT = PRODUCTION and SECURE_TRANSPORT
SECURE_REDIRECT_EXEMPT = [r"^healthz"]
SECURE_HSTS_SECONDS = 31_536_000 if PRODUCTION and SECURE_TRANSPORT else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE_HSTS_SECONDS > 0
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_TRANSPORT
SESSION_COOKIE_AGE = 60 * 60 * 24 * 14
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "var" / "static"
STATICFILES_DIRS: list = [
    BASE_DIR / "static",
    *(
        (prefix, folder)
        for prefix, folder in {
            "vendor/tabler": BASE_DIR / "node_modules/@tabler/core/dist",
            "vendor/icons": BASE_DIR / "node_modules/@tabler/icons-webfont/dist",
            "vendor/echarts": BASE_DIR / "node_modules/echarts/dist",
        }.items()
        if folder.is_dir()
    ),
]
MEDIA_ROOT = Path(env("MEDIA_ROOT", str(BASE_DIR / "var" / "media")))
FILE_UPLOAD_PERMISSIONS = 0o640
# Files of deals and the like: beside the public uploads, never below them.
FILES_DIR = Path(env("FILES_DIR", str(MEDIA_ROOT.parent / "files")))
if FILES_DIR.is_relative_to(MEDIA_ROOT):
    raise ImproperlyConfigured("FILES_DIR must not lie inside MEDIA_ROOT.")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not PRODUCTION
# Each test client makes its own middleware; looking files up when asked spares it the list of all of them.
WHITENOISE_AUTOREFRESH = ENVIRONMENT == "test"

# --- language and time ------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("nl", _("Dutch"))]
LOCALE_PATHS = [BASE_DIR / "portal" / "locale"]
USE_TZ = True
TIME_ZONE = "UTC"

# --- mail -------------------------------------------------------------------------------------

_mail = urlsplit(env("EMAIL_URL", None if PRODUCTION else "console://"))
_mail_backends = {"console": "console", "smtp": "smtp", "smtps": "smtp", "file": "filebased"}
if _mail.scheme not in _mail_backends:
    raise ImproperlyConfigured("EMAIL_URL must start with smtp://, smtps://, file:// or console://.")
EMAIL_BACKEND = f"django.core.mail.backends.{_mail_backends[_mail.scheme]}.EmailBackend"
EMAIL_FILE_PATH = _mail.path or None
EMAIL_HOST = _mail.hostname or "localhost"
EMAIL_PORT = _mail.port or (465 if _mail.scheme == "smtps" else 25)
EMAIL_HOST_USER = unquote(_mail.username or "")
EMAIL_HOST_PASSWORD = unquote(_mail.password or "")
EMAIL_USE_SSL = _mail.scheme == "smtps"
EMAIL_USE_TLS = _mail.scheme == "smtp" and dict(parse_qsl(_mail.query)).get("tls") == "true"
# One step of a mail server's conversation; a task may not outlast its time limit.
EMAIL_TIMEOUT = 4
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", "portal@localhost")

# --- API --------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["portal.shell.api_access.MembershipAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["portal.shell.api_access.HasMembership"],
    "DEFAULT_SCHEMA_CLASS": "portal.shell.api_schema.Schema",
    "DEFAULT_PAGINATION_CLASS": "portal.shell.api_access.CursorPagination",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "EXCEPTION_HANDLER": "portal.shell.api_access.exception_handler",
    "PAGE_SIZE": 50,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Partner portal API",
    "DESCRIPTION": "Deals, leads, partners, customers, scorecards, tiers and earnings of one partner programme.",
    # Courses and the content library go through the same states.
    "ENUM_NAME_OVERRIDES": {
        "PublicationStatusEnum": "partners.training.enums.CourseStatus",
        "AssetKindEnum": "partners.content.enums.AssetKind",
    },
    "VERSION": "1.0.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

# --- Celery -----------------------------------------------------------------------------------

CELERY_BROKER_URL = REDIS_URL
# A killed worker's task is back within seconds; with the defaults it took 100 s. No task may outlast
# the visibility timeout, so long work is cut into chunks (portal.jobs).
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 15,
    "unacked_restore_interval": 2,
    "unacked_restore_throttle": 1,
    # A message is a hint that the sweep replaces, so a person who waits does not wait for a broker that is
    # away: refused at once, silent for three seconds at most. Without max_retries each message took two.
    "socket_connect_timeout": 1,
    "socket_timeout": 3,
    "retry_on_timeout": False,
    "max_retries": 1,
    "interval_start": 0,
}
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_TIME_LIMIT = 14
CELERY_TASK_SOFT_TIME_LIMIT = 12
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_TIMEOUT = 2
CELERY_TASK_PUBLISH_RETRY = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_REDBEAT_REDIS_URL = REDIS_URL
CELERY_REDBEAT_KEY_PREFIX = "portal:redbeat:"
# A beat that was killed leaves its lock; the next one sweeps as soon as it has expired.
CELERY_REDBEAT_LOCK_TIMEOUT = 20
CELERY_BEAT_MAX_LOOP_INTERVAL = 5
CELERY_BEAT_SCHEDULE = {
    # Messages are hints; these find what a lost one left behind.
    "dispatch-events": {"task": "events.sweep", "schedule": 5, "options": {"expires": 5}},
    "recompute-scorecards": {"task": "metrics.sweep", "schedule": 5, "options": {"expires": 5}},
    "post-letters": {"task": "notifications.sweep", "schedule": 5, "options": {"expires": 5}},
    "post-webhooks": {"task": "webhooks.sweep", "schedule": 5, "options": {"expires": 5}},
    "send-reports": {"task": "reports.sweep", "schedule": 60, "options": {"expires": 60}},
    "restart-jobs": {"task": "jobs.sweep", "schedule": 10, "options": {"expires": 10}},
    "expire-deals": {
        "task": "tenancy.for_each_tenant",
        "args": ["deals.expire"],
        "schedule": crontab(minute="*/10"),
    },
    "remind-of-deals": {
        "task": "tenancy.for_each_tenant",
        "args": ["deals.remind"],
        "schedule": crontab(minute="5-55/10"),
    },
    "send-surveys": {
        "task": "tenancy.for_each_tenant",
        "args": ["surveys.send"],
        "schedule": crontab(minute="*/5"),
    },
    "move-leads-on": {
        "task": "tenancy.for_each_tenant",
        "args": ["leads.move_on"],
        "schedule": crontab(minute="2-52/10"),
    },
    "post-to-applicants": {
        "task": "tenancy.for_each_tenant",
        "args": ["onboarding.post"],
        "schedule": crontab(minute="3-53/10"),
    },
    "post-invitations": {
        "task": "tenancy.for_each_tenant",
        "args": ["people.post"],
        "schedule": crontab(minute="*/5"),
    },
    "nightly": {"task": "shell.nightly", "schedule": crontab(minute=5)},
}

# --- limits -----------------------------------------------------------------------------------

# How long a page waits for the database before it says that the portal is busy. Set per transaction, as PgBouncer
# wants it; workers have their own time limit, and `migrate` waits as long as it takes.
WEB_PATIENCE = {
    "statement": env_seconds("WEB_STATEMENT_SECONDS", 20),
    "lock": env_seconds("WEB_LOCK_SECONDS", 5),
    "program": 60,
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILES_MAX_BYTES = env_megabytes("FILES_MAX_MB", 25)
FILES_QUOTA_BYTES = env_megabytes("FILES_QUOTA_MB", 20_000)
# Where one develops, webhooks may go to this machine; anywhere else they go to public addresses only.
WEBHOOKS_TO_LOCALHOST = not PRODUCTION
DJANGO_TABLES2_TEMPLATE = "components/table.html"

# --- logs -------------------------------------------------------------------------------------

LOG_FORMAT = env_choice("LOG_FORMAT", "json" if PRODUCTION else "console", ("json", "console"))
LOG_LEVEL = env_choice("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"))
_shared_processors: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
]
structlog.configure(
    processors=[
        *_shared_processors,
        structlog.processors.format_exc_info,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
# The lines of other packages come with their exceptions unformatted, as Celery's do when a task fails.
LOG_RENDERING: dict[str, list[Processor]] = {
    "json": [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()],
    "console": [structlog.dev.ConsoleRenderer(colors=False)],
}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "structured": {
            "()": structlog.stdlib.ProcessorFormatter,
            "foreign_pre_chain": _shared_processors,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *LOG_RENDERING[LOG_FORMAT],
            ],
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "structured"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        "django.server": {"handlers": [], "propagate": True},
        "django.request": {"level": "ERROR"},
        "django_structlog": {"level": LOG_LEVEL},
    },
}
