"""The recipe book holds what the catalogue knows, and nobody is shown what anybody at home may not eat."""

import re
from dataclasses import replace
from decimal import Decimal

import pytest

from zwai.kitchen.allergens import declared, implied
from zwai.kitchen.recipe_book import BookWriter
from zwai.kitchen.recipes import calories, checked, holds
from zwai.knowledge.allergens import name_of
from zwai.knowledge.catalogue import load as catalogue
from zwai.knowledge.names import is_readable
from zwai.knowledge.recipe_book import BASICS, Dish, diet_of_foods, load, stand_ins
from zwai.knowledge.units import weight_of
from zwai.records.allergens import Allergen
from zwai.records.meals import CheckedRecipe, Course, Diet, Held, Wish
from zwai.records.people import AccountId, HouseholdId, Language, Member, SessionId
from zwai.records.stock import FoodId, Kind, Meal

FOODS = catalogue().foods
EVERYTHING = tuple(Held(food.name_es, None, food.id) for food in FOODS.values() if food.kind is Kind.INGREDIENT)
PLACEHOLDER = re.compile(r"\{(\w+)\}")
IN_BOOK = pytest.mark.parametrize("dish", load(), ids=lambda dish: dish.id)


def member(language: Language = Language.ES) -> Member:
    return Member(AccountId("a"), HouseholdId("h"), SessionId("s"), language, "America/Lima")


async def all_for(
    *allergies: str, preferences: tuple[str, ...] = (), language: Language = Language.ES
) -> list[CheckedRecipe]:
    """Every dish that a household with these allergies is shown, when it has everything."""
    wish = Wish(ingredients=EVERYTHING, number=len(load()), preferences=preferences)
    avoided = (*declared({"allergies": list(allergies)}, language), *implied(preferences, language))
    return await BookWriter().recipes(wish, avoided, member(language))


def test_the_book_is_large_enough_and_names_nothing_twice() -> None:
    assert len(load()) >= 60 and {dish.course for dish in load()} == set(Course)
    assert len({dish.id for dish in load()}) == len(load())
    for language in Language:
        assert len({dish.told[language].title for dish in load()}) == len(load())


@IN_BOOK
def test_a_dish_is_of_foods_whose_amounts_can_be_weighed(dish: Dish) -> None:
    for part in dish.parts:
        assert part.food in FOODS
        assert part.quantity.amount > 0
        assert weight_of(FOODS[part.food], part.quantity.unit), part
    assert len({part.food for part in dish.parts}) == len(dish.parts)
    assert not dish.parts[0].optional and dish.parts[0].food not in BASICS, "the first names the dish"
    assert 5 <= dish.minutes <= 120


@IN_BOOK
@pytest.mark.parametrize("language", Language)
def test_a_dish_is_told_whole_in_both_languages(dish: Dish, language: Language) -> None:
    told = dish.told[language]
    for text in (told.title, told.about, *told.steps, told.tip):
        assert is_readable(text) and text == " ".join(text.split()) and len(text) <= 250
    assert 2 <= len(told.steps) <= 8
    assert all(text.endswith(".") for text in (told.about, *told.steps, told.tip))
    needed = {part.food for part in dish.parts if not part.optional}
    assert set(PLACEHOLDER.findall(" ".join(told.steps))) <= needed
    assert len(told.steps) == len(dish.told[Language.ES].steps)


def test_what_stands_in_is_of_the_catalogue_and_never_the_food_itself() -> None:
    for food, one in stand_ins().items():
        instead = (*one.same, *one.other)
        assert {food, *instead} <= set(FOODS)
        assert food not in instead and len(set(instead)) == len(instead) > 0
    assert set(FOODS) >= BASICS


@pytest.mark.slow
@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("allergen", Allergen)
async def test_nothing_with_one_of_the_fourteen_is_shown_to_who_declares_it(
    allergen: Allergen, language: Language
) -> None:
    shown = await all_for(name_of(allergen, language), language=language)
    assert len(shown) >= 10
    for one in shown:
        contains, may_contain = holds(one.recipe)
        assert allergen not in contains and allergen not in may_contain, one.recipe.title
        assert one.unproven == ()


