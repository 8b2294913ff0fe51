"""The commands of the operator, beside a running server and without one."""
import os
import re
import shutil
import signal
import socket
import ssl
import stat
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.request

from poolhouse import (MASTER_KEY, PASSWORD, Api, PoolhouseTest, Server, binary, claims, free_port,
                       needs_file)


def run(*arguments, env=None, directory=None):
    env = env or {k: v for k, v in os.environ.items() if not k.startswith('POOLHOUSE_')}
    return subprocess.run([binary(), *arguments], env=env, cwd=directory, capture_output=True,
                          text=True, timeout=60, check=False)


def certificate(directory, name, days):
    """Of localhost, by its own key: the files of both."""
    files = [os.path.join(directory, f'{name}.{kind}') for kind in ('pem', 'key')]
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256',
                    '-nodes', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost',
                    '-days', str(days), '-out', files[0], '-keyout', files[1]],
                   check=True, capture_output=True)
    return files


class CommandTest(PoolhouseTest):
    """A server with its data on disk, and the commands on the same data, by the same clock."""

    server_options = {'memory': False, 'clock': True}

    def command(self, *arguments, status=0):
        done = run(*arguments, '--data', self.server.data, env=self.server.environment(),
                   directory=self.server.directory)
        self.assertEqual(status, done.returncode, done.stdout + done.stderr)
        return done.stdout if status == 0 else done.stderr


class Help(unittest.TestCase):

    def test_the_operations_are_listed_by_group_and_counted(self):
        lines = run('help', 'operations').stdout.splitlines()
        rows = [line for line in lines if line.startswith('  ')]
        built = [row for row in rows if row.endswith('  built')]
        self.assertEqual((140, 140), (len(rows), len(built)))
        self.assertEqual('140 operations: 140 built, 0 not built yet (they answer 501)', lines[-1])
        self.assertTrue(any(re.fullmatch(r'  InitiateAuth +public +built', row) for row in rows))
        self.assertEqual(1, lines.count('pools'))

    def test_every_command_explains_itself(self):
        listed = run('help').stdout
        for name in ('dev', 'serve', 'config', 'doctor', 'credentials', 'keys', 'backup', 'restore', 'migrate',
                     'version', 'help'):
            with self.subTest(name):
                self.assertRegex(listed, rf'(?m)^  {name} +\w')
                done = run(name, '--help')
                self.assertEqual(0, done.returncode)
                self.assertTrue(done.stdout.startswith(f'poolhouse {name}: '), done.stdout)

    def test_a_misspelt_word_is_refused_with_the_nearest_one(self):
        for words, text in ((('kesy',), "there is no command 'kesy'; did you mean 'keys'?"),
                            (('keys', 'rotat'), "did you mean 'rotate'?"),
                            (('keys', 'rotate', '--pol', 'x'), "did you mean 'pool'?"),
                            (('keys', 'rotate', '--pool'), 'the flag --pool needs a value'),
                            (('keys', 'rotate'), 'say which pool: --pool ID'),
                            (('keys', 'rotate', '--pool', 'x', '--announce', 'soon'),
                             'is not a duration'),
                            (('keys', 'rotate', '--pool', 'x', '--now', '--announce', '1h'),
                             'exclude each other'),
                            (('backup', 'a', 'b'), "there is no flag 'b'"),
                            (('backup', '--data', 'x'), 'say to which file'),
                            (('doctor', '--mode', 'x'), '--mode is dev or serve'),
                            (('doctor', '--mode=x'), '--mode is dev or serve'),
                            (('doctor', '--mode'), '--mode is dev or serve')):
            with self.subTest(words):
                done = run(*words)
                self.assertEqual(2, done.returncode, done.stderr)
                self.assertIn(text, done.stderr)


