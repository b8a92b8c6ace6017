"""GTIN arithmetic: check digits and the forms one item is printed in (GS1 General Specifications, 7.9)."""

from __future__ import annotations


def check_digit(body: str) -> str:
    """Returns the digit that completes `body`: weights 3 and 1 from the right, modulo 10."""
    total = sum(int(d) * (3 if i % 2 == 0 else 1) for i, d in enumerate(reversed(body)))
    return str(-total % 10)


def complete(body: str) -> str:
    """Returns `body` with its check digit."""
    return body + check_digit(body)


def is_valid(code: str) -> bool:
    """Says whether `code` is a GTIN of 8, 12, 13 or 14 digits with a right check digit, and not all zeros."""
    return (
        code.isascii()
        and code.isdigit()
        and len(code) in (8, 12, 13, 14)
        and code.strip("0") != ""
        and check_digit(code[:-1]) == code[-1]
    )


def gtin14(code: str) -> str:
    """Returns the form under which two prints of the same item are equal."""
    return code.zfill(14)


def wrong(code: str) -> str:
    """Returns `code` with a check digit that is not right: a misprint."""
    return code[:-1] + str((int(code[-1]) + 4) % 10)


def in_store(code: str) -> bool:
    """Says whether `code` is numbered by a shop for itself: GS1 prefixes 02, 04 and 20 to 29, and eight digits (or
    what zeros make longer) that begin with 0 or 2."""
    digits = gtin14(code)[1:]
    if digits.startswith("00000"):
        return digits[5] in "02"
    return len(code) >= 12 and (digits[0] == "2" or digits[:2] in ("02", "04"))


def upc_e(upc_a: str) -> str:
    """Returns the zero-suppressed form of a UPC-A whose maker's code ends in 00 and whose item is below 100."""
    maker, item = upc_a[1:6], upc_a[6:11]
    if upc_a[0] != "0" or not maker.endswith("00") or maker[2] in "012" or not item.startswith("000"):
        raise ValueError(f"{upc_a} has no short form of this kind")
    return upc_a[0] + maker[:3] + item[3:] + "3" + upc_a[11]


class Numbers:
    """Hands out GTINs of one made-up company, one after the other."""

    def __init__(self, prefix: str, length: int) -> None:
        self.prefix = prefix
        self.width = length - len(prefix) - 1
        self.item = 0

    def next(self) -> str:
        """Returns the next item's GTIN."""
        self.item += 1
        return complete(self.prefix + str(self.item).zfill(self.width))
