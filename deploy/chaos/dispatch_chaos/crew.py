"""The threads of a run. What goes wrong in one is the run's failure, not a thread that is silently gone."""

import threading
from collections.abc import Callable


class Crew:
    """Threads that end when `ended` is set."""

    def __init__(self) -> None:
        self.ended = threading.Event()
        self._threads: list[threading.Thread] = []
        self._failure: BaseException | None = None

    def start(self, work: Callable[["Crew"], None]) -> None:
        """Runs it in a thread."""

        def run() -> None:
            try:
                work(self)
            except BaseException as failure:  # for the main thread, which looks by `check`
                self._failure = self._failure or failure

        thread = threading.Thread(target=run, daemon=True)
        self._threads.append(thread)
        thread.start()

    def check(self) -> None:
        """Raises what went wrong in a thread."""
        if self._failure is not None:
            raise self._failure

    def end(self) -> None:
        """Ends the threads and waits for them."""
        self.ended.set()
        for thread in self._threads:
            thread.join(timeout=60)