class Keys(CommandTest):

    def setUp(self):
        self.pool = self.new_pool()
        self.client = self.new_client(self.pool)
        self.user = self.new_user(self.pool)

    def sign(self):
        return self.tokens(self.client, self.user)

    def kids(self, tokens):
        return {claims(tokens[name])[0]['kid'] for name in ('IdToken', 'AccessToken')}

    def published(self):
        reply = self.server.get(f'/{self.pool}/.well-known/jwks.json')
        return {key['kid'] for key in reply.json['keys']}

    def states(self):
        text = self.command('keys', 'list', '--pool', self.pool)
        rows = re.findall(r'(?m)^  (\S{44})  (id|access) +(\w+) ', text)
        return sorted((use, state) for _, use, state in rows)

    def both(self, *states):
        return sorted((use, state) for use in ('id', 'access') for state in states)

    def test_new_keys_are_published_at_once_and_sign_an_hour_later(self):
        before = self.sign()
        old = self.published()
        self.assertEqual(old, self.kids(before))
        self.command('keys', 'rotate', '--pool', self.pool)
        new = self.published() - old
        self.assertEqual((2, 4), (len(new), len(self.published())))
        self.assertEqual(old, self.kids(self.sign()))
        self.assertEqual(self.both('announced', 'signs'), self.states())

        self.server.advance(3601)
        after = self.sign()
        self.assertEqual(new, self.kids(after))
        self.assertEqual(self.both('replaced', 'signs'), self.states())
        self.api.GlobalSignOut(AccessToken=after['AccessToken'])

        self.server.advance(24 * 3600)
        self.assertEqual(old | new, self.published())
        self.server.advance(3600)
        self.assertEqual(new, self.published())
        self.assertEqual(new, self.kids(self.sign()))

    def test_tokens_of_the_old_keys_are_good_to_their_end(self):
        tokens = self.sign()
        self.command('keys', 'rotate', '--pool', self.pool, '--now')
        again = self.api.InitiateAuth(ClientId=self.client, AuthFlow='REFRESH_TOKEN_AUTH',
                                      AuthParameters={'REFRESH_TOKEN': tokens['RefreshToken']})
        self.assertFalse(self.kids(tokens) & self.kids(again['AuthenticationResult']))
        self.api.GlobalSignOut(AccessToken=tokens['AccessToken'])

    def test_keys_that_were_announced_never_take_over_from_those_made_since(self):
        self.command('keys', 'rotate', '--pool', self.pool, '--announce', '2h')
        announced = self.published() - self.kids(self.sign())
        self.command('keys', 'rotate', '--pool', self.pool, '--now')
        signing = self.kids(self.sign())
        self.assertFalse(signing & announced)
        for seconds in (2 * 3600 + 1, 26 * 3600):
            self.server.advance(seconds)
            self.assertEqual(signing, self.kids(self.sign()))
        self.assertEqual(signing, self.published())

    def test_all_pools_are_listed_and_an_unknown_one_is_not(self):
        other = self.new_pool()
        text = self.command('keys', 'list')
        self.assertIn(f'{self.pool} (tests)\n', text)
        self.assertIn(f'{other} (tests)\n', text)
        self.assertIn('User pool eu-west-1_NoSuchOne does not exist.',
                      self.command('keys', 'rotate', '--pool', 'eu-west-1_NoSuchOne', status=1))

    def test_a_mistyped_directory_is_not_made(self):
        missing = os.path.join(self.server.directory, 'missing')
        done = run('keys', 'list', '--data', missing)
        self.assertEqual(1, done.returncode)
        self.assertIn(f'there is no database in {missing}', done.stderr)
        self.assertFalse(os.path.exists(missing))


