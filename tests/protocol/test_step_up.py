"""Levels of authentication: names of a pool, targets of a sign-in, claims, stepping up by a token."""
import json
import unittest

import srp
import totp
from poolhouse import ALL_FLOWS, PASSWORD, attribute_list, claims
from test_mfa import MfaTest
from webauthn import Passkey

FLOWS = ALL_FLOWS + ['ALLOW_USER_AUTH']
FUNCTION = 'arn:aws:lambda:eu-west-1:000000000000:function:define'
SMS = {'SnsCallerArn': 'arn:aws:iam::000000000000:role/sms', 'ExternalId': 'x'}
LOA = {n: f'urn:cognito:loa:{n}' for n in range(1, 5)}
DEFAULTS = {f'Level{n}': {'AcrValue': LOA[n]} for n in range(1, 5)}
OUT_OF_REACH = ('InvalidParameterException',
                'User does not have the factors for any of the TARGET_ACR_VALUES.')
UNKNOWN = ('InvalidParameterException',
           'None of the TARGET_ACR_VALUES is an ACR level of the user pool.')
MET = ('InvalidParameterException', 'The access token already meets the requested ACR level.')
TOKEN = ('NotAuthorizedException', 'Invalid Access Token')
LITE = 'Step-up authentication is not available in the LITE pricing tier.'


class Configuration(MfaTest):

    def described(self, pool):
        return self.api.DescribeUserPool(UserPoolId=pool)['UserPool']

    def test_names_are_kept_and_read_back_with_the_defaults_merged_in(self):
        own = {'Level2': {'AcrValue': 'urn:mine:2'}, 'Level3': {'AcrValue': 'urn:mine:3'}}
        made = self.api.CreateUserPool(PoolName='named', AcrConfiguration=own)['UserPool']
        self.assertEqual({**DEFAULTS, **own}, made['AcrConfiguration'])
        pool = made['Id']
        self.addCleanup(self.api.DeleteUserPool, UserPoolId=pool)
        self.assertEqual({**DEFAULTS, **own}, self.described(pool)['AcrConfiguration'])
        self.api.UpdateUserPool(UserPoolId=pool, AcrConfiguration={'Level1': {'AcrValue': 'one'}})
        self.assertEqual({**DEFAULTS, 'Level1': {'AcrValue': 'one'}},
                         self.described(pool)['AcrConfiguration'])
        self.api.UpdateUserPool(UserPoolId=pool)
        self.assertNotIn('AcrConfiguration', self.described(pool))

    def test_a_pool_that_says_nothing_has_no_such_members(self):
        self.assertFalse({'AcrConfiguration', 'DcrConfiguration'} & set(self.described(self.new_pool())))

    def test_names_are_checked(self):
        def refused(text, **levels):
            self.refused('InvalidParameterException', text, 'CreateUserPool', PoolName='refused',
                         AcrConfiguration={k: {'AcrValue': v} for k, v in levels.items()})
        twice = 'The AcrValue %s must be unique across all levels, including default names.'
        refused(twice % 'same', Level1='same', Level3='same')
        refused(twice % LOA[4], Level1=LOA[4])
        refused('AcrConfiguration can only have the levels Level1, Level2, Level3 and Level4.',
                Level5='five')
        for value in ('a b', 'a"b', 'a\\b', 'ä'):
            with self.assertRaises(Exception) as raised:
                self.api.CreateUserPool(PoolName='refused',
                                        AcrConfiguration={'Level1': {'AcrValue': value}})
            self.assertIn("at 'acrConfiguration.Level1.member.acrValue' failed to satisfy "
                          'constraint: Member must satisfy regular expression pattern: '
                          '[\\x21\\x23-\\x5B\\x5D-\\x7E]+', str(raised.exception))
        with self.assertRaises(Exception) as raised:
            self.api.CreateUserPool(PoolName='refused',
                                    AcrConfiguration={'Level1': {'AcrValue': 'x' * 65}})
        self.assertIn('less than or equal to 64', str(raised.exception))

    def test_registration_by_clients_is_kept_and_read_back(self):
        pool = self.new_pool(DcrConfiguration={})
        on = {'EnableStatus': 'Enabled', 'OpenDcrEnabled': False}
        self.assertEqual(on, self.described(pool)['DcrConfiguration'])
        whole = {'EnableStatus': 'Disabled', 'OpenDcrEnabled': True, 'AuthenticatedGrantTypes': ['code'],
                 'OpenDcrGrantTypes': [], 'AllowedScopes': ['aws.cognito.signin.user.admin']}
        self.api.UpdateUserPool(UserPoolId=pool, DcrConfiguration=whole)
        self.assertEqual(whole, self.described(pool)['DcrConfiguration'])
        self.api.UpdateUserPool(UserPoolId=pool)  # leaves it as it is
        self.assertEqual(whole, self.described(pool)['DcrConfiguration'])
        self.api.UpdateUserPool(UserPoolId=pool, DcrConfiguration={'AllowedScopes': ['a/b']})
        self.assertEqual({**on, 'AllowedScopes': ['a/b']}, self.described(pool)['DcrConfiguration'])

    def test_both_need_more_than_the_smallest_tier(self):
        for members, feature in (({'AcrConfiguration': {}}, 'ACR Configuration'),
                                 ({'DcrConfiguration': {}}, 'Dynamic Client Registration')):
            self.refused('FeatureUnavailableInTierException',
                         'The following features need to be disabled for the LITE pricing tier '
                         f'configured: {feature}', 'CreateUserPool', PoolName='refused',
                         UserPoolTier='LITE', **members)
        pool = self.new_pool(UserPoolTier='LITE', DcrConfiguration={'EnableStatus': 'Disabled'})
        self.assertEqual('Disabled', self.described(pool)['DcrConfiguration']['EnableStatus'])


