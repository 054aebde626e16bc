"""``birthday``: days around the member's birthday."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import ClassVar

from .. import schema
from ..facts import Need, Profile
from ..receipt import Receipt
from ..registry import CONDITIONS, Condition, Reason
from ..select import Keys, keys_of


@CONDITIONS.register("birthday")
@dataclass(frozen=True, slots=True)
class Birthday(Condition):
    """It is the member's birthday, or so many days before or after it. Who was born on 29 February has the birthday on
    the 28th in common years."""

    example: ClassVar[Mapping[str, object]] = {"days_before": 3, "days_after": 3}
    is_of_member: ClassVar[bool] = True

    days_before: int = schema.integer(min=0, max=180, default=0)
    days_after: int = schema.integer(min=0, max=180, default=0)

    def needs(self) -> Iterator[Need]:
        yield Profile("birth_date")

    def judge(self, receipt: Receipt) -> Iterator[Reason]:
        member = receipt.basket.member
        born = member.birth_date if member else None
        today = receipt.basket.at.date()
        first, last = today - timedelta(days=self.days_after), today + timedelta(days=self.days_before)
        years = range(first.year, last.year + 1)
        if born is None or not any(first <= _in_year(born, year) <= last for year in years):
            yield Reason(self.kind)

    def keys(self) -> Keys:
        return keys_of("member", ["yes"])


def _in_year(born: date, year: int) -> date:
    try:
        return born.replace(year=year)
    except ValueError:
        return date(year, 2, 28)
