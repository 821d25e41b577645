"""Says what the options of its process group have made of the process it runs in."""

import ctypes
import json
import locale
import os
import resource
import sys


def application(environ, start_response):
    start_response('200 OK', [('Content-Type', 'application/json')])
    umask = os.umask(0)
    os.umask(umask)
    facts = {
        'pid': os.getpid(),
        'folder': os.getcwd(),
        'firstOnPath': sys.path[0],
        'path': sys.path,
        'prefix': sys.prefix,
        'umask': umask,
        'groups': sorted(os.getgroups()),
        'variables': {name: os.environ.get(name) for name in ('LANG', 'LC_ALL', 'PYTHON_EGG_CACHE')},
        'timeLocale': locale.setlocale(locale.LC_TIME),
        'threadStack': stack_size_of_this_thread(),
        'switchInterval': sys.getswitchinterval(),
        'nice': os.getpriority(os.PRIO_PROCESS, 0),
        'data': resource.getrlimit(resource.RLIMIT_DATA)[0],
        'addressSpace': resource.getrlimit(resource.RLIMIT_AS)[0],
        'processorTime': resource.getrlimit(resource.RLIMIT_CPU)[0],
        'multiprocess': environ['wsgi.multiprocess'],
    }
    return [json.dumps(facts).encode()]


def stack_size_of_this_thread():
    """As the system's thread library has it, in bytes."""
    library = ctypes.CDLL(None)
    library.pthread_self.restype = ctypes.c_void_p
    attributes = ctypes.create_string_buffer(256)
    library.pthread_getattr_np(ctypes.c_void_p(library.pthread_self()), attributes)
    size = ctypes.c_size_t()
    library.pthread_attr_getstacksize(attributes, ctypes.byref(size))
    return size.value
