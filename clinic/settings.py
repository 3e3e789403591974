"""All settings, from the environment where they differ between installations.

Embedded default: SQLite and a queue of files in NAPPAGE_DATA_DIR. Grown up: DATABASE_URL (PostgreSQL) and
REDIS_URL. The same code runs on both.
"""

from datetime import timedelta
from pathlib import Path

import dj_database_url
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from clinic.core import env, fsbroker  # noqa: F401 -- fsbroker registers its transport
from clinic.places import (  # noqa: F401 -- settings, for the frame
    AFTER_PANELS,
    CLINICAL_ROWS,
    LINKS_ABOUT,
    MISSING_FORMS,
    MOVE_PANELS,
    NAVIGATION,
    PATIENT_MODEL,
    PATIENT_PANELS,
    PATIENT_TABS,
    PATIENT_WARNINGS,
    SESSION_GATES,
    SITE_NOTICES,
    STOCK_PANELS,
    TODAY_PANELS,
    VERSION_PANELS,
    VISIT_MARKS,
    VISIT_PANELS,
)

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(env.text("NAPPAGE_DATA_DIR", str(BASE_DIR / "var"))).resolve()
DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)

DATABASE_URL = env.text("DATABASE_URL")
REDIS_URL = env.text("REDIS_URL")
EMBEDDED = not (DATABASE_URL and REDIS_URL)

# Who we are, and what we trust
DEBUG = env.flag("NAPPAGE_DEBUG", default=False)
DEMO = env.flag("NAPPAGE_DEMO", default=False)
SECRET_KEY = env.secret("NAPPAGE_SECRET_KEY", folder=DATA_DIR / "keys")
AUDIT_KEY = env.secret("NAPPAGE_AUDIT_KEY", folder=DATA_DIR / "keys")
SIGNATURE_KEY = env.secret("NAPPAGE_SIGNATURE_KEY", folder=DATA_DIR / "keys")
PACKAGE_KEY = env.secret("NAPPAGE_PACKAGE_KEY", folder=DATA_DIR / "keys")
BASE_URL = env.text("NAPPAGE_BASE_URL", "http://localhost:8000")
ALLOWED_HOSTS = env.words("NAPPAGE_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = [BASE_URL] if BASE_URL.startswith("https") else []
TRUSTED_PROXY_COUNT = ALLAUTH_TRUSTED_PROXY_COUNT = env.number("NAPPAGE_TRUSTED_PROXIES", default=0)

HTTPS = env.flag("NAPPAGE_HTTPS", default=not EMBEDDED)
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXY_COUNT else None
SECURE_REFERRER_POLICY = "same-origin"  # with "no-referrer" browsers send "Origin: null", which is refused
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "clinic.core.views.csrf_failure"
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
        "manifest-src": [SELF],
    }
}

# Apps: a lower line never imports a higher one
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "crispy_forms",
    "crispy_bootstrap5",
    "csp",
    "django_htmx",
    "clinic.core",
    "clinic.audit",
    "clinic.staff",
    "patients.registry",
    "patients.history",
    "treatments.catalogue",
    "treatments.stock",
    "treatments.charting",
    "treatments.scheduling",
    "treatments.links",
    "treatments.reminders",
    "treatments.recall",
    "treatments.demo",
]
MIDDLEWARE = [
    "clinic.core.middleware.RequestContextMiddleware",
    "clinic.core.middleware.HeadersMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "clinic.core.middleware.LivenessMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "clinic.core.middleware.PlausibleRequestMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "clinic.staff.middleware.ClinicMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "clinic.staff.middleware.SessionLimitMiddleware",
    "clinic.staff.middleware.AccessMiddleware",
]
ROOT_URLCONF = "clinic.urls"
WSGI_APPLICATION = "clinic.wsgi.application"
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
                "clinic.staff.context_processors.navigation",
            ],
            "builtins": ["django.templatetags.i18n", "django.templatetags.static", "clinic.core.templatetags.nappage"],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
