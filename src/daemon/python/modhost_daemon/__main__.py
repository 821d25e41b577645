"""Entry of the daemon process: `python …/modhost_daemon/__main__.py`, with fds 3 and 4 as in ../../README.md."""

import os
import sys


def _find_package() -> None:
    # Python put our own folder first on the module path, where its files would hide modules of the same name. Put the
    # package in its place, and nothing of ours once it is loaded.
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [path for path in sys.path if os.path.abspath(path or '.') != here]
    parent = os.path.dirname(here)
    sys.path.insert(0, parent)
    from modhost_daemon import process

    sys.path.remove(parent)
    process.run_process()


if __name__ == '__main__':
    _find_package()
