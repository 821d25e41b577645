"""One small application per rule of the response; PATH_INFO names it."""

import io
import os
import sys
import tempfile

TEXT = [('Content-Type', 'text/plain')]
closed = []


class Body:
    """An iterable that counts how often it was closed."""

    def __init__(self, name, items):
        self.name = name
        self.items = items

    def __iter__(self):
        for item in self.items:
            if isinstance(item, BaseException):
                raise item
            yield item

    def close(self):
        closed.append(self.name)


def application(environ, start_response):
    name = environ['PATH_INFO'][1:].replace('-', '_')
    return globals()['case_' + name](environ, start_response)


def attempt(start_response, *args):
    """Says which exception start_response raises."""
    try:
        start_response(*args)
    except Exception as error:
        answer = type(error).__name__
    else:
        answer = 'accepted'
    start_response('200 OK', TEXT)
    return [answer.encode()]


def case_closed(environ, start_response):
    start_response('200 OK', TEXT)
    return [','.join(closed).encode()]


def case_reset(environ, start_response):
    closed.clear()
    start_response('200 OK', TEXT)
    return []


def case_status(environ, start_response):
    return attempt(start_response, eval(environ['QUERY_STRING']), TEXT)


def case_headers(environ, start_response):
    return attempt(start_response, '200 OK', eval(environ['QUERY_STRING']))


def case_echo_head(environ, start_response):
    status, headers = eval(environ['QUERY_STRING'])
    start_response(status, headers)
    return [b'body']


def case_exc_info_type(environ, start_response):
    return attempt(start_response, '200 OK', TEXT, 'no tuple')


def case_replace_before_output(environ, start_response):
    start_response('200 OK', [('X-First', 'yes')])
    start_response('201 Created', [('X-Second', 'yes')])
    return [b'second']


def case_empty_chunks_do_not_commit(environ, start_response):
    start_response('200 OK', TEXT)
    yield b''
    start_response('202 Accepted', TEXT)
    yield b''
    yield b'late'


def case_second_start_after_output(environ, start_response):
    write = start_response('200 OK', TEXT)
    write(b'first,')
    try:
        start_response('201 Created', TEXT)
    except RuntimeError as error:
        write(type(error).__name__.encode())
    return []


def case_exc_info_after_output(environ, start_response):
    write = start_response('200 OK', TEXT)
    write(b'first,')
    try:
        raise LookupError('the original')
    except LookupError:
        try:
            start_response('500 Oops', TEXT, sys.exc_info())
        except LookupError as error:
            write(str(error).encode())
    return []


def case_changed_headers_list(environ, start_response):
    headers = [('X-Kept', 'yes')]
    start_response('200 OK', headers)
    headers.append(('X-Late', 'yes'))
    return [b'x']


def case_start_in_iterator(environ, start_response):
    def items():
        start_response('203 Late', TEXT)
        yield b'body'

    return items()


def case_no_start(environ, start_response):
    return [b'body']


def case_no_start_no_body(environ, start_response):
    return []


def case_none(environ, start_response):
    start_response('200 OK', TEXT)


def case_write_str(environ, start_response):
    write = start_response('200 OK', TEXT)
    try:
        write('text')
    except TypeError:
        return [b'TypeError']
    return [b'accepted']


def case_write_then_return(environ, start_response):
    write = start_response('200 OK', TEXT)
    write(b'a')
    write(b'')
    write(b'b')
    return [b'c', b'', b'd']


def case_str_first(environ, start_response):
    start_response('200 OK', TEXT)
    return Body('str_first', ['text'])


def case_str_in_list(environ, start_response):
    start_response('200 OK', TEXT)
    return ['text']


def case_str_later(environ, start_response):
    start_response('200 OK', TEXT)
    return Body('str_later', [b'bytes,', 'text'])


def case_bytearray(environ, start_response):
    start_response('200 OK', TEXT)
    return [bytearray(b'x')]


def case_bytes_as_body(environ, start_response):
    start_response('200 OK', TEXT)
    return b'bytes'


def case_length(environ, start_response):
    start_response('200 OK', [('Content-Length', environ['QUERY_STRING'])])
    return Body('length', [b'this-', b'is-too-', b'long-for-it'])


def case_length_list(environ, start_response):
    start_response('200 OK', [('Content-Length', environ['QUERY_STRING'])])
    return [b'this-is-too-long-for-it-']


def case_length_twice(environ, start_response):
    start_response('200 OK', [('Content-Length', '7'), ('X', 'y'), ('content-length', '4')])
    return [b'body-too-long']


def case_single(environ, start_response):
    start_response('200 OK', TEXT)
    return [b'twelve bytes']


def case_single_large(environ, start_response):
    start_response('200 OK', TEXT)
    return [b'x' * 1_000_000]


def case_empty_list(environ, start_response):
    start_response('200 OK', TEXT)
    return []


