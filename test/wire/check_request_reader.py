"""
Reads thousands of REQUEST payloads, most of them broken in one or two places, once with a reader that has read all before and once with one that has
read nothing, and says where they differ: what a reader remembers may not show. Usage: check_request_reader.py
"""

import os
import random
import sys
from typing import List

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', '..', 'src', 'daemon', 'python'))

from modhost_daemon import wire  # noqa: E402

COUNT = 20_000
FLAGS = ('', 'b', 'r', 'ras', 'rs', 's', 'brs')
# Some names are as long as others with a NUL between them, and one is empty.
NAMES = ('REQUEST_METHOD', 'PATH_INFO', 'HTTP_HOST', 'A', 'B', 'A-B', '')
VALUES = ('GET', '/', 'a.example', '')
SHARED = (['SERVER_NAME', 'a.example', 'SCRIPT_FILENAME', '/a'], ['SERVER_NAME', 'b', 'DOCUMENT_ROOT', ''], [])


def make_payload(chance: random.Random) -> bytes:
    flags = chance.choice(FLAGS)
    pairs = [chance.choice(texts) for _ in range(chance.randrange(5)) for texts in (NAMES, VALUES)]
    shared = chance.choice(SHARED) if 's' in flags else []
    begin = [chance.choice(('/a.wsgi', '/b.wsgi')), chance.choice(('', 'group')), 'application', 'auto', flags]
    return encode(begin, pairs, shared, (len(pairs) + len(shared)) // 2)


def encode(begin: List[str], pairs: List[str], shared: List[str], count: int) -> bytes:
    texts = [*begin, str(count)]
    if 's' in begin[4]:
        texts.append(str(len('\0'.join(shared))))
        texts.append(str(sum(len(name) + 1 for name in pairs[0::2])))
        pairs = pairs[0::2] + pairs[1::2]
    return '\0'.join(texts + pairs + shared).encode('latin-1')


def make_lies() -> List[bytes]:
    """Each but the first begins as one before it did that was right, and has another number of names than it says."""
    begin = ['/a.wsgi', '', 'application', 'auto', 's']
    pairs = (['A', '', 'B', ''], ['A-B', ''])
    truths = [encode(begin, own, SHARED[0], len(own) // 2 + 2) for own in pairs]
    return [*truths, *(encode(begin, pairs[1 - at], SHARED[0], len(pairs[at]) // 2 + 2) for at in (0, 1)), *truths]


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
    return [getattr(request.target, name) for name in names] + [request.environ, request.shared, list(request.headers)]


def main() -> None:
    chance = random.Random(1)
    seasoned = wire.RequestReader()
    read = 0
    payloads = make_lies()
    for _ in range(COUNT - len(payloads)):
        payload = make_payload(chance)
        for _ in range(chance.choice((0, 0, 1, 2))):
            payload = break_payload(chance, payload) or b'\0'
        payloads.append(payload)
    for payload in payloads:
        expected = describe(wire.RequestReader(), payload)
        found = describe(seasoned, payload)
        read += found is not None
        if found != expected:
            print('%r: %r instead of %r' % (payload, found, expected))
    print('%d read, %d refused' % (read, COUNT - read))


main()
