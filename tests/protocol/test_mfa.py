"""Second factors: settings of pools and users, the challenges, what a code is good for."""
import base64
import concurrent.futures
import json
import time
import unittest

import srp
import totp
from poolhouse import (ALL_FLOWS, ApiError, PASSWORD, PoolhouseTest, attribute_list, attributes,
                       claims, secret_hash)

ROLE = 'arn:aws:iam::000000000000:role/sms'
SMS = {'SmsConfiguration': {'SnsCallerArn': ROLE}}
TOTP = {'Enabled': True}
ALL = {'SmsMfaConfiguration': SMS, 'SoftwareTokenMfaConfiguration': TOTP,
       'EmailMfaConfiguration': {}}
MISMATCH = 'Invalid code or auth state for the user.'
WRONG_TOTP = 'Invalid code received for user'
USED = 'Your software token has already been used once.'
INVALID = 'Invalid session for the user.'
REUSED = 'Invalid session for the user, session can only be used once.'
EXPIRED = 'Invalid session for the user, session is expired.'
LOCKED = 'Password attempts exceeded'
NO_FACTOR = ('Invalid MFA Configuration given. SMS MFA, Email MFA, or Software Token MFA must be '
             'enabled.')
PHONE = '+15550001234'


class MfaTest(PoolhouseTest):
    server_options = {'clock': True}

    @classmethod
    def mfa_pool(cls, mode='OPTIONAL', pool=None, **factors):
        pool = pool or cls.new_pool()
        cls.api.SetUserPoolMfaConfig(UserPoolId=pool, MfaConfiguration=mode,
                                     **(factors or ALL))
        return pool

    def token(self, client, name, **parameters):
        return self.tokens(client, name, **parameters)['AccessToken']

    def code(self, secret, steps=0):
        return totp.code(secret, self.server.now() + steps * totp.PERIOD)

    def next_step(self):
        """To the first seconds of the next step, so that a test ends before that is over."""
        self.server.advance(totp.PERIOD - int(self.server.now()) % totp.PERIOD + 1)

    def enroll(self, pool, client, name, preferred=True):
        """A software token in force; its secret. The step of now is not used any more."""
        access = self.token(client, name)
        secret = self.api.AssociateSoftwareToken(AccessToken=access)['SecretCode']
        self.api.VerifySoftwareToken(AccessToken=access, UserCode=self.code(secret))
        self.api.SetUserMFAPreference(AccessToken=access, SoftwareTokenMfaSettings={
            'Enabled': True, 'PreferredMfa': preferred})
        self.next_step()
        self.next_step()
        return secret

    def answer(self, client, name, reply, **responses):
        """The next reply; None stands for a Session that is left out."""
        return self.api.RespondToAuthChallenge(
            ClientId=client, ChallengeName=reply['ChallengeName'], Session=reply['Session'],
            ChallengeResponses={'USERNAME': name, **responses})

    def assert_challenge(self, reply, name, parameters):
        self.assertEqual(name, reply.get('ChallengeName'), reply)
        self.assertEqual(parameters, reply['ChallengeParameters'])
        self.assertNotIn('AuthenticationResult', reply)
        self.assertNotIn('AvailableChallenges', reply)
        self.assertRegex(reply['Session'], r'^[A-Za-z0-9_-]{20,2048}$')

    def wrong_once(self, client, name, reply, text=WRONG_TOTP, **responses):
        with self.assert_error('CodeMismatchException', text):
            self.answer(client, name, reply, **responses)


class OnePool(MfaTest):
    """One pool and one client for the class."""

    mode = 'OPTIONAL'

    @classmethod
    def prepare(cls):
        cls.pool = cls.mfa_pool(cls.mode)
        cls.client = cls.new_client(cls.pool)


