"""What a confirmed purchase gives for later: codes, and whatever add-ons have rewards for."""

from odoo import models

from ..engine import CodeIssue, Result


class LoyIssues(models.AbstractModel):
    """Each thing is made by the method ``_make_SORT(purchase, scene, issue)`` of its sort, which answers what is to be
    told of it beside what the calculation told. An addon that has a sort of its own adds such a method.
    """

    _name = "loy.issues"
    _description = "What purchases give for later"

    def _make(self, purchase, scene, result: Result) -> dict:
        """The answer of a confirmed purchase, with all that the customer gets."""
        document = result.to_document()
        if result.issued:
            document["issued"] = [
                {**shown, **getattr(self, f"_make_{issue.sort}")(purchase, scene, issue)}
                for issue, shown in zip(result.issued, document["issued"], strict=True)
            ]
            purchase.result = document
        return document

    def _make_code(self, purchase, scene, issue: CodeIssue) -> dict:
        return self.env["loy.codes"]._issue_with(purchase, scene, issue)
