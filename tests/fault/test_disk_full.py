"""The disk of the database fills up, or fails, while the server runs (tests/support/disk_fault.c)."""
import concurrent.futures
import http.client
import time
import unittest

import srp
from poolhouse import Api, ApiError, PASSWORD, PoolhouseTest, needs_file

UNABLE = ('InternalErrorException', 500)
WRONG = 'Incorrect username or password.'


@needs_file
class DiskTest(PoolhouseTest):
    server_options = {'memory': False, 'disk': True}

    def setUp(self):
        self.addCleanup(self.heal)
        self.pool = self.new_pool()
        self.client = self.new_client(self.pool)
        self.name = self.new_user(self.pool, email='user@example.com')
        self.first = self.tokens(self.client, self.name)

    def sign_up(self, name, api=None):
        """True when it was acknowledged, False when the server said that it could not."""
        try:
            (api or self.api).SignUp(ClientId=self.client, Username=name, Password=PASSWORD)
            return True
        except ApiError as e:
            self.assertEqual(UNABLE, (e.type, e.status), e)
            return False

    def exists(self, name):
        try:
            self.api.AdminGetUser(UserPoolId=self.pool, Username=name)
            return True
        except ApiError as e:
            self.assertEqual('UserNotFoundException', e.type)
            return False

    def fill(self, fault, most=3000):
        """Makes the disk fail and writes until the server notices; (acknowledged, refused)."""
        self.server.set_disk(fault)
        acknowledged = []
        for i in range(most):
            name = self.new_name('full')
            if not self.sign_up(name):
                return acknowledged, [name]
            acknowledged.append(name)
        self.fail('the disk never became full')

    def heal(self):
        self.server.set_disk(None)
        if self.server.process.poll() is not None:
            self.server.start()

    def make_space(self):
        """The server finds the space by itself, within seconds and without a restart."""
        self.server.set_disk(None)
        deadline = time.monotonic() + 10
        while self.server.get('/readyz').status != 200:
            self.assertLess(time.monotonic(), deadline, 'still not ready')
            time.sleep(0.05)

    def everything_that_reads(self):
        tokens = self.tokens(self.client, self.name)
        self.assertEqual({'AccessToken', 'IdToken', 'RefreshToken', 'TokenType', 'ExpiresIn'},
                         set(tokens))
        half = srp.Client(self.pool, PASSWORD)
        asked = self.api.InitiateAuth(ClientId=self.client, AuthFlow='USER_SRP_AUTH', AuthParameters={
            'USERNAME': self.name, 'SRP_A': half.srp_a})['ChallengeParameters']
        answer = {'ClientId': self.client, 'ChallengeName': 'PASSWORD_VERIFIER',
                  'ChallengeResponses': half.answer(asked)}
        self.assertIn('AuthenticationResult', self.api.RespondToAuthChallenge(**answer))
        with self.assertRaises(ApiError):  # once spent, spent: also when that cannot be written down
            self.api.RespondToAuthChallenge(**answer)
        self.api.InitiateAuth(ClientId=self.client, AuthFlow='REFRESH_TOKEN_AUTH',
                              AuthParameters={'REFRESH_TOKEN': self.first['RefreshToken']})
        self.assertEqual(self.name, self.api.GetUser(AccessToken=tokens['AccessToken'])['Username'])
        self.api.AdminGetUser(UserPoolId=self.pool, Username=self.name)
        self.assertTrue(self.api.ListUsers(UserPoolId=self.pool)['Users'])
        self.assertEqual(200, self.server.get(f'/{self.pool}/.well-known/jwks.json').status)

    def everything_that_writes(self):
        token = self.first['AccessToken']
        return {
            'SignUp': {'ClientId': self.client, 'Username': self.new_name(), 'Password': PASSWORD},
            'AdminCreateUser': {'UserPoolId': self.pool, 'Username': self.new_name()},
            'AdminSetUserPassword': {'UserPoolId': self.pool, 'Username': self.name,
                                     'Password': 'An0ther-pass', 'Permanent': True},
            'ChangePassword': {'AccessToken': token, 'PreviousPassword': PASSWORD,
                               'ProposedPassword': 'An0ther-pass'},
            'UpdateUserAttributes': {'AccessToken': token, 'UserAttributes': [
                {'Name': 'name', 'Value': 'x' * 2000}]},
            'AdminDisableUser': {'UserPoolId': self.pool, 'Username': self.name},
            'AdminDeleteUser': {'UserPoolId': self.pool, 'Username': self.name},
            'GlobalSignOut': {'AccessToken': token},
            'RevokeToken': {'ClientId': self.client, 'Token': self.first['RefreshToken']},
            'CreateUserPool': {'PoolName': 'one more'},
            'CreateUserPoolClient': {'UserPoolId': self.pool, 'ClientName': 'one more'},
            'DeleteUserPool': {'UserPoolId': self.pool},
        }


