"""The data keys of pools are replaced under load, while commands and servers are killed at random:
nothing fails that was not killed, and everybody still signs in by everything that he has."""
import os
import random
import re
import subprocess
import time
import unittest

import cluster
import srp
from everyone import Everyone
from load import KeptLoad, LoadTest, SdkLoad
from poolhouse import PASSWORD, Api, PoolhouseTest, binary, needs_file
from test_crash import Crash

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
        number = re.search(r'data key (\d+), since 20', listed)[1]
        self.assertGreater(int(number), LONG)

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


class TwoServers(cluster.TwoServers, DataKeys, LoadTest):
    """On PostgreSQL: one is killed meanwhile, and the other one goes on."""

    @classmethod
    def prepare(cls):
        super().prepare()
        cls.everyone = Everyone(cls.server)

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
        self.database.sql(f"UPDATE nodes SET seen_ms = 0 WHERE id = '{self.other_id}'")  # as a minute would
        self.other.start()
        said, _ = rotation.communicate(timeout=120)
        self.assertEqual(0, rotation.returncode, said[-2000:])


@needs_file  # on PostgreSQL the row of a killed server is waited for
class KilledServer(DataKeys, Crash):
    """kill -9 of server and command at random: what was acknowledged opens, whichever key sealed it."""

    what = 'data-keys-crash'
    rounds = LONG
    seconds = (0.5, 0.5 + TAKES_S)

    def one_round(self):
        rotation = self.start_command('rotate-data', '--pool', self.pool)
        workers = super().one_round()
        rotation.kill()
        rotation.communicate()
        return workers

    def check_all(self, workers):
        total = super().check_all(workers)
        self.keys('rotate-data', '--pool', self.pool)
        return total + super().check_all(workers)


del Crash, LoadTest, PoolhouseTest

if __name__ == '__main__':
    unittest.main()