class PoolSettings(MfaTest):

    def test_a_new_pool_has_no_mfa(self):
        self.assertEqual({'MfaConfiguration': 'OFF'},
                         self.api.GetUserPoolMfaConfig(UserPoolId=self.new_pool()))

    def test_all_settings_are_read_back(self):
        pool = self.new_pool()
        given = {
            'MfaConfiguration': 'OPTIONAL',
            'SmsMfaConfiguration': {
                'SmsAuthenticationMessage': 'Code {####}!',
                'SmsConfiguration': {'SnsCallerArn': ROLE, 'ExternalId': 'x',
                                     'SnsRegion': 'eu-west-1'}},
            'SoftwareTokenMfaConfiguration': {'Enabled': True},
            'EmailMfaConfiguration': {'Subject': 'Subject', 'Message': 'Body {####}'},
            'WebAuthnConfiguration': {'RelyingPartyId': 'example.com',
                                      'UserVerification': 'required',
                                      'FactorConfiguration': 'SINGLE_FACTOR'}}
        self.assertEqual(given, self.api.SetUserPoolMfaConfig(UserPoolId=pool, **given))
        self.assertEqual(given, self.api.GetUserPoolMfaConfig(UserPoolId=pool))

    def test_describe_shows_what_it_knows(self):
        pool = self.mfa_pool()
        described = self.api.DescribeUserPool(UserPoolId=pool)['UserPool']
        self.assertEqual('OPTIONAL', described['MfaConfiguration'])
        self.assertEqual({'SnsCallerArn': ROLE, 'SnsRegion': 'eu-west-1'},
                         described['SmsConfiguration'])
        self.assertEqual([], [m for m in described if 'Mfa' in m and m != 'MfaConfiguration'])

    def test_a_pool_made_with_mfa_asks_by_sms(self):
        pool = self.new_pool(MfaConfiguration='ON', **SMS)
        self.assertEqual({'MfaConfiguration': 'ON', 'SmsMfaConfiguration': {
            'SmsConfiguration': {'SnsCallerArn': ROLE, 'SnsRegion': 'eu-west-1'}}},
            self.api.GetUserPoolMfaConfig(UserPoolId=pool))

    def test_a_call_about_mfa_sets_all_factors(self):
        pool = self.mfa_pool()
        self.api.SetUserPoolMfaConfig(UserPoolId=pool, MfaConfiguration='ON',
                                      SoftwareTokenMfaConfiguration=TOTP)
        self.assertEqual({'MfaConfiguration': 'ON', 'SoftwareTokenMfaConfiguration': TOTP},
                         self.api.GetUserPoolMfaConfig(UserPoolId=pool))

    def test_passkeys_are_another_matter(self):
        pool = self.mfa_pool()
        before = self.api.GetUserPoolMfaConfig(UserPoolId=pool)
        passkeys = {'RelyingPartyId': 'example.com', 'UserVerification': 'preferred'}
        self.api.SetUserPoolMfaConfig(UserPoolId=pool, WebAuthnConfiguration=passkeys)
        self.assertEqual({**before, 'WebAuthnConfiguration': passkeys},
                         self.api.GetUserPoolMfaConfig(UserPoolId=pool))
        self.api.SetUserPoolMfaConfig(UserPoolId=pool, MfaConfiguration='OFF')
        self.assertEqual({'MfaConfiguration': 'OFF', 'WebAuthnConfiguration': passkeys},
                         self.api.GetUserPoolMfaConfig(UserPoolId=pool))

    def test_mfa_needs_a_factor(self):
        plain, with_sms = self.new_pool(), self.new_pool(**SMS)
        for pool in (plain, with_sms):
            for mode in ('ON', 'OPTIONAL'):
                for factors in ({}, {'SoftwareTokenMfaConfiguration': {'Enabled': False}}):
                    with self.subTest(mode=mode, **factors), \
                         self.assert_error('InvalidParameterException', NO_FACTOR):
                        self.api.SetUserPoolMfaConfig(UserPoolId=pool, MfaConfiguration=mode,
                                                      **factors)

    def test_no_mfa_has_no_factor(self):
        pool = self.new_pool()
        for factor, value in ALL.items():
            for mode in ({'MfaConfiguration': 'OFF'}, {}):
                with self.subTest(factor), self.assert_error(
                        'InvalidParameterException', "Invalid MFA configuration given, can't turn "
                        "off MFA and configure an MFA together."):
                    self.api.SetUserPoolMfaConfig(UserPoolId=pool, **{factor: value}, **mode)

    def test_required_mfa_does_not_go_with_codes_alone(self):
        for factor in ('EMAIL_OTP', 'SMS_OTP', 'WEB_AUTHN'):
            policies = {'SignInPolicy': {'AllowedFirstAuthFactors': ['PASSWORD', factor]}}
            with self.subTest(factor):
                with self.assertRaises(ApiError) as set_later:
                    self.mfa_pool('ON', self.new_pool(Policies=policies))
                with self.assertRaises(ApiError) as updated:
                    self.api.UpdateUserPool(UserPoolId=self.mfa_pool('ON'), Policies=policies,
                                            **SMS)
                with self.assertRaises(ApiError) as created:
                    self.new_pool(MfaConfiguration='ON', Policies=policies, **SMS)
                for e in (set_later, updated, created):
                    self.assertEqual('InvalidParameterException', e.exception.type)
                self.mfa_pool('OPTIONAL', self.new_pool(Policies=policies))

    def test_a_passkey_that_is_two_factors_goes_with_required_mfa(self):
        pool = self.new_pool(Policies={'SignInPolicy': {
            'AllowedFirstAuthFactors': ['PASSWORD', 'WEB_AUTHN']}})
        self.mfa_pool('ON', pool, **ALL, WebAuthnConfiguration={
            'FactorConfiguration': 'MULTI_FACTOR_WITH_USER_VERIFICATION'})

    def test_the_lite_tier_has_no_mfa_by_email(self):
        pool = self.new_pool(UserPoolTier='LITE')
        with self.assertRaises(ApiError) as e:
            self.mfa_pool('OPTIONAL', pool, EmailMfaConfiguration={})
        self.assertEqual('FeatureUnavailableInTierException', e.exception.type)
        self.mfa_pool('OPTIONAL', pool, SoftwareTokenMfaConfiguration=TOTP)

    def test_an_update_keeps_the_factors(self):
        pool = self.mfa_pool('ON', SoftwareTokenMfaConfiguration=TOTP)
        self.api.UpdateUserPool(UserPoolId=pool)
        self.api.UpdateUserPool(UserPoolId=pool, MfaConfiguration='OPTIONAL')
        self.assertEqual({'MfaConfiguration': 'OPTIONAL', 'SoftwareTokenMfaConfiguration': TOTP},
                         self.api.GetUserPoolMfaConfig(UserPoolId=pool))

    def test_an_update_does_not_take_away_the_last_factor(self):
        pool = self.new_pool(MfaConfiguration='ON', **SMS)
        with self.assert_error('InvalidParameterException', 'SMS configuration and Auto '
                               'verification for phone_number are required when MFA is '
                               'required/optional'):
            self.api.UpdateUserPool(UserPoolId=pool)

    def test_the_sender_of_sms_is_checked(self):
        with self.assert_error('InvalidParameterException', 'Cross-account pass role is not '
                               'allowed.'):
            self.mfa_pool('ON', SmsMfaConfiguration={'SmsConfiguration': {
                'SnsCallerArn': 'arn:aws:iam::111122223333:role/sms'}})

    def test_unknown_pools(self):
        for call in (lambda **m: self.api.SetUserPoolMfaConfig(MfaConfiguration='OFF', **m),
                     self.api.GetUserPoolMfaConfig):
            with self.assert_error('ResourceNotFoundException',
                                   'User pool eu-west-1_nowhere00 does not exist.'):
                call(UserPoolId='eu-west-1_nowhere00')


