"""What every test needs: a running server, clients for it, and exact expectations.

A test class derives from PoolhouseTest and gets a server of its own. `self.api` speaks the wire
format directly and can send what SDKs refuse to send; `self.boto` is an unmodified boto3 client.
"""
import base64
import contextlib
import datetime
import hashlib
import hmac
import http.client
import itertools
import json
import math
import os
import random
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.parse

import database
import seen

REGION = 'eu-west-1'
TARGET = 'AWSCognitoIdentityProviderService.'
CONTENT_TYPE = 'application/x-amz-json-1.1'
PASSWORD = 'Passw0rd!'
# With PostgreSQL: the URL of a database where others can be made (tests/run --database).
DATABASE = os.environ.get('POOLHOUSE_TEST_DATABASE')
SANITIZERS = ('ERROR: AddressSanitizer', 'runtime error:', 'ERROR: LeakSanitizer',
              'WARNING: ThreadSanitizer')
FORBIDDEN_IN_LOG = SANITIZERS + ('reply_violates_model', 'internal_error')
UNSIGNED = frozenset((
    'InitiateAuth', 'RespondToAuthChallenge', 'SignUp', 'ConfirmSignUp', 'ResendConfirmationCode',
    'ForgotPassword', 'ConfirmForgotPassword', 'RevokeToken', 'GetTokensFromRefreshToken',
    'GetUser', 'ChangePassword', 'GlobalSignOut', 'UpdateUserAttributes', 'DeleteUser',
    'DeleteUserAttributes', 'GetUserAttributeVerificationCode', 'VerifyUserAttribute',
    'AssociateSoftwareToken', 'VerifySoftwareToken', 'SetUserMFAPreference', 'SetUserSettings',
    'ConfirmDevice', 'GetDevice', 'ListDevices', 'UpdateDeviceStatus', 'ForgetDevice',
    'GetUserAuthFactors', 'StartWebAuthnRegistration', 'CompleteWebAuthnRegistration',
    'ListWebAuthnCredentials', 'DeleteWebAuthnCredential', 'ListUserSessions',
    'RevokeUserSession'))
ALLOW_ALL = {'Version': '2012-10-17', 'Statement': [
    {'Effect': 'Allow', 'Action': 'cognito-idp:*', 'Resource': '*'}]}
MASTER_KEY = base64.b64encode(bytes(range(32))).decode()


def binary():
    return os.environ.get('POOLHOUSE_BINARY', 'build/poolhouse')


# What systemd does for a service whose sockets it holds: they are the descriptors from 3 on, and the
# environment says whose they are. Arguments: two descriptors, how many of them count, the command.
PASS_SOCKETS = '''
exec 208<&"$1" 209<&"$2"; eval "exec $1<&- $2<&-"; exec 3<&208 208<&-
test "$3" = 1 || exec 4<&209; exec 209<&-
export LISTEN_FDS=$3 LISTEN_PID=$$; shift 3; exec "$@"'''


PORTS = range(12000, 32000)
RESERVED = []


def free_port():
    """A port that no other test has, now or while this process lives, in use or not.

    The kernel never gives it away, neither to a connection nor to who asks for any port: its own begin
    above. Other processes of tests see an abstract UNIX socket of that number, which ends with ours.
    """
    while True:
        port = random.SystemRandom().choice(PORTS)
        reservation = socket.socket(socket.AF_UNIX)
        try:
            reservation.bind(f'\0poolhouse-test-port-{port}')
            with socket.create_server(('127.0.0.1', port)):
                RESERVED.append(reservation)
                return port
        except OSError:
            reservation.close()


class ApiError(Exception):
    """An error reply, whichever client received it."""

    def __init__(self, type_, text, status=None, body=None):
        super().__init__(f'{type_}: {text}')
        self.type, self.text, self.status, self.body = type_, text, status, body


class Reply:
    def __init__(self, status, headers, body):
        self.status, self.body = status, body
        self.headers = {k.lower(): v for k, v in headers}

    @property
    def json(self):
        return json.loads(self.body)


