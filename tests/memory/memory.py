"""A server whose n-th allocation fails (tests/support/memory_fault.c)."""
import contextlib
import functools
import http.client
import mmap
import os
import random
import struct
import tempfile
import time

import figures
from poolhouse import Api, ApiError, PoolhouseTest, support_library

LONG = int(os.environ.get('POOLHOUSE_TEST_LONG', '1'))
SEED = int(os.environ.get('POOLHOUSE_TEST_SEED', '1'))
POINTS = 16 * LONG  # allocations of one operation that are made to fail
UNABLE = 'InternalErrorException'


def some_of(used, count, name=''):
    """Which of so many allocations fail: all, or the first, the last and others."""
    if count >= used:
        return range(1, used + 1)
    chance = random.Random(f'{SEED}/{name}{used}')
    return sorted({1, used, *(chance.randint(1, used) for _ in range(count))})


class MemoryTest(PoolhouseTest):
    @classmethod
    def setUpClass(cls):
        file = tempfile.NamedTemporaryFile(prefix='poolhouse-memory-')
        cls.addClassCleanup(file.close)
        file.write(bytes(16))
        file.flush()
        cls.control = mmap.mmap(file.fileno(), 16)
        cls.addClassCleanup(cls.control.close)
        cls.server_options = {'memory': False, 'env': {
            'LD_PRELOAD': support_library('memory_fault'), 'MEMORY_FAULT_FILE': file.name}}
        super().setUpClass()

    @classmethod
    def prepare(cls):
        cls.pool = cls.new_pool(AutoVerifiedAttributes=['email'])
        cls.client = cls.new_client(cls.pool)
        cls.user = cls.new_user(cls.pool, email='first@example.com')

    def arm(self, allocations, for_good=False):
        self.control[0:16] = struct.pack('<2q', allocations, int(for_good))

    def left(self):
        return struct.unpack_from('<q', self.control)[0]

    def revive(self):
        """Disarmed, and alive."""
        self.arm(0)
        ended = self.end_or_health()
        if ended is not None:
            self.assertEqual(-6, ended, 'an end without memory is abort(), and nothing else')
            self.assertIn('out of memory', self.server.log())
            self.server.start()

    def end_or_health(self):
        """How it has ended; None: it answers. One that ends is neither for a moment."""
        deadline = time.monotonic() + 30
        while self.server.process.poll() is None:
            with contextlib.suppress(OSError, http.client.HTTPException):
                if self.server.get('/healthz').status == 200:
                    break
            self.assertLess(time.monotonic(), deadline, 'it neither ends nor answers')
            time.sleep(0.01)
        return self.server.process.poll()

    def answer(self, operation, members):
        """The reply, or an ApiError. None: it did not come, or not whole."""
        with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
            return Api(self.server.port).call(operation, members)
        return None

    def attempt(self, operation, members):
        """The reply; None: the server said that it could not, or is gone."""
        try:
            return self.answer(operation, members)
        except ApiError as e:
            self.assertEqual((UNABLE, 500), (e.type, e.status), e)
        return None

    def allocations_of(self, ask):
        """How many allocations one request makes, about: others of the process count, too."""
        used = []
        for _ in range(4):  # the first fills caches; what others did beside one is not in all of them
            request = ask()
            self.arm(1 << 40)
            self.assertIsNotNone(request())
            used.append((1 << 40) - self.left())
        self.arm(0)
        return min(used)

    def sweep(self, make, check, for_good=False):
        """make() -> (operation, members); check(members, reply) after each failure."""
        used = self.allocations_of(lambda: functools.partial(self.attempt, *make()))
        self.assertGreater(used, 10, 'the library does not see the allocations')
        points = some_of(used, POINTS)
        hit = acknowledged = 0
        for point in points:
            operation, members = make()
            self.arm(point, for_good)
            reply = self.attempt(operation, members)
            hit += self.left() <= 1
            acknowledged += reply is not None
            self.revive()
            check(members, reply)
        figures.note('memory', points=len(points), hit=hit, acknowledged=acknowledged, lost=0)
        self.assertGreater(hit, len(points) // 2, 'most failures never came')

    def works(self, *_):
        self.assertIn('AccessToken', self.tokens(self.client, self.user))
