"""The query is the status."""


def application(environ, start_response):
    headers = [("Content-Type", "text/plain"), ("X-App", "yes"), ("WWW-Authenticate", 'Basic realm="app"')]
    start_response(environ["QUERY_STRING"] + " Odd", headers)
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [b"method " + environ["REQUEST_METHOD"].encode()]