def secret_hash(username, client_id, secret):
    mac = hmac.new(secret.encode(), (username + client_id).encode(), hashlib.sha256)
    return base64.b64encode(mac.digest()).decode()


class Credentials:
    def __init__(self, key='AKIAIOSFODNN7EXAMPLE', secret='wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
                 region=REGION):
        self.key, self.secret, self.region = key, secret, region


def sign(credentials, method, host, path, headers, body, at=None):
    """The headers of Signature Version 4, computed here and not by an SDK."""
    at = at or datetime.datetime.now(datetime.timezone.utc)
    stamp, day = at.strftime('%Y%m%dT%H%M%SZ'), at.strftime('%Y%m%d')
    all_headers = {k.lower(): v.strip() for k, v in headers.items()}
    all_headers.update({'host': host, 'x-amz-date': stamp})
    names = ';'.join(sorted(all_headers))
    canonical = '\n'.join([method, path, '',
                           ''.join(f'{k}:{all_headers[k]}\n' for k in sorted(all_headers)),
                           names, hashlib.sha256(body).hexdigest()])
    scope = f'{day}/{credentials.region}/cognito-idp/aws4_request'
    text = '\n'.join(['AWS4-HMAC-SHA256', stamp, scope,
                      hashlib.sha256(canonical.encode()).hexdigest()])
    key = ('AWS4' + credentials.secret).encode()
    for part in (day, credentials.region, 'cognito-idp', 'aws4_request'):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    return {'X-Amz-Date': stamp, 'Authorization':
            f'AWS4-HMAC-SHA256 Credential={credentials.key}/{scope}, '
            f'SignedHeaders={names}, Signature={signature}'}


class Api:
    """`api.SignUp(ClientId=..., ...)`: one call, its reply as a dict, an ApiError when refused."""

    def __init__(self, port, credentials=None, at=None):
        self.port, self.credentials, self.at = port, credentials or Credentials(), at

    def __getattr__(self, operation):
        if not operation[0].isupper():
            raise AttributeError(operation)
        return lambda **members: self.call(operation, members)

    def send(self, operation, body, headers=None, signed=None):
        """The raw reply; `body` may be any bytes."""
        head = {'Content-Type': CONTENT_TYPE, 'X-Amz-Target': TARGET + operation}
        if signed if signed is not None else operation not in UNSIGNED:
            head.update(sign(self.credentials, 'POST', f'127.0.0.1:{self.port}', '/', head, body,
                             self.at() if self.at else None))
        head.update(headers or {})
        connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=60)
        try:
            connection.request('POST', '/', body, head)
            reply = connection.getresponse()
            reply = Reply(reply.status, reply.getheaders(), reply.read())
        finally:
            connection.close()
        seen.reply(operation, reply.status, reply.body)
        return reply

    def call(self, operation, members, **options):
        reply = self.send(operation, json.dumps(members).encode(), **options)
        body = json.loads(reply.body) if reply.body else {}
        if reply.status != 200:
            raise ApiError(body.get('__type'), body.get('message', body.get('Message')),
                           reply.status, body)
        return body


def needs_file(what):
    """For what is about the file of SQLite."""
    return unittest.skipIf(DATABASE, 'about the file of SQLite')(what)


