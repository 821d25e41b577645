"""A Flask application that streams and takes uploads of any size."""

import hashlib
import threading

from flask import Flask, Response, jsonify, request, session

application = Flask(__name__)
application.secret_key = 'for the tests only'

released = threading.Event()


@application.get('/')
def index():
    return 'hello from flask'


@application.get('/visits')
def visits():
    session['visits'] = session.get('visits', 0) + 1
    return jsonify(visits=session['visits'], root=request.script_root)


@application.get('/stream')
def stream():
    """The second half is not even made before someone asks for /release."""
    released.clear()

    def pieces():
        yield 'first\n'
        yield 'second\n' if released.wait(30) else 'nobody came\n'

    return Response(pieces(), mimetype='text/plain')


@application.post('/release')
def release():
    released.set()
    return '', 204


@application.get('/download/<int:megabytes>')
def download(megabytes):
    piece = bytes(range(256)) * 4096
    return Response((piece for _ in range(megabytes)), mimetype='application/octet-stream')


@application.put('/upload')
def upload():
    digest, length = hashlib.sha256(), 0
    while piece := request.stream.read(65536):
        digest.update(piece)
        length += len(piece)
    return jsonify(length=length, sha256=digest.hexdigest())


@application.post('/form')
def form():
    file = request.files['file']
    digest, length = hashlib.sha256(), 0
    while piece := file.stream.read(65536):
        digest.update(piece)
        length += len(piece)
    return jsonify(length=length, sha256=digest.hexdigest(), name=file.filename, note=request.form['note'])


@application.get('/fail')
def fail():
    raise RuntimeError('intended failure')