class SoftwareTokens(OnePool):

    def setUp(self):
        self.next_step()
        self.name = self.new_user(self.pool)
        self.access = self.token(self.client, self.name)

    def associate(self):
        return self.api.AssociateSoftwareToken(AccessToken=self.access)['SecretCode']

    def verify(self, secret, steps=0, **members):
        return self.api.VerifySoftwareToken(AccessToken=self.access,
                                            UserCode=self.code(secret, steps), **members)

    def challenge(self):
        reply = self.sign_in(self.client, self.name)
        self.assertEqual('SOFTWARE_TOKEN_MFA', reply.get('ChallengeName'))
        return reply

    def respond(self, code, reply=None):
        return self.answer(self.client, self.name, reply or self.challenge(),
                           SOFTWARE_TOKEN_MFA_CODE=code)

    def test_the_secret_is_base32_without_padding(self):
        reply = self.api.AssociateSoftwareToken(AccessToken=self.access)
        self.assertEqual({'SecretCode'}, set(reply))
        self.assertRegex(reply['SecretCode'], r'^[A-Z2-7]{52}$')

    def test_every_association_gives_another_secret(self):
        self.assertEqual(5, len({self.associate() for _ in range(5)}))

    def test_the_first_code_verifies(self):
        self.assertEqual({'Status': 'SUCCESS'}, self.verify(self.associate()))

    def test_verifying_switches_nothing_on(self):
        self.verify(self.associate())
        self.assertIn('AuthenticationResult', self.sign_in(self.client, self.name))

    def test_a_wrong_first_code_is_refused_and_may_be_corrected(self):
        secret = self.associate()
        for _ in range(3):
            with self.assert_error('EnableSoftwareTokenMFAException',
                                   'Code mismatch and fail enable Software Token MFA'):
                self.api.VerifySoftwareToken(AccessToken=self.access,
                                             UserCode=totp.wrong(secret, self.server.now()))
        self.verify(secret)

    def test_only_the_last_secret_can_be_verified(self):
        first = self.associate()
        second = self.associate()
        with self.assert_error('EnableSoftwareTokenMFAException',
                               'Code mismatch and fail enable Software Token MFA'):
            self.verify(first)
        self.verify(second)

    def test_nothing_to_verify(self):
        with self.assert_error('InvalidParameterException',
                               'User has not set up software token mfa'):
            self.api.VerifySoftwareToken(AccessToken=self.access, UserCode='123456')

    def test_a_verified_secret_is_not_verified_again(self):
        secret = self.associate()
        self.verify(secret)
        self.next_step()
        with self.assert_error('EnableSoftwareTokenMFAException',
                               'Code mismatch and fail enable Software Token MFA'):
            self.verify(secret)

    def test_codes_are_six_digits(self):
        with self.assertRaises(ApiError) as e:
            self.api.VerifySoftwareToken(AccessToken=self.access, UserCode='Aaaa')
        self.assertEqual('InvalidParameterException', e.exception.type)
        self.assertIn('2 validation errors detected: ', e.exception.text)
        for part in ('Member must satisfy regular expression pattern: [0-9]+',
                     'Member must have length greater than or equal to 6'):
            self.assertIn(part, e.exception.text)

    def test_who_asks_says_so_by_a_token_or_a_session(self):
        for call in (self.api.AssociateSoftwareToken,
                     lambda **m: self.api.VerifySoftwareToken(UserCode='123456', **m)):
            with self.assertRaises(ApiError) as neither:
                call()
            with self.assertRaises(ApiError) as both:
                call(AccessToken=self.access, Session='x' * 30)
            self.assertEqual(['InvalidParameterException'] * 2,
                             [neither.exception.type, both.exception.type])
            with self.assert_error('NotAuthorizedException', INVALID):
                call(Session='x' * 30)
            with self.assert_error('NotAuthorizedException', 'Invalid Access Token'):
                call(AccessToken='x')

    def test_a_pool_without_software_tokens(self):
        pool = self.mfa_pool('OPTIONAL', SmsMfaConfiguration=SMS)
        client = self.new_client(pool)
        access = self.token(client, self.new_user(pool))
        for call in (self.api.AssociateSoftwareToken,
                     lambda **m: self.api.VerifySoftwareToken(UserCode='123456', **m)):
            with self.assert_error('SoftwareTokenMFANotFoundException',
                                   'Software Token MFA has not been enabled by the userPool'):
                call(AccessToken=access)

    def test_the_token_in_force_stays_until_the_new_one_is_verified(self):
        old = self.enroll(self.pool, self.client, self.name)
        self.access = self.respond(self.code(old))['AuthenticationResult']['AccessToken']
        new = self.associate()
        self.next_step()
        self.respond(self.code(old))
        self.verify(new)
        self.next_step()
        self.wrong_once(self.client, self.name, self.challenge(),
                        SOFTWARE_TOKEN_MFA_CODE=self.code(old))
        self.respond(self.code(new))

    def test_a_name_for_the_app_comes_with_the_challenge(self):
        secret = self.associate()
        self.verify(secret, FriendlyDeviceName='my phone')
        self.api.SetUserMFAPreference(AccessToken=self.access, SoftwareTokenMfaSettings=TOTP)
        self.assert_challenge(self.challenge(), 'SOFTWARE_TOKEN_MFA', {
            'FRIENDLY_DEVICE_NAME': 'my phone', 'USER_ID_FOR_SRP': self.name})

    # Checklist 6

    def test_the_step_that_verified_is_used(self):
        secret = self.associate()
        self.verify(secret)
        self.api.SetUserMFAPreference(AccessToken=self.access, SoftwareTokenMfaSettings=TOTP)
        reply = self.challenge()
        with self.assert_error('ExpiredCodeException', USED):
            self.respond(self.code(secret), reply)
        self.next_step()
        self.assertIn('AuthenticationResult', self.respond(self.code(secret), reply))

    def test_a_code_is_good_one_step_before_and_after(self):
        secret = self.enroll(self.pool, self.client, self.name)
        reply = self.challenge()
        for steps in (-3, -2, 2, 3):
            self.wrong_once(self.client, self.name, reply,
                            SOFTWARE_TOKEN_MFA_CODE=self.code(secret, steps))
        for steps in (1, 0, -1):
            self.assertIn('AuthenticationResult', self.respond(self.code(secret, steps)), steps)

    def test_a_step_serves_once_whatever_the_session(self):
        secret = self.enroll(self.pool, self.client, self.name)
        one, other = self.challenge(), self.challenge()
        code = self.code(secret)
        self.respond(code, one)
        with self.assert_error('NotAuthorizedException', REUSED):
            self.respond(code, one)
        with self.assert_error('ExpiredCodeException', USED):
            self.respond(code, other)
        self.next_step()
        self.respond(self.code(secret), other)

    def test_of_parallel_answers_one_advances(self):
        secret = self.enroll(self.pool, self.client, self.name)
        replies = [self.challenge() for _ in range(16)]
        code = self.code(secret)

        def respond(reply):
            try:
                return 'AuthenticationResult' in self.respond(code, reply)
            except ApiError as e:
                return e.type
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            results = list(pool.map(respond, replies + replies))
        self.assertEqual(1, results.count(True), results)
        self.assertLessEqual(set(results), {True, 'ExpiredCodeException', 'NotAuthorizedException'})

    # Deleting

    def test_an_administrator_deletes_a_token(self):
        secret = self.enroll(self.pool, self.client, self.name)
        reply = self.challenge()
        self.api.AdminDeleteSoftwareToken(UserPoolId=self.pool, Username=self.name)
        self.wrong_once(self.client, self.name, reply, SOFTWARE_TOKEN_MFA_CODE=self.code(secret))
        self.assertIn('AuthenticationResult', self.sign_in(self.client, self.name))
        user = self.api.AdminGetUser(UserPoolId=self.pool, Username=self.name)
        self.assertNotIn('UserMFASettingList', user)
        self.assertNotIn('PreferredMfaSetting', user)
        with self.assertRaises(ApiError) as e:
            self.api.AdminDeleteSoftwareToken(UserPoolId=self.pool, Username=self.name)
        self.assertEqual('ResourceNotFoundException', e.exception.type)

    def test_a_token_goes_on_when_the_pool_hands_out_no_more(self):
        pool = self.mfa_pool()
        client = self.new_client(pool)
        name = self.new_user(pool)
        secret = self.enroll(pool, client, name)
        self.mfa_pool('OPTIONAL', pool, SmsMfaConfiguration=SMS)
        reply = self.sign_in(client, name)
        self.answer(client, name, reply, SOFTWARE_TOKEN_MFA_CODE=self.code(secret))
        self.mfa_pool('OFF', pool, **{'WebAuthnConfiguration': {}})
        self.assertIn('AuthenticationResult', self.sign_in(client, name))


