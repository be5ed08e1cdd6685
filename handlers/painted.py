"""Whether the pictures of a proposal are ready, in the words that clients know."""

from typing import Any

from handlers import wire
from handlers.call import Call
from zwai.kitchen.recognition import Proposal
from zwai.records.jobs import JobState
from zwai.records.proposals import Line

READY, GENERATING, FAILED = "ready", "generating", "failed"


def state_of(call: Call[Any, Any], proposal: Proposal, line: Line) -> str:
    """READY: it shows what it will go on showing, if only a card. FAILED: a card, for no picture could be made."""
    job, batch = proposal.painting, line.batch
    if job is None or batch.food is None or proposal.photo_of(line) is not None:
        return READY
    if call.kitchen.library.find(batch.food, batch.label_key) is not None:
        return READY
    return FAILED if job.state.has_ended else GENERATING


def counted(call: Call[Any, Any], proposal: Proposal) -> dict[str, Any]:
    """How many of a proposal's pictures are ready; the percentage is of those that need no more waiting."""
    states = [state_of(call, proposal, line) for line in proposal.lines]
    waiting, total = states.count(GENERATING), len(states)
    return {
        "images_status": GENERATING if waiting else READY,
        "images_ready": states.count(READY),
        "images_generating": waiting,
        "total_items": total,
        "progress_percentage": 100 * (total - waiting) // total if total else 100,
    }


def images_data(call: Call[Any, Any], proposal: Proposal) -> list[dict[str, Any]]:
    return [
        {
            "ingredient_name": line.batch.label,
            "image_path": wire.picture(call, line.batch, proposal.photo_of(line)),
            "generation_status": state_of(call, proposal, line),
        }
        for line in proposal.lines
    ]


def announced(call: Call[Any, Any], proposal: Proposal) -> dict[str, Any]:
    """Where to ask for the pictures; `images` makes the mobile client ask, so it is there only if there is need to."""
    asked = f"/api/recognition/{proposal.recognition.id}/images"
    status = counted(call, proposal)["images_status"]
    told: dict[str, Any] = {"images_status": status, "images_check_url": asked}
    if status == GENERATING:
        told["images"] = {
            "status": status,
            "task_id": proposal.recognition.id,
            "check_images_url": asked,
            "estimated_time": wire.sentence(call, "menos de un minuto", "less than a minute"),
        }
    return told


def word_of(call: Call[Any, Any], proposal: Proposal) -> str:
    """`generated` and `failed` are the words on which the client stops asking."""
    states = {state_of(call, proposal, line) for line in proposal.lines}
    if GENERATING in states:
        pending = proposal.painting is not None and proposal.painting.state is JobState.PENDING
        return JobState.PENDING if pending else JobState.PROCESSING
    return FAILED if FAILED in states else "generated"
