"""The bytes between front end and daemon process: frames and the messages in them. See src/wire/README.md.

Texts are byte strings: a str whose every character is one byte (latin-1).
"""

from __future__ import annotations

import os
import re
import struct
import sys
from functools import partial
from typing import Callable, Dict, List, Optional, Sequence, Tuple, Union

HELLO = 0x01
REQUEST = 0x10
RESPONSE = 0x20
BODY = 0x30
END = 0x31
ABORT = 0x32
CREDIT = 0x33
LOG = 0x34
CALL = 0x40
REPLY = 0x41
PING = 0x50
PONG = 0x51
DRAIN = 0x52
ACCEPTED = 0x53

HEADER_BYTES = 8
MAX_BODY_BYTES = 262_144
MAX_PAYLOAD_BYTES = 0xFF_FF_FF
MAX_PING_BYTES = 64
# BODY bytes that each direction of a stream may carry before the first CREDIT.
INITIAL_WINDOW = 262_144

_KNOWN_TYPES = frozenset(
    (HELLO, REQUEST, RESPONSE, BODY, END, ABORT, CREDIT, LOG, CALL, REPLY, PING, PONG, DRAIN, ACCEPTED)
)
_INTERFACES = frozenset(('auto', 'wsgi', 'fetch', 'node'))
_FUNCTIONS = frozenset(('check_password', 'groups_for_user', 'get_realm_hash', 'allow_access', 'dispatch'))
_COUNT = re.compile(r'[0-9]{1,7}')
# One for each mount point and virtual host, with and without a body.
_MOST_TARGETS = 256
# One for each set of fields that clients send.
_MOST_NAMES = 256
_MOST_NAMES_BYTES = 4096
# Some releases of 3.12 keep an interned text for ever, and clients invent names.
_intern: Callable[[str], str] = str if sys.version_info[:2] == (3, 12) else sys.intern
_HEADER = struct.Struct('>II')
_pack_header = _HEADER.pack
_unpack_header = _HEADER.unpack_from
# The frame for a stream, by its number, that was sent ahead and is handed to a callable now.
encode_accepted: Callable[[int], bytes] = partial(_pack_header, ACCEPTED)



class _Numbers(Dict[str, int]):
    """Texts that are numbers of up to seven digits; remembers the small ones."""

    def __missing__(self, text: str) -> int:
        if not _COUNT.fullmatch(text):
            raise _misfit(text)
        return int(text)


_numbers = _Numbers((str(count), count) for count in range(1000))

# type, stream id, payload; of BODY maybe a view of what was read
Frame = Tuple[int, int, Union[bytes, memoryview]]


class WireViolation(Exception):
    """The peer broke the protocol; the connection is of no further use."""


class FrameReader:
    """
    Cuts a byte stream into frames, however it arrives. `parts_bodies`: a BODY frame is told of part by part, as it comes, so that
    none is put together from two pieces, which would copy nearly all of a large body.
    """

    __slots__ = ('_body_left', '_body_stream', '_parts_bodies', '_rest', '_rest_bytes', '_wanted')

    def __init__(self, parts_bodies: bool = False) -> None:
        self._parts_bodies = parts_bodies
        # Bytes that the BODY frame at hand still lacks, and its stream.
        self._body_left = 0
        self._body_stream = 0
        self._rest: List[bytes] = []
        self._rest_bytes = 0
        self._wanted = HEADER_BYTES

    @property
    def is_empty(self) -> bool:
        """No part of a frame is waiting for the rest of it."""
        return not self._rest_bytes and not self._body_left

    def feed(self, piece: Union[bytes, memoryview]) -> List[Frame]:
        """The frames that `piece`, of which nothing is kept, completes. Raises WireViolation for an unknown frame type."""
        if self._rest_bytes:
            self._rest.append(bytes(piece))
            self._rest_bytes += len(piece)
            if self._rest_bytes < self._wanted:
                return []
            piece = b''.join(self._rest)
            self._rest.clear()
            self._rest_bytes = 0
        return self._cut(piece)

    def _cut(self, data: Union[bytes, memoryview]) -> List[Frame]:
        frames: List[Frame] = []
        size = len(data)
        at = self._take_body(data, 0, frames) if self._body_left else 0
        wanted = HEADER_BYTES
        while size - at >= HEADER_BYTES:
            word, stream = _unpack_header(data, at)
            frame_type = word & 0xFF
            if frame_type not in _KNOWN_TYPES:
                raise WireViolation('unknown frame type 0x%x' % frame_type)
            end = at + HEADER_BYTES + (word >> 8)
            if frame_type == BODY and self._parts_bodies:
                self._body_left = word >> 8
                if not 1 <= self._body_left <= MAX_BODY_BYTES:
                    raise WireViolation('BODY of %d bytes' % self._body_left)
                self._body_stream = stream
                at = self._take_body(data, at + HEADER_BYTES, frames)
                continue
            if end > size:
                wanted = end - at
                break
            frames.append((frame_type, stream, bytes(data[at + HEADER_BYTES : end])))
            at = end
        if at < size:
            self._rest.append(bytes(data[at:]))
            self._rest_bytes = size - at
            self._wanted = wanted
        return frames

    def _take_body(self, data: Union[bytes, memoryview], at: int, frames: List[Frame]) -> int:
        """Adds what there is of the BODY frame at hand; returns where it ends."""
        end = min(at + self._body_left, len(data))
        if end > at:
            self._body_left -= end - at
            frames.append((BODY, self._body_stream, data[at:end]))
        return end


