"""Takes its time to check a password."""

import sys
import time


def check_password(environ, user, password):
    print("asked for " + user, file=sys.stderr, flush=True)
    time.sleep(0.5)
    print("decided on " + user, file=sys.stderr, flush=True)
    return password == "secret"
