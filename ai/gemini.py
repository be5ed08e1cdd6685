"""Google's Gemini as a provider, by its own library: loaded only when a key is set, for it costs 0.5 s and 27 MB."""

import base64
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from google import genai
from google.genai import errors, types

from zwai.errors import AIDown, AIMalformed, AIMisconfigured, AIRefused
from zwai.records.ai import Purpose, Question, Reply

TEMPERATURE = 0.2
MOST_TOKENS_OUT = 8192  # half a dozen recipes
LONGEST_WAIT_S = 30.0
# The library makes these ready when the first question needs them, which stops the loop for 30 ms.
SLOW_TO_BEGIN = (
    types.Part, types.Content, types.Blob, types.GenerateContentConfig, types.GenerateContentResponse, types.Candidate,
)  # fmt: skip
TOO_MANY = 429
# A key, a model or a question that is refused stays so however often it is asked.
OURS = {400, 401, 403, 404}


class Gemini:
    """One model behind one key. Made by `open_gemini`."""

    def __init__(self, client: genai.Client, model: str) -> None:
        self._models = client.aio.models
        self.model = model

    async def ask(self, question: Question, timeout_s: float) -> Reply:
        """Raises AIDown, AIRefused, AIMalformed, AIMisconfigured."""
        paints = question.purpose is Purpose.PICTURE
        try:
            response = await self._models.generate_content(
                model=self.model,
                contents=_contents(question, paints=paints),
                config=_image_config(timeout_s) if paints else _config(question, timeout_s),
            )
        except errors.APIError as error:
            raise _down(error) from error
        except (aiohttp.ClientError, json.JSONDecodeError, UnicodeDecodeError, TimeoutError, OSError) as error:
            raise AIDown({"reason": f"{type(error).__name__}: {error}"}) from error
        except RecursionError as error:  # the library reads the answer too
            raise AIMalformed({"reason": "too deep"}) from error
        return _reply(response, _image if paints else _document)


@asynccontextmanager
async def open_gemini(key: str, model: str, base_url: str) -> AsyncIterator[Gemini]:
    """A client whose connections are not limited, since the guard is: the library's own limit would queue calls."""
    for kind in SLOW_TO_BEGIN:
        kind.model_rebuild()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        options = types.HttpOptions(
            base_url=base_url or None,
            aiohttp_client=session,
            retry_options=types.HttpRetryOptions(attempts=1),  # else it sleeps for up to 10 s outside any deadline
        )
        yield Gemini(genai.Client(api_key=key, vertexai=False, http_options=options), model)


def _contents(question: Question, *, paints: bool) -> types.Content:
    """Models that make images take no instructions of the system's: they go before the text."""
    photos = [types.Part.from_bytes(data=photo, mime_type="image/jpeg") for photo in question.photos]
    text = f"{question.instructions}\n{question.text}" if paints else question.text
    return types.Content(role="user", parts=[*photos, types.Part.from_text(text=text)])


def _image_config(timeout_s: float) -> types.GenerateContentConfig:
    return types.GenerateContentConfig(
        response_modalities=["TEXT", "IMAGE"],  # some models refuse to give an image alone
        candidate_count=1,
        automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
        http_options=types.HttpOptions(timeout=int(timeout_s * 1000)),
    )


def _config(question: Question, timeout_s: float) -> types.GenerateContentConfig:
    return types.GenerateContentConfig(
        system_instruction=question.instructions,
        temperature=TEMPERATURE,
        candidate_count=1,
        max_output_tokens=MOST_TOKENS_OUT,
        response_mime_type="application/json",
        response_json_schema=question.schema,
        automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),  # logs a line a call
        http_options=types.HttpOptions(timeout=int(timeout_s * 1000)),
    )


def _down(error: errors.APIError) -> AIDown | AIMisconfigured:
    code = int(error.code or 0)
    reason = f"{code} {error.status}"
    if code in OURS:
        return AIMisconfigured({"reason": reason})
    wait_s = _asked_to_wait(error) if code == TOO_MANY else None
    return AIDown({"reason": reason} | ({"wait_s": wait_s} if wait_s else {}))


def _asked_to_wait(error: errors.APIError) -> float | None:
    """Seconds, from the header or the retry info of a 429."""
    header = getattr(error.response, "headers", None) or {}
    details = error.details if isinstance(error.details, dict) else {}
    listed = details.get("error", {}).get("details", [])
    texts = [header.get("Retry-After"), *(one.get("retryDelay") for one in listed if isinstance(one, dict))]
    for text in texts:
        try:
            return min(float(str(text).removesuffix("s")), LONGEST_WAIT_S)
        except ValueError:
            continue
    return None


def _reply(
    response: types.GenerateContentResponse, read: Callable[[types.GenerateContentResponse], dict[str, Any] | None]
) -> Reply:
    """What `read` finds; a safety block and a cut answer raise nothing by themselves, and are paid for all the same."""
    tokens_in, tokens_out = _tokens(response.usage_metadata)
    paid: dict[str, object] = {"tokens_in": tokens_in, "tokens_out": tokens_out}
    if response.prompt_feedback is not None and response.prompt_feedback.block_reason is not None:
        raise AIRefused({"reason": f"blocked: {response.prompt_feedback.block_reason}", **paid})
    candidate = response.candidates[0] if response.candidates else None
    finish = candidate.finish_reason if candidate else None
    if finish not in (None, types.FinishReason.STOP, types.FinishReason.MAX_TOKENS):
        raise AIRefused({"reason": f"finished: {finish}", **paid})
    if (document := read(response)) is None:
        raise AIMalformed({"reason": f"finished: {finish}", **paid})
    return Reply(document, tokens_in, tokens_out)


def _tokens(usage: types.GenerateContentResponseUsageMetadata | None) -> tuple[int, int]:
    """In and out; what a model thinks before it answers costs like the answer."""
    if usage is None:
        return 0, 0
    return usage.prompt_token_count or 0, (usage.candidates_token_count or 0) + (usage.thoughts_token_count or 0)


def _document(response: types.GenerateContentResponse) -> dict[str, Any] | None:
    """The object that the text is, if it is one."""
    try:
        document = json.loads(response.text or "")
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def _image(response: types.GenerateContentResponse) -> dict[str, Any] | None:
    """The first image among the parts, in base64: an answer is JSON."""
    for part in response.parts or ():
        if part.inline_data is not None and part.inline_data.data:
            return {"image": base64.b64encode(part.inline_data.data).decode()}
    return None
