"""Routes of photos: storing and showing them."""

from handlers import photos
from handlers.route import Auth, Consumes, Limit, Replay, Route

# The client waits this long for an upload.
UPLOAD_S = 120.0

# A row reads best as a few lines.
# fmt: off
ROUTES = (
    Route(
        "POST", "/api/image_management/upload_image", photos.upload_image, "Store a photo",
        answer=photos.UploadedSchema, limit=Limit.UPLOAD, replay=Replay.KEYED, consumes=Consumes.MULTIPART,
        statuses=(201,), deadline_s=UPLOAD_S, tags=("photos",),
    ),
    Route(
        "POST", "/api/inventory/upload_image", photos.upload_inventory_image, "Store a photo of stock",
        answer=photos.InventoryUploadedSchema, limit=Limit.UPLOAD, replay=Replay.KEYED, consumes=Consumes.MULTIPART,
        statuses=(201,), deadline_s=UPLOAD_S, tags=("photos",),
    ),
    Route(
        "GET", "/photos/{photo:[0-9a-f]{32}}/{copy:display|thumbnail|ai}", photos.show, "A copy of a photo",
        auth=Auth.SIGNED_URL, tags=("photos",),
    ),
)