class Target:
    """What a REQUEST begins with: whom it is for and how, the same for many requests."""

    __slots__ = (
        'script',
        'application_group',
        'callable_name',
        'interface',
        'has_body',
        'check_script',
        'is_ahead',
        'is_handler_script',
        'has_shared',
        'prefix',
        'shared',
        'tail',
        'opening',
        'own_names',
        'names_bytes',
    )

    def __init__(self, texts: List[str]) -> None:
        if len(texts) < 5 or texts[3] not in _INTERFACES:
            raise WireViolation('REQUEST is too short or names no known interface')
        # A path.
        self.script = decode_path(texts[0])
        self.application_group = texts[1]
        self.callable_name = texts[2]
        self.interface = texts[3]
        flags = texts[4]
        self.has_body = 'b' in flags
        self.check_script = 'r' in flags
        self.is_ahead = 'a' in flags
        self.is_handler_script = 'h' in flags
        self.has_shared = 's' in flags
        # The bytes of all that.
        self.prefix = '\0'.join(texts[:5]).encode('latin-1') + b'\0'
        # What the latest of these requests shared with others, joined, and its bytes with the NUL before it.
        self.shared = ''
        self.tail = b''
        # Its bytes up to the names of its own, how many of those there were, and how many bytes.
        self.opening = self.prefix
        self.own_names = 0
        self.names_bytes = 0

    def note(self, opening: bytes, own_names: int, names_bytes: int, tail: bytes) -> None:
        self.opening = opening
        self.own_names = own_names
        self.names_bytes = names_bytes
        if tail != self.tail:
            self.tail = tail
            self.shared = tail[1:].decode('latin-1')


class RequestMessage:
    """
    REQUEST. `names` and `values` are of the environ up to what it shares with other requests; `shared` is name, value, name, value, … of
    that, texts that are still joined, and wins.
    """

    __slots__ = ('target', 'names', 'values', 'shared', 'headers')

    def __init__(
        self, target: Target, names: Sequence[str], values: List[str], shared: str, headers: Sequence[str] = ()
    ) -> None:
        self.target = target
        self.names = names
        self.values = values
        self.shared = shared
        self.headers = headers

    @property
    def environ(self) -> List[str]:
        """All of it: name, value, name, value, …"""
        pairs = [text for pair in zip(self.names, self.values) for text in pair]
        return pairs + self.shared.split('\0') if self.shared else pairs


class CallMessage:
    """CALL. `environ` is name, value, name, value, …"""

    __slots__ = (
        'function_name',
        'script_file',
        'application_group',
        'check_script',
        'is_ahead',
        'arguments',
        'environ',
    )

    def __init__(self, texts: List[str], arguments_end: int) -> None:
        self.function_name = texts[0]
        self.script_file = texts[1]
        self.application_group = texts[2]
        self.check_script = 'r' in texts[3]
        self.is_ahead = 'a' in texts[3]
        self.arguments = texts[5:arguments_end]
        self.environ = texts[arguments_end:]


def encode_frame(frame_type: int, stream: int, payload: bytes = b'') -> bytes:
    """Raises WireViolation if the payload is longer than a frame can hold."""
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise _too_long(payload)
    return _pack_header(len(payload) << 8 | frame_type, stream) + payload


def encode_header(frame_type: int, stream: int, length: int) -> bytes:
    """Only the eight header bytes, for payloads that are joined to them later."""
    return _pack_header(length << 8 | frame_type, stream)


