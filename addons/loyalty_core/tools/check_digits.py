"""Check digits of card numbers, as one table with two readers: Python here, SQL in ``sql/cards.py``.

A scheme says what each digit adds to the sum, by its place counted from the right of the number without its
check digit: even places (0, 2, …) read the first row, odd places the second. The check digit brings the sum
to a multiple of ten. Both schemes in use have this form, so neither needs an algorithm of its own:

* ``luhn`` (ISO/IEC 7812-1, bank cards): every second digit is doubled, and the digits of the product are
  added;
* ``ean13`` (GS1): every second digit counts three times.
"""

SCHEMES: dict[str, tuple[str, str]] = {
    "luhn": ("0246813579", "0123456789"),
    "ean13": ("0369258147", "0123456789"),
}


def weighted_sum(scheme: str, digits: str, place: int = 0) -> int:
    """What ``digits`` add to the sum when their last one stands at ``place`` from the right."""
    rows = SCHEMES[scheme]
    return sum(int(rows[(place + i) % 2][int(digit)]) for i, digit in enumerate(reversed(digits)))


def check_digit(scheme: str, payload: str) -> str:
    """The digit to be appended to ``payload``.

    >>> check_digit("luhn", "7992739871")      # the example of US patent 2,950,048's algorithm in common use
    '3'
    >>> check_digit("ean13", "400638133393")   # GS1's own example: Stabilo Point 88
    '1'
    """
    return str(-weighted_sum(scheme, payload) % 10)


def is_valid(scheme: str, number: str) -> bool:
    """Whether the last digit of ``number`` is its check digit.

    >>> is_valid("luhn", "4539578763621486"), is_valid("luhn", "4539578763621487")
    (True, False)
    >>> is_valid("ean13", "")
    False
    """
    return (
        number.isascii()
        and number.isdigit()
        and len(number) > 1
        and check_digit(scheme, number[:-1]) == number[-1]
    )
