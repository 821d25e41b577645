"""The project's own application inside a middleware of the classic kind."""

from mysite.wsgi import application as django

closed = 0


class Stamp:
    """Adds a header to each response, counts the bytes, and passes close() on."""

    def __init__(self, application):
        self.application = application

    def __call__(self, environ, start_response):
        if environ['PATH_INFO'] == '/closed':
            body = str(closed).encode()
            start_response('200 OK', [('Content-Type', 'text/plain'), ('Content-Length', str(len(body)))])
            return [body]

        def stamped(status, headers, exc_info=None):
            return start_response(status, headers + [('X-Stamp', environ['REQUEST_METHOD'])], exc_info)

        return Body(self.application(environ, stamped))


class Body:
    def __init__(self, iterable):
        self.iterable = iterable

    def __iter__(self):
        yield from self.iterable

    def close(self):
        global closed
        closed += 1
        if hasattr(self.iterable, 'close'):
            self.iterable.close()


application = Stamp(django)
