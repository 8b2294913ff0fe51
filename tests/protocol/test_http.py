"""The HTTP server below the API: limits, deadlines, framing, many connections.

Runs against the server at POOLHOUSE_ENDPOINT, or starts one of its own (POOLHOUSE_BINARY).
"""
import contextlib
import os
import re
import resource
import socket
import subprocess
import time
import unittest
import urllib.parse

from poolhouse import free_port

HEALTH = b'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n'
MAX_BODY = 2 * 1024 * 1024
MAX_HEAD = 16 * 1024


class Peer:
    """A connection that sends exactly the given bytes."""

    def __init__(self, port, timeout=15):
        self.socket = socket.create_connection(('127.0.0.1', port), timeout=timeout)
        self.file = self.socket.makefile('rb')

    def send(self, data):
        self.socket.sendall(data)

    def status(self, body=True):
        """The status of the next reply, 0 when the connection has ended instead."""
        try:
            line = self.file.readline()
        except (ConnectionResetError, BrokenPipeError):
            return 0
        if not line:
            return 0
        self.headers = {}
        while (field := self.file.readline().rstrip(b'\r\n')):
            name, value = field.split(b':', 1)
            self.headers[name.lower()] = value.strip()
        self.body = self.file.read(int(self.headers.get(b'content-length', 0))) if body else b''
        return int(line.split()[1])

    def has_ended(self):
        """True when the connection ends; what still comes is read (libmicrohttpd 0.9.75 sends the
        head of its own error pages twice)."""
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):
            while self.file.read(4096):
                pass
        return True

    def close(self):
        self.file.close()
        self.socket.close()


