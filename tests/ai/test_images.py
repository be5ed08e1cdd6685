"""Photos as people send them: what becomes of each, and what is left behind."""

import random
import struct
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageCms

from ai.images import TURNS, prepare
from zwai.errors import BrokenImage, EmptyImage, NotAnImage, StorageFull, TooManyPixels, ZwaiError
from zwai.records.photos import Format, ImageLimits

PHOTOS = Path(__file__).parents[1] / "photos"
LIMITS = ImageLimits()
COPIES = ["ai.jpg", "display.jpg", "thumbnail.jpg"]


def png_start(width: int, height: int) -> bytes:
    """The start of a PNG of any size: enough to be judged by."""
    chunks = (b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0), b"IDAT" + zlib.compress(bytes(999)))
    framed = (struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) for chunk in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(framed)


def opened(path: Path) -> Image.Image:
    return Image.open(BytesIO(path.read_bytes()))


def saved(tmp_path: Path, image: Image.Image, name: str, **options: object) -> Path:
    path = tmp_path / name
    image.save(path, **options)
    return path


def display(tmp_path: Path, source: Path) -> Image.Image:
    prepare(source, tmp_path / "copies", LIMITS)
    return opened(tmp_path / "copies/display.jpg")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("avocado.jpg", (348, 348, Format.JPEG)),
        ("mpo.jpg", (700, 700, Format.JPEG)),
        ("cmyk.jpg", (348, 464, Format.JPEG)),
        ("jpeg_named.png", (348, 348, Format.JPEG)),  # content decides, not the name
        ("exif_rot_gps.jpg", (800, 800, Format.JPEG)),
        ("alpha.png", (348, 348, Format.PNG)),
        ("palette.png", (348, 348, Format.PNG)),
        ("1px.png", (1, 1, Format.PNG)),
        ("yoghurt.webp", (348, 348, Format.WEBP)),
        ("sour_milk.heic", (900, 900, Format.HEIC)),
    ],
)
def test_each_format_becomes_three_plain_jpegs(tmp_path, name, expected):
    made = prepare(PHOTOS / name, tmp_path / "copies", LIMITS)
    assert (made.width, made.height, made.format) == expected
    assert sorted(path.name for path in (tmp_path / "copies").iterdir()) == COPIES
    for copy in (tmp_path / "copies").iterdir():
        with Image.open(copy) as image:
            assert (image.format, image.mode) == ("JPEG", "RGB")


@pytest.mark.parametrize(
    ("content", "error"),
    [
        pytest.param(b"", EmptyImage, id="empty"),
        pytest.param(b"\xff", NotAnImage, id="one byte"),
        pytest.param((PHOTOS / "text.jpg").read_bytes(), NotAnImage, id="text"),
        pytest.param(b"GIF89a" + bytes(100), NotAnImage, id="gif"),
        pytest.param(b"%PDF-1.7\n" + bytes(100), NotAnImage, id="pdf"),
        pytest.param(b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf" + bytes(100), NotAnImage, id="avif"),
        pytest.param((PHOTOS / "truncated.jpg").read_bytes(), BrokenImage, id="truncated jpeg"),
        pytest.param((PHOTOS / "sour_milk.heic").read_bytes()[:20_000], BrokenImage, id="truncated heic"),
        pytest.param((PHOTOS / "yoghurt.webp").read_bytes()[:9_000], BrokenImage, id="truncated webp"),
        pytest.param((PHOTOS / "alpha.png").read_bytes()[:90_000], BrokenImage, id="truncated png"),
        pytest.param(b"\xff\xd8\xff\xe0 not more than a beginning", BrokenImage, id="jpeg in name only"),
        pytest.param(png_start(300, 300), BrokenImage, id="png without pixels"),
        pytest.param((PHOTOS / "bomb.png").read_bytes(), TooManyPixels, id="bomb"),
        pytest.param(png_start(20_000, 10_000), TooManyPixels, id="200 megapixels"),
        pytest.param(png_start(8_001, 8_000), TooManyPixels, id="one row too many"),  # Pillow would take it
    ],
)
def test_a_bad_file_gets_its_error_and_leaves_nothing(tmp_path, content, error):
    source = tmp_path / "photo.jpg"
    source.write_bytes(content)
    with pytest.raises(ZwaiError) as raised:
        prepare(source, tmp_path / "copies", LIMITS)
    assert type(raised.value) is error
    assert list(tmp_path.iterdir()) == [source]


def test_the_limit_of_pixels_is_named_in_the_sentence(tmp_path):
    (tmp_path / "photo.png").write_bytes(png_start(3000, 2000))
    with pytest.raises(TooManyPixels, match="over 5 megapixels"):
        prepare(tmp_path / "photo.png", tmp_path / "copies", ImageLimits(max_pixels=5_000_000))


def test_damaged_bytes_are_never_more_than_a_broken_photo(tmp_path):
    rng = random.Random(7)  # the same damage each time
    source = tmp_path / "photo"
    for name in ("avocado.jpg", "exif_rot_gps.jpg", "mpo.jpg", "palette.png", "yoghurt.webp", "sour_milk.heic") * 12:
        content = bytearray((PHOTOS / name).read_bytes())
        for _ in range(5):
            content[rng.randrange(16, min(2000, len(content)))] = rng.randrange(256)
        source.write_bytes(content)
        try:
            prepare(source, tmp_path / "copies", LIMITS)
        except ZwaiError as error:
            assert type(error) in (BrokenImage, NotAnImage, TooManyPixels)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["photo.jpg", "photo.png", "photo.webp"])
