"""The ledger once more, in plain Python and without any of its shortcuts: what tests compare it with.

Accounts are numbers. Balances are folds over everything that ever moved; days are integers.
"""

from collections import defaultdict
from dataclasses import dataclass, field

NEVER = 10**9


class Refused(Exception):
    """The code of the refusal."""


@dataclass
class Lot:
    account: int
    active: int
    expires: int
    amount: int
    origin: int | None = None
    terms: int | None = None
    remaining: int = 0
    held: int = 0
    expired: int = 0

    @property
    def free(self):
        return self.remaining - self.held


@dataclass
class Hold:
    account: int
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
    debts: dict = field(default_factory=lambda: defaultdict(int))
    moves: list = field(default_factory=list)  # (day, account, lot or None, delta)
    holds: list = field(default_factory=list)
    transactions: list = field(default_factory=list)  # [account, [(lot or None, delta)], undone]
    repaid: dict = field(default_factory=dict)  # lot → [amount, order]
    heirs: dict = field(default_factory=dict)
    clock: int = 0

    # what moves

    def heir(self, account):
        while account in self.heirs:
            account = self.heirs[account]
        return account

    def move(self, day, account, lot, delta):
        if lot is None:
            self.debts[account] -= delta
        else:
            self.lots[lot].remaining += delta
        self.moves.append((day, account, lot, delta))

    def repay(self, day, lot, amount):
        account = self.lots[lot].account
        self.move(day, account, lot, -amount)
        self.move(day, account, None, amount)
        self.clock += 1
        self.repaid[lot] = [self.repaid.get(lot, [0])[0] + amount, self.clock]

    def new_lot(self, day, account, amount, active, expires, origin=None, terms=None):
        self.lots.append(Lot(account, active, expires, amount, origin, terms))
        self.move(day, account, len(self.lots) - 1, amount)
        return len(self.lots) - 1

    def repay_debt(self, day, lot):
        if part := min(self.debts[self.lots[lot].account], self.lots[lot].remaining):
            self.repay(day, lot, part)

    def pass_on(self, day, lot, account, amount):
        old = self.lots[lot]
        self.move(day, old.account, lot, -amount)
        return self.new_lot(day, account, amount, old.active, old.expires, lot, old.terms)

    def candidates(self, account, day, pending=False, terms=()):
        """Lots in the order in which they are spent: (those that are good here, the others)."""
        alive = [
            number
            for number, lot in enumerate(self.lots)
            if lot.account == account and lot.free > 0 and lot.expires > day
        ]
        found = []
        for good in (True, False):
            usable = [number for number in alive if (self.lots[number].terms in (None, *terms)) is good]
            active = [number for number in usable if self.lots[number].active <= day]
            later = [number for number in usable if self.lots[number].active > day]
            active.sort(key=lambda number: (self.lots[number].expires, self.lots[number].terms is None, number))
            later.sort(key=lambda number: (self.lots[number].active, self.lots[number].terms is None, number))
            found.append(active + (later if pending else []))
        return found

    def free(self, lots):
        return sum(self.lots[number].free for number in lots)

    def draw(self, account, day, amount, terms=(), any_lot=False):
        """Repays the debt, then chooses for the amount; returns ([(lot, amount)], what is missing). Lots that are not
        good here repay the debt as far as the others do not suffice for all; of any lot they pay the amount, too."""
        good, others = self.candidates(account, day, terms=terms)
        debt = self.debts[account]
        lacking = max(0, amount + debt - self.free(good))
        beyond = min(lacking, self.free(others), amount + debt if any_lot else debt)
        chosen = []
        for number in good:
            part = min(max(0, self.debts[account] - beyond), self.lots[number].free)
            if part:
                self.repay(day, number, part)
            part = min(amount, self.lots[number].free)
            if part:
                chosen.append((number, part))
                amount -= part
        for number in others:
            part = min(self.debts[account], self.lots[number].free, beyond)
            if part:
                self.repay(day, number, part)
                beyond -= part
            part = min(amount, self.lots[number].free, beyond)
            if part:
                chosen.append((number, part))
                amount -= part
                beyond -= part
        return chosen, amount

    def most(self, account, day, terms=()):
        """How much can be taken where these terms hold."""
        good, others = self.candidates(account, day, terms=terms)
        return self.free(good) - max(0, self.debts[account] - self.free(others))

    def can(self, account, day, amount, terms=()):
        return self.most(account, day, terms) >= amount

    def free_overdue(self, day, account=None):
        for hold in self.holds:
            if hold.ended is None and hold.deadline <= day and account in (None, hold.account):
                self.end(hold, hold.deadline)

    def end(self, hold, day):
        hold.ended = day
        for lot, amount in hold.lines:
            self.lots[lot].held -= amount

    # the calls

    def accrue(self, day, account, amount, active, expires, terms):
        self.repay_debt(day, lot := self.new_lot(day, account, amount, active, expires, terms=terms))
        self.transactions.append([account, [(lot, amount)], 0])

    def spend(self, day, account, amount, overrun, terms):
        self.free_overdue(day, account)
        if not overrun and not self.can(account, day, amount, terms):
            raise Refused("insufficient_points")
        chosen, short = self.draw(account, day, amount, terms, any_lot=overrun)
        moves = [(lot, -part) for lot, part in chosen] + ([(None, -short)] if short else [])
        for lot, delta in moves:
            self.move(day, account, lot, delta)
        self.transactions.append([account, moves, 0])

    def hold(self, day, account, amount, deadline, terms):
        self.free_overdue(day, account)
        if not self.can(account, day, amount, terms):
            raise Refused("insufficient_points")
        chosen, _short = self.draw(account, day, amount, terms)
        for lot, part in chosen:
            self.lots[lot].held += part
        self.holds.append(Hold(account, chosen, day, deadline))

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
                self.move(day, hold.account, lot, -used)
        if moves:
            self.transactions.append([hold.account, moves, 0])

    def release(self, day, number):
        hold = self.holds[number]
        if hold.ended is not None:
            raise Refused("hold_ended")
        self.end(hold, min(day, hold.deadline))

    def expire(self, day):
        due = [number for number, lot in enumerate(self.lots) if lot.free > 0 and lot.expires <= day]
        for number in sorted(due, key=lambda number: (self.lots[number].expires, number)):
            lot = self.lots[number]
            amount = lot.free
            part = min(self.debts[lot.account], amount)
            if part:
                self.repay(lot.expires, number, part)
            if amount > part:
                self.lose(lot.expires, number, amount - part)

    def lose(self, day, number, amount):
        self.move(day, self.lots[number].account, number, -amount)
        self.lots[number].expired += amount

    # merge, transfer, conversion

    def merge(self, day, account, heir):
        if account in self.heirs or account == heir:
            return
        self.free_overdue(day, account)
        if any(hold.ended is None and hold.account == account for hold in self.holds):
            raise Refused("account_held")
        if debt := self.debts[account]:
            self.move(day, account, None, debt)
            self.move(day, heir, None, -debt)
        for number in [number for number, lot in enumerate(self.lots) if lot.account == account and lot.remaining]:
            self.repay_debt(day, self.pass_on(day, number, heir, self.lots[number].remaining))
        self.heirs[account] = heir

    def transfer(self, day, account, to, amount):
        if account == to:
            raise Refused("same_account")
        self.free_overdue(day, account)
        if not self.can(account, day, amount):
            raise Refused("insufficient_points")
        for lot, part in self.draw(account, day, amount)[0]:
            self.repay_debt(day, self.pass_on(day, lot, to, part))

    def convert(self, day, account, to, amount, gain, expires):
        self.free_overdue(day, account)
        if not self.can(account, day, amount):
            raise Refused("insufficient_points")
        for lot, part in self.draw(account, day, amount)[0]:
            self.move(day, account, lot, -part)
        self.repay_debt(day, self.new_lot(day, to, gain, day, expires))

    # reversal

    def reverse(self, day, number, amount, is_debt_allowed):
        """The parts of a transaction are undone one unit after the other, from the last to the first."""
        account, moves, undone = self.transactions[number]
        coins = [lot for lot, delta in reversed(moves) for _coin in range(abs(delta))][undone:]
        if amount is None:
            amount = len(coins)
        if amount > len(coins):
            raise Refused("reversal_exceeds")
        self.transactions[number][2] += amount
        landed = []
        for lot, delta in reversed(moves):
            part = coins[:amount].count(lot)
            if part and delta > 0:
                self.take_back(day, account, lot, part, is_debt_allowed)
            elif part and lot is None:
                landed += self.forget_debt(day, account, part)
            elif part:
                self.move(day, account, lot, part)
                landed.append((lot, part))
        for lot, part in landed:
            home = self.lots[lot].account
            if self.lots[lot].expires <= day:
                self.lose(day, lot, part)
            elif self.heir(home) != home:
                self.pass_on(day, lot, self.heir(home), part)

    def forget_debt(self, day, account, amount):
        """What lots have repaid of it comes back to them: [(lot, amount)]."""
        heir, landed = self.heir(account), []
        restored = max(amount - self.debts[heir], 0)
        self.move(day, heir, None, amount - restored)
        while restored:
            payer = max(
                (lot for lot, (paid, _order) in self.repaid.items()
                 if paid and self.heir(self.lots[lot].account) == heir),
                key=lambda one: self.repaid[one][1],
            )  # fmt: skip
            part = min(restored, self.repaid[payer][0])
            self.repaid[payer][0] -= part
            self.move(day, self.lots[payer].account, payer, part)
            landed.append((payer, part))
            restored -= part
        return landed

    def take_back(self, day, account, lot, amount, is_debt_allowed):
        heir = self.heir(account)
        family = [lot]
        for number, one in enumerate(self.lots):  # a lot is younger than the one that it continues
            if one.origin in family and self.heir(one.account) == heir:
                family.append(number)

        def take(number, amount):
            part = min(self.lots[number].free, amount)
            if part:
                self.move(day, self.lots[number].account, number, -part)
            return amount - part

        for number in family:
            amount = take(number, amount)
        for number in family:
            part = min(self.lots[number].expired, amount)
            self.lots[number].expired -= part
            amount -= part
        for lots in self.candidates(heir, day, pending=True):
            for number in lots:
                amount = take(number, amount)
        if amount and is_debt_allowed:
            self.move(day, heir, None, -amount)

    # what is told

    def balance(self, account, day):
        """(active, pending, held, debt, available) at any day, from nothing but the moves."""
        amounts, debt = {}, 0
        for moved_on, where, lot, delta in self.moves:
            if moved_on <= day and where == account:
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
            if hold.account == account and hold.start <= day < hold.until:
                for lot, amount in hold.lines:
                    held += amount
                    if self.lots[lot].expires <= day:
                        active += amount
        return active, pending, held, debt, active - held - debt