class DiskFull(DiskTest):

    def test_who_only_reads_notices_nothing_and_writes_are_refused_whole(self):
        self.fill('stuck')
        for operation, members in self.everything_that_writes().items():
            with self.subTest(operation=operation), self.assertRaises(ApiError) as caught:
                self.api.call(operation, members)
            self.assertEqual(UNABLE, (caught.exception.type, caught.exception.status), operation)
        self.everything_that_reads()  # nothing of what was refused has happened
        self.make_space()
        self.everything_that_reads()

    def test_a_guess_that_cannot_be_counted_is_not_judged(self):
        self.fill('stuck')
        for _ in range(20):
            with self.assertRaises(ApiError) as caught:
                self.tokens(self.client, self.name, 'Wr0ng-pass')
            self.assertEqual(UNABLE, (caught.exception.type, caught.exception.status))
        self.make_space()
        with self.assert_error('NotAuthorizedException', WRONG):
            self.tokens(self.client, self.name, 'Wr0ng-pass')
        self.tokens(self.client, self.name)  # the twenty locked nobody

    def test_readiness_says_what_is_wrong_and_liveness_does_not_change(self):
        self.fill('stuck')  # on a full one what moves the log makes room again, by itself
        reply = self.server.get('/readyz')
        self.assertEqual(503, reply.status)
        self.assertIn(b'the disk of the database is full', reply.body)
        self.assertEqual(200, self.server.get('/healthz').status)
        self.make_space()
        self.assertEqual(200, self.server.get('/readyz').status)

    def test_what_was_acknowledged_is_kept_and_what_was_refused_is_not_there(self):
        acknowledged, refused = self.fill('full')
        with concurrent.futures.ThreadPoolExecutor(8) as threads:
            names = [self.new_name('full') for _ in range(64)]
            answers = list(threads.map(lambda n: self.sign_up(n, Api(self.server.port)), names))
        acknowledged += [n for n, yes in zip(names, answers) if yes]
        refused += [n for n, yes in zip(names, answers) if not yes]
        self.check(acknowledged, refused)
        self.make_space()
        self.check(acknowledged, refused)
        for name in refused:
            self.assertTrue(self.sign_up(name), 'there is space again')
        self.server.kill()
        self.server.start()
        self.check(acknowledged + refused, [])

    def check(self, acknowledged, refused):
        for name in acknowledged:
            self.assertTrue(self.exists(name), f'{name} was acknowledged and is lost')
        for name in refused:
            self.assertFalse(self.exists(name), f'{name} was refused and is there')

    def test_a_disk_that_fills_and_empties_under_load_loses_nothing(self):
        acknowledged, refused = [], []

        def load(number):
            api = Api(self.server.port)
            for i in range(120):
                name = f'load-{number}-{i}'
                (acknowledged if self.sign_up(name, api) else refused).append(name)
        with concurrent.futures.ThreadPoolExecutor(4) as threads:
            running = [threads.submit(load, i) for i in range(4)]
            while not all(r.done() for r in running):
                for fault in ('stuck', 'full'):
                    self.server.set_disk(fault)
                    time.sleep(0.15)
                    self.server.set_disk(None)
                    time.sleep(0.15)
            for r in running:
                r.result()
        self.make_space()
        self.assertTrue(acknowledged)
        self.assertTrue(refused, 'the disk was never full')
        self.check(acknowledged, refused)
        self.server.kill()
        self.server.start()
        self.check(acknowledged, refused)

    def test_a_start_on_a_full_disk_is_refused_with_the_reason_and_spoils_nothing(self):
        acknowledged, refused = self.fill('full')
        self.server.kill()
        self.server.set_disk('stuck')  # on a full one a log that was moved just now has room again
        for _ in range(2):
            with self.assertRaises(RuntimeError) as caught:
                self.server.start()
            self.assertIn('the disk is full', str(caught.exception).splitlines()[-1])
        self.server.set_disk(None)
        self.server.start()
        self.check(acknowledged, refused)
        self.everything_that_reads()

    def test_events_of_the_meantime_are_written_when_there_is_space(self):
        self.fill('stuck')
        for _ in range(5):
            self.tokens(self.client, self.name)
        self.make_space()
        deadline = time.monotonic() + 10
        while (found := self.sign_ins()) < 6 and time.monotonic() < deadline:
            time.sleep(0.1)
        self.assertEqual(6, found)

    def sign_ins(self):
        return len(self.server.database.rows("SELECT id FROM auth_events WHERE pool_id = ?"
                                             " AND type = 'SignIn' AND response = 'Pass'", self.pool))


class DiskFails(DiskTest):

    def test_a_failed_fsync_ends_the_server_and_loses_nothing_acknowledged(self):
        acknowledged = [self.new_name() for _ in range(20)]
        for name in acknowledged:
            self.assertTrue(self.sign_up(name))
        self.server.set_disk('sync')
        with self.assertRaises((OSError, http.client.HTTPException)):
            self.sign_up(self.new_name())
        self.assertNotEqual(0, self.server.process.wait(30), 'it must not look like an orderly end')
        self.assertIn('the disk failed while committing', self.server.log())
        self.server.set_disk(None)
        self.server.start()
        for name in acknowledged:
            self.assertTrue(self.exists(name), f'{name} was acknowledged and is lost')
        self.tokens(self.client, self.name)


if __name__ == '__main__':
    unittest.main()
