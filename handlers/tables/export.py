"""Routes of taking a household along."""

from handlers import export
from handlers.route import Consumes, Limit, Replay, Route

# A row reads best as a few lines.
# fmt: off
ROUTES = (
    Route(
        "GET", "/api/export", export.take_along, "Everything of your household in one zip: rows as JSON, and photos",
        limit=Limit.UPLOAD, deadline_s=300.0, tags=("households",),
    ),
    Route(
        "POST", "/api/import", export.bring_back,
        "Such a zip, as the body or the file of a form, into an empty household",
        answer=export.ImportedSchema, limit=Limit.UPLOAD, replay=Replay.KEYED, consumes=Consumes.ARCHIVE,
        statuses=(201,), deadline_s=600.0, tags=("households",),
    ),
)
