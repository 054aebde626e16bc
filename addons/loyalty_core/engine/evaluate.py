"""The calculation of a basket."""

from collections.abc import Collection

from .basket import Basket
from .promotion import Programme
from .result import Result


def evaluate(programme: Programme, basket: Basket, named: Collection[str] = ()) -> Result:
    """What the programme does to the basket; refusals only for promotions that were looked at."""
    raise NotImplementedError


def explain(programme: Programme, basket: Basket, named: Collection[str] = ()) -> Result:
    """The same calculation, with every reason why any promotion had no effect."""
    raise NotImplementedError
