"""
Runs the daemon where its files are out of reach, below a chroot: `python3 -c TEXT-OF-THIS-FILE FD`. The descriptor holds the modules of the
package as JSON, name → source. Nothing of the working directory may be imported before the application's own modules are.
"""

import sys

sys.path[:] = [path for path in sys.path if path]

import json  # noqa: E402
import os  # noqa: E402
from importlib.abc import Loader, MetaPathFinder  # noqa: E402
from importlib.util import spec_from_loader  # noqa: E402

PACKAGE = 'modhost_daemon'


class CarriedModules(MetaPathFinder, Loader):
    def __init__(self, sources):
        self._sources = sources

    def find_spec(self, name, path=None, target=None):
        if name == PACKAGE:
            return spec_from_loader(name, self, is_package=True)
        package, _, module = name.partition('.')
        return spec_from_loader(name, self) if package == PACKAGE and module in self._sources else None

    def exec_module(self, module):
        name = module.__name__.partition('.')[2] or '__init__'
        module.__file__ = '/%s/%s.py' % (PACKAGE, name)
        exec(compile(self._sources[name], module.__file__, 'exec', dont_inherit=True), module.__dict__)


with os.fdopen(int(sys.argv[1]), 'r', encoding='utf-8') as carried:
    sys.meta_path.insert(0, CarriedModules(json.load(carried)))

from modhost_daemon import process  # noqa: E402

process.run_process()