def case_generator(environ, start_response):
    start_response('200 OK', TEXT)
    yield b'one'
    yield b'two'


def case_close(environ, start_response):
    start_response('200 OK', TEXT)
    return Body('close', [b'body'])


def case_close_after_length(environ, start_response):
    start_response('200 OK', [('Content-Length', '4')])
    return Body('close_after_length', [b'body', b'more'])


def case_raise_in_call(environ, start_response):
    start_response('200 OK', TEXT)
    raise ZeroDivisionError('in the call')


def case_raise_before_output(environ, start_response):
    start_response('200 OK', TEXT)
    return Body('raise_before_output', [ZeroDivisionError('before output')])


def case_raise_after_output(environ, start_response):
    start_response('200 OK', TEXT)
    return Body('raise_after_output', [b'partial', ZeroDivisionError('after output')])


def case_raise_in_close(environ, start_response):
    class Failing(Body):
        def close(self):
            super().close()
            raise ZeroDivisionError('in close')

    start_response('200 OK', TEXT)
    return Failing('raise_in_close', [b'whole'])


def case_close_lookup_raises(environ, start_response):
    class Failing:
        def __iter__(self):
            return iter([b'whole'])

        def __getattr__(self, name):
            raise ZeroDivisionError('no attribute for you')

    start_response('200 OK', TEXT)
    return Failing()


def case_system_exit(environ, start_response):
    sys.exit(3)


def case_keyboard_interrupt(environ, start_response):
    raise KeyboardInterrupt


def case_generator_exit(environ, start_response):
    raise GeneratorExit


def case_unprintable_error(environ, start_response):
    class Unprintable(Exception):
        def __str__(self):
            raise ValueError('no text')

    raise Unprintable()


def case_bodiless(environ, start_response):
    start_response(environ['QUERY_STRING'], TEXT)
    return Body('bodiless', [b'not', b'wanted'])


def case_head_length(environ, start_response):
    start_response('200 OK', [('Content-Length', '1000')])
    return []


def case_file(environ, start_response):
    file = open(environ['X_FILE'], 'rb')
    file.readline()
    headers = [('Content-Length', environ['X_LENGTH'])] if 'X_LENGTH' in environ else TEXT
    start_response('200 OK', headers)
    case_file.last = file
    return environ['wsgi.file_wrapper'](file, 100)


def case_file_after(environ, start_response):
    """Closed by the end of the request that returned it."""
    start_response('200 OK', TEXT)
    return [str(case_file.last.closed).encode()]


def case_file_position(environ, start_response):
    """Not closed, and where it was."""

    class Kept(io.FileIO):
        def close(self):
            case_file_position.left_at = self.tell()

    start_response('200 OK', TEXT)
    file = io.BufferedReader(io.FileIO(environ['X_FILE']))
    file.readline()
    wrapper = environ['wsgi.file_wrapper'](file)
    wrapper.close = lambda: setattr(case_file_position, 'left_at', file.tell())
    return wrapper


def case_file_left_at(environ, start_response):
    start_response('200 OK', TEXT)
    return [str(case_file_position.left_at).encode()]


def case_file_memory(environ, start_response):
    start_response('200 OK', TEXT)
    return environ['wsgi.file_wrapper'](io.BytesIO(b'0123456789' * 10), 7)


def case_file_gzip(environ, start_response):
    import gzip

    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'x.gz')
        with gzip.open(path, 'wb') as file:
            file.write(b'unpacked')
        start_response('200 OK', TEXT)
        return environ['wsgi.file_wrapper'](gzip.open(path, 'rb'))


def case_file_unusual(environ, start_response):
    class Minimal:
        def __init__(self):
            self.blocks = [b'a', b'b']

        def read(self, size):
            return self.blocks.pop(0) if self.blocks else b''

    start_response('200 OK', TEXT)
    return environ['wsgi.file_wrapper'](Minimal())


def case_file_empty(environ, start_response):
    start_response('200 OK', TEXT)
    return environ['wsgi.file_wrapper'](open(os.devnull if 'X_NULL' in environ else environ['X_FILE'], 'rb'))


def case_late(environ, start_response):
    """What of a request works after its end."""
    case_late.kept = (environ, start_response, start_response('200 OK', TEXT))
    return [b'kept']


def case_late_use(environ, start_response):
    old, old_start, old_write = case_late.kept
    names = []
    for use in (
        lambda: old['wsgi.errors'].write('late\n'),
        lambda: old['wsgi.errors'].flush(),
        lambda: old['wsgi.errors'].buffer.write(b'late\n'),
        lambda: old['wsgi.input'].read(),
        lambda: old_start('200 OK', TEXT),
        lambda: old_write(b'late'),
    ):
        try:
            use()
            names.append('nothing')
        except Exception as error:
            names.append(type(error).__name__)
    start_response('200 OK', TEXT)
    return [','.join(names).encode()]
