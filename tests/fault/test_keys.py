"""The master key and signing keys are replaced under load; commands and servers are killed meanwhile."""
import base64
import os
import random
import subprocess
import tempfile
import time
import unittest

import cluster
import rs256
import totp
from load import KeptLoad, LoadTest, SdkLoad
from poolhouse import (ALLOW_ALL, Api, PASSWORD, PoolhouseTest, binary, create_key, needs_file,
                       private_file, secret_hash)
from test_crash import Crash

LONG = int(os.environ.get('POOLHOUSE_TEST_LONG', '1'))
SEED = int(os.environ.get('POOLHOUSE_TEST_SEED', '1'))
KINDS = (SdkLoad, KeptLoad)
WITH_TOTP = 6 + 4 * LONG  # a code is good once


def new_key(path):
    return private_file(path, base64.b64encode(os.urandom(32)).decode() + '\n')


def new_directory(test):
    """A folder for the servers of a class, and a master key in it."""
    directory = test.enterClassContext(tempfile.TemporaryDirectory(prefix='poolhouse-keys-'))
    return directory, new_key(os.path.join(directory, 'the.key'))


class KeysTest(LoadTest):
    """A server that reads its master key from a file, and users of every kind."""

    @classmethod
    def key_file(cls):
        return os.path.join(cls.server.directory, 'the.key')

    @classmethod
    def prepare(cls):
        cls.chance = random.Random(SEED)
        cls.api = Api(cls.server.port, create_key(cls.server, 'root', ALLOW_ALL))
        super().prepare()
        cls.secret_client = cls.api.CreateUserPoolClient(
            UserPoolId=cls.pool, ClientName='secret', GenerateSecret=True,
            ExplicitAuthFlows=['ALLOW_USER_PASSWORD_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'])['UserPoolClient']
        cls.api.SetUserPoolMfaConfig(UserPoolId=cls.pool, MfaConfiguration='OPTIONAL',
                                     SoftwareTokenMfaConfiguration={'Enabled': True})
        cls.with_totp = [cls.new_totp_user() for _ in range(WITH_TOTP)]
        cls.first = cls.tokens(cls.client, cls.name)

    @classmethod
    def new_totp_user(cls):
        name = cls.new_user(cls.pool)
        access = cls.tokens(cls.client, name)['AccessToken']
        secret = cls.api.AssociateSoftwareToken(AccessToken=access)['SecretCode']
        cls.api.VerifySoftwareToken(AccessToken=access, UserCode=totp.code(secret, time.time()))
        cls.api.SetUserMFAPreference(AccessToken=access, SoftwareTokenMfaSettings={
            'Enabled': True, 'PreferredMfa': True})
        return name, secret

    def command(self, *words):
        return [binary(), 'keys', *words, '--mode', 'serve', '--data', self.server.data]

    def run_command(self, *words):
        return subprocess.run(self.command(*words), env=self.server.environment(), check=False,
                              capture_output=True, text=True, timeout=100)

    def keys(self, *words):
        done = self.run_command(*words)
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        return done.stdout

    def doctor(self):
        return subprocess.run([binary(), 'doctor', '--mode', 'serve', '--data', self.server.data],
                              env=self.server.environment(), check=False, capture_output=True,
                              text=True, timeout=60).stdout

    def keys_refused(self, text, *words):
        done = self.run_command(*words)
        self.assertEqual(1, done.returncode, done.stdout)
        self.assertIn(text, done.stderr)

    def killed_and_done(self, *words):
        """The command is killed at random moments, and then it is let be."""
        for _ in range(min(3, LONG)):
            process = subprocess.Popen(self.command(*words), env=self.server.environment(),
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(0.05 + 1.2 * self.chance.random())
            process.kill()
            process.wait()
        return self.keys(*words)

    def install(self, path):
        """The new key in the place of the old one, for the next start."""
        os.replace(path, self.key_file())

    def all_is_as_it_was(self, api=None):
        api = api or self.api
        port = api.port
        self.sign_in_with_each_factor(Api(port))
        published = self.server.get(f'/{self.pool}/.well-known/jwks.json', port=port).json
        for token in (self.first, self.tokens(self.client, self.name)):
            rs256.verify(token['AccessToken'], published)
            rs256.verify(token['IdToken'], published)
        self.assertEqual(self.name, Api(port).GetUser(AccessToken=self.first['AccessToken'])['Username'])
        Api(port).InitiateAuth(ClientId=self.client, AuthFlow='REFRESH_TOKEN_AUTH', AuthParameters={
            'REFRESH_TOKEN': self.first['RefreshToken']})
        described = api.DescribeUserPoolClient(UserPoolId=self.pool,
                                               ClientId=self.secret_client['ClientId'])
        self.assertEqual(self.secret_client['ClientSecret'], described['UserPoolClient']['ClientSecret'])

    def sign_in_with_each_factor(self, api):
        client, secret = (self.secret_client[m] for m in ('ClientId', 'ClientSecret'))
        reply = api.InitiateAuth(ClientId=client, AuthFlow='USER_PASSWORD_AUTH', AuthParameters={
            'USERNAME': self.name, 'PASSWORD': PASSWORD,
            'SECRET_HASH': secret_hash(self.name, client, secret)})
        self.assertIn('AuthenticationResult', reply)
        name, secret = self.with_totp.pop()
        reply = api.InitiateAuth(ClientId=self.client, AuthFlow='USER_PASSWORD_AUTH', AuthParameters={
            'USERNAME': name, 'PASSWORD': PASSWORD})
        self.assertEqual('SOFTWARE_TOKEN_MFA', reply['ChallengeName'])
        reply = api.RespondToAuthChallenge(
            ClientId=self.client, ChallengeName='SOFTWARE_TOKEN_MFA', Session=reply['Session'],
            ChallengeResponses={'USERNAME': name,
                                'SOFTWARE_TOKEN_MFA_CODE': totp.code(secret, time.time() + totp.PERIOD)})
        self.assertIn('AuthenticationResult', reply)


class OneServer(KeysTest):
    server_options = {'mode': 'serve', 'memory': False, 'held': True}

    @classmethod
    def setUpClass(cls):
        directory, path = new_directory(cls)
        cls.server_options = {**OneServer.server_options, 'directory': directory,
                              'env': {'POOLHOUSE_MASTER_KEY_FILE': path}}
        super().setUpClass()

    def test_keys_are_replaced_under_load_and_no_request_fails(self):
        loads = self.under_load(self.replace_all_keys, KINDS)
        self.check(loads, f'{LONG} rotations of the master key, with commands killed')
        self.all_is_as_it_was()
        self.the_old_key_opens_nothing()

    def replace_all_keys(self):
        for _ in range(LONG):
            page = self.api.ListUsers(UserPoolId=self.pool, Limit=1)['PaginationToken']
            with open(self.key_file(), 'rb') as f:
                self.old = f.read()
            next_key = new_key(self.key_file() + '.next')
            self.killed_and_done('rotate', '--pool', self.pool, '--now')
            self.keys_refused('cannot read', 'rotate-master', '--new-key-file', '/nowhere')
            self.killed_and_done('rotate-master', '--new-key-file', next_key)
            self.all_is_as_it_was()  # the server still has the old key
            self.api.ListUsers(UserPoolId=self.pool, Limit=1, PaginationToken=page)
            other = new_key(self.key_file() + '.other')
            self.keys_refused('the rotation before is not finished', 'rotate-master', '--new-key-file', other)
            self.keys_refused('the configuration still has the old key', 'retire-master')
            self.assertIn('two master keys open it', self.doctor())
            self.restart()  # with the old key: as good as before
            self.install(next_key)
            self.keys_refused('a server that was started with the old key still runs', 'retire-master')
            self.restart()
            self.killed_and_done('retire-master')
            self.assertIn('nothing to retire', self.keys('retire-master'))
            self.assertNotIn('two master keys', self.doctor())

    def the_old_key_opens_nothing(self):
        with open(self.key_file(), 'rb') as f:
            good = f.read()
        self.server.process.terminate()
        self.server.process.wait(30)
        with open(self.key_file(), 'wb') as f:
            f.write(self.old)
        with self.assertRaises(RuntimeError) as caught:
            self.server.start()
        self.assertIn('the master key is not the one', str(caught.exception))
        with open(self.key_file(), 'wb') as f:
            f.write(good)
        self.server.start()
        self.assertIn('no other one', self.keys('rotate-master', '--new-key-file', self.key_file()))


class TwoServers(cluster.TwoServers, KeysTest):
    """On PostgreSQL: both go on during a rotation, also when one of them is killed."""

    @classmethod
    def setUpClass(cls):
        directory, path = new_directory(cls)
        cls.node_options = {'mode': 'serve', 'held': True, 'env': {'POOLHOUSE_MASTER_KEY_FILE': path}}
        cls.server_options = {'directory': directory}
        super().setUpClass()

    def test_both_go_on_while_the_master_key_is_replaced(self):
        self.check(self.under_load(self.replace, KINDS, servers=[self.server]),
                   'one of two servers while the master key is replaced and the other one is killed')
        self.all_is_as_it_was()
        self.all_is_as_it_was(self.there())

    def there(self):
        return Api(self.other.port, self.api.credentials)

    def replace(self):
        next_key = new_key(self.key_file() + '.next')
        rotation = subprocess.Popen(self.command('rotate-master', '--new-key-file', next_key),
                                    env=self.server.environment(), stdout=subprocess.PIPE,
                                    stderr=subprocess.STDOUT, text=True)
        time.sleep(1.5 * self.chance.random())
        self.other.kill()
        self.database.sql(f"UPDATE nodes SET seen_ms = 0 WHERE id = '{self.other_id}'")  # as a minute would
        self.other.start()
        said = rotation.communicate(timeout=100)[0]
        self.assertEqual(0, rotation.returncode, said)
        self.all_is_as_it_was()
        self.all_is_as_it_was(self.there())
        self.install(next_key)
        self.restart(self.other)
        self.all_is_as_it_was(self.there())  # each of them with another key
        self.keys_refused('a server that was started with the old key still runs', 'retire-master')
        self.restart()
        self.keys('retire-master')


@needs_file  # on PostgreSQL the row of a killed server is waited for; TwoServers does that once
class KilledServer(Crash):
    """kill -9 of server and command at random: what was acknowledged is there, whichever key seals."""

    rounds = LONG
    seconds = (0.1, 1.6)

    @classmethod
    def setUpClass(cls):
        directory, cls.key = new_directory(cls)
        cls.server_options = {'memory': False, 'directory': directory,
                              'env': {'POOLHOUSE_MASTER_KEY_FILE': cls.key}}
        super().setUpClass()

    def command(self, *words):
        return subprocess.Popen([binary(), 'keys', *words, '--mode', 'serve', '--data', self.server.data],
                                env=self.server.environment(), stdout=subprocess.DEVNULL)

    def one_round(self):
        self.next_key = new_key(self.key + '.next')
        rotation = self.command('rotate-master', '--new-key-file', self.next_key)
        workers = super().one_round()
        rotation.kill()
        rotation.wait()
        return workers

    def check_all(self, workers):
        total = super().check_all(workers)
        self.assertEqual(0, self.command('rotate-master', '--new-key-file', self.next_key).wait(100))
        os.replace(self.next_key, self.key)
        self.server.process.terminate()
        self.assertEqual(0, self.server.process.wait(30))
        self.server.start()
        self.assertEqual(0, self.command('retire-master').wait(60))
        return total + super().check_all(workers)


del Crash, KeysTest, LoadTest, PoolhouseTest

if __name__ == '__main__':
    unittest.main()
