"""Texts that a barcode font draws: what card printers ask for beside the plain number.

The encodings are those of the freely available fonts EAN-13 and Code 128 in common use (Grandzebu's and compatible).
"""

import re

#: Which of the two left-hand alphabets digits 2 to 7 take, by the first digit (GS1 General Specifications).
EAN13_PARITY = (
    *("AAAAAA", "AABABB", "AABBAB", "AABBBA", "ABAABB"),
    *("ABBAAB", "ABBBAA", "ABABAB", "ABABBA", "ABBABA"),
)
CODE128_B, CODE128_C, CODE128_STOP, CODE128_C_TO_B = 104, 105, 106, 100


def ean13_text(number: str) -> str:
    """The text of 13 digits; empty for what is no EAN-13.

    >>> ean13_text("4006381333931")
    '4AKGDSL*dddjdb+'
    >>> ean13_text("12")
    ''
    """
    if not re.fullmatch(r"[0-9]{13}", number):
        return ""
    parity = EAN13_PARITY[int(number[0])]
    left = "".join(chr(ord(digit) + (17 if row == "A" else 27)) for digit, row in zip(number[1:7], parity, strict=True))
    right = "".join(chr(ord(digit) + 49) for digit in number[7:])
    return f"{number[0]}{left}*{right}+"


def code128_text(number: str) -> str:
    """The text of digits and Latin letters, with start, checksum and stop; pairs of digits share one sign.

    >>> code128_text("AB")
    'ÌABÊÎ'
    >>> [ord(sign) for sign in code128_text("2900")]
    [205, 61, 32, 63, 206]
    """
    if number.isdigit() and number.isascii() and len(number) >= 2:
        pairs = len(number) - len(number) % 2
        values = [CODE128_C, *(int(number[place : place + 2]) for place in range(0, pairs, 2))]
        if pairs < len(number):
            values += [CODE128_C_TO_B, ord(number[-1]) - 32]
    else:
        values = [CODE128_B, *(ord(sign) - 32 for sign in number)]
    checksum = (values[0] + sum(place * value for place, value in enumerate(values))) % 103
    return "".join(map(_code128_sign, [*values, checksum, CODE128_STOP]))


def _code128_sign(value: int) -> str:
    return chr(value + 32 if value < 95 else value + 100)


def grouped(number: str) -> str:
    """
    >>> grouped("2900000000018")
    '2900 0000 0001 8'
    """
    return " ".join(number[place : place + 4] for place in range(0, len(number), 4))
