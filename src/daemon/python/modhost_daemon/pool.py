"""
The worker threads of the process, the queue in front of them, and who reads what the front ends send.

In Python one busy thread is faster than many that fight for the interpreter lock, so one hot thread takes jobs as they
come, and a further one is called only when a job has waited `_PATIENCE_SECONDS`: then the application blocks. For the same
reason a worker that finds nothing to do reads from the connections itself, and then runs what it has read: no other thread
has to wake for a request. While it runs a job nobody reads; the loop looks at it every `_WATCH_SECONDS`, and takes the reading
over when it finds it in the same job twice. On a busy machine time passes without the application blocking: a thread that wants
the processor all the time is left alone for `_HUNGRY_LOOKS` times as long. Where nothing blocks for a while, the looks become
rarer, up to `_CALM_WATCH_SECONDS`; for `_WARY_SECONDS` after something has blocked, they do not.
"""

from __future__ import annotations

import sys
import threading
import traceback
from collections import deque
from time import monotonic
from typing import Callable, Deque, List, Optional, Protocol, Tuple

from .appetite import Appetite

_PATIENCE_SECONDS = 0.0015
# Longest pause of the loop while jobs wait.
_REST_SECONDS = 0.001
# Pause of the loop while a worker that reads is in a job; at most, while nothing blocks: each look takes the interpreter lock from it.
_WATCH_SECONDS = 0.001
_CALM_WATCH_SECONDS = 0.005
_WARY_SECONDS = 0.3
# A loop that gets the interpreter lock so soon has not waited for a thread that computes.
_PROMPT_SECONDS = 0.0015
# How long the loop keeps the reading once it had to take it over: where applications block, they do so again.
_KEEP_SECONDS = 0.03
# A thread that wants the processor for more than this share of the time does not block.
_HUNGRY = 0.75
_HUNGRY_LOOKS = 5
_FRESH_SECONDS = 0.02
# Pause after the system refused to start another thread.
_START_PAUSE_SECONDS = 1.0


class Channel(Protocol):
    """Where the bytes of a job go."""

    # Nothing more can be said there.
    is_lost: bool
    # Nobody else sends jobs that are sent ahead.
    is_alone: bool
    # Of answers that wait for credit, and no thread for them.
    detached_bytes: int
    # What the system has not taken yet.
    unsent_bytes: int

    def send(self, data: bytes) -> bool: ...


class Job(Protocol):
    """Something for a worker thread to do."""

    # time.monotonic() when it came.
    queued_at: float
    # It may be given back until it is announced.
    is_ahead: bool

    # None: it has nothing to send, and is not sent ahead.
    @property
    def channel(self) -> Optional[Channel]: ...

    # Tells who sent it that it is handed to a callable now; returns when the system has that. False: it may not have.
    def announce(self) -> bool: ...

    # Returns what is left to be sent.
    def run(self, thread_id: int) -> bytes: ...

    # It waited longer than the queue timeout and will not be run.
    def expire(self) -> None: ...

    # It was sent ahead, and is for another process.
    def give_back(self) -> None: ...


class Source(Protocol):
    """The connections to read from."""

    # Waits until there is something to read, reads it, and puts the jobs in it into the pool. Raises nothing.
    def wait_and_read(self) -> None: ...

    # From now on the loop hears of what there is to read, or not any more.
    def tell_loop(self, is_told: bool) -> None: ...

    # Any thread: the loop has to look at its clock.
    def wake_loop(self) -> None: ...


class _Worker:
    def __init__(self, number: int) -> None:
        self.number = number
        # Held while the worker sleeps: releasing it wakes the worker.
        self.bell = threading.Lock()
        self.bell.acquire()
        # Woken or started, but has not looked at the queue yet.
        self.is_called = True
        # In a job, and not with what lies between two of them.
        self.is_running = False
        # Of the thread, once it runs.
        self.ident = 0
        self.appetite: Optional[Appetite] = None
        # How long it has had nothing to do, but to read, and since when it has nothing to do now; 0: it has.
        self.idle_seconds = 0.0
        self.idle_since = 0.0

    def idle_seconds_until(self, now: float) -> float:
        since = self.idle_since
        return self.idle_seconds + (now - since if since else 0.0)


