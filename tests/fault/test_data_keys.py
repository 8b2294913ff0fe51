"""The data keys of pools are replaced under load, while commands and servers are killed at random:
nothing fails that was not killed, and everybody still signs in by everything that he has."""
import os
import random
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'protocol'))
sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import postgres  # noqa: E402
import srp  # noqa: E402
from everyone import Everyone  # noqa: E402
from ledger import kill_under_load  # noqa: E402
from load import KeptLoad, LoadTest, SdkLoad  # noqa: E402
from poolhouse import DATABASE, PASSWORD, Api, PoolhouseTest, Server, binary  # noqa: E402
from test_crash import Crash, Worker  # noqa: E402

LONG = int(os.environ.get('POOLHOUSE_TEST_LONG', '1'))
SEED = int(os.environ.get('POOLHOUSE_TEST_SEED', '1'))
KINDS = (SdkLoad, KeptLoad)
KILLS = 1 + LONG
TAKES_S = 2.5  # without the kills: servers look once a second, twice


class DataKeys:
    """What the suites here do with the command."""

    def command(self, *words):
        return [binary(), 'keys', *words, '--data', self.server.data]

    def start_command(self, *words):
        return subprocess.Popen(self.command(*words), env=self.server.environment(),
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def keys(self, *words):
        process = self.start_command(*words)
        said, _ = process.communicate(timeout=120)
        self.assertEqual(0, process.returncode, said[-2000:])
        return said

    def kill_at_random(self, chance, *words):
        process = self.start_command(*words)
        time.sleep(TAKES_S * chance.random())
        process.kill()
        process.communicate()

    def doctor(self):
        return subprocess.run([binary(), 'doctor', '--mode', 'dev', '--data', self.server.data],
                              env=self.server.environment(), check=False, capture_output=True,
                              text=True, timeout=60).stdout

    def rotate_with_kills(self, chance):
        for _ in range(KILLS):
            self.kill_at_random(chance, 'rotate-data', '--all')
        said = self.keys('rotate-data', '--all')
        self.assertIn('opens nothing in this database any more', said)
        self.assertNotIn('run keys rotate-data again', self.keys('list'))
        self.assertNotIn('data keys of', self.doctor())


class OneServer(DataKeys, LoadTest):
    server_options = {'memory': False}

    @classmethod
    def prepare(cls):
        super().prepare()
        cls.everyone = Everyone(cls.server, more_users=40 * LONG)

    def test_data_keys_are_replaced_under_load_and_no_request_fails(self):
        chance = random.Random(SEED)
        before = self.session_of_somebody()
        loads = self.under_load(lambda: self.rotate_often(chance), KINDS)
        self.check(loads, f'{LONG} rotations of all data keys, with commands killed')
        self.answer(before)
        for check in (self.everyone.check_passwords, self.everyone.check_factors,
                      self.everyone.check_tokens):
            check(self, self.api)
        self.everyone.check_codes(self.api)
        self.end_what_was_signed_in()

    def rotate_often(self, chance):
        for _ in range(LONG):
            self.rotate_with_kills(chance)
        listed = self.keys('list', '--pool', self.pool)
        self.assertRegex(listed, f'data key ([{LONG + 1}-9]|[1-9][0-9]+), since 20')

    def session_of_somebody(self):
        """A sign-in that began before, and whose answer comes afterwards."""
        half = srp.Client(self.everyone.pool, PASSWORD)
        return half, self.api.InitiateAuth(
            ClientId=self.everyone.client, AuthFlow='USER_SRP_AUTH', AuthParameters={
                'USERNAME': self.new_user(self.everyone.pool), 'SRP_A': half.srp_a})

    def answer(self, begun):
        half, asked = begun
        reply = self.api.RespondToAuthChallenge(
            ClientId=self.everyone.client, ChallengeName='PASSWORD_VERIFIER',
            ChallengeResponses=half.answer(asked['ChallengeParameters']))
        self.assertIn('AuthenticationResult', reply)

    def end_what_was_signed_in(self):
        """With --sign-out the old key is worth nothing at once."""
        self.keys('rotate-data', '--pool', self.everyone.pool, '--sign-out')
        with self.assert_error('NotAuthorizedException', 'Invalid Refresh Token'):
            self.everyone.renew(self.api, self.everyone.client, self.everyone.refresh)
        self.everyone.secret_tokens(self.api)
        self.everyone.renew(self.api, self.everyone.device_client, self.everyone.device_refresh,
                            DEVICE_KEY=self.everyone.device.device_key)  # of another pool


class TwoServers(DataKeys, LoadTest):
    """On PostgreSQL: one is killed meanwhile, and the other one goes on."""

    @classmethod
    def setUpClass(cls):
        cls.database = postgres.Cluster()
        cls.addClassCleanup(cls.database.stop)
        cls.database.make().start()
        options = {'memory': False, 'database_url': cls.database.url()}
        cls.server_args = ('--issuer', 'aws')
        cls.server_options = options
        super().setUpClass()

    @classmethod
    def prepare(cls):
        super().prepare()
        cls.everyone = Everyone(cls.server)
        cls.node = cls.database.sql('SELECT id FROM nodes')
        cls.other = Server(*cls.server_args, memory=False, database_url=cls.database.url(),
                           env={'POOLHOUSE_MASTER_KEY': cls.master_key()}).start()
        cls.addClassCleanup(cls.other.stop)

    @classmethod
    def master_key(cls):
        with open(os.path.join(cls.server.data, 'master.key'), encoding='utf-8') as f:
            return f.read().strip()

    def test_both_go_on_while_data_keys_are_replaced(self):
        self.check(self.under_load(self.replace, KINDS, servers=[self.server]),
                   'one of two servers while data keys are replaced and the other one is killed')
        for api in (self.api, Api(self.other.port)):
            self.everyone.check_passwords(self, api)
            self.everyone.check_tokens(self, api)
        self.everyone.check_factors(self, Api(self.other.port))
        self.everyone.check_codes(self.api)

    def replace(self):
        chance = random.Random(SEED)
        rotation = self.start_command('rotate-data', '--all')
        time.sleep(TAKES_S * chance.random())
        self.other.kill()
        self.database.sql(f"UPDATE nodes SET seen_ms = 0 WHERE id <> '{self.node}'")  # as a minute would
        self.other.start()
        said, _ = rotation.communicate(timeout=120)
        self.assertEqual(0, rotation.returncode, said[-2000:])


class KilledServer(DataKeys, Crash):
    """kill -9 of server and command at random: what was acknowledged opens, whichever key sealed it."""

    rounds = LONG

    def test_everything_acknowledged_before_a_kill_is_there_after_it(self):
        chance = random.Random(SEED)
        total = 0
        for round_ in range(self.rounds):
            type(self).round = round_
            workers = [Worker(self, i, f'{SEED}/{round_}/{i}') for i in range(self.workers)]
            rotation = self.start_command('rotate-data', '--pool', self.pool)
            kill_under_load(self, workers, 0.5 + TAKES_S * chance.random())
            rotation.kill()
            rotation.communicate()
            self.server.start()
            total += sum(self.check(worker) for worker in workers)
            self.keys('rotate-data', '--pool', self.pool)
            total += sum(self.check(worker) for worker in workers)
        self.assertGreater(total, 10 * self.rounds, 'too little was acknowledged to prove anything')


if DATABASE:
    del KilledServer  # the row of a killed server is waited for
del Crash, LoadTest, PoolhouseTest

if __name__ == '__main__':
    unittest.main()
