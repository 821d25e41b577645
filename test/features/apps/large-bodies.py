"""Bodies of which every line names its request and its place, and what was wrong with those that came."""

LINE = 32


def lines(name, size):
    return ''.join('%-16s%15d\n' % (name[:16], at) for at in range(0, size, LINE)).encode()


def application(environ, start_response):
    name, _, size = environ['QUERY_STRING'].partition('.')
    if environ['REQUEST_METHOD'] == 'POST':
        received = environ['wsgi.input'].read()
        start_response('200 OK', [('Content-Type', 'text/plain')])
        return [b'right' if received == lines(name, int(size)) else b'wrong']
    body = lines(name, int(size))
    how = environ['PATH_INFO']
    headers = [] if how == '/chunked' else [('Content-Length', str(len(body)))]
    start_response('200 OK', headers)
    if how == '/whole':
        return [body]
    step = 1000 if how == '/small' else 70000
    return (body[at : at + step] for at in range(0, len(body), step))
