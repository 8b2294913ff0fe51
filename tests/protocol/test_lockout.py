"""The back-off after five wrong passwords: durable, not raced, the same for nobody."""
import concurrent.futures
import unittest

import srp
from poolhouse import ApiError, PASSWORD, PoolhouseTest

WRONG = 'Incorrect username or password.'
LOCKED = 'Password attempts exceeded'


class LockoutTest(PoolhouseTest):
    """The clock stands still: the first lock lasts a second, which a slow machine needs for a request."""

    server_options = {'clock': True}

    def setUp(self):
        self.stop_clock()

    @classmethod
    def prepare(cls):
        cls.pool = cls.new_pool()
        cls.client = cls.new_client(cls.pool)
        cls.hiding = cls.new_client(cls.pool, PreventUserExistenceErrors='ENABLED')

    def guess(self, name, password='Wr0ng-pass', client=None):
        """The text of the refusal; None when it signs in."""
        try:
            self.sign_in(client or self.client, name, password)
        except ApiError as e:
            self.assertEqual('NotAuthorizedException', e.type)
            return e.text
        return None

    def locked(self, name, client=None):
        for _ in range(5):
            self.assertEqual(WRONG, self.guess(name, client=client))


class Lockout(LockoutTest):

    def test_four_wrong_passwords_lock_nobody(self):
        name = self.new_user(self.pool)
        for _ in range(4):
            self.assertEqual(WRONG, self.guess(name))
        self.assertIsNone(self.guess(name, PASSWORD))

    def test_the_lock_doubles_with_each_further_failure(self):
        name = self.new_user(self.pool)
        self.locked(name)
        for seconds in (1, 2, 4, 8, 16):
            self.assertEqual(LOCKED, self.guess(name), f'before {seconds} s')
            self.server.advance(seconds)
            self.assertEqual(WRONG, self.guess(name), f'after {seconds} s')

    def test_the_right_password_fails_while_locked_and_works_afterwards(self):
        name = self.new_user(self.pool)
        self.locked(name)
        self.server.advance(1)
        for seconds in (1, 2, 4):
            self.server.advance(seconds)
            self.guess(name)
        self.assertEqual(LOCKED, self.guess(name, PASSWORD))
        self.server.advance(20)
        self.assertIsNone(self.guess(name, PASSWORD))

    def test_success_forgets_the_failures(self):
        name = self.new_user(self.pool)
        for _ in range(3):
            for _ in range(4):
                self.assertEqual(WRONG, self.guess(name))
            self.assertIsNone(self.guess(name, PASSWORD))

    def test_quiet_for_a_quarter_of_an_hour_forgets_the_failures(self):
        name = self.new_user(self.pool)
        for _ in range(4):
            self.guess(name)
        self.server.advance(15 * 60 + 1)
        for _ in range(4):
            self.assertEqual(WRONG, self.guess(name))
        self.assertIsNone(self.guess(name, PASSWORD))

    def test_attempts_while_locked_do_not_extend_the_lock(self):
        name = self.new_user(self.pool)
        self.locked(name)
        for _ in range(10):
            self.assertEqual(LOCKED, self.guess(name))
        self.server.advance(1)
        self.assertIsNone(self.guess(name, PASSWORD))

    def test_the_lock_is_seen_at_every_door(self):
        name = self.new_user(self.pool)
        self.locked(name)
        self.assertEqual(LOCKED, self.guess(name, client=self.hiding))
        self.refused('NotAuthorizedException', LOCKED, 'AdminInitiateAuth', UserPoolId=self.pool,
                     ClientId=self.client, AuthFlow='ADMIN_USER_PASSWORD_AUTH',
                     AuthParameters={'USERNAME': name, 'PASSWORD': PASSWORD})
        half = srp.Client(self.pool, PASSWORD)
        with self.assert_error('NotAuthorizedException', LOCKED):
            reply = self.api.InitiateAuth(ClientId=self.client, AuthFlow='USER_SRP_AUTH', AuthParameters={
                'USERNAME': name, 'SRP_A': half.srp_a})
            self.api.RespondToAuthChallenge(
                ClientId=self.client, ChallengeName='PASSWORD_VERIFIER',
                ChallengeResponses=half.answer(reply['ChallengeParameters'], at=self.now()))

    def test_failed_proofs_count_as_wrong_passwords(self):
        name = self.new_user(self.pool)
        for _ in range(5):
            half = srp.Client(self.pool, 'Wr0ng-pass')
            reply = self.api.InitiateAuth(ClientId=self.client, AuthFlow='USER_SRP_AUTH', AuthParameters={
                'USERNAME': name, 'SRP_A': half.srp_a})
            with self.assert_error('NotAuthorizedException', WRONG):
                self.api.RespondToAuthChallenge(
                    ClientId=self.client, ChallengeName='PASSWORD_VERIFIER',
                    ChallengeResponses=half.answer(reply['ChallengeParameters'], at=self.now()))
        self.assertEqual(LOCKED, self.guess(name, PASSWORD))

    def test_one_locked_user_does_not_lock_another(self):
        self.locked(self.new_user(self.pool))
        self.assertIsNone(self.guess(self.new_user(self.pool), PASSWORD))

    def test_a_name_that_does_not_exist_locks_alike(self):
        real = self.new_user(self.pool)
        answers = {}
        for name in (real, 'nobody-at-all'):
            answers[name] = [self.guess(name, client=self.hiding) for _ in range(7)]
            self.server.advance(1)
            answers[name] += [self.guess(name, client=self.hiding) for _ in range(3)]
        self.assertEqual(answers[real], answers['nobody-at-all'])
        self.assertIn(LOCKED, answers[real])

    def test_two_hundred_guesses_at_once_are_not_all_evaluated(self):
        name = self.new_user(self.pool)
        with concurrent.futures.ThreadPoolExecutor(50) as threads:
            answers = list(threads.map(lambda _: self.guess(name), range(200)))
        self.assertEqual((5, 195), (answers.count(WRONG), answers.count(LOCKED)), set(answers))


