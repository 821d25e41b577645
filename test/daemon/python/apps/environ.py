"""Answers with its environ as JSON: value and type of each key."""

import json
import sys


def application(environ, start_response):
    import apache
    import mod_wsgi

    answer = {
        'environ': {key: [repr(value), type(value).__name__] for key, value in environ.items()},
        'module': [__name__, __file__, __name__ in sys.modules, sys.modules.get(__name__).__file__],
        'mod_wsgi': [
            mod_wsgi.version,
            mod_wsgi.process_group,
            mod_wsgi.application_group,
            mod_wsgi.maximum_processes,
            mod_wsgi.threads_per_process,
            mod_wsgi.FileWrapper is environ['wsgi.file_wrapper'],
            group_while_loading,
        ],
        'apache': apache.version,
        'path': sys.path,
        'argv': sys.argv,
    }
    start_response('200 OK', [('Content-Type', 'application/json')])
    return [json.dumps(answer).encode()]


def _load_group():
    import mod_wsgi

    return mod_wsgi.application_group


group_while_loading = _load_group()