class StepUpTest(MfaTest):

    @classmethod
    def prepare(cls):
        cls.pool = cls.level_pool()
        cls.client = cls.new_client(cls.pool, ExplicitAuthFlows=FLOWS)
        cls.hiding = cls.new_client(cls.pool, ExplicitAuthFlows=FLOWS,
                                    PreventUserExistenceErrors='ENABLED')

    @classmethod
    def level_pool(cls, mfa='OPTIONAL', factors=('PASSWORD', 'EMAIL_OTP', 'WEB_AUTHN'), **members):
        pool = cls.new_pool(Policies={'SignInPolicy': {'AllowedFirstAuthFactors': list(factors)}},
                            SmsConfiguration=SMS, **members)
        cls.api.SetUserPoolMfaConfig(
            UserPoolId=pool, MfaConfiguration=mfa, SoftwareTokenMfaConfiguration={'Enabled': True},
            SmsMfaConfiguration={'SmsConfiguration': SMS},
            WebAuthnConfiguration={'RelyingPartyId': 'example.com', 'UserVerification': 'preferred',
                                   'FactorConfiguration': 'MULTI_FACTOR_WITH_USER_VERIFICATION'})
        return pool

    def user(self, totp=False, sms=False, client=None, pool=None):
        """Name, and the secret of a software token."""
        name, client, pool = self.new_name(), client or self.client, pool or self.pool
        self.api.AdminCreateUser(
            UserPoolId=pool, Username=name, MessageAction='SUPPRESS', UserAttributes=attribute_list(
                email=f'{name}@example.com', email_verified='true', phone_number='+15550001234'))
        self.api.AdminSetUserPassword(UserPoolId=pool, Username=name, Password=PASSWORD, Permanent=True)
        secret = self.enroll(pool, client, name, preferred=False) if totp else None
        if sms:
            self.api.AdminSetUserMFAPreference(UserPoolId=pool, Username=name,
                                               SMSMfaSettings={'Enabled': True})
        return name, secret

    def begin(self, name, targets=None, client=None, **parameters):
        if targets:
            parameters['TARGET_ACR_VALUES'] = targets
        return self.api.InitiateAuth(ClientId=client or self.client, AuthFlow='USER_AUTH',
                                     AuthParameters={'USERNAME': name, **parameters})

    def by_password(self, name, targets=None, client=None, **parameters):
        return self.begin(name, targets, client, PREFERRED_CHALLENGE='PASSWORD', PASSWORD=PASSWORD,
                          **parameters)

    def by_token(self, name, token, targets, **parameters):
        return self.begin(name, targets, ACCESS_TOKEN=token, **parameters)

    def refused_with(self, error, call, *arguments, **parameters):
        with self.assert_error(*error):
            call(*arguments, **parameters)

    def assert_level(self, reply, level, methods):
        tokens = reply['AuthenticationResult']
        for kind in ('IdToken', 'AccessToken'):
            body = claims(tokens[kind])[1]
            self.assertEqual((level, methods), (body.get('acr'), body.get('amr')), body)
        return tokens['AccessToken']

    def totp_of(self, name, secret, asked, client=None):
        self.assertEqual('SOFTWARE_TOKEN_MFA', asked['ChallengeName'])
        self.next_step()
        return self.answer(client or self.client, name, asked, SOFTWARE_TOKEN_MFA_CODE=self.code(secret))

    def sms_of(self, name, asked):
        self.assertEqual('SMS_MFA', asked['ChallengeName'])
        return self.answer(self.client, name, asked, SMS_MFA_CODE=self.server.code(name))


