"""Thousands of connections that are kept open, or that send slowly, cost the others nothing."""
import contextlib
import gc
import os
import resource
import selectors
import socket
import statistics
import threading
import time
import unittest

import test_drain
from load import KeptLoad, LoadTest, SdkLoad
from poolhouse import PoolhouseTest

LONG = int(os.environ.get('POOLHOUSE_TEST_LONG', '1')) > 1
WANTED, LEAST = (10000 if LONG else 2000), 1000
SLOW = 2000 if LONG else 300
HEAD_S = 3
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
    server_options = {'env': {'POOLHOUSE_SERVER_IDLE_TIMEOUT': '10m',
                              'POOLHOUSE_SERVER_MAX_CONNECTIONS': str(WANTED + 200)}}

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

    def test_thousands_of_kept_connections_slow_no_sign_in_and_take_little(self):
        with many_files(WANTED) as count:
            self.assertGreaterEqual(count, LEAST, 'the limit of open files is too low to prove it')
            self.sign_in_seconds(20)
            before, memory = self.sign_in_seconds(), self.resident_kib()
            kept = self.open_connections(count)
            gc.freeze()  # or this process would look at its thousands of sockets again and again
            self.addCleanup(gc.unfreeze)
            each = (self.resident_kib() - memory) / count
            for _ in range(10):  # others use this machine, too
                if (after := self.sign_in_seconds()) < 2 * before:
                    break
                time.sleep(1)
            self.assertLess(each, KIB_EACH)
            for connection in kept[::100]:  # all the while they were good
                connection.socket.sendall(HEALTH)
                self.assertEqual(200, connection.reply()[0])
            for connection in kept:
                connection.close()
            if after >= 2 * before:  # the others may have begun in the meantime
                before = max(before, self.sign_in_seconds())
            print(f'\n{count} connections, {each:.1f} KiB each; sign-in {1000 * before:.1f} ms'
                  f' without, {1000 * after:.1f} ms beside them')
            self.assertLess(after, 2 * before)


class SlowSenders(threading.Thread):
    """Each sends a byte of a request now and then, and another one comes for each that is cut."""

    REQUESTS = (b'POST / HTTP/1.1\r\nHost: x\r\nX-Long: ' + b'x' * 200,
                b'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n' + b'x' * 900)

    def __init__(self, port, count):
        super().__init__(daemon=True)
        self.port, self.count = port, count
        self.selector = selectors.DefaultSelector()
        self.open = {}
        self.stopping = False
        self.cut = self.most = 0

    def connect(self, number):
        sender = socket.create_connection(('127.0.0.1', self.port), timeout=20)
        request = self.REQUESTS[number % 2]
        at = len(request) - (190 if number % 2 == 0 else 890)  # the end of the head, or past it
        sender.sendall(request[:at])
        sender.setblocking(False)
        self.selector.register(sender, selectors.EVENT_READ)
        self.open[sender] = [request, at, number]

    def drop(self, sender):
        number = self.open.pop(sender)[2]
        self.selector.unregister(sender)
        sender.close()
        return number

    def run(self):
        for i in range(self.count):
            self.connect(i)
        while not self.stopping:
            self.most = max(self.most, len(self.open))
            for sender in list(self.open):
                self.trickle(sender)
            for key, _ in self.selector.select(0.3):
                self.cut += 1
                self.connect(self.drop(key.fileobj))
        for sender in list(self.open):
            self.drop(sender)

    def trickle(self, sender):
        state = self.open[sender]
        with contextlib.suppress(OSError):  # it has been cut: the selector says so
            sender.send(state[0][state[1]:state[1] + 1])
            state[1] += 1


class Slow(LoadTest):
    server_options = {'env': {'POOLHOUSE_SERVER_HEAD_TIMEOUT': f'{HEAD_S}s',
                              'POOLHOUSE_SERVER_BODY_TIMEOUT': f'{HEAD_S}s'}}

    def times(self):
        """Median and worst of sign-ins under load, in seconds."""
        loads = self.under_load(lambda: time.sleep(2), (SdkLoad, KeptLoad), each=2)
        self.check(loads, 'load')
        return statistics.median(load.longest for load in loads), sum(load.answered for load in loads)

    def test_slow_senders_are_cut_and_nobody_else_notices(self):
        with many_files(SLOW):
            _, alone = self.times()
            senders = SlowSenders(self.server.port, SLOW)
            senders.start()
            time.sleep(HEAD_S + 1.5)  # the first of them are cut by now
            for _ in range(3):  # others use this machine, too
                longest, beside = self.times()
                if beside > alone / 2:
                    break
            senders.stopping = True
            senders.join(30)
            if beside <= alone / 2:  # the others may have begun in the meantime
                alone = min(alone, self.times()[1])
        print(f'{SLOW} slow senders, {senders.cut} cut; {alone} requests without them, {beside} beside'
              f' them, the longest {longest:.2f} s')
        self.assertEqual(SLOW, senders.most)
        self.assertGreaterEqual(senders.cut, SLOW)
        self.assertGreater(beside, alone / 2)
        self.assertLess(longest, HEAD_S)


del LoadTest, PoolhouseTest

if __name__ == '__main__':
    unittest.main()