class Preferences(OnePool):

    def setUp(self):
        self.name = self.new_user(self.pool, phone_number=PHONE,
                                  email=f'{self.new_name()}@example.com')
        self.access = self.token(self.client, self.name)

    def callers(self):
        return (lambda **m: self.api.SetUserMFAPreference(AccessToken=self.access, **m),
                lambda **m: self.api.AdminSetUserMFAPreference(UserPoolId=self.pool,
                                                               Username=self.name, **m))

    def prefer(self, **members):
        self.assertEqual({}, self.api.AdminSetUserMFAPreference(
            UserPoolId=self.pool, Username=self.name, **members))

    def state(self):
        own = self.api.GetUser(AccessToken=self.access)
        told = self.api.AdminGetUser(UserPoolId=self.pool, Username=self.name)
        for member in ('PreferredMfaSetting', 'UserMFASettingList', 'MFAOptions'):
            self.assertEqual(own.get(member), told.get(member))
        return own.get('PreferredMfaSetting'), own.get('UserMFASettingList')

    def test_nothing_is_on_at_first(self):
        self.assertEqual((None, None), self.state())

    def test_factors_are_switched_on_and_off(self):
        for set_preference in self.callers():
            set_preference(SMSMfaSettings={'Enabled': True})
            self.assertEqual((None, ['SMS_MFA']), self.state())
            set_preference(EmailMfaSettings={'Enabled': True, 'PreferredMfa': True})
            self.assertEqual(('EMAIL_OTP', ['SMS_MFA', 'EMAIL_OTP']), self.state())
            set_preference(EmailMfaSettings={'Enabled': False})
            self.assertEqual((None, ['SMS_MFA']), self.state())
            set_preference(SMSMfaSettings={'Enabled': False, 'PreferredMfa': False})
            self.assertEqual((None, None), self.state())

    def test_what_is_not_named_stays(self):
        self.prefer(SMSMfaSettings={'Enabled': True, 'PreferredMfa': True},
                    EmailMfaSettings={'Enabled': True})
        self.prefer()
        self.prefer(EmailMfaSettings={'Enabled': True})
        self.prefer(SMSMfaSettings={'Enabled': True})
        self.assertEqual(('SMS_MFA', ['SMS_MFA', 'EMAIL_OTP']), self.state())

    def test_a_preference_moves_and_can_be_taken_back(self):
        self.prefer(SMSMfaSettings={'Enabled': True, 'PreferredMfa': True})
        self.prefer(EmailMfaSettings={'Enabled': True, 'PreferredMfa': True})
        self.assertEqual('EMAIL_OTP', self.state()[0])
        self.prefer(EmailMfaSettings={'Enabled': True, 'PreferredMfa': False})
        self.assertEqual((None, ['SMS_MFA', 'EMAIL_OTP']), self.state())

    def test_refusals(self):
        on = {'Enabled': True}
        bare = self.new_user(self.pool)
        cases = (
            (bare, 'User has not set up software token mfa', {'SoftwareTokenMfaSettings': on}),
            (bare, 'User does not have delivery config set to turn on SMS_MFA',
             {'SMSMfaSettings': on}),
            (bare, 'User does not have delivery config set to turn on EMAIL_OTP',
             {'EmailMfaSettings': on}),
            (self.name, 'Only one MFA method can be preferred',
             {'SMSMfaSettings': {'Enabled': True, 'PreferredMfa': True},
              'EmailMfaSettings': {'Enabled': True, 'PreferredMfa': True}}),
            (self.name, 'A factor that is not enabled cannot be preferred',
             {'SMSMfaSettings': {'Enabled': False, 'PreferredMfa': True}}),
            (self.name, 'A factor that is not enabled cannot be preferred',
             {'SMSMfaSettings': {'PreferredMfa': True}}),
        )
        for name, text, members in cases:
            access = self.token(self.client, name)
            with self.subTest(text), self.assert_error('InvalidParameterException', text):
                self.api.SetUserMFAPreference(AccessToken=access, **members)
            with self.subTest(text), self.assert_error('InvalidParameterException', text):
                self.api.AdminSetUserMFAPreference(UserPoolId=self.pool, Username=name, **members)
        self.assertEqual((None, None), self.state())

    def test_a_token_must_be_verified_first(self):
        self.api.AssociateSoftwareToken(AccessToken=self.access)
        with self.assert_error('InvalidParameterException',
                               'User has not verified software token mfa'):
            self.prefer(SoftwareTokenMfaSettings={'Enabled': True})

    def test_a_refused_call_changes_nothing(self):
        with self.assertRaises(ApiError):
            self.prefer(SMSMfaSettings={'Enabled': True},
                        SoftwareTokenMfaSettings={'Enabled': True})
        self.assertEqual((None, None), self.state())

    def test_a_factor_that_the_pool_lacks(self):
        pool = self.mfa_pool('OPTIONAL', SoftwareTokenMfaConfiguration=TOTP)
        name = self.new_user(pool, phone_number=PHONE)
        with self.assert_error('InvalidParameterException',
                               'SMS_MFA is not enabled for the user pool'):
            self.api.AdminSetUserMFAPreference(UserPoolId=pool, Username=name,
                                               SMSMfaSettings={'Enabled': True})

    def test_unknown_users(self):
        for call in (self.api.AdminSetUserMFAPreference,
                     lambda **m: self.api.AdminSetUserSettings(MFAOptions=[], **m),
                     self.api.AdminDeleteSoftwareToken):
            with self.assert_error('UserNotFoundException', 'User does not exist.'):
                call(UserPoolId=self.pool, Username='nobody')

    def test_the_older_settings_know_sms_only(self):
        option = {'DeliveryMedium': 'SMS', 'AttributeName': 'phone_number'}
        for call in (lambda m: self.api.SetUserSettings(AccessToken=self.access, MFAOptions=m),
                     lambda m: self.api.AdminSetUserSettings(UserPoolId=self.pool,
                                                             Username=self.name, MFAOptions=m)):
            self.assertEqual({}, call([option]))
            self.assertEqual([option], self.api.GetUser(AccessToken=self.access)['MFAOptions'])
            self.assertEqual((None, ['SMS_MFA']), self.state())
            self.assertEqual({}, call([]))
            self.assertNotIn('MFAOptions', self.api.GetUser(AccessToken=self.access))
            with self.assertRaises(ApiError) as e:
                call([{'DeliveryMedium': 'EMAIL', 'AttributeName': 'email'}])
            self.assertEqual('InvalidParameterException', e.exception.type)

    def test_boto3_sets_and_reads_them(self):
        self.boto.admin_set_user_mfa_preference(
            UserPoolId=self.pool, Username=self.name,
            SMSMfaSettings={'Enabled': True, 'PreferredMfa': True})
        user = self.boto.get_user(AccessToken=self.access)
        self.assertEqual(('SMS_MFA', ['SMS_MFA']),
                         (user['PreferredMfaSetting'], user['UserMFASettingList']))


