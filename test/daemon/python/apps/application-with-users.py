"""Application and check_password in one file: both count."""

requests = 0
calls = 0


def application(environ, start_response):
    global requests
    requests += 1
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [b'requests %d calls %d' % (requests, calls)]


def check_password(environ, user, password):
    global calls
    calls += 1
    return True