@needs_file
class Backup(CommandTest):

    def test_a_copy_made_under_load_serves_what_was_there(self):
        pool = self.new_pool()
        client = self.new_client(pool)
        user = self.new_user(pool)
        end = threading.Event()
        writers = [threading.Thread(target=self.write, args=(pool, n, end)) for n in range(2)]
        for writer in writers:
            writer.start()
        try:
            copy = os.path.join(self.server.directory, 'copy.db')
            self.assertIn('same master key', self.command('backup', copy))
        finally:
            end.set()
            for writer in writers:
                writer.join()
        self.assertEqual(0o600, stat.S_IMODE(os.stat(copy).st_mode))
        self.assertIn('overwrites nothing', self.command('backup', copy, status=1))

        restored = tempfile.mkdtemp(prefix='poolhouse-test-')
        self.addCleanup(shutil.rmtree, restored, ignore_errors=True)
        os.mkdir(os.path.join(restored, 'data'))
        shutil.copy(copy, os.path.join(restored, 'data', 'poolhouse.db'))
        shutil.copy(os.path.join(self.server.data, 'master.key'), os.path.join(restored, 'data'))
        server = Server(directory=restored, memory=False).start()
        self.addCleanup(server.stop)
        reply = Api(server.port).InitiateAuth(
            ClientId=client, AuthFlow='USER_PASSWORD_AUTH',
            AuthParameters={'USERNAME': user, 'PASSWORD': PASSWORD})
        self.assertIn('AuthenticationResult', reply)

    def write(self, pool, writer, end):
        for n in range(100000):
            if end.is_set():
                return
            self.api.AdminCreateUser(UserPoolId=pool, Username=f'w{writer}-{n}',
                                     MessageAction='SUPPRESS')

    def test_a_place_that_cannot_be_written_is_an_error(self):
        self.assertIn('cannot be created',
                      self.command('backup', '/nonexistent/copy.db', status=1))


class Ends(unittest.TestCase):
    """What ends a server that nobody has told to stop by SIGTERM."""

    def server(self):
        server = Server().start()
        self.addCleanup(server.stop)
        return server

    def test_a_terminal_that_goes_ends_it_in_order(self):
        server = self.server()
        server.process.send_signal(signal.SIGHUP)
        self.assertEqual(0, server.process.wait(30))
        self.assertIn(f'stopping signal={signal.SIGHUP.value}\n', server.log())
        self.assertIn('stopped how="in order"', server.log())

    def test_not_under_nohup(self):
        before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # what is ignored stays so by exec
        try:
            server = self.server()
        finally:
            signal.signal(signal.SIGHUP, before)
        server.process.send_signal(signal.SIGHUP)
        self.assertEqual(200, server.get('/readyz', port=server.admin_port).status)
        server.process.terminate()
        self.assertEqual(0, server.process.wait(30))
        self.assertIn(f'stopping signal={signal.SIGTERM.value}\n', server.log())


