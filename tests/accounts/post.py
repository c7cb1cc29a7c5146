"""Mail servers that behave badly, for the tests of the outbox; a process of its own imports them by name."""

import os
import signal
from pathlib import Path

from django.core.mail.backends.base import BaseEmailBackend


class Refuses(BaseEmailBackend):
    def send_messages(self, messages) -> int:
        raise ConnectionRefusedError("nobody answers")


class DiesAfterAccepting(BaseEmailBackend):
    """The server has said 250, and the worker is gone before it can note that."""

    def send_messages(self, messages) -> int:
        with Path(os.environ["ACCEPTED"]).open("a") as file:
            file.writelines(f"{message.extra_headers['Message-ID']}\n" for message in messages)
        os.kill(os.getpid(), signal.SIGKILL)
        return len(messages)
