"""A server is replaced under load and no request fails: its parent keeps the listening sockets.

What systemd does with poolhouse.socket this process does itself: it opens the sockets and passes them to
one server after the other. Clients are unmodified and try nothing twice.
"""
import os
import re
import socket
import subprocess
import threading
import time
import unittest

from poolhouse import (PASSWORD, PASS_SOCKETS, PoolhouseTest, binary, boto3_client, free_port,
                       serve_options)
from test_drain import Connection, request_of

RESTARTS = max(3, int(os.environ.get('POOLHOUSE_TEST_LONG', '1')))
PAUSE_S = 0.7  # of load on each server


class Load(threading.Thread):
    """Calls without a pause until it is told to stop; every answer must be good."""

    def __init__(self, test, number):
        super().__init__(daemon=True)
        self.test, self.number = test, number
        self.stopping = False
        self.answered, self.longest = 0, 0.0
        self.created = []
        self.trouble = None

    def run(self):
        try:
            while not self.stopping:
                start = time.monotonic()
                self.one(self.answered)
                self.longest = max(self.longest, time.monotonic() - start)
                self.answered += 1
        except Exception as e:  # must reach the test
            self.trouble = e

    def name(self, step):
        return f'{type(self).__name__}-{self.number}-{step}'


class SdkLoad(Load):
    """boto3, which keeps its connections; without its retries."""

    def __init__(self, test, number):
        super().__init__(test, number)
        self.client = boto3_client(test.server.url)

    def one(self, step):
        if step % 3 == 0:
            self.client.sign_up(ClientId=self.test.client, Username=self.name(step), Password=PASSWORD)
            self.created.append(self.name(step))
        else:
            self.client.initiate_auth(
                ClientId=self.test.client, AuthFlow='USER_PASSWORD_AUTH',
                AuthParameters={'USERNAME': self.test.name, 'PASSWORD': PASSWORD})


class KeptLoad(Load):
    """A connection of its own until a reply says that it ends; without looking whether it is good."""

    connection = None

    def one(self, step):
        self.connection = self.connection or Connection(self.test.server.port)
        self.connection.socket.sendall(request_of('SignUp', {
            'ClientId': self.test.client, 'Username': self.name(step), 'Password': PASSWORD}))
        reply = self.connection.reply()
        if reply is None or reply[0] != 200:
            raise AssertionError(f'answered with {reply}')
        self.created.append(self.name(step))
        if reply[1].get(b'connection', b'').lower() == b'close':
            self.connection.close()
            self.connection = None


class NewLoad(KeptLoad):
    """A new connection for each request."""

    def one(self, step):
        super().one(step)
        if self.connection:
            self.connection.close()
            self.connection = None


class RestartTest(PoolhouseTest):
    @classmethod
    def prepare(cls):
        cls.pool = cls.new_pool()
        cls.client = cls.new_client(cls.pool)
        cls.name = cls.new_user(cls.pool)

    def under_load(self, action, kinds=(SdkLoad, KeptLoad, NewLoad), each=3):
        """Does something while all of them call; they have ended when it returns."""
        loads = [kind(self, i) for kind in kinds for i in range(each)]
        for load in loads:
            load.start()
        try:
            time.sleep(PAUSE_S)
            action()
            time.sleep(PAUSE_S)
        finally:
            for load in loads:
                load.stopping = True
            for load in loads:
                load.join(60)
        return loads

    def restart(self):
        self.server.process.terminate()
        self.assertEqual(0, self.server.process.wait(30))
        self.server.start()


class Restart(RestartTest):
    server_options = {'memory': False, 'held': True}

    def test_no_request_fails_while_servers_come_and_go(self):
        pids = set()

        def replace():
            for i in range(RESTARTS):
                if i:
                    time.sleep(PAUSE_S)
                self.restart()
                pids.add(self.server.process.pid)
        loads = self.under_load(replace)
        for load in loads:
            self.assertFalse(load.is_alive(), 'a request never ended')
            if load.trouble:
                raise load.trouble
        self.assertEqual(RESTARTS, len(pids))
        self.assertGreater(min(load.answered for load in loads), RESTARTS)
        created = [name for load in loads for name in load.created]
        print(f'\n{RESTARTS} restarts, {sum(load.answered for load in loads)} requests, 0 failed;'
              f' the longest took {max(load.longest for load in loads):.1f} s')
        for name in created:
            self.api.AdminGetUser(UserPoolId=self.pool, Username=name)

    def test_a_kept_connection_gets_one_more_answer_and_is_told(self):
        kept = Connection(self.server.port)
        self.addCleanup(kept.close)
        question = b'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n'
        kept.socket.sendall(question)
        self.assertNotIn(b'connection', kept.reply()[1])
        self.server.process.terminate()
        time.sleep(0.3)  # it has heard the signal, and waits for what the client may have sent
        kept.socket.sendall(question)
        status, head = kept.reply()
        self.assertEqual((200, b'close'), (status, head[b'connection']))
        self.assertIsNone(kept.reply())
        self.assertEqual(0, self.server.process.wait(10))
        self.server.start()

    def test_who_connects_while_there_is_no_server_is_answered_by_the_next(self):
        self.server.process.terminate()
        self.assertEqual(0, self.server.process.wait(10))
        early = Connection(self.server.port)
        self.addCleanup(early.close)
        early.socket.sendall(b'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n')
        self.server.start()
        self.assertEqual(200, early.reply()[0])

    def test_functions_see_nothing_of_the_sockets(self):
        with open(f'/proc/{self.server.process.pid}/environ', 'rb') as f:
            given = f.read()
        self.assertIn(b'LISTEN_FDS=1', given)  # as it was started; the server has taken it out since
        for fd in os.listdir(f'/proc/{self.server.process.pid}/fdinfo'):
            with open(f'/proc/{self.server.process.pid}/fdinfo/{fd}', encoding='ascii') as f:
                flags = int(re.search(r'flags:\s*(\d+)', f.read())[1], 8)
            if fd not in '012':
                self.assertTrue(flags & os.O_CLOEXEC, f'descriptor {fd} would be inherited')