def encode_last(stream: int, head: bytes, data: bytes) -> bytes:
    """RESPONSE, if `head`, its payload, is not empty; BODY, if `data` (of at most MAX_BODY_BYTES) is not; END."""
    if not head:
        head_header = b''
    elif len(head) > MAX_PAYLOAD_BYTES:
        raise _too_long(head)
    else:
        head_header = _pack_header(len(head) << 8 | RESPONSE, stream)
    if not data:
        return b''.join((head_header, head, _pack_header(END, stream)))
    return b''.join(
        (head_header, head, _pack_header(len(data) << 8 | BODY, stream), data, _pack_header(END, stream))
    )


def encode_texts(texts: Sequence[str]) -> bytes:
    """Raises WireViolation if a text holds a NUL; UnicodeEncodeError if one is no byte string."""
    joined = '\0'.join(texts)
    # One scan for all: as many NULs as there are gaps, or some text has one of its own.
    if joined.count('\0') != max(0, len(texts) - 1):
        raise WireViolation('a text holds a NUL byte')
    return joined.encode('latin-1')


def decode_texts(payload: bytes) -> List[str]:
    return payload.decode('latin-1').split('\0') if payload else []


class RequestReader:
    """Decodes the REQUEST frames of one connection. What they begin and end with is mostly the same, so it is remembered."""

    __slots__ = ('_latest', '_names', '_targets')

    def __init__(self) -> None:
        # By how they stand in the frame.
        self._names: Dict[bytes, Tuple[str, ...]] = {}
        self._latest: Optional[Target] = None
        self._targets: Dict[bytes, Target] = {}

    def decode(self, payload: bytes) -> RequestMessage:
        target = self._latest
        if target is not None and payload.startswith(target.opening) and payload.endswith(target.tail):
            start = len(target.opening)
            names_end = start + target.names_bytes
            end = len(payload) - len(target.tail)
            names = self._names.get(payload[start:names_end])
            # Behind the names stands a NUL, and another one behind the values.
            if names is not None and names_end < end and not payload[names_end]:
                values = payload[names_end + 1 : end].decode('latin-1').split('\0')
                if len(values) == len(names) == target.own_names:
                    return RequestMessage(target, names, values, target.shared)
        return self._decode_anew(payload)

    def _decode_anew(self, payload: bytes) -> RequestMessage:
        target = self._latest
        if target is None or not payload.startswith(target.prefix):
            target = self._latest = self._find_target(payload)
        if target.has_shared:
            return _decode_shared(target, payload, self._names)
        return _decode_unshared(target, payload[len(target.prefix) :].decode('latin-1'))

    def _find_target(self, payload: bytes) -> Target:
        texts = payload.split(b'\0', 5)
        prefix = b'\0'.join(texts[:5]) + b'\0'
        target = self._targets.get(prefix)
        if target is None:
            target = Target([text.decode('latin-1') for text in texts])
            if len(self._targets) >= _MOST_TARGETS:
                self._targets.clear()
            self._targets[prefix] = target
        return target


def _decode_unshared(target: Target, text: str) -> RequestMessage:
    number, *pairs = text.split('\0')
    count = _numbers[number]
    if 2 * count > len(pairs):
        raise _misfit(number)
    if len(pairs) % 2:
        raise WireViolation('REQUEST has a header name without a value')
    environ = pairs[: 2 * count]
    return RequestMessage(target, environ[0::2], environ[1::2], '', pairs[2 * count :])


def _decode_shared(target: Target, payload: bytes, known_names: Dict[bytes, Tuple[str, ...]]) -> RequestMessage:
    """Count, length of what is shared, length of the names of its own with the NUL before each; those names, their values, what is shared."""
    number, length, names_length, rest = (payload[len(target.prefix) :].split(b'\0', 3) + [b''] * 3)[:4]
    count = _read_number(number)
    at = len(rest) - _read_number(length)
    names_end = _read_number(names_length) - 1
    # The NUL in front of the shared texts is the last byte of what is not shared.
    if at < 0 or at == 1 or (at and rest[at - 1]):
        raise _misfit(length)
    names: Tuple[str, ...] = ()
    values: List[str] = []
    if at:
        # And another one stands between names and values.
        if not 0 <= names_end < at - 1 or rest[names_end]:
            raise _misfit(names_length)
        names = _read_names(rest[:names_end], known_names)
        values = rest[names_end + 1 : at - 1].decode('latin-1').split('\0')
    if len(values) != len(names) or (not at and names_end != -1):
        raise _misfit(names_length)
    tail = b'\0' + rest[at:]
    shared_texts = tail.count(b'\0')
    if 2 * count != 2 * len(values) + shared_texts:
        raise _misfit(number)
    target.note(payload[: len(payload) - len(rest)], len(names), names_end, tail)
    return RequestMessage(target, names, values, target.shared)


