def application(environ, start_response):
    read, left = environ["wsgi.input"].read, int(environ["CONTENT_LENGTH"])
    while left:
        left -= len(read(min(left, 65536)))
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "3")])
    return [b"ok\n"]
