"""Routes of the profile and of what stands beside it."""

from marshmallow import Schema

from handlers import profile, profile_pages
from handlers.journal import HistoryQuerySchema
from handlers.route import Consumes, Handler, Limit, Replay, Route
from handlers.tables.photos import UPLOAD_S

_PROFILE = "/api/user/profile"


# A row reads best as a few lines.
# fmt: off
def _reading(
    path: str, handler: Handler, summary: str, answer: type[Schema], query: type[Schema] | None = None
) -> Route:
    return Route(
        "GET", f"{_PROFILE}{path}", handler, summary,
        query=query, answer=answer, limit=Limit.READ, tags=("accounts",),
    )


def _changing(
    path: str, handler: Handler, summary: str, body: type[Schema], answer: type[Schema]
) -> tuple[Route, ...]:
    """By either method: what is left out stays."""
    return tuple(
        Route(
            method, f"{_PROFILE}{path}", handler, summary,
            body=body, answer=answer, limit=Limit.WRITE, replay=Replay.KEYED, tags=("accounts",),
        )
        for method in ("PUT", "PATCH")
    )


def _part(path: str, what: str) -> tuple[Route, ...]:
    return (
        _reading(path, profile.part, f"Of your profile, {what}", profile.PartsSchema),
        *_changing(path, profile.change_part, f"Change {what}; what is left out stays", profile.PartSchema,
                   profile.ChangedPartsSchema),
    )


ROUTES = (
    _reading("", profile.profile, "Your profile and preferences", profile.ProfileAnswerSchema),
    *_changing("", profile.change, "Change your profile; what is left out stays", profile.ProfileSchema,
               profile.ChangedProfileSchema),
    *_part("/preferences", "your preferences"),
    *_part("/dietary-restrictions", "your dietary restrictions"),
    *_part("/cooking-level", "how well you cook"),
    *(
        Route(
            method, f"{_PROFILE}/picture", profile_pages.change_picture, "Change your picture",
            body=profile_pages.PictureSchema, answer=profile_pages.PictureAnswerSchema, limit=Limit.UPLOAD,
            replay=Replay.KEYED, consumes=Consumes.JSON_OR_MULTIPART, deadline_s=UPLOAD_S, tags=("accounts",),
        )
        for method in ("POST", "PUT", "PATCH")
    ),
    Route(
        "DELETE", f"{_PROFILE}/picture", profile_pages.remove_picture, "Have no picture",
        answer=profile_pages.PictureAnswerSchema, limit=Limit.WRITE, replay=Replay.KEYED, tags=("accounts",),
    ),
    _reading("/statistics", profile_pages.statistics, "What your household has and did, counted",
             profile_pages.StatisticsSchema),
    _reading("/activity", profile_pages.activity, "What you did to the stock, newest first",
             profile_pages.ActivitySchema, HistoryQuerySchema),
    _reading("/achievements", profile_pages.achievements, "Achievements: there are none yet",
             profile_pages.AchievementsSchema),
    _reading("/privacy", profile_pages.privacy, "Choices about privacy that the client keeps here",
             profile_pages.PrivacySchema),
    *_changing("/privacy", profile_pages.change_privacy, "Keep choices about privacy; what is left out stays",
               profile_pages.SwitchesSchema, profile_pages.PrivacySchema),
    _reading("/notifications", profile_pages.notifications, "Choices about notifications that the client keeps here",
             profile_pages.NotificationsSchema),
    *_changing("/notifications", profile_pages.change_notifications,
               "Keep choices about notifications; what is left out stays", profile_pages.SwitchesSchema,
               profile_pages.NotificationsSchema),
)
