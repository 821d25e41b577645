"""The supervisor's first line: what this daemon process is and shall do."""

from __future__ import annotations

import json
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

Members = Dict[str, Any]

# mod_wsgi's, for a group without `threads=`.
_DEFAULT_THREADS = 15


class StartRefused(Exception):
    """The start message cannot be carried out; the text says why. Exit code 78."""


class StartMessage(NamedTuple):
    """See "Control channel" in ../../README.md. Times in seconds."""

    group: str
    # What a front end has to know.
    token: str
    threads: int
    processes: int
    multiprocess: bool
    home: Optional[str]
    python_path: List[str]
    # script file → dotted name, for those that are to be imported as modules
    python_modules: Dict[str, str]
    display_name: Optional[str]
    queue_timeout: float
    shutdown_timeout: float
    # 0 = off, these too.
    request_timeout: float
    interrupt_timeout: float
    startup_timeout: float
    inactivity_timeout: float
    maximum_requests: int
    maximum_requests_jitter: int
    # Of every category; None = what the interpreter started with.
    locale: Optional[str]
    # None = the interpreter's own.
    switch_interval: Optional[float]
    # Bytes; None = the system's.
    stack_size: Optional[int]
    # (script file, application group)
    preload: List[Tuple[str, str]]


def parse_start_message(line: bytes) -> StartMessage:
    """Raises StartRefused."""
    try:
        members = json.loads(line)
    except ValueError as error:
        raise StartRefused('the start message is not JSON: %s' % error) from None
    if not isinstance(members, dict) or members.get('type') != 'start':
        raise StartRefused('the first line of the control channel is not a start message')
    multiprocess = _take(members, 'multiprocess', bool, False)
    return StartMessage(
        group=_take(members, 'group', str, ''),
        token=_take_token(members),
        threads=_take_count(members, 'threads', _DEFAULT_THREADS, 0),
        processes=_take_count(members, 'processes', 1, 1),
        multiprocess=multiprocess,
        home=_take(members, 'home', str, None),
        python_path=_take_texts(members, 'pythonPath'),
        python_modules=_take(members, 'pythonModules', dict, {}),
        display_name=_take(members, 'displayName', str, None),
        queue_timeout=_take_count(members, 'queueTimeoutMs', 0, 0) / 1000,
        shutdown_timeout=_take_count(members, 'shutdownTimeoutMs', 5000, 0) / 1000,
        request_timeout=_take_count(members, 'requestTimeoutMs', 0, 0) / 1000,
        interrupt_timeout=_take_count(members, 'interruptTimeoutMs', 0, 0) / 1000,
        startup_timeout=_take_count(members, 'startupTimeoutMs', 0, 0) / 1000,
        inactivity_timeout=_take_count(members, 'inactivityTimeoutMs', 0, 0) / 1000,
        maximum_requests=_take_count(members, 'maximumRequests', 0, 0),
        maximum_requests_jitter=_take_count(members, 'maximumRequestsJitter', 0, 0),
        locale=_take(members, 'locale', str, None),
        switch_interval=_take(members, 'switchInterval', (int, float), None),
        stack_size=_take(members, 'stackSize', int, None),
        preload=_take_preload(members),
    )


def _take_token(members: Members) -> str:
    token: str = _take(members, 'token', str, '')
    if not token:
        raise StartRefused('the start message has no token')
    return token


def _take(members: Members, name: str, kind: Any, default: Any) -> Any:
    value = members.get(name)
    if value is None:
        return default
    if not isinstance(value, kind):
        raise StartRefused('%s of the start message is no %s: %r' % (name, getattr(kind, '__name__', 'number'), value))
    return value


def _take_count(members: Members, name: str, default: int, least: int) -> int:
    value = members.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value < 1e12:
        raise StartRefused('%s of the start message is no number from %d: %r' % (name, least, value))
    return int(value)


def _take_texts(members: Members, name: str) -> List[str]:
    value: List[str] = _take(members, name, list, [])
    if not all(isinstance(item, str) for item in value):
        raise StartRefused('%s of the start message is no list of texts: %r' % (name, value))
    return value


def _take_preload(members: Members) -> List[Tuple[str, str]]:
    preload = []
    for item in _take(members, 'preload', list, []):
        if not isinstance(item, dict):
            raise StartRefused('preload of the start message holds %r' % (item,))
        script = _take(item, 'script', str, None)
        if script is None:
            raise StartRefused('preload of the start message holds %r, which names no script' % (item,))
        preload.append((script, _take(item, 'applicationGroup', str, '')))
    return preload
