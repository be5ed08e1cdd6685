"""Routes of photos: storing, showing, and finding them by what they show."""

from handlers import images, photos
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
        "POST", "/api/image_management/assign_image", images.assign, "Have a name show a photo, or ask which it shows",
        body=images.AssignSchema, answer=images.AssignedSchema, limit=Limit.WRITE, replay=Replay.KEYED,
        tags=("photos",),
    ),
    Route(
        "POST", "/api/image_management/search_similar_images", images.search, "Your photos whose names are like this",
        body=images.SearchSchema, answer=images.SimilarSchema, many=True, limit=Limit.WRITE, replay=Replay.KEYED,
        tags=("photos",),
    ),
    Route(
        "GET", "/api/images/status/{task_id}", images.status, "Whether the pictures of a recognition are ready",
        answer=images.StatusSchema, limit=Limit.READ, tags=("photos",),
    ),
    Route(
        "GET", "/api/images/status", images.status_by_query, "The same, by a query",
        query=images.StatusQuerySchema, answer=images.StatusSchema, limit=Limit.READ, tags=("photos",),
    ),
    Route(
        "POST", "/api/reference-images", images.add_reference, "Keep a photo of what something looks like",
        answer=images.ReferenceSchema, limit=Limit.UPLOAD, replay=Replay.KEYED, consumes=Consumes.MULTIPART,
        statuses=(201,), deadline_s=UPLOAD_S, tags=("photos",),
    ),
    Route(
        "GET", "/api/reference-images", images.references, "Your reference images, newest first",
        query=images.ReferencesQuerySchema, answer=images.ReferencesSchema, limit=Limit.READ, tags=("photos",),
    ),
    Route(
        "GET", "/api/reference-images/{image_id}", images.reference, "One reference image",
        answer=images.ReferenceSchema, limit=Limit.READ, tags=("photos",),
    ),
    Route(
        "PUT", "/api/reference-images/{image_id}", images.rename_reference, "Change its label or category",
        body=images.ReferenceBodySchema, answer=images.ReferenceSchema, limit=Limit.WRITE, replay=Replay.KEYED,
        tags=("photos",),
    ),
    Route(
        "DELETE", "/api/reference-images/{image_id}", images.drop_reference, "Remove it; the photo stays",
        answer=images.DroppedSchema, limit=Limit.WRITE, replay=Replay.KEYED, tags=("photos",),
    ),
    Route(
        "GET", "/photos/{photo:[0-9a-f]{32}}/{copy:display|thumbnail|ai}", photos.show, "A copy of a photo",
        auth=Auth.SIGNED_URL, tags=("photos",),
    ),
    Route(
        "GET", "/library/{photo:[0-9a-f]{32}}/{copy:display|thumbnail}", photos.show, "A picture that everybody shares",
        auth=Auth.SIGNED_URL, tags=("photos",),
    ),
    Route(
        "GET", "/cards/{category}/{name}", photos.card,
        "A drawn picture of a name without a photo", auth=Auth.SIGNED_URL, tags=("photos",),
    ),
)
