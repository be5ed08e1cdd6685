"""A stand-in for Google's Gemini, for load tests: it speaks its protocol, and is as slow or faulty as it is told."""

import os
import shlex

from scripts.native.processes import answers, pid_of
from scripts.native.stack import PYTHON, Part, Stack, nothing

NAME = "gemini"
# Enough for a load test, unless the caller's environment says otherwise.
PLENTY = {"ZWAI_AI_A_MINUTE": "1000000", "ZWAI_AI_HOUSEHOLD_A_DAY": "100000", "ZWAI_AI_A_DAY": "1000000"}


def choose(stack: Stack, flags: str) -> None:
    """How it is to behave from its next start on: options of `python -m tests.gemini`."""
    stack.path("etc", "gemini").write_text(flags)


def command(stack: Stack) -> list[str]:
    file = stack.path("etc", "gemini")
    flags = shlex.split(file.read_text()) if file.exists() else []
    return [str(PYTHON), "-m", "tests.gemini", "--port", str(stack.port(NAME)), *flags]


def settings(stack: Stack) -> dict[str, str]:
    """Of a service that asks it: of none while it does not run."""
    if pid_of(stack, NAME) is None:
        return {}
    stack.secret("gemini_key")
    return {
        "ZWAI_GEMINI_API_KEY_FILE": str(stack.path("secrets", "gemini_key")),
        "ZWAI_GEMINI_URL": f"http://127.0.0.1:{stack.port(NAME)}",
        **{name: os.environ.get(name, number) for name, number in PLENTY.items()},
    }


def ready(stack: Stack) -> bool:
    return answers(stack.port(NAME))


GEMINI = Part(NAME, (), nothing, command, ready)
