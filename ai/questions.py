"""What all questions share: instructions from files, and data that can give no orders.

Names of foods, preferences and allergies are written by people. They go into a question as one line of JSON between two
marks that it cannot hold, without any character that is not to be seen; the instructions say what it is.
"""

import json
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any

from zwai.records.ai import Purpose, Question
from zwai.records.people import Language

PROMPTS = Path(__file__).parent / "prompts"
VERSION = 1  # of the prompts of questions in words
DEADLINE_S = 25.0  # of one question with all repeats: a client waits for 30 s
BEGIN, END = "<data>", "</data>"


def worded(purpose: Purpose, language: Language, told: dict[str, Any], schema: dict[str, Any]) -> Question:
    """A question without photos, about `told`."""
    prompt = f"{purpose}-{VERSION}-{language}"
    return Question(
        purpose=purpose,
        prompt=prompt,
        instructions=instructions(prompt, f"data-{VERSION}-{language}"),
        text=enclosed(told),
        schema=schema,
        deadline_s=DEADLINE_S,
    )


@cache
def instructions(*prompts: str) -> str:
    """The texts of prompt files, one after the other."""
    return "\n".join((PROMPTS / f"{prompt}.md").read_text(encoding="utf-8") for prompt in prompts)


def enclosed(told: dict[str, Any]) -> str:
    """Data between marks. What looks like one inside is written in JSON's other way, as are all of its signs."""
    line = json.dumps(_visible(told), ensure_ascii=False).replace("<", "\\u003c").replace(">", "\\u003e")
    return f"{BEGIN}\n{line}\n{END}"


def _visible(told: Any) -> Any:
    if isinstance(told, dict):
        return {name: _visible(value) for name, value in told.items()}
    if isinstance(told, list | tuple):
        return [_visible(value) for value in told]
    return visible(told) if isinstance(told, str) else told


def visible(text: str) -> str:
    """A text in one line, without control characters and others that nobody sees."""
    spaced = " ".join(unicodedata.normalize("NFC", text).split())
    return "".join(sign for sign in spaced if not unicodedata.category(sign).startswith("C"))