async def test_another_food_stands_in_for_what_somebody_may_not_eat() -> None:
    everybody, no_soy = [
        {one.recipe.title: [needed.name for needed in one.recipe.ingredients] for one in shown}
        for shown in (await all_for(), await all_for("soya"))
    ]
    title = "Plátanos dorados"
    assert "aceite" in everybody[title]
    assert "aceite" not in no_soy[title] and "aceite de girasol" in no_soy[title]


async def test_what_goes_by_another_name_is_said_and_never_names_the_dish() -> None:
    foods = (
        "swiss_chard",
        "egg",
        "onion",
        "beef_steak",
        "tomato",
        "potato",
        "rice",
        "soy_sauce",
        "duck",
        "pear",
        "cabbage",
    )
    held = tuple(Held(FOODS[FoodId(food)].name_es, None, FoodId(food)) for food in foods)
    found = await BookWriter().recipes(Wish(ingredients=held, number=len(load())), (), member())
    made = {one.recipe.title: one.recipe for one in found}
    of = {title: {one.food for one in recipe.ingredients} for title, recipe in made.items()}
    assert "beef_steak" in of["Lomo saltado"] and "en lugar de" not in made["Lomo saltado"].tip
    assert "spinach" in of["Tortilla de espinaca"]
    assert "pear" in of["Col con zanahoria y manzana"]
    assert made["Col con zanahoria y manzana"].tip.endswith("Aquí, pera en lugar de manzana.")


@pytest.mark.parametrize(
    ("allergy", "food"),
    [
        ("onion", "white_onion"),
        ("hongos", "canned_mushrooms"),
        ("maíz", "cornstarch"),
        ("res", "beef_tenderloin"),
        ("cerdo", "pork_loin"),
        ("soy alérgico a la palta", "avocado"),
        ("maní, palta", "avocado"),
    ],
)
async def test_another_kind_of_what_somebody_declared_is_that_food_too(allergy: str, food: str) -> None:
    shown = await all_for(allergy)
    assert shown and food not in {needed.food for one in shown for needed in one.recipe.ingredients}


async def test_what_we_do_not_know_is_never_called_proven() -> None:
    for one in await all_for("cítricos"):
        assert set(one.unproven) == {needed.name for needed in one.recipe.ingredients}


async def test_what_is_made_of_many_things_is_not_proven_free_of_a_food_beyond_the_fourteen() -> None:
    shown = {one.recipe.title: one.unproven for one in await all_for("tomate")}
    assert shown["Ensalada rusa"] == ("mayonesa",)
    assert shown["Camote con queso fresco"] == ()
    assert {one.recipe.title: one.unproven for one in await all_for("maní")}["Ensalada rusa"] == ()


async def test_fish_that_would_spoil_soon_is_cooked_and_not_eaten_raw() -> None:
    for urgency, raw in ((Decimal("0.9"), False), (Decimal(0), True)):
        held = (Held("corvina", None, FoodId("corvina"), urgency), *EVERYTHING)
        found = await BookWriter().recipes(Wish(ingredients=held, number=len(load())), (), member())
        assert ("Cebiche de pescado" in {one.recipe.title for one in found}) is raw


async def test_a_portion_is_no_more_than_a_meal() -> None:
    for one in await all_for():
        most = 600 if one.recipe.course is Course.DESSERT else 1200
        assert (calories(one.recipe) or 0) < most, one.recipe.title


async def test_cooked_rice_stands_in_by_its_own_weight_and_is_said() -> None:
    held = tuple(Held(FOODS[food].name_es, None, food) for food in map(FoodId, ("cooked_rice", "egg", "banana")))
    found = await BookWriter().recipes(Wish(ingredients=held, number=len(load())), (), member())
    (made,) = [one.recipe for one in found if one.recipe.title == "Arroz a la cubana"]
    assert ("cooked_rice", Decimal(600)) in [
        (one.food, one.quantity and one.quantity.amount) for one in made.ingredients
    ]
    assert made.tip.endswith("Aquí, arroz cocido en lugar de arroz.")


