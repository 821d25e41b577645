"""Signals only leave a note for the loop, and stay ours: an application cannot take them over."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from typing import Any, Callable, List

_NOTED = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1, signal.SIGXCPU)
# Delivered to nobody: without a handler they would end the process.
_IGNORED = (signal.SIGHUP, signal.SIGUSR2)
_set_handler = signal.signal


def exit_on_signal() -> None:
    """For the time before there is anything to end: TERM and INT exit with 0."""
    for number in (signal.SIGTERM, signal.SIGINT):
        _set_handler(number, _exit_at_once)


def note_signals(notes: List[int], wake_descriptor: int) -> None:
    """From now on signals are appended to `notes`, and a byte is written to the (non-blocking) descriptor."""
    signal.set_wakeup_fd(wake_descriptor, warn_on_full_buffer=False)
    for number in _NOTED:
        _set_handler(number, lambda received, _: notes.append(received))
    for number in _IGNORED:
        _set_handler(number, lambda *_: None)


def restrict_signals() -> None:
    """`signal.signal` called by an application does nothing but say so, as with WSGIRestrictSignal On."""
    process = os.getpid()

    def refuse(number: int, handler: Any) -> Any:
        if os.getpid() != process:
            # A child that the application forked decides for itself.
            return _set_handler(number, handler)
        caller = traceback.extract_stack(limit=2)[0]
        print(
            'signal.signal(%s) is ignored here: the daemon process handles signals; called at %s:%s'
            % (number, caller.filename, caller.lineno),
            file=sys.stderr,
        )
        return signal.getsignal(number)

    refuse.__name__ = 'signal'
    refuse.__doc__ = _set_handler.__doc__
    signal.signal = refuse  # type: ignore[assignment]


def release_signals_in_children(after_fork: Callable[[], None]) -> None:
    """A child forked by the application must not report its signals to us."""

    def release() -> None:
        try:
            signal.set_wakeup_fd(-1)
            for number in _NOTED + _IGNORED:
                _set_handler(number, signal.SIG_DFL)
        except ValueError:
            # Not in the child's main thread: the interpreter did not renumber it.
            pass
        after_fork()

    os.register_at_fork(after_in_child=release)


def _exit_at_once(*_: object) -> None:
    raise SystemExit(0)