class Tls(unittest.TestCase):

    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix='poolhouse-test-')
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)

    def start(self, pem, key):
        port, admin = free_port(), free_port()
        server = subprocess.Popen(
            [binary(), 'dev', '--memory', '--listen', f'127.0.0.1:{port}', '--admin-listen',
             f'127.0.0.1:{admin}', '--tls-cert', pem, '--tls-key', key],
            stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        self.addCleanup(server.communicate)
        self.addCleanup(server.kill)
        return server, port, admin

    def test_the_api_is_served_with_the_certificate_that_the_metrics_tell_the_end_of(self):
        pem, key = certificate(self.directory, 'good', 30)
        server, port, admin = self.start(pem, key)
        for line in server.stderr:
            if ' ready ' in line:
                break
        context = ssl.create_default_context(cafile=pem)
        with socket.create_connection(('127.0.0.1', port), timeout=30) as plain, \
                context.wrap_socket(plain, server_hostname='localhost') as peer:
            until = ssl.cert_time_to_seconds(peer.getpeercert()['notAfter'])
            peer.sendall(b'GET /nothing HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
            self.assertRegex(peer.recv(64), rb'HTTP/1.1 404 ')
        with urllib.request.urlopen(f'http://127.0.0.1:{admin}/metrics', timeout=30) as page:
            self.assertIn(f'\npoolhouse_tls_expiry_timestamp_seconds {until}\n', page.read().decode())
        server.terminate()
        self.assertEqual(0, server.wait(30))

    def test_a_key_of_another_certificate_is_refused_at_the_start(self):
        pem, _ = certificate(self.directory, 'one', 30)
        _, key = certificate(self.directory, 'two', 30)
        server, _, _ = self.start(pem, key)
        self.assertEqual(1, server.wait(30))
        self.assertIn('the TLS key is not that of the certificate', server.stderr.read())


@needs_file
class Doctor(unittest.TestCase):

    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix='poolhouse-test-')
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        self.port = free_port()

    def ask(self, *flags, status=0, mode='dev', data=None, env=None):
        done = run('doctor', f'--mode={mode}', '--listen', f'127.0.0.1:{self.port}', '--data',
                   data or os.path.join(self.directory, 'data'), *flags, env=env)
        self.assertEqual(status, done.returncode, done.stdout + done.stderr)
        for line in done.stdout.splitlines():
            self.assertRegex(line, r'^(ok   |warn |fail ) \w[\w ]{14} \S')
        return done.stdout

    def assert_line(self, verdict, check, part, text):
        lines = [line for line in text.splitlines()
                 if line.startswith(verdict) and line[6:].startswith(check) and part in line]
        self.assertTrue(lines, f'no {verdict} of {check} with {part!r} in:\n{text}')

    def test_before_the_first_start_all_is_well(self):
        text = self.ask()
        self.assert_line('ok', 'data directory', 'the server makes it', text)
        self.assert_line('ok', 'addresses', 'is free', text)
        self.assertEqual([], os.listdir(self.directory))

    def test_a_running_server_is_recognised(self):
        server = Server(memory=False, directory=self.directory).start()
        self.addCleanup(server.stop)
        self.port = server.port
        text = self.ask()
        self.assert_line('ok', 'addresses', 'and is ready', text)
        self.assert_line('ok', 'database', 'opens with the master key', text)
        self.assert_line('ok', 'data directory', 'by this user alone', text)

    def test_serve_needs_a_key_of_its_own(self):
        text = self.ask('--admin-listen', f'127.0.0.1:{free_port()}', mode='serve', status=1)
        self.assert_line('fail', 'database', 'there is no master key', text)
        self.assert_line('warn', 'public URL', 'https', text)

    def test_a_server_without_administrators_is_warned_of(self):
        env = {**os.environ, 'POOLHOUSE_MASTER_KEY': MASTER_KEY}
        data = os.path.join(self.directory, 'data')
        serve = ('--admin-listen', f'127.0.0.1:{free_port()}')
        run('credentials', 'create', '--user', 'ann', '--expires-in', '1s', '--data', data, env=env)
        time.sleep(1.1)
        self.assert_line('warn', 'database', 'poolhouse credentials create',
                         self.ask(*serve, mode='serve', env=env))
        run('credentials', 'create', '--user', 'bob', '--data', data, env=env)
        self.assert_line('ok', 'database', '1 access key of', self.ask(*serve, mode='serve', env=env))

    def test_a_certificate_that_does_not_serve_is_told(self):
        good, key = certificate(self.directory, 'good', 90)
        short, other_key = certificate(self.directory, 'short', 3)
        self.assert_line('ok', 'TLS certificate', 'none here', self.ask())
        for verdict, part, pem, of in (
                ('ok', 'is good until', good, key),
                ('warn', 'expires on', short, other_key),
                ('fail', 'the TLS key is not that of the certificate', good, other_key),
                ('fail', 'the TLS certificate is none', key, key),
                ('fail', 'the TLS key is no private key', good, good),
                ('fail', 'cannot read', good, '/nonexistent')):
            text = self.ask('--tls-cert', pem, '--tls-key', of, status=int(verdict == 'fail'))
            self.assert_line(verdict, 'TLS certificate', part, text)

    def test_another_program_at_the_address_is_a_failure(self):
        with socket.create_server(('127.0.0.1', self.port)):
            self.assert_line('fail', 'addresses', 'Address already in use', self.ask(status=1))

    def test_wrong_keys_and_loose_permissions_are_told(self):
        data = os.path.join(self.directory, 'data')
        server = Server(memory=False, directory=self.directory).start()
        server.stop()
        os.chmod(data, 0o750)
        os.chmod(os.path.join(data, 'poolhouse.db'), 0o640)
        text = self.ask()
        self.assert_line('warn', 'data directory', f'chmod 700 {data}', text)
        self.assert_line('warn', 'database', 'chmod 600', text)
        env = {**os.environ, 'POOLHOUSE_MASTER_KEY': MASTER_KEY}
        self.assert_line('fail', 'database', 'the master key is not the one',
                         self.ask(status=1, env=env))

    def test_a_wrong_configuration_is_a_failure(self):
        self.assert_line('fail', 'configuration', 'correct',
                         self.ask('--log-level', 'loud', status=1))


if __name__ == '__main__':
    unittest.main()
