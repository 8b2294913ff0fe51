"""USER_SRP_AUTH against an independent client, and everything a dishonest one may try."""
import base64
import datetime
import unittest

import srp
from poolhouse import PASSWORD, PoolhouseTest

WRONG = 'Incorrect username or password.'


class SrpTest(PoolhouseTest):

    @classmethod
    def prepare(cls):
        cls.pool = cls.new_pool(AliasAttributes=['email'])
        cls.client = cls.new_client(cls.pool)
        cls.hiding = cls.new_client(cls.pool, PreventUserExistenceErrors='ENABLED')
        cls.user = cls.new_user(cls.pool, email='a@b.example', email_verified='true')

    def start(self, name=None, client=None, password=PASSWORD, a=None, srp_a=None):
        half = srp.Client(self.pool, password, a)
        reply = self.api.InitiateAuth(
            ClientId=client or self.client, AuthFlow='USER_SRP_AUTH',
            AuthParameters={'USERNAME': name or self.user, 'SRP_A': srp_a or half.srp_a})
        return half, reply

    def answer(self, responses, client=None):
        return self.api.RespondToAuthChallenge(
            ClientId=client or self.client, ChallengeName='PASSWORD_VERIFIER',
            ChallengeResponses=responses)


class Srp(SrpTest):

    def test_the_whole_exchange_gives_tokens(self):
        half, reply = self.start()
        self.assertEqual({'ChallengeName', 'ChallengeParameters'}, set(reply))
        parameters = reply['ChallengeParameters']
        self.assertEqual({'SALT', 'SECRET_BLOCK', 'SRP_B', 'USERNAME', 'USER_ID_FOR_SRP'},
                         set(parameters))
        self.assertRegex(parameters['SALT'], r'^[1-7][0-9a-f]{31}$')
        self.assertRegex(parameters['SRP_B'], r'^[1-9a-f][0-9a-f]*$')
        self.assertEqual((self.user, self.user),
                         (parameters['USERNAME'], parameters['USER_ID_FOR_SRP']))
        base64.b64decode(parameters['SECRET_BLOCK'], validate=True)
        reply = self.answer(half.answer(parameters))
        self.assertEqual({'AccessToken', 'ExpiresIn', 'IdToken', 'RefreshToken', 'TokenType'},
                         set(reply['AuthenticationResult']))
        self.assertEqual({}, reply['ChallengeParameters'])

    def test_thirty_exchanges_of_any_number_length_succeed(self):
        for a in [1, 2, 3, 255, 256] + [None] * 25:
            half, reply = self.start(a=a)
            self.answer(half.answer(reply['ChallengeParameters']))

    def test_an_alias_leads_to_the_internal_name(self):
        half, reply = self.start('a@b.example')
        self.assertEqual(self.user, reply['ChallengeParameters']['USER_ID_FOR_SRP'])
        self.answer(half.answer(reply['ChallengeParameters']))

    def test_the_admin_operations_speak_srp_too(self):
        half = srp.Client(self.pool, PASSWORD)
        given = {'UserPoolId': self.pool, 'ClientId': self.client}
        reply = self.api.AdminInitiateAuth(**given, AuthFlow='USER_SRP_AUTH', AuthParameters={
            'USERNAME': self.user, 'SRP_A': half.srp_a})
        reply = self.api.AdminRespondToAuthChallenge(
            **given, ChallengeName='PASSWORD_VERIFIER',
            ChallengeResponses=half.answer(reply['ChallengeParameters']))
        self.assertIn('AuthenticationResult', reply)

    def test_a_wrong_password_is_refused(self):
        half, reply = self.start(self.new_user(self.pool), password='Wr0ng-pass')
        with self.assert_error('NotAuthorizedException', WRONG):
            self.answer(half.answer(reply['ChallengeParameters']))

    def test_upper_case_padded_and_odd_hex_is_read(self):
        for shape in (str.upper, lambda t: '00' + t, lambda t: t.lstrip('0')):
            half = srp.Client(self.pool, PASSWORD, 12345)
            half, reply = self.start(a=12345, srp_a=shape(half.srp_a))
            self.answer(half.answer(reply['ChallengeParameters']))

    def test_multiples_of_n_and_nonsense_are_refused_as_public_value(self):
        for value in ('0', '00', f'{srp.N:x}', f'{2 * srp.N:x}', 'xyz', 'a' * 5000):
            with self.subTest(value[:20]):
                with self.assert_error('InvalidParameterException', 'Invalid SRP_A'):
                    self.start(srp_a=value)

    def test_the_user_is_looked_up_before_the_public_value_is_judged(self):
        with self.assert_error('UserNotFoundException', 'User does not exist.'):
            self.start('nobody', srp_a='0')

    def test_a_secret_block_is_used_once(self):
        half, reply = self.start()
        answer = half.answer(reply['ChallengeParameters'])
        self.answer(answer)
        with self.assert_error('NotAuthorizedException', WRONG):
            self.answer(answer)

    def test_a_secret_block_used_in_vain_is_used(self):
        half, reply = self.start(self.new_user(self.pool))
        answer = half.answer(reply['ChallengeParameters'])
        with self.assert_error('NotAuthorizedException', WRONG):
            self.answer(answer | {'PASSWORD_CLAIM_SIGNATURE': base64.b64encode(b'x' * 32).decode()})
        with self.assert_error('NotAuthorizedException', WRONG):
            self.answer(answer)

    def test_a_secret_block_used_by_many_at_once_signs_in_once(self):
        import concurrent.futures
        half, reply = self.start()
        answer = half.answer(reply['ChallengeParameters'])

        def attempt(_):
            try:
                return 'AuthenticationResult' in self.answer(answer)
            except Exception:  # any refusal will do; the count is what matters
                return False
        with concurrent.futures.ThreadPoolExecutor(8) as threads:
            self.assertEqual(1, sum(threads.map(attempt, range(16))))

    def test_a_changed_secret_block_is_refused(self):
        half, reply = self.start(self.new_user(self.pool))
        parameters = reply['ChallengeParameters']
        raw = bytearray(base64.b64decode(parameters['SECRET_BLOCK']))
        for at in (0, len(raw) // 2, len(raw) - 1):
            changed = bytes(b ^ (at == i) for i, b in enumerate(raw))
            answer = half.answer(parameters | {'SECRET_BLOCK': base64.b64encode(changed).decode()})
            with self.subTest(at), self.assert_error('NotAuthorizedException', WRONG):
                self.answer(answer)
        for text in ('', 'AAAA', 'not base64!', base64.b64encode(bytes(raw[:-1])).decode()):
            responses = half.answer(parameters) | {'PASSWORD_CLAIM_SECRET_BLOCK': text}
            with self.subTest(text[:10]), self.assertRaisesRegex(
                    Exception, 'NotAuthorizedException|InvalidParameterException'):
                self.answer(responses)

    def test_a_secret_block_of_another_client_is_refused(self):
        half, reply = self.start()
        with self.assert_error('NotAuthorizedException', WRONG):
            self.answer(half.answer(reply['ChallengeParameters']), self.new_client(self.pool))

    def test_a_secret_block_of_another_user_is_refused(self):
        other = self.new_user(self.pool)
        half, reply = self.start(other)
        answer = half.answer(reply['ChallengeParameters'])
        with self.assert_error('NotAuthorizedException', WRONG):
            self.answer(answer | {'USERNAME': self.user})

    def test_missing_answers_are_named(self):
        half, reply = self.start()
        answer = half.answer(reply['ChallengeParameters'])
        for name in answer:
            with self.subTest(name), self.assert_error('InvalidParameterException',
                                                       f'Missing required parameter {name}'):
                self.answer({k: v for k, v in answer.items() if k != name})

    def test_a_timestamp_of_another_form_is_refused(self):
        half, reply = self.start(self.new_user(self.pool))
        with self.assert_error('InvalidParameterException', 'TIMESTAMP format should be '
                               'EEE MMM d HH:mm:ss z yyyy in english.'):
            self.answer(half.answer(reply['ChallengeParameters'], stamp='2026-01-03T04:05:06Z'))

    def test_a_timestamp_far_from_now_is_refused(self):
        for minutes in (-6, 6):
            at = self.now() + datetime.timedelta(minutes=minutes)
            half, reply = self.start(self.new_user(self.pool))
            with self.subTest(minutes), self.assert_error('NotAuthorizedException', WRONG):
                self.answer(half.answer(reply['ChallengeParameters'], at=at))

    def test_a_timestamp_some_minutes_off_is_accepted(self):
        for minutes in (-4, 4):
            half, reply = self.start()
            self.answer(half.answer(reply['ChallengeParameters'],
                                    at=self.now() + datetime.timedelta(minutes=minutes)))

    def test_additional_answers_are_ignored(self):
        half, reply = self.start()
        self.answer(half.answer(reply['ChallengeParameters']) | {'DEVICE_KEY': None, 'OTHER': 'x'})

    # People who do not exist

    def test_an_unknown_user_is_named_to_an_open_client(self):
        with self.assert_error('UserNotFoundException', 'User does not exist.'):
            self.start('nobody')

    def test_an_unknown_user_gets_the_same_challenge_each_time_from_a_hiding_client(self):
        _, one = self.start('nobody', self.hiding)
        half, two = self.start('nobody', self.hiding)
        one, two = one['ChallengeParameters'], two['ChallengeParameters']
        for name in ('SALT', 'USERNAME', 'USER_ID_FOR_SRP'):
            self.assertEqual(one[name], two[name])
        self.assertNotEqual(one['SRP_B'], two['SRP_B'])
        _, real = self.start(self.user, self.hiding)
        real = real['ChallengeParameters']
        self.assertEqual(set(real), set(two))
        self.assertRegex(two['SALT'], r'^[1-7][0-9a-f]{31}$')
        self.assertAlmostEqual(len(real['SECRET_BLOCK']), len(two['SECRET_BLOCK']), delta=16)
        with self.assert_error('NotAuthorizedException', WRONG):
            self.answer(half.answer(two), self.hiding)

    def test_different_unknown_users_have_different_salts(self):
        salts = {self.start(f'nobody{i}', self.hiding)[1]['ChallengeParameters']['SALT']
                 for i in range(5)}
        self.assertEqual(5, len(salts))

    def test_disabled_and_unconfirmed_users_get_their_answer_after_the_proof(self):
        disabled = self.new_user(self.pool)
        self.api.AdminDisableUser(UserPoolId=self.pool, Username=disabled)
        with self.assert_error('NotAuthorizedException', 'User is disabled.'):
            half, reply = self.start(disabled)
            self.answer(half.answer(reply['ChallengeParameters']))
        half, reply = self.start(disabled, self.hiding)
        with self.assert_error('NotAuthorizedException', 'User is disabled.'):
            self.answer(half.answer(reply['ChallengeParameters']), self.hiding)
        half, reply = self.start(disabled, self.hiding, password='Wr0ng-pass')
        with self.assert_error('NotAuthorizedException', WRONG):
            self.answer(half.answer(reply['ChallengeParameters']), self.hiding)
        name = self.new_name()
        self.api.SignUp(ClientId=self.client, Username=name, Password=PASSWORD)
        half, reply = self.start(name)
        with self.assert_error('UserNotConfirmedException', 'User is not confirmed.'):
            self.answer(half.answer(reply['ChallengeParameters']))

    def test_a_password_changed_between_the_steps_ends_the_exchange(self):
        name = self.new_user(self.pool)
        half, reply = self.start(name)
        self.api.AdminSetUserPassword(UserPoolId=self.pool, Username=name, Password='N3w-passw',
                                      Permanent=True)
        with self.assert_error('NotAuthorizedException', WRONG):
            self.answer(half.answer(reply['ChallengeParameters']))

    def test_a_user_deleted_between_the_steps_does_not_sign_in(self):
        name = self.new_user(self.pool)
        half, reply = self.start(name)
        self.api.AdminDeleteUser(UserPoolId=self.pool, Username=name)
        with self.assertRaisesRegex(Exception, 'NotAuthorizedException|UserNotFoundException'):
            self.answer(half.answer(reply['ChallengeParameters']))

    def test_a_password_of_many_scripts_signs_in(self):
        name = self.new_user(self.pool, password='Aa1!żółć🎟')
        half, reply = self.start(name, password='Aa1!żółć🎟')
        self.answer(half.answer(reply['ChallengeParameters']))


class SrpClock(SrpTest):
    server_options = {'clock': True}

    def test_a_secret_block_lives_as_long_as_a_session(self):
        half, reply = self.start()
        self.server.advance(170)
        self.answer(half.answer(reply['ChallengeParameters'], at=self.now()))
        half, reply = self.start()
        self.server.advance(185)
        with self.assert_error('NotAuthorizedException',
                               'Invalid session for the user, session is expired.'):
            self.answer(half.answer(reply['ChallengeParameters'], at=self.now()))


if __name__ == '__main__':
    unittest.main()