class HttpTest(unittest.TestCase):
    """A server with short deadlines, unless one is given."""

    environment = {}
    process = None

    @classmethod
    def setUpClass(cls):
        endpoint = os.environ.get('POOLHOUSE_ENDPOINT')
        if endpoint:
            cls.port = urllib.parse.urlparse(endpoint).port
            return
        cls.port = free_port()
        env = {k: v for k, v in os.environ.items() if not k.startswith('POOLHOUSE_')}
        binary = os.environ.get('POOLHOUSE_BINARY', 'build/poolhouse')
        cls.process = subprocess.Popen(
            [binary, 'dev', '--memory', '--listen', f'127.0.0.1:{cls.port}', '--log-level', 'warn'],
            env=env | cls.environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        cls.addClassCleanup(cls.end)
        for _ in range(500):
            with contextlib.suppress(OSError):
                Peer(cls.port).close()
                return
            time.sleep(0.02)
        raise RuntimeError('the server does not listen')

    @classmethod
    def end(cls):
        cls.process.terminate()
        try:
            _, log = cls.process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            cls.process.kill()
            cls.process.communicate()
            raise
        if cls.process.returncode != 0 or b'Sanitizer' in log or b'runtime error' in log:
            raise AssertionError(f'the server ended with {cls.process.returncode}:\n'
                                 + log.decode(errors='replace'))

    def peer(self):
        peer = Peer(self.port)
        self.addCleanup(peer.close)
        return peer

    def status_of(self, data, body=True):
        peer = self.peer()
        peer.send(data)
        return peer.status(body)


class Framing(HttpTest):
    """Where a request ends must never be a matter of opinion (request smuggling)."""

    def assert_refused(self, head, status=400):
        peer = self.peer()
        peer.send(b'POST / HTTP/1.1\r\nHost: x\r\n' + head)
        got = peer.status()
        self.assertEqual(status, got, head)
        self.assertTrue(peer.has_ended(), 'the connection must end')

    def test_a_length_and_a_coding_are_refused(self):
        self.assert_refused(b'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n')

    def test_two_lengths_are_refused_even_when_equal(self):
        self.assert_refused(b'Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}')
        self.assert_refused(b'Content-Length: 2\r\ncontent-length: 3\r\n\r\n{}x')

    def test_a_length_that_is_not_a_number_is_refused(self):
        for value in (b'+2', b'-2', b'0x2', b'2, 2', b'2 2', b'', b'99999999999999999999'):
            with self.subTest(value=value):
                peer = self.peer()
                peer.send(b'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ' + value + b'\r\n\r\n{}')
                self.assertIn(peer.status(), (400, 413))
                self.assertTrue(peer.has_ended())

    def test_an_unknown_coding_is_refused(self):
        for value in (b'gzip', b'chunked, gzip', b'xchunked', b'identity'):
            with self.subTest(value=value):
                self.assert_refused(b'Transfer-Encoding: ' + value + b'\r\n\r\n0\r\n\r\n')

    def test_two_codings_are_refused(self):
        self.assert_refused(b'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n'
                            b'0\r\n\r\n')

    def test_a_request_without_host_is_refused(self):
        self.assertEqual(400, self.status_of(b'GET /healthz HTTP/1.1\r\n\r\n'))

    def test_a_chunked_body_is_read(self):
        peer = self.peer()
        peer.send(b'POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n'
                  b'3\r\n{"a\r\n4\r\n":1}\r\n0\r\n\r\n' + HEALTH)
        self.assertGreaterEqual(peer.status(), 400)
        self.assertEqual(200, peer.status())

    def test_noise_does_not_hurt_others(self):
        for noise in (b'\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', b'\x00' * 100, b'\r\n' * 50,
                      b'GET\r\n\r\n', b'GET / HTTP/9.9\r\nHost: x\r\n\r\n', b'\xff' * 3000):
            peer = self.peer()
            peer.send(noise)
            self.assertEqual(200, self.status_of(HEALTH))


class Limits(HttpTest):

    def test_a_head_beyond_the_limit_is_refused(self):
        for size in (MAX_HEAD + 1, MAX_HEAD * 4):
            peer = self.peer()
            with contextlib.suppress(OSError):
                peer.send(b'GET /healthz HTTP/1.1\r\nHost: x\r\nX: ' + b'x' * size + b'\r\n\r\n')
            self.assertIn(peer.status(), (0, 431))
            self.assertTrue(peer.has_ended())

    def test_a_head_within_the_limit_is_read(self):
        self.assertEqual(200, self.status_of(
            b'GET /healthz HTTP/1.1\r\nHost: x\r\nX: ' + b'x' * (MAX_HEAD - 200) + b'\r\n\r\n'))

    def test_too_many_fields_are_refused(self):
        fields = b''.join(b'X%d: y\r\n' % i for i in range(150))
        self.assertEqual(431, self.status_of(b'GET /healthz HTTP/1.1\r\nHost: x\r\n' + fields
                                             + b'\r\n'))

    def test_an_announced_body_beyond_the_limit_is_refused_before_it_is_sent(self):
        peer = self.peer()
        peer.send(b'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n' % (MAX_BODY + 1))
        self.assertEqual(413, peer.status())
        self.assertTrue(peer.has_ended())

    def test_a_chunked_body_beyond_the_limit_ends_the_connection(self):
        peer = self.peer()
        chunk = b'8000\r\n' + b'x' * 0x8000 + b'\r\n'
        with contextlib.suppress(OSError):
            peer.send(b'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n')
            for _ in range(MAX_BODY // 0x8000 + 1):
                peer.send(chunk)
            peer.send(b'0\r\n\r\n')
        self.assertIn(peer.status(), (0, 413))

    def test_a_body_at_the_limit_reaches_the_handler(self):
        peer = self.peer()
        peer.send(b'POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n' % MAX_BODY
                  + b' ' * MAX_BODY)
        self.assertNotIn(peer.status(), (0, 413))

    def test_expect_100_continue_is_answered(self):
        peer = self.peer()
        peer.send(b'POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n')
        self.assertEqual(100, peer.status())
        peer.send(b'{}')
        self.assertGreaterEqual(peer.status(), 400)


class KeepAlive(HttpTest):

    def test_many_requests_use_one_connection(self):
        peer = self.peer()
        for _ in range(50):
            peer.send(HEALTH)
            self.assertEqual(200, peer.status())

    def test_pipelined_requests_are_answered_in_order(self):
        peer = self.peer()
        peer.send(HEALTH + b'GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n' + HEALTH)
        bodies = [(peer.status(), peer.body) for _ in range(3)]
        self.assertEqual([200] * 3, [status for status, _ in bodies])
        self.assertEqual(bodies[0][1], bodies[2][1])
        self.assertIn(b'checks', bodies[1][1])

    def test_close_is_respected(self):
        peer = self.peer()
        peer.send(b'GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
        self.assertEqual(200, peer.status())
        self.assertTrue(peer.has_ended())

    def test_head_has_the_length_and_no_body(self):
        peer = self.peer()
        peer.send(b'HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n' + HEALTH)
        self.assertEqual(200, peer.status(body=False))
        self.assertGreater(int(peer.headers[b'content-length']), 0)
        self.assertEqual(200, peer.status())

    def test_options_and_unknown_methods_are_answered(self):
        peer = self.peer()
        for method in (b'OPTIONS', b'PATCH', b'FROB'):
            peer.send(method + b' / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n')
            self.assertGreaterEqual(peer.status(), 200)
        peer.send(HEALTH)
        self.assertEqual(200, peer.status())

    def test_the_date_is_now(self):
        peer = self.peer()
        peer.send(HEALTH)
        peer.status()
        self.assertRegex(peer.headers[b'date'],
                         rb'^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$')
        stamp = time.strptime(peer.headers[b'date'].decode(), '%a, %d %b %Y %H:%M:%S GMT')
        self.assertLess(abs(time.mktime(stamp) - time.mktime(time.gmtime())), 5)

    def test_a_peer_that_leaves_in_the_middle_hurts_nobody(self):
        for cut in range(1, len(HEALTH), 7):
            peer = Peer(self.port)
            peer.send(HEALTH[:cut])
            peer.close()
        for _ in range(20):
            peer = Peer(self.port)
            peer.send(HEALTH)
            peer.close()
        self.assertEqual(200, self.status_of(HEALTH))


class ManyConnections(HttpTest):

    def test_thousands_of_idle_connections_cost_the_others_nothing(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = min(3000, hard - 100)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted + 100), hard))
        idle = []
        try:
            for i in range(wanted):
                peer = socket.create_connection(('127.0.0.1', self.port), timeout=10)
                idle.append(peer)
                if i % 3 == 0:
                    peer.sendall(HEALTH[:10])
            start = time.monotonic()
            for _ in range(20):
                self.assertEqual(200, self.status_of(HEALTH))
            self.assertLess(time.monotonic() - start, 5)
        finally:
            for peer in idle:
                peer.close()
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@unittest.skipIf('POOLHOUSE_ENDPOINT' in os.environ, 'needs a server with short deadlines')
class Deadlines(HttpTest):
    """No activity extends a deadline. The server looks at each connection about once a second."""

    environment = {'POOLHOUSE_SERVER_HEAD_TIMEOUT': '1s', 'POOLHOUSE_SERVER_BODY_TIMEOUT': '1s',
                   'POOLHOUSE_SERVER_WRITE_TIMEOUT': '1s', 'POOLHOUSE_SERVER_IDLE_TIMEOUT': '5s'}

    def seconds_until_cut(self, peer, data, most=8):
        """Sends a byte every 0.1 s until the server ends the connection."""
        start = time.monotonic()
        peer.socket.settimeout(0.1)
        for byte in data:
            with contextlib.suppress(OSError):
                peer.send(bytes([byte]))
            try:
                if peer.socket.recv(1) == b'':
                    return time.monotonic() - start
            except TimeoutError:
                pass
            except OSError:
                return time.monotonic() - start
            if time.monotonic() - start > most:
                break
        return None

    def assert_cut(self, seconds, most=4):
        self.assertIsNotNone(seconds, 'the connection was never cut')
        self.assertGreater(seconds, 0.5)
        self.assertLess(seconds, most)

    def test_a_head_that_trickles_is_cut(self):
        head = b'GET /healthz HTTP/1.1\r\nHost: x\r\n' + b'X: ' + b'x' * 200
        self.assert_cut(self.seconds_until_cut(self.peer(), head))

    def test_a_first_line_that_trickles_is_cut(self):
        self.assert_cut(self.seconds_until_cut(self.peer(), b'GET /' + b'x' * 200))

    def test_a_second_head_that_trickles_is_cut(self):
        peer = self.peer()
        peer.send(HEALTH)
        self.assertEqual(200, peer.status())
        self.assert_cut(self.seconds_until_cut(peer, b'GET /' + b'x' * 200))

    def test_a_body_that_trickles_is_cut(self):
        peer = self.peer()
        peer.send(b'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n')
        self.assert_cut(self.seconds_until_cut(peer, b' ' * 200))

    def test_an_idle_connection_lives_longer_and_then_ends(self):
        peer = self.peer()
        peer.send(HEALTH)
        self.assertEqual(200, peer.status())
        time.sleep(3)
        peer.send(HEALTH)
        self.assertEqual(200, peer.status())
        self.assertTrue(peer.has_ended())

    def test_a_reader_that_does_not_read_is_cut(self):
        peer = self.peer()
        peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        request = b'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'
        start = time.monotonic()
        peer.socket.settimeout(1)
        with contextlib.suppress(OSError):
            while time.monotonic() - start < 8:
                peer.send(request * 50)
        with self.assertRaises(OSError):
            for _ in range(50):
                peer.send(request)
                time.sleep(0.1)
        self.assertEqual(200, self.status_of(HEALTH))


@unittest.skipIf('POOLHOUSE_ENDPOINT' in os.environ, 'ends its server')
class Stopping(HttpTest):

    def test_sigterm_refuses_new_connections_and_ends_in_order(self):
        peer = self.peer()
        peer.send(HEALTH)
        self.assertEqual(200, peer.status())
        self.process.terminate()
        self.assertEqual(0, self.process.wait(10))
        with self.assertRaises(OSError):
            Peer(self.port)
        self.assertTrue(peer.has_ended())


class Metrics(HttpTest):

    def test_the_page_is_well_formed(self):
        peer = self.peer()
        peer.send(b'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n')
        self.assertEqual(200, peer.status())
        for line in peer.body.decode().splitlines():
            self.assertRegex(line, re.compile(
                r'(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? [-0-9.e+]+)$'))
        self.assertIn(b'poolhouse_open_connections', peer.body)


if __name__ == '__main__':
    unittest.main()
