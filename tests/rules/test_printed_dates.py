"""What day a label says: a table of labels in four languages, and what must never be taken for an expiry."""

from datetime import date

import pytest

from tests.printed import pieces
from zwai.kitchen.printed_dates import found
from zwai.records.stock import LabelKind

TODAY = date(2026, 11, 24)
USE, BEST = LabelKind.USE_BY, LabelKind.BEST_BEFORE

# Label (a slash between spaces is a new line), the first day, its kind, what else it may be.
LABELS = [
    # Spanish
    ("VENCE: 03 DIC 2026", "2026-12-03", USE, ()),
    ("VENCE 03/12/26", "2026-12-03", USE, ("2026-03-12",)),
    ("VENCE03DIC2026", "2026-12-03", USE, ()),
    ("VTO 31/12/2026", "2026-12-31", USE, ()),
    ("VTO. 31.12.26", "2026-12-31", USE, ()),
    ("F.V. 12/02/27", "2027-02-12", USE, ("2027-12-02",)),
    ("FV:12-02-2027", "2027-02-12", USE, ("2027-12-02",)),
    ("F. VENC. 15-ENE-27", "2027-01-15", USE, ()),
    ("FECHA DE VENCIMIENTO 2027-01-15", "2027-01-15", USE, ()),
    ("FECHA VENC: 15/01/2027", "2027-01-15", USE, ()),
    ("VENC 031226", "2026-12-03", USE, ("2026-03-12",)),
    ("VENC. 03122026", "2026-12-03", USE, ("2026-03-12",)),
    ("VENCE DIC 2026", "2026-12-31", USE, ()),
    ("VENCE 12/2027", "2027-12-31", USE, ()),
    ("CAD 12/27", "2027-12-31", USE, ()),
    ("CAD. 28/02/27", "2027-02-28", USE, ()),
    ("CADUCA EL 3 DE DICIEMBRE DE 2026", "2026-12-03", USE, ()),
    ("FECHA DE CADUCIDAD: 15 ENERO 2027", "2027-01-15", USE, ()),
    ("CONSUMIR ANTES DE 20/01/27", "2027-01-20", BEST, ()),
    ("CONSUMIR PREFERENTEMENTE ANTES DEL 15.01.2027", "2027-01-15", BEST, ()),
    ("Consumir preferentemente antes del fin de: / MAR 2028", "2028-03-31", BEST, ()),
    ("CONS. PREF. 30 SEP 2027", "2027-09-30", BEST, ()),
    ("MEJOR ANTES DE SET 2027", "2027-09-30", BEST, ()),
    ("VÁLIDO HASTA 30-11-2026", "2026-11-30", USE, ()),
    ("EXP 15 AGO 27", "2027-08-15", USE, ()),
    ("F.P. 12/11/26 / F.V. 12/02/27 / LT 0931 B", "2027-02-12", USE, ("2027-12-02",)),
    ("ELAB 20/11/26 VTO 20/12/26", "2026-12-20", USE, ()),
    ("ELAB: 20/11/26  VENC: 04/12/26", "2026-12-04", USE, ()),
    ("F.P.      F.V. / 12/11/26  12/02/27", "2027-02-12", USE, ("2027-12-02",)),
    ("LOTE L4521 / VENCE: 03 DIC 2026", "2026-12-03", USE, ()),
    ("L0TE L4521 / VENCE: 03 D1C 2026", "2026-12-03", USE, ()),
    ("LOTE 031126 VENCE 03/12/26", "2026-12-03", USE, ("2026-03-12",)),
    ("VENCE: O3/I2/26", "2026-12-03", USE, ("2026-03-12",)),
    ("VENCE 1S/0B/27", "2027-08-15", USE, ()),
    ("VENC 05/12", "2026-12-05", USE, ()),
    # English
    ("BEST BEFORE / 15 JAN 2027 / BATCH 77A2", "2027-01-15", BEST, ()),
    ("USE BY 28 NOV", "2026-11-28", USE, ()),
    ("USE BY 28/11/26", "2026-11-28", USE, ()),
    ("BB 15/01/27", "2027-01-15", BEST, ()),
    ("BBE JAN 2028", "2028-01-31", BEST, ()),
    ("BEST BEFORE END: 03 2028 L7A", "2028-03-31", BEST, ()),
    ("BEST BEFORE END: 03/2028", "2028-03-31", BEST, ()),
    ("EXP 2027-03-01", "2027-03-01", USE, ()),
    ("EXP. DATE: DEC 03, 2026", "2026-12-03", USE, ()),
    ("EXP 12/03/2026", "2026-03-12", USE, ("2026-12-03",)),  # long past, and said: the later would be a risk
    ("EXPIRES 04/05/27", "2027-05-04", USE, ("2027-04-05",)),
    ("BEST BY 04/05/27", "2027-04-05", BEST, ("2027-05-04",)),
    ("BEST IF USED BY MAR 15 2027", "2027-03-15", BEST, ()),
    ("SELL BY DEC 01", "2026-12-01", BEST, ()),
    ("MFG 01/11/26 EXP 01/11/27", "2027-11-01", USE, ("2027-01-11",)),
    ("PKD 20 NOV 26 / USE BY 27 NOV 26", "2026-11-27", USE, ()),
    ("PACKED ON 20.11.26 BEST BEFORE 20.11.27", "2027-11-20", BEST, ()),
    ("2027 JAN 15 BB", "2027-01-15", BEST, ()),
    ("BB/MA 2027 MAR 03", "2027-03-03", BEST, ()),
    # Portuguese
    ("VAL: 15/01/2027", "2027-01-15", USE, ()),
    ("VALIDADE 15 FEV 27", "2027-02-15", USE, ()),
    ("FAB 10/11/26 VAL 10/05/27", "2027-05-10", USE, ("2027-10-05",)),
    ("CONSUMIR DE PREFERÊNCIA ANTES DE: DEZ 2027", "2027-12-31", BEST, ()),
    ("CONSUMIR ATÉ 02 DEZ 2026", "2026-12-02", USE, ()),
    # French
    ("À CONSOMMER JUSQU'AU 28/11/26", "2026-11-28", USE, ()),
    ("A CONSOMMER DE PREFERENCE AVANT FIN 08/2027", "2027-08-31", BEST, ()),
    ("DLC 15 DÉC 2026", "2026-12-15", USE, ()),
    ("DDM 15 AOÛT 2027", "2027-08-15", BEST, ()),
    # In rows of words and rows of what they say, and with the year first
    ("CADUCIDAD / LOTE / 15-01-27 / L123", "2027-01-15", USE, ()),
    ("F.P. / F.V. / 12/11/26 / 12/02/27", "2027-02-12", USE, ("2027-12-02",)),
    ("ELAB / 10/11/26 / VENCE / 20/12/26", "2026-12-20", USE, ()),
    ("BEST BEFORE / BATCH 77A2 / 15 JAN 2027", "2027-01-15", BEST, ()),
    ("EXP 15/01/2027 MFG 15/10/2026", "2027-01-15", USE, ()),
    ("USE BY: 15JAN2027 14:22 L3", "2027-01-15", USE, ()),
    ("CAD:15/01/27 09:45 L-3B", "2027-01-15", USE, ()),
    ("DISPLAY UNTIL 18 NOV USE BY 20 NOV", "2026-11-20", USE, ()),
    ("CONSUMIR DE PREFERENCIA ANTES DEL 01/2028", "2028-01-31", BEST, ()),
    ("27/01/15", "2027-01-15", BEST, ()),
    # GS1
    ("(01)07750151001234(17)261203(10)L4521", "2026-12-03", USE, ()),
    ("(01)07750151001234(15)270100(10)77", "2027-01-31", BEST, ()),
    ("(11)261103 (17)270215", "2027-02-15", USE, ()),
    # Nothing but a date
    ("03/12/26", "2026-12-03", BEST, ("2026-03-12",)),
    ("03 DIC 2026", "2026-12-03", BEST, ()),
    ("20.11.26 / 20.02.27", "2027-02-20", BEST, ()),
    ("L4521 03 DIC 2026", "2026-12-03", BEST, ()),
    # No date to keep to
    ("LOTE 031226", None, None, ()),
    ("L 031226", None, None, ()),
    ("LOTE: 12/11/26", None, None, ()),
    ("BATCH 77A2", None, None, ()),
    ("LT 0931 B", None, None, ()),
    ("L6328 14:05", None, None, ()),
    ("ELAB 20/11/26", None, None, ()),
    ("F. PROD. 20 NOV 2026", None, None, ()),
    ("031226", None, None, ()),
    ("7750151001234", None, None, ()),
    ("VENCE 99/99/99", None, None, ()),
    ("VENCE 30/02/27", None, None, ()),
    ("VENCE 31/11/2026", None, None, ()),
    ("FREEZE BY 20 NOV", None, None, ()),
    ("REG SAN 12-34-56", None, None, ()),
    ("PESO NETO 1.250 KG", None, None, ()),
    ("12/27", None, None, ()),
    ("YOGURT NATURAL / VER FECHA EN TAPA", None, None, ()),
    ("TEL 01 418 1930", None, None, ()),
]  # fmt: skip


