"""The control channel to the supervisor: one JSON object per line, both ways, on fd 3."""

from __future__ import annotations

import json
import socket
import threading
from typing import Any, Dict, List, Optional

_MAX_LINE_BYTES = 16 * 1024 * 1024


class ControlChannel:
    """`send` may be called from any thread; the rest is for the loop's."""

    def __init__(self, connected: socket.socket) -> None:
        self.socket = connected
        self._sending = threading.Lock()
        self._rest = b''

    def read_first_line(self) -> Optional[bytes]:
        """Waits for the start message; None if the supervisor is gone before it."""
        self.socket.setblocking(True)
        while b'\n' not in self._rest:
            piece = self.socket.recv(65536)
            if not piece or len(self._rest) > _MAX_LINE_BYTES:
                return None
            self._rest += piece
        line, _, self._rest = self._rest.partition(b'\n')
        return line

    def read_messages(self) -> Optional[List[Dict[str, Any]]]:
        """What has arrived, without waiting; None when the supervisor is gone. Lines that are no object are skipped."""
        try:
            piece = self.socket.recv(65536, socket.MSG_DONTWAIT)
        except (BlockingIOError, InterruptedError):
            return []
        except OSError:
            return None
        if not piece or len(self._rest) > _MAX_LINE_BYTES:
            return None
        self._rest += piece
        return self.take_messages()

    def wait_for_messages(self) -> Optional[List[Dict[str, Any]]]:
        """As `read_messages`, but waits for something; for a thread that has nothing else to do."""
        try:
            piece = self.socket.recv(65536)
        except OSError:
            return None
        if not piece or len(self._rest) > _MAX_LINE_BYTES:
            return None
        self._rest += piece
        return self.take_messages()

    def take_messages(self) -> List[Dict[str, Any]]:
        """The complete lines that were read but not yet looked at."""
        *lines, self._rest = self._rest.split(b'\n')
        messages = []
        for line in lines:
            try:
                message = json.loads(line)
            except ValueError:
                continue
            if isinstance(message, dict):
                messages.append(message)
        return messages

    def send(self, message: Dict[str, Any]) -> None:
        """A supervisor that is gone is noticed by reading."""
        line = json.dumps(message).encode('ascii') + b'\n'
        with self._sending:
            try:
                self.socket.sendall(line)
            except OSError:
                pass
