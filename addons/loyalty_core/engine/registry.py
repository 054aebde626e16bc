"""Kinds of condition, reward and trigger: each is a declared dataclass in a file of its own that registers itself
here.

Adding a kind is one file (and its vectors); another addon does it just so:

    @CONDITIONS.register("moon")
    @dataclass(frozen=True, slots=True)
    class Moon(Condition):
        phase: str = schema.choice("new", "full")

        def judge(self, receipt: Receipt) -> Iterator[Reason]:
            if moon_phase(receipt.basket.at) != self.phase:
                yield Reason("moon")
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar

from . import schema
from .basket import PromoCode
from .facts import Need
from .select import EVERY_LINE, Keys, Target

if TYPE_CHECKING:
    from .receipt import Receipt, Turn


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a promotion has no effect: a stable code and figures. Amounts among them end in ``_minor`` or
    ``_micro``."""

    code: str
    params: Mapping[str, object] = field(default_factory=dict)


class Phase(IntEnum):
    """When a reward acts. Discounts act in their groups, each later phase after all groups, in this order."""

    DISCOUNT = 1
    TOTAL = 2
    SPEND = 3
    FACTOR = 4
    ACCRUE = 5
    TELL = 6


class Condition:
    """Something that holds for a receipt or does not; its fields are its parameters.

    Its docstring and ``example``, the document of one, are its documentation.
    """

    kind: ClassVar[str]
    example: ClassVar[Mapping[str, object]] = {}
    #: Whether it can be judged of a member at a moment, without a purchase.
    is_of_member: ClassVar[bool] = False

    def judge(self, receipt: "Receipt") -> Iterator[Reason]:
        """Every reason why it does not hold; nothing where it holds. The caller may stop at the first."""
        raise NotImplementedError

    @property
    def is_late(self) -> bool:
        """Whether it depends on what other promotions leave, so that it is judged when its promotion's turn
        comes."""
        return False

    def keys(self) -> Keys:
        """Keys of which every basket that fulfils it has at least one; None: there are none such."""
        return None

    @property
    def is_last(self) -> bool:
        """Whether it depends on what is left to pay in the end, so that it is judged when points are given."""
        return False

    def needs(self) -> Iterator[Need]:
        """What must be known of the member to judge it."""
        return iter(())

    @property
    def needs_basket(self) -> bool:
        """Whether there must be a purchase to judge it by."""
        return not self.is_of_member

    def within(self, promotion: str) -> Self:
        """The same as a condition of the promotion of this code."""
        return self

    @property
    def finds_sets(self) -> bool:
        """Whether rewards may be given per set."""
        return False

    @property
    def takes_codes(self) -> bool:
        """Whether it asks for promo codes."""
        return False

    def codes(self, receipt: "Receipt") -> Iterator[tuple[PromoCode, ...]]:
        """Of each condition on codes by which it holds, the presented codes that fulfil it."""
        return iter(())

    def sets(self, receipt: "Receipt", most: int) -> tuple[Mapping[int, int], ...]:
        """At most so many whole sets of units that are not consumed yet: of each the number of units by line
        position."""
        return ()


class Reward:
    """Something that a promotion gives; its fields are its parameters.

    Its docstring and ``example``, the document of one, are its documentation.
    """

    kind: ClassVar[str]
    example: ClassVar[Mapping[str, object]] = {}
    phase: ClassVar[Phase]
    target: Target = EVERY_LINE
    unit: str = ""
    per: str = ""
    for_member: ClassVar[bool] = False
    needs_lines: ClassVar[bool] = True

    @property
    def is_repeated(self) -> bool:
        """Whether it is given a number of times within one receipt, which the limit ``per_receipt`` bounds."""
        return False

    @property
    def pays_codes(self) -> bool:
        """Whether it pays out what codes are worth."""
        return False

    @property
    def earns_on(self) -> str:
        """The amounts of lines by which it earns points, as ``Receipt.amounts`` names them; none: not by lines."""
        return ""

    @property
    def acts_in(self) -> Phase:
        """The phase in which apply is called."""
        return self.phase

    @property
    def needs_basket(self) -> bool:
        """Whether there must be a purchase to give it for."""
        return True

    def apply(self, turn: "Turn") -> None:
        """Give it: everything a reward does goes through its promotion's turn."""
        raise NotImplementedError

    def needs(self) -> Iterator[Need]:
        """What must be known of the member to give it."""
        return iter(())

    def within(self, promotion: str) -> Self:
        """The same as a reward of the promotion of this code."""
        return self

    def keys(self) -> Keys:
        """Keys of which every basket on which it has an effect has at least one."""
        return self.target.keys() or (frozenset({("member", "yes")}) if self.for_member else None)


