"""
Reads thousands of REQUEST payloads, most of them broken in one or two places, once with a reader that has read all before and once with one that has
read nothing, and says where they differ: what a reader remembers may not show. Usage: check_request_reader.py
"""

import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', '..', 'src', 'daemon', 'python'))

from modhost_daemon import wire  # noqa: E402

COUNT = 20_000
FLAGS = ('', 'b', 'r', 'ras', 'rs', 's', 'brs')
PAIRS = ['REQUEST_METHOD', 'GET', 'PATH_INFO', '/', 'HTTP_HOST', 'a.example', 'QUERY_STRING', '']
SHARED = (['SERVER_NAME', 'a.example', 'SCRIPT_FILENAME', '/a'], ['SERVER_NAME', 'b', 'DOCUMENT_ROOT', ''], [])


def make_payload(chance: random.Random) -> bytes:
    flags = chance.choice(FLAGS)
    pairs = PAIRS[: 2 * chance.randrange(5)]
    shared = chance.choice(SHARED) if 's' in flags else []
    texts = [chance.choice(('/a.wsgi', '/b.wsgi')), chance.choice(('', 'group')), 'application', 'auto', flags]
    texts.append(str((len(pairs) + len(shared)) // 2))
    if 's' in flags:
        texts.append(str(len('\0'.join(shared))))
    return '\0'.join(texts + pairs + shared).encode('latin-1')


def break_payload(chance: random.Random, payload: bytes) -> bytes:
    at = chance.randrange(len(payload))
    kind = chance.randrange(4)
    if kind == 0:
        return payload[:at]
    if kind == 1:
        return payload[:at] + payload[at + 1 :]
    if kind == 2:
        return payload[:at] + chance.choice((b'\0', b'0', b'9', b'\0\0', b'\xe9')) + payload[at:]
    end = payload.rfind(b'\0', 0, at) + 1
    return payload[:end] + payload[at:]


def describe(reader: wire.RequestReader, payload: bytes) -> object:
    try:
        request = reader.decode(payload)
    except wire.WireViolation:
        return None
    # All but what is remembered of the latest request.
    names = wire.Target.__slots__[: wire.Target.__slots__.index('shared')]
    return [getattr(request.target, name) for name in names] + [request.pairs, request.shared, list(request.headers)]


def main() -> None:
    chance = random.Random(1)
    seasoned = wire.RequestReader()
    read = 0
    for _ in range(COUNT):
        payload = make_payload(chance)
        for _ in range(chance.choice((0, 0, 1, 2))):
            payload = break_payload(chance, payload) or b'\0'
        expected = describe(wire.RequestReader(), payload)
        found = describe(seasoned, payload)
        read += found is not None
        if found != expected:
            print('%r: %r instead of %r' % (payload, found, expected))
    print('%d read, %d refused' % (read, COUNT - read))


main()
