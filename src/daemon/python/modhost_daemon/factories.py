"""Applications that a function makes: `create_app()` as the name of a callable, as uWSGI has it."""

from __future__ import annotations

import threading
from types import ModuleType

# One application is made at a time, and each once: making one may connect to databases and start threads.
_making = threading.Lock()


def make_object(module: ModuleType, name: str) -> object:
    """
    For `name()` what calling `name` once gave, which the module calls so from then on; None if there is no such thing, or no brackets. Raises
    what the user's code raises, and then tries again the next time.
    """
    if not name.endswith('()'):
        return None
    with _making:
        # Another thread may have made it meanwhile. No identifier holds brackets, so nothing else has that name.
        found: object = getattr(module, name, None)
        make = getattr(module, name[:-2], None)
        if found is None and callable(make):
            found = make()
            setattr(module, name, found)
        return found
