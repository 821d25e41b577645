"""
Reads the fixtures with the Python codec and prints one JSON line for each: name, how it was fed, what came out.
Usage: check_fixtures.py FOLDER. Compared with the expectation in fixtures.test.ts.
"""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', '..', 'src', 'daemon', 'python'))

from modhost_daemon import wire  # noqa: E402

NAMES = {
    value: name.lower()
    for name, value in vars(wire).items()
    if name in 'HELLO REQUEST RESPONSE BODY END ABORT CREDIT LOG CALL REPLY PING PONG DRAIN ACCEPTED'.split()
}
# Of all fixtures, which it reads several times each: what it remembers of one must not show in another.
REQUESTS = wire.RequestReader()
# What only a daemon sends: Python encodes it and never reads it.
FROM_DAEMON = ('response', 'log', 'reply')
PIECES = (('whole', 1 << 20), ('in pieces of 7', 7), ('byte by byte', 1))


def check(fixture):
    data = bytes.fromhex(''.join(fixture['bytes']))
    for how, size in PIECES:
        reader = wire.FrameReader()
        frames = []
        violation = None
        try:
            for at in range(0, len(data), size):
                for frame_type, stream, payload in reader.feed(data[at : at + size]):
                    frames.append(describe(NAMES[frame_type], stream, payload))
        except wire.WireViolation as error:
            violation = str(error)
        yield {'how': how, 'frames': frames, 'violation': violation}


def describe(name, stream, payload):
    message = decode(name, payload)
    frame = {'type': name, 'stream': stream}
    if message is not None:
        frame['message'] = message
    return frame


def decode(name, payload):
    if name == 'hello':
        return {'fields': wire.decode_hello(payload)}
    if name == 'request':
        request = REQUESTS.decode(payload)
        target = request.target
        return {
            'scriptFile': wire.decode_texts(target.prefix)[0],
            'applicationGroup': target.application_group,
            'callableName': target.callable_name,
            'callInterface': target.interface,
            'hasBody': target.has_body,
            'checkScript': target.check_script,
            **({'isAhead': True} if target.is_ahead else {}),
            **({'isHandlerScript': True} if target.is_handler_script else {}),
            'environ': request.environ,
            'headers': request.headers,
        }
    if name == 'call':
        call = wire.decode_call(payload)
        return {
            'functionName': call.function_name,
            'scriptFile': call.script_file,
            'applicationGroup': call.application_group,
            'checkScript': call.check_script,
            **({'isAhead': True} if call.is_ahead else {}),
            'arguments': call.arguments,
            'environ': call.environ,
        }
    if name == 'abort':
        return dict(zip(('code', 'sentence'), wire.decode_abort(payload)))
    if name == 'credit':
        return {'bytes': wire.decode_credit(payload)}
    if name in ('body', 'ping', 'pong'):
        return {'bytes': payload.hex()}
    if name in FROM_DAEMON:
        return {'payload': payload.hex()}
    return None


def encode(frame):
    """The frame's bytes if Python ever sends such a frame, else None."""
    name, stream, message = frame['type'], frame['stream'], frame.get('message')
    if name == 'hello':
        pairs = [text for field in message['fields'].items() if field[0] != 'version' for text in field]
        return wire.encode_hello(pairs)
    if name == 'response':
        status = '%d %s' % (message['status'], message['reason']) if message['reason'] else str(message['status'])
        headers = message['headers']
        return wire.encode_response(stream, status, list(zip(headers[0::2], headers[1::2])))
    if name == 'log':
        return wire.encode_log(stream, message['level'], message['line'].encode('latin-1'))
    if name == 'reply':
        texts = message.get('texts', [message[key] for key in ('text', 'sentence') if key in message])
        return wire.encode_reply(stream, [message['kind'], *texts])
    if name == 'abort':
        return wire.encode_abort(stream, message['code'], message['sentence'])
    if name == 'credit':
        return wire.encode_credit(stream, message['bytes'])
    if name in ('body', 'ping', 'pong'):
        return wire.encode_frame(getattr(wire, name.upper()), stream, bytes.fromhex(message['bytes']))
    if name == 'accepted':
        return wire.encode_accepted(stream)
    if name in ('end', 'drain'):
        return wire.encode_frame(getattr(wire, name.upper()), stream)
    return None


def main(folder):
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), encoding='utf-8') as file:
            fixture = json.load(file)
        encoded = [encode(frame) for frame in fixture.get('frames', [])]
        result = {
            'name': name,
            'fed': list(check(fixture)),
            'encoded': [None if data is None else data.hex() for data in encoded],
        }
        print(json.dumps(result))


main(sys.argv[1])
