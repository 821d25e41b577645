"""The daemon process: its loop, its connections, and how it ends."""

from __future__ import annotations

import os
import select
import signal
import socket
import sys
import threading
import time
import traceback
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

from . import wire
from .calls import CallJob
from .connection import Connection
from .control import ControlChannel
from .current import current
from .environ import EnvironBuilder
from .interruptible_stream import InterruptibleStream
from .pool import Pool
from .preload import PreloadJob
from .reading import Reading
from .replacement import Replacement
from .request_timeouts import RequestTimeouts
from .requests import LimitedRequestJob, RequestJob
from .scripts import Scripts
from .start_message import StartMessage
from .startup_watch import StartupWatch
from .stream import Stream
from .wear import Wear

_BACKLOG = 512
# How long the end of the process waits for front ends to confirm that they have read DRAIN.
_CONFIRM_SECONDS = 1.0
# Longest pause of the loop while jobs run whose time is limited.
_LOOK_SECONDS = 0.5
# Pause after the system refused to give us another descriptor.
_ACCEPT_PAUSE_SECONDS = 0.1


class Daemon:
    """
    One thread, the main one, runs the loop: it accepts, does what signals and the supervisor ask, and reads frames while no
    worker thread does. It never waits for a front end and never runs user code; worker threads do.
    """

    def __init__(self, start: StartMessage, control: ControlChannel, listener: socket.socket) -> None:
        self._replacement = Replacement(self._ask_for_successor)
        self._startup = StartupWatch(start.startup_timeout, self._replacement.wish)
        self.scripts = Scripts(
            start.python_modules, self._startup.note_attempt, self._announce_loaded, self._replacement.wait_for_change
        )
        self.wear = _create_wear(start, self._replacement.wish)
        self.request_timeouts = _create_request_timeouts(start, self._replacement.wish)
        # request-timeout counts until the client has taken the answer.
        self.may_detach = self.request_timeouts is None
        self.stream_type = InterruptibleStream if start.interrupt_timeout else Stream
        self._request_job = RequestJob if self.wear is None and self.request_timeouts is None else LimitedRequestJob
        # There are time limits to look after.
        self._has_limits = bool(start.startup_timeout or start.inactivity_timeout or start.request_timeout)
        # When each (script file, application group) was loaded, in seconds since the epoch.
        self._loaded_at: Dict[Tuple[str, str], float] = {}
        self.environs = EnvironBuilder(start.threads, start.multiprocess)
        self._start = start
        self._control = control
        self._listener = listener
        self._hello = _encode_own_hello(start.threads)
        self._poller = select.epoll()
        self._handlers: Dict[int, Callable[[], None]] = {}
        self._reading = Reading(self.note_progress)
        self._pool = Pool(start.threads, start.queue_timeout, self, self.note_progress)
        self._draining = threading.Lock()
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._wake_reader.setblocking(False)
        self._wake_writer.setblocking(False)
        self._accept_again_at: Optional[float] = None
        # Set by whatever first stops the process from taking requests.
        self._draining_since: Optional[float] = None
        # The process may end as soon as nothing is open.
        self._is_ending = False
        # Everything is answered: only the connections are still to be closed by the front ends.
        self._closing_since: Optional[float] = None
        self._deadline: Optional[float] = None
        self.notes: List[int] = []

    @property
    def wake_descriptor(self) -> int:
        """Non-blocking; a byte written there makes the loop look at `notes`."""
        return self._wake_writer.fileno()

    def run(self) -> int:
        """Until the end of the process; returns its exit code."""
        self._listener.setblocking(False)
        self._listener.listen(_BACKLOG)
        self._watch(self._listener.fileno(), self._accept)
        self._watch(self._wake_reader.fileno(), self._drain_wake_bytes)
        self._watch(self._control.socket.fileno(), self._read_control)
        self._watch(self._reading.fileno(), self._read_connections)
        if self._start.preload:
            self._pool.put(PreloadJob(self, self._start.preload))
        else:
            self.announce_ready()
        self._obey(self._control.take_messages())
        while True:
            self._pool.wait_for_progress()
            for descriptor, _ in self._poller.poll(self._next_timeout()):
                self._handlers[descriptor]()
            self._obey_signals()
            now = time.monotonic()
            is_taken_over = self._pool.watch(now)
            if is_taken_over:
                self._read_connections()
            self._pool.tend(now, is_taken_over)
            if self._has_limits:
                self._tend_limits(now)
            self._accept_again(now)
            exit_code = self._find_exit_code(now)
            if exit_code is not None:
                return exit_code

    @property
    def exit_handlers_timeout(self) -> Optional[float]:
        """Seconds that are left for atexit handlers and threads of the application; None = no limit."""
        if not self._start.shutdown_timeout:
            return None
        left = self._start.shutdown_timeout if self._deadline is None else self._deadline - time.monotonic()
        return max(left, 0.5)

    def abandon_in_child(self) -> None:
        """In a process that the application forked: its copies of our descriptors must not keep anything open."""
        self._pool.is_abandoned = True
        current.log = None
        for held in (self._listener, self._control.socket, self._wake_reader, self._wake_writer):
            held.close()
        self._poller.close()
        self._reading.abandon()

    # --- what connections and jobs ask ---

    def open_request(self, stream: Stream, message: wire.RequestMessage) -> None:
        job = self._request_job(self, stream, message)
        if self._draining_since is not None:
            job.give_back()
            return
        stream.job = job
        self._pool.put(job)

    def open_call(self, stream: Stream, message: wire.CallMessage) -> None:
        job = CallJob(self, stream, message)
        if self._draining_since is not None:
            job.give_back()
            return
        stream.job = job
        self._pool.put(job)

    def forget_job(self, stream: Stream) -> None:
        """The front end left: what still waits in the queue need not run."""
        if stream.job is not None:
            self._pool.remove(stream.job)
            stream.job = None

    def want_writing(self, connection: Connection, is_wanted: bool) -> None:
        self._reading.want_writing(connection, is_wanted)

    def begin_wait(self) -> None:
        self._pool.begin_wait()

    def end_wait(self) -> None:
        self._pool.end_wait()

    def is_reading(self) -> bool:
        return self._pool.is_reading()

    def note_progress(self) -> None:
        """Any thread: something has happened that the end of the process may wait for."""
        if self._is_ending:
            self._wake()

    def was_loaded_before(self, script: str, application_group: str, moment: float) -> bool:
        return self._loaded_at.get((script, application_group), moment) < moment

    def is_for_successor(self, reason: str) -> bool:
        """Worker threads: asks for a successor, and says whether the request is to be served by it."""
        return self._replacement.wait_for_reload(reason)

    def announce_ready(self, failed: Sequence[str] = ()) -> None:
        """The listener listens and preloading is over; `failed`: script files that could not be loaded."""
        self._control.send({'type': 'ready', 'failed': list(failed)} if failed else {'type': 'ready'})

    def _announce_loaded(self, script: str, application_group: str) -> None:
        self._loaded_at[(script, application_group)] = time.time()
        self._startup.note_success()
        self._control.send({'type': 'loaded', 'script': script, 'applicationGroup': application_group})

    def _ask_for_successor(self, reason: str, is_eviction: bool) -> None:
        message = {'type': 'reload', 'reason': reason}
        self._control.send({**message, 'eviction': True} if is_eviction else message)

    # --- what the pool asks as a worker reads in place of the loop ---

    def wait_and_read(self) -> None:
        try:
            self._reading.read()
        except BaseException:
            # As for the loop: without somebody who reads there is nothing left to do.
            traceback.print_exc()
            os._exit(1)

    def tell_loop(self, is_told: bool) -> None:
        # Registered for good, since the system may be asking about it just now.
        self._poller.modify(self._reading.fileno(), select.EPOLLIN if is_told else 0)

    def wake_loop(self) -> None:
        self._wake()

    # --- the loop ---

    def _watch(self, descriptor: int, handler: Callable[[], None]) -> None:
        self._handlers[descriptor] = handler
        self._poller.register(descriptor, select.EPOLLIN)

    def _read_connections(self) -> None:
        if self._pool.begin_loop_reading():
            self._reading.read(0)
            self._pool.end_loop_reading()

    def _next_timeout(self) -> Optional[float]:
        now = time.monotonic()
        limits = [self._pool.next_look(now)]
        if self._has_limits:
            limits.append(self._startup.next_look(now))
            if self.wear is not None:
                limits.append(self.wear.next_look(now))
            if self.request_timeouts is not None:
                limits.append(self.request_timeouts.next_look(now))
            if not self._pool.is_empty_but_for(0):
                # Workers do not wake us when their clocks start.
                limits.append(_LOOK_SECONDS)
        if self._accept_again_at is not None:
            limits.append(self._accept_again_at - now)
        if self._is_ending:
            if self._deadline is not None:
                limits.append(self._deadline - now)
            for since in (self._draining_since, self._closing_since):
                if since is not None and now < since + _CONFIRM_SECONDS:
                    limits.append(since + _CONFIRM_SECONDS - now)
        known = [limit for limit in limits if limit is not None]
        return max(0.0, min(known)) if known else None

    def _tend_limits(self, now: float) -> None:
        self._startup.tend(now)
        if self.wear is not None:
            self.wear.tend(now)
        if self.request_timeouts is not None:
            self.request_timeouts.tend(now)

    def _accept(self) -> None:
        try:
            connected, _ = self._listener.accept()
        except (BlockingIOError, InterruptedError, ConnectionError):
            return
        except OSError as error:
            # Out of descriptors: the listener stays readable, so look away for a while.
            print('modhost: cannot accept a front end: %s' % error, file=sys.stderr)
            self._poller.unregister(self._listener)
            self._accept_again_at = time.monotonic() + _ACCEPT_PAUSE_SECONDS
            return
        connection = Connection(connected, self, self._hello, self._start.token, self._start.threads)
        with self._draining:
            self._reading.add(connection)
            is_draining = self._draining_since is not None
        if is_draining:
            connection.announce_drain()

    def _accept_again(self, now: float) -> None:
        if self._accept_again_at is not None and now >= self._accept_again_at:
            self._accept_again_at = None
            self._poller.register(self._listener, select.EPOLLIN)

    def _drain_wake_bytes(self) -> None:
        try:
            self._wake_reader.recv(4096)
        except (BlockingIOError, InterruptedError):
            pass

    def _wake(self) -> None:
        try:
            self._wake_writer.send(b'\0')
        except BlockingIOError:
            # Full: the loop will look anyway.
            pass

    def _read_control(self) -> None:
        messages = self._control.read_messages()
        if messages is None:
            self._poller.unregister(self._control.socket)
            self._terminate()
        else:
            self._obey(messages)

    def _obey(self, messages: List[Dict[str, Any]]) -> None:
        for message in messages:
            if message.get('type') == 'drain':
                self._end()
            elif message.get('type') == 'keep':
                self._replacement.keep()
            elif message.get('type') == 'ping':
                self._control.send({'type': 'pong'})
            elif message.get('type') == 'count':
                active, finished = self._pool.count()
                self._control.send({'type': 'counts', 'active': active, 'finished': finished})

    def _obey_signals(self) -> None:
        while self.notes:
            number = self.notes.pop(0)
            if number == signal.SIGUSR1:
                self._replacement.wish('it caught SIGUSR1', is_eviction=True)
            elif number == signal.SIGXCPU:
                self._replacement.wish('it has used the processor for too long (cpu-time-limit)')
            else:
                self._terminate()

    # --- the end ---

    def _terminate(self) -> None:
        """As for SIGTERM: an end with a time limit."""
        self._end()
        if self._start.shutdown_timeout and self._deadline is None:
            self._deadline = time.monotonic() + self._start.shutdown_timeout

    def _end(self) -> None:
        """No new streams, and the process ends when nothing is open."""
        self._is_ending = True
        self._drain()

    def _drain(self) -> None:
        with self._draining:
            if self._draining_since is not None:
                return
            self._draining_since = time.monotonic()
            connections = self._reading.connections
        self._pool.reclaim_reading()
        self._replacement.leave()
        for connection in connections:
            connection.announce_drain()
        for job in self._pool.take_back():
            job.give_back()

    def _find_exit_code(self, now: float) -> Optional[int]:
        """The steps of the end, each one when the one before is done: jobs, last bytes, DRAIN read, connections."""
        if not self._is_ending:
            return None
        is_over = self._deadline is not None and now >= self._deadline
        given_up = 0 if self.request_timeouts is None else self.request_timeouts.given_up
        connections = self._reading.connections
        if not self._pool.is_empty_but_for(given_up) or any(one.detached_bytes for one in connections):
            return 1 if is_over else None
        if self._deadline is None and self._start.shutdown_timeout:
            # Nothing but the last bytes is left: a front end that does not take them must not keep us.
            self._deadline = now + self._start.shutdown_timeout
        if any(connection.unsent_bytes for connection in connections):
            return 1 if is_over else None
        if not is_over and not self._is_drain_confirmed(now):
            return None
        if self._closing_since is None:
            self._closing_since = now
            self._finish_connections()
        if is_over or not connections or now >= self._closing_since + _CONFIRM_SECONDS:
            return 0
        return None

    def _finish_connections(self) -> None:
        """
        Says goodbye and lets the front ends close: a connection that we closed while one of their frames is unread
        would be reset, and the last bytes of our answers lost.
        """
        if self._accept_again_at is None:
            self._poller.unregister(self._listener)
        self._accept_again_at = None
        for connection in self._reading.connections:
            connection.finish()

    def _is_drain_confirmed(self, now: float) -> bool:
        """A request that a front end sent before it read DRAIN has arrived by the time its PONG does."""
        if all(connection.is_drained for connection in self._reading.connections):
            return True
        return self._draining_since is not None and now >= self._draining_since + _CONFIRM_SECONDS


def _create_wear(start: StartMessage, ask: Callable[[str], None]) -> Optional[Wear]:
    if not start.maximum_requests and not start.inactivity_timeout:
        return None
    return Wear(start.maximum_requests, start.maximum_requests_jitter, start.inactivity_timeout, ask)


def _create_request_timeouts(start: StartMessage, ask: Callable[[str], None]) -> Optional[RequestTimeouts]:
    if not start.request_timeout:
        return None
    return RequestTimeouts(start.request_timeout, start.interrupt_timeout, ask)


def _encode_own_hello(threads: int) -> bytes:
    return wire.encode_hello(('pid', str(os.getpid()), 'runtime', 'python', 'threads', str(threads), 'ahead', '2'))

