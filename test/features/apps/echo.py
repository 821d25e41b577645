"""Answers with the environ and the body that it was given."""

import json


def application(environ, start_response):
    body = b"" if environ["PATH_INFO"] == "/unread" else environ["wsgi.input"].read()
    facts = {key: value for key, value in environ.items() if isinstance(value, str)}
    answer = json.dumps({"environ": facts, "body": body.decode("latin-1")}).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(answer)))])
    return [answer]