@pytest.mark.parametrize(("label", "day", "kind", "others"), LABELS, ids=[row[0] for row in LABELS])
def test_a_label_is_read_as_it_is_meant(
    label: str, day: str | None, kind: LabelKind | None, others: tuple[str, ...]
) -> None:
    dates = found(pieces(label.replace(" / ", "\n")), TODAY)
    said = (dates[0].day.isoformat(), dates[0].kind, tuple(map(str, dates[0].others))) if dates else (None, None, ())
    assert said == (day, kind, others)


@pytest.mark.parametrize("degrees", [-8, -3, 0, 3, 8])
def test_a_turned_label_is_read_by_its_rows(degrees: float) -> None:
    text = "YOGURT NATURAL\nF.P.        F.V.\n12/11/26    12/02/27\nLT 0931 B"
    assert found(pieces(text, degrees), TODAY)[0].day == date(2027, 2, 12)


def test_a_bare_date_says_that_nothing_names_it() -> None:
    (bare,) = found(pieces("03 DIC 2026"), TODAY)
    (named,) = found(pieces("VENCE 03 DIC 2026"), TODAY)
    assert (bare.named, named.named) == (False, True)


def test_of_two_days_the_one_that_words_name_comes_first() -> None:
    days = found(pieces("15/01/2027\nVENCE 03/12/2026"), TODAY)
    assert [str(one.day) for one in days] == ["2026-12-03", "2027-01-15"]


def test_an_implausible_day_comes_last() -> None:
    days = found(pieces("VENCE 13/12/2016\nCAD 13/01/2027"), TODAY)
    assert [str(one.day) for one in days] == ["2027-01-13", "2016-12-13"]


@pytest.mark.parametrize(("label", "days"), [("VENCE 24/11/2046", 1), ("VENCE 24/12/2046", 0), ("VENCE 31/12/2099", 0)])
def test_a_day_until_which_nothing_keeps_is_none(label: str, days: int) -> None:
    assert len(found(pieces(label), TODAY)) == days


def test_a_date_tells_where_it_stands() -> None:
    (one,) = found(pieces("YOGURT\nVENCE 03 DIC 2026"), TODAY)
    assert one.text == "VENCE 03 DIC 2026"
    assert one.box is not None
    assert one.box.y_min > 0.06
