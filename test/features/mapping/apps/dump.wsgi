"""Answers with the keys of its environ that tell how the request came here."""

KEYS = ("CONTENT_LENGTH CONTENT_TYPE FROM_SITE PATH_INFO QUERY_STRING REDIRECT_FROM_SITE REDIRECT_QUERY_STRING "
        "REDIRECT_REMOTE_USER REDIRECT_REQUEST_METHOD REDIRECT_STATUS REDIRECT_URL REMOTE_USER REQUEST_METHOD REQUEST_URI "
        "SCRIPT_NAME SERVER_NAME SERVER_PORT").split()


def application(environ, start_response):
    body = " ".join("%s=%s" % (key, environ[key]) for key in KEYS if key in environ).encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("X-App", environ["REQUEST_METHOD"])])
    return [body]