class ByItself(RestartTest):
    """Without a parent that keeps the sockets requests do fail: the test above can."""

    server_options = {'memory': False}

    def test_without_held_sockets_some_are_refused(self):
        loads = self.under_load(self.restart, (NewLoad,))
        self.assertTrue(all(isinstance(load.trouble, OSError) for load in loads if load.trouble))
        self.assertTrue(any(load.trouble for load in loads))


class Both(PoolhouseTest):
    """The API's socket and that of health and metrics, as in production."""

    server_options = {**serve_options(), 'held': True}

    def test_each_listener_has_its_socket(self):
        self.assertEqual(200, self.server.get('/metrics', port=self.server.admin_port).status)
        self.assertNotEqual(200, self.server.get('/metrics').status)
        self.assertRegex(self.server.log(), '"event":"ready".*socket of our parent')


class Passed(unittest.TestCase):
    """What a parent may pass, and how it is told that it passed something else."""

    def start(self, *sockets, count=None, names='', pid='$$'):
        script = PASS_SOCKETS.replace('LISTEN_PID=$$', f'LISTEN_PID={pid} LISTEN_FDNAMES={names}')
        descriptors = [sockets[0].fileno(), sockets[-1].fileno()]
        process = subprocess.Popen(
            ['bash', '-c', script, 'bash', *map(str, descriptors), str(count or len(sockets)), binary(),
             'dev', '--memory', '--listen', f'127.0.0.1:{free_port()}'], pass_fds=descriptors,
            stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def setUp(self):
        self.listens, self.second = (socket.create_server(('127.0.0.1', 0)) for _ in range(2))
        self.addCleanup(self.listens.close)
        self.addCleanup(self.second.close)

    def refused(self, text, *sockets, **options):
        process = self.start(*sockets, **options)
        self.assertNotEqual(0, process.wait(20))
        self.assertIn(text, process.stderr.read())

    def test_what_is_no_listening_tcp_socket_is_refused(self):
        text = 'is not a TCP socket that listens'
        with socket.socket() as closed:
            self.refused(text, closed)
        with socket.socket(type=socket.SOCK_DGRAM) as datagrams:
            self.refused(text, datagrams)
        with socket.socket(socket.AF_UNIX) as local:
            local.bind('\0' + f'poolhouse-test-{os.getpid()}')
            local.listen()
            self.refused(text, local)
        with open(os.devnull, encoding='ascii') as file:
            self.refused(text, file)

    def test_more_sockets_than_listeners_are_refused(self):
        text = 'one for the API and one for health and metrics'
        self.refused(text, self.listens, count=3)
        self.refused(text, self.listens, self.second, names='api:api')
        self.refused(text, self.listens, self.second, names='api:other')

    def has_metrics(self, listener):
        """Waits for the server that does not answer yet."""
        with socket.create_connection(listener.getsockname(), timeout=20) as c:
            c.sendall(b'GET /metrics HTTP/1.0\r\n\r\n')
            return c.recv(12) == b'HTTP/1.1 200'

    def test_names_say_which_socket_is_whose(self):
        for names, admin in (('admin:api', self.listens),
                             ('poolhouse.socket:poolhouse.socket', self.second)):
            process = self.start(self.listens, self.second, names=names)
            for listener in (self.listens, self.second):
                self.assertEqual(listener is admin, self.has_metrics(listener), names)
            process.kill()
            process.wait()

    def test_sockets_for_another_process_are_none_of_ours(self):
        with socket.socket() as unused:
            process = self.start(unused, pid='1')
            self.assertIn('ready', process.stderr.readline())


del RestartTest, PoolhouseTest

if __name__ == '__main__':
    unittest.main()