class Codes(OnePool):
    """SMS_MFA and EMAIL_OTP as second factors."""

    def setUp(self):
        self.name = self.new_user(self.pool, phone_number=PHONE,
                                  email=f'{self.new_name("jo")}@gone.example')

    def challenge(self, factor='SMS'):
        self.api.AdminSetUserMFAPreference(UserPoolId=self.pool, Username=self.name, **{
            f'{factor}MfaSettings': {'Enabled': True, 'PreferredMfa': True}})
        return self.sign_in(self.client, self.name)

    def newest(self):
        return self.server.outbox(self.name)[0]

    def test_a_code_by_sms(self):
        reply = self.challenge()
        self.assert_challenge(reply, 'SMS_MFA', {
            'CODE_DELIVERY_DELIVERY_MEDIUM': 'SMS', 'CODE_DELIVERY_DESTINATION': '+*******1234',
            'USER_ID_FOR_SRP': self.name})
        message = self.newest()
        self.assertRegex(message['code'], r'^\d{6}$')
        self.assertEqual(('Authentication', f'Your authentication code is {message["code"]}. ',
                          PHONE),
                         (message['reason'], message['body'], message['destination']))
        done = self.answer(self.client, self.name, reply, SMS_MFA_CODE=message['code'])
        self.assertEqual({}, done['ChallengeParameters'])
        self.assertIn('RefreshToken', done['AuthenticationResult'])

    def test_a_code_by_email(self):
        reply = self.challenge('Email')
        self.assert_challenge(reply, 'EMAIL_OTP', {
            'CODE_DELIVERY_DELIVERY_MEDIUM': 'EMAIL', 'CODE_DELIVERY_DESTINATION': 'j***@g***',
            'USER_ID_FOR_SRP': self.name})
        message = self.newest()
        self.assertEqual('Your authentication code', message['subject'])
        self.assertRegex(message['code'], r'^\d{6}$')
        self.answer(self.client, self.name, reply, EMAIL_OTP_CODE=message['code'])

    def test_the_other_name_of_the_answer(self):
        reply = self.challenge('Email')
        self.answer(self.client, self.name, reply, EMAIL_MFA_CODE=self.newest()['code'])

    def test_the_texts_of_the_pool(self):
        pool = self.mfa_pool(
            'OPTIONAL',
            SmsMfaConfiguration={**SMS, 'SmsAuthenticationMessage': 'SMS {####}'},
            EmailMfaConfiguration={'Subject': 'Hello', 'Message': 'Mail {####}'})
        client = self.new_client(pool)
        name = self.new_user(pool, phone_number=PHONE, email='a@b.example')
        for factor, subject in (('SMS', None), ('Email', 'Hello')):
            self.api.AdminSetUserMFAPreference(UserPoolId=pool, Username=name, **{
                f'{factor}MfaSettings': {'Enabled': True, 'PreferredMfa': True}})
            self.sign_in(client, name)
            message = self.server.outbox(name)[0]
            self.assertEqual(f'{"SMS" if factor == "SMS" else "Mail"} {message["code"]}',
                             message['body'])
            self.assertEqual(subject, message.get('subject'))

    def test_a_right_code_verifies_the_address(self):
        for factor, flag, key in (('SMS', 'phone_number_verified', 'SMS_MFA_CODE'),
                                  ('Email', 'email_verified', 'EMAIL_OTP_CODE')):
            reply = self.challenge(factor)
            before = self.api.AdminGetUser(UserPoolId=self.pool, Username=self.name)
            self.assertNotEqual('true', attributes(before).get(flag))
            done = self.answer(self.client, self.name, reply, **{key: self.newest()['code']})
            self.assertIs(True, claims(done['AuthenticationResult']['IdToken'])[1][flag])
            after = self.api.AdminGetUser(UserPoolId=self.pool, Username=self.name)
            self.assertEqual('true', attributes(after)[flag])

    def test_a_code_does_not_verify_a_name_that_another_has(self):
        pool = self.mfa_pool(pool=self.new_pool(AliasAttributes=['phone_number']))
        client = self.new_client(pool)
        owner = self.new_user(pool, phone_number=PHONE, phone_number_verified='true')
        name = self.new_user(pool, phone_number=PHONE)
        self.api.AdminSetUserMFAPreference(UserPoolId=pool, Username=name,
                                           SMSMfaSettings={'Enabled': True})
        reply = self.sign_in(client, name)
        done = self.answer(client, name, reply, SMS_MFA_CODE=self.server.code(name))
        self.assertIsNot(True, claims(done['AuthenticationResult']['IdToken'])[1].get(
            'phone_number_verified'))
        self.assertEqual(owner, self.api.AdminGetUser(UserPoolId=pool, Username=PHONE)['Username'])

    def test_codes_do_not_serve_for_each_other(self):
        reply = self.challenge()
        code = self.newest()['code']
        other = self.sign_in(self.client, self.name)
        if self.newest()['code'] != code:
            self.wrong_once(self.client, self.name, other, MISMATCH, SMS_MFA_CODE=code)
        self.answer(self.client, self.name, reply, SMS_MFA_CODE=code)

    def test_a_code_does_not_serve_for_another_address(self):
        reply = self.challenge()
        code = self.newest()['code']
        self.api.AdminUpdateUserAttributes(
            UserPoolId=self.pool, Username=self.name,
            UserAttributes=attribute_list(phone_number='+15559998888'))
        self.wrong_once(self.client, self.name, reply, MISMATCH, SMS_MFA_CODE=code)

    def test_a_code_of_any_length_may_be_wrong(self):
        reply = self.challenge()
        for code in ('1', '12345678', 'x' * 300):
            self.wrong_once(self.client, self.name, reply, MISMATCH, SMS_MFA_CODE=code)

    def test_missing_answers_are_named(self):
        sms, email = self.challenge(), self.challenge('Email')
        for reply, name in ((sms, 'SMS_MFA_CODE'), (email, 'EMAIL_OTP_CODE')):
            for given in ({}, {name: ''}):
                with self.assert_error('InvalidParameterException',
                                       f'Missing required parameter {name}'):
                    self.answer(self.client, self.name, reply, **given)
        with self.assert_error('InvalidParameterException', 'Missing required parameter Session'):
            self.api.RespondToAuthChallenge(
                ClientId=self.client, ChallengeName='SMS_MFA',
                ChallengeResponses={'USERNAME': self.name, 'SMS_MFA_CODE': '1'})

    # Checklist 5

    def test_six_wrong_codes_leave_the_session_alone(self):
        reply = self.challenge()
        code = self.newest()['code']
        wrong = '000000' if code != '000000' else '111111'
        for i in range(6):
            self.wrong_once(self.client, self.name, reply, MISMATCH, SMS_MFA_CODE=wrong)
            self.server.advance(3 if i >= 4 else 0)  # what the back-off asks for
        self.answer(self.client, self.name, reply, SMS_MFA_CODE=code)

    def test_a_session_is_used_once(self):
        reply = self.challenge()
        code = self.newest()['code']
        self.answer(self.client, self.name, reply, SMS_MFA_CODE=code)
        for again in (code, '000000'):
            with self.assert_error('NotAuthorizedException', REUSED):
                self.answer(self.client, self.name, reply, SMS_MFA_CODE=again)

    def test_a_session_and_its_code_expire_together(self):
        reply = self.challenge()
        code = self.newest()['code']
        self.server.advance(181)
        with self.assert_error('NotAuthorizedException', EXPIRED):
            self.answer(self.client, self.name, reply, SMS_MFA_CODE=code)

    def test_they_live_as_long_as_the_client_says(self):
        client = self.new_client(self.pool, AuthSessionValidity=15)
        self.challenge()
        reply = self.sign_in(client, self.name)
        self.server.advance(14 * 60)
        self.answer(client, self.name, reply, SMS_MFA_CODE=self.newest()['code'])

    def test_a_foreign_session(self):
        reply = self.challenge()
        code = self.newest()['code']
        other_client = self.new_client(self.pool)
        other_user = self.new_user(self.pool)
        foreign = self.new_client(self.mfa_pool())
        for client, name, challenge in ((other_client, self.name, 'SMS_MFA'),
                                        (foreign, self.name, 'SMS_MFA'),
                                        (self.client, other_user, 'SMS_MFA'),
                                        (self.client, self.name, 'EMAIL_OTP'),
                                        (self.client, self.name, 'SOFTWARE_TOKEN_MFA'),
                                        (self.client, self.name, 'MFA_SETUP'),
                                        (self.client, self.name, 'SELECT_MFA_TYPE')):
            with self.subTest(challenge), self.assert_error('NotAuthorizedException', INVALID):
                self.api.RespondToAuthChallenge(
                    ClientId=client, ChallengeName=challenge, Session=reply['Session'],
                    ChallengeResponses={'USERNAME': name, 'SMS_MFA_CODE': code,
                                        'EMAIL_OTP_CODE': code, 'SOFTWARE_TOKEN_MFA_CODE': code,
                                        'ANSWER': 'SMS_MFA'})
        self.answer(self.client, self.name, reply, SMS_MFA_CODE=code)

    def test_a_new_password_makes_older_sessions_useless(self):
        reply = self.challenge()
        self.api.AdminSetUserPassword(UserPoolId=self.pool, Username=self.name,
                                      Password='An0ther-pass', Permanent=True)
        with self.assert_error('NotAuthorizedException', INVALID):
            self.answer(self.client, self.name, reply, SMS_MFA_CODE=self.newest()['code'])

    def test_who_may_not_sign_in_any_more_does_not_by_a_code(self):
        reply = self.challenge()
        self.api.AdminDisableUser(UserPoolId=self.pool, Username=self.name)
        with self.assert_error('NotAuthorizedException', 'User is disabled.'):
            self.answer(self.client, self.name, reply, SMS_MFA_CODE=self.newest()['code'])
        code = self.newest()['code']
        self.api.AdminDeleteUser(UserPoolId=self.pool, Username=self.name)
        with self.assert_error('NotAuthorizedException', INVALID):
            self.answer(self.client, self.name, reply, SMS_MFA_CODE=code)

    def test_tokens_say_when_the_sign_in_was_whole(self):
        reply = self.challenge()
        self.server.advance(100)
        before = int(self.server.now())
        done = self.answer(self.client, self.name, reply, SMS_MFA_CODE=self.newest()['code'])
        self.assertGreaterEqual(
            claims(done['AuthenticationResult']['IdToken'])[1]['auth_time'], before - 1)


