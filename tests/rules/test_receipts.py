"""What receipts of several countries say: their things, how much of each, what was paid, and what does not add up."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pytest

from tests.printed import pieces
from zwai.kitchen.receipts import parsed, told

TODAY = date(2026, 11, 24)


@dataclass(frozen=True)
class Case:
    """A receipt as text, and its lines as `words | amount unit | price`, a `-` before what is no food."""

    text: str
    shop: str
    bought_on: str | None
    currency: str
    lines: str
    total: str | None
    difference: str | None = "0.00"
    tax: str = "0.00"


CASES = {
    "a Peruvian supermarket, tax included": Case(
        """
SUPERMERCADO EL TAMBO
RUC 20512345678
BOLETA DE VENTA B012-0045
14/11/202618:42
LECHE ENTERA 1L    2 x 4.90     9.80
PLATANO DE SEDA    1.250 kg     3.13
ARROZ EXTRA 5KG                21.90
PIÑA GOLDEN UND                 5.50
YOGURT FRESA 1L                 7.20
SUBTOTAL                       40.28
IGV 18%                         7.25
TOTAL S/                       47.53
GRACIAS POR SU COMPRA
""",
        "SUPERMERCADO EL TAMBO", "2026-11-14", "PEN",
        "LECHE ENTERA|2 l|9.80; PLATANO DE SEDA|1.25 kg|3.13; ARROZ EXTRA|5 kg|21.90; PIÑA GOLDEN|1 piece|5.50;"
        "YOGURT FRESA|1 l|7.20",
        "47.53",
    ),
    "one with a tax on the bag, a discount and things that nobody eats": Case(
        """
BODEGA DOÑA ROSA S.A.C.
AV. LOS PINOS 120 LIMA
RUC: 10456789012
FECHA: 20/11/26   HORA: 10:15
CAJERO: 04
DESCRIPCION            CANT  P.UNIT  IMPORTE
LECH ENT GLORIA 400G      6    4.20    25.20
DSCTO CLUB                             -2.40
DETERGENTE ARIEL 1KG                   14.90
BOLSA PLASTICA                          0.10
HUEVOS X 15 UND                         9.5O
ICBPER                                  0.50
OP. GRAVADA                            40.09
I.G.V. 18%                              7.21
IMPORTE TOTAL  S/                      47.80
EFECTIVO                               50.00
VUELTO                                  2.20
""",
        "BODEGA DOÑA ROSA S.A.C", "2026-11-20", "PEN",
        "LECH ENT GLORIA|2400 g|22.80; -DETERGENTE ARIEL|1 kg|14.90; -BOLSA PLASTICA|1 piece|0.10;"
        "HUEVOS|15 piece|9.50",
        "47.80", tax="0.50",
    ),
    "one whose details stand below": Case(
        """
MINIMARKET SAN JUAN
B001-00012345
FECHA EMISION 19-11-2026
7750151001234 ACEITE PRIMOR 1L
        1 UN x 9.90                9.90
7750885012345 ATUN FLORIDA 170G
        3 UN x 5.50               16.50
2000123004567 PECHUGA POLLO
        1.120 KG x 16.90          18.93
TOTAL A PAGAR
S/ 45.33
VISA ****1234                     45.33
""",
        "MINIMARKET SAN JUAN", "2026-11-19", "PEN",
        "ACEITE PRIMOR|1 l|9.90; ATUN FLORIDA|510 g|16.50; PECHUGA POLLO|1.12 kg|18.93",
        "45.33",
    ),
    "one of the USA": Case(
        """
GREEN VALLEY MARKET
12 High Street
Date 11/04/2026  18:42
MILK 2% 1GAL                3.49 F
BANANAS 2.31 lb @ 0.59      1.36 F
EGGS LARGE 12CT             4.29
CHEDDAR 80Z                 3.99
AVOCAD0 3 @ 1.25            3.75
MFR COUPON                 -1.00
PAPER TOWELS                6.50 T
SUBTOTAL                   22.38
TAX                         0.58
TOTAL                      22.96
VISA DEBIT                 22.96
CHANGE                      0.00
THANK YOU
""",
        "GREEN VALLEY MARKET", "2026-11-04", "USD",
        "MILK 2%|3.785 l|3.49; BANANAS|2.31 lb|1.36; EGGS LARGE|12 piece|4.29; CHEDDAR|8 oz|3.99;"
        "AVOCADO|3 piece|2.75; -PAPER TOWELS|1 piece|6.50",
        "22.96", tax="0.58",
    ),
    "one of Spain, whose lines begin with how many": Case(
        """
