"""The answer of one request: `start_response`, `write`, and when the head is committed. PEP 3333."""

from __future__ import annotations

import os
import re
from typing import Callable, List, Optional, Tuple

from . import wire
from .file_wrapper import FileWrapper, find_regular_file
from .stream import ClientGone, Stream

_STATUS = re.compile(r'[1-9][0-9]{2}(?: .*)?', re.DOTALL)
_CONTROL = re.compile(r'[\x00-\x1f\x7f]')
_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
# Tab is allowed in a value, as in RFC 9110 section 5.5.
_VALUE_CONTROL = re.compile(r'[\x00-\x08\x0a-\x1f\x7f]')
_FILE_BLOCK_BYTES = 65_536

Headers = List[Tuple[str, str]]


class ShortResponse(Exception):
    """The application gave fewer bytes than its Content-Length."""


class Response:
    """Head and body as the application produces them; nothing is sent before the first byte of the body or the end."""

    __slots__ = (
        '_headers',
        '_held',
        '_is_over',
        '_length_hint',
        '_method',
        '_remaining',
        '_status',
        '_stream',
        'is_committed',
        'needs_no_body',
    )

    def __init__(self, stream: Stream, method: str) -> None:
        self._stream = stream
        self._method = method
        self._status: Optional[str] = None
        self._headers: Headers = []
        self._length_hint: Optional[int] = None
        # Bytes that Content-Length still allows; None = it says nothing.
        self._remaining: Optional[int] = None
        self._held = b''
        self._is_over = False
        self.is_committed = False
        self.needs_no_body = False

    def start(self, status: str, headers: Headers, exc_info: object = None) -> Callable[[bytes], None]:
        """`start_response`. Until the head is committed, a later call replaces an earlier one, as in mod_wsgi."""
        if self._is_over:
            raise RuntimeError('start_response was called after the end of the request')
        if exc_info is not None and not isinstance(exc_info, tuple):
            raise RuntimeError('exc_info must be a tuple or None, not %s' % type(exc_info).__name__)
        if self.is_committed:
            try:
                if exc_info:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None
            raise RuntimeError('start_response was called again after the response head was sent')
        _check_status(status)
        _check_headers(headers)
        self._status = status
        self._headers = headers[:]
        return self.write

    def write(self, data: bytes) -> None:
        """The callable that `start_response` returns. Raises OSError when the client has left."""
        if self._is_over:
            raise RuntimeError('write was called after the end of the request')
        self.send(data)

    def send_all(self, result: object) -> None:
        """Iterates over what the application returned; every non-empty item leaves at once."""
        if isinstance(result, FileWrapper) and not self.is_committed:
            file = find_regular_file(result)
            if file is not None:
                self._send_file(*file)
                return
        if type(result) in (list, tuple) and len(result) < 2 and not self.is_committed:  # type: ignore[arg-type]
            # The whole body is known: head, body and end leave in one write.
            self._hold(b''.join(map(_check_item, result)))  # type: ignore[call-overload]
            return
        for item in result:  # type: ignore[attr-defined]
            self.send(item)

    def send(self, data: bytes) -> None:
        """One piece of the body. Raises ClientGone, TypeError, or what the head's commitment raises."""
        _check_item(data)
        if not data:
            return
        lead = b'' if self.is_committed else self._commit()
        data = self._trim(data)
        if data or lead:
            self._stream.send_body(data, lead)
        elif self._stream.is_gone:
            raise ClientGone('the client left')

    def finish(self) -> None:
        """After the application's last word. Raises ShortResponse if the announced length was not reached."""
        self._is_over = True
        lead = b'' if self.is_committed else self._commit()
        data, self._held = self._trim(self._held), b''
        if self._remaining:
            if lead or data:
                self._stream.send_body(data, lead)
            raise ShortResponse(
                'the application gave %d bytes fewer than its Content-Length announces' % self._remaining
            )
        if len(data) > wire.MAX_BODY_BYTES:
            self._stream.send_body(data, lead)
            lead = data = b''
        self._stream.end(lead, data)

    def fail(self, sentence: str, code: str = 'error') -> None:
        """The request has failed: 500 (504 for `timeout`), or a cut if the head is out already."""
        self._is_over = True
        self._stream.abort(code, sentence)

    def _hold(self, data: bytes) -> None:
        self._held = data
        # An empty list in answer to HEAD says nothing about the length that GET would have.
        if data or self._method != 'HEAD':
            self._length_hint = len(data)

    def _send_file(self, descriptor: int, position: int, size: int) -> None:
        self._length_hint = max(0, size - position)
        wanted = self._length_hint
        while wanted > 0:
            block = os.pread(descriptor, min(wanted, _FILE_BLOCK_BYTES), position)
            if not block:
                break
            self.send(block)
            if self.needs_no_body or self._remaining == 0:
                break
            position += len(block)
            wanted -= len(block)

    def _commit(self) -> bytes:
        """The RESPONSE frame."""
        if self._status is None:
            raise RuntimeError('the application produced its response without calling start_response')
        headers = self._settle_length()
        self.needs_no_body = self._method == 'HEAD' or self._status[:3] in ('204', '304')
        if self.needs_no_body:
            self._remaining = None
        frame = wire.encode_response(self._stream.id, self._status, headers)
        self.is_committed = True
        return frame

    def _settle_length(self) -> Headers:
        """Of several Content-Length headers the last one counts; a known length is added where there is none."""
        headers = self._headers
        given = [value for name, value in headers if name.lower() == 'content-length']
        if given:
            text = given[-1].strip(' \t')
            if not (text.isascii() and text.isdigit()):
                raise ValueError('Content-Length %r is not a number' % given[-1])
            self._remaining = int(text)
            headers = [pair for pair in headers if pair[0].lower() != 'content-length']
            return headers + [('Content-Length', text)]
        if self._length_hint is None or self._status[:3] in ('204', '304'):  # type: ignore[index]
            return headers
        self._remaining = self._length_hint
        return headers + [('Content-Length', str(self._length_hint))]

    def _trim(self, data: bytes) -> bytes:
        if self.needs_no_body:
            return b''
        if self._remaining is not None:
            if len(data) > self._remaining:
                data = data[: self._remaining]
            self._remaining -= len(data)
        return data


