"""The id that joins an answer, its log lines and what a person reports."""

import re
import secrets
from itertools import count

GOOD = re.compile(r"[A-Za-z0-9._:-]{1,128}")

# Random once a process, then counted: as unique as random digits, without a system call for each request.
_process = secrets.token_hex(6)
_count = count(1)


def request_id_of(sent: str | None) -> str:
    """The client's own id where it is a sane one, else a new one."""
    return sent if sent and GOOD.fullmatch(sent) else f"{_process}-{next(_count):x}"
