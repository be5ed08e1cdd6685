"""Short storage tips in both languages, written by us from common kitchen practice.

Spanish in the infinitive: "guárdala" would be wrong beside "tomate".
"""

from zwai.knowledge.catalogue import Food
from zwai.records.people import Language
from zwai.records.stock import Place

# By category and place; the Spanish sentence, then the English one.
_BY_CATEGORY: dict[tuple[str, Place], tuple[str, str]] = {
    ("fruit", Place.FRIDGE): (
        "Guardar sin humedad y sin lavar; lavar justo antes de comer.",
        "Keep it dry and unwashed; wash it just before eating.",
    ),
    ("fruit", Place.PANTRY): (
        "Dejar madurar a temperatura ambiente; después, pasar al refrigerador.",
        "Let it ripen at room temperature; once ripe, move it to the fridge.",
    ),
    ("vegetable", Place.FRIDGE): (
        "Guardar sin lavar en el cajón de verduras.",
        "Keep it unwashed in the vegetable drawer.",
    ),
    ("vegetable", Place.PANTRY): (
        "Guardar en un lugar fresco, oscuro y ventilado.",
        "Keep it in a cool, dark place with moving air.",
    ),
    ("tuber", Place.PANTRY): (
        "Guardar en un lugar fresco y oscuro, sin bolsa cerrada y lejos de las cebollas.",
        "Keep it in a cool, dark place, out of closed bags and away from onions.",
    ),
    ("herb", Place.FRIDGE): (
        "Envolver los tallos en papel húmedo o ponerlos en un vaso con agua.",
        "Wrap the stems in damp paper or stand them in a glass of water.",
    ),
    ("dairy", Place.FRIDGE): (
        "Tapar bien y guardar al fondo del refrigerador, no en la puerta.",
        "Close it well and keep it at the back of the fridge, not in the door.",
    ),
    ("egg", Place.FRIDGE): (
        "Guardar en su caja, sin lavar.",
        "Keep them in their box and do not wash them before storing.",
    ),
    ("bread", Place.PANTRY): (
        "Guardar en un envase bien cerrado; congelar en porciones lo que no se comerá pronto.",
        "Keep it well closed; freeze in portions what you will not eat soon.",
    ),
    ("canned", Place.PANTRY): (
        "No usar latas hinchadas u oxidadas; una vez abierta la lata, pasar el resto a otro envase y refrigerar.",
        "Do not use swollen or rusty cans; once open, move the rest to another container and refrigerate it.",
    ),
    ("oil", Place.PANTRY): (
        "Guardar en un envase cerrado, lejos de la luz y del calor.",
        "Keep it closed, away from light and heat.",
    ),
    ("dish", Place.FRIDGE): (
        "Refrigerar antes de dos horas en un envase tapado y recalentar bien.",
        "Refrigerate it within two hours in a covered container, and reheat it well.",
    ),
}
_RAW = (
    "Guardar en el estante más bajo, en un envase cerrado, lejos de lo que se come crudo.",
    "Keep it on the lowest shelf in a closed container, away from food that is eaten raw.",
)
_BY_CATEGORY |= {(raw, Place.FRIDGE): _RAW for raw in ("meat", "poultry", "fish", "shellfish")}

_BY_PLACE = {
    Place.FRIDGE: (
        "Guardar en el refrigerador, en un envase tapado, y revisar antes de usar.",
        "Keep it covered in the fridge and check it before use.",
    ),
    Place.FREEZER: (
        "Congelar en porciones, en envases bien cerrados y con la fecha; descongelar en el refrigerador.",
        "Freeze it in portions, well closed and dated; thaw it in the fridge.",
    ),
    Place.PANTRY: (
        "Guardar en un envase bien cerrado, en un lugar fresco, seco y oscuro.",
        "Keep it well closed in a cool, dry, dark place.",
    ),
}


def tips_of(food: Food | None, place: Place, language: Language) -> str:
    """One sentence on how to keep a food in a place."""
    spanish, english = _BY_CATEGORY.get((food.category, place), _BY_PLACE[place]) if food else _BY_PLACE[place]
    return english if language is Language.EN else spanish
