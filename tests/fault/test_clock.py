"""The clock of the server jumps ahead and back while things are open that depend on the time.

A jump back must bring back nothing that is spent or revoked, lock nobody out and crash nothing.
"""
import time
import unittest

import srp
from poolhouse import ALL_FLOWS, ApiError, PASSWORD, PoolhouseTest, attribute_list, claims

SWEEP = 10  # seconds between two sweeps of what has expired
MINUTE, HOUR, DAY, YEAR = 60, 3600, 86400, 365 * 86400
WRONG = 'Incorrect username or password.'
LOCKED = 'Password attempts exceeded'
EXPIRED = 'Invalid session for the user, session is expired.'
TOKEN_REVOKED = 'Access Token has been revoked'
REFRESH_REVOKED = 'Refresh Token has been revoked'


class ClockTest(PoolhouseTest):
    server_options = {'clock': True, 'memory': False}

    @classmethod
    def prepare(cls):
        cls.pool = cls.new_pool(AutoVerifiedAttributes=['email'])
        cls.client = cls.new_client(cls.pool)

    def setUp(self):
        self.addCleanup(self.server.set_clock, self.server.offset)

    def jump(self, seconds):
        time.sleep(0.1)  # what is written without anybody waiting is written by then
        self.server.advance(seconds)

    def works(self, tokens):
        self.assertTrue(self.api.GetUser(AccessToken=tokens['AccessToken'])['Username'])
        self.refresh(tokens)

    def refresh(self, tokens, client=None):
        return self.api.InitiateAuth(
            ClientId=client or self.client, AuthFlow='REFRESH_TOKEN_AUTH',
            AuthParameters={'REFRESH_TOKEN': tokens['RefreshToken']})['AuthenticationResult']

    def is_revoked(self, tokens):
        with self.assert_error('NotAuthorizedException', TOKEN_REVOKED):
            self.api.GetUser(AccessToken=tokens['AccessToken'])
        with self.assert_error('NotAuthorizedException', REFRESH_REVOKED):
            self.refresh(tokens)

    def guess(self, name, password='Wr0ng-pass'):
        """The text of the refusal; None when it signs in."""
        try:
            self.sign_in(self.client, name, password)
        except ApiError as e:
            self.assertEqual('NotAuthorizedException', e.type)
            return e.text
        return None


class SignOut(ClockTest):

    def sign_out(self, name):
        self.api.AdminUserGlobalSignOut(UserPoolId=self.pool, Username=name)

    def test_what_was_signed_out_stays_so_and_a_later_sign_in_is_valid(self):
        for back in (1, HOUR, 400 * DAY):
            with self.subTest(back=back):
                name = self.new_user(self.pool)
                before = self.tokens(self.client, name)
                self.sign_out(name)
                self.jump(-back)
                self.is_revoked(before)
                after = self.tokens(self.client, name)
                self.works(after)
                self.jump(back)
                self.is_revoked(before)
                if back < 60 * MINUTE:
                    self.works(after)

    def test_a_sign_out_at_an_earlier_time_reaches_sign_ins_of_a_later_one(self):
        for back in (1, HOUR, 400 * DAY):
            with self.subTest(back=back):
                name = self.new_user(self.pool)
                before = self.tokens(self.client, name)
                self.jump(-back)
                self.works(before)
                self.sign_out(name)
                self.is_revoked(before)
                self.works(self.tokens(self.client, name))
                self.jump(back)

    def test_each_sign_out_of_a_row_counts_at_a_time_that_was_already(self):
        name = self.new_user(self.pool)
        self.sign_out(name)
        self.jump(-DAY)
        for _ in range(3):
            tokens = self.tokens(self.client, name)
            self.works(tokens)
            self.api.GlobalSignOut(AccessToken=tokens['AccessToken'])
            self.is_revoked(tokens)
        self.works(self.tokens(self.client, name))

    def test_disabling_reaches_sign_ins_of_a_later_time(self):
        name = self.new_user(self.pool)
        before = self.tokens(self.client, name)
        self.jump(-DAY)
        self.api.AdminDisableUser(UserPoolId=self.pool, Username=name)
        self.api.AdminEnableUser(UserPoolId=self.pool, Username=name)
        self.is_revoked(before)
        self.works(self.tokens(self.client, name))

    def test_a_revoked_family_stays_revoked_whatever_the_clock_does(self):
        name = self.new_user(self.pool)
        tokens = self.tokens(self.client, name)
        self.api.RevokeToken(ClientId=self.client, Token=tokens['RefreshToken'])
        for seconds in (-DAY, -YEAR, YEAR + DAY):
            self.jump(seconds)
            self.is_revoked(tokens)

    def test_the_sweep_under_a_clock_that_runs_ahead_forgets_nothing(self):
        tokens = self.tokens(self.client, self.new_user(self.pool))
        self.api.RevokeToken(ClientId=self.client, Token=tokens['RefreshToken'])
        self.jump(2 * YEAR)
        time.sleep(SWEEP + 1)
        self.jump(-2 * YEAR)
        self.is_revoked(tokens)

    def test_a_restart_between_the_jumps_forgets_nothing(self):
        name = self.new_user(self.pool)
        before = self.tokens(self.client, name)
        self.sign_out(name)
        self.jump(-DAY)
        self.server.kill()
        self.server.start()
        self.is_revoked(before)
        after = self.tokens(self.client, name)
        self.works(after)
        self.sign_out(name)
        self.server.kill()
        self.server.start()
        self.is_revoked(after)