def _read_names(joined: bytes, known_names: Dict[bytes, Tuple[str, ...]]) -> Tuple[str, ...]:
    names = known_names.get(joined)
    if names is None:
        if len(known_names) >= _MOST_NAMES:
            known_names.clear()
        # The very texts that applications ask for.
        names = tuple(map(_intern, joined.decode('latin-1').split('\0')))
        if len(joined) <= _MOST_NAMES_BYTES:
            known_names[joined] = names
    return names


def _read_number(text: bytes) -> int:
    return _numbers[text.decode('latin-1')]


def decode_call(payload: bytes) -> CallMessage:
    texts = decode_texts(payload)
    if len(texts) < 4:
        raise WireViolation('CALL is too short')
    if texts[0] not in _FUNCTIONS:
        raise WireViolation('CALL of an unknown function: %r' % texts[0])
    arguments_end = 5 + _decode_count(texts, 4, 1)
    if (len(texts) - arguments_end) % 2:
        raise WireViolation('CALL has an environ name without a value')
    return CallMessage(texts, arguments_end)


def decode_abort(payload: bytes) -> Tuple[str, str]:
    """code, sentence"""
    texts = decode_texts(payload)
    if not texts:
        raise WireViolation('ABORT without a code')
    return texts[0], texts[1] if len(texts) > 1 else ''


def encode_abort(stream: int, code: str, sentence: str) -> bytes:
    return encode_frame(ABORT, stream, encode_texts((code, to_byte_text(sentence))))


def decode_credit(payload: bytes) -> int:
    if len(payload) != 4:
        raise WireViolation('CREDIT of %d bytes' % len(payload))
    return int.from_bytes(payload, 'big')


def encode_credit(stream: int, count: int) -> bytes:
    return encode_frame(CREDIT, stream, count.to_bytes(4, 'big'))


def decode_hello(payload: bytes) -> Dict[str, str]:
    texts = decode_texts(payload)
    fields = dict(zip(texts[0::2], texts[1::2]))
    if fields.get('version') != '1':
        raise WireViolation('the peer speaks version %s, not 1' % fields.get('version', 'none'))
    return fields


def encode_hello(fields: Sequence[str]) -> bytes:
    return encode_frame(HELLO, 0, encode_texts(('version', '1', *fields)))


def encode_response(stream: int, status: str, headers: Sequence[Tuple[str, str]]) -> bytes:
    """`status` is the status line without protocol (`200 OK`)."""
    texts = [status]
    for pair in headers:
        texts += pair
    return encode_frame(RESPONSE, stream, encode_texts(texts))


def encode_log(stream: int, level: str, line: bytes) -> bytes:
    """`line` holds no LF."""
    return encode_frame(LOG, stream, level.encode('latin-1') + b'\0' + line)


def encode_reply(stream: int, texts: Sequence[str]) -> bytes:
    return encode_frame(REPLY, stream, encode_texts(texts))


def to_byte_text(text: str) -> str:
    """Any str as a byte string on one line: what is not ASCII becomes UTF-8, escaped bytes themselves again."""
    line = ' '.join(text.replace('\0', ' ').splitlines())
    try:
        data = line.encode('utf-8', 'surrogateescape')
    except UnicodeEncodeError:
        data = line.encode('utf-8', 'backslashreplace')
    return data.decode('latin-1')


def _decode_count(texts: List[str], at: int, unit: int) -> int:
    text = texts[at] if len(texts) > at else ''
    count = _numbers[text]
    if count * unit > len(texts) - at - 1:
        raise _misfit(text)
    return count


def decode_path(byte_text: str) -> str:
    """In the file system's encoding."""
    return byte_text if byte_text.isascii() else os.fsdecode(byte_text.encode('latin-1'))


def _too_long(payload: bytes) -> WireViolation:
    return WireViolation('payload of %d bytes does not fit into a frame' % len(payload))


def _misfit(text: Union[str, bytes]) -> WireViolation:
    return WireViolation('a list of %r items does not fit into its frame' % text)
