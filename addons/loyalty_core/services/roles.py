"""Roles: sets of rights behind which stand groups of Odoo."""

from collections import defaultdict

from odoo import models
from odoo.fields import Command

from ..models.loy_role import GROUP_FIELDS
from .errors import LoyaltyError
from .rights import ADMIN, INTEGRATOR, RIGHTS, STANDARD_ROLES

LETTERS = {"r": "perm_read", "w": "perm_write", "c": "perm_create", "d": "perm_unlink"}
OPERATION_LETTERS = {"read": "r", "write": "w", "create": "c", "unlink": "d"}
#: Groups that no role is given to: they are for the administrator of Odoo, or for people from outside.
OUT_OF_REACH = ("base.group_system", "base.group_erp_manager", "base.group_portal", "base.group_public")
#: What only the system sets.
FIXED = {"group_id", "is_standard"}
#: What is changed of a standard role: who has it.
OF_STANDARD = {"user_ids", "given_group_ids"}


class LoyRoles(models.AbstractModel):
    """Keeps each role and its group the same, and lets nobody give what is not his to give.

    Whoever may ``roles.manage`` makes roles of any rights of the loyalty suite, and of nothing beyond it. Everybody
    else, though allowed to change records of roles, touches only roles all of whose rights he has himself.
    """

    _name = "loy.roles"
    _description = "Role service"

    # ------------------------------------------------------------------ changes

    def _create(self, roles, vals_list, create):
        roles.check_access("create")
        held = self._held()
        rows, of_groups = [], []
        for vals in vals_list:
            of_group = {name: value for name, value in vals.items() if name in GROUP_FIELDS}
            row = {name: value for name, value in vals.items() if name not in GROUP_FIELDS}
            self._refuse_fixed(row)
            if "group_id" not in row:
                row["group_id"] = self._make_group(of_group).id
            rows.append(row)
            of_groups.append(of_group)
        created = create(rows)
        for role, of_group in zip(created, of_groups, strict=True):
            self._give(role, of_group)
        self._settle(created)
        self._check_within(created, held)
        return created

    def _write(self, roles, vals, write):
        roles.check_access("write")
        self._refuse_fixed(vals)
        if roles.filtered("is_standard") and not self.env.su and not vals.keys() <= OF_STANDARD:
            raise LoyaltyError(
                "role_standard",
                self.env._(
                    "A standard role stays as it is; duplicate it and change the copy. You may give it to people."
                ),
            )
        held = self._held()
        self._check_within(roles, held)
        result = write({name: value for name, value in vals.items() if name not in GROUP_FIELDS})
        of_group = {name: value for name, value in vals.items() if name in GROUP_FIELDS}
        for role in roles:
            self._give(role, of_group)
        self._settle(roles)
        self._check_within(roles, held)
        return result

    def _unlink(self, roles, unlink):
        roles.check_access("unlink")
        if roles.filtered("is_standard") and not self.env.su:
            raise LoyaltyError("role_standard", self.env._("A standard role cannot be deleted."))
        self._check_within(roles, self._held())
        # The groups behind own roles belong to nobody but the roles.
        groups = roles.sudo().group_id
        groups.model_access.unlink()
        result = unlink()
        groups.unlink()
        self.env.registry.clear_cache()
        return result

    def _refuse_fixed(self, vals) -> None:
        if not self.env.su and (fixed := FIXED & vals.keys()):
            raise LoyaltyError(
                "role_fixed", self.env._("%s of a role cannot be changed.", ", ".join(sorted(fixed)))
            )

    def _make_group(self, of_group: dict):
        # Managers of roles have no right on groups at large; this one is made for the role.
        return self.env["res.groups"].sudo().create(
            {
                "name": of_group.get("name"),
                "privilege_id": self.env.ref("loyalty_core.loyalty_privilege").id,
                "sequence": 100,
            }
        )

    def _give(self, role, of_group: dict) -> None:
        """Name, comment, users and groups of a role are those of its group."""
        # Only the group of this role, and only these fields.
        group = role.sudo().group_id
        values = {name: of_group[name] for name in ("name", "comment") if name in of_group}
        if "user_ids" in of_group:
            users = self.env["res.users"].browse(self._ids_after(group.user_ids.ids, of_group["user_ids"]))
            self._check_users(role, users - group.user_ids.with_env(self.env))
            values["user_ids"] = [Command.set(users.ids)]
        if values:
            group.write(values)
        if "given_group_ids" in of_group:
            before = role.sudo().given_group_ids
            after = before.browse(self._ids_after(before.ids, of_group["given_group_ids"]))
            self._check_groups(group, (after - before) | (before - after))
            (after - before).write({"implied_ids": [Command.link(group.id)]})
            (before - after).write({"implied_ids": [Command.unlink(group.id)]})

    def _ids_after(self, ids: list[int], commands) -> list[int]:
        """What a list of commands makes of ``ids``: links and unlinks only, nothing is created through a role."""
        if isinstance(commands, models.BaseModel):
            return commands.ids
        after = dict.fromkeys(ids)
        for command in commands or [(5,)]:
            match tuple(command) if isinstance(command, list | tuple) else (4, command):
                case (Command.LINK, int(one), *_):
                    after[one] = None
                case (Command.UNLINK, int(one), *_):
                    after.pop(one, None)
                case (Command.SET, _, list(many) | tuple(many)):
                    after = dict.fromkeys(many)
                case (Command.CLEAR, *_):
                    after = {}
                case _:
                    raise LoyaltyError(
                        "bad_request", self.env._("Users and groups can only be added to a role or taken from it.")
                    )
        return list(after)

    def _check_users(self, role, users) -> None:
        users.check_access("read")
        # Whether a user works for the company of the role.
        strangers = users.sudo().filtered(lambda user: role.company_id and role.company_id not in user.company_ids)
        if strangers:
            raise LoyaltyError(
                "role_company",
                self.env._(
                    "%(user)s does not work for %(company)s, to which the role %(role)s belongs.",
                    user=strangers[0].name,
                    company=role.company_id.name,
                    role=role.name,
                ),
            )

    def _check_groups(self, group, groups) -> None:
        for one in groups:
            if one.share or one in group.all_implied_ids or one.get_external_id()[one.id] in OUT_OF_REACH:
                raise LoyaltyError(
                    "group_out_of_reach", self.env._("The role cannot be given to the group %s.", one.full_name)
                )

    def _held(self) -> set[str] | None:
        """The rights that the user has before a change, for the change may give more; None: the user may give all."""
        rights = self.env["loy.rights"]
        if self.env.su or rights._has("roles.manage"):
            return None
        # The catalogue of rights is no secret from who makes roles.
        codes = self.env["loy.right"].sudo().search([("code", "!=", False)]).mapped("code")
        return {code for code in codes if rights._has(code)}

    def _check_within(self, roles, held: set[str] | None) -> None:
        """Nobody gives, takes or changes rights that he has not himself, unless he may manage roles."""
        if held is None:
            return
        for right in roles.all_right_ids:
            if right.code not in held:
                raise LoyaltyError(
                    "right_not_yours",
                    self.env._(
                        "You may not change a role with the right “%(right)s” (%(code)s), which you have not "
                        "yourself. Whoever may manage roles can.",
                        right=right.name,
                        code=right.code,
                    ),
                )

    def _of_user(self, user):
        """All roles of a user, however given; those that other roles include stand for themselves."""
        # Which groups a user is in, of whoever may see roles.
        groups = user.sudo().all_group_ids
        return self.env["loy.role"].search([("group_id", "in", groups.ids)])

    # ------------------------------------------------------------------ what stands behind a role

    def _groups(self):
        """The groups behind all roles."""
        # Which groups are ours is no secret.
        roles = self.env["loy.role"].sudo().with_context(active_test=False)
        return roles.search([("group_id", "!=", False)]).group_id

    def _settle(self, roles) -> None:
        """The groups of own roles open just what the rights of the roles say."""
        if roles._has_cycle("implied_ids"):
            raise LoyaltyError("role_cycle", self.env._("A role cannot include itself."))
        # Managers of roles have no right on groups and access rows at large; these belong to the roles.
        for role in roles.sudo().filtered(lambda one: not one.is_standard):
            rights = role.right_ids if role.active else role.right_ids.browse()
            codes = set(rights.mapped("code"))
            is_office = any(right.kind != "api" for right in rights)
            implied = role.implied_ids.group_id if role.active else role.group_id.browse()
            if is_office:
                implied |= self.env.ref("base.group_user") | self.env.ref("loyalty_core.group_own_role")
            for code in codes & RIGHTS.keys():
                if RIGHTS[code].group:
                    implied |= self.env.ref(RIGHTS[code].group)
            if role.group_id.implied_ids != implied:
                role.group_id.implied_ids = implied
            self._open(role, rights)
        self.env["loy.dashboards"]._show(roles.sudo().filtered(lambda one: not one.is_standard))
        self.env.registry.clear_cache()

    def _open(self, role, rights) -> None:
        """The access rows of the role's group are made anew, all by the system."""
        letters: defaultdict[str, set[str]] = defaultdict(set)
        codes = set(rights.mapped("code"))
        for right in rights.filtered("model"):
            letters[right.model].update(OPERATION_LETTERS[right.operation])
        for code in codes & RIGHTS.keys():
            for opened in RIGHTS[code].opens:
                model, _, operations = opened.partition(" ")
                letters[model].update(operations or "rwcd")
        role.group_id.model_access.unlink()
        self.env["ir.model.access"].sudo().create(  # see _settle
            [
                {
                    "name": f"{model} {role.name}",
                    "model_id": self.env["ir.model"]._get_id(model),
                    "group_id": role.group_id.id,
                    **{column: letter in operations for letter, column in LETTERS.items()},
                }
                for model, operations in sorted(letters.items())
                if model in self.env
            ]
        )

    # ------------------------------------------------------------------ standard roles

    def _synchronise(self, rights: dict) -> None:
        """Each standard group is a role with the rights that the addons declare for it."""
        # Run by the installation and by upgrades.
        roles = self.env["loy.role"].sudo().with_context(active_test=False)
        standard = {role.group_id: role for role in roles.search([("is_standard", "=", True)])}
        for index, xmlid in enumerate(STANDARD_ROLES, start=1):
            group = self.env.ref(xmlid)
            codes = [code for code in rights if self._is_of(xmlid, code)]
            codes += self.env["loy.rights"]._of_models(group.ids)
            values = {
                "sequence": index,
                "right_ids": [Command.set([rights[code].id for code in codes if code in rights])],
            }
            if group in standard:
                standard[group].write(values)
            else:
                standard[group] = roles.create({"group_id": group.id, "is_standard": True, **values})
        for group, role in standard.items():
            implied = [standard[one].id for one in group.implied_ids if one in standard]
            role.write({"implied_ids": [Command.set(implied)]})
        self._settle(roles.search([("is_standard", "=", False)]))

    def _is_of(self, xmlid: str, code: str) -> bool:
        if code in RIGHTS:
            return xmlid == ADMIN or xmlid in RIGHTS[code].roles
        return xmlid == INTEGRATOR and code.startswith("api.")
