"""``identified``: whether there is a member."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from .. import schema
from ..receipt import Receipt
from ..registry import CONDITIONS, Condition, Reason
from ..select import Keys, keys_of


@CONDITIONS.register("identified")
@dataclass(frozen=True, slots=True)
class Identified(Condition):
    """There is a member; with `value` false, there is none."""

    example: ClassVar[Mapping[str, object]] = {"value": True}
    is_of_member: ClassVar[bool] = True

    value: bool = schema.flag(default=True)

    def judge(self, receipt: Receipt) -> Iterator[Reason]:
        if (receipt.basket.member is not None) != self.value:
            yield Reason(self.kind)

    def keys(self) -> Keys:
        return keys_of("member", ["yes" if self.value else "no"])
