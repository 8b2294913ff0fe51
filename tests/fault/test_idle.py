"""Thousands of connections that are kept open cost the others nothing, and little memory."""
import contextlib
import gc
import resource
import statistics
import time
import unittest

import test_drain
from poolhouse import PoolhouseTest

WANTED, LEAST = 5000, 1000
KIB_EACH = 48  # resident memory of the server for each; measured: 25
HEALTH = b'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n'


@contextlib.contextmanager
def many_files(wanted):
    """Raises the limit of open files; yields how many of the wanted ones it allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    top = wanted + 200 if hard == resource.RLIM_INFINITY else min(hard, wanted + 200)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, top), hard))
    try:
        yield min(wanted, top - 200)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


class Idle(PoolhouseTest):
    server_options = {'env': {'POOLHOUSE_SERVER_IDLE_TIMEOUT': '10m'}}

    @classmethod
    def prepare(cls):
        cls.pool = cls.new_pool()
        cls.client = cls.new_client(cls.pool)
        cls.name = cls.new_user(cls.pool)

    def resident_kib(self):
        with open(f'/proc/{self.server.process.pid}/status', encoding='ascii') as f:
            return next(int(line.split()[1]) for line in f if line.startswith('VmRSS:'))

    def sign_in_seconds(self, count=60):
        """The median of so many sign-ins, each on a connection of its own."""
        times = []
        for _ in range(count):
            start = time.perf_counter()
            self.tokens(self.client, self.name)
            times.append(time.perf_counter() - start)
        return statistics.median(times)

    def open_connections(self, count):
        kept = []
        self.addCleanup(lambda: [c.close() for c in kept])
        for _ in range(count):
            connection = test_drain.Connection(self.server.port)
            kept.append(connection)
            connection.socket.sendall(HEALTH)
            status, head = connection.reply()
            self.assertEqual(200, status)
            self.assertNotEqual(b'close', head.get(b'connection'))
        return kept

    def test_five_thousand_kept_connections_slow_no_sign_in_and_take_little(self):
        with many_files(WANTED) as count:
            self.assertGreaterEqual(count, LEAST, 'the limit of open files is too low to prove it')
            self.sign_in_seconds(20)
            before, memory = self.sign_in_seconds(), self.resident_kib()
            kept = self.open_connections(count)
            gc.freeze()  # or this process would look at its thousands of sockets again and again
            self.addCleanup(gc.unfreeze)
            each = (self.resident_kib() - memory) / count
            for _ in range(3):  # others use this machine, too
                if (after := self.sign_in_seconds()) < 2 * before:
                    break
            print(f'\n{count} connections, {each:.1f} KiB each; sign-in {1000 * before:.1f} ms'
                  f' before, {1000 * after:.1f} ms beside them')
            self.assertLess(after, 2 * before)
            self.assertLess(each, KIB_EACH)
            for connection in kept[::100]:  # all the while they were good
                connection.socket.sendall(HEALTH)
                self.assertEqual(200, connection.reply()[0])
            for connection in kept:
                connection.close()
            self.tokens(self.client, self.name)


if __name__ == '__main__':
    unittest.main()
