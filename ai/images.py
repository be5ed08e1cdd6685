"""From an uploaded file to the copies that are kept: decoded by content, upright, without metadata.

Runs in the worker processes, by path. Pillow's and libheif's errors become ours here.
"""

import errno
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from PIL import ExifTags, Image, ImageCms
from PIL import JpegImagePlugin as JpegImagePlugin
from PIL import PngImagePlugin as PngImagePlugin
from PIL import WebPImagePlugin as WebPImagePlugin  # named, or Pillow loads all of its plugins to find it

from zwai.errors import BrokenImage, EmptyImage, NotAnImage, StorageFull, TooManyPixels
from zwai.records.photos import Copy, Format, ImageLimits, Prepared

DISPLAY_PX = 1600
AI_PX = 1024
THUMBNAIL_PX = 320
FILTER = Image.Resampling.HAMMING  # made for shrinking: three fifths of BICUBIC's time, no difference to be seen
QUALITY = 85
AI_BYTES = 200_000  # a bigger AI copy holds up the loop while a provider's request body is made of it
AI_QUALITY_WHEN_BIG = 65

# The HEVC brands of ISO/IEC 23008-12; "mif1" alone may also be AVIF, which we do not take.
HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}

# What the decoders raise on damaged files, seen by flipping bytes. A MemoryError is a size made up by the file.
DAMAGE = (OSError, SyntaxError, ValueError, EOFError, IndexError, TypeError, KeyError, RuntimeError,
          ArithmeticError, MemoryError, struct.error, zlib.error)  # fmt: skip

TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
RESIZABLE = {"RGB", "RGBA", "L", "LA", "CMYK"}
LYING = {TURNS[5], TURNS[6], TURNS[7], TURNS[8]}


def prepare(source: Path, folder: Path, limits: ImageLimits) -> Prepared:
    """Write the display, AI and thumbnail copies of `source` into `folder` as JPEG.

    Raises EmptyImage, NotAnImage, BrokenImage, TooManyPixels or StorageFull.
    """
    with source.open("rb") as file:
        kind = _format(file.read(64))
        file.seek(0)
        with _decoding(limits), _open(file, kind, limits) as image:
            width, height = image.size
            small = _decode(image)
            turn = _turn(image)
            display = _rgb(small.transpose(turn) if turn is not None else small)
    if turn in LYING:
        width, height = height, width
    _write_copies(display, folder)
    return Prepared(width, height, kind)


def check_copies(folder: Path) -> None:
    """Whether a folder holds copies as `prepare` writes them.

    Raises EmptyImage, NotAnImage, BrokenImage or TooManyPixels.
    """
    for copy, longest_px in ((Copy.DISPLAY, DISPLAY_PX), (Copy.AI, AI_PX), (Copy.THUMBNAIL, THUMBNAIL_PX)):
        with (folder / f"{copy}.jpg").open("rb") as file:
            if _format(file.read(64)) is not Format.JPEG:
                raise NotAnImage
            file.seek(0)
            with _decoding(limits := ImageLimits()), _open(file, Format.JPEG, limits) as image:
                if max(image.size) > longest_px:
                    raise NotAnImage


def _format(head: bytes) -> Format:
    if not head:
        raise EmptyImage()
    if head.startswith(b"\xff\xd8\xff"):
        return Format.JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return Format.PNG
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return Format.WEBP
    if head[4:8] == b"ftyp":
        brands = head[8 : int.from_bytes(head[:4])]
        if HEIC_BRANDS.intersection(brands[i : i + 4] for i in range(0, len(brands), 4)):
            return Format.HEIC
    raise NotAnImage()


@contextmanager
def _decoding(limits: ImageLimits) -> Iterator[None]:
    try:
        with warnings.catch_warnings(action="ignore"):
            yield
    except Image.DecompressionBombError as error:
        raise _too_many_pixels(limits) from error
    except DAMAGE as error:
        raise BrokenImage() from error


def _open(file: BinaryIO, kind: Format, limits: ImageLimits) -> Image.Image:
    """Read the header only. An MPO opens as the JPEG that it is."""
    if kind is Format.HEIC:
        import pillow_heif  # here, since libheif costs each worker memory that most never need

        pillow_heif.register_heif_opener(thumbnails=False, decode_threads=1)
    image = Image.open(file, formats=["HEIF" if kind is Format.HEIC else kind.name])
    if image.width * image.height > limits.max_pixels:
        raise _too_many_pixels(limits)
    return image


def _too_many_pixels(limits: ImageLimits) -> TooManyPixels:
    return TooManyPixels({"limit": limits.max_pixels // 1_000_000})


def _decode(image: Image.Image) -> Image.Image:
    """The pixels at display size, in a mode that can be resized.

    `draft` lets libjpeg decode at 1/2, 1/4 or 1/8, but only for a box of the photo's own aspect.
    """
    size = _fitted(image.size, DISPLAY_PX)
    image.draft("RGB", size)
    image.load()
    if image.mode.startswith("I;16"):  # sixteen-bit grey, which Pillow would clip rather than scale
        return image.resize(size, FILTER).convert("I").point(lambda level: level * (1 / 256)).convert("L")
    if image.mode not in RESIZABLE or "transparency" in image.info:  # a palette, or one colour made transparent
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    return image.resize(size, FILTER, reducing_gap=2.0)


def _turn(image: Image.Image) -> Image.Transpose | None:
    """What puts the photo upright. EXIF that cannot be read is no reason to refuse a photo that can."""
    try:
        return TURNS.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    except DAMAGE:
        return None


def _fitted(size: tuple[int, int], longest_px: int) -> tuple[int, int]:
    scale = min(1.0, longest_px / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _rgb(image: Image.Image) -> Image.Image:
    """Plain sRGB without any metadata; what is transparent becomes white."""
    profile = image.info.get("icc_profile")
    if image.has_transparency_data:
        white = Image.new("RGB", image.size, "white")
        white.paste(image.convert("RGB"), mask=image.getchannel("A"))
        image = white
    if profile:
        image = _srgb(image, profile)
    if image.mode != "RGB":  # else it would be copied
        image = image.convert("RGB")
    image.info.clear()
    return image


def _srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """Colours through their profile; a profile that is broken or not of this mode is left out."""
    try:
        colours = ImageCms.ImageCmsProfile(BytesIO(profile))
        if "sRGB" in ImageCms.getProfileDescription(colours):
            return image
        turned = ImageCms.profileToProfile(image, colours, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        return image
    return turned or image


def _write_copies(display: Image.Image, folder: Path) -> None:
    """Each copy is made of the next larger one, which is cheaper than each of the original."""
    ai = display.resize(_fitted(display.size, AI_PX), FILTER, reducing_gap=2.0)
    thumbnail = ai.resize(_fitted(ai.size, THUMBNAIL_PX), FILTER, reducing_gap=2.0)
    ai_jpeg = _jpeg(ai, QUALITY)
    if len(ai_jpeg) > AI_BYTES:
        ai_jpeg = _jpeg(ai, AI_QUALITY_WHEN_BIG)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{Copy.DISPLAY}.jpg").write_bytes(_jpeg(display, QUALITY))
        (folder / f"{Copy.AI}.jpg").write_bytes(ai_jpeg)
        (folder / f"{Copy.THUMBNAIL}.jpg").write_bytes(_jpeg(thumbnail, QUALITY))
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFull() from error
        raise


def _jpeg(image: Image.Image, quality: int) -> bytes:
    encoded = BytesIO()
    image.save(encoded, "JPEG", quality=quality)
    return encoded.getvalue()
