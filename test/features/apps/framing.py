"""Answers that try to say something wrong about their own length and end."""

ANSWERS = {
    "/longer": ("200 OK", [("Content-Length", "3")], b"abcHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    "/chunked": ("200 OK", [("Transfer-Encoding", "chunked"), ("Content-Length", "5")], b"0\r\n\r\n"),
    "/own-chunks": ("200 OK", [("Transfer-Encoding", "chunked")], b"0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"),
    "/close": ("200 OK", [("Connection", "close")], b"abc"),
    "/no-content": ("204 No Content", [("Content-Length", "3")], b"abc"),
    "/not-modified": ("304 Not Modified", [], b"abc"),
    "/two-lengths": ("200 OK", [("Content-Length", "2"), ("Content-Length", "3")], b"abc"),
    "/upgrade": ("200 OK", [("Upgrade", "h2c"), ("Connection", "upgrade")], b"abc"),
    "/value-crlf": ("200 OK", [("X-A", "b\r\nX-Forged: 1")], b""),
    "/value-nul": ("200 OK", [("X-A", "b\0")], b""),
    "/name-crlf": ("200 OK", [("X-A: b\r\nX-Forged", "1")], b""),
    "/name-colon": ("200 OK", [("X-Forged: 1", "")], b""),
    "/status-crlf": ("200 OK\r\nX-Forged: 1", [], b""),
    "/length-sign": ("200 OK", [("Content-Length", "+3")], b"abc"),
    "/length-list": ("200 OK", [("Content-Length", "3, 3")], b"abc"),
    "/switching": ("101 Switching Protocols", [("Upgrade", "x")], b""),
    "/early": ("103 Early Hints", [], b""),
}


def application(environ, start_response):
    status, headers, body = ANSWERS[environ["PATH_INFO"]]
    start_response(status, headers)
    return [body]
