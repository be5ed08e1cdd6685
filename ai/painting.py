"""What a provider is asked for when a picture of a food is missing, and what may come of its answer: image bytes.

It is told the names that the catalogue or the recipe book has, never what somebody typed.
"""

import base64
import binascii
from functools import cache
from pathlib import Path
from typing import Any

from zwai.errors import AIMalformed
from zwai.records.ai import Purpose, Question

PROMPT = "picture-1"
FILE = Path(__file__).parent / "prompts" / f"{PROMPT}.md"
DEADLINE_S = 60.0
SCHEMA: dict[str, Any] = {"type": "object", "properties": {"image": {"type": "string"}}, "required": ["image"]}


def painting(names: str) -> Question:
    """A picture of a food or a dish of ours, by its names."""
    return Question(
        purpose=Purpose.PICTURE,
        prompt=PROMPT,
        instructions=_instructions(),
        text=f"---\n{names}\n---",
        schema=SCHEMA,
        deadline_s=DEADLINE_S,
    )


def image_of(document: dict[str, Any]) -> bytes:
    """The image of an answer, whatever it shows; whether it is one is for whoever decodes it. Raises AIMalformed."""
    try:
        return base64.b64decode(document["image"], validate=True)
    except binascii.Error as error:
        raise AIMalformed({"reason": "no base64"}) from error


@cache
def _instructions() -> str:
    return FILE.read_text(encoding="utf-8")
