"""
Checks what no request can bring about at will: interrupts and lack of memory at any step of sending. `write_path.py PACKAGE-FOLDER CASE`; silent if
all is well.
"""

import os
import random
import socket
import sys
import tempfile
import threading
import time

sys.path.insert(0, sys.argv[1])

from modhost_daemon import wire  # noqa: E402
from modhost_daemon.connection import Connection  # noqa: E402
from modhost_daemon.current import current  # noqa: E402
from modhost_daemon.interruptible_stream import InterruptibleStream  # noqa: E402
from modhost_daemon.pool import Pool  # noqa: E402
from modhost_daemon.request_timeouts import RequestTimeout, RequestTimeouts  # noqa: E402
from modhost_daemon.scripts import Scripts  # noqa: E402
from modhost_daemon.stream import Stream  # noqa: E402

ROUNDS = 3000


class Host:
    """A daemon that serves nobody."""

    stream_type = InterruptibleStream
    may_detach = False

    def __init__(self):
        self.is_full = False

    def want_writing(self, connection, is_wanted):
        self.is_full = is_wanted

    def nothing(self, *_):
        pass

    begin_wait = end_wait = is_reading = note_progress = forget_job = open_request = open_call = nothing


class Peer(threading.Thread):
    """Collects the frames of each stream until the connection ends."""

    def __init__(self, connected):
        super().__init__(daemon=True)
        self.connected = connected
        self.frames = {}

    def run(self):
        reader = wire.FrameReader()
        while True:
            piece = self.connected.recv(65536)
            if not piece:
                return
            for frame_type, stream_id, payload in reader.feed(piece):
                self.frames.setdefault(stream_id, []).append((frame_type, len(payload)))


def connect():
    ours, theirs = socket.socketpair()
    host = Host()
    return Connection(ours, host, b'', 'token', 1), host, theirs


def check_interrupts():
    """Whenever an interrupt comes, an answer is complete or aborted, and the connection goes on."""
    sys.setswitchinterval(1e-5)
    connection, host, theirs = connect()
    peer = Peer(theirs)
    peer.start()
    timeouts = RequestTimeouts(0.0, 1e9, None)
    outcomes = []

    def work():
        for stream_id in range(1, ROUNDS + 1):
            outcomes.append(answer(connection, timeouts, stream_id))

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    deadline = time.monotonic() + 60
    while worker.is_alive():
        assert time.monotonic() < deadline, 'the worker hangs after %d rounds' % len(outcomes)
        time.sleep(random.random() * 0.0004)
        timeouts.tend(time.monotonic())
        if host.is_full:
            connection.flush()
    while connection.unsent_bytes:
        connection.flush()
    connection.finish()
    peer.join(10)
    assert len(outcomes) == ROUNDS
    for stream_id, (is_ended, sizes) in enumerate(outcomes, 1):
        frames = peer.frames.pop(stream_id)
        last = frames.pop()
        assert last[0] == (wire.END if is_ended else wire.ABORT), (stream_id, last)
        # As sent, but for what an interrupted thread did not come to note, or had to wait for.
        assert frames[: len(sizes)] == [(wire.BODY, size) for size in sizes], stream_id
        assert not is_ended or len(frames) == len(sizes)
    assert not peer.frames and not connection.streams
    ended = sum(is_ended for is_ended, _ in outcomes)
    assert ROUNDS // 20 < ended < ROUNDS - ROUNDS // 20, '%d of %d ended' % (ended, ROUNDS)


def answer(connection, timeouts, stream_id):
    """What a worker thread does for a request. Whether the answer was complete, and how large its pieces were."""
    sizes = []
    stream = connection.streams[stream_id] = InterruptibleStream(connection, stream_id, False, False)
    running = timeouts.begin(stream, 'script')
    frames = b''
    try:
        running.expose()
        for _ in range(random.randrange(6)):
            size = random.choice((1, 100, 20_000))
            stream.send_body(bytes(size))
            sizes.append(size)
            for _ in range(random.randrange(2000)):
                pass
        frames = stream.end(b'', b'')
    except RequestTimeout:
        stream.abort('timeout', 'it took too long')
    finally:
        timeouts.end(running)
    if frames:
        connection.send(frames)
    return bool(frames), sizes


