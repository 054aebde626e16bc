"""The ledger once more, in plain Python and without any of its shortcuts: what tests compare it with.

One account. Balances are folds over everything that ever moved; days are integers.
"""

from dataclasses import dataclass, field

NEVER = 10**9


class Refused(Exception):
    """The code of the refusal."""


@dataclass
class Lot:
    active: int
    expires: int
    amount: int
    remaining: int = 0
    held: int = 0
    expired: int = 0

    @property
    def free(self):
        return self.remaining - self.held


@dataclass
class Hold:
    lines: list  # [[lot, amount]]
    start: int
    deadline: int
    ended: int | None = None

    @property
    def until(self):
        return self.deadline if self.ended is None else min(self.deadline, self.ended)


@dataclass
class Model:
    lots: list = field(default_factory=list)
    debt: int = 0
    moves: list = field(default_factory=list)  # (day, lot or None, delta)
    holds: list = field(default_factory=list)
    transactions: list = field(default_factory=list)  # [kind, [(lot or None, delta)], undone]
    repaid: dict = field(default_factory=dict)  # lot → [amount, order]
    clock: int = 0

    # what moves

    def move(self, day, lot, delta):
        if lot is None:
            self.debt -= delta
        else:
            self.lots[lot].remaining += delta
        self.moves.append((day, lot, delta))

    def repay(self, day, lot, amount):
        self.move(day, lot, -amount)
        self.move(day, None, amount)
        self.clock += 1
        self.repaid[lot] = [self.repaid.get(lot, [0])[0] + amount, self.clock]

    def candidates(self, day, pending=False):
        usable = [number for number, lot in enumerate(self.lots) if lot.free > 0 and lot.expires > day]
        active = [number for number in usable if self.lots[number].active <= day]
        later = [number for number in usable if self.lots[number].active > day]
        active.sort(key=lambda number: (self.lots[number].expires, number))
        later.sort(key=lambda number: (self.lots[number].active, number))
        return active + (later if pending else [])

    def draw(self, day, amount):
        """Repays the debt, then chooses for the amount; returns ([(lot, amount)], what is missing)."""
        chosen, reserved = [], {}
        for number in self.candidates(day):
            part = min(self.debt, self.lots[number].free)
            if part:
                self.repay(day, number, part)
            part = min(amount, self.lots[number].free - reserved.get(number, 0))
            if part:
                chosen.append((number, part))
                amount -= part
        return chosen, amount

    def can(self, day, amount):
        free = sum(self.lots[number].free for number in self.candidates(day))
        return free - self.debt >= amount

    def free_overdue(self, day):
        for hold in self.holds:
            if hold.ended is None and hold.deadline <= day:
                self.end(hold, hold.deadline)

    def end(self, hold, day):
        hold.ended = day
        for lot, amount in hold.lines:
            self.lots[lot].held -= amount

    # the calls

    def accrue(self, day, amount, active, expires):
        self.lots.append(Lot(active, expires, amount))
        number = len(self.lots) - 1
        self.move(day, number, amount)
        if self.debt:
            self.repay(day, number, min(self.debt, amount))
        self.transactions.append(["accrue", [(number, amount)], 0])

    def spend(self, day, amount, overrun):
        self.free_overdue(day)
        if not overrun and not self.can(day, amount):
            raise Refused("insufficient_points")
        chosen, short = self.draw(day, amount)
        moves = [(lot, -part) for lot, part in chosen] + ([(None, -short)] if short else [])
        for lot, delta in moves:
            self.move(day, lot, delta)
        self.transactions.append(["spend", moves, 0])

    def hold(self, day, amount, deadline):
        self.free_overdue(day)
        if not self.can(day, amount):
            raise Refused("insufficient_points")
        chosen, _short = self.draw(day, amount)
        for lot, part in chosen:
            self.lots[lot].held += part
        self.holds.append(Hold(chosen, day, deadline))

    def settle(self, day, number, amount):
        hold = self.holds[number]
        if hold.ended is not None:
            raise Refused("hold_ended")
        if amount is not None and amount > sum(part for _lot, part in hold.lines):
            raise Refused("hold_exceeded")
        self.end(hold, day)
        moves = []
        for lot, part in hold.lines:
            used = part if amount is None else min(part, amount)
            if amount is not None:
                amount -= used
            if used:
                moves.append((lot, -used))
                self.move(day, lot, -used)
        if moves:
            self.transactions.append(["settle", moves, 0])

    def release(self, day, number):
        hold = self.holds[number]
        if hold.ended is not None:
            raise Refused("hold_ended")
        self.end(hold, min(day, hold.deadline))

    def expire(self, day):
        due = [number for number, lot in enumerate(self.lots) if lot.free > 0 and lot.expires <= day]
        for number in sorted(due, key=lambda number: (self.lots[number].expires, number)):
            self.lose(number, self.lots[number].free, self.lots[number].expires)

    def lose(self, number, amount, day):
        part = min(self.debt, amount)
        if part:
            self.repay(day, number, part)
        if amount > part:
            self.move(day, number, part - amount)
            self.lots[number].expired += amount - part

    def reverse(self, day, number, amount, is_debt_allowed):
        """The parts of a transaction are undone one unit after the other, from the last to the first."""
        _kind, moves, undone = self.transactions[number]
        coins = [lot for lot, delta in reversed(moves) for _coin in range(abs(delta))][undone:]
        if amount is None:
            amount = len(coins)
        if amount > len(coins):
            raise Refused("reversal_exceeds")
        self.transactions[number][2] += amount
        for lot, delta in reversed(moves):
            part = coins[:amount].count(lot)
            if part and delta > 0:
                self.take_back(day, lot, part, is_debt_allowed)
            elif part:
                self.give_back(day, lot, part)

    def give_back(self, day, lot, amount):
        gone = [(lot, amount)]
        if lot is None:
            gone = []
            restored = amount - self.debt
            while restored > 0:
                payer = max(
                    (one for one in self.repaid if self.repaid[one][0]), key=lambda one: self.repaid[one][1]
                )
                part = min(restored, self.repaid[payer][0])
                self.repaid[payer][0] -= part
                self.move(day, payer, part)
                self.move(day, None, -part)
                gone.append((payer, part))
                restored -= part
        self.move(day, lot, amount)
        for lot, part in gone:
            if self.lots[lot].expires <= day:
                self.move(day, lot, -part)
                self.lots[lot].expired += part

    def take_back(self, day, number, amount, is_debt_allowed):
        lot = self.lots[number]
        part = min(lot.free, amount)
        if part:
            self.move(day, number, -part)
            amount -= part
        part = min(lot.expired, amount)
        lot.expired -= part
        amount -= part
        for other in self.candidates(day, pending=True):
            part = min(self.lots[other].free, amount)
            if part:
                self.move(day, other, -part)
                amount -= part
        if amount and is_debt_allowed:
            self.move(day, None, -amount)

    # what is told

    def balance(self, day):
        """(active, pending, held, debt, available) at any day, from nothing but the moves."""
        amounts, debt = {}, 0
        for moved_on, lot, delta in self.moves:
            if moved_on <= day:
                if lot is None:
                    debt -= delta
                else:
                    amounts[lot] = amounts.get(lot, 0) + delta
        active = pending = held = 0
        for lot, amount in amounts.items():
            if self.lots[lot].active > day:
                pending += amount
            elif self.lots[lot].expires > day:
                active += amount
        for hold in self.holds:
            if hold.start <= day < hold.until:
                for lot, amount in hold.lines:
                    held += amount
                    if self.lots[lot].expires <= day:
                        active += amount
        return active, pending, held, debt, active - held - debt