CRISPY_ALLOWED_TEMPLATE_PACKS = CRISPY_TEMPLATE_PACK = "bootstrap5"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# The database. SQLite: one writer at a time that waits its turn, every commit on the disk before it is acknowledged,
# and recursive triggers, without which INSERT OR REPLACE would take rows away unseen by the guards against deleting
SQLITE = {
    "ENGINE": "django.db.backends.sqlite3",
    "NAME": DATA_DIR / "db.sqlite3",
    "OPTIONS": {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
        " PRAGMA recursive_triggers=ON;"
        " PRAGMA mmap_size=134217728; PRAGMA cache_size=-20000;",
    },
}
DATABASES = {
    "default": dj_database_url.parse(DATABASE_URL, conn_max_age=60, conn_health_checks=True) if DATABASE_URL else SQLITE
}
# The lock-out after wrong passwords lives in the cache: in the database, so that all workers share it, and roomy,
# so that nobody pushes their own count out of it
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "core_cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

# Signing in
AUTH_USER_MODEL = "staff.User"
AUTHENTICATION_BACKENDS = ["clinic.staff.backends.StaffBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
REQUIRE_SECOND_FACTOR = env.flag("NAPPAGE_REQUIRE_SECOND_FACTOR", default=not EMBEDDED)
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ["full_name", "email"]},
    },
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 8 if REQUIRE_SECOND_FACTOR else 15},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
SECOND_FACTOR_SETUP_URL = "mfa_activate_totp"
ACCOUNT_ADAPTER = "clinic.staff.adapters.StaffAccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_RATE_LIMITS = {"login_failed": "30/m/ip,10/900s/key", "reauthenticate": "60/900s/user"}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Nappage"
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_IDLE_LIMIT = timedelta(minutes=15)
SESSION_ABSOLUTE_LIMIT = timedelta(hours=12)

# Names of URLs that need no permission of ours: everybody's, everybody's who is signed in, and those that remain
# while the second factor is missing
PUBLIC_URL_NAMES = {
    "account_login",
    "account_logout",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
    "account_inactive",
    "mfa_authenticate",
}
SIGNED_IN_URL_NAMES = {
    "account_reauthenticate",
    "account_change_password",
    "mfa_index",
    "mfa_activate_totp",
    "mfa_deactivate_totp",
    "mfa_view_recovery_codes",
    "mfa_generate_recovery_codes",
    "mfa_download_recovery_codes",
}
SECOND_FACTOR_SETUP_URL_NAMES = {"account_reauthenticate", "mfa_activate_totp"}

# Language and time
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("es", _("Spanish")), ("fr", _("French")), ("de", _("German"))]
MESSAGE_LANGUAGES = [*LANGUAGES, ("ar", _("Arabic"))]  # in which patients are written to
LOCALE_PATHS = [BASE_DIR / "clinic" / "locale"]
FORMAT_MODULE_PATH = "clinic.formats"
USE_TZ = USE_I18N = True
TIME_ZONE = "UTC"

# Static files
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)
STATICFILES_DIRS = [BASE_DIR / "static"]
MADE_FILES = DATA_DIR / "made"
NODE_MODULES = BASE_DIR / "node_modules"
VENDOR_FILES = [
    "bootstrap/dist/css/bootstrap.min.css",
    "bootstrap/dist/css/bootstrap.min.css.map",
    "@fontsource-variable/source-sans-3/index.css",
    *(
        f"@fontsource-variable/source-sans-3/files/source-sans-3-{script}-wght-normal.woff2"
        for script in ("latin", "latin-ext", "vietnamese", "greek", "greek-ext", "cyrillic", "cyrillic-ext")
    ),
]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "clinic.core.finders.VendorFinder",
    "clinic.core.finders.IconsFinder",
]
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_ALLOW_ALL_ORIGINS = False
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "clinic.core.statics.HashedFiles"},
}
MEDIA_ROOT = DATA_DIR / "files"
AUDIT_SEALS = DATA_DIR / "audit-seals"

