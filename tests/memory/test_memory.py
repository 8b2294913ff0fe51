"""Memory runs out in the middle of a request, at each allocation in turn.

The process may end (its supervisor starts it again) or answer an error. Either way nothing that was
acknowledged is lost, nothing is half done, and it serves again at once. tests/support/memory_fault.c
makes the n-th allocation fail; it cannot stand beside a sanitizer, so that this folder wants a plain
build. `tests/run --long N` visits N times as many allocations, in the end all.
"""
import contextlib
import http.client
import mmap
import os
import random
import struct
import tempfile
import unittest

import figures
import srp
from poolhouse import Api, ApiError, PASSWORD, PoolhouseTest, support_library

LONG = int(os.environ.get('POOLHOUSE_TEST_LONG', '1'))
SEED = int(os.environ.get('POOLHOUSE_TEST_SEED', '1'))
POINTS = 16 * LONG  # allocations of one operation that are made to fail
UNABLE = 'InternalErrorException'
NEW = 'N3w-passw0rd'



class MemoryTest(PoolhouseTest):
    @classmethod
    def setUpClass(cls):
        file = tempfile.NamedTemporaryFile(prefix='poolhouse-memory-')
        cls.addClassCleanup(file.close)
        file.write(bytes(16))
        file.flush()
        cls.control = mmap.mmap(file.fileno(), 16)
        cls.addClassCleanup(cls.control.close)
        cls.server_options = {'memory': False, 'env': {
            'LD_PRELOAD': support_library('memory_fault'), 'MEMORY_FAULT_FILE': file.name}}
        super().setUpClass()

    @classmethod
    def prepare(cls):
        cls.pool = cls.new_pool(AutoVerifiedAttributes=['email'])
        cls.client = cls.new_client(cls.pool)
        cls.user = cls.new_user(cls.pool, email='first@example.com')

    def arm(self, allocations, for_good=False):
        self.control[0:16] = struct.pack('<2q', allocations, int(for_good))

    def left(self):
        return struct.unpack_from('<q', self.control)[0]

    def revive(self):
        """Disarmed, and alive."""
        self.arm(0)
        ended = self.server.process.poll()
        if ended is not None:
            self.assertEqual(-6, ended, 'an end without memory is abort(), and nothing else')
            self.assertIn('out of memory', self.server.log())
            self.server.start()

    def attempt(self, operation, members):
        """True: acknowledged. False: the server said that it could not, or is gone."""
        try:
            return Api(self.server.port).call(operation, members)
        except ApiError as e:
            self.assertEqual((UNABLE, 500), (e.type, e.status), e)
        except (OSError, http.client.HTTPException):
            with contextlib.suppress(Exception):
                self.server.process.wait(0.3)
        except ValueError:
            pass  # a reply cut off
        return None

    def allocations_of(self, make):
        """How many allocations one request makes, about: others of the process count, too."""
        for _ in range(2):  # the first fills caches
            operation, members = make()
            self.arm(1 << 40)
            self.assertIsNotNone(self.attempt(operation, members))
        used = (1 << 40) - self.left()
        self.arm(0)
        return used

    def sweep(self, make, check, for_good=False):
        """make() -> (operation, members); check(members, reply) after each failure."""
        used = self.allocations_of(make)
        self.assertGreater(used, 10, 'the library does not see the allocations')
        points = range(1, used + 1)
        if POINTS < used:
            chance = random.Random(f'{SEED}/{used}')
            points = sorted({1, used, *(chance.randint(1, used) for _ in range(POINTS))})
        hit = acknowledged = 0
        for point in points:
            operation, members = make()
            self.arm(point, for_good)
            reply = self.attempt(operation, members)
            hit += self.left() <= 1
            acknowledged += reply is not None
            self.revive()
            check(members, reply)
        figures.note('memory', points=len(points), hit=hit, acknowledged=acknowledged, lost=0)
        self.assertGreater(hit, len(points) // 2, 'most failures never came')

    def works(self, *_):
        self.assertIn('AccessToken', self.tokens(self.client, self.user))


class Writes(MemoryTest):
    def make_sign_up(self):
        return 'SignUp', {'ClientId': self.client, 'Username': self.new_name('mem'), 'Password': PASSWORD,
                          'UserAttributes': [{'Name': 'email', 'Value': 'ann@example.com'}]}

    def whole_or_nothing(self, members, reply):
        try:
            found = self.api.AdminGetUser(UserPoolId=self.pool, Username=members['Username'])
        except ApiError as e:
            self.assertEqual('UserNotFoundException', e.type)
            self.assertIsNone(reply, 'acknowledged and lost')
            return
        self.assertEqual('UNCONFIRMED', found['UserStatus'])
        # With its code: what is there can be gone on with.
        self.api.ConfirmSignUp(ClientId=self.client, Username=members['Username'],
                               ConfirmationCode=self.server.code(members['Username']))
        self.tokens(self.client, members['Username'])

    def test_a_sign_up_is_whole_or_did_not_happen(self):
        self.sweep(self.make_sign_up, self.whole_or_nothing)

    def test_a_sign_up_without_any_memory_left(self):
        self.sweep(self.make_sign_up, self.whole_or_nothing, for_good=True)

    def test_a_password_is_the_old_or_the_new_one(self):
        def make():
            name = self.new_user(self.pool)
            token = self.tokens(self.client, name)['AccessToken']
            self.named[token] = name
            return 'ChangePassword', {'AccessToken': token, 'PreviousPassword': PASSWORD,
                                      'ProposedPassword': NEW}

        def check(members, reply):
            works = [p for p in (PASSWORD, NEW) if self.signs_in(self.named[members['AccessToken']], p)]
            self.assertEqual(1, len(works))
            if reply is not None:
                self.assertEqual([NEW], works)
        self.named = {}
        self.sweep(make, check)

    def signs_in(self, name, password):
        try:
            return bool(self.tokens(self.client, name, password))
        except ApiError as e:
            self.assertEqual('NotAuthorizedException', e.type)
            return False

    def test_a_revocation_that_was_acknowledged_holds(self):
        def make():
            token = self.tokens(self.client, self.user)['RefreshToken']
            return 'RevokeToken', {'ClientId': self.client, 'Token': token}

        def check(members, reply):
            try:
                self.api.InitiateAuth(ClientId=self.client, AuthFlow='REFRESH_TOKEN_AUTH',
                                      AuthParameters={'REFRESH_TOKEN': members['Token']})
            except ApiError as e:
                self.assertEqual('NotAuthorizedException', e.type)
            else:
                self.assertIsNone(reply, 'acknowledged, and still good')
        self.sweep(make, check)

    def test_a_pool_is_whole_or_not_there(self):
        def make():
            return 'CreateUserPool', {'PoolName': self.new_name('pool')}

        def check(members, reply):
            pools = self.api.ListUserPools(MaxResults=60)['UserPools']
            found = [p['Id'] for p in pools if p['Name'] == members['PoolName']]
            if reply is not None:
                self.assertEqual([reply['UserPool']['Id']], found)
            for pool in found:
                self.api.DescribeUserPool(UserPoolId=pool)
                client = self.new_client(pool)
                self.tokens(client, self.new_user(pool))  # its keys sign
                self.api.DeleteUserPool(UserPoolId=pool)
        self.sweep(make, check)


class Reads(MemoryTest):
    def test_signing_in_by_password(self):
        self.sweep(lambda: ('InitiateAuth', {
            'ClientId': self.client, 'AuthFlow': 'USER_PASSWORD_AUTH',
            'AuthParameters': {'USERNAME': self.user, 'PASSWORD': PASSWORD}}), self.works)

    def test_answering_by_srp(self):
        def make():
            half = srp.Client(self.pool, PASSWORD)
            asked = self.api.InitiateAuth(ClientId=self.client, AuthFlow='USER_SRP_AUTH', AuthParameters={
                'USERNAME': self.user, 'SRP_A': half.srp_a})['ChallengeParameters']
            return 'RespondToAuthChallenge', {
                'ClientId': self.client, 'ChallengeName': 'PASSWORD_VERIFIER',
                'ChallengeResponses': half.answer(asked)}
        self.sweep(make, self.works)

    def test_refreshing(self):
        token = self.tokens(self.client, self.user)['RefreshToken']
        self.sweep(lambda: ('InitiateAuth', {
            'ClientId': self.client, 'AuthFlow': 'REFRESH_TOKEN_AUTH',
            'AuthParameters': {'REFRESH_TOKEN': token}}), self.works)

    def test_listing(self):
        self.sweep(lambda: ('ListUsers', {'UserPoolId': self.pool, 'Filter': 'email ^= "first"'}), self.works)


del MemoryTest, PoolhouseTest

if __name__ == '__main__':
    unittest.main()
