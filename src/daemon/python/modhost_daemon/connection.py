"""One front end's connection: frames in by the thread that reads, frames out from any thread."""

from __future__ import annotations

import select
import socket
import threading
import time
from collections import deque
from contextlib import suppress
from itertools import islice
from typing import Callable, Deque, Dict, List, Optional, Protocol, Sequence, Tuple, Type, Union

from . import wire
from .stream import Stream

# A thread that logs waits while so much is unsent.
_PATIENCE_BYTES = 1024 * 1024
# A front end that lets this pile up, beside what credit allows the threads to send, does not read at all.
_OUTBOX_LIMIT_BYTES = 16 * 1024 * 1024
_DRAIN_PING = b'drain'
# How long the thread that reads does nothing but send, where the end of that has to be waited for.
_PUSH_SECONDS = 0.02
_PUSH_PAUSE_SECONDS = 0.0005
# Up to this many bytes, one copy costs less than parts.
_JOIN_BYTES = 16_384
# The system takes up to 1024 parts at once.
_MOST_PARTS = 256

# So much of answers that no thread waits for may wait for credit.
_DETACHED_LIMIT_BYTES = 16 * 1024 * 1024

# What became of something to be sent.
_LOST, _QUEUED, _WRITE = range(3)

Piece = Union[bytes, memoryview]


class Host(Protocol):
    """What a connection asks of the daemon it belongs to."""

    stream_type: Type[Stream]
    # Answers need no thread until the client has taken them.
    may_detach: bool

    def open_request(self, stream: Stream, message: wire.RequestMessage) -> None: ...

    def open_call(self, stream: Stream, message: wire.CallMessage) -> None: ...

    def forget_job(self, stream: Stream) -> None: ...

    # `flush` is to be called when the socket takes more, or not any more.
    def want_writing(self, connection: Connection, is_wanted: bool) -> None: ...

    # A worker is about to wait for what a front end has to send or to take, and has waited.
    def begin_wait(self) -> None: ...

    def end_wait(self) -> None: ...

    # The calling thread is the one that reads.
    def is_reading(self) -> bool: ...

    # The end of the process may depend on what a front end has just said.
    def note_progress(self) -> None: ...


