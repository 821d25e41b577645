"""Fails; the query says when."""


def application(environ, start_response):
    if environ["QUERY_STRING"] == "before":
        raise RuntimeError("on purpose")
    start_response("404 Not Found", [("Content-Type", "text/plain"), ("X-App", "yes")])
    if environ["QUERY_STRING"] == "started":
        raise RuntimeError("on purpose")
    return [b"not here"]
