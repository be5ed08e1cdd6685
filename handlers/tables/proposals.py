"""Routes of proposals: reading them with their evidence, accepting and refusing their lines."""

from marshmallow import Schema

from handlers import feedback, proposals
from handlers.proposal_answers import ProposalSchema
from handlers.route import CacheFor, Handler, Limit, Replay, Route

# A row reads best as a few lines.
# fmt: off
_ONE = "/api/proposals/{proposal_id}"


def _reading(
    path: str, handler: Handler, summary: str, answer: type[Schema], query: type[Schema] | None = None
) -> Route:
    return Route(
        "GET", path, handler, summary,
        query=query, answer=answer, limit=Limit.READ, cache=CacheFor.HOUSEHOLD, tags=("recognition",),
    )


def _reviewing(
    method: str, path: str, handler: Handler, summary: str, body: type[Schema] | None, answer: type[Schema]
) -> Route:
    return Route(
        method, path, handler, summary,
        body=body, answer=answer, limit=Limit.WRITE, replay=Replay.KEYED, tags=("recognition",),
    )


ROUTES = (
    _reading("/api/proposals", proposals.page, "What recognitions offered, newest first", proposals.ProposalsSchema,
             proposals.PageSchema),
    _reading("/api/recognition/history", proposals.history, "The same, under its old address",
             proposals.RecognitionHistorySchema, proposals.PageSchema),
    Route(
        "GET", _ONE, proposals.show, "A proposal, each line with its evidence",
        answer=ProposalSchema, limit=Limit.READ, tags=("recognition",),
    ),
    _reviewing("POST", f"{_ONE}/accept", proposals.accept,
               "Put lines into stock once: all but mere suggestions, or those that are named, as edited",
               proposals.AcceptSchema, proposals.ReviewedSchema),
    _reviewing("POST", f"{_ONE}/reject", proposals.reject, "Refuse lines: all that are open, or those that are named",
               proposals.RejectSchema, proposals.RejectedSchema),
    _reviewing("DELETE", _ONE, proposals.reject_all, "Refuse all lines that are open", None, proposals.RejectedSchema),
    _reviewing("POST", "/api/recognition/feedback", feedback.comment, "Say what was right or wrong",
               feedback.FeedbackSchema, feedback.ThanksSchema),
)