class Spent(ClockTest):

    def challenge(self, name):
        half = srp.Client(self.pool, PASSWORD)
        asked = self.api.InitiateAuth(ClientId=self.client, AuthFlow='USER_SRP_AUTH', AuthParameters={
            'USERNAME': name, 'SRP_A': half.srp_a})['ChallengeParameters']
        return {'ClientId': self.client, 'ChallengeName': 'PASSWORD_VERIFIER',
                'ChallengeResponses': half.answer(asked, at=self.now())}

    def invited(self):
        name = self.new_name()
        self.api.AdminCreateUser(UserPoolId=self.pool, Username=name, TemporaryPassword=PASSWORD,
                                 MessageAction='SUPPRESS')
        return name, self.sign_in(self.client, name)['Session']

    def answer_session(self, name, session, password='N3w-passw0rd'):
        return self.api.RespondToAuthChallenge(
            ClientId=self.client, ChallengeName='NEW_PASSWORD_REQUIRED', Session=session,
            ChallengeResponses={'USERNAME': name, 'NEW_PASSWORD': password})

    def test_a_spent_proof_stays_spent(self):
        answer = self.challenge(self.new_user(self.pool))
        self.api.RespondToAuthChallenge(**answer)
        for seconds in (0, -1, -MINUTE, -HOUR, HOUR + MINUTE + 1):
            self.jump(seconds)
            with self.assertRaises(ApiError) as caught:
                self.api.RespondToAuthChallenge(**answer)
            self.assertEqual('NotAuthorizedException', caught.exception.type)

    def test_a_spent_session_stays_spent_over_jumps_and_a_restart(self):
        name, session = self.invited()
        self.answer_session(name, session)
        for seconds in (0, HOUR, -HOUR, -MINUTE, MINUTE):
            self.jump(seconds)
            self.server.kill()
            self.server.start()
            with self.assertRaises(ApiError) as caught:
                self.answer_session(name, session, 'An0ther-pass')
            self.assertEqual('NotAuthorizedException', caught.exception.type)
        self.assertIsNone(self.guess(name, 'N3w-passw0rd'))

    def test_a_session_lives_no_longer_when_the_clock_goes_back(self):
        name, session = self.invited()
        self.jump(-10 * MINUTE)
        with self.assert_error('NotAuthorizedException', None):
            self.answer_session(name, session)
        name, session = self.invited()  # one of this time is good for this time
        self.assertIn('AuthenticationResult', self.answer_session(name, session))

    def test_sessions_that_come_by_themselves_live_no_longer_either(self):
        """Those of MFA_SETUP and of a sign-up are read outside of the answers to challenges."""
        pool = self.new_pool(AutoVerifiedAttributes=['email'])
        client = self.new_client(pool, ExplicitAuthFlows=ALL_FLOWS + ['ALLOW_USER_AUTH'])
        name = self.new_name()
        self.api.SignUp(ClientId=client, Username=name, Password=PASSWORD,
                        UserAttributes=attribute_list(email=f'{name}@example.com'))
        confirmed = self.api.ConfirmSignUp(ClientId=client, Username=name,
                                           ConfirmationCode=self.server.code(name))['Session']
        self.api.SetUserPoolMfaConfig(UserPoolId=pool, MfaConfiguration='ON',
                                      SoftwareTokenMfaConfiguration={'Enabled': True})
        asked = self.sign_in(client, name)
        self.assertEqual('MFA_SETUP', asked['ChallengeName'])
        self.jump(-10 * MINUTE)
        for call in (lambda: self.api.AssociateSoftwareToken(Session=asked['Session']),
                     lambda: self.api.VerifySoftwareToken(Session=asked['Session'], UserCode='123456'),
                     lambda: self.api.InitiateAuth(ClientId=client, AuthFlow='USER_AUTH', Session=confirmed,
                                                   AuthParameters={'USERNAME': name})):
            with self.assert_error('NotAuthorizedException', EXPIRED):
                call()

    def test_a_session_ends_when_the_clock_goes_ahead(self):
        name, session = self.invited()
        self.jump(10 * MINUTE)
        with self.assert_error('NotAuthorizedException', None):
            self.answer_session(name, session)

    def test_a_code_is_used_once_and_lives_no_longer(self):
        name = self.new_name()
        self.api.SignUp(ClientId=self.client, Username=name, Password=PASSWORD,
                        UserAttributes=attribute_list(email='c@example.com'))
        code = self.server.code(name)
        confirm = {'ClientId': self.client, 'Username': name, 'ConfirmationCode': code}
        self.jump(25 * HOUR)
        with self.assert_error('ExpiredCodeException', None):
            self.api.ConfirmSignUp(**confirm)
        self.jump(-50 * HOUR)
        with self.assert_error('ExpiredCodeException', None):
            self.api.ConfirmSignUp(**confirm)
        self.api.ResendConfirmationCode(ClientId=self.client, Username=name)
        confirm['ConfirmationCode'] = self.server.code(name, 2)
        self.api.ConfirmSignUp(**confirm)
        self.jump(-MINUTE)
        with self.assertRaises(ApiError):
            self.api.ConfirmSignUp(**confirm)
        self.assertIsNone(self.guess(name, PASSWORD))

    def test_a_rotated_token_has_no_longer_grace(self):
        client = self.new_client(
            self.pool, ExplicitAuthFlows=[f for f in ALL_FLOWS if 'REFRESH' not in f],
            RefreshTokenRotation={'Feature': 'ENABLED', 'RetryGracePeriodSeconds': 30})
        first = self.tokens(client, self.new_user(self.pool))['RefreshToken']
        second = self.api.GetTokensFromRefreshToken(
            ClientId=client, RefreshToken=first)['AuthenticationResult']['RefreshToken']
        for seconds in (HOUR, -2 * HOUR, -DAY):
            self.jump(seconds)
            with self.assert_error('RefreshTokenReuseException', None):
                self.api.GetTokensFromRefreshToken(ClientId=client, RefreshToken=first)
        self.api.GetTokensFromRefreshToken(ClientId=client, RefreshToken=second)


