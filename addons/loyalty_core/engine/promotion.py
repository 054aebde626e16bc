"""Promotions as documents, and the programme that is compiled from them."""


class Programme:
    """A compiled programme; made by compile_programme, read by evaluate."""


def compile_programme(document: object) -> Programme:
    """The programme of a document; DocumentError with every problem and its path."""
    raise NotImplementedError