async def test_no_food_stands_in_for_two_parts_of_a_dish() -> None:
    held = tuple(
        Held(FOODS[food].name_es, None, food) for food in map(FoodId, ("spaghetti", "white_onion", "snow_peas"))
    )
    for one in await BookWriter().recipes(Wish(ingredients=held, number=len(load())), (), member()):
        foods = [needed.food for needed in one.recipe.ingredients]
        assert len(set(foods)) == len(foods), one.recipe.title


async def test_a_wish_for_a_free_from_is_as_strict_as_an_allergy() -> None:
    for wish in ("sin gluten", "gluten free", "libre de gluten"):
        for one in await all_for(preferences=(wish,)):
            assert Allergen.GLUTEN not in {*holds(one.recipe)[0], *holds(one.recipe)[1]}


@pytest.mark.parametrize("diet", [Diet.VEGAN, Diet.VEGETARIAN, Diet.PESCATARIAN])
async def test_a_diet_is_kept_by_the_foods(diet: Diet) -> None:
    words = {Diet.VEGAN: "Vegana", Diet.VEGETARIAN: "dieta vegetariana", Diet.PESCATARIAN: "pescetarian"}
    order = list(Diet)
    shown = await all_for(preferences=(words[diet],))
    assert len(shown) >= 15
    for one in shown:
        found = diet_of_foods(needed.food for needed in one.recipe.ingredients)
        assert found is not None and order.index(found) <= order.index(diet), one.recipe.title


@pytest.mark.parametrize(
    ("foods", "diet"),
    [
        (("rice", "tomato"), Diet.VEGAN),
        (("rice", "honey"), Diet.VEGETARIAN),
        (("spaghetti", "egg"), Diet.VEGETARIAN),
        (("mayonnaise", "potato"), Diet.VEGETARIAN),
        (("canned_tuna", "milk"), Diet.PESCATARIAN),
        (("oyster_sauce", "rice"), Diet.PESCATARIAN),
        (("lard", "rice"), Diet.OMNIVORE),
        (("ham", "cookies"), Diet.OMNIVORE),
        (("rice", "cookies"), None),  # nobody knows without the pack
        (("rice", None), None),
    ],
)
def test_who_may_eat_is_derived_from_the_foods(foods: tuple[str | None, ...], diet: Diet | None) -> None:
    assert diet_of_foods([food and FoodId(food) for food in foods]) is diet


async def test_calories_are_of_a_portion_and_only_where_the_tables_know_it() -> None:
    known = {one.recipe.title: calories(one.recipe) for one in await all_for()}
    counted = [kcal for kcal in known.values() if kcal is not None]
    assert len(counted) >= 60
    assert all(60 <= kcal <= 1300 for kcal in counted), known
    # Two rolls of bread, an egg each and oil: by the tables about 350 a portion.
    assert 250 <= (known["Pan con huevo frito"] or 0) <= 450


async def test_imperial_measures_are_ounces_of_the_same_amounts() -> None:
    wish = Wish(ingredients=EVERYTHING, number=100, imperial=True)
    shown = {one.recipe.title: one.recipe for one in await BookWriter().recipes(wish, (), member())}
    amounts = {one.name: str(one.quantity) for one in shown["Arroz con leche"].ingredients}
    assert "amount=Decimal('3.5'), unit=<Unit.OZ" in amounts["arroz"]


async def test_a_plan_has_a_recipe_of_its_course_for_each_meal_and_none_twice() -> None:
    meals = (Meal.BREAKFAST, Meal.LUNCH, Meal.DINNER, Meal.DESSERT)
    plan = await BookWriter().plan(Wish(ingredients=EVERYTHING), meals, (), member())
    courses = {meal: one.recipe.course for meal, one in plan.items()}
    assert courses.keys() == set(meals)
    assert (courses[Meal.BREAKFAST], courses[Meal.DESSERT]) == (Course.BREAKFAST, Course.DESSERT)
    assert len({one.recipe.title for one in plan.values()}) == len(meals)


async def test_what_a_tip_or_a_description_names_is_left_out_with_it() -> None:
    (one, *_) = await all_for()
    told = replace(one.recipe, description="Con maní.", tip="Sirve con mantequilla de maní.")
    passed = checked(told, declared({"allergies": ["maní"]}, Language.ES), Language.ES)
    assert passed is not None and (passed.recipe.description, passed.recipe.tip) == ("", "")