class Order(OnePool):
    """What is asked for, in all flows."""

    def user_with(self, *factors, pool=None, **attrs):
        pool = pool or self.pool
        name = self.new_user(pool, **{'phone_number': PHONE, 'email': 'a@b.example', **attrs})
        if factors:
            self.api.AdminSetUserMFAPreference(UserPoolId=pool, Username=name, **{
                f'{f}MfaSettings': {'Enabled': True} for f in factors})
        return name

    def test_optional_mfa_asks_nobody_who_has_nothing_on(self):
        self.assertIn('AuthenticationResult', self.sign_in(self.client, self.user_with()))

    def test_a_factor_without_an_address_is_not_asked_for(self):
        name = self.user_with('SMS')
        self.api.AdminDeleteUserAttributes(UserPoolId=self.pool, Username=name,
                                           UserAttributeNames=['phone_number'])
        self.assertIn('AuthenticationResult', self.sign_in(self.client, name))

    def test_the_user_selects_among_several(self):
        name = self.user_with('SMS', 'Email')
        reply = self.sign_in(self.client, name)
        self.assert_challenge(reply, 'SELECT_MFA_TYPE', {
            'MFAS_CAN_CHOOSE': '["SMS_MFA","EMAIL_OTP"]', 'USER_ID_FOR_SRP': name})
        chosen = self.answer(self.client, name, reply, ANSWER='SMS_MFA')
        self.assertEqual('SMS_MFA', chosen['ChallengeName'])
        self.assertNotEqual(reply['Session'], chosen['Session'])
        done = self.answer(self.client, name, chosen, SMS_MFA_CODE=self.server.code(name))
        self.assertIn('AuthenticationResult', done)

    def test_the_prose_name_of_email_is_understood(self):
        name = self.user_with('SMS', 'Email')
        reply = self.sign_in(self.client, name)
        self.assertEqual('EMAIL_OTP', self.answer(self.client, name, reply,
                                                  ANSWER='EMAIL_MFA')['ChallengeName'])

    def test_only_what_was_offered_can_be_selected(self):
        name = self.user_with('SMS', 'Email')
        reply = self.sign_in(self.client, name)
        for answer in ('SOFTWARE_TOKEN_MFA', 'WEB_AUTHN', 'sms_mfa', 'x'):
            with self.assert_error('InvalidParameterException', 'Invalid parameter ANSWER'):
                self.answer(self.client, name, reply, ANSWER=answer)
        self.answer(self.client, name, reply, ANSWER='EMAIL_OTP')
        with self.assert_error('NotAuthorizedException', REUSED):
            self.answer(self.client, name, reply, ANSWER='EMAIL_OTP')

    def test_all_three_are_listed_in_order(self):
        name = self.user_with()
        self.enroll(self.pool, self.client, name, preferred=False)
        self.api.AdminSetUserMFAPreference(UserPoolId=self.pool, Username=name,
                                           SMSMfaSettings={'Enabled': True},
                                           EmailMfaSettings={'Enabled': True})
        self.assertEqual('["SMS_MFA","SOFTWARE_TOKEN_MFA","EMAIL_OTP"]', self.sign_in(
            self.client, name)['ChallengeParameters']['MFAS_CAN_CHOOSE'])

    def test_srp_asks_for_it_too(self):
        name = self.user_with('SMS')
        half = srp.Client(self.pool, PASSWORD)
        reply = self.api.InitiateAuth(ClientId=self.client, AuthFlow='USER_SRP_AUTH',
                                      AuthParameters={'USERNAME': name, 'SRP_A': half.srp_a})
        reply = self.api.RespondToAuthChallenge(
            ClientId=self.client, ChallengeName='PASSWORD_VERIFIER',
            ChallengeResponses=half.answer(reply['ChallengeParameters']))
        self.assertEqual('SMS_MFA', reply['ChallengeName'])
        self.assertIn('AuthenticationResult', self.answer(
            self.client, name, reply, SMS_MFA_CODE=self.server.code(name)))

    def test_the_flows_of_administrators_ask_for_it_too(self):
        name = self.user_with('SMS')
        reply = self.api.AdminInitiateAuth(
            UserPoolId=self.pool, ClientId=self.client, AuthFlow='ADMIN_USER_PASSWORD_AUTH',
            AuthParameters={'USERNAME': name, 'PASSWORD': PASSWORD})
        self.assertEqual('SMS_MFA', reply['ChallengeName'])
        done = self.api.AdminRespondToAuthChallenge(
            UserPoolId=self.pool, ClientId=self.client, ChallengeName='SMS_MFA',
            Session=reply['Session'],
            ChallengeResponses={'USERNAME': name, 'SMS_MFA_CODE': self.server.code(name)})
        self.assertIn('AuthenticationResult', done)

    def test_refreshing_asks_for_nothing(self):
        name = self.user_with()
        refresh = self.tokens(self.client, name)['RefreshToken']
        self.api.AdminSetUserMFAPreference(UserPoolId=self.pool, Username=name,
                                           SMSMfaSettings={'Enabled': True})
        self.assertIn('AuthenticationResult', self.api.InitiateAuth(
            ClientId=self.client, AuthFlow='REFRESH_TOKEN_AUTH',
            AuthParameters={'REFRESH_TOKEN': refresh}))

    def test_the_new_password_comes_first(self):
        name = self.new_name()
        self.api.AdminCreateUser(UserPoolId=self.pool, Username=name, MessageAction='SUPPRESS',
                                 TemporaryPassword=PASSWORD,
                                 UserAttributes=attribute_list(phone_number=PHONE))
        self.api.AdminSetUserMFAPreference(UserPoolId=self.pool, Username=name,
                                           SMSMfaSettings={'Enabled': True})
        reply = self.sign_in(self.client, name)
        self.assertEqual('NEW_PASSWORD_REQUIRED', reply['ChallengeName'])
        reply = self.answer(self.client, name, reply, NEW_PASSWORD='An0ther-pass')
        self.assertEqual('SMS_MFA', reply['ChallengeName'])
        self.answer(self.client, name, reply, SMS_MFA_CODE=self.server.code(name))

    def test_a_wrong_password_sends_nothing(self):
        name = self.user_with('SMS')
        with self.assert_error('NotAuthorizedException', 'Incorrect username or password.'):
            self.sign_in(self.client, name, 'Wr0ng-pass')
        self.assertEqual([], self.server.outbox(name))

    def test_required_mfa_takes_a_number_as_it_is(self):
        pool = self.mfa_pool('ON')
        client = self.new_client(pool)
        name = self.new_user(pool, phone_number=PHONE)
        self.assertEqual('SMS_MFA', self.sign_in(client, name)['ChallengeName'])

    def test_required_mfa_by_sms_alone_needs_a_number(self):
        pool = self.mfa_pool('ON', SmsMfaConfiguration=SMS)
        client = self.new_client(pool)
        with self.assert_error('InvalidParameterException',
                               'User does not have delivery config set to turn on SMS_MFA'):
            self.sign_in(client, self.new_user(pool))

    def test_a_client_with_a_secret_hashes_every_answer(self):
        made = self.api.CreateUserPoolClient(UserPoolId=self.pool, ClientName='secret',
                                             GenerateSecret=True, ExplicitAuthFlows=ALL_FLOWS)
        client, secret = (made['UserPoolClient'][m] for m in ('ClientId', 'ClientSecret'))
        name = self.user_with('SMS')
        reply = self.sign_in(client, name, SECRET_HASH=secret_hash(name, client, secret))
        with self.assertRaises(ApiError) as e:
            self.answer(client, name, reply, SMS_MFA_CODE=self.server.code(name))
        self.assertEqual('NotAuthorizedException', e.exception.type)
        self.answer(client, name, reply, SMS_MFA_CODE=self.server.code(name),
                    SECRET_HASH=secret_hash(name, client, secret))


