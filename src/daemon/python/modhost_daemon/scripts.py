"""Script files as module objects: loaded once per (script file, application group), compared with the file if asked."""

from __future__ import annotations

import os
import stat
import sys
import threading
import time
from importlib import import_module
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType
from typing import Callable, Dict, Optional, Tuple

from .current import covered, current

try:
    # The interpreter's own: hashlib would load OpenSSL, 4 MB, which the application may not need.
    from _md5 import md5 as _md5  # type: ignore[import-not-found,unused-ignore]
except ImportError:
    from hashlib import md5 as _md5

_Key = Tuple[str, str]


class ScriptUnreadable(Exception):
    """The script file is missing, no regular file, or may not be read; the text says which."""


class Scripts:
    """
    The modules of this process. Loading one waits for its own lock only; a failed load leaves nothing behind and
    raises what the user's code raised. Scripts in `names` are modules of that dotted name, and imported as such. `on_loading`
    hears of each try to load a (script, application group), and `on_loaded` of each that succeeded. `is_for_successor` is asked about a script whose
    file differs from what is loaded, so that this process is out of date: its path, and when it was modified in ns, -1 if it is gone.
    """

    def __init__(
        self,
        names: Dict[str, str],
        on_loading: Callable[[str, str], None],
        on_loaded: Callable[[str, str], None],
        is_for_successor: Callable[[str, int], bool],
    ) -> None:
        self._names = names
        self._on_loading = on_loading
        self._on_loaded = on_loaded
        self._is_for_successor = is_for_successor
        self._lock = threading.Lock()
        self._loading: Dict[_Key, threading.Lock] = {}
        self._loaded: Dict[_Key, Tuple[ModuleType, int]] = {}
        # When the file was last found to be what is loaded.
        self._compared_at: Dict[_Key, float] = {}

    def load(self, script: str, application_group: str, compare: bool, since: float = 0.0) -> Optional[ModuleType]:
        """
        `script` is a path in the file system's encoding; `compare` asks for None if the file differs from what is loaded, as of now, or of a
        moment after `since` (time.monotonic()), when the request had come already, and a successor is to serve it.
        """
        key = (script, application_group)
        module, modified_ns = self._loaded.get(key) or self._load_once(key)
        if compare and self._compared_at.get(key, 0.0) <= since:
            now = time.monotonic()
            now_ns = _read_modified_ns(script)
            if now_ns != modified_ns:
                with covered():
                    is_for_successor = self._is_for_successor(script, now_ns)
                return None if is_for_successor else module
            self._compared_at[key] = now
        return module

    def _load_once(self, key: _Key) -> Tuple[ModuleType, int]:
        with self._lock:
            turn = self._loading.setdefault(key, threading.Lock())
        with turn:
            loaded = self._loaded.get(key)
            if loaded is None:
                self._on_loading(*key)
                loaded = _load(*key, self._names.get(key[0]))
                # Both or neither: the supervisor has to know what is served.
                with covered():
                    self._loaded[key] = loaded
                    self._on_loaded(*key)
            return loaded


def _load(script: str, application_group: str, module_name: Optional[str]) -> Tuple[ModuleType, int]:
    source, modified_ns = _read(script)
    if module_name is not None:
        return _import(module_name, application_group), modified_ns
    code = compile(source, script, 'exec', dont_inherit=True)
    name = _choose_name(script, application_group)
    # A loader of source files takes any file name; without one, `.wsgi` would not be Python.
    spec = spec_from_file_location(name, script, loader=SourceFileLoader(name, script))
    assert spec is not None
    module = module_from_spec(spec)
    # dataclasses, pickle and Flask look a module up by its name. The name is one that nobody imports.
    sys.modules[name] = module
    outer_group, current.application_group = current.application_group, application_group
    try:
        exec(code, module.__dict__)
    except BaseException:
        sys.modules.pop(name, None)
        raise
    finally:
        current.application_group = outer_group
    return module, modified_ns


def _import(name: str, application_group: str) -> ModuleType:
    outer_group, current.application_group = current.application_group, application_group
    try:
        return import_module(name)
    finally:
        current.application_group = outer_group


def _read(script: str) -> Tuple[bytes, int]:
    try:
        # A named pipe must not make us wait for its other end.
        descriptor = os.open(script, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, 'rb') as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise ScriptUnreadable('it is not a regular file')
            return file.read(), status.st_mtime_ns
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ScriptUnreadable(reason) from None


def _read_modified_ns(script: str) -> int:
    try:
        return os.stat(script).st_mtime_ns
    except (OSError, ValueError):
        return -1


def _choose_name(script: str, application_group: str) -> str:
    name = '_mod_wsgi_' + _hash(script)
    if name not in sys.modules:
        return name
    # The same script in a second application group.
    return '%s_%s' % (name, _hash(application_group))


def _hash(text: str) -> str:
    return _md5(text.encode('utf-8', 'surrogateescape')).hexdigest()
