"""Every error: told in both languages, known by its own code, and able to come out of a worker process."""

import pickle
from collections.abc import Iterator
from string import Formatter

import pytest

from zwai import errors, operator_errors
from zwai.errors import Problem, ZwaiError


def family(error: type[ZwaiError]) -> Iterator[type[ZwaiError]]:
    for child in error.__subclasses__():
        yield child
        yield from family(child)


ERRORS = [error for error in family(ZwaiError) if error.__module__ in (errors.__name__, operator_errors.__name__)]


def names(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}


def test_no_two_errors_share_a_code():
    codes = [error.code for error in ERRORS]
    assert len(set(codes)) == len(codes) >= 30


@pytest.mark.parametrize("error", ERRORS)
def test_an_error_states_its_own_code_and_both_its_sentences(error):
    assert {"code", "es", "en"} <= vars(error).keys()
    assert error.code.islower()
    assert error.code.replace("_", "").isalnum()
    assert error.es != error.en
    assert error.es.rstrip()[-1] in ".:}"
    assert error.en.rstrip()[-1] in ".:}"


@pytest.mark.parametrize("error", ERRORS)
def test_both_sentences_name_the_same_fields_and_can_be_filled(error):
    assert names(error.es) == names(error.en)
    raised = error({name: f"<{name}>" for name in names(error.en)})
    for language in ("es", "en"):
        sentence = raised.sentence(language)
        assert "{" not in sentence
        assert all(f"<{name}>" in sentence for name in names(error.en))


@pytest.mark.parametrize("error", ERRORS)
def test_an_error_survives_pickling_with_all_that_it_says(error):
    fields: dict[str, object] = {"retry_after": 3} | dict.fromkeys(names(error.en), "x")
    raised = error(fields, (Problem("/name", "too_long", "Muy largo.", "Too long."),))
    copy = pickle.loads(pickle.dumps(raised))
    assert type(copy) is error
    assert (copy.fields, copy.problems, str(copy)) == (raised.fields, raised.problems, str(raised))