class Setup(OnePool):
    """MFA_SETUP, in pools that require a second factor."""

    mode = 'ON'

    def setUp(self):
        self.name = self.new_user(self.pool)

    def start(self):
        reply = self.sign_in(self.client, self.name)
        self.assert_challenge(reply, 'MFA_SETUP', {
            'MFAS_CAN_SETUP': '["SMS_MFA","SOFTWARE_TOKEN_MFA","EMAIL_OTP"]',
            'USER_ID_FOR_SRP': self.name})
        return reply['Session']

    def finish(self, session):
        return self.api.RespondToAuthChallenge(
            ClientId=self.client, ChallengeName='MFA_SETUP', Session=session,
            ChallengeResponses={'USERNAME': self.name})

    def test_a_token_is_set_up_during_the_sign_in(self):
        sessions = [self.start()]
        associated = self.api.AssociateSoftwareToken(Session=sessions[-1])
        sessions.append(associated['Session'])
        secret = associated['SecretCode']
        verified = self.api.VerifySoftwareToken(Session=sessions[-1], UserCode=self.code(secret),
                                                FriendlyDeviceName='phone')
        sessions.append(verified['Session'])
        self.assertEqual('SUCCESS', verified['Status'])
        self.assertEqual(3, len(set(sessions)))
        self.assertIn('AuthenticationResult', self.finish(sessions[-1]))
        user = self.api.AdminGetUser(UserPoolId=self.pool, Username=self.name)
        self.assertEqual(('SOFTWARE_TOKEN_MFA', ['SOFTWARE_TOKEN_MFA']),
                         (user['PreferredMfaSetting'], user['UserMFASettingList']))
        for session in sessions:
            with self.assert_error('NotAuthorizedException', REUSED):
                self.finish(session)
        self.next_step()
        reply = self.sign_in(self.client, self.name)
        self.assertEqual('SOFTWARE_TOKEN_MFA', reply['ChallengeName'])
        self.answer(self.client, self.name, reply, SOFTWARE_TOKEN_MFA_CODE=self.code(secret))

    def test_nothing_goes_on_without_a_verified_token(self):
        first = self.start()
        second = None
        with self.assert_error('NotAuthorizedException', INVALID):
            self.finish(first)
        second = self.api.AssociateSoftwareToken(Session=first)['Session']
        with self.assert_error('NotAuthorizedException', INVALID):
            self.finish(second)

    def test_a_wrong_code_may_be_corrected(self):
        associated = self.api.AssociateSoftwareToken(Session=self.start())
        secret = associated['SecretCode']
        for _ in range(7):
            with self.assert_error('EnableSoftwareTokenMFAException',
                                   'Code mismatch and fail enable Software Token MFA'):
                self.api.VerifySoftwareToken(Session=associated['Session'],
                                             UserCode=totp.wrong(secret, self.server.now()))
        self.api.VerifySoftwareToken(Session=associated['Session'], UserCode=self.code(secret))

    def test_sessions_of_each_step_are_used_once_and_expire(self):
        first = self.start()
        associated = self.api.AssociateSoftwareToken(Session=first)
        with self.assert_error('NotAuthorizedException', REUSED):
            self.api.AssociateSoftwareToken(Session=first)
        self.server.advance(181)
        with self.assert_error('NotAuthorizedException', EXPIRED):
            self.api.VerifySoftwareToken(Session=associated['Session'],
                                         UserCode=self.code(associated['SecretCode']))

    def test_only_the_session_of_this_challenge_sets_up(self):
        pool = self.mfa_pool()
        client = self.new_client(pool)
        name = self.new_user(pool, phone_number=PHONE)
        self.api.AdminSetUserMFAPreference(UserPoolId=pool, Username=name,
                                           SMSMfaSettings={'Enabled': True})
        with self.assert_error('NotAuthorizedException', INVALID):
            self.api.AssociateSoftwareToken(Session=self.sign_in(client, name)['Session'])

    def test_an_old_session_does_not_replace_a_token(self):
        old = self.start()
        older = self.api.AssociateSoftwareToken(Session=self.start())
        new = self.api.AssociateSoftwareToken(Session=self.start())
        verified = self.api.VerifySoftwareToken(Session=new['Session'],
                                                UserCode=self.code(new['SecretCode']))
        with self.assert_error('NotAuthorizedException', INVALID):
            self.api.AssociateSoftwareToken(Session=old)
        with self.assert_error('NotAuthorizedException', INVALID):
            self.api.VerifySoftwareToken(Session=older['Session'],
                                         UserCode=self.code(older['SecretCode']))
        with self.assert_error('NotAuthorizedException', INVALID):
            self.finish(old)
        self.finish(verified['Session'])

    def test_a_changed_password_ends_it(self):
        associated = self.api.AssociateSoftwareToken(Session=self.start())
        self.api.AdminSetUserPassword(UserPoolId=self.pool, Username=self.name,
                                      Password='An0ther-pass', Permanent=True)
        with self.assert_error('NotAuthorizedException', INVALID):
            self.api.VerifySoftwareToken(Session=associated['Session'],
                                         UserCode=self.code(associated['SecretCode']))

    def test_an_address_is_added_and_asked_for_its_code(self):
        reply = self.api.RespondToAuthChallenge(
            ClientId=self.client, ChallengeName='MFA_SETUP', Session=self.start(),
            ChallengeResponses={'USERNAME': self.name, 'EMAIL': 'new@there.example'})
        self.assertEqual('EMAIL_OTP', reply['ChallengeName'])
        self.assertEqual('n***@t***', reply['ChallengeParameters']['CODE_DELIVERY_DESTINATION'])
        done = self.answer(self.client, self.name, reply,
                           EMAIL_OTP_CODE=self.server.code(self.name))
        self.assertIn('AuthenticationResult', done)
        user = attributes(self.api.AdminGetUser(UserPoolId=self.pool, Username=self.name))
        self.assertEqual(('new@there.example', 'true'), (user['email'], user['email_verified']))

    def test_a_pool_lists_what_it_allows(self):
        pool = self.mfa_pool('ON', SoftwareTokenMfaConfiguration=TOTP)
        client = self.new_client(pool)
        reply = self.sign_in(client, self.new_user(pool))
        self.assertEqual('["SOFTWARE_TOKEN_MFA"]', reply['ChallengeParameters']['MFAS_CAN_SETUP'])
        with self.assert_error('NotAuthorizedException', INVALID):
            self.api.RespondToAuthChallenge(
                ClientId=client, ChallengeName='MFA_SETUP', Session=reply['Session'],
                ChallengeResponses={'USERNAME': reply['ChallengeParameters']['USER_ID_FOR_SRP'],
                                    'EMAIL': 'a@b.example'})

    def test_boto3_goes_all_the_way(self):
        boto = self.boto
        reply = boto.initiate_auth(ClientId=self.client, AuthFlow='USER_PASSWORD_AUTH',
                                   AuthParameters={'USERNAME': self.name, 'PASSWORD': PASSWORD})
        self.assertEqual(['SMS_MFA', 'SOFTWARE_TOKEN_MFA', 'EMAIL_OTP'],
                         json.loads(reply['ChallengeParameters']['MFAS_CAN_SETUP']))
        associated = boto.associate_software_token(Session=reply['Session'])
        verified = boto.verify_software_token(
            Session=associated['Session'], UserCode=self.code(associated['SecretCode']))
        done = boto.respond_to_auth_challenge(
            ClientId=self.client, ChallengeName='MFA_SETUP', Session=verified['Session'],
            ChallengeResponses={'USERNAME': self.name})
        access = done['AuthenticationResult']['AccessToken']
        self.assertEqual('SOFTWARE_TOKEN_MFA',
                         boto.get_user(AccessToken=access)['PreferredMfaSetting'])
        self.next_step()
        reply = boto.initiate_auth(ClientId=self.client, AuthFlow='USER_PASSWORD_AUTH',
                                   AuthParameters={'USERNAME': self.name, 'PASSWORD': PASSWORD})
        boto.respond_to_auth_challenge(
            ClientId=self.client, ChallengeName='SOFTWARE_TOKEN_MFA', Session=reply['Session'],
            ChallengeResponses={'USERNAME': self.name, 'SOFTWARE_TOKEN_MFA_CODE': self.code(
                associated['SecretCode'])})