class Server:
    """One poolhouse process with a directory of its own; everything it started is ended."""

    def __init__(self, *args, mode='dev', directory=None, env=None, clock=False, disk=False,
                 memory=True, database_url=None, held=False, program=None):
        self.mode, self.args, self.env, self.memory = mode, list(args), env or {}, memory
        self.program = program or binary()
        self.own_directory = directory is None
        self.directory = directory or tempfile.mkdtemp(prefix='poolhouse-test-')
        self.port = free_port()
        # While developing, health is asked for at the address of the API.
        self.admin_port = free_port() if mode == 'serve' else self.port
        # With `held` this process keeps the listening sockets, while servers come and go.
        self.sockets = [socket.create_server(('127.0.0.1', p), backlog=1024)
                        for p in dict.fromkeys((self.port, self.admin_port)) if held]
        self.clock_file = os.path.join(self.directory, 'clock') if clock else None
        self.offset, self.still = 0, None
        self.disk_file = os.path.join(self.directory, 'disk-fault') if disk else None
        self.process = None
        self.log_path = os.path.join(self.directory, 'server.log')
        self.data = os.path.join(self.directory, 'data')
        self.database_url = database_url or (self.database_here() if DATABASE else None)

    @property
    def url(self):
        return f'http://127.0.0.1:{self.port}'

    def database_here(self):
        """The database of this directory, also for the next server there."""
        path = os.path.join(self.directory, 'database-url')
        if not os.path.exists(path):
            with open(path, 'w', encoding='ascii') as f:
                f.write(database.Database(DATABASE).new().url)
        with open(path, encoding='ascii') as f:
            return f.read()

    def environment(self):
        env = {k: v for k, v in os.environ.items() if not k.startswith('POOLHOUSE_')}
        env.setdefault('ASAN_OPTIONS', 'detect_leaks=1:halt_on_error=1')
        env.setdefault('UBSAN_OPTIONS', 'halt_on_error=1:print_stacktrace=1')
        if self.clock_file:
            self.set_clock(self.offset)
            env.update(LD_PRELOAD=faketime_library(), FAKETIME_TIMESTAMP_FILE=self.clock_file,
                       FAKETIME_NO_CACHE='1', FAKETIME_FMT='%s', DONT_FAKE_MONOTONIC='1',
                       FAKETIME_DONT_FAKE_MONOTONIC='1',
                       # Else waits on condition variables by that clock end at once.
                       FAKETIME_FORCE_MONOTONIC_FIX='0')
            env['ASAN_OPTIONS'] += ':verify_asan_link_order=0'
        if self.disk_file:
            env.update(LD_PRELOAD=support_library('disk_fault'), DISK_FAULT_FILE=self.disk_file,
                       DISK_FAULT_DIRECTORY=os.path.realpath(self.data))
            env['ASAN_OPTIONS'] += ':verify_asan_link_order=0'
        if self.database_url:
            env['POOLHOUSE_STORAGE_DATABASE'] = self.database_url
        env.update(self.env)
        return env

    def command(self):
        where = ['--memory'] if self.memory and not self.database_url else ['--data', self.data]
        listen = ['--listen', f'127.0.0.1:{self.port}', '--public-url', self.url]
        if self.admin_port != self.port:
            listen += ['--admin-listen', f'127.0.0.1:{self.admin_port}']
        command = [self.program, self.mode, *listen, *where, *self.args]
        if self.sockets:
            descriptors = [str(self.sockets[i].fileno()) for i in (0, -1)]
            command[:0] = ['bash', '-c', PASS_SOCKETS, 'bash', *descriptors, str(len(self.sockets))]
        return command

    def start(self, wait=30):
        with open(self.log_path, 'ab') as log:
            self.process = subprocess.Popen(self.command(), stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL, env=self.environment(),
                                            pass_fds=[s.fileno() for s in self.sockets],
                                            cwd=self.directory)
        deadline = time.monotonic() + wait
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f'the server ended with {self.process.returncode}:\n{self.log()}')
            with contextlib.suppress(OSError, http.client.HTTPException):
                # A held socket takes connections also when the server has just ended.
                if self.get('/readyz', port=self.admin_port, timeout=2).status == 200:
                    return self
            time.sleep(0.01)
        self.kill()
        raise RuntimeError(f'the server was not ready after {wait} s:\n{self.log()}')

    def get(self, path, method='GET', headers=None, port=None, body=None, timeout=60):
        connection = http.client.HTTPConnection('127.0.0.1', port or self.port, timeout=timeout)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            reply = connection.getresponse()
            return Reply(reply.status, reply.getheaders(), reply.read())
        finally:
            connection.close()

    def outbox(self, username=None, after=None, wait=None):
        given = {'username': username, 'after': after, 'wait': wait, 'limit': 1000}
        query = urllib.parse.urlencode({k: v for k, v in given.items() if v is not None})
        return self.get('/_poolhouse/outbox?' + query,
                        headers={'Accept': 'application/json'}).json['messages']

    def code(self, username, count=1, seconds=5):
        """The code of the newest message to a user who has had `count` of them."""
        deadline = time.monotonic() + seconds
        while True:
            found = self.outbox(username)
            if len(found) >= count:
                return found[0]['code']
            if time.monotonic() > deadline:
                raise AssertionError(f'{len(found)} of {count} messages to {username}')
            time.sleep(0.02)

    def set_clock(self, offset):
        """Moves the clock of the running server to `offset` seconds from the real one."""
        self.offset = offset
        with open(self.clock_file + '.new', 'w', encoding='ascii') as f:
            f.write(f'{offset:+d}\n' if self.still is None else f'{self.still + offset}\n')
        os.replace(self.clock_file + '.new', self.clock_file)

    def advance(self, seconds):
        self.set_clock(self.offset + seconds)

    def stop_clock(self):
        """From here on only advance() moves it: what lasts a second lasts until the test says so."""
        self.still = math.ceil(time.time())
        self.set_clock(self.offset)

    def run_clock(self):
        self.still = None
        self.set_clock(self.offset)

    def now(self):
        return (time.time() if self.still is None else self.still) + self.offset

    def set_disk(self, fault):
        """'full', 'stuck' or 'sync' (support/disk_fault.c); None: the disk is well again."""
        if fault is None:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self.disk_file)
            return
        with open(self.disk_file + '.new', 'w', encoding='ascii') as f:
            f.write(fault)
        os.replace(self.disk_file + '.new', self.disk_file)

    @property
    def database(self):
        """Of a server with memory=False."""
        if self.database_url:
            return database.Database(self.database_url)
        return database.File(os.path.join(self.data, 'poolhouse.db'))

    def log(self):
        with open(self.log_path, encoding='utf-8', errors='replace') as f:
            return f.read()

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def stop(self):
        """An orderly end; what the log says of the server's health is part of every test."""
        clean = True
        try:
            if self.process and self.process.poll() is None:
                self.process.terminate()
                try:
                    clean = self.process.wait(30) == 0
                except subprocess.TimeoutExpired:
                    clean = False
        finally:
            self.kill()
            for held in self.sockets:
                held.close()
            text = self.log()
            if self.own_directory:
                shutil.rmtree(self.directory, ignore_errors=True)
        seen.log(text)
        problems = [line for line in text.splitlines()
                    if any(word in line for word in FORBIDDEN_IN_LOG)]
        if problems:
            at = text.find(problems[0])
            raise AssertionError('the server log shows trouble:\n' + text[at:at + 6000])
        if not clean:
            raise AssertionError(f'SIGTERM did not end the server in order '
                                 f'({self.process.returncode}):\n{text[-2000:]}')


