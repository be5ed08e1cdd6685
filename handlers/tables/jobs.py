"""Routes of jobs: how far slow work is, and ending it early."""

from handlers import jobs
from handlers.route import Limit, Replay, Route

# A row reads best as a few lines.
# fmt: off
_ONE = "/api/jobs/{job_id}"

ROUTES = (
    Route(
        "GET", "/api/jobs", jobs.page, "The household's slow work, newest first",
        query=jobs.PageSchema, answer=jobs.JobsSchema, limit=Limit.READ, tags=("jobs",),
    ),
    Route(
        "GET", _ONE, jobs.show, "How far a job is", answer=jobs.JobSchema, limit=Limit.READ, tags=("jobs",),
    ),
    Route(
        "GET", f"{_ONE}/events", jobs.events,
        "The same as Server-Sent Events, until it ends; `Last-Event-ID` goes on from there, 204: the end was seen",
        limit=Limit.READ, statuses=(200, 204), tags=("jobs",),
    ),
    Route(
        "POST", f"{_ONE}/cancel", jobs.cancel, "End a job before it has an effect",
        answer=jobs.JobSchema, limit=Limit.WRITE, replay=Replay.KEYED, tags=("jobs",),
    ),
)
