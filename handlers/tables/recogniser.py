"""Routes of the recogniser's report card."""

from handlers import report_card
from handlers.route import Auth, Limit, Route

ROUTES = (
    Route(
        "GET",
        "/api/recogniser/report",
        report_card.show,
        "How often the recogniser is right, by photos and by corrections, and what may be accepted unasked",
        answer=report_card.ReportSchema,
        limit=Limit.READ,
        tags=("recognition",),
    ),
    Route(
        "GET",
        report_card.PICTURE,
        report_card.picture,
        "Its calibration curves as a picture",
        auth=Auth.NONE,
        limit=Limit.READ,
        tags=("recognition",),
    ),
)
