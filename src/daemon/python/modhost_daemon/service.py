"""A process without threads (threads=0): it serves no requests, what it imports is what it does."""

from __future__ import annotations

import os
import signal
import sys
import threading
from typing import Any, Dict

from .control import ControlChannel
from .request_log import format_traceback
from .scripts import Scripts, ScriptUnreadable
from .start_message import StartMessage


def run_service(start: StartMessage, control: ControlChannel) -> int:
    """
    Loads the scripts on the main thread, one after the other, and returns the exit code when the last one is over. SIGTERM raises
    SystemExit in them.
    """
    threading.Thread(target=_obey, args=(control,), daemon=True).start()
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGINT, _leave)
    scripts = Scripts(
        start.python_modules,
        lambda *_: None,
        lambda script, group: control.send({'type': 'loaded', 'script': script, 'applicationGroup': group}),
        lambda *_: False,
    )
    # What they do may never end.
    control.send({'type': 'ready'})
    script = ''
    try:
        for script, application_group in start.preload:
            scripts.load(script, application_group, compare=False)
    except SystemExit as leaving:
        code = leaving.code
        return code if isinstance(code, int) else 0 if code is None else 1
    except ScriptUnreadable as error:
        print('modhost: cannot read script file %s: %s' % (script, error), file=sys.stderr)
        return 1
    except BaseException as error:
        headline = 'modhost: script file %s ended with %s' % (script, type(error).__name__)
        print('\n'.join((headline, *format_traceback(error))), file=sys.stderr)
        return 1
    return 0


def _leave(*_: object) -> None:
    raise SystemExit(0)


def _obey(control: ControlChannel) -> None:
    """What the supervisor says, for as long as there is one; DRAIN, and its end, are SIGTERM."""
    messages = control.take_messages()
    while messages is not None:
        for message in messages:
            if message.get('type') == 'drain':
                os.kill(os.getpid(), signal.SIGTERM)
            else:
                _answer(message, control)
        messages = control.wait_for_messages()
    os.kill(os.getpid(), signal.SIGTERM)


def _answer(message: Dict[str, Any], control: ControlChannel) -> None:
    kind = message.get('type')
    if kind == 'ping':
        control.send({'type': 'pong'})
    elif kind == 'count':
        control.send({'type': 'counts', 'active': 0, 'finished': 0})