def serve_options():
    """How a server with real signatures is started: data on disk and a master key."""
    return {'mode': 'serve', 'memory': False, 'env': {'POOLHOUSE_MASTER_KEY': MASTER_KEY}}


def credentials(server, *arguments, check=True):
    """Runs `poolhouse credentials` on the data of a server."""
    done = subprocess.run([binary(), 'credentials', *arguments, '--data', server.data],
                          env=server.environment(), cwd=server.directory, capture_output=True,
                          text=True, timeout=60, check=False)
    if check and done.returncode != 0:
        raise AssertionError(f'credentials {arguments}: {done.returncode}\n{done.stdout}{done.stderr}')
    return done


def create_key(server, name, policy):
    path = os.path.join(server.directory, f'{name}.json')
    with open(path, 'w', encoding='utf-8') as f:
        json.dump(policy, f)
    text = credentials(server, 'create', '--user', name, '--policy', path).stdout
    key = re.search(r'AKIA[A-Z0-9]{16}', text).group()
    secret = next(w for w in re.findall(r'[A-Za-z0-9+/]{40}(?![A-Za-z0-9+/=])', text) if w != key)
    return Credentials(key, secret)


def faketime_library():
    for path in ('/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1',
                 '/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1'):
        if os.path.exists(path):
            return path
    raise RuntimeError('libfaketime is missing: apt-get install faketime')


