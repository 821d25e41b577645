"""Where applications' imports are looked for."""

from __future__ import annotations

import os
import site
import sys
from typing import List, Optional


def set_module_path(home: Optional[str], python_path: List[str]) -> None:
    """
    Changes to `home` and puts it first; then `python_path`, in its order and with what its .pth files add, before what
    was there. Raises OSError if `home` cannot be entered.
    """
    if home is not None:
        os.chdir(home)
    _add_site_directories(python_path)
    if home is not None:
        sys.path.insert(0, home)


def _add_site_directories(directories: List[str]) -> None:
    wanted = [os.path.abspath(directory) for directory in directories]
    before = [path for path in sys.path if path not in wanted]
    sys.path[:] = before
    for directory in wanted:
        site.addsitedir(directory)
    known = set(before)
    sys.path[:] = [path for path in sys.path if path not in known] + before