SUPERMERCADOS DEL SOL, S.A.
C.I.F. A-46103834
21/11/2026 19:02  OP: 112233
Descripción         P. Unit  Importe
1  LECHE ENTERA 1L              0,95
2  YOGUR NATURAL 4X125G  1,20   2,40
1  PLATANO
   0,750 kg    1,99 €/kg        1,49
1  JAMON SERRANO 200G           3,25
TOTAL (€)                       8,09
TARJETA BANCARIA                8,09
IVA        BASE IMPONIBLE (€)  CUOTA (€)
10%        7,35                 0,74
""",
        "SUPERMERCADOS DEL SOL, S.A", "2026-11-21", "EUR",
        "LECHE ENTERA|1 l|0.95; YOGUR NATURAL|1000 g|2.40; PLATANO|0.75 kg|1.49; JAMON SERRANO|200 g|3.25",
        "8.09",
    ),
    "one of the United Kingdom": Case(
        """
CORNER STORES LTD
VAT No 123 4567 89
03/11/26 17:20
SEMI SKIMMED MILK 2L        1.45
WHOLEMEAL BREAD 800G        1.40
BRITISH CHICKEN BREAST      4.75
MEMBER SAVINGS             -0.75
TOTAL                      £6.85
CONTACTLESS                £6.85
""",
        "CORNER STORES LTD", "2026-11-03", "GBP",
        "SEMI SKIMMED MILK|2 l|1.45; WHOLEMEAL BREAD|800 g|1.40; BRITISH CHICKEN BREAST|1 piece|4.00",
        "6.85",
    ),
    "one of Chile, without cents": Case(
        """
SUPERMERCADO LOS ANDES
RUT 76.123.456-7
FECHA 22/11/2026
PAN MARRAQUETA 1KG         $1.890
LECHE ENTERA 1L            $1.150
PALTA HASS 0.640 KG        $2.990
TOTAL                      $6.030
""",
        "SUPERMERCADO LOS ANDES", "2026-11-22", "CLP",
        "PAN MARRAQUETA|1 kg|1890; LECHE ENTERA|1 l|1150; PALTA HASS|0.64 kg|2990",
        "6030.00",
    ),
    "one of Brazil": Case(
        """
MERCADO CENTRAL
CNPJ 12.345.678/0001-90
22/11/2026 09:12
LEITE INTEGRAL 1L  2 UN x 4,99    9,98
ARROZ BRANCO 5KG                 27,90
TOTAL R$                         37,88
PIX                              37,88
""",
        "MERCADO CENTRAL", "2026-11-22", "BRL",
        "LEITE INTEGRAL|2 l|9.98; ARROZ BRANCO|5 kg|27.90",
        "37.88",
    ),
    "one whose sum is not its total": Case(
        """
TIENDA LA ESQUINA
FECHA 18/11/2026
TOMATE   0.640 x 3.90    2.50
CEBOLLA ROJA  1 KG       3.20
TOTAL S/                 9.70
""",
        "TIENDA LA ESQUINA", "2026-11-18", "PEN",
        "TOMATE|0.64 kg|2.50; CEBOLLA ROJA|1 kg|3.20",
        "9.70", difference="4.00",
    ),
    "one that is torn below": Case(
        """
FRUTERIA PEPE
17/11/2026
MANZANA ROYAL 1.5 KG     7.50
MANDARINA KG 2.100       8.40
UVA RED GLOBE 0.500 KG   4.25
""",
        "FRUTERIA PEPE", "2026-11-17", "PEN",
        "MANZANA ROYAL|1.5 kg|7.50; MANDARINA|2.1 kg|8.40; UVA RED GLOBE|0.5 kg|4.25",
        None, difference=None,
    ),
    "one that was rounded and has a discount on all": Case(
        """
MARKET EXPRESS
RUC 20123456789
FECHA 16/11/2026
PAN FRANCES 10 UN         3.33
QUESO FRESCO 1/2 KG       9.90
GASEOSA 6 X 330ML        12.50
SUBTOTAL                 25.73
DESCUENTO                 2.00
REDONDEO                 -0.03
TOTAL                    23.70
PAGO CON YAPE            23.70
USTED AHORRO              2.00
""",
        "MARKET EXPRESS", "2026-11-16", "PEN",
        "PAN FRANCES|10 piece|3.33; QUESO FRESCO|0.5 kg|9.90; GASEOSA|1.98 l|12.50",
        "23.70", tax="-2.03",
    ),
    "one with codes, and weights below": Case(
        """
            BIG STORE
     Save a little. Live a little.
   ( 555 ) 123 - 4567
