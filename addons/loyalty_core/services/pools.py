"""Members who share accounts: any card of theirs earns into the pool and spends from it."""

from collections.abc import Mapping
from datetime import datetime

from odoo import fields, models
from psycopg2.errors import SerializationFailure

from ..sql import pooling as sql
from .errors import LoyaltyError
from .posting import Source
from .transaction import run_with_retry

MEMBERS_MAX = 50


class LoyPools(models.AbstractModel):
    """Who joins brings along all that is on the accounts; who leaves begins anew, with what is given along. Points are
    neither made nor lost by it. Locks: the pool, members by id, accounts by id.
    """

    _name = "loy.pools"
    _description = "Pools of accounts"

    # ------------------------------------------------------------------ the calls

    def _create(self, owner, members, name: str, at: datetime):
        """A pool of the owner and these members. Codes: those of `_join`; pool_many."""
        # Pools are written by this service only; the caller has checked the right to.
        pool = (
            self.env["loy.pool"]
            .sudo()
            .create(
                {
                    "name": name or False,
                    "owner_id": owner.id,
                    "opened_at": at,
                    "company_id": owner.company_id.id,
                }
            )
        )
        self._emit("pool.opened", pool, owner, at)
        self._join(pool, owner | members, at)
        return pool

    def _join(self, pool, members, at: datetime) -> None:
        """All that the members have is the pool's from now on. Codes: pool_closed, pool_taken, pool_many,
        pool_companies, account_held, member_not_found, member_merged, member_archived, member_out_of_reach."""
        self.env["loy.reach"]._check(members)
        self._lock(pool, members)
        for member in members:
            self.env["loy.merges"]._check_live(member)
            if member.company_id and member.company_id != pool.company_id:
                raise LoyaltyError("pool_companies", self.env._("Members of different companies do not share accounts"))
        if taken := dict(self.env.execute_query(sql.pools_of(members.ids))):
            # The name of somebody whose id the caller has sent.
            member = members.browse(min(taken)).sudo()
            raise LoyaltyError("pool_taken", self.env._("%s is in a pool already: leave it first", member.display_name))
        if pool.member_count + len(members) > MEMBERS_MAX:
            raise LoyaltyError("pool_many", self.env._("A pool has at most %s members", MEMBERS_MAX))
        self._enter(pool, members, at)

    def _leave(self, pool, member, at: datetime, along: Mapping | None = None) -> None:
        """The member begins anew, with so much of the pool as is given along, {unit: minor units}. Codes: pool_closed,
        pool_not_in, pool_owner, insufficient_points, bad_amount, member_out_of_reach."""
        self.env["loy.reach"]._check(member)
        self._lock(pool, member)
        line = self._line(pool, member)
        if member == pool.owner_id:
            raise LoyaltyError(
                "pool_owner", self.env._("The pool is this member's: make another one its owner, or close it")
            )
        self._exit(line, at)
        units = {unit.id: amount for unit, amount in (along or {}).items()}
        if units:
            ledger, source = self.env["loy.ledger"], self._source(pool, member)
            own = ledger._accounts([member.id], units, create=True)
            shared = ledger._pool_accounts((pool.id, unit_id, 0) for unit_id in units)
            for unit_id, amount in units.items():
                ledger._transfer(shared[pool.id, unit_id, 0], own[member.id, unit_id], amount, at=at, source=source)

    def _close(self, pool, at: datetime) -> None:
        """All that is in the pool, and whatever still comes back to it, is the owner's. Codes: pool_closed,
        account_held, member_out_of_reach."""
        owner, members = pool.owner_id, pool.member_ids
        self.env["loy.reach"]._check(owner)
        self._lock(pool, members)
        if pool.member_ids != members or pool.owner_id != owner:
            raise SerializationFailure("somebody has joined or left meanwhile")
        self._exit(pool.line_ids.filtered(lambda line: not line.left_at), at)
        self.env["loy.ledger"]._dissolve(pool.id, owner.id, at=at, source=self._source(pool, owner))
        pool.write({"state": "closed", "closed_at": at})
        self._emit("pool.closed", pool, owner, at)

    def _set_owner(self, pool, member) -> None:
        """Another member of it is the pool's owner. Codes: pool_closed, pool_not_in."""
        self.env["loy.reach"]._check(member)
        self._lock(pool, member)
        self._line(pool, member)
        pool.owner_id = member

    def _get(self, pool) -> dict:
        """What the API tells of a pool."""
        return {
            "pool": str(pool.id),
            "name": pool.display_name,
            "state": pool.state,
            "owner": str(pool.owner_id.id),
            "members": [str(member_id) for member_id in sorted(pool.member_ids.ids)],
        }

    def _of(self, member):
        """The pool that the member is in, or none."""
        # Whoever sees the member may know with whom it shares the points.
        lines = self.env["loy.pool.member"].sudo().search([("member_id", "=", member.id), ("left_at", "=", False)])
        return lines.pool_id

    # ------------------------------------------------------------------ by staff

    def _by_hand(self, work) -> None:
        """Staff does what a member asks for, ``work(service, now)``: the right to it, then the same rules."""
        self.env["loy.rights"]._check("account.pool")
        # Nobody has rights on pools and books; the right to this was checked.
        service, now = self.sudo(), fields.Datetime.now()
        run_with_retry(self.env, lambda: work(service, now))

    # ------------------------------------------------------------------ when members change otherwise

    def _merge(self, survivor, others, at: datetime) -> None:
        """The survivor takes the place of the others in their pool; all of them are held by the caller. Code:
        pool_taken, where they are in different ones."""
        pools = dict(self.env.execute_query(sql.pools_of((survivor | others).ids)))
        if len(set(pools.values())) > 1:
            raise LoyaltyError("pool_taken", self.env._("The members are in different pools: one of them leaves first"))
        # Facts of members, moved by the merge.
        pool = self.env["loy.pool"].sudo().browse(set(pools.values()))
        gone = pool.line_ids.filtered(lambda line: not line.left_at and line.member_id in others)
        if not gone:
            return
        if pool.owner_id in others:
            pool.owner_id = survivor
        gone.left_at = at
        if survivor.id not in pools:
            self._enter(pool, survivor, at)

    def _erase(self, member, at: datetime) -> None:
        """Who is forgotten leaves the pool. Code: pool_owner."""
        if pool := self._of(member):
            self._leave(pool, member, at)

    # ------------------------------------------------------------------ in and out

    def _enter(self, pool, members, at: datetime) -> None:
        self.env["loy.pool.member"].create(
            [{"pool_id": pool.id, "member_id": member.id, "joined_at": at} for member in members]
        )
        self.env.flush_all()
        for member in members:
            self.env["loy.ledger"]._pool(member.id, pool.id, at=at, source=self._source(pool, member))
            self._emit("pool.joined", pool, member, at)

    def _exit(self, lines, at: datetime) -> None:
        lines.left_at = at
        self.env.flush_all()
        for line in lines:
            self._emit("pool.left", line.pool_id, line.member_id, at)

    def _lock(self, pool, members) -> None:
        self.env.flush_all()
        if not self.env.execute_query(sql.lock_pool(pool.id)):
            raise LoyaltyError("pool_closed", self.env._("The pool is closed: open a new one"))
        self.env.cr.execute(sql.lock_members(members.ids))
        self.env.invalidate_all()

    def _line(self, pool, member):
        line = pool.line_ids.filtered(lambda line: not line.left_at and line.member_id == member)
        if not line:
            raise LoyaltyError("pool_not_in", self.env._("%s is not in this pool", member.display_name))
        return line

    def _source(self, pool, member) -> Source:
        return Source("pool", document=str(pool.id), company_id=pool.company_id.id or None, member_id=member.id)

    def _emit(self, kind: str, pool, member, at: datetime) -> None:
        self.env["loy.events"]._emit(
            kind,
            at=at,
            member_id=member.id,
            company_id=pool.company_id.id or self.env.company.id,
            data={"pool": pool.id},
        )
