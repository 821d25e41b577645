"""A password script that ends its process, or does not come back."""

import os
import time


def check_password(environ, user, password):
    if user == "die":
        os._exit(3)
    if user == "hang":
        time.sleep(600)
    return password == "secret"
