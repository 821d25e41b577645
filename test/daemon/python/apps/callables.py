"""No `application`, but things that could be meant."""

from wsgiref.util import request_uri  # noqa: F401


class Site:
    def __call__(self, environ, start_response):
        start_response('200 OK', [('Content-Type', 'text/plain')])
        return [b'site']


class Helper:
    pass


site = Site()
number = 5
_private = Site()


def main(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [b'main']
