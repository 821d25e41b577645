"""Reads the request body in every form; PATH_INFO names it, the answer is JSON."""

import hashlib
import json


def application(environ, start_response):
    body = environ['wsgi.input']
    answer = globals()['read_' + environ['PATH_INFO'][1:]](body)
    start_response('200 OK', [('Content-Type', 'application/json')])
    return [json.dumps(answer).encode()]


def text(data):
    return data.decode('latin-1') if isinstance(data, bytes) else [text(item) for item in data]


def read_all(body):
    return text([body.read(), body.read(), body.read(5), body.readline(), body.readlines()])


def read_none(body):
    return text([body.read(None), body.readline(None)])


def read_part(body):
    return text([body.read(10), body.read()])


def read_sevens(body):
    pieces = []
    while True:
        piece = body.read(7)
        if not piece:
            return text(pieces)
        pieces.append(piece)


def read_unequal(body):
    """In pieces of less and of more than credit lets come at once, mixed with lines."""
    digest = hashlib.sha256()
    lengths = []
    for size in (100_000, 250_000, 1, 300_000, 131_073, 262_144, 70_000, 500_000, None):
        line = body.readline(50)
        piece = body.read(size)
        digest.update(line + piece)
        lengths.append(len(piece) if size else 'rest')
    return [digest.hexdigest(), lengths]


def read_steps(body):
    """Each several times, as copying a file does, mixed with lines and with what is less than a step."""
    digest = hashlib.sha256()
    wrong = []
    for size in (65_536, 16_384, 20_000, 131_072, 65_536, 300_000, 16_383, 262_144, 100_001):
        for count in (1, 2, 3, 4, 5, 6):
            line = body.readline(30) if count in (2, 5) else b''
            few = body.read(count) if count == 4 else b''
            piece = body.read(size)
            digest.update(line + few + piece)
            if len(piece) != size or type(piece) is not bytes:
                wrong.append((size, count, len(piece)))
    rest = 0
    for piece in iter(lambda: body.read(65_536), b''):
        digest.update(piece)
        rest += len(piece)
    return [digest.hexdigest(), wrong, rest]


def read_zero(body):
    return text([body.read(0), body.readline(0), body.read()])


def read_more(body):
    return text([body.read(1_000_000), body.read(1)])


def read_lines(body):
    lines = []
    while True:
        line = body.readline()
        if not line:
            return text(lines)
        lines.append(line)


def read_short_lines(body):
    return text([body.readline(5), body.readline(5), body.readline(100), body.readline()])


def read_hint(body):
    return text([body.readlines(1), body.readlines(0), body.readlines(-1)])


def read_iterate(body):
    return text(list(body))


def read_mixed(body):
    first = body.readline()
    second = next(body)
    body.close()
    return text([first, second, body.read(3), body.read()])


def read_hash(body):
    digest = hashlib.sha256()
    total = 0
    while True:
        piece = body.read(50_000)
        if not piece:
            return [digest.hexdigest(), total]
        digest.update(piece)
        total += len(piece)


def read_hash_by_line(body):
    digest = hashlib.sha256()
    for line in body:
        digest.update(line)
    return digest.hexdigest()


def read_nothing(body):
    return 'not read'


def read_little(body):
    return text(body.read(3))