class Guessing(OnePool):
    """Wrong codes lock as wrong passwords do, and a right password does not forget them.

    The clock stands still: the first lock lasts a second.
    """

    def setUp(self):
        self.stop_clock()
        self.name = self.new_user(self.pool)
        self.secret = self.enroll(self.pool, self.client, self.name)

    def guess(self, reply, code=None):
        """The text of the refusal; None when it signs in."""
        try:
            self.answer(self.client, self.name, reply, SOFTWARE_TOKEN_MFA_CODE=code or
                        totp.wrong(self.secret, self.server.now()))
        except ApiError as e:
            return e.text
        return None

    def test_five_wrong_codes_lock(self):
        reply = self.sign_in(self.client, self.name)
        self.assertEqual([WRONG_TOTP] * 5, [self.guess(reply) for _ in range(5)])
        self.assertEqual(LOCKED, self.guess(reply))
        self.assertEqual(LOCKED, self.guess(reply, self.code(self.secret)))
        with self.assert_error('NotAuthorizedException', LOCKED):
            self.sign_in(self.client, self.name)
        self.server.advance(2)
        self.assertIsNone(self.guess(reply, self.code(self.secret)))

    def test_sessions_and_right_passwords_do_not_begin_anew(self):
        for _ in range(4):
            self.assertEqual(WRONG_TOTP, self.guess(self.sign_in(self.client, self.name)))
        reply = self.sign_in(self.client, self.name)
        self.assertEqual(WRONG_TOTP, self.guess(reply))
        self.assertEqual(LOCKED, self.guess(reply))

    def test_a_whole_sign_in_begins_anew(self):
        for _ in range(3):
            reply = self.sign_in(self.client, self.name)
            self.assertEqual([WRONG_TOTP] * 4, [self.guess(reply) for _ in range(4)])
            self.assertIsNone(self.guess(reply, self.code(self.secret)))
            self.next_step()

    def test_of_two_hundred_guesses_at_once_five_are_judged(self):
        sessions = [self.sign_in(self.client, self.name) for _ in range(8)]
        self.assert_few_are_judged(WRONG_TOTP, lambda i: self.guess(sessions[i % 8]))

    def assert_few_are_judged(self, wrong, guess):
        with concurrent.futures.ThreadPoolExecutor(32) as pool:
            texts = list(pool.map(guess, range(200)))
        self.assertEqual({wrong: 5, LOCKED: 195}, {t: texts.count(t) for t in set(texts)})

    def test_the_codes_that_are_sent_count_too(self):
        name = self.new_user(self.pool, phone_number=PHONE)
        self.api.AdminSetUserMFAPreference(UserPoolId=self.pool, Username=name,
                                           SMSMfaSettings={'Enabled': True})
        reply = self.sign_in(self.client, name)
        code = self.server.code(name)

        def guess(_):
            try:
                self.answer(self.client, name, reply, SMS_MFA_CODE=code[:-1])
            except ApiError as e:
                return e.text
            return None
        self.assert_few_are_judged(MISMATCH, guess)


class WithoutLockout(MfaTest):
    server_args = ('--no-lockout',)

    def test_wrong_codes_are_all_judged(self):
        pool = self.mfa_pool()
        client = self.new_client(pool)
        name = self.new_user(pool)
        secret = self.enroll(pool, client, name)
        reply = self.sign_in(client, name)
        for _ in range(12):
            self.wrong_once(client, name, reply,
                            SOFTWARE_TOKEN_MFA_CODE=totp.wrong(secret, self.server.now()))
        self.answer(client, name, reply, SOFTWARE_TOKEN_MFA_CODE=self.code(secret))


class AcrossRestarts(MfaTest):
    server_options = {'clock': True, 'memory': False}

    def test_a_used_step_and_a_session_outlive_the_server(self):
        pool = self.mfa_pool()
        client = self.new_client(pool)
        name = self.new_user(pool)
        secret = self.enroll(pool, client, name)
        reply, other = self.sign_in(client, name), self.sign_in(client, name)
        code = self.code(secret)
        self.answer(client, name, reply, SOFTWARE_TOKEN_MFA_CODE=code)
        self.server.kill()
        self.server.start()
        with self.assert_error('ExpiredCodeException', USED):
            self.answer(client, name, other, SOFTWARE_TOKEN_MFA_CODE=code)
        self.next_step()
        self.answer(client, name, other, SOFTWARE_TOKEN_MFA_CODE=self.code(secret))

    def test_the_secret_is_not_readable_in_the_database(self):
        pool = self.mfa_pool()
        client = self.new_client(pool)
        name = self.new_user(pool)
        secret = self.enroll(pool, client, name)
        stored = self.server.database.content()
        self.assertIn(name.encode(), stored, 'the search looks at the wrong place')
        self.assertNotIn(base64.b32decode(secret + '=' * (-len(secret) % 8)), stored)
        self.assertNotIn(secret.encode(), stored)


if __name__ == '__main__':
    unittest.main()