class Trigger:
    """What sets a promotion off, other than a purchase: something that happens to a member, or a day of theirs.

    Its docstring and ``example`` are its documentation. Events are known by the kinds under which the stream of
    business events tells them; days that come back every year by the part of the member's profile that holds them.
    """

    kind: ClassVar[str]
    example: ClassVar[Mapping[str, object]] = {}
    #: Kinds of business events of which each is a happening.
    stream: ClassVar[frozenset[str]] = frozenset()
    #: The profile's date that comes back every year; a promotion is set off once in each of its years.
    yearly: ClassVar[str] = ""
    #: It happens to a member but once, however often it is told.
    is_once: ClassVar[bool] = False
    #: Judged in the transaction of the event itself, and not by the job a little later.
    is_prompt: ClassVar[bool] = False
    offset_days: int = 0

    @property
    def condition(self) -> "Condition | None":
        """What must hold of the member, or else nothing has happened."""
        return None

    def fits(self, data: Mapping[str, object]) -> bool:
        """Whether an event of the stream with this data is a happening."""
        return True


C = TypeVar("C")
K = TypeVar("K")


class Kinds(Generic[C]):
    """The registered kinds of one sort, known by name: ``{"kind": NAME, …}`` in documents.

    A branch of a tree has no kind: it is known by its only key, as in ``{"all": […]}``.
    """

    def __init__(self, word: str):
        self.word = word
        self.leaves: dict[str, type[C]] = {}
        self.branches: dict[str, type[C]] = {}

    def register(self, name: str) -> Callable[[type[K]], type[K]]:
        """Make a kind known; a name is taken once."""
        return self._register(name, self.leaves)

    def branch(self, key: str) -> Callable[[type[K]], type[K]]:
        """Make a branch known by its key."""
        return self._register(key, self.branches)

    def _register(self, name: str, known: dict[str, type[C]]) -> Callable[[type[K]], type[K]]:
        def keep(of: Any) -> Any:
            if name in known:
                raise ValueError(f"{self.word} {name} is registered already")
            of.kind = name
            known[name] = of
            return of

        return keep

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self.leaves))


CONDITIONS: Kinds[Condition] = Kinds("condition")
REWARDS: Kinds[Reward] = Kinds("reward")
TRIGGERS: Kinds[Trigger] = Kinds("event")


@dataclass(frozen=True, slots=True)
class KindOf(schema.Type):
    """A document of one of the registered kinds."""

    kinds: Kinds[Any]
    name = "kind"

    def read(self, value: object, path: str, reading: schema.Reading) -> object:
        if not isinstance(value, dict):
            return reading.refuse(path, "type", "must be an object")
        if "kind" not in value:
            return self._read_branch(value, path, reading)
        known = schema.Choice(self.kinds.names)
        kind = known.read(value["kind"], f"{path}.kind", reading)
        if not isinstance(kind, str):
            return kind
        rest = {key: item for key, item in value.items() if key != "kind"}
        return schema.read_object(self.kinds.leaves[kind], rest, path, reading)

    def _read_branch(self, value: dict[Any, Any], path: str, reading: schema.Reading) -> object:
        for key, of in self.kinds.branches.items():
            if key in value:
                return schema.read_object(of, value, path, reading)
        others = "".join(f" or {key}" for key in self.kinds.branches)
        return reading.refuse(path, "missing", f"needs kind{others}")

    def write(self, value: Any, decimals: int) -> object:
        document = schema.write(value, decimals)
        return document if value.kind in self.kinds.branches else {"kind": value.kind, **document}

    def to_form(self) -> schema.Form:
        return {"type": "kind", "of": self.kinds.word}

    def limits(self) -> str:
        return f"a {self.kinds.word}"


@dataclass(frozen=True, slots=True)
class SetOff(schema.Type):
    """What sets a promotion off: a purchase (None), or a registered event; one without parameters by its name."""

    name = "event"

    def read(self, value: object, path: str, reading: schema.Reading) -> object:
        if value == PURCHASE:
            return None
        document = {"event": value} if isinstance(value, str) else value
        if not isinstance(document, dict):
            return reading.refuse(path, "type", "must be purchase, the name of an event, or an object with its event")
        if "event" not in document:
            return reading.refuse(path, "missing", "needs event")
        event = schema.Choice(TRIGGERS.names).read(document["event"], f"{path}.event", reading)
        if not isinstance(event, str):
            return event
        rest = {key: item for key, item in document.items() if key != "event"}
        return schema.read_object(TRIGGERS.leaves[event], rest, path, reading)

    def write(self, value: Any, decimals: int) -> object:
        document = schema.write(value, decimals)
        return {"event": value.kind, **document} if document else value.kind

    def to_form(self) -> schema.Form:
        return {"type": "event"}

    def limits(self) -> str:
        return "`purchase`, or an event"


PURCHASE = "purchase"
