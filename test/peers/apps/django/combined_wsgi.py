"""Two applications in one file: a small one at the root, Django below /site."""

from mysite.wsgi import application as django


def root(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [f"root {environ['SCRIPT_NAME']}|{environ['PATH_INFO']}".encode('latin-1')]


def mount(outer, prefix, inner):
    """The longer prefix moves from PATH_INFO to SCRIPT_NAME."""

    def application(environ, start_response):
        path = environ['PATH_INFO']
        if path != prefix and not path.startswith(prefix + '/'):
            return outer(environ, start_response)
        moved = dict(environ, SCRIPT_NAME=environ['SCRIPT_NAME'] + prefix, PATH_INFO=path[len(prefix):])
        return inner(moved, start_response)

    return application


application = mount(root, '/site', django)