def check_waiting():
    """A thread that waits for credit, and that of its client's body, is interrupted at once."""
    connection, _, _ = connect()
    timeouts = RequestTimeouts(0.0, 1e9, None)
    ways = (lambda stream: stream.send_body(bytes(2 * wire.INITIAL_WINDOW)), lambda stream: stream.take_body(1))
    for stream_id, way in enumerate(ways, 1):
        interrupted = []

        def work():
            stream = InterruptibleStream(connection, stream_id, False, True)
            running = timeouts.begin(stream, 'script')
            try:
                running.expose()
                way(stream)
            except RequestTimeout:
                interrupted.append(stream_id)
            timeouts.end(running)

        worker = threading.Thread(target=work, daemon=True)
        worker.start()
        time.sleep(0.05)
        timeouts.tend(time.monotonic())
        worker.join(5)
        assert interrupted == [stream_id], stream_id


def check_memory():
    """Where memory lacks, the connection ends, and who sends goes on."""

    class Poor:
        """A socket that finds no memory the second time."""

        def __init__(self, real):
            self.real = real
            self.calls = 0

        def __getattr__(self, name):
            return getattr(self.real, name)

        def send(self, data):
            self.calls += 1
            if self.calls == 2:
                raise MemoryError
            return self.real.send(data[:5])

    for size in (10, 2):
        ours, theirs = socket.socketpair()
        connection = Connection(Poor(ours), Host(), b'', 'token', 1)
        results = [connection.send(bytes(size)) for _ in range(3)]
        assert results[-2:] == [False, False], results
        received = b''
        while True:
            piece = theirs.recv(100)
            if not piece:
                break
            received += piece
        assert len(received) <= 5
        assert not connection.unsent_bytes
        connection.close()
    for way in (lambda stream: stream.send_last(b'data', b''), lambda stream: stream.end(b'', b'data')):
        check_abort(way)


def check_abort(way):
    """An answer that cannot be put together, though all has been noted as if it were, is aborted."""

    class Poor(Stream):
        """Has something to add to END, for which memory lacks."""

        def _close_own_direction(self):
            super()._close_own_direction()
            return Unaffordable()

    class Unaffordable:
        def __radd__(self, _):
            raise MemoryError

        def __bool__(self):
            return True

    ours, theirs = socket.socketpair()
    host = Host()
    host.may_detach = True
    theirs.settimeout(5)
    connection = Connection(ours, host, b'hello', 'token', 1)
    stream = connection.streams[1] = Poor(connection, 1, False, True)
    try:
        way(stream)
        raise AssertionError('memory sufficed')
    except MemoryError:
        pass
    assert not connection.detached_bytes
    Poor._close_own_direction = Stream._close_own_direction
    stream.abort('error', 'no memory')
    assert theirs.recv(5) == b'hello'
    assert theirs.recv(100)[3] == wire.ABORT
    assert not connection.streams


def check_through():
    """Who waits until something is sent hears that it was not, though another thread met the fault."""
    connection, _, theirs = connect()
    while not connection.unsent_bytes:
        connection.send(bytes(100_000))
    results = []
    worker = threading.Thread(target=lambda: results.append(connection.announce(1)), daemon=True)
    worker.start()
    time.sleep(0.05)
    assert results == []
    theirs.close()
    connection.flush()
    worker.join(5)
    assert results == [False], results


