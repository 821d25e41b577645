"""
The worker threads of the process and the queue in front of them.

In Python one busy thread is faster than many that fight for the interpreter lock, so one hot thread takes jobs as they
come, and a further one is called only when a job has waited `_PATIENCE_SECONDS`: then the application blocks.
"""

from __future__ import annotations

import sys
import threading
import time
import traceback
from collections import deque
from typing import Callable, Deque, List, Optional, Protocol, Tuple

_PATIENCE_SECONDS = 0.0015
# Longest pause of the loop while jobs wait.
_REST_SECONDS = 0.001
# Pause after the system refused to start another thread.
_START_PAUSE_SECONDS = 1.0


class Job(Protocol):
    """Something for a worker thread to do."""

    # time.monotonic() when it was put into the queue; set by the pool.
    queued_at: float

    def run(self, thread_id: int) -> None: ...

    # It waited longer than the queue timeout and will not be run.
    def expire(self) -> None: ...


class _Worker:
    def __init__(self, number: int) -> None:
        self.number = number
        # Held while the worker sleeps: releasing it wakes the worker.
        self.bell = threading.Lock()
        self.bell.acquire()
        # Woken or started, but has not looked at the queue yet.
        self.is_called = True


class Pool:
    """
    At most `limit` jobs run at once; the rest wait in order. The loop calls `tend` as often as `next_look` says.
    `queue_timeout` in seconds, 0 = off; `on_finished` is called in the worker's thread after each job.
    """

    def __init__(self, limit: int, queue_timeout: float, on_finished: Callable[[], None]) -> None:
        self._limit = limit
        self._queue_timeout = queue_timeout
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
        self._idle: Optional[_Worker] = None
        self._parked: List[_Worker] = []
        # Held while the loop does not rest, and while it does: releasing it ends the rest.
        self._loop_bell = threading.Lock()
        self._loop_bell.acquire()
        self._is_loop_resting = False
        self.is_abandoned = False

    def put(self, job: Job) -> None:
        """Queues the job."""
        job.queued_at = time.monotonic()
        with self._lock:
            self._jobs.append(job)
            if self._idle is not None:
                self._call(self._idle)
                self._idle = None
            first = not self._workers
        if first:
            self.tend(job.queued_at + _PATIENCE_SECONDS)

    def wait_for_progress(self) -> None:
        """
        Returns when no job waits any more, after `_REST_SECONDS` at the latest. The loop does so before it reads on:
        while the workers have enough to do, each of its turns would only take the interpreter lock from them.
        """
        with self._lock:
            if not self._jobs:
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

    def tend(self, now: float) -> None:
        """Calls further workers for jobs that have waited, and gives up those that waited too long."""
        fresh: List[_Worker] = []
        expired: List[Job] = []
        with self._lock:
            if self._queue_timeout:
                while self._jobs and now - self._jobs[0].queued_at >= self._queue_timeout:
                    expired.append(self._jobs.popleft())
            while self._has_job_to_call_for(now):
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
        """Seconds until `tend` has something to do, None if only a new job can change that."""
        with self._lock:
            looks = []
            if self._jobs and self._queue_timeout:
                looks.append(self._jobs[0].queued_at + self._queue_timeout)
            if len(self._jobs) > self._called and (self._parked or len(self._workers) < self._limit):
                due = self._jobs[self._called].queued_at + _PATIENCE_SECONDS
                looks.append(due if self._parked else max(due, self._start_again_at))
        return max(0.0, min(looks) - now) if looks else None

    def count(self) -> Tuple[int, int]:
        """Jobs that wait or run, and those that are over."""
        with self._lock:
            return len(self._jobs) + self._busy, self._finished

    def is_empty_but_for(self, given_up: int) -> bool:
        """No job waits, or runs, except so many that nobody waits for."""
        with self._lock:
            return not self._jobs and self._busy <= given_up

    def _has_job_to_call_for(self, now: float) -> bool:
        if len(self._jobs) <= self._called or now - self._jobs[self._called].queued_at < _PATIENCE_SECONDS:
            return False
        return bool(self._parked) or (len(self._workers) < self._limit and now >= self._start_again_at)

    def _call(self, worker: _Worker) -> None:
        worker.is_called = True
        self._called += 1
        worker.bell.release()

    def _wake_loop(self) -> None:
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
                self._start_again_at = time.monotonic() + _START_PAUSE_SECONDS

    def _work(self, worker: _Worker) -> None:
        while True:
            job = self._take(worker)
            try:
                job.run(worker.number)
            except BaseException:  # noqa: B036 - nothing that a job does may end its thread
                traceback.print_exc()
            del job
            if self.is_abandoned:
                return
            with self._lock:
                self._busy -= 1
                self._finished += 1
            self._on_finished()

    def _take(self, worker: _Worker) -> Job:
        while True:
            with self._lock:
                if worker.is_called:
                    worker.is_called = False
                    self._called -= 1
                if self._jobs:
                    self._busy += 1
                    job = self._jobs.popleft()
                    if not self._jobs:
                        self._wake_loop()
                    return job
                if self._idle is None:
                    self._idle = worker
                else:
                    self._parked.append(worker)
            worker.bell.acquire()