class Locks(ClockTest):
    """Between two jumps the clock stands still: the first lock lasts a second."""

    def setUp(self):
        super().setUp()
        self.stop_clock()

    def locked(self, name, failures):
        """Guesses until that many have counted; the lock of the last one is on."""
        for i in range(1, failures + 1):
            self.assertEqual(WRONG, self.guess(name), f'guess {i}')
            if 5 <= i < failures:
                self.server.advance(min(2 ** (i - 5), 900))
        self.assertEqual(LOCKED, self.guess(name, PASSWORD))

    def test_a_jump_back_prolongs_no_lock_beyond_the_longest(self):
        for back in (1, 10 * MINUTE, DAY, 400 * DAY):
            with self.subTest(back=back):
                name = self.new_user(self.pool)
                self.locked(name, 13)
                self.jump(-back)
                self.server.advance(901)
                self.assertIsNone(self.guess(name, PASSWORD))

    def test_a_jump_back_forgets_no_failure(self):
        name = self.new_user(self.pool)
        self.locked(name, 10)
        self.jump(-DAY)
        self.assertEqual(WRONG, self.guess(name))
        self.assertEqual(LOCKED, self.guess(name), 'the next failure locks again')
        self.server.advance(60)
        self.assertEqual(LOCKED, self.guess(name), 'as long as its number says')
        self.server.advance(5)
        self.assertIsNone(self.guess(name, PASSWORD))

    def test_four_failures_over_jumps_are_still_four(self):
        name = self.new_user(self.pool)
        for seconds in (-HOUR, -MINUTE, -DAY, -1):
            self.assertEqual(WRONG, self.guess(name))
            self.jump(seconds)
        self.assertEqual(WRONG, self.guess(name))
        self.assertEqual(LOCKED, self.guess(name, PASSWORD))


