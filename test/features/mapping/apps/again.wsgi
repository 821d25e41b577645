"""Asks for itself as often as the query says."""


def application(environ, start_response):
    left = int(environ["QUERY_STRING"])
    headers = [("Content-Type", "text/plain")]
    if left > 0:
        headers.append(("Location", "/again?%d" % (left - 1)))
    start_response("200 OK", headers)
    return [b"done"]