def built_for_tests(name):
    """What tests/support builds, from the build that the server is of."""
    top = os.path.dirname(os.path.realpath(binary()))
    while top != '/' and not os.path.exists(os.path.join(top, 'build.ninja')):
        top = os.path.dirname(top)
    path = os.path.join(top, 'tests', 'support', name)
    if not os.path.exists(path):
        raise RuntimeError(f'{path} is missing: build it with ninja')
    return path


def support_library(name):
    return built_for_tests(f'lib{name}.so')


def boto3_client(url, credentials=None, **config):
    import boto3
    from botocore.config import Config
    c = credentials or Credentials()
    client = boto3.client('cognito-idp', endpoint_url=url, region_name=c.region,
                        aws_access_key_id=c.key, aws_secret_access_key=c.secret,
                        config=Config(retries={'max_attempts': 0}, max_pool_connections=64,
                                      read_timeout=60, **config))
    client.meta.events.register('after-call', seen.boto_reply)
    return client


def claims(token):
    """Header and claims of a JWT, not verified."""
    head, body = token.split('.')[:2]
    return tuple(json.loads(base64.urlsafe_b64decode(part + '=' * (-len(part) % 4)))
                 for part in (head, body))


def attributes(reply, member='UserAttributes'):
    return {a['Name']: a.get('Value') for a in reply[member]}


def attribute_list(**values):
    return [{'Name': k.replace('custom_', 'custom:'), 'Value': v} for k, v in values.items()]


UUID = re.compile(r'[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z')
ALL_FLOWS = ['ALLOW_USER_PASSWORD_AUTH', 'ALLOW_ADMIN_USER_PASSWORD_AUTH', 'ALLOW_USER_SRP_AUTH',
             'ALLOW_REFRESH_TOKEN_AUTH']


@contextlib.contextmanager
def clocks_stand(*servers):
    """Of servers while developing: meanwhile a lock of a second lasts, however slow the machine is."""
    for server in servers:
        reply = server.get('/_poolhouse/clock', 'PUT', body='{"frozen": true}')
        if reply.status != 200:
            raise AssertionError(f'the clock does not stand still: {reply.body}')
    try:
        yield
    finally:
        for server in servers:
            server.get('/_poolhouse/clock', 'DELETE')


def wrong_code(code):
    return f'{(int(code) + 1) % 1000000:06d}'


def private_file(path, text):
    """A file that nobody else may read, as the program wants secrets to be; its path."""
    with open(path, 'w', encoding='utf-8', opener=lambda p, flags: os.open(p, flags, 0o600)) as f:
        f.write(text)
    return path


