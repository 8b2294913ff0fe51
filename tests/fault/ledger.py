"""Load on a server that is killed under it, by threads that note what was acknowledged."""
import http.client
import random
import threading
import time

from poolhouse import Api


ENOUGH = 6  # steps of each worker


class LedgerWorker(threading.Thread):
    """Calls self.one(step) until it is told to stop or the server is gone; a class for each ledger."""

    def __init__(self, test, seed):
        super().__init__(daemon=True)
        self.test = test
        self.random = random.Random(seed)
        self.api = Api(test.server.port)
        self.trouble = None
        self.stopping = False
        self.done = 0  # steps

    def run(self):
        step = 0
        try:
            while not self.stopping:
                step += 1
                self.one(step)
                self.done = step
        except (OSError, http.client.HTTPException):
            pass  # the server is gone, as intended
        except Exception as e:  # must reach the test
            self.trouble = e


def kill_under_load(test, workers, seconds):
    """Lets them work for so long and kills the server; their ledgers are final when it returns.

    On a slow machine longer: until each has done enough to prove something.
    """
    for worker in workers:
        worker.start()
    time.sleep(seconds)
    test.until(lambda: all(worker.done >= ENOUGH or worker.trouble for worker in workers), 60)
    test.server.kill()
    for worker in workers:
        worker.stopping = True
        worker.join(30)
        test.assertFalse(worker.is_alive(), 'a request never ended')
        if worker.trouble:
            raise worker.trouble
