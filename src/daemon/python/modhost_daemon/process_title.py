"""What `ps` shows for this process."""

from __future__ import annotations


def show_display_name(name: str) -> None:
    """
    Overwrites the memory that held the command line, truncating to its size. Does nothing where the system does not let
    a process do so: a name in a process list is not worth an error.
    """
    try:
        with open('/proc/self/stat', 'rb') as file:
            # Fields 48 and 49 of proc(5); the second field, in parentheses, may hold anything.
            fields = file.read().rpartition(b')')[2].split()
        start, end = int(fields[45]), int(fields[46])
        with open('/proc/self/cmdline', 'rb') as file:
            command_line = file.read()
        size = end - start
        if size < 2 or len(command_line) != size:
            return
        # The last byte stays NUL: without it the kernel takes the environment for a part of the command line.
        title = name.encode('utf-8', 'surrogateescape')[: size - 1].ljust(size, b'\0')
        with open('/proc/self/mem', 'r+b', buffering=0) as memory:
            memory.seek(start)
            if memory.read(size) == command_line:
                memory.seek(start)
                memory.write(title)
    except (OSError, ValueError, IndexError):
        return
