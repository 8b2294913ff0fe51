"""The end of a server: in order under load, beside a second one, and by kill -9."""
import json
import socket
import threading
import time
import unittest

from poolhouse import CONTENT_TYPE, PASSWORD, PoolhouseTest, Server, TARGET, needs_file

DRAIN_S = 5  # server.drain_timeout while developing
LAST_S = 2  # for what a client may have begun to send; idle connections get half of it


def request_of(operation, members):
    body = json.dumps(members).encode()
    return (f'POST / HTTP/1.1\r\nHost: x\r\nContent-Type: {CONTENT_TYPE}\r\n'
            f'X-Amz-Target: {TARGET}{operation}\r\nContent-Length: {len(body)}\r\n\r\n').encode() + body


class Connection:
    """Sends requests as bytes and knows how much of a reply has come."""

    def __init__(self, port):
        self.socket = socket.create_connection(('127.0.0.1', port), timeout=60)
        self.file = self.socket.makefile('rb')

    def reply(self):
        """Status and head of a whole reply; None when the connection ended before its first byte."""
        try:
            line = self.file.readline()
        except ConnectionError:
            return None
        if not line:
            return None
        head = {}
        while (field := self.file.readline().rstrip(b'\r\n')):
            name, value = field.split(b':', 1)
            head[name.strip().lower()] = value.strip()
        length = int(head[b'content-length'])
        if len(self.file.read(length)) != length:
            raise AssertionError('a reply was cut')
        return int(line.split()[1]), head

    def close(self):
        self.file.close()
        self.socket.close()


class Caller(threading.Thread):
    """Asks without a pause, on one connection or on a new one each time, until refused."""

    def __init__(self, test, number, keeps_connection):
        super().__init__(daemon=True)
        self.test, self.number, self.keeps = test, number, keeps_connection
        self.calls = []  # [when it was sent, when it was answered or None]
        self.created = []
        self.trouble = None

    def run(self):
        try:
            connection = None
            for i in range(100000):
                try:
                    connection = connection or Connection(self.test.server.port)
                except OSError:
                    return  # not accepted: no promise was made
                if not self.ask(connection, i):
                    return
                if not self.keeps:
                    connection.close()
                    connection = None
        except Exception as e:  # must reach the test
            self.trouble = e

    def ask(self, connection, i):
        name = f'drain-{self.number}-{i}'
        operation = ('SignUp', {'ClientId': self.test.client, 'Username': name, 'Password': PASSWORD})
        if i % 2:
            operation = ('InitiateAuth', {
                'ClientId': self.test.client, 'AuthFlow': 'USER_PASSWORD_AUTH',
                'AuthParameters': {'USERNAME': self.test.name, 'PASSWORD': PASSWORD}})
        try:
            connection.socket.sendall(request_of(*operation))
        except ConnectionError:
            return False
        call = [time.monotonic(), None]
        self.calls.append(call)
        reply = connection.reply()
        if reply is None:
            return False
        call[1] = time.monotonic()
        if reply[0] != 200:
            raise AssertionError(f'{operation[0]} was answered {reply[0]}')
        if operation[0] == 'SignUp':
            self.created.append(name)
        return reply[1].get(b'connection', b'').lower() != b'close'


class Drain(PoolhouseTest):
    server_options = {'memory': False}

    @classmethod
    def prepare(cls):
        cls.pool = cls.new_pool()
        cls.client = cls.new_client(cls.pool)
        cls.name = cls.new_user(cls.pool)

    def tearDown(self):
        self.server.kill()
        self.server.start()

    def test_what_was_accepted_is_answered_whole_and_kept(self):
        callers = [Caller(self, i, keeps_connection=i % 4 != 0) for i in range(24)]
        for caller in callers:
            caller.start()
        time.sleep(1)
        told = time.monotonic()
        self.server.process.terminate()
        self.assertEqual(0, self.server.process.wait(DRAIN_S + 5))
        ended = time.monotonic()
        self.assertLess(ended - told, DRAIN_S + 1)
        for caller in callers:
            caller.join(30)
            self.assertFalse(caller.is_alive(), 'a connection was neither answered nor ended')
            if caller.trouble:
                raise caller.trouble
        calls = [c for caller in callers for c in caller.calls]
        self.assertGreater(sum(1 for c in calls if c[0] < told < (c[1] or 0)), 4,
                           'nothing was in work at that moment')
        lost = [told - c[0] for c in calls if c[1] is None and c[0] < told]
        self.assertEqual([], lost, 'seconds before the signal at which unanswered requests were sent')
        self.assertRegex(self.server.log(), r'stopped.*how.*in order')
        self.server.start()
        for name in [n for caller in callers for n in caller.created]:
            self.api.AdminGetUser(UserPoolId=self.pool, Username=name)

    def test_idle_connections_do_not_delay_the_end(self):
        idle = [Connection(self.server.port) for _ in range(50)]
        for connection in idle[:25]:
            connection.socket.sendall(b'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n')
            self.assertEqual(200, connection.reply()[0])
        start = time.monotonic()
        self.server.process.terminate()
        self.assertEqual(0, self.server.process.wait(DRAIN_S + 5))
        self.assertLess(time.monotonic() - start, LAST_S)
        for connection in idle:
            self.assertIsNone(connection.reply())
            connection.close()

    def test_a_request_that_never_ends_does_not_hold_up_the_end_forever(self):
        slow = Connection(self.server.port)
        slow.socket.sendall(request_of('InitiateAuth', {'ClientId': 'x' * 1000})[:-100])
        time.sleep(0.2)
        start = time.monotonic()
        self.server.process.terminate()
        self.server.process.wait(DRAIN_S + 10)
        self.assertLess(time.monotonic() - start, LAST_S + 2)
        slow.close()

    @needs_file
    def test_a_second_server_on_the_same_data_refuses_to_start(self):
        second = Server(directory=self.server.directory, memory=False)
        second.log_path += '.second'
        with self.assertRaises(RuntimeError) as caught:
            second.start()
        self.assertIn('another server has this database open: stop it first, or use another data'
                      ' directory', str(caught.exception))
        self.assertNotEqual(0, second.process.returncode)
        self.tokens(self.client, self.name)  # the first one goes on

    def test_after_a_kill_it_answers_in_a_moment(self):
        for i in range(200):
            self.api.SignUp(ClientId=self.client, Username=f'moment-{i}', Password=PASSWORD)
        self.server.kill()
        start = time.monotonic()
        self.server.start()
        self.tokens(self.client, self.name)
        self.assertLess(time.monotonic() - start, 3)
        self.api.AdminGetUser(UserPoolId=self.pool, Username='moment-199')


if __name__ == '__main__':
    unittest.main()
