"""One request: find the application, call it, send what it gives, close it."""

from __future__ import annotations

import time
from types import ModuleType
from typing import Any, Callable, List, Optional, Protocol

from . import wire
from .current import covered, current
from .environ import Environ, EnvironBuilder, read_request_start
from .factories import make_object
from .request_body import RequestBody
from .request_log import RequestLog
from .request_timeouts import RequestTimeout, RequestTimeouts
from .response import Response, ShortResponse
from .scripts import Scripts, ScriptUnreadable
from .stream import ClientGone, Stream
from .wear import Wear

_MOST_CANDIDATES = 5


class Host(Protocol):
    """What a job asks of the daemon it runs in."""

    environs: EnvironBuilder
    scripts: Scripts
    # Absent where no limit is set.
    wear: Optional[Wear]
    request_timeouts: Optional[RequestTimeouts]

    def was_loaded_before(self, script: str, application_group: str, moment: float) -> bool: ...

    def is_for_successor(self, reason: str) -> bool: ...


class RequestJob:
    """REQUEST, to be run by a worker thread."""

    __slots__ = ('_arrived_at', '_host', '_message', '_stream', 'channel', 'is_ahead', 'queued_at')

    def __init__(self, host: Host, stream: Stream, message: wire.RequestMessage) -> None:
        self._host = host
        self._stream = stream
        self._message = message
        connection = stream.connection
        self._arrived_at = connection.received_time
        self.channel = connection
        self.is_ahead = message.target.is_ahead
        self.queued_at = connection.received_at

    def announce(self) -> bool:
        return self._stream.announce()

    def expire(self) -> None:
        self._stream.abort('timeout', 'the request waited longer than the queue timeout for a thread')

    def give_back(self) -> None:
        self._stream.abort('retry', 'the daemon process is draining')

    def run(self, thread_id: int) -> bytes:
        """Answers the request, whatever happens; the last of the answer is for the caller to send."""
        stream = self._stream
        # The other half of a cycle that would keep both until the garbage collector comes.
        stream.job = None
        if stream.gone is not None:
            return b''
        target = self._message.target
        current.log = log = RequestLog(stream, target.application_group)
        try:
            application = self._find_application(target, log)
            if application is None:
                return b''
            body = RequestBody(stream)
            environ = self._host.environs.build(self._message, body, log, thread_id, self._arrived_at)
            frames = serve(application, environ, stream, log, target.script)
            body.stream = None
            return frames
        finally:
            if not log.is_closed:
                log.close()
            current.log = None

    def _find_application(self, target: wire.Target, log: RequestLog) -> Optional[Callable[..., Any]]:
        """None if there is none; the request is answered then."""
        script = target.script
        if target.interface not in ('auto', 'wsgi'):
            self._refuse(log, 'interface %s is not for Python scripts: %s' % (target.interface, script))
            return None
        try:
            module = self._host.scripts.load(
                script, target.application_group, target.check_script, self.queued_at
            )
        except ScriptUnreadable as error:
            self._refuse(log, 'cannot read script file %s: %s' % (script, error))
            return None
        except BaseException as error:
            sentence = 'loading script file %s failed with %s' % (script, type(error).__name__)
            log.report(sentence, error)
            self._give_up(log, sentence)
            return None
        if module is None:
            self._stream.abort('retry', 'the script file has changed: %s' % script)
            return None
        if target.is_handler_script and target.check_script and self._is_to_be_reloaded(module, script, log):
            self._stream.abort('retry', 'the script file wants to be loaded anew: %s' % script)
            return None
        try:
            application: object = getattr(module, target.callable_name, None)
            if application is None:
                application = make_object(module, target.callable_name)
        except BaseException as error:
            sentence = '%s of script file %s failed with %s' % (target.callable_name, script, type(error).__name__)
            log.report(sentence, error)
            self._give_up(log, sentence)
            return None
        if callable(application):
            return application
        self._refuse(log, describe_missing_callable(script, target.callable_name, module))
        return None

    def _is_to_be_reloaded(self, module: ModuleType, script: str, log: RequestLog) -> bool:
        """What `reload_required` of a handler script says, if a successor can take the request. It is not asked about a load for this very request."""
        pairs = self._message.environ
        environ = dict(zip(pairs[0::2], pairs[1::2]))
        function = getattr(module, 'reload_required', None)
        started_at = read_request_start(environ)
        if function is None or not self._host.was_loaded_before(script, self._message.target.application_group, started_at):
            return False
        try:
            is_wanted = bool(function(wire.decode_path(environ.get('SCRIPT_FILENAME', ''))))
        except BaseException as error:
            log.report('reload_required of %s raised %s' % (script, type(error).__name__), error)
            return False
        if not is_wanted:
            return False
        with covered():
            return self._host.is_for_successor('reload_required of %s says so' % script)

    def _refuse(self, log: RequestLog, sentence: str) -> None:
        log.say('error', sentence)
        self._give_up(log, sentence)

    def _give_up(self, log: RequestLog, sentence: str) -> None:
        log.close()
        self._stream.abort('error', sentence)


