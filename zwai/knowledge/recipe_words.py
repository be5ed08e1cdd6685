"""The words of the wire for what a recipe is for, how hard it is and who may eat it: what is understood and said."""

from collections.abc import Collection, Mapping
from functools import cache

from zwai.knowledge.names import label_key
from zwai.records.meals import Course, Diet, Difficulty
from zwai.records.people import Language
from zwai.records.stock import Meal

_COURSES = {
    Course.BREAKFAST: ("desayuno", "breakfast"),
    Course.LUNCH: ("almuerzo", "lunch"),
    Course.DINNER: ("cena", "dinner"),
    Course.DESSERT: ("postre", "dessert"),
    Course.SALAD: ("ensalada", "salad"),
    Course.SOUP: ("sopa", "soup"),
}
_DIFFICULTIES = {
    Difficulty.EASY: ("Fácil", "Easy"),
    Difficulty.INTERMEDIATE: ("Intermedio", "Intermediate"),
    Difficulty.HARD: ("Difícil", "Difficult"),
}
_DIETS = {
    Diet.VEGAN: ("vegana", "vegan"),
    Diet.VEGETARIAN: ("vegetariana", "vegetarian"),
    Diet.PESCATARIAN: ("pescetariana", "pescatarian"),
    Diet.OMNIVORE: ("omnívora", "omnivore"),
}
# Words in which people say how they eat, in either language and any ending.
_EATING = {
    Diet.VEGAN: ("vegan", "plant based", "plant-based", "sin productos animales"),
    Diet.VEGETARIAN: ("vegetarian", "sin carne", "no meat", "meatless"),
    Diet.PESCATARIAN: ("pescetarian", "pescatarian"),
}
# What is served at which meal, what is made for it first.
SERVED_AT: Mapping[Meal, tuple[Course, ...]] = {
    Meal.BREAKFAST: (Course.BREAKFAST,),
    Meal.LUNCH: (Course.LUNCH, Course.SOUP, Course.SALAD, Course.DINNER),
    Meal.DINNER: (Course.DINNER, Course.SOUP, Course.SALAD, Course.LUNCH),
    Meal.DESSERT: (Course.DESSERT,),
    Meal.SNACK: (Course.DESSERT, Course.BREAKFAST),
}


def course_in_words(course: Course, language: Language) -> str:
    return _said(_COURSES[course], language)


def difficulty_in_words(difficulty: Difficulty, language: Language) -> str:
    return _said(_DIFFICULTIES[difficulty], language)


def diet_in_words(diet: Diet, language: Language) -> str:
    return _said(_DIETS[diet], language)


def course_of(word: str) -> Course | None:
    """What a Spanish or English word, perhaps in the plural, means; None when it is not known."""
    return _understood().get(label_key(word))


def diet_of(wishes: Collection[str]) -> Diet | None:
    """The strictest way of eating among what people wish for; None where they name none."""
    said = [label_key(wish) for wish in wishes]
    return next((diet for diet, words in _EATING.items() if any(word in wish for word in words for wish in said)), None)


def _said(words: tuple[str, str], language: Language) -> str:
    return words[language is Language.EN]


@cache
def _understood() -> Mapping[str, Course]:
    known = {word: course for course, words in _COURSES.items() for word in words}
    return known | {f"{word}{'es' if word.endswith('h') else 's'}": course for word, course in known.items()}
