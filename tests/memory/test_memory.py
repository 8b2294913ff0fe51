"""Memory runs out in the middle of a request, at each allocation in turn.

The process may end (its supervisor starts it again) or answer an error. Either way nothing that was
acknowledged is lost, nothing is half done, and it serves again at once. tests/support/memory_fault.c
makes the n-th allocation fail; it cannot stand beside a sanitizer, so that this folder wants a plain
build. `tests/run --long N` visits N times as many allocations, in the end all.
"""
import unittest

import srp
from memory import MemoryTest
from poolhouse import ApiError, PASSWORD

NEW = 'N3w-passw0rd'


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


del MemoryTest

if __name__ == '__main__':
    unittest.main()