class LimitedRequestJob(RequestJob):
    """The same where requests are counted or have a time limit."""

    __slots__ = ()

    def run(self, thread_id: int) -> bytes:
        if self._stream.gone is not None:
            return super().run(thread_id)
        wear, timeouts = self._host.wear, self._host.request_timeouts
        if wear is not None:
            wear.begin()
        running = None if timeouts is None else timeouts.begin(self._stream, self._message.target.script)
        try:
            if running is not None:
                current.running = running
                running.expose()
            return super().run(thread_id)
        except RequestTimeout:
            # It struck between the application and its answer.
            self._stream.abort('timeout', 'the request took longer than request-timeout')
            return b''
        finally:
            if timeouts is not None and running is not None:
                timeouts.end(running)
                current.running = None
            if wear is not None:
                wear.end()


def serve(
    application: Callable[..., Any], environ: Environ, stream: Stream, log: RequestLog, script: str
) -> bytes:
    """
    Calls the application and answers on the stream, but for the frames returned, which the caller sends. `close()` of what
    the application returns is called exactly once.
    """
    response = Response(stream, environ.get('REQUEST_METHOD', 'GET'))
    result = None
    failure: Optional[str] = None
    is_late = False
    try:
        result = application(environ, response.start)
        response.send_all(result)
    except BaseException as error:
        is_late = isinstance(error, RequestTimeout)
        failure = _explain(error, response, log, script)
    finally:
        if type(result) is not list:
            _close(result, log, script)
    log.is_closed = True
    if log.collectors:
        log.close()
    if failure is None:
        try:
            return response.finish()
        except BaseException as error:
            failure = _explain(error, response, log, script)
    response.fail(failure, 'timeout' if is_late else 'error')
    return b''


def describe_missing_callable(script: str, name: str, module: ModuleType) -> str:
    """Names what the module has that could be meant."""
    if hasattr(module, name):
        problem = '%r in script file %s is not callable but %s' % (
            name,
            script,
            type(getattr(module, name)).__name__,
        )
    else:
        problem = 'script file %s has no callable %r' % (script, name)
    candidates = _find_candidates(module)
    if not candidates:
        return problem
    return '%s; callables it has: %s' % (problem, ', '.join(candidates))


def _find_candidates(module: ModuleType) -> List[str]:
    found = [
        name
        for name, value in vars(module).items()
        if not name.startswith('_')
        and callable(value)
        and not isinstance(value, type)
        # A function that was only imported is no application; an object made by an imported class may be one.
        and (not hasattr(value, '__code__') or getattr(value, '__module__', None) == module.__name__)
    ]
    return found[:_MOST_CANDIDATES]


def _close(result: object, log: RequestLog, script: str) -> None:
    try:
        close = getattr(result, 'close', None)
        if close is not None:
            close()
    except BaseException as error:
        log.report('close() of the response of %s raised %s' % (script, type(error).__name__), error)


def _explain(error: BaseException, response: Response, log: RequestLog, script: str) -> str:
    """Logs why the request fails; returns the sentence for the front end."""
    when = 'after' if response.is_committed else 'before'
    if isinstance(error, ClientGone):
        sentence = 'gave up %s: %s' % (script, error)
        log.say('info', sentence)
        return sentence
    if isinstance(error, ShortResponse):
        sentence = '%s: %s' % (script, error)
        log.say('error', sentence)
        return sentence
    if isinstance(error, RequestTimeout):
        sentence = '%s was interrupted %s the response head was sent: request-timeout' % (script, when)
        log.report(sentence, error)
        return sentence
    sentence = '%s raised %s %s the response head was sent' % (script, type(error).__name__, when)
    log.report(sentence, error)
    return sentence