class LockoutSurvives(LockoutTest):
    server_options = {'clock': True, 'memory': False}

    def test_a_restart_forgets_no_failure(self):
        name = self.new_user(self.pool)
        self.locked(name)
        for seconds in (1, 2, 4, 8, 16, 32):
            self.server.advance(seconds)
            self.guess(name)
        self.server.kill()
        self.server.start()
        self.assertEqual(LOCKED, self.guess(name, PASSWORD))


class CodesAtOnce(LockoutTest):
    """Codes of every kind, guessed by two hundred at once: a few are judged, the right one is not
    found out by the others, and the user can go on afterwards."""

    server_args = ('--attempt-limits',)

    @classmethod
    def prepare(cls):
        cls.pool = cls.new_pool(
            AutoVerifiedAttributes=['email'],
            Policies={'SignInPolicy': {'AllowedFirstAuthFactors': ['PASSWORD', 'EMAIL_OTP']}})
        cls.client = cls.new_client(cls.pool, ExplicitAuthFlows=['ALLOW_USER_AUTH',
                                                                 'ALLOW_USER_PASSWORD_AUTH',
                                                                 'ALLOW_REFRESH_TOKEN_AUTH'])

    def texts(self, call):
        def guess(_):
            try:
                call()
            except ApiError as e:
                return e.text
            return None
        with concurrent.futures.ThreadPoolExecutor(50) as threads:
            found = list(threads.map(guess, range(200)))
        return {text: found.count(text) for text in set(found)}

    def user(self):
        name = self.new_name()
        return self.new_user(self.pool, name, email=f'{name}@example.com', email_verified='true')

    def test_first_factors(self):
        name = self.user()
        asked = self.api.InitiateAuth(ClientId=self.client, AuthFlow='USER_AUTH', AuthParameters={
            'USERNAME': name, 'PREFERRED_CHALLENGE': 'EMAIL_OTP'})
        right = self.server.code(name)

        def answer(code):
            return self.api.RespondToAuthChallenge(
                ClientId=self.client, ChallengeName='EMAIL_OTP', Session=asked['Session'],
                ChallengeResponses={'USERNAME': name, 'EMAIL_OTP_CODE': code})
        found = self.texts(lambda: answer('00000000'))
        self.assertEqual({'Invalid code or auth state for the user.': 5, LOCKED: 195}, found)
        self.server.advance(60)  # the lock is over, the Session is not
        self.assertIn('AuthenticationResult', answer(right))

    def test_resets_of_passwords(self):
        name = self.user()
        self.api.ForgotPassword(ClientId=self.client, Username=name)
        right = self.server.code(name)
        wrong = '000000' if right != '000000' else '000001'
        found = self.texts(lambda: self.api.ConfirmForgotPassword(
            ClientId=self.client, Username=name, ConfirmationCode=wrong, Password='N3w-passw0rd'))
        limit = 'Attempt limit exceeded, please try after some time.'
        mismatch = 'Invalid verification code provided, please try again.'
        self.assertEqual({limit, mismatch}, set(found))
        self.assertLessEqual(found[mismatch], 20)
        self.assertIsNone(self.guess(name, PASSWORD))  # nothing was changed

    def test_sign_ups(self):
        name = self.new_name()
        self.api.SignUp(ClientId=self.client, Username=name, Password=PASSWORD,
                        UserAttributes=[{'Name': 'email', 'Value': f'{name}@example.com'}])
        right = self.server.code(name)
        wrong = '000000' if right != '000000' else '000001'
        found = self.texts(lambda: self.api.ConfirmSignUp(
            ClientId=self.client, Username=name, ConfirmationCode=wrong))
        self.assertEqual({'Attempt limit exceeded, please try after some time.',
                          'Invalid verification code provided, please try again.'}, set(found))
        self.assertLessEqual(found['Invalid verification code provided, please try again.'], 15)
        with self.assert_error('LimitExceededException', None):  # that code is good for nothing more
            self.api.ConfirmSignUp(ClientId=self.client, Username=name, ConfirmationCode=right)
        self.api.ResendConfirmationCode(ClientId=self.client, Username=name)
        self.api.ConfirmSignUp(ClientId=self.client, Username=name,
                               ConfirmationCode=self.server.code(name))


if __name__ == '__main__':
    unittest.main()
