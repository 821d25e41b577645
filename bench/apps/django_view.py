"""A Django project in one file: a view that renders a template with a loop, an include-free page of about 3 kB."""

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.shortcuts import render
from django.urls import path

PAGE = """<!doctype html>
<title>{{ title }}</title>
<table>
{% for row in rows %}<tr class="{% cycle 'odd' 'even' %}"><td>{{ row.name }}</td><td>{{ row.price|floatformat:2 }}</td></tr>
{% endfor %}</table>
"""
ROWS = [{"name": f"<item {number}>", "price": number * 1.1} for number in range(40)]


def show(request):
    return render(request, "page.html", {"title": "Prices", "rows": ROWS})


settings.configure(
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    SECRET_KEY="of a benchmark",
    MIDDLEWARE=["django.middleware.common.CommonMiddleware", "django.middleware.security.SecurityMiddleware"],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {"loaders": [("django.template.loaders.cached.Loader", [("django.template.loaders.locmem.Loader", {"page.html": PAGE})])]},
        }
    ],
)
urlpatterns = [path("", show)]
application = get_wsgi_application()
