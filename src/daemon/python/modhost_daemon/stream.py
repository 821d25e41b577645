"""One request or call on a front end's connection: its body, its credit both ways, its end."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Deque, List, Optional, Sequence, Union

from . import wire

if TYPE_CHECKING:
    from .connection import Connection

_GRANT_STEP = wire.INITIAL_WINDOW // 2
# What is taken and not granted yet is less than a step: so much can always come.
_MOST_AWAITED = wire.INITIAL_WINDOW - _GRANT_STEP

# Pieces are not cut smaller: each costs more than it saves then.
_LEAST_STEP = 16_384


class ClientGone(OSError):
    """Nobody waits for this answer any more. Applications meet it as an OSError of `wsgi.input` and `write()`."""


class Stream:
    """
    Frames come in by the thread that reads (`add_…`, `leave`); one worker thread takes the body and answers. All state is
    under the connection's lock, and a thread that must wait does so on a condition made only then.
    """

    __slots__ = (
        '_awaited',
        '_body_ended',
        '_changed',
        '_ends_after',
        '_lock',
        '_pieces',
        '_pieces_bytes',
        '_receivable',
        '_room',
        '_sendable',
        '_step',
        '_taken',
        '_unsent',
        'connection',
        'gone',
        'id',
        'is_call',
        'is_ended',
        'job',
    )

    def __init__(self, connection: Connection, stream_id: int, is_call: bool, has_body: bool) -> None:
        self.id = stream_id
        self.is_call = is_call
        # The daemon's own direction is over: END, REPLY or ABORT went out.
        self.is_ended = False
        # What waits or works for this stream; the loop removes it from the queue when the client leaves.
        self.job: object = None
        self.connection = connection
        self._lock = connection.lock
        self._changed: Optional[threading.Condition] = None
        # Made for the first piece of a body.
        self._pieces: Optional[Deque[bytes]] = None
        self._pieces_bytes = 0
        # How many bytes of the body whoever waits for it can use.
        self._awaited = 1
        # How much the application reads at once, where pieces are cut so that it gets each as it is; `_room`: from what has come to the end of what it reads now.
        self._step = 0
        self._receivable = wire.INITIAL_WINDOW
        self._taken = 0
        self._body_ended = not has_body
        self._sendable = wire.INITIAL_WINDOW
        # What of the answer waits for credit; its thread waits, too.
        self._unsent: Optional[memoryview] = None
        # Why nobody waits for the answer any more.
        self.gone: Optional[str] = None
        # END follows it, and no thread waits for that.
        self._ends_after = 0

    # --- the thread that reads, holding the connection's lock ---

    def add_body(self, piece: Union[bytes, memoryview]) -> bytes:
        """Keeps a copy of `piece`. Returns a CREDIT frame to send, or nothing. Raises WireViolation beyond the credit."""
        if self.is_call or self._body_ended:
            raise wire.WireViolation('BODY where no body is open')
        self._receivable -= len(piece)
        if self._receivable < 0:
            raise wire.WireViolation('BODY beyond the credit')
        if self.is_ended:
            return self._grant(len(piece))
        if self._pieces is None:
            self._pieces = deque()
        if self._step:
            self._cut_body(piece, self._pieces)
        else:
            self._pieces.append(bytes(piece))
        self._pieces_bytes += len(piece)
        if self._pieces_bytes >= self._awaited:
            self._wake()
        return b''

    def _cut_body(self, piece: Union[bytes, memoryview], pieces: Deque[bytes]) -> None:
        """Copied once, not once more for each read."""
        at = 0
        end = self._room % self._step or self._step
        while at < len(piece):
            pieces.append(bytes(piece[at:end]))
            at = end
            end += self._step
        self._room -= len(piece)

    def end_body(self) -> None:
        self._body_ended = True
        self._wake()

    def add_credit(self, count: int) -> bool:
        """Queues what it allows; True: the caller has to call `write_out` when it has let go of the lock."""
        self._sendable += count
        if self._unsent is None:
            return False
        must_write = self._queue_unsent(b'')
        if self._unsent is None:
            self._wake()
        return must_write

    def leave(self, reason: str) -> None:
        """The front end is not interested any more."""
        self.gone = reason
        self._pieces = None
        self._unsent = None
        self._release_detached()
        self._wake()

    # --- worker threads ---

    @property
    def is_gone(self) -> bool:
        return self.gone is not None

    def take_body(self, wanted: int, step: int = 0) -> List[bytes]:
        """
        The next pieces of the request body, as many as hold `wanted` bytes, waiting until those have come or so many as credit lets come;
        none at its end. `step`: so much is likely to be wanted each time after that. Raises ClientGone.
        """
        taken: List[bytes] = []
        count = 0
        with self._lock:
            self._step = step if _LEAST_STEP <= step < wire.INITIAL_WINDOW else 0
            self._room = wanted - self._pieces_bytes
            self._awaited = min(wanted, _MOST_AWAITED)
            while self._pieces_bytes < self._awaited and not self._body_ended and self.gone is None:
                self._wait()
            self._check_presence()
            pieces = self._pieces
            while pieces and count < wanted:
                piece = pieces.popleft()
                taken.append(piece)
                count += len(piece)
            self._pieces_bytes -= count
            credit = self._grant(count) if count else b''
        if credit:
            self.connection.send(credit)
        return taken

    def send_body(self, data: bytes, lead: bytes = b'') -> None:
        """
        Sends `lead` (whole frames) and `data`, and returns when the credit has sufficed for all of it. What has to wait for credit is
        sent by whoever reads that credit: this thread wakes once, however much it is. Raises ClientGone.
        """
        connection = self.connection
        with self._lock:
            self._check_presence()
            self._unsent = memoryview(data)
            must_write = self._queue_unsent(lead)
        if must_write:
            connection.write_out()
        if self._unsent is None and self.gone is None:
            return
        with self._lock:
            try:
                while self._unsent is not None and self.gone is None:
                    self._wait()
            finally:
                # An exception may have been raised in this thread.
                self._unsent = None
            self._check_presence()

    def _queue_unsent(self, lead: bytes) -> bool:
        """Queues `lead` and the frames that the credit allows; `_unsent` is None when nothing is left. The caller holds the lock."""
        try:
            must_write = self.connection.queue_parts(([lead] if lead else []) + self._cut_unsent())
        except BaseException:
            # No memory: nothing of it may follow the ABORT, which must not be left out either since END seems to be sent.
            self._unsent = None
            self.is_ended = False
            self._release_detached()
            raise
        if self._unsent is None:
            # END is queued: whoever looks finds one or the other (`Pool._is_expected`).
            self._release_detached()
        return must_write

    def _cut_unsent(self) -> List[Union[bytes, memoryview]]:
        unsent = self._unsent
        if unsent is None:
            return []
        count = min(len(unsent), self._sendable)
        self._sendable -= count
        self._unsent = unsent[count:] if count < len(unsent) else None
        parts: List[Union[bytes, memoryview]] = []
        for at in range(0, count, wire.MAX_BODY_BYTES):
            piece = unsent[at : min(at + wire.MAX_BODY_BYTES, count)]
            parts.append(wire.encode_header(wire.BODY, self.id, len(piece)))
            parts.append(piece)
        if self._ends_after and self._unsent is None:
            parts.append(wire.encode_header(wire.END, self.id, 0) + self._close_own_direction())
        return parts

    def send_last(self, data: bytes, lead: bytes) -> bool:
        """
        Sends `lead` (whole frames), then the last of the response, then END. What has to wait for credit goes on by whoever reads that credit, so that no
        thread has to wait for it. False: nothing is sent, since so much waits in this way that the thread has to. Raises ClientGone.
        """
        connection = self.connection
        with self._lock:
            self._check_presence()
            if not connection.may_detach(len(data)):
                return False
            self._ends_after = len(data)
            self._unsent = memoryview(data)
            must_write = self._queue_unsent(lead)
        if must_write:
            connection.write_out()
        return True

    def _release_detached(self) -> None:
        if self._ends_after:
            self.connection.detached_bytes -= self._ends_after
            self._ends_after = 0

    def end(self, head: bytes, data: bytes) -> bytes:
        """
        The response is complete: returns RESPONSE with the payload `head` (unless it is empty), then `data` (which the credit must still
        allow), then END, for the caller to send. Raises ClientGone.
        """
        frames = wire.encode_last(self.id, head, data)
        with self._lock:
            if self.gone is not None:
                raise ClientGone(self.gone)
            self._sendable -= len(data)
            if self._body_ended:
                # As nearly always.
                self.is_ended = True
                self._pieces = None
                self.connection.streams.pop(self.id, None)
                return frames
            credit = self._close_own_direction()
            try:
                return frames + credit
            except MemoryError:
                # END is not sent: ABORT has to be.
                self.is_ended = False
                raise

    def abort(self, code: str, sentence: str) -> None:
        """Gives the stream up. Does nothing if it has ended or the client has left."""
        with self._lock:
            if self.is_ended or self.gone is not None:
                return
            self._body_ended = True
            self._close_own_direction()
        self.connection.send(wire.encode_abort(self.id, code, sentence))

    def give_up(self, code: str, sentence: str) -> None:
        """Any thread: aborts, and tells the worker that nobody waits for its answer."""
        self.abort(code, sentence)
        with self._lock:
            self.leave(sentence)

    def stir(self) -> None:
        """Any thread: a worker that waits looks again, and meets an exception that was raised in its thread meanwhile."""
        with self._lock:
            self._wake()

    def reply(self, texts: Sequence[str]) -> None:
        """REPLY to a CALL, which ends the stream."""
        frame = wire.encode_reply(self.id, texts)
        with self._lock:
            if self.is_ended or self.gone is not None:
                return
            self._close_own_direction()
        self.connection.send(frame)

    def announce(self) -> bool:
        """Says that the stream is handed to a callable; returns when the system has that. False: the connection is lost."""
        return self.connection.announce(self.id)

    def log(self, level: str, lines: List[bytes]) -> bool:
        """Sends lines for the error log, on stream 0 if this one is over. False if the connection is lost."""
        stream_id = 0 if self.is_ended or self.gone is not None else self.id
        frames = [wire.encode_log(stream_id, level, line) for line in lines]
        return self.connection.send(b''.join(frames), patient=True)

    def _close_own_direction(self) -> bytes:
        self.is_ended = True
        unread, self._pieces_bytes = self._pieces_bytes, 0
        self._pieces = None
        if self._body_ended:
            self.connection.streams.pop(self.id, None)
            return b''
        # What the front end still sends of the request body is thrown away: let it come.
        return self._grant(unread)

    def _grant(self, count: int) -> bytes:
        self._taken += count
        if self._taken < _GRANT_STEP or self._body_ended:
            return b''
        credit = wire.encode_credit(self.id, self._taken)
        self._receivable += self._taken
        self._taken = 0
        return credit

    def _check_presence(self) -> None:
        if self.gone is not None:
            raise ClientGone(self.gone)

    def _wait(self) -> None:
        if self._changed is None:
            self._changed = threading.Condition(self._lock)
        host = self.connection.host
        host.begin_wait()
        try:
            self._changed.wait()
        finally:
            host.end_wait()

    def _wake(self) -> None:
        if self._changed is not None:
            self._changed.notify_all()
