"""One front end's connection: frames in by the thread that reads, frames out from any thread."""

from __future__ import annotations

import socket
import threading
from collections import deque
from contextlib import suppress
from typing import Callable, Deque, Dict, Optional, Protocol

from . import wire
from .stream import Stream

# A thread that logs waits while so much is unsent.
_PATIENCE_BYTES = 1024 * 1024
# A front end that lets this pile up does not read at all.
_OUTBOX_LIMIT_BYTES = 16 * 1024 * 1024
_DRAIN_PING = b'drain'


class Host(Protocol):
    """What a connection asks of the daemon it belongs to."""

    def open_request(self, stream: Stream, message: wire.RequestMessage) -> None: ...

    def open_call(self, stream: Stream, message: wire.CallMessage) -> None: ...

    def forget_job(self, stream: Stream) -> None: ...

    def is_accepting(self) -> bool: ...

    # `flush` is to be called when the socket takes more, or not any more.
    def want_writing(self, connection: Connection, is_wanted: bool) -> None: ...

    # A worker is about to wait for what a front end has to send or to take, and has waited.
    def begin_wait(self) -> None: ...

    def end_wait(self) -> None: ...

    # The end of the process may depend on what a front end has just said.
    def note_progress(self) -> None: ...


class Connection:
    """`receive`, `flush` and `close` are for the thread that reads; nothing in them blocks it."""

    def __init__(self, connected: socket.socket, host: Host, hello: bytes, token: str) -> None:
        connected.setblocking(False)
        self.socket = connected
        self.host = host
        # Guards `streams` and the state of each of them.
        self.lock = threading.Lock()
        self.streams: Dict[int, Stream] = {}
        # The front end has read our DRAIN: no request can be on its way any more.
        self.is_drained = False
        self.is_open = True
        self._token = token
        self._reader = wire.FrameReader()
        self._heard_hello = False
        # Guards the socket's sending side and the outbox.
        self._sending = threading.Lock()
        self._room = threading.Condition(self._sending)
        self._outbox: Deque[memoryview] = deque()
        self._outbox_bytes = 0
        self._handlers: Dict[int, Callable[[int, bytes], None]] = {
            wire.HELLO: self._on_hello,
            wire.REQUEST: self._on_request,
            wire.CALL: self._on_call,
            wire.BODY: self._on_body,
            wire.END: self._on_end,
            wire.ABORT: self._on_abort,
            wire.CREDIT: self._on_credit,
            wire.PING: self._on_ping,
            wire.PONG: self._on_pong,
        }
        self.send(hello)

    # --- out ---

    def send(self, data: bytes, patient: bool = False) -> bool:
        """
        Sends whole frames without blocking; what the socket does not take goes into the outbox, which credit bounds.
        `patient` callers (never whoever reads) first wait until there is room. False: the connection is lost.
        """
        with self._sending:
            if patient:
                self._wait_for_room(_PATIENCE_BYTES)
            if not self.is_open:
                return False
            sent = 0
            if not self._outbox:
                try:
                    sent = self.socket.send(data)
                except (BlockingIOError, InterruptedError):
                    sent = 0
                except OSError:
                    # The loop will read the end of the connection and close it.
                    return False
                if sent == len(data):
                    return True
            self._outbox.append(memoryview(data)[sent:])
            self._outbox_bytes += len(data) - sent
            self.host.want_writing(self, True)
        return True

    def send_through(self, data: bytes) -> bool:
        """As `send`, but waits until the system has all of it; never for whoever reads."""
        if not self.send(data):
            return False
        if self._outbox:
            with self._sending:
                self._wait_for_room(0)
        return self.is_open

    def _wait_for_room(self, most: int) -> None:
        while self.is_open and self._outbox_bytes > most:
            self.host.begin_wait()
            try:
                self._room.wait()
            finally:
                self.host.end_wait()

    def flush(self) -> None:
        """Sends from the outbox as much as the socket takes."""
        with self._sending:
            while self._outbox and self.is_open:
                first = self._outbox[0]
                try:
                    sent = self.socket.send(first)
                except (BlockingIOError, InterruptedError):
                    break
                except OSError:
                    self._outbox.clear()
                    self._outbox_bytes = 0
                    break
                self._outbox_bytes -= sent
                if sent == len(first):
                    self._outbox.popleft()
                else:
                    self._outbox[0] = first[sent:]
            self._room.notify_all()
            is_empty = not self._outbox
            if is_empty:
                self.host.want_writing(self, False)
        if is_empty:
            self.host.note_progress()

    @property
    def has_unsent(self) -> bool:
        return bool(self._outbox)

    def announce_drain(self) -> None:
        """The PING shows, by its PONG, that the front end has read the DRAIN before it."""
        self.send(wire.encode_frame(wire.DRAIN, 0) + wire.encode_frame(wire.PING, 0, _DRAIN_PING))

    def finish(self) -> None:
        """Nothing more will be sent; the front end reads the end and closes the connection."""
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)

    # --- in ---

    def receive(self, buffer: bytearray) -> Optional[str]:
        """Reads once and handles the frames. Returns why the connection has to be closed, '' for an ordinary end."""
        try:
            count = self.socket.recv_into(buffer)
        except (BlockingIOError, InterruptedError):
            return None
        except OSError:
            # Reset: the front end is gone, which is for the supervisor to notice.
            return ''
        if not count:
            return ''
        handlers = self._handlers
        try:
            # Before any length is believed: whatever speaks another protocol is not waited for.
            if not self._heard_hello and count > 3 and self._reader.is_empty and buffer[3] != wire.HELLO:
                raise wire.WireViolation('the first frame is not HELLO')
            for frame_type, stream_id, payload in self._reader.feed(bytes(memoryview(buffer)[:count])):
                handler = handlers.get(frame_type)
                if handler is None:
                    raise wire.WireViolation('a front end may not send frame type 0x%x' % frame_type)
                if not self._heard_hello and frame_type != wire.HELLO:
                    raise wire.WireViolation('the first frame is not HELLO')
                handler(stream_id, payload)
        except wire.WireViolation as violation:
            return 'protocol violation: %s' % violation
        if self._outbox_bytes > _OUTBOX_LIMIT_BYTES:
            return 'the front end does not read'
        return None

    def close(self) -> None:
        """Ends every stream on it as if the client had left."""
        with self._sending:
            self.is_open = False
            self.socket.close()
            self._outbox.clear()
            self._outbox_bytes = 0
            self._room.notify_all()
        with self.lock:
            streams = list(self.streams.values())
            self.streams.clear()
            for stream in streams:
                stream.leave('the connection to the front end is lost')
        for stream in streams:
            self.host.forget_job(stream)

    def abandon(self) -> None:
        """In a forked child: gives back its copy of the descriptor, without touching locks that may be held."""
        self.is_open = False
        self.socket.close()

    def forget(self, stream: Stream) -> None:
        """Both directions have ended. The caller holds the lock."""
        self.streams.pop(stream.id, None)

    def _on_hello(self, stream_id: int, payload: bytes) -> None:
        _check_connection_frame(stream_id)
        if self._heard_hello:
            raise wire.WireViolation('a second HELLO')
        given = wire.decode_hello(payload).get('token', '')
        if not _is_same(given.encode('latin-1'), self._token.encode()):
            raise wire.WireViolation('the token is wrong: whoever connected is no front end of this server')
        self._heard_hello = True

    def _on_request(self, stream_id: int, payload: bytes) -> None:
        message = wire.decode_request(payload)
        stream = self._open(stream_id, False, message.has_body)
        if self.host.is_accepting():
            self.host.open_request(stream, message)
        else:
            stream.abort('retry', 'the daemon process is draining')

    def _on_call(self, stream_id: int, payload: bytes) -> None:
        message = wire.decode_call(payload)
        stream = self._open(stream_id, True, False)
        if self.host.is_accepting():
            self.host.open_call(stream, message)
        else:
            stream.abort('retry', 'the daemon process is draining')

    def _open(self, stream_id: int, is_call: bool, has_body: bool) -> Stream:
        _check_stream_frame(stream_id)
        stream = Stream(self, stream_id, is_call, has_body)
        with self.lock:
            if stream_id in self.streams:
                raise wire.WireViolation('stream %d is in use' % stream_id)
            self.streams[stream_id] = stream
        return stream

    def _on_body(self, stream_id: int, payload: bytes) -> None:
        _check_stream_frame(stream_id)
        if not 1 <= len(payload) <= wire.MAX_BODY_BYTES:
            raise wire.WireViolation('BODY of %d bytes' % len(payload))
        with self.lock:
            stream = self.streams.get(stream_id)
            credit = b'' if stream is None else stream.add_body(payload)
        if credit:
            self.send(credit)

    def _on_end(self, stream_id: int, payload: bytes) -> None:
        _check_stream_frame(stream_id)
        _check_empty(payload)
        with self.lock:
            stream = self.streams.get(stream_id)
            if stream is None:
                return
            stream.end_body()
            if stream.is_ended:
                self.forget(stream)

    def _on_abort(self, stream_id: int, payload: bytes) -> None:
        _check_stream_frame(stream_id)
        code, sentence = wire.decode_abort(payload)
        with self.lock:
            stream = self.streams.pop(stream_id, None)
            if stream is None:
                return
            stream.leave(_REASONS.get(code, sentence or code))
        self.host.forget_job(stream)

    def _on_credit(self, stream_id: int, payload: bytes) -> None:
        _check_stream_frame(stream_id)
        count = wire.decode_credit(payload)
        with self.lock:
            stream = self.streams.get(stream_id)
            if stream is not None:
                stream.add_credit(count)

    def _on_ping(self, stream_id: int, payload: bytes) -> None:
        _check_connection_frame(stream_id)
        if len(payload) > wire.MAX_PING_BYTES:
            raise wire.WireViolation('PING of %d bytes' % len(payload))
        self.send(wire.encode_frame(wire.PONG, 0, payload))

    def _on_pong(self, stream_id: int, payload: bytes) -> None:
        _check_connection_frame(stream_id)
        if payload == _DRAIN_PING:
            self.is_drained = True
            self.host.note_progress()


_REASONS = {
    'gone': 'the client left',
    'timeout': 'a time limit passed',
    'cancel': 'the answer is no longer wanted',
}


def _is_same(given: bytes, secret: bytes) -> bool:
    """Takes as long for a wrong secret as for the right one. (`hmac` has it, too, and would load OpenSSL: 4 MB.)"""
    difference = len(given) ^ len(secret)
    for one, other in zip(given, secret):
        difference |= one ^ other
    return not difference


def _check_connection_frame(stream_id: int) -> None:
    if stream_id:
        raise wire.WireViolation('a frame of the connection on stream %d' % stream_id)


def _check_stream_frame(stream_id: int) -> None:
    if not stream_id:
        raise wire.WireViolation('a frame of a stream on stream 0')


def _check_empty(payload: bytes) -> None:
    if payload:
        raise wire.WireViolation('END with a payload of %d bytes' % len(payload))
