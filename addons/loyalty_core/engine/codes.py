"""How promo codes are compared, and what they are made of.

People write a code in small letters and with spaces or hyphens in it; it is the same code. Codes that are made by
themselves use signs that nobody takes for one another, and their last sign checks the others.
"""

import re

#: Digits and capital letters without 0, 1, I, L, O. Their number is a prime, so that any two weights differ: a check
#: sign tells every single wrong sign, and any two that have changed places.
SIGNS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


CODE_LENGTH = 64


def normal_code(text: str) -> str:
    """No longer than a code may be, though some letters become two when they are made large.

    >>> normal_code(" spring-26 ")
    'SPRING26'
    """
    return re.sub(r"[\W_]", "", text.upper())[:CODE_LENGTH]


def check_sign(signs: str) -> str:
    """The sign that is appended to ``signs``: with it the sum of all, by their weights, is a multiple of 31.

    >>> check_sign("ABC234")
    'N'
    """
    total = sum(SIGNS.index(sign) * weight for weight, sign in enumerate(reversed(signs), start=2))
    return SIGNS[-total % len(SIGNS)]
