"""What conditions on earlier purchases have in common."""

from ..facts import History
from ..receipt import Receipt


def figure(receipt: Receipt, history: History) -> int | None:
    """A figure of what the member has bought before; None without a member."""
    member = receipt.basket.member
    return None if member is None else member.history.get(history.key, 0)
