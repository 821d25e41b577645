"""An application that fails in every way that a site meets sooner or later; the path says how."""

import os
import time


def before(environ, start_response):
    raise RuntimeError("broken before the head")


def after(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    yield b"x" * 1000
    raise RuntimeError("broken after the head")


def text(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return ["no bytes"]


def silent(environ, start_response):
    return [b"nobody called start_response"]


def slow_head(environ, start_response):
    environ["wsgi.errors"].write("slow-head is in pid %d\n" % os.getpid())
    time.sleep(60)


def slow_body(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    yield b"pid %d\n" % os.getpid()
    time.sleep(60)


def endless(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/octet-stream")])
    return Endless(environ["wsgi.errors"])


class Endless:
    def __init__(self, errors):
        self.errors = errors

    def __iter__(self):
        return self

    def __next__(self):
        return b"y" * 65536

    def close(self):
        self.errors.write("the endless response was closed\n")


def upload(environ, start_response):
    environ["wsgi.errors"].write("the upload begins\n")
    try:
        while environ["wsgi.input"].read(65536):
            pass
    except OSError as error:
        environ["wsgi.errors"].write("the upload broke off: %s\n" % type(error).__name__)
        raise
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"complete"]


def short(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "1000")])
    return [b"too little"]


def bad_header(environ, start_response):
    start_response("200 OK", [("X-Bad", "a\r\nSet-Cookie: stolen=1")])
    return [b""]


def fine(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"fine in pid %d" % os.getpid()]


WAYS = {
    "/before": before,
    "/after": after,
    "/text": text,
    "/silent": silent,
    "/slow-head": slow_head,
    "/slow-body": slow_body,
    "/endless": endless,
    "/upload": upload,
    "/short": short,
    "/bad-header": bad_header,
    "/fine": fine,
}


def application(environ, start_response):
    return WAYS[environ["PATH_INFO"]](environ, start_response)