def _check_item(item: bytes) -> bytes:
    if not isinstance(item, bytes):
        raise TypeError('a response body is made of bytes, not %s' % type(item).__name__)
    return item


def _check_status(status: str) -> None:
    if not isinstance(status, str):
        raise TypeError('status must be str, not %s' % type(status).__name__)
    status.encode('latin-1')
    if not _STATUS.fullmatch(status):
        raise ValueError('status %r is not three digits, a space and a reason' % status)
    if _CONTROL.search(status):
        raise ValueError('status %r holds a control character' % status)


def _check_headers(headers: Headers) -> None:
    if not isinstance(headers, list):
        raise TypeError('headers must be a list, not %s' % type(headers).__name__)
    for pair in headers:
        if not isinstance(pair, tuple):
            raise TypeError('a header must be a tuple of name and value, not %s' % type(pair).__name__)
        if len(pair) != 2:
            raise ValueError('a header must be a tuple of name and value, not of %d' % len(pair))
        _check_header(*pair)


def _check_header(name: str, value: str) -> None:
    if not isinstance(name, str):
        raise TypeError('a header name must be str, not %s' % type(name).__name__)
    if not isinstance(value, str):
        raise TypeError('the value of header %r must be str, not %s' % (name, type(value).__name__))
    name.encode('latin-1')
    value.encode('latin-1')
    if not _NAME.fullmatch(name):
        raise ValueError('%r is no header name' % name)
    if _VALUE_CONTROL.search(value):
        raise ValueError('the value of header %r holds a control character: %r' % (name, value))
