"""The route table: every route, with its whole policy, an area a module. What isn't here doesn't exist."""

from handlers.route import Route
from handlers.tables import (
    accounts,
    admin,
    allergens,
    batches,
    captures,
    export,
    foods,
    households,
    inventory,
    jobs,
    journal,
    photos,
    profile,
    proposals,
    recogniser,
    recognition,
    stacks,
    system,
)

ROUTES: tuple[Route, ...] = (
    *system.ROUTES,
    *accounts.ROUTES,
    *profile.ROUTES,
    *admin.ROUTES,
    *households.ROUTES,
    *export.ROUTES,
    *photos.ROUTES,
    *recognition.ROUTES,
    *recogniser.ROUTES,
    *jobs.ROUTES,
    *proposals.ROUTES,
    *captures.ROUTES,
    *foods.ROUTES,
    *allergens.ROUTES,
    *inventory.ROUTES,
    *stacks.ROUTES,
    *batches.ROUTES,
    *journal.ROUTES,
)
