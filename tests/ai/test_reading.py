"""What is read of rendered receipts and labels: straight, turned, on their sides, in bad light."""

from datetime import date
from pathlib import Path

import pytest

from ai.pool import open_idle_pool
from ai.work import read_text, warm_reading
from tests.printed import picture
from tests.rules.test_receipts import CASES, Case
from zwai.errors import BrokenImage
from zwai.kitchen.printed_dates import found
from zwai.kitchen.receipts import parsed, told
from zwai.kitchen.rows import rows
from zwai.records.reading import Receipt, TextLine, unpacked

reading = pytest.importorskip("ai.reading", reason="needs the extra that reads text")
pytestmark = pytest.mark.slow

TODAY = date(2026, 11, 24)
LABELS = [
    ("YOGURT NATURAL\nLOTE L4521\nVENCE: 03 DIC 2026", "2026-12-03"),
    ("F.P. 12/11/26\nF.V. 12/02/27\nLT 0931 B", "2027-02-12"),
    ("BEST BEFORE\n15 JAN 2027\nBATCH 77A2", "2027-01-15"),
    ("CONSUMIR PREF. ANTES DEL\n28.02.2027 L6328", "2027-02-28"),
    ("ELAB 20/11/26\nVTO 20/12/26", "2026-12-20"),
    ("USE BY 28 NOV 26", "2026-11-28"),
]


@pytest.mark.parametrize(("label", "degrees", "rough"), [(0, 0, None), (1, 8, None), (3, -4, 1), (4, 90, None)])
def test_the_date_of_a_label_is_read(label: int, degrees: float, rough: int | None, tmp_path: Path) -> None:
    text, day = LABELS[label]
    dates = found(read(picture(text, degrees, rough=rough, size=40), tmp_path), TODAY)
    assert str(dates[0].day) == day


@pytest.mark.parametrize(
    ("name", "degrees", "rough"),
    [
        ("a Peruvian supermarket, tax included", 8, None),
        ("one of the USA", -4, 1),
        ("one whose details stand below", 90, None),
    ],
)
def test_the_lines_of_a_receipt_are_read(name: str, degrees: float, rough: int | None, tmp_path: Path) -> None:
    case = CASES[name]
    pieces = read(picture(case.text, degrees, rough=rough), tmp_path)
    receipt = parsed(pieces, TODAY)
    assert receipt is not None
    assert (told(receipt)["total"], str(receipt.bought_on)) == (case.total, case.bought_on)
    assert words_read(case, pieces) >= 0.85 * len(case.text.split())
    assert lines_read(case, receipt) >= 0.8 * len(receipt.lines)


async def test_a_worker_reads_within_its_memory_and_ends(tmp_path: Path) -> None:
    page = "\n".join(f"LINEA {number:03} LECHE ENTERA GLORIA 1L    12.90" for number in range(20))
    (tmp_path / "page.jpg").write_bytes(picture(page, size=24))
    async with open_idle_pool(1, queue=1, idle_s=60, warm=warm_reading) as pool:
        lines = unpacked(await pool.run(read_text, tmp_path / "page.jpg", deadline_s=60))
    assert len(rows(lines)) == 20


def test_what_is_no_photo_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.jpg").write_text("not a photo")
    with pytest.raises(BrokenImage):
        reading.read_text(tmp_path / "text.jpg")


def read(photo: bytes, folder: Path) -> list[TextLine]:
    (folder / "photo.jpg").write_bytes(photo)
    lines: list[TextLine] = reading.read_text(folder / "photo.jpg")
    return lines


def lines_read(case: Case, receipt: Receipt) -> int:
    meant = {line.strip().removeprefix("-") for line in case.lines.split(";")}
    said = [f"{one.words}|{one.quantity.amount:f} {one.quantity.unit}|{one.price:.2f}" for one in receipt.lines]
    return sum(one in meant for one in said)


def words_read(case: Case, pieces: list[TextLine]) -> int:
    left = " ".join(piece.text for piece in pieces).replace("×", "x").split()
    count = 0
    for word in case.text.split():
        if word in left:
            left.remove(word)
            count += 1
    return count
