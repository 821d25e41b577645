"""From the inherited descriptors to a running daemon, and out again."""

from __future__ import annotations

import atexit
import faulthandler
import os
import socket
import sys
import threading
import time
from contextlib import suppress
from typing import NoReturn, Optional

from .control import ControlChannel
from .daemon import Daemon
from .injected import inject_modules
from .module_path import set_module_path
from .output import capture_output
from .process_title import show_display_name
from .service import run_service
from .signals import exit_on_signal, note_signals, release_signals_in_children, restrict_signals
from .start_message import StartMessage, StartRefused, parse_start_message

_CONTROL_FD = 3
_LISTENER_FD = 4
_EXIT_REFUSED = 78


def run_process() -> NoReturn:
    """The whole life of the process."""
    atexit.register(_last_step)
    exit_on_signal()
    try:
        control = ControlChannel(_inherit(_CONTROL_FD))
        listener = _inherit(_LISTENER_FD)
        line = control.read_first_line()
        if line is None:
            sys.exit(0)
        start = parse_start_message(line)
        _prepare(start)
    except (StartRefused, OSError) as error:
        print('modhost: cannot start: %s' % error, file=sys.stderr)
        sys.exit(_EXIT_REFUSED)
    if start.threads == 0:
        listener.close()
        _leave(run_service(start, control), start.shutdown_timeout or None)
    daemon = Daemon(start, control, listener)
    note_signals(daemon.notes, daemon.wake_descriptor)
    restrict_signals()
    release_signals_in_children(daemon.abandon_in_child)
    exit_code = daemon.run()
    _leave(exit_code, daemon.exit_handlers_timeout)


def _inherit(descriptor: int) -> socket.socket:
    try:
        os.set_inheritable(descriptor, False)
        return socket.socket(fileno=descriptor)
    except OSError as error:
        raise StartRefused('descriptor %d is not the socket it should be: %s' % (descriptor, error)) from None


def _prepare(start: StartMessage) -> None:
    # After a crash of an extension, or SIGABRT when the process hangs: where its threads are.
    faulthandler.enable(sys.__stderr__)
    if start.stack_size is not None:
        threading.stack_size(start.stack_size)
    if start.switch_interval is not None:
        sys.setswitchinterval(start.switch_interval)
    if start.display_name is not None:
        show_display_name(start.display_name)
    capture_output()
    if start.locale is not None:
        _set_locale(start.locale)
    inject_modules(start.group, start.processes, start.threads)
    try:
        set_module_path(start.home, start.python_path)
    except OSError as error:
        raise StartRefused('home=%s: %s' % (start.home, error.strerror)) from None
    # Applications that look at their arguments must not see ours.
    sys.argv = ['mod_wsgi']


def _set_locale(name: str) -> None:
    """The environment alone changes nothing but the encoding. A locale that the system lacks keeps nobody from serving."""
    import locale

    try:
        locale.setlocale(locale.LC_ALL, name)
    except locale.Error as error:
        print('locale=%s cannot be set: %s; C.UTF-8 is always there' % (name, error), file=sys.stderr)


def _leave(exit_code: int, timeout: Optional[float]) -> NoReturn:
    """Lets the application's threads and atexit handlers end, for up to `timeout` seconds."""
    if timeout is not None:
        threading.Thread(target=_exit_after, args=(timeout,), daemon=True).start()
    _last_step.exit_code = exit_code
    sys.exit(exit_code)


class _LastStep:
    """
    Ends the process without the interpreter's own teardown, which a worker that still runs may crash. As an atexit
    handler registered before all others it runs after all others.
    """

    exit_code: Optional[int] = None

    def __init__(self) -> None:
        self._process = os.getpid()

    def __call__(self) -> None:
        # Not in a child that the application forked, and not before the daemon has run.
        if self.exit_code is None or os.getpid() != self._process:
            return
        _flush_output()
        os._exit(self.exit_code)


_last_step = _LastStep()


def _exit_after(seconds: float) -> None:
    time.sleep(seconds)
    with suppress(OSError):
        os.write(2, b'modhost: threads or exit handlers of the application did not end in time\n')
    os._exit(1)


def _flush_output() -> None:
    for stream in (sys.__stdout__, sys.__stderr__):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()  # type: ignore[union-attr]
