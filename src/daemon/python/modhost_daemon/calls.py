"""CALL: the functions of an auth script, and what their answers mean."""

from __future__ import annotations

from types import ModuleType
from typing import Any, Callable, Dict, List, Optional, Union

from . import wire
from .current import current
from .dispatching import DispatchFault, ask_dispatch_functions, has_dispatch_function
from .environ import build_call_environ
from .request_log import RequestLog
from .requests import Host
from .scripts import ScriptUnreadable
from .stream import Stream

Reply = List[str]

# More is a mistake, and has to fit into a frame.
_MOST_GROUP_BYTES = 1024 * 1024


class CallJob:
    """CALL, to be run by a worker thread."""

    __slots__ = ('_host', '_message', '_stream', 'channel', 'is_ahead', 'queued_at')

    def __init__(self, host: Host, stream: Stream, message: wire.CallMessage) -> None:
        self._host = host
        self._stream = stream
        self._message = message
        self.channel = stream.connection
        self.is_ahead = message.is_ahead
        self.queued_at = stream.connection.received_at

    def announce(self) -> bool:
        return self._stream.announce()

    def expire(self) -> None:
        self._stream.abort('timeout', 'the call waited longer than the queue timeout for a thread')

    def give_back(self) -> None:
        self._stream.abort('retry', 'the daemon process is draining')

    def run(self, thread_id: int) -> bytes:
        """Replies, whatever happens; anything unexpected is an error, never a yes."""
        # The other half of a cycle that would keep both until the garbage collector comes.
        self._stream.job = None
        if self._stream.is_gone:
            return b''
        log = RequestLog(self._stream, self._message.application_group)
        current.log = log
        try:
            script = wire.decode_path(self._message.script_file)
            reply = self._ask(script, log)
            log.close()
            if reply is None:
                self._stream.abort('retry', 'the script file has changed: %s' % script)
            else:
                self._stream.reply(reply)
        finally:
            current.log = None
        return b''

    def _ask(self, script: str, log: RequestLog) -> Optional[Reply]:
        """None if a successor of this process is the one to ask."""
        message = self._message
        try:
            module = self._host.scripts.load(script, message.application_group, message.check_script, self.queued_at)
        except ScriptUnreadable as error:
            return _error(log, 'cannot read script file %s: %s' % (script, error))
        except BaseException as error:
            return _failure(log, 'loading script file %s failed' % script, error)
        if module is None:
            return None
        if message.function_name == 'dispatch':
            return self._dispatch(module, script, log)
        function = getattr(module, message.function_name, None)
        if not callable(function):
            sentence = 'script file %s has no function %s' % (script, message.function_name)
            log.say('error', sentence)
            return ['missing', wire.to_byte_text(sentence)]
        where = '%s of %s' % (message.function_name, script)
        try:
            answer = function(build_call_environ(message.environ, log), *message.arguments)
            if message.function_name == 'groups_for_user':
                answer = list(answer)
            return _READERS[message.function_name](answer, where, log)
        except BaseException as error:
            return _failure(log, where, error)


    def _dispatch(self, module: ModuleType, script: str, log: RequestLog) -> Reply:
        if not has_dispatch_function(module):
            sentence = 'script file %s has no function process_group, application_group or callable_object' % script
            log.say('error', sentence)
            return ['missing', wire.to_byte_text(sentence)]
        try:
            return ['list', *ask_dispatch_functions(module, build_call_environ(self._message.environ, log))]
        except DispatchFault as fault:
            return _error(log, '%s of %s' % (fault, script))
        except BaseException as error:
            return _failure(log, 'a dispatch function of %s' % script, error)


def _read_password_answer(answer: object, where: str, log: RequestLog) -> Reply:
    # Only the singletons count: an application that returns 1 has not said that it means yes.
    if answer is True:
        return ['true']
    if answer is False:
        return ['false']
    if answer is None:
        return ['none']
    if isinstance(answer, str):
        name = str.__str__(answer)
        if name and _is_safe_text(name):
            return ['text', name]
        return _error(log, '%s returned a name that is empty, not latin-1 or holds control characters' % where)
    return _error(
        log, '%s returned %s instead of True, False, None or a name' % (where, type(answer).__name__)
    )


def _read_realm_hash(answer: object, where: str, log: RequestLog) -> Reply:
    if answer is None:
        return ['none']
    if isinstance(answer, bytes):
        answer = answer.decode('latin-1')
    if isinstance(answer, str):
        digest = str.__str__(answer)
        if digest and _is_safe_text(digest):
            return ['text', digest]
    return _error(log, '%s returned something else than None or a digest in hexadecimal' % where)


def _read_access(answer: object, where: str, log: RequestLog) -> Reply:
    if answer is True:
        return ['true']
    if answer is False:
        return ['false']
    if answer is None:
        return ['none']
    return _error(log, '%s returned %s instead of True, False or None' % (where, type(answer).__name__))


def _read_groups(answer: List[Union[str, bytes]], where: str, log: RequestLog) -> Reply:
    groups = ['list']
    total = 0
    for item in answer:
        if isinstance(item, bytes):
            group = item.decode('latin-1')
        elif isinstance(item, str):
            group = str.__str__(item)
        else:
            return _error(log, '%s gave a group that is %s instead of str' % (where, type(item).__name__))
        if not _is_safe_text(group):
            return _error(log, '%s gave a group that is not latin-1 or holds control characters' % where)
        groups.append(group)
        total += len(group) + 1
    if total > _MOST_GROUP_BYTES:
        return _error(log, '%s gave %d bytes of groups, more than %d' % (where, total, _MOST_GROUP_BYTES))
    return groups


_READERS: Dict[str, Callable[[Any, str, RequestLog], Reply]] = {
    'check_password': _read_password_answer,
    'groups_for_user': _read_groups,
    'get_realm_hash': _read_realm_hash,
    'allow_access': _read_access,
}


def _is_safe_text(text: str) -> bool:
    """Fit for REMOTE_USER and for the log."""
    return all(' ' <= character <= '\xff' and character != '\x7f' for character in text)


def _failure(log: RequestLog, what: str, error: BaseException) -> Reply:
    sentence = '%s raised %s' % (what, type(error).__name__)
    log.report(sentence, error)
    return ['error', wire.to_byte_text(sentence)]


def _error(log: RequestLog, sentence: str) -> Reply:
    log.say('error', sentence)
    return ['error', wire.to_byte_text(sentence)]
