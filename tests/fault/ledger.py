"""Load on a server that is killed under it, by threads that note what was acknowledged."""
import http.client
import os
import random
import threading
import time

import figures
from poolhouse import Api, DATABASE, PoolhouseTest

LONG = int(os.environ.get('POOLHOUSE_TEST_LONG', '1'))
SEED = int(os.environ.get('POOLHOUSE_TEST_SEED', '1'))

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


def kill_while_messages_leave(test, rounds, people):
    """In each round so many sign up, and the server is killed. The names of all, when no message waits."""
    chance, names = random.Random(SEED), []
    for number in range(rounds):
        for i in range(people):
            names.append(f'killed{number}-{i}')
            test.sign_up(names[-1])
        time.sleep(chance.random() * 0.4)
        test.server.kill()
        test.server.start()
    # Of several servers none knows that another one is dead until its claims have run out.
    test.until(lambda: test.metric('outbox_waiting') == 0, 180 if DATABASE else 60)
    return names


class CrashTest(PoolhouseTest):
    """Rounds of load, an end of the server and a new start. A class says what its workers are
    (`new_worker`), and checks what one of them has noted (`check`, which counts it)."""

    server_options = {'memory': False}
    what = None  # the name of its figures
    workers = 6
    rounds = 3 * LONG
    seconds = (0.5, 1.5)  # of load in a round
    enough = 10  # acknowledged in a round

    @classmethod
    def prepare(cls):
        cls.pool = cls.new_pool()
        cls.client = cls.new_client(cls.pool)
        cls.chance = random.Random(SEED)
        cls.round = 0

    def test_everything_acknowledged_before_a_kill_is_there_after_it(self):
        total = 0
        for _ in range(self.rounds):
            workers = self.one_round()
            self.server.start()
            total += self.check_all(workers)
        figures.note(self.what, kills=self.rounds, acknowledged=total, lost=0, **self.more_figures())
        self.assertGreater(total, self.enough * self.rounds, 'too little was acknowledged to prove anything')

    def one_round(self):
        """Load until the server is killed; the workers, whose ledgers are final."""
        type(self).round += 1
        workers = [self.new_worker(i, f'{SEED}/{self.round}/{i}') for i in range(self.workers)]
        kill_under_load(self, workers, self.chance.uniform(*self.seconds))
        return workers

    def check_all(self, workers):
        return sum(self.check(worker) for worker in workers)

    def more_figures(self):
        """What else is worth a note."""
        return {}