class Pool:
    """
    At most `limit` jobs run at once; the rest wait in order. The loop calls `tend` as often as `next_look` says.
    `queue_timeout` in seconds, 0 = off; `on_finished` is called in the worker's thread after each job that no other follows.
    """

    def __init__(self, limit: int, queue_timeout: float, source: Source, on_finished: Callable[[], None]) -> None:
        self._limit = limit
        self._queue_timeout = queue_timeout
        self._source = source
        self._on_finished = on_finished
        self._lock = threading.Lock()
        self._jobs: Deque[Job] = deque()
        self._busy = 0
        self._finished = 0
        # Workers that were called and have not looked at the queue yet.
        self._called = 0
        self._started = 0
        self._start_again_at = 0.0
        self._workers: List[_Worker] = []
        # When the loop looked whether one thread is enough, how many jobs were over then, and how often that has not changed.
        self._judged_at = 0.0
        self._judged_finished = 0
        self._looks_in_job = 0
        self._is_hungry = False
        self._was_hungry = False
        # Whoever took a job last.
        self._latest: Optional[_Worker] = None
        self._idle: Optional[_Worker] = None
        self._parked: List[_Worker] = []
        # Held while the loop does not rest, and while it does: releasing it ends the rest.
        self._loop_bell = threading.Lock()
        self._loop_bell.acquire()
        self._is_loop_resting = False
        # Workers that wait for a front end inside their jobs.
        self._waiting = 0
        # The worker that reads; None: the loop does.
        self._reader: Optional[_Worker] = None
        # It runs a job; how many it has run since it reads; and how many when the loop looked last.
        self._is_reader_busy = False
        self._reader_jobs = 0
        self._seen_jobs = 0
        # The loop looks after the reader.
        self._is_watching = False
        self._watch_seconds = _WATCH_SECONDS
        self._wary_until = 0.0
        # When the next look was due.
        self._look_at = 0.0
        self._is_loop_reading = False
        self._lend_again_at = 0.0
        self._is_reclaimed = False
        # A job broke, so that a request may be open for ever.
        self._has_broken = False
        self.is_abandoned = False

    def put(self, job: Job) -> None:
        """Queues the job."""
        with self._lock:
            self._jobs.append(job)
            if self._idle is not None:
                self._call(self._idle)
                self._idle = None
        if not self._workers:
            self.tend(job.queued_at, True)

    def wait_for_progress(self) -> None:
        """
        Returns when no job waits any more, after `_REST_SECONDS` at the latest. The loop does so before it reads on:
        while the workers have enough to do, each of its turns would only take the interpreter lock from them. Where one
        waits for a front end, the loop is what it waits for.
        """
        with self._lock:
            if not self._jobs or self._reader is not None or self._waiting:
                return
            self._is_loop_resting = True
        if not self._loop_bell.acquire(timeout=_REST_SECONDS):
            with self._lock:
                if not self._is_loop_resting:
                    self._loop_bell.acquire()
                self._is_loop_resting = False

    def remove(self, job: object) -> bool:
        """Takes a job out of the queue; False if a worker has it (or had it) already."""
        with self._lock:
            try:
                self._jobs.remove(job)  # type: ignore[arg-type]
            except ValueError:
                return False
            return True

    def tend(self, now: float, is_pressing: bool = False) -> None:
        """Calls further workers for jobs that have waited (`is_pressing`: for all), and gives up those that waited too long."""
        fresh: List[_Worker] = []
        expired: List[Job] = []
        is_one_enough = not is_pressing and bool(self._jobs) and self._is_one_enough(now)
        with self._lock:
            if self._queue_timeout:
                while self._jobs and now - self._jobs[0].queued_at >= self._queue_timeout:
                    expired.append(self._jobs.popleft())
            while not is_one_enough and self._has_job_to_call_for(now, 0.0 if is_pressing else _PATIENCE_SECONDS):
                self._note_blocking(now)
                if self._parked:
                    self._call(self._parked.pop())
                else:
                    self._started += 1
                    worker = _Worker(self._started)
                    self._workers.append(worker)
                    self._called += 1
                    fresh.append(worker)
        for job in expired:
            job.expire()
        for worker in fresh:
            self._start(worker)

    def next_look(self, now: float) -> Optional[float]:
        """Seconds until `tend` or `watch` has something to do, None if only a new job can change that."""
        with self._lock:
            looks = []
            if self._is_watching:
                self._look_at = now + self._watch_seconds
                looks.append(self._look_at)
            if self._jobs and self._queue_timeout:
                looks.append(self._jobs[0].queued_at + self._queue_timeout)
            if len(self._jobs) > self._called and (self._parked or len(self._workers) < self._limit):
                due = self._jobs[self._called].queued_at + _PATIENCE_SECONDS
                if self._is_hungry:
                    due = max(due, self._judged_at + self._watch_seconds)
                looks.append(due if self._parked else max(due, self._start_again_at))
        return max(0.0, min(looks) - now) if looks else None

    def take_back(self) -> List[Job]:
        """Takes the jobs that were sent ahead out of the queue."""
        with self._lock:
            ahead = [job for job in self._jobs if job.is_ahead]
            self._jobs = deque(job for job in self._jobs if not job.is_ahead)
        return ahead

    def count(self) -> Tuple[int, int]:
        """Jobs that run or wait for a thread, but for those that were sent ahead of that, and those that are over."""
        with self._lock:
            waiting = sum(not job.is_ahead for job in self._jobs)
            return waiting + self._busy, self._finished

    def is_empty_but_for(self, given_up: int) -> bool:
        """No job waits, or runs, except so many that nobody waits for."""
        with self._lock:
            return not self._jobs and self._busy <= given_up

    # --- who reads ---

    def begin_loop_reading(self) -> bool:
        """The loop, before it reads: False if a worker does."""
        with self._lock:
            self._is_loop_reading = self._reader is None
            return self._is_loop_reading

    def end_loop_reading(self) -> None:
        with self._lock:
            self._is_loop_reading = False

    def watch(self, now: float) -> bool:
        """The loop, at each of its turns: True if it has taken the reading over from a worker that is in a job for long."""
        with self._lock:
            if not self._is_watching:
                return False
            reader, seen, jobs = self._reader, self._seen_jobs, self._reader_jobs
            self._seen_jobs = jobs
            if reader is None or (seen == jobs and not self._is_reader_busy):
                self._is_watching = False
                return False
        if not reader.is_running:
            # If it sends just now, whoever receives may have got its processor.
            self._set_pace(now, seen != jobs)
            return False
        if self._is_one_enough(now) or seen != jobs:
            self._set_pace(now, seen != jobs and self._was_hungry and now - self._look_at > _PROMPT_SECONDS)
            return False
        with self._lock:
            # It may have gone on while we looked.
            if self._reader is not reader or self._reader_jobs != jobs or not self._is_reader_busy:
                return False
            self._note_blocking(now)
            self._take_over()
            return True

    def begin_wait(self) -> None:
        """A worker is about to wait inside its job for what has to be read or written; `end_wait` must follow."""
        with self._lock:
            self._waiting += 1
            self._wake_resting_loop()
            is_reader = self._reader is not None and self._reader.ident == threading.get_ident()
            if is_reader:
                self._take_over()
        if is_reader:
            self._source.wake_loop()

    def end_wait(self) -> None:
        with self._lock:
            self._waiting -= 1

    def is_reading(self) -> bool:
        """The calling thread is the worker that reads."""
        with self._lock:
            return self._reader is not None and self._reader.ident == threading.get_ident()

    def reclaim_reading(self) -> None:
        """No worker begins to read any more."""
        with self._lock:
            self._is_reclaimed = True

    def _take_over(self) -> None:
        self._reader = None
        self._is_watching = False
        self._lend_again_at = monotonic() + _KEEP_SECONDS
        self._source.tell_loop(True)

    def _may_read(self, worker: _Worker) -> bool:
        if self._reader is worker:
            if not self._is_reclaimed:
                return True
            self._take_over()
            self._source.wake_loop()
            return False
        if self._reader is not None or self._is_loop_reading or self._is_reclaimed:
            return False
        if monotonic() < self._lend_again_at:
            return False
        self._reader = worker
        if self._idle is not None:
            # Whoever reads is the hot one.
            self._parked.append(self._idle)
            self._idle = None
        self._source.tell_loop(False)
        return True

    def _set_pace(self, now: float, is_calm: bool) -> None:
        is_calm = is_calm and now >= self._wary_until
        self._watch_seconds = min(2 * self._watch_seconds, _CALM_WATCH_SECONDS) if is_calm else _WATCH_SECONDS

    def _note_blocking(self, now: float) -> None:
        self._wary_until = now + _WARY_SECONDS
        self._watch_seconds = _WATCH_SECONDS

    # --- workers ---

    def _is_one_enough(self, now: float) -> bool:
        """The loop: one thread runs, and does not block; or it has not been long in the same job, at least."""
        if now - self._judged_at >= _WATCH_SECONDS:
            worker = self._latest if self._busy == 1 else None
            share = 0.0
            if worker is not None and worker.appetite is not None:
                share = worker.appetite.measure(_HUNGRY, worker.idle_seconds_until)
            self._looks_in_job = 0 if self._finished != self._judged_finished else self._looks_in_job + 1
            is_hungry = share > _HUNGRY
            # Nothing follows from what it did long before, nor from one look at a thread that gets on: the next look tells.
            is_doubtful = now - self._judged_at >= _FRESH_SECONDS or (not self._looks_in_job and self._was_hungry)
            self._is_hungry = is_hungry or (is_doubtful and worker is not None)
            self._was_hungry = is_hungry
            self._judged_at = now
            self._judged_finished = self._finished
        return self._is_hungry and self._looks_in_job < _HUNGRY_LOOKS

    def _has_job_to_call_for(self, now: float, patience: float) -> bool:
        if len(self._jobs) <= self._called or now - self._jobs[self._called].queued_at < patience:
            return False
        return bool(self._parked) or (len(self._workers) < self._limit and now >= self._start_again_at)

    def _call(self, worker: _Worker) -> None:
        worker.is_called = True
        self._called += 1
        worker.bell.release()

    def _wake_resting_loop(self) -> None:
        if self._is_loop_resting:
            self._is_loop_resting = False
            self._loop_bell.release()

    def _start(self, worker: _Worker) -> None:
        thread = threading.Thread(
            target=self._work, args=(worker,), name='modhost-%d' % worker.number, daemon=True
        )
        try:
            thread.start()
        except RuntimeError as error:
            # Those that are there go on.
            print('modhost: cannot start worker thread %d: %s' % (worker.number, error), file=sys.stderr)
            with self._lock:
                self._called -= 1
                self._workers.remove(worker)
                self._start_again_at = monotonic() + _START_PAUSE_SECONDS

    def _work(self, worker: _Worker) -> None:
        worker.ident = threading.get_ident()
        worker.appetite = Appetite()
        job: Optional[Job] = None
        while True:
            if job is None:
                job = self._take(worker)
            channel = job.channel
            rest = b''
            is_announced = not job.is_ahead or channel is None or self._is_expected(channel) or job.announce()
            worker.is_running = True
            try:
                if is_announced:
                    rest = job.run(worker.number)
                else:
                    # Whoever sent it cannot know that it is not for another process.
                    job.give_back()
            except BaseException:  # noqa: B036 - nothing that a job does may end its thread
                self._has_broken = True
                traceback.print_exc()
            if self.is_abandoned:
                return
            worker.is_running = False
            # Before another one is taken: see `_is_expected`.
            if rest and channel is not None:
                channel.send(rest)
            # Not kept while we wait for the next one.
            job = channel = None
            rest = b''
            job = self._take_next(worker)
            if job is None:
                with self._lock:
                    self._busy -= 1
                    self._finished += 1
                self._on_finished()

    def _is_expected(self, channel: Channel) -> bool:
        """
        Whoever sent the job that has just been taken, and is alone, knows without being told that it is the next, since all that it sent before is over, and
        the system has said so: no other thread is in a job, and what those before left to be sent is sent.
        """
        return channel.is_alone and not (
            # In this order, without locks: what goes out of one of these is in a later one by then.
            self._busy > 1
            or self._has_broken
            or self._is_reclaimed
            or channel.detached_bytes
            or channel.unsent_bytes
            or channel.is_lost
        )

    def _take(self, worker: _Worker) -> Job:
        while True:
            with self._lock:
                if worker.is_called:
                    worker.is_called = False
                    self._called -= 1
                if self._jobs:
                    self._busy += 1
                    return self._pop(worker)
                is_reader = self._may_read(worker)
                if is_reader:
                    self._is_reader_busy = False
                elif self._idle is None and self._reader is None:
                    self._idle = worker
                else:
                    self._parked.append(worker)
            since = worker.idle_since = monotonic()
            if is_reader:
                self._source.wait_and_read()
            else:
                worker.bell.acquire()
            worker.idle_seconds += monotonic() - since
            worker.idle_since = 0.0

    def _take_next(self, worker: _Worker) -> Optional[Job]:
        """The job that follows without a pause, if there is one."""
        with self._lock:
            if not self._jobs:
                return None
            self._finished += 1
            self._latest = worker
            if self._reader is not worker:
                self._note_taking()
            else:
                self._reader_jobs += 1
                if not self._is_watching:
                    self._begin_watching()
            return self._jobs.popleft()

    def _pop(self, worker: _Worker) -> Job:
        """The first job after a pause."""
        self._latest = worker
        if self._reader is not worker:
            self._note_taking()
        else:
            self._reader_jobs += 1
            self._is_reader_busy = True
            if not self._is_watching:
                self._begin_watching()
        return self._jobs.popleft()

    def _note_taking(self) -> None:
        if len(self._jobs) == 1:
            self._wake_resting_loop()

    def _begin_watching(self) -> None:
        # Once in a while, not for each job: the loop goes on watching while there is something to see.
        self._is_watching = True
        self._source.wake_loop()