class PoolhouseTest(unittest.TestCase):
    """A server for the class; pools, clients and users by one call."""

    server_args = ()
    server_options = {}
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.server = Server(*cls.server_args, **cls.server_options).start()
        cls.addClassCleanup(cls.server.stop)
        cls.api = Api(cls.server.port, at=cls.now)
        cls.boto = boto3_client(cls.server.url)
        cls.addClassCleanup(cls.boto.close)  # or the server would wait for what it keeps open
        cls.names = itertools.count(1)
        cls.prepare()

    @classmethod
    def prepare(cls):
        """What the tests of a class share."""

    @classmethod
    def now(cls):
        return datetime.datetime.fromtimestamp(cls.server.now(), datetime.timezone.utc)

    @classmethod
    def new_pool(cls, **members):
        return cls.api.CreateUserPool(**{'PoolName': 'tests', **members})['UserPool']['Id']

    @classmethod
    def new_client(cls, pool, **members):
        reply = cls.api.CreateUserPoolClient(
            **{'UserPoolId': pool, 'ClientName': 'tests', 'ExplicitAuthFlows': ALL_FLOWS, **members})
        return reply['UserPoolClient']['ClientId']

    @classmethod
    def new_name(cls, prefix='user'):
        return f'{prefix}{next(cls.names)}'

    @classmethod
    def new_user(cls, pool, name=None, /, password=PASSWORD, **values):
        """A confirmed user with a permanent password."""
        name = name or cls.new_name()
        made = cls.api.AdminCreateUser(UserPoolId=pool, Username=name, MessageAction='SUPPRESS',
                                       UserAttributes=attribute_list(**values))
        cls.api.AdminSetUserPassword(UserPoolId=pool, Username=made['User']['Username'],
                                     Password=password, Permanent=True)
        return made['User']['Username']

    @classmethod
    def sign_in(cls, client, name, password=PASSWORD, **parameters):
        return cls.api.InitiateAuth(ClientId=client, AuthFlow='USER_PASSWORD_AUTH', AuthParameters={
            'USERNAME': name, 'PASSWORD': password, **parameters})

    @classmethod
    def tokens(cls, client, name, password=PASSWORD, **parameters):
        return cls.sign_in(client, name, password, **parameters)['AuthenticationResult']

    @classmethod
    def metric(cls, name):
        """The value of poolhouse_NAME, which has no labels."""
        page = cls.server.get('/metrics', port=cls.server.admin_port).body.decode()
        return int(re.search(rf'^poolhouse_{name} (\d+)$', page, re.M).group(1))

    def until(self, condition, seconds=30):
        """Waits for it, and tells what the server said when it does not come true."""
        deadline = time.monotonic() + seconds
        while not condition():
            self.assertLess(time.monotonic(), deadline, self.server.log()[-3000:])
            time.sleep(0.02)

    def stop_clock(self):
        """Of a server with `clock`: until the test ends it moves only when the test moves it."""
        self.server.stop_clock()
        self.addCleanup(self.server.run_clock)

    @contextlib.contextmanager
    def assert_error(self, type_, text):
        """The block must be refused with exactly this type and text; text None compares the type only."""
        from botocore.exceptions import ClientError
        try:
            yield
        except ApiError as e:
            self.assertEqual((type_, e.text if text is None else text), (e.type, e.text))
        except ClientError as e:
            error = e.response['Error']
            got = error['Message'] if text is None else text
            self.assertEqual((type_, got), (error['Code'], error['Message']))
        else:
            self.fail(f'not refused; expected {type_}: {text}')

    def refused(self, type_, text, operation, /, **members):
        with self.assert_error(type_, text):
            self.api.call(operation, members)

    def invalid(self, text, operation, /, **members):
        self.refused('InvalidParameterException', text, operation, **members)

    def ask_until(self, is_enough, operation, seconds=60, /, **members):
        """Asks the same from many threads until an error is enough; all errors that came."""
        found, seen = threading.Event(), set()

        def ask():
            while not found.is_set() and time.monotonic() < deadline:
                try:
                    self.api.call(operation, members)
                except ApiError as error:
                    seen.add((error.type, error.text))
                    if is_enough(error):
                        found.set()

        deadline = time.monotonic() + seconds
        threads = [threading.Thread(target=ask) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return seen

    def provoke_conflict(self, operation, /, seconds=60, **members):
        """Makes the same change from many threads until one of them comes too late."""
        conflict = ('ConcurrentModificationException',
                    'Another request has changed this resource in the meantime.')
        self.assertEqual({conflict}, self.ask_until(lambda error: True, operation, seconds, **members))

    def one_validation_error(self, item, operation, /, **members):
        self.invalid('1 validation error detected: ' + item, operation, **members)
