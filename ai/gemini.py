"""Google's Gemini as a provider, by its own library: loaded only when a key is set, for it costs 0.5 s and 27 MB."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from google import genai
from google.genai import errors, types

from zwai.errors import AIDown, AIMalformed, AIMisconfigured, AIRefused
from zwai.records.ai import Question, Reply

TEMPERATURE = 0.2
MOST_TOKENS_OUT = 4096
LONGEST_WAIT_S = 30.0
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
        photos = [types.Part.from_bytes(data=photo, mime_type="image/jpeg") for photo in question.photos]
        asked = types.Content(role="user", parts=[*photos, types.Part.from_text(text=question.text)])
        try:
            response = await self._models.generate_content(
                model=self.model,
                contents=asked,
                config=_config(question, timeout_s),
            )
        except errors.APIError as error:
            raise _down(error) from error
        except (aiohttp.ClientError, json.JSONDecodeError, UnicodeDecodeError, TimeoutError, OSError) as error:
            raise AIDown({"reason": f"{type(error).__name__}: {error}"}) from error
        except RecursionError as error:  # the library reads the answer too
            raise AIMalformed({"reason": "too deep"}) from error
        return _reply(response)


@asynccontextmanager
async def open_gemini(key: str, model: str, base_url: str) -> AsyncIterator[Gemini]:
    """A client whose connections are not limited, since the guard is: the library's own limit would queue calls."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        options = types.HttpOptions(
            base_url=base_url or None,
            aiohttp_client=session,
            retry_options=types.HttpRetryOptions(attempts=1),  # else it sleeps for up to 10 s outside any deadline
        )
        yield Gemini(genai.Client(api_key=key, vertexai=False, http_options=options), model)


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


def _reply(response: types.GenerateContentResponse) -> Reply:
    """The document; a safety block and a cut answer raise nothing by themselves."""
    if response.prompt_feedback is not None and response.prompt_feedback.block_reason is not None:
        raise AIRefused({"reason": f"blocked: {response.prompt_feedback.block_reason}"})
    candidate = response.candidates[0] if response.candidates else None
    finish = candidate.finish_reason if candidate else None
    if finish not in (None, types.FinishReason.STOP, types.FinishReason.MAX_TOKENS):
        raise AIRefused({"reason": f"finished: {finish}"})
    try:
        document = json.loads(response.text or "")
    except ValueError as error:
        raise AIMalformed({"reason": f"finished: {finish}"}) from error
    if not isinstance(document, dict):
        raise AIMalformed({"reason": "not an object"})
    usage: Any = response.usage_metadata
    tokens_in, tokens_out = (usage.prompt_token_count, usage.candidates_token_count) if usage else (0, 0)
    return Reply(document, tokens_in or 0, tokens_out or 0)
