"""Recipes through the guard and Gemini's client: what comes of them once the allergen gate has looked."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from ai.gemini import open_gemini
from ai.guard import Guard
from storage.memo import MemoryMemo, MemoryQuota
from tests.ai.test_guard import LIMITS, NOW, Ledger
from tests.gemini import FakeGemini, answered, fake_gemini, said
from zwai.errors import AIMalformed
from zwai.kitchen.allergens import declared
from zwai.kitchen.recipes import RecipeWriter
from zwai.records.allergens import Verdict
from zwai.records.meals import CheckedRecipe, Held, Wish
from zwai.records.people import AccountId, HouseholdId, Language, Member, SessionId
from zwai.records.stock import Meal

MEMBER = Member(AccountId("a"), HouseholdId("h"), SessionId("s"), Language.ES, "America/Lima")
ALLERGIES = declared({"allergies": ["leche", "maní"]}, Language.ES)
WISH = Wish(ingredients=tuple(Held(name, None) for name in ("papa", "queso fresco", "cebolla")), number=6)


def recipe(title: str, *ingredients: str, step: str = "Cocina todo a fuego bajo.") -> dict[str, Any]:
    return {
        "title": title, "description": "", "minutes": 20, "difficulty": "easy", "course": "lunch", "steps": [step],
        "ingredients": [{"name": name, "quantity": 1, "unit": "piece"} for name in ingredients], "tip": "",
    }  # fmt: skip


@dataclass
class Bench:
    writer: RecipeWriter
    fake: FakeGemini

    async def recipes(self, *written: dict[str, Any], allergies: Any = ALLERGIES) -> list[CheckedRecipe]:
        self.fake.otherwise = {"recipes": list(written)}
        return await self.writer.recipes(WISH, allergies, MEMBER)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with fake_gemini() as fake, open_gemini("the-key", "gemini-test", fake.url) as gemini:
        guard = Guard(gemini, MemoryMemo(), MemoryQuota(100_000), Ledger(), LIMITS, lambda: NOW)
        yield Bench(RecipeWriter(guard), fake)
        await guard.close()


async def test_what_somebody_may_not_eat_is_neither_told_nor_shown_whatever_the_answer_says(bench: Bench) -> None:
    found = await bench.recipes(
        recipe("Papas doradas", "papa", "sal"),
        recipe("Papas con queso", "papa", "queso fresco"),
        recipe("Ocopa", "papa", "mantequilla de maní"),
        recipe("Papas rápidas", "papa", step="Sirve con queso rallado encima."),
        recipe("Papas con pan", "papa", "pan"),
        recipe("Papas sin leche", "papa", "leche de coco"),
    )
    shown = [(one.recipe.title, one.verdict, one.unproven) for one in found]
    assert shown == [
        ("Papas doradas", Verdict.FREE, ()),
        ("Papas sin leche", Verdict.FREE, ()),
    ]
    (asked,) = bench.fake.asked
    assert '{"name": "papa"}, {"name": "cebolla"}]' in asked.texts[0] and "queso" not in asked.texts[0]
    assert '"allergies": ["leche", "maní"]' in asked.texts[0]


async def test_what_is_not_proven_is_said(bench: Bench) -> None:
    (one,) = await bench.recipes(recipe("Papas con zarandongo", "papa", "zarandongo"))
    assert (one.verdict, one.unproven) == (Verdict.UNKNOWN, ("zarandongo",))


async def test_without_allergies_everything_is_shown(bench: Bench) -> None:
    found = await bench.recipes(recipe("Papas con queso", "papa", "queso fresco"), allergies=())
    assert [one.verdict for one in found] == [Verdict.FREE]
    assert "queso fresco" in bench.fake.asked[0].texts[0]


async def test_recipes_that_cannot_be_read_are_asked_for_once_more(bench: Bench) -> None:
    bench.fake.reactions = [said("Here are your recipes!"), answered({"recipes": [recipe("Papas", "papa")]})]
    assert len(await bench.writer.recipes(WISH, (), MEMBER)) == 1
    bench.fake.reactions = [said("No.")] * 2
    with pytest.raises(AIMalformed):
        await bench.writer.recipes(WISH, ALLERGIES, MEMBER)


async def test_a_plan_leaves_a_meal_empty_rather_than_unsafe(bench: Bench) -> None:
    meals = (Meal.BREAKFAST, Meal.LUNCH)
    bench.fake.otherwise = {
        "meals": [
            {**recipe("Pudín de leche", "leche"), "meal": "breakfast"},
            {**recipe("Papas doradas", "papa"), "meal": "lunch"},
        ]
    }
    plan = await bench.writer.plan(WISH, meals, ALLERGIES, MEMBER)
    assert {meal: one.recipe.title for meal, one in plan.items()} == {Meal.LUNCH: "Papas doradas"}
