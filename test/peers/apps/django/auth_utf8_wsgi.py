"""The same for passwords beyond ASCII: the server hands over bytes, one character each; browsers send UTF-8."""

from django.contrib.auth.handlers import modwsgi
from mysite.auth_wsgi import application, groups_for_user  # noqa: F401


def check_password(environ, user, password):
    try:
        return modwsgi.check_password(environ, decode(user), decode(password))
    except UnicodeDecodeError:
        return None


def decode(text):
    return text.encode('latin-1').decode('utf-8')
