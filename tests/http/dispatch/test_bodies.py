"""What is sent: JSON of every wrong kind, and problems told field by field."""

import inspect
import re
from io import BytesIO

import pytest
from marshmallow import Schema, fields, validate

from handlers import schemas
from handlers.schemas import SENTENCES, UNKNOWN, load, refusal
from zwai.errors import Invalid


@pytest.mark.parametrize(
    ("raw", "content_type", "status", "code"),
    [
        (b'{"text": "hi"', "application/json", 400, "bad_json"),
        (b'{"text": NaN}', "application/json", 400, "bad_json"),
        (b'{"text": "\xff"}', "application/json", 400, "bad_json"),
        (b'{"text": "\\ud800"}', "application/json", 400, "bad_json"),
        (b"[" * 5000, "application/json", 400, "bad_json"),
        (b"[]", "application/json", 400, "malformed"),
        (b'"hi"', "application/json", 400, "malformed"),
        (b"null", "application/json", 400, "malformed"),
        (b'{"text": "hi"}', "text/plain", 415, "not_json"),
        (b"text=hi", "application/x-www-form-urlencoded", 415, "not_json"),
        (b'{"text": "' + b"x" * 2**20 + b'"}', "application/json", 413, "too_large"),
        (b"", "application/json", 422, "invalid"),
        (b'{"text": "hi", "unknown": 1}', "application/json", 201, None),
        (b'{"text": "hi"}', "application/json; charset=utf-8", 201, None),
        (b'{"text": "hi"}', "application/merge-patch+json", 201, None),
    ],
)
async def test_each_wrong_body_gets_its_own_refusal(site, raw, content_type, status, code):
    reply = await site.call(
        "POST", "/api/notes", await site.guest(), data=BytesIO(raw), headers={"Content-Type": content_type}
    )
    assert (reply.status, reply.json.get("code")) == (status, code)


async def test_a_large_body_of_unknown_length_is_refused_too(site):
    async def stream():
        for _ in range(20):
            yield b" " * 2**16

    headers = {"Content-Type": "application/json"}
    reply = await site.call("POST", "/api/notes", await site.guest(), data=stream(), headers=headers)
    assert (reply.status, reply.json["code"]) == (413, "too_large")


async def test_an_empty_json_body_is_fine_where_none_is_needed(site):
    guest = await site.guest()
    headers = {"Content-Type": "application/json"}
    assert (await site.call("GET", "/api/notes", guest, headers=headers)).status == 200
    assert (await site.call("POST", "/api/visit", headers=headers)).status == 200


async def test_problems_point_at_their_fields_in_the_language_asked_for(site):
    guest = await site.guest()
    sent = {"text": "much too long", "stars": "six"}
    spanish = await site.call("POST", "/api/notes", guest, json=sent)
    english = await site.call("POST", "/api/notes", guest, json=sent, headers={"Accept-Language": "en"})
    assert spanish.status == english.status == 422
    assert [(e["pointer"], e["code"]) for e in spanish.json["errors"]] == [
        ("/text", "wrong_length"),
        ("/stars", "wrong_type"),
    ]
    assert spanish.json["errors"][1]["message"] == "«stars» debe ser un número entero."
    assert english.json["errors"][1]["message"] == '"stars" must be a whole number.'
    assert "text" in spanish.json["error"]


async def test_a_bad_query_is_invalid(site):
    guest = await site.guest()
    for days in ("0", "x", "1e9", ""):
        reply = await site.call("GET", f"/api/notes?days={days}", guest)
        assert (reply.status, reply.json["errors"][0]["pointer"]) == (422, "/days")


def test_problems_deep_inside_have_their_whole_pointer():
    class Item(Schema):
        a_b = fields.Int(data_key="a/b", required=True)

    class Basket(Schema):
        items = fields.List(fields.Nested(Item))

    with pytest.raises(Invalid) as caught:
        load(Basket(), {"items": [{"a/b": 1}, {}, 5]})
    assert [(p.pointer, p.code) for p in caught.value.problems] == [
        ("/items/1/a~1b", "required"),
        ("/items/2", "wrong_type"),
    ]


def test_a_validator_of_ours_speaks_both_languages():
    def even(value: int) -> None:
        if value % 2:
            raise refusal("odd", "debe ser par.", "must be even.")

    with pytest.raises(Invalid) as caught:
        load(Schema.from_dict({"n": fields.Int(validate=even)})(), {"n": 3})
    (problem,) = caught.value.problems
    assert (problem.pointer, problem.code, problem.es, problem.en) == (
        "/n",
        "odd",
        "«n» debe ser par.",
        '"n" must be even.',
    )


def test_every_sentence_of_the_library_is_translated():
    kinds = [kind for _, kind in inspect.getmembers(fields, inspect.isclass) if issubclass(kind, fields.Field)]
    said = {text for kind in kinds for text in getattr(kind, "default_error_messages", {}).values()}
    bounds = [{"min": 1}, {"max": 2}, {"min": 1, "max": 2}]
    strict = [{"min_inclusive": a, "max_inclusive": b} for a in (True, False) for b in (True, False)]
    wrong = (
        [(validate.Range(**bound, **how), value) for bound in bounds for how in strict for value in (0, 3)]
        + [(validate.Length(**bound), value) for bound in [*bounds, {"equal": 2}] for value in ("", "xxx")]
        + [
            (validate.OneOf(["a", "b"]), "c"),
            (validate.ContainsOnly(["a"]), ["b"]),
            (validate.Equal(1), 2),
            (validate.Regexp("a"), "b"),
        ]
    )
    for validator, value in wrong:
        try:
            validator(value)
        except schemas.ValidationError as error:
            said.add(error.messages[0])
    unused = {"Invalid value.", "Not a valid period of time."}
    elsewhere = re.compile(r"Not a valid IP.*|.* cannot be formatted as .*")  # networks, and writing instead of reading
    for text in said - unused:
        filled = re.sub(r"\{obj_type\}", "datetime", text)
        filled = re.sub(r"\{awareness\}", "naive", filled)
        filled = re.sub(r"\{choices\}", "a, b", filled)
        if not elsewhere.fullmatch(filled):
            assert any(pattern.fullmatch(filled) for pattern, *_ in SENTENCES), filled
    assert UNKNOWN[0] == "invalid_value"