# The queue: it only says "look at row N"; what must happen is a row in the database
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SOFT_TIME_LIMIT, CELERY_TASK_TIME_LIMIT = 25, 30
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 20
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_step": 0.1}
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "beat-schedule")
CELERY_BEAT_SCHEDULE = {
    "plan what changed": {
        "task": "treatments.reminders.tasks.plan_changes",
        "schedule": 60.0,
        "options": {"expires": 55},
    },
    "plan reminders": {
        "task": "treatments.reminders.tasks.plan_reminders",
        "schedule": 3600.0,
        "options": {"expires": 3000},
    },
    "sweep reminders": {
        "task": "treatments.reminders.tasks.sweep_reminders",
        "schedule": 15.0,
        "options": {"expires": 14},
    },
    "seal the trail": {"task": "clinic.audit.tasks.seal_events", "schedule": 60.0, "options": {"expires": 55}},
}
if REDIS_URL:
    CELERY_BROKER_URL = REDIS_URL
    CELERY_VISIBILITY_TIMEOUT = 300
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "visibility_timeout": CELERY_VISIBILITY_TIMEOUT,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        "socket_timeout": 2,
        "socket_connect_timeout": 2,
        "socket_keepalive": True,
        "health_check_interval": 25,
    }
else:
    QUEUE_DIR = DATA_DIR / "queue"
    CELERY_WORKER_PREFETCH_MULTIPLIER = 32  # files are looked for five times a second: one each would be 10 tasks/s
    CELERY_BROKER_URL = "safefs://localhost"
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(QUEUE_DIR / "waiting"),
        "data_folder_out": str(QUEUE_DIR / "waiting"),
        "control_folder": str(QUEUE_DIR / "control"),
        "processed_folder": str(QUEUE_DIR / "done"),
        "store_processed": True,
        "polling_interval": 0.2,
    }
    for folder in ("waiting", "control", "done"):
        (QUEUE_DIR / folder).mkdir(parents=True, exist_ok=True)

# Messages to patients
EMAIL_HOST = env.text("NAPPAGE_SMTP_HOST")
EMAIL_PORT = env.number("NAPPAGE_SMTP_PORT", default=25)
EMAIL_HOST_USER = env.text("NAPPAGE_SMTP_USER")
EMAIL_HOST_PASSWORD = env.text("NAPPAGE_SMTP_PASSWORD")
EMAIL_USE_TLS = env.flag("NAPPAGE_SMTP_TLS", default=False)
EMAIL_TIMEOUT = 10
# A provider that django-anymail knows, by its name there, instead of a mail server: postmark, mailgun, amazon_ses, ...
EMAIL_PROVIDER = env.text("NAPPAGE_EMAIL_PROVIDER")
ANYMAIL = env.json_object("NAPPAGE_EMAIL_PROVIDER_SETTINGS") | {
    "WEBHOOK_SECRET": env.text("NAPPAGE_EMAIL_REPORT_SECRET"),  # name:password; without it no report is taken
    "REQUESTS_TIMEOUT": EMAIL_TIMEOUT,
    "DEBUG_API_REQUESTS": False,
}
if EMAIL_PROVIDER:
    EMAIL_BACKEND = f"anymail.backends.{EMAIL_PROVIDER}.EmailBackend"
elif EMAIL_HOST:
    EMAIL_BACKEND = "treatments.reminders.transports.smtp.EmailBackend"
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = DATA_DIR / "mail"
DEFAULT_FROM_EMAIL = env.text("NAPPAGE_FROM_EMAIL", "clinic@example.org")
# Text messages: a provider with a plain JSON interface, or Twilio, or files
SMS_URL = env.text("NAPPAGE_SMS_URL")
SMS_TOKEN = env.text("NAPPAGE_SMS_TOKEN")
SMS_REPORT_KEY = env.text("NAPPAGE_SMS_REPORT_KEY")  # signs the provider's reports; without it none is taken
TWILIO_URL = env.text("NAPPAGE_TWILIO_URL", "https://api.twilio.com")
TWILIO_ACCOUNT = env.text("NAPPAGE_TWILIO_ACCOUNT")
TWILIO_TOKEN = env.text("NAPPAGE_TWILIO_TOKEN")
TWILIO_FROM = env.text("NAPPAGE_TWILIO_FROM")
SMS_TRANSPORT = "treatments.reminders.transports." + (
    "TwilioSms" if TWILIO_ACCOUNT else "HttpSms" if SMS_URL else "FileSms"
)
SMS_FILE_PATH = DATA_DIR / "sms"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "clinic.core.logs.JsonFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {"django.server": {"level": "WARNING"}, "fontTools": {"level": "WARNING"}},
}
