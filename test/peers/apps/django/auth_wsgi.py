"""The script of Django's how-to for Apache's authentication: an application and the functions asked about its users."""

import os

os.environ['DJANGO_SETTINGS_MODULE'] = 'mysite.settings'

from django.core.wsgi import get_wsgi_application  # noqa: E402

application = get_wsgi_application()

# Needs the applications loaded, so it comes after.
from django.contrib.auth.handlers.modwsgi import check_password, groups_for_user  # noqa: E402, F401