def test_every_exif_orientation_is_turned_upright(tmp_path, orientation, name):
    upright = Image.new("RGB", (60, 40), "black")
    upright.paste("red", (0, 0, 20, 20))
    upright.paste("blue", (40, 20, 60, 40))
    inverse = {6: TURNS[8], 8: TURNS[6]}.get(orientation, TURNS.get(orientation))
    stored = upright.transpose(inverse) if inverse is not None else upright
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    source = saved(tmp_path, stored, name, exif=exif)
    made = prepare(source, tmp_path / "copies", LIMITS)
    seen = opened(tmp_path / "copies/display.jpg")
    assert (made.width, made.height) == seen.size == (60, 40)
    assert seen.getpixel((8, 8))[0] > 200
    assert seen.getpixel((52, 32))[2] > 200


def test_no_position_comment_or_profile_is_kept(tmp_path):
    photo = opened(PHOTOS / "exif_rot_gps.jpg")
    assert photo.getexif().get_ifd(ExifTags.IFD.GPSInfo)  # it is there before
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    source = saved(tmp_path, photo, "p.jpg", exif=photo.getexif(), comment=b"Juan was here", icc_profile=profile)
    prepare(source, tmp_path / "copies", LIMITS)
    for copy in (tmp_path / "copies").iterdir():
        with Image.open(copy) as image:
            assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
        content = copy.read_bytes()
        assert not any(word in content for word in (b"Exif", b"GPS", b"Juan", b"ICC_PROFILE", b"http"))


def test_exif_that_cannot_be_read_does_not_cost_the_photo(tmp_path):
    source = saved(tmp_path, Image.new("RGB", (30, 20)), "p.jpg", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff\x01\x12\0\3")
    assert prepare(source, tmp_path / "copies", LIMITS).width == 30


def test_what_is_transparent_becomes_white(tmp_path):
    see_through = Image.new("RGBA", (50, 50), (0, 0, 0, 0))
    grey = Image.new("LA", (50, 50), (0, 0))
    indexed = Image.new("P", (50, 50), 3)
    indexed.putpalette(range(12))
    keyed = Image.new("RGB", (50, 50), (1, 2, 3))
    for source in (
        saved(tmp_path, see_through, "rgba.png"),
        saved(tmp_path, see_through, "rgba.webp"),
        saved(tmp_path, grey, "la.png"),
        saved(tmp_path, indexed, "p.png", transparency=3),
        saved(tmp_path, keyed, "rgb.png", transparency=(1, 2, 3)),
    ):
        assert min(display(tmp_path, source).getpixel((25, 25))) > 250, source.name


def test_sixteen_bit_grey_keeps_its_shades(tmp_path):
    for grey, height in ((np.full((50, 50), 32768, np.uint16), 50), (np.full((3000, 20), 32768, np.uint16), 1600)):
        seen = display(tmp_path, saved(tmp_path, Image.fromarray(grey), "grey.png"))
        assert seen.height == height
        assert abs(seen.getpixel((2, 25))[0] - 128) <= 2


def test_a_black_and_white_picture_is_read(tmp_path):
    assert display(tmp_path, saved(tmp_path, Image.new("1", (50, 50), 1), "bw.png")).getpixel((9, 9)) == (255,) * 3


def test_colours_are_brought_to_srgb_by_their_profile(tmp_path):
    """A made-up profile with red and green exchanged: red pixels must come out green."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exchanged = profile.replace(b"rXYZ", b"?XYZ").replace(b"gXYZ", b"rXYZ").replace(b"?XYZ", b"gXYZ")
    exchanged = exchanged.replace("sRGB".encode("utf-16-be"), "xRGB".encode("utf-16-be"))
    red = Image.new("RGB", (50, 50), "red")
    seen = display(tmp_path, saved(tmp_path, red, "p.png", icc_profile=exchanged)).getpixel((25, 25))
    assert seen[1] > 200
    assert seen[0] < 60


def test_a_broken_profile_is_left_out(tmp_path):
    red = Image.new("RGB", (50, 50), "red")
    assert display(tmp_path, saved(tmp_path, red, "p.png", icc_profile=b"no profile")).getpixel((25, 25))[0] > 250


@pytest.mark.parametrize(
    ("size", "shown", "for_ai", "small"),
    [
        ((4000, 3000), (1600, 1200), (1024, 768), (320, 240)),
        ((3000, 4001), (1200, 1600), (768, 1024), (240, 320)),
        ((500, 400), (500, 400), (500, 400), (320, 256)),  # never enlarged
        ((9000, 2), (1600, 1), (1024, 1), (320, 1)),
    ],
)
def test_the_copies_fit_their_boxes(tmp_path, size, shown, for_ai, small):
    prepare(saved(tmp_path, Image.new("RGB", size, "green"), "p.jpg"), tmp_path / "copies", LIMITS)
    sizes = [opened(tmp_path / "copies" / name).size for name in ("display.jpg", "ai.jpg", "thumbnail.jpg")]
    assert sizes == [shown, for_ai, small]


def test_a_grainy_photo_still_makes_a_small_ai_copy(tmp_path):
    grain = Image.effect_noise((2000, 1500), 80).convert("RGB")
    prepare(saved(tmp_path, grain, "p.jpg"), tmp_path / "copies", LIMITS)
    copy = tmp_path / "copies/ai.jpg"
    assert copy.stat().st_size < 0.75 * len(encoded(opened(copy), 85))


def encoded(image: Image.Image, quality: int) -> bytes:
    out = BytesIO()
    image.save(out, "JPEG", quality=quality)
    return out.getvalue()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux only: a device that is always full")
def test_a_full_disk_is_said_to_be_full(tmp_path):
    (tmp_path / "copies").mkdir()
    (tmp_path / "copies/display.jpg").symlink_to("/dev/full")
    with pytest.raises(StorageFull):
        prepare(PHOTOS / "avocado.jpg", tmp_path / "copies", LIMITS)
