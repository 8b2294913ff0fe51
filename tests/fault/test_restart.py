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

from load import LoadTest, NewLoad, PAUSE_S
from poolhouse import PASS_SOCKETS, PoolhouseTest, binary, free_port, serve_options
from test_drain import Connection

RESTARTS = max(3, int(os.environ.get('POOLHOUSE_TEST_LONG', '1')))


class Restart(LoadTest):
    # As `serve` has it: clients have a second for what they are about to send.
    server_options = {'memory': False, 'held': True, 'env': {'POOLHOUSE_SERVER_DRAIN_TIMEOUT': '25s'}}

    def test_no_request_fails_while_servers_come_and_go(self):
        pids = set()

        def replace():
            for i in range(RESTARTS):
                if i:
                    time.sleep(PAUSE_S)
                self.restart()
                pids.add(self.server.process.pid)
        loads = self.under_load(replace)
        self.check(loads, f'{RESTARTS} restarts')
        self.assertEqual(RESTARTS, len(pids))
        self.assertGreater(min(load.answered for load in loads), RESTARTS)

    def test_a_kept_connection_gets_one_more_answer_and_is_told(self):
        kept = Connection(self.server.port)
        self.addCleanup(kept.close)
        question = b'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n'
        kept.socket.sendall(question)
        self.assertNotIn(b'connection', kept.reply()[1])
        self.server.process.terminate()
        self.until(lambda: '"stopping"' in self.server.log() or ' stopping ' in self.server.log())
        time.sleep(0.1)  # it has heard the signal, and waits for what the client may have sent
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


class ByItself(LoadTest):
    """Without a parent that keeps the sockets requests do fail: the test above can."""

    server_options = {'memory': False}

    def test_without_held_sockets_some_are_refused(self):
        loads = self.under_load(self.restart, (NewLoad,))
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


del LoadTest, PoolhouseTest

if __name__ == '__main__':
    unittest.main()
