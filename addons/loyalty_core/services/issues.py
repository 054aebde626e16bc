"""What purchases and events give for later: codes, and whatever add-ons have rewards for."""

from collections import defaultdict
from collections.abc import Mapping

from odoo import models

from ..engine import CodeIssue, Result
from .programme import CompiledProgramme


class LoyIssues(models.AbstractModel):
    """Each thing that a purchase gives is made by the method ``_make_SORT(purchase, scene, issue)`` of its sort, which
    answers what is to be told of it beside what the calculation told. All that events give of a sort is made by
    ``_make_beside_SORT(company, compiled, zones, wanted)``; ``wanted`` are (happening, issue, what is told of it), and
    the method completes that, by a ``problem`` where nothing could be made. An addon with a sort of its own adds both.
    """

    _name = "loy.issues"
    _description = "What is given for later"

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

    def _make_beside(self, company, compiled: CompiledProgramme, zones: Mapping[int, str], results: Mapping) -> dict:
        """What events give: happening → the things as the answer of a purchase tells them; ``zones``: by whose clock,
        of each member."""
        told: dict = {one: [dict(shown) for shown in result.to_document()["issued"]] for one, result in results.items()}
        wanted = defaultdict(list)
        for one, result in results.items():
            for issue, shown in zip(result.issued, told[one], strict=True):
                wanted[issue.sort].append((one, issue, shown))
        for sort, things in sorted(wanted.items()):
            getattr(self, f"_make_beside_{sort}")(company, compiled, zones, things)
        return told

    def _make_beside_code(self, company, compiled: CompiledProgramme, zones: Mapping[int, str], wanted: list) -> None:
        self.env["loy.codes"]._issue_beside(compiled, zones, wanted)

    def _make_code(self, purchase, scene, issue: CodeIssue) -> dict:
        return self.env["loy.codes"]._issue_with(purchase, scene, issue)
