"""The id that joins an answer, its log lines and what a person reports."""

import re
import secrets

GOOD = re.compile(r"[A-Za-z0-9._:-]{1,128}")


def request_id_of(sent: str | None) -> str:
    """The client's own id where it is a sane one, else a new one."""
    return sent if sent and GOOD.fullmatch(sent) else secrets.token_hex(8)