class Connection:
    """`receive`, `flush` and `close` are for the thread that reads; nothing in them blocks it."""

    def __init__(self, connected: socket.socket, host: Host, hello: bytes, token: str, threads: int) -> None:
        connected.setblocking(False)
        # A window and more with one write, as far as the system allows.
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2 * wire.INITIAL_WINDOW)
        self.socket = connected
        self._send_at_once = connected.send
        self.host = host
        self._stream_type = host.stream_type
        # Guards `streams` and the state of each of them.
        self.lock = threading.Lock()
        self.streams: Dict[int, Stream] = {}
        # Of the answers of which a part waits for credit, and no thread for them.
        self.detached_bytes = 0
        # The front end has read our DRAIN: no request can be on its way any more.
        self.is_drained = False
        self.is_open = True
        # When what is being read came: time.monotonic(), and seconds since the epoch.
        self.received_at = 0.0
        self.received_time = 0.0
        self._token = token
        self._reader = wire.FrameReader(parts_bodies=True)
        self._requests = wire.RequestReader()
        self._heard_hello = False
        # Guards the socket's sending side and the outbox.
        self._sending = threading.Lock()
        self._outbox: Deque[Piece] = deque()
        # In the outbox, with what the system is copying just now, unless nothing was before it.
        self.unsent_bytes = 0
        self._outbox_limit = _OUTBOX_LIMIT_BYTES + threads * wire.INITIAL_WINDOW
        # Ever put at the end of the outbox: less what is in it, how much of that the system has. What `send` puts at its begin counts only in it.
        self._queued_bytes = 0
        # One thread sends, without holding the lock; it closes the socket, if that has become due meanwhile.
        self._is_writing = False
        # The socket takes no more; and whether the host has heard so.
        self._is_full = False
        self._is_full_told = False
        # The system takes nothing any more: what was in the outbox is gone.
        self.is_lost = False
        # No other front end sends requests to this process.
        self.is_alone = False
        # Threads that wait until the system has so many bytes of all that was ever queued, each with what releases it.
        self._waiting: List[Tuple[int, threading.Lock]] = []
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
        `patient` callers (never whoever reads) first wait until there is room.
        False: the connection is lost, and with it maybe a part of it.
        """
        with self._sending:
            is_next = not self._is_writing and not self._outbox and self.is_open
            if is_next:
                self._is_writing = True
        if not is_next:
            state = self._queue((data,), len(data), patient)
            return self.write_out() if state == _WRITE else state != _LOST
        # As nearly always: nothing is before it, and the socket takes all of it.
        try:
            try:
                sent = self._send_at_once(data)
            except OSError:
                # Whatever it is: found out with the rest.
                sent = 0
            with self._sending:
                if sent < len(data):
                    self._outbox.appendleft(memoryview(data)[sent:])
                    self.unsent_bytes += len(data) - sent
                if not self._outbox and self.is_open:
                    self._is_writing = False
                    return True
        except BaseException as error:
            return self._stop_writing(error)
        return self.write_out()

    def announce(self, stream_id: int) -> bool:
        """Says that the stream, which was sent ahead, is accepted, and returns when the system has that and all before it. False: the connection is lost."""
        return self.send(wire.encode_accepted(stream_id)) and self._wait_for_system()

    def queue_parts(self, parts: Sequence[Piece]) -> bool:
        """
        The same for frames in parts, which are not copied (nobody may change them any more), in two steps: True, and the caller has to call
        `write_out` at once, for which it need not hold a lock that keeps the order of frames.
        """
        size = sum(map(len, parts))
        if size <= _JOIN_BYTES:
            parts = (b''.join(parts),) if size else ()
        return self._queue(parts, size) == _WRITE

    def _wait_for_system(self) -> bool:
        if self.unsent_bytes:
            until = self._queued_bytes
            if self.host.is_reading():
                self._push(until)
            self._wait_until_sent(until)
        return self.is_open and not self.is_lost

    def flush(self) -> None:
        """Sends from the outbox as much as the socket takes."""
        with self._sending:
            self._is_full = False
            if self._is_writing or not self.is_open:
                return
            self._is_writing = True
        self.write_out()

    def _queue(self, parts: Sequence[Piece], size: int, patient: bool = False) -> int:
        if patient and self.unsent_bytes > _PATIENCE_BYTES:
            self._wait_until_sent(self._queued_bytes - _PATIENCE_BYTES)
        with self._sending:
            if not self.is_open:
                return _LOST
            try:
                self._outbox.extend(parts)
            except MemoryError:
                self._lose()
                return _LOST
            self.unsent_bytes += size
            self._queued_bytes += size
            if self._is_writing or self._is_full or not size:
                return _QUEUED
            self._is_writing = True
            return _WRITE

    def write_out(self) -> bool:
        """
        Sends from the outbox, for whoever has set `_is_writing`. While the system copies, nobody waits for the lock: others put what they have to
        send behind it. False: the connection is lost.
        """
        outbox = self._outbox
        try:
            is_written = False
            while not is_written:
                # Only whoever writes takes something away.
                parts = [outbox[0]] if len(outbox) == 1 else list(islice(outbox, _MOST_PARTS))
                sent, is_lost = self._send_some(parts)
                with self._sending:
                    if is_lost or not self.is_open:
                        self.is_lost = True
                        self.unsent_bytes = 0
                        outbox.clear()
                    else:
                        self.unsent_bytes -= sent
                        self._is_full = _drop(outbox, parts, sent)
                    is_empty = not outbox
                    if self._waiting:
                        self._release_waiting()
                    if not is_empty and not self._is_full:
                        continue
                    if self._is_full != self._is_full_told:
                        self._is_full_told = self._is_full
                        self.host.want_writing(self, self._is_full)
                    if not self.is_open:
                        self.socket.close()
                    is_lost = is_lost or not self.is_open
                    is_written = True
                    self._is_writing = False
        except BaseException as error:
            return self._stop_writing(error)
        if is_empty:
            self.host.note_progress()
        return not is_lost

    def _stop_writing(self, error: BaseException) -> bool:
        """Without memory the connection is lost to the caller, who has to go on; anything else is raised."""
        with self._sending:
            self._is_writing = False
            self._lose()
        if not isinstance(error, MemoryError):
            raise error
        return False

    def _lose(self) -> None:
        """Nobody knows what was sent: nothing more is. Whoever reads finds the end and closes the connection. The caller holds the lock."""
        self.is_lost = True
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        if not self._is_writing:
            self._outbox.clear()
            self.unsent_bytes = 0
            self._release_waiting()

    def _send_some(self, parts: Sequence[Piece]) -> Tuple[int, bool]:
        """How many bytes the socket took, and whether the connection is lost: the loop will read its end and close it."""
        try:
            return (self.socket.send(parts[0]) if len(parts) == 1 else self.socket.sendmsg(parts)), False
        except (BlockingIOError, InterruptedError):
            return 0, False
        except OSError:
            return 0, True

    def _push(self, until: int) -> None:
        """
        For the thread that reads: sends until the system has so many bytes, as far as it takes them soon. Front ends read all the time, so what they have to
        say can wait for that, and no other thread need be woken.
        """
        deadline = time.monotonic() + _PUSH_SECONDS
        poller = select.poll()
        while self.is_open and self._queued_bytes - self.unsent_bytes < until:
            left = deadline - time.monotonic()
            try:
                poller.register(self.socket, select.POLLOUT)
                if left <= 0 or not poller.poll(left * 1000):
                    return
            except (OSError, ValueError):
                # Closed just now.
                return
            self.flush()
            if self._is_writing:
                # Another thread does: it needs the interpreter for that.
                time.sleep(_PUSH_PAUSE_SECONDS)

    def _wait_until_sent(self, until: int) -> None:
        bell = threading.Lock()
        bell.acquire()
        with self._sending:
            if not self.is_open or self._queued_bytes - self.unsent_bytes >= until:
                return
            self._waiting.append((until, bell))
        self.host.begin_wait()
        try:
            bell.acquire()
        finally:
            self.host.end_wait()

    def _release_waiting(self) -> None:
        sent = self._queued_bytes - self.unsent_bytes
        waiting, self._waiting = self._waiting, []
        for until, bell in waiting:
            if self.is_open and until > sent:
                self._waiting.append((until, bell))
            else:
                bell.release()

    def may_detach(self, size: int) -> bool:
        """Notes so many bytes of an answer that no thread is to wait for. The caller holds the lock."""
        if not self.host.may_detach or self.detached_bytes + size > _DETACHED_LIMIT_BYTES:
            return False
        self.detached_bytes += size
        return True

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
        self.received_at = time.monotonic()
        self.received_time = time.time()
        handlers = self._handlers
        try:
            # Before any length is believed: whatever speaks another protocol is not waited for.
            if not self._heard_hello and count > 3 and self._reader.is_empty and buffer[3] != wire.HELLO:
                raise wire.WireViolation('the first frame is not HELLO')
            piece = memoryview(buffer)[:count]
            for frame_type, stream_id, payload in self._reader.feed(
                bytes(piece) if count <= _JOIN_BYTES else piece
            ):
                handler = handlers.get(frame_type)
                if handler is None:
                    raise wire.WireViolation('a front end may not send frame type 0x%x' % frame_type)
                if not self._heard_hello and frame_type != wire.HELLO:
                    raise wire.WireViolation('the first frame is not HELLO')
                handler(stream_id, payload)
        except wire.WireViolation as violation:
            return 'protocol violation: %s' % violation
        if self.unsent_bytes > self._outbox_limit:
            return 'the front end does not read'
        return None

    def close(self) -> None:
        """Ends every stream on it as if the client had left."""
        with self._sending:
            self.is_open = False
            self.is_lost = True
            if not self._is_writing:
                self.socket.close()
                self._outbox.clear()
                self.unsent_bytes = 0
            self._release_waiting()
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
        hello = wire.decode_hello(payload)
        given = hello.get('token', '')
        if not _is_same(given.encode('latin-1'), self._token.encode()):
            raise wire.WireViolation('the token is wrong: whoever connected is no front end of this server')
        self.is_alone = hello.get('alone') == '1'
        self._heard_hello = True

    def _on_request(self, stream_id: int, payload: bytes) -> None:
        message = self._requests.decode(payload)
        stream = self._stream_type(self, stream_id, False, message.target.has_body)
        # In one step, so without the lock: nobody else opens or closes.
        if not stream_id or self.streams.setdefault(stream_id, stream) is not stream:
            raise _cannot_open(stream_id)
        self.host.open_request(stream, message)

    def _on_call(self, stream_id: int, payload: bytes) -> None:
        message = wire.decode_call(payload)
        stream = Stream(self, stream_id, True, False)
        if not stream_id or self.streams.setdefault(stream_id, stream) is not stream:
            raise _cannot_open(stream_id)
        self.host.open_call(stream, message)

    def _on_body(self, stream_id: int, payload: Piece) -> None:
        _check_stream_frame(stream_id)
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
            must_write = stream is not None and stream.add_credit(count)
        if must_write:
            self.write_out()

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


def _drop(outbox: Deque[Piece], parts: Sequence[Piece], sent: int) -> bool:
    """Takes away what is sent of `parts`, which begin the outbox. True: something of them is left."""
    for part in parts:
        if sent < len(part):
            outbox[0] = memoryview(part)[sent:]
            return True
        sent -= len(part)
        outbox.popleft()
    return False


def _check_connection_frame(stream_id: int) -> None:
    if stream_id:
        raise wire.WireViolation('a frame of the connection on stream %d' % stream_id)


def _cannot_open(stream_id: int) -> wire.WireViolation:
    if not stream_id:
        return wire.WireViolation('a frame of a stream on stream 0')
    return wire.WireViolation('stream %d is in use' % stream_id)


def _check_stream_frame(stream_id: int) -> None:
    if not stream_id:
        raise wire.WireViolation('a frame of a stream on stream 0')


def _check_empty(payload: bytes) -> None:
    if payload:
        raise wire.WireViolation('END with a payload of %d bytes' % len(payload))
