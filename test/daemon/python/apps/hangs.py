"""Hangs while it is loaded."""

import time

print('hanging')
time.sleep(60)
