"""Many at once: what happens when everybody comes together."""

import concurrent.futures
import threading


def at_once(count, work):
    """``work(number)`` in so many threads that are started together; what each returns, in their order."""
    start = threading.Barrier(count)

    def one(number):
        start.wait(60)
        return work(number)

    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))
