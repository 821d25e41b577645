"""The query is `status,location`."""


def application(environ, start_response):
    status, location = environ["QUERY_STRING"].split(",", 1)
    headers = [("Content-Type", "text/plain"), ("Location", location), ("X-App", "yes"), ("Set-Cookie", "a=b")]
    start_response(status + " Whatever", headers)
    return [b"body of app"]
