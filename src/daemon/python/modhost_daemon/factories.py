"""Applications that a function makes: `create_app()` as the name of a callable, as uWSGI has it."""

from __future__ import annotations

import threading
from types import ModuleType

# One application is made at a time, and each once: making one may connect to databases and start threads.
_making = threading.Lock()


def find_object(module: ModuleType, name: str) -> object:
    """
    What the module calls `name`, or for `name()` what calling it once gave; None if there is no such thing. Raises what the user's
    code raises, and then tries again the next time.
    """
    found: object = getattr(module, name, None)
    if found is not None or not name.endswith('()'):
        return found
    with _making:
        # Another thread may have made it meanwhile. No identifier holds brackets, so nothing else has that name.
        found = getattr(module, name, None)
        make = getattr(module, name[:-2], None)
        if found is None and callable(make):
            found = make()
            setattr(module, name, found)
        return found
