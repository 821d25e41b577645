"""Becomes the daemon process: binds the unix socket named first as fd 4, as the supervisor does, and runs the rest."""

import os
import socket
import sys

listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
listener.bind(sys.argv[1])
os.dup2(listener.fileno(), 4)
os.set_inheritable(4, True)
os.execv(sys.executable, [sys.executable, *sys.argv[2:]])
