"""The functions of a dispatch script, and what their answers mean."""

from __future__ import annotations

from types import ModuleType
from typing import List

from .environ import Environ

_FUNCTIONS = ('process_group', 'application_group', 'callable_object')


class DispatchFault(Exception):
    """A function answered something that is no name; the text begins with the function's name."""


def has_dispatch_function(module: ModuleType) -> bool:
    return any(hasattr(module, name) for name in _FUNCTIONS)


def ask_dispatch_functions(module: ModuleType, environ: Environ) -> List[str]:
    """
    name, value, … of the functions that are there and do not answer None, which keeps what the site file says. Raises DispatchFault, and
    whatever the functions raise.
    """
    answers: List[str] = []
    for name in _FUNCTIONS:
        function = getattr(module, name, None)
        if function is None:
            continue
        answer = function(environ)
        if answer is not None:
            answers += (name, _read_name(name, answer))
    return answers


def _read_name(function_name: str, answer: object) -> str:
    if isinstance(answer, bytes):
        answer = answer.decode('latin-1')
    if not isinstance(answer, str):
        raise DispatchFault('%s returned %s instead of None or a name' % (function_name, type(answer).__name__))
    name = str.__str__(answer)
    # Fit for the log, too.
    if not all(' ' <= character <= '\xff' and character != '\x7f' for character in name):
        raise DispatchFault('%s returned a name that is not latin-1 or holds control characters' % function_name)
    return name
