"""Routes of the journal: what happened to the stock, and undoing it."""

from handlers import journal
from handlers.tables.rows import change, listing

# A row reads best as a few lines.
# fmt: off
ROUTES = (
    listing("/api/journal", journal.history, "What happened to the stock, newest first", journal.HistorySchema,
          journal.HistoryQuerySchema),
    change("POST", "/api/journal/{entry_id}/undo", journal.undo, "Undo a change", None, journal.UndoneSchema),
)