def check_ahead():
    """What was sent ahead runs only when that is said, unless the front end knows."""
    events = []
    is_over = threading.Event()

    class Channel:
        def __init__(self, name, state):
            self.name = name
            self.is_lost = False
            self.is_alone = True
            self.detached_bytes = self.unsent_bytes = 0
            for key, value in state.items():
                setattr(self, key, value)

        def send(self, data):
            events.append('%s sends' % self.name)
            return True

    class Job:
        queued_at = 0.0

        def __init__(self, name, is_ahead=True, **state):
            self.name = name
            self.is_ahead = is_ahead
            self.channel = Channel(name, state)

        def announce(self):
            events.append('%s is announced' % self.name)
            return not self.channel.is_lost

        def run(self, _):
            events.append('%s runs' % self.name)
            if self.name == 'broken':
                raise ValueError
            if self.name == 'last':
                is_over.set()
            return b'' if self.channel.unsent_bytes or self.name == 'last' else b'end'

        def give_back(self):
            events.append('%s is given back' % self.name)

    class Source:
        def wait_and_read(self):
            time.sleep(60)

        def tell_loop(self, _):
            pass

        def wake_loop(self):
            pass

    pool = Pool(1, 0, Source(), lambda: None)
    jobs = [
        Job('first'),
        Job('lost', is_lost=True),
        Job('unsent', unsent_bytes=1),
        Job('detached', detached_bytes=1),
        Job('plain', is_ahead=False, is_lost=True),
        Job('known'),
        Job('among', is_alone=False),
        Job('broken'),
        Job('last'),
    ]
    sys.stderr = open(os.devnull, 'w')
    with pool._lock:
        pool._jobs.extend(jobs[1:])
        pool._jobs.appendleft(jobs[0])
    pool.tend(time.monotonic(), True)
    assert is_over.wait(5), events
    expected = ['first runs', 'first sends', 'lost is announced', 'lost is given back', 'unsent is announced', 'unsent runs']
    expected += ['detached is announced', 'detached runs', 'detached sends', 'plain runs', 'plain sends', 'known runs', 'known sends']
    expected += ['among is announced', 'among runs', 'among sends']
    assert events == expected + ['broken runs', 'last is announced', 'last runs'], events


def check_methods():
    """What a worker thread may call is done as a whole: whoever adds a method has to decide about it."""
    by_readers = {'add_body', 'end_body', 'add_credit', 'leave', 'give_up', 'stir', 'is_gone'}
    # Before the request counts as running.
    by_pool = {'announce'}
    # A call has no time limit.
    by_calls = {'reply'}
    methods = {name for name, value in vars(Stream).items() if name[0] != '_' and (callable(value) or isinstance(value, property))}
    assert methods - by_readers - by_pool - by_calls == {name for name in vars(InterruptibleStream) if name[0] != '_' and name != 'running'}


def check_loading():
    """Whenever an interrupt comes, a script is loaded and the supervisor knows it, or neither is so."""
    connection, _, _ = connect()
    timeouts = RequestTimeouts(0.0, 1e9, None)
    begun, told = [], []

    def tell(script, _group):
        begun.append(script)
        # As long as it may take until the supervisor reads.
        time.sleep(0.02)
        told.append(script)

    with tempfile.NamedTemporaryFile('w', suffix='.py') as file:
        file.write('LOADED = True')
        file.flush()
        scripts = Scripts({}, lambda *_: None, tell, lambda *_: False)
        interrupted = []

        def work():
            stream = InterruptibleStream(connection, 1, False, False)
            current.running = running = timeouts.begin(stream, 'script')
            try:
                running.expose()
                scripts.load(file.name, 'group', compare=False)
            except RequestTimeout:
                interrupted.append(True)
            timeouts.end(running)

        worker = threading.Thread(target=work, daemon=True)
        worker.start()
        while not begun:
            time.sleep(0.001)
        timeouts.tend(time.monotonic())
        worker.join(5)
        assert interrupted == [True]
        assert told == [file.name], told
        assert scripts.load(file.name, 'group', compare=False).LOADED
        assert told == [file.name], 'it was loaded twice'


globals()['check_' + sys.argv[2]]()
os._exit(0)