class Targets(StepUpTest):

    def test_who_asks_for_no_level_gets_no_claims(self):
        name, _ = self.user()
        self.assert_level(self.by_password(name), None, None)
        self.assert_level(self.by_password(name, MAX_AGE='60'), None, None)

    def test_each_level_by_what_satisfies_it(self):
        name, secret = self.user(totp=True, sms=True)
        self.assert_level(self.by_password(self.user()[0], LOA[1]), LOA[1], ['pwd'])
        asked = self.begin(name, LOA[2], PREFERRED_CHALLENGE='EMAIL_OTP')
        self.assert_level(self.answer(self.client, name, asked, EMAIL_OTP_CODE=self.server.code(name)),
                          LOA[2], ['email_otp'])
        asked = self.by_password(name, LOA[4])
        self.assert_level(self.totp_of(name, secret, asked), LOA[4], ['pwd', 'otp', 'mfa'])
        asked = self.by_password(name, LOA[3])  # either would do
        self.assertEqual(('SELECT_MFA_TYPE', '["SMS_MFA","SOFTWARE_TOKEN_MFA"]'),
                         (asked['ChallengeName'], asked['ChallengeParameters']['MFAS_CAN_CHOOSE']))
        asked = self.answer(self.client, name, asked, ANSWER='SMS_MFA')
        self.assert_level(self.sms_of(name, asked), LOA[3], ['pwd', 'sms', 'mfa'])

    def test_a_passkey_is_level_three_by_itself(self):
        for attachment, method in (('platform', 'swk'), ('cross-platform', 'hwk')):
            name, _ = self.user()
            token = self.token(self.client, name)
            passkey = Passkey('https://app.example.com', attachment=attachment)
            self.api.CompleteWebAuthnRegistration(AccessToken=token, Credential=passkey.create(
                self.api.StartWebAuthnRegistration(AccessToken=token)['CredentialCreationOptions']))
            asked = self.begin(name, LOA[3])
            self.assertEqual(['WEB_AUTHN'], asked['AvailableChallenges'])
            asked = self.answer(self.client, name, asked, ANSWER='WEB_AUTHN')
            options = json.loads(asked['ChallengeParameters']['CREDENTIAL_REQUEST_OPTIONS'])
            self.assert_level(self.answer(self.client, name, asked,
                                          CREDENTIAL=passkey.get(options)),
                              LOA[3], [method])

    def test_only_what_leads_to_the_target_is_offered(self):
        name, _ = self.user(totp=True)
        for targets, expected in ((LOA[4], ['PASSWORD_SRP', 'PASSWORD']),
                                  (LOA[2], ['PASSWORD_SRP', 'PASSWORD', 'EMAIL_OTP']),
                                  (f'{LOA[4]} {LOA[1]}', ['PASSWORD_SRP', 'PASSWORD'])):
            self.assertEqual(expected, self.begin(name, targets)['AvailableChallenges'])
        plain, _ = self.user()
        self.assertEqual(['EMAIL_OTP'], self.begin(plain, LOA[2])['AvailableChallenges'])
        asked = self.begin(plain, LOA[2], PREFERRED_CHALLENGE='PASSWORD', PASSWORD=PASSWORD)
        self.assertEqual('SELECT_CHALLENGE', asked['ChallengeName'])
        self.refused_with(('InvalidParameterException', 'Selected challenge is not available'),
                          self.answer, self.client, plain, asked, ANSWER='PASSWORD')

    def test_the_first_level_in_reach_counts_and_names_of_nobody_do_not(self):
        plain, _ = self.user()
        self.assert_level(self.by_password(plain, f'urn:other {LOA[4]} {LOA[1]}'), LOA[1], ['pwd'])
        self.refused_with(OUT_OF_REACH, self.begin, plain, LOA[4])
        self.refused_with(OUT_OF_REACH, self.begin, plain, f'{LOA[4]} {LOA[3]}')
        self.refused_with(UNKNOWN, self.begin, plain, 'urn:other')
        self.refused_with(UNKNOWN, self.begin, plain, 'URN:COGNITO:LOA:1')

    def test_mfa_that_is_required_anyway_is_asked_and_counted(self):
        name, secret = self.user(totp=True)
        asked = self.by_password(name, LOA[1])
        self.assert_level(self.totp_of(name, secret, asked), LOA[4], ['pwd', 'otp', 'mfa'])

    def test_the_pools_own_names_are_the_ones_that_count(self):
        pool = self.level_pool(AcrConfiguration={'Level1': {'AcrValue': 'low'}})
        client = self.new_client(pool, ExplicitAuthFlows=FLOWS)
        name, _ = self.user(pool=pool, client=client)
        self.assert_level(self.by_password(name, 'low', client), 'low', ['pwd'])
        self.refused_with(UNKNOWN, self.begin, name, LOA[1], client)

    def test_srp_is_a_password_and_the_target_outlives_its_block(self):
        name, secret = self.user(totp=True)
        exchange = srp.Client(self.pool, PASSWORD)
        asked = self.begin(name, LOA[4], PREFERRED_CHALLENGE='PASSWORD_SRP', SRP_A=exchange.srp_a)
        self.assertEqual('PASSWORD_VERIFIER', asked['ChallengeName'])
        asked = self.api.RespondToAuthChallenge(
            ClientId=self.client, ChallengeName='PASSWORD_VERIFIER', Session=asked['Session'],
            ChallengeResponses=exchange.answer(asked['ChallengeParameters'], self.now()))
        self.assert_level(self.totp_of(name, secret, asked), LOA[4], ['pwd', 'otp', 'mfa'])

    def test_a_confirmed_sign_up_is_a_code(self):
        pool = self.new_pool(AutoVerifiedAttributes=['email'], Policies={
            'SignInPolicy': {'AllowedFirstAuthFactors': ['PASSWORD', 'EMAIL_OTP']}})
        client = self.new_client(pool, ExplicitAuthFlows=FLOWS)
        for targets, reached in ((LOA[2], LOA[2]), (f'{LOA[4]} {LOA[1]}', LOA[2]), (LOA[3], None)):
            name = self.new_name()
            self.api.SignUp(ClientId=client, Username=name, Password=PASSWORD,
                            UserAttributes=attribute_list(email=f'{name}@example.com'))
            session = self.api.ConfirmSignUp(ClientId=client, Username=name,
                                             ConfirmationCode=self.server.code(name))['Session']
            members = {'ClientId': client, 'AuthFlow': 'USER_AUTH', 'Session': session,
                       'AuthParameters': {'USERNAME': name, 'TARGET_ACR_VALUES': targets}}
            if reached:
                self.assert_level(self.api.InitiateAuth(**members), reached, ['email_otp'])
            else:
                self.refused_with(OUT_OF_REACH, self.api.InitiateAuth, **members)

    def test_a_refresh_keeps_both_claims(self):
        reply = self.by_password(self.user()[0], LOA[1])['AuthenticationResult']
        again = self.api.InitiateAuth(ClientId=self.client, AuthFlow='REFRESH_TOKEN_AUTH',
                                      AuthParameters={'REFRESH_TOKEN': reply['RefreshToken']})
        self.assert_level(again, LOA[1], ['pwd'])
        self.assert_level(self.api.GetTokensFromRefreshToken(
            ClientId=self.client, RefreshToken=reply['RefreshToken']), LOA[1], ['pwd'])

    def test_every_flow_with_a_password_reaches_levels(self):
        name, secret = self.user(totp=True, sms=True)
        plain, _ = self.user()

        def by_admin(who, level):
            return self.api.AdminInitiateAuth(
                UserPoolId=self.pool, ClientId=self.client, AuthFlow='ADMIN_USER_PASSWORD_AUTH',
                AuthParameters={'USERNAME': who, 'PASSWORD': PASSWORD, 'TARGET_ACR_VALUES': level})

        def by_password(who, level):
            return self.sign_in(self.client, who, PASSWORD, TARGET_ACR_VALUES=level)

        for begin in (self.srp_sign_in, by_admin, by_password):
            self.assert_level(self.totp_of(name, secret, begin(name, LOA[4])), LOA[4],
                              ['pwd', 'otp', 'mfa'])
            self.assert_level(begin(plain, f'{LOA[4]} {LOA[1]}'), LOA[1], ['pwd'])
            self.refused_with(OUT_OF_REACH, begin, plain, LOA[4])
            self.refused_with(UNKNOWN, begin, plain, 'urn:other')

    def srp_sign_in(self, name, level, client=None, **parameters):
        half = srp.Client(self.pool, PASSWORD)
        asked = self.api.InitiateAuth(
            ClientId=client or self.client, AuthFlow='USER_SRP_AUTH', AuthParameters={
                'USERNAME': name, 'SRP_A': half.srp_a, 'TARGET_ACR_VALUES': level, **parameters})
        return self.api.RespondToAuthChallenge(
            ClientId=client or self.client, ChallengeName='PASSWORD_VERIFIER',
            ChallengeResponses=half.answer(asked['ChallengeParameters'], self.now()))

    def test_flows_that_judge_no_password_refuse_targets(self):
        name, _ = self.user()
        tokens = self.by_password(name)['AuthenticationResult']
        pool = self.new_pool(LambdaConfig={'DefineAuthChallenge': FUNCTION})
        client = self.new_client(pool, ExplicitAuthFlows=['ALLOW_CUSTOM_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'])
        for who, flow, parameters in (
                (client, 'CUSTOM_AUTH', {'USERNAME': self.new_user(pool)}),
                (self.client, 'REFRESH_TOKEN_AUTH', {'REFRESH_TOKEN': tokens['RefreshToken']}),
                (self.client, 'REFRESH_TOKEN', {'REFRESH_TOKEN': tokens['RefreshToken']})):
            self.refused('InvalidParameterException', f'TARGET_ACR_VALUES cannot be used with {flow}.',
                         'InitiateAuth', ClientId=who, AuthFlow=flow,
                         AuthParameters=parameters | {'TARGET_ACR_VALUES': LOA[1]})

    def test_a_hidden_level_is_told_after_the_password_alone(self):
        plain, _ = self.user()
        for name in (plain, 'nobody-' + self.new_name()):
            with self.assert_error('NotAuthorizedException', 'Incorrect username or password.'):
                self.sign_in(self.hiding, name, 'Wr0ng-pass', TARGET_ACR_VALUES=LOA[4])
        self.refused_with(OUT_OF_REACH, self.sign_in, self.hiding, plain, PASSWORD,
                          TARGET_ACR_VALUES=LOA[4])
        self.refused_with(OUT_OF_REACH, self.srp_sign_in, plain, LOA[4], self.hiding)

    def test_administrators_ask_for_levels_too(self):
        name, _ = self.user()
        reply = self.api.AdminInitiateAuth(
            UserPoolId=self.pool, ClientId=self.client, AuthFlow='USER_AUTH', AuthParameters={
                'USERNAME': name, 'PREFERRED_CHALLENGE': 'PASSWORD', 'PASSWORD': PASSWORD,
                'TARGET_ACR_VALUES': LOA[1]})
        self.assert_level(reply, LOA[1], ['pwd'])

    def test_what_makes_no_sense_is_refused(self):
        name, _ = self.user()
        for age in ('-1', 'soon', '1.5'):
            self.refused_with(('InvalidParameterException', 'MAX_AGE must be a non-negative integer.'),
                              self.begin, name, LOA[1], MAX_AGE=age)
        self.refused_with(('InvalidParameterException', 'ACCESS_TOKEN needs TARGET_ACR_VALUES beside it.'),
                          self.begin, name, ACCESS_TOKEN='x')

    def test_the_smallest_tier_has_no_targets(self):
        pool = self.new_pool(UserPoolTier='LITE')
        client = self.new_client(pool, ExplicitAuthFlows=FLOWS)
        self.refused_with(('FeatureUnavailableInTierException', LITE), self.begin, 'nobody', LOA[1], client)
        self.refused('FeatureUnavailableInTierException', LITE, 'AdminInitiateAuth', UserPoolId=pool,
                     ClientId=client, AuthFlow='USER_AUTH', AuthParameters={
                         'USERNAME': self.new_user(pool), 'TARGET_ACR_VALUES': LOA[1]})

    def test_where_users_are_hidden_nobody_learns_who_has_a_second_factor(self):
        plain, _ = self.user()
        strong, _ = self.user(totp=True)
        for targets in (LOA[4], LOA[3], f'{LOA[4]} {LOA[2]}', LOA[1]):
            replies = [self.begin(name, targets, self.hiding)
                       for name in (plain, strong, 'nobody-' + self.new_name())]
            for reply in replies:
                self.assertEqual(('SELECT_CHALLENGE', replies[0]['AvailableChallenges']),
                                 (reply['ChallengeName'], reply['AvailableChallenges']))
            self.assertEqual(1, len({len(r['Session']) // 8 for r in replies[:2]}))
        asked = self.begin(plain, LOA[4], self.hiding)
        self.refused_with(OUT_OF_REACH, self.answer, self.hiding, plain, asked, ANSWER='PASSWORD',
                          PASSWORD=PASSWORD)


class Tokens(StepUpTest):

    def test_only_what_is_missing_is_asked_for(self):
        name, secret = self.user(totp=True, sms=True)
        asked = self.by_password(name, LOA[3])
        asked = self.answer(self.client, name, asked, ANSWER='SMS_MFA')
        token = self.assert_level(self.sms_of(name, asked), LOA[3], ['pwd', 'sms', 'mfa'])
        asked = self.by_token(name, token, LOA[4])
        self.assertNotIn('AvailableChallenges', asked)
        token = self.assert_level(self.totp_of(name, secret, asked), LOA[4], ['pwd', 'otp', 'sms', 'mfa'])
        self.refused_with(MET, self.by_token, name, token, LOA[4])
        self.refused_with(MET, self.by_token, name, token, LOA[1])

    def test_another_first_factor_adds_to_what_the_token_has(self):
        name, _ = self.user()
        token = self.assert_level(self.by_password(name, LOA[1]), LOA[1], ['pwd'])
        asked = self.by_token(name, token, LOA[3], PREFERRED_CHALLENGE='EMAIL_OTP')
        self.assertEqual(('EMAIL_OTP', ['EMAIL_OTP']),
                         (asked['ChallengeName'], asked['AvailableChallenges']))
        self.assert_level(self.answer(self.client, name, asked, EMAIL_OTP_CODE=self.server.code(name)),
                          LOA[3], ['pwd', 'email_otp', 'mfa'])

    def test_a_password_flow_adds_to_a_token_too(self):
        name, _ = self.user()
        other, _ = self.user()
        asked = self.begin(name, LOA[2], PREFERRED_CHALLENGE='EMAIL_OTP')
        token = self.assert_level(
            self.answer(self.client, name, asked, EMAIL_OTP_CODE=self.server.code(name)), LOA[2], ['email_otp'])
        level = {'TARGET_ACR_VALUES': LOA[3], 'ACCESS_TOKEN': token}
        self.assert_level(self.sign_in(self.client, name, PASSWORD, **level), LOA[3],
                          ['pwd', 'email_otp', 'mfa'])
        self.refused_with(TOKEN, self.sign_in, self.client, other, PASSWORD, **level)
        with self.assert_error('NotAuthorizedException', 'Incorrect username or password.'):
            self.sign_in(self.client, name, 'Wr0ng-pass', **level)

    def test_a_token_without_methods_is_worth_nothing(self):
        name, secret = self.user(totp=True)
        token = self.token_of(name, secret)
        self.assertEqual('SELECT_CHALLENGE', self.by_token(name, token, LOA[4])['ChallengeName'])

    def token_of(self, name, secret):
        asked = self.by_password(name)
        return self.assert_level(self.totp_of(name, secret, asked), None, None)

    def test_an_old_token_is_worth_nothing(self):
        name, secret = self.user(totp=True, sms=True)
        asked = self.answer(self.client, name, self.by_password(name, LOA[3]), ANSWER='SMS_MFA')
        token = self.assert_level(self.sms_of(name, asked), LOA[3], ['pwd', 'sms', 'mfa'])
        self.server.advance(120)
        asked = self.by_token(name, token, LOA[4], MAX_AGE='100')
        self.assertEqual('SELECT_CHALLENGE', asked['ChallengeName'])
        asked = self.answer(self.client, name, asked, ANSWER='PASSWORD', PASSWORD=PASSWORD)
        self.assert_level(self.totp_of(name, secret, asked), LOA[4], ['pwd', 'otp', 'mfa'])
        self.assertEqual('SOFTWARE_TOKEN_MFA',
                         self.by_token(name, token, LOA[4], MAX_AGE='3000')['ChallengeName'])

    def test_a_wrong_code_gives_no_tokens_and_is_counted(self):
        name, secret = self.user(totp=True, sms=True)
        asked = self.answer(self.client, name, self.by_password(name, LOA[3]), ANSWER='SMS_MFA')
        token = self.assert_level(self.sms_of(name, asked), LOA[3], ['pwd', 'sms', 'mfa'])
        asked = self.by_token(name, token, LOA[4])
        self.stop_clock()
        for _ in range(5):
            self.wrong_once(self.client, name, asked,
                            SOFTWARE_TOKEN_MFA_CODE=totp.wrong(secret, self.server.now()))
        self.refused_with(('NotAuthorizedException', 'Password attempts exceeded'),
                          self.by_token, name, token, LOA[4])

    def test_tokens_of_others_are_refused(self):
        name, _ = self.user()
        other, _ = self.user()
        token = self.by_password(name, LOA[1])['AuthenticationResult']['AccessToken']
        elsewhere = self.by_password(name, LOA[1], self.hiding)['AuthenticationResult']['AccessToken']
        for who, given in ((other, token), (name, elsewhere), (name, token[:-4] + 'AAAA'), (name, 'x')):
            self.refused_with(TOKEN, self.by_token, who, given, LOA[3])
        self.api.GlobalSignOut(AccessToken=token)
        self.refused_with(('NotAuthorizedException', 'Access Token has been revoked'),
                          self.by_token, name, token, LOA[3])

    def test_a_disabled_user_does_not_step_up(self):
        name, _ = self.user(sms=True)
        asked = self.by_password(name, LOA[3])
        token = self.assert_level(self.sms_of(name, asked), LOA[3], ['pwd', 'sms', 'mfa'])
        self.api.AdminDisableUser(UserPoolId=self.pool, Username=name)
        self.refused_with(('NotAuthorizedException', 'User is disabled.'), self.by_token, name, token, LOA[4])

    def test_names_that_changed_are_no_level_and_methods_still_count(self):
        pool = self.level_pool()
        client = self.new_client(pool, ExplicitAuthFlows=FLOWS)
        name, _ = self.user(pool=pool, client=client)
        token = self.by_password(name, LOA[1], client)['AuthenticationResult']['AccessToken']
        self.api.UpdateUserPool(
            UserPoolId=pool, AcrConfiguration={'Level1': {'AcrValue': 'one'}}, SmsConfiguration=SMS,
            Policies={'SignInPolicy': {'AllowedFirstAuthFactors': ['PASSWORD', 'EMAIL_OTP']}})
        asked = self.begin(name, LOA[3], client, ACCESS_TOKEN=token)
        self.assertEqual(['EMAIL_OTP'], asked['AvailableChallenges'])


class Devices(StepUpTest):

    def test_a_remembered_device_is_no_second_factor_for_a_target(self):
        pool = self.level_pool(DeviceConfiguration={'ChallengeRequiredOnNewDevice': True,
                                                    'DeviceOnlyRememberedOnUserPrompt': False})
        client = self.new_client(pool, ExplicitAuthFlows=FLOWS)
        name, secret = self.user(totp=True, pool=pool, client=client)
        asked = self.by_password(name, client=client)
        tokens = self.totp_of(name, secret, asked, client)['AuthenticationResult']
        device = tokens['NewDeviceMetadata']
        made = srp.Device(device)
        self.api.ConfirmDevice(AccessToken=tokens['AccessToken'], DeviceKey=device['DeviceKey'],
                               DeviceSecretVerifierConfig=made.secret_verifier_config())
        key = {'DEVICE_KEY': device['DeviceKey']}
        self.assertEqual('DEVICE_SRP_AUTH', self.by_password(name, client=client, **key)['ChallengeName'])
        self.assertEqual('SOFTWARE_TOKEN_MFA',
                         self.by_password(name, LOA[4], client, **key)['ChallengeName'])


if __name__ == '__main__':
    unittest.main()