class Everything(ClockTest):

    def test_nothing_breaks_wherever_the_clock_is(self):
        for offset in (-20 * YEAR, 10 * YEAR, -YEAR, 0):
            with self.subTest(offset=offset):
                self.server.set_clock(offset)
                self.round_trip(self.pool, self.client)
                pool = self.new_pool()
                self.round_trip(pool, self.new_client(pool))
        self.assertEqual(200, self.server.get('/readyz').status)

    def round_trip(self, pool, client):
        """One of everything, by whatever time the clock shows; also in a pool of a later time."""
        name = self.new_user(pool, email='user@example.com')
        tokens = self.tokens(client, name)
        self.refresh(tokens, client)
        at = self.server.now()
        self.assertLess(abs(claims(tokens['IdToken'])[1]['iat'] - at), 30)
        self.assertEqual(name, self.api.GetUser(AccessToken=tokens['AccessToken'])['Username'])
        half = srp.Client(pool, PASSWORD)
        asked = self.api.InitiateAuth(ClientId=client, AuthFlow='USER_SRP_AUTH', AuthParameters={
            'USERNAME': name, 'SRP_A': half.srp_a})['ChallengeParameters']
        self.assertIn('AuthenticationResult', self.api.RespondToAuthChallenge(
            ClientId=client, ChallengeName='PASSWORD_VERIFIER',
            ChallengeResponses=half.answer(asked, at=self.now())))
        self.api.ChangePassword(AccessToken=tokens['AccessToken'], PreviousPassword=PASSWORD,
                                ProposedPassword='An0ther-pass')
        with self.assert_error('NotAuthorizedException', WRONG):
            self.tokens(client, name)
        tokens = self.tokens(client, name, 'An0ther-pass')
        self.api.GlobalSignOut(AccessToken=tokens['AccessToken'])
        with self.assert_error('NotAuthorizedException', TOKEN_REVOKED):
            self.api.GetUser(AccessToken=tokens['AccessToken'])
        found = self.api.AdminGetUser(UserPoolId=pool, Username=name)
        self.assertEqual('CONFIRMED', found['UserStatus'])
        self.api.AdminDeleteUser(UserPoolId=pool, Username=name)


if __name__ == '__main__':
    unittest.main()