ST# 05483  OP# 009044  TE# 44  TR# 01396
PNT BUTTR       007874237003 F     3.84 N
BANANAS         000000004011KF
  2.46 lb @ 1 lb /0.49             1.21 N
EGGS LARGE 18CT 060538887928 F     2.78 N
PAPER PLATES    087458405164       1.24 X
          SUBTOTAL                 9.07
      TAX 1   7.000 %              0.09
             TOTAL                 9.16
         DEBIT TEND                9.16
        CHANGE DUE                 0.00
 # ITEMS SOLD 4
        10/28/26   14:09:14
""",
        "BIG STORE", "2026-10-28", "USD",
        "PNT BUTTR|1 piece|3.84; BANANAS|2.46 lb|1.21; EGGS LARGE|18 piece|2.78; -PAPER PLATES|1 piece|1.24",
        "9.16", tax="0.09",
    ),
    "one of Colombia, with how many above": Case(
        """
TIENDAS DEL VALLE
NIT 900111222-1
FECHA 19-11-2026 17:40
LECHE ENTERA LATTI 1.1L       4.350
HUEVOS AA X30                17.900
2 X 1.990
PAN TAJADO                    3.980
TOTAL A PAGAR                26.230
EFECTIVO                     30.000
CAMBIO                        3.770
""",
        "TIENDAS DEL VALLE", "2026-11-19", "COP",
        "LECHE ENTERA LATTI|1.1 l|4350; HUEVOS AA|30 piece|17900; PAN TAJADO|2 piece|3980",
        "26230.00",
    ),
    "one of Mexico": Case(
        """
TIENDA DE LA ESQUINA
RFC: XAX010101000
FECHA: 18/11/2026  HORA: 09:31
1  COCA COLA 600ML      $18.00
2  GALL MARIAS 170G     $39.00
2 x PAN BLANCO          $45.50
TOTAL                  $102.50
EFECTIVO               $200.00
CAMBIO                  $97.50
""",
        "TIENDA DE LA ESQUINA", "2026-11-18", "MXN",
        "COCA COLA|600 ml|18.00; GALL MARIAS|340 g|39.00; PAN BLANCO|2 piece|45.50",
        "102.50",
    ),
    "one with figures that were read as letters": Case(
        """
MERCAD0 BELEN
FECHA 15/ll/2026
LECHE EVAP0RADA 400G      4.5O
ARR0Z COSTE0 1KG          4.80
T0TAL S/                  9.30
""",
        "MERCADO BELEN", "2026-11-15", "PEN",
        "LECHE EVAPORADA|400 g|4.50; ARROZ COSTEO|1 kg|4.80",
        "9.30",
    ),
}  # fmt: skip

NONE = {
    "a label": "YOGURT NATURAL\nLOTE L4521\nVENCE: 03 DIC 2026",
    "facts of nutrition": "NUTRITION FACTS\nEnergy 250 kcal\nFat      12.5 g\nSugars    3.20 g\nSalt      0.50 g",
    "a page": "Once upon a time there was\na house with 3 windows\nand 2 doors",
    "a price tag": "LECHE ENTERA\nS/ 4.90",
    "nothing": "",
}


@pytest.mark.parametrize("degrees", [0, 3, -8, 8])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_receipt_is_read_as_it_is_meant(case: Case, degrees: float) -> None:
    receipt = parsed(pieces(case.text, degrees), TODAY)
    assert receipt is not None
    lines = [
        f"{'' if line.food else '-'}{line.words}|{line.quantity.amount:f} {line.quantity.unit}|{line.price:.2f}"
        for line in receipt.lines
    ]
    wanted = [line.strip() for line in case.lines.split(";")]
    assert lines == [line if "." in line.rpartition("|")[2] else f"{line}.00" for line in wanted]
    said = told(receipt)
    assert (said["shop"], said["bought_on"] or None, said["currency"]) == (case.shop, case.bought_on, case.currency)
    assert (said["total"] or None, said["difference"] or None, said["tax"]) == (case.total, case.difference, case.tax)


@pytest.mark.parametrize("text", NONE.values(), ids=NONE)
def test_what_is_no_receipt_is_none(text: str) -> None:
    assert parsed(pieces(text), TODAY) is None


def test_a_line_tells_where_it_stands() -> None:
    receipt = parsed(pieces(CASES["one of Brazil"].text), TODAY)
    assert receipt is not None
    boxes = [line.box for line in receipt.lines]
    assert boxes[0].y_max < boxes[1].y_min
    assert boxes[0].x_max > 0.4  # the price is in it
    assert receipt.sum == Decimal("37.88")
