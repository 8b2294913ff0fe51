"""Declared errors of operations that the suites of their families have no reason to provoke.

`seen.py` lists what no suite of a whole run has seen; this is where such gaps are closed. The tests
of all operations come from the model: one that is built later is asked, too.
"""
import json
import unittest

import model
import seen
from functions import FunctionTest, Raw, arn, same, throwing
from poolhouse import ApiError, PASSWORD, PoolhouseTest, attribute_list
from test_boundaries import valid

NOWHERE = 'eu-west-1_nowhere00'
FACTS = model.Model()
BUILT = {name: o for name, o in FACTS.operations.items() if name in seen.built_operations()}
# Their other input decides before the pool is looked for.
NOT_BY_POOL = {
    'DescribeUserPoolDomain': 'names a domain only',
    'DeleteUserPoolDomain': 'a domain and a pool that do not belong together are one error',
    'UpdateUserPoolDomain': 'likewise',
}
# What a minimal body needs so that nothing but the pool is wrong with it.
BESIDES = {
    'AdminInitiateAuth': {'AuthFlow': 'ADMIN_USER_PASSWORD_AUTH'},
    'AdminSetUserSettings': {'MFAOptions': []},
    'UpdateManagedLoginBranding': {
        'ManagedLoginBrandingId': '01234567-89ab-4def-89ab-0123456789ab'},
    'CreateIdentityProvider': {'ProviderName': 'Google', 'ProviderType': 'Google'},
}


class Nobody(PoolhouseTest):
    """Pools and clients that do not exist; users who are gone while their tokens are good."""

    def error_of(self, operation, members):
        with self.assertRaises(ApiError, msg=operation) as refused:
            self.api.call(operation, members)
        return refused.exception.type, refused.exception.text

    def test_an_unknown_pool_is_named_by_every_operation(self):
        asked = 0
        for name, operation in BUILT.items():
            if 'UserPoolId' not in operation.input.members or name in NOT_BY_POOL:
                continue
            with self.subTest(name):
                body = {**valid(operation.input), **BESIDES.get(name, {}), 'UserPoolId': NOWHERE}
                self.assertEqual(('ResourceNotFoundException',
                                  f'User pool {NOWHERE} does not exist.'),
                                 self.error_of(name, body))
                asked += 1
        self.assertGreaterEqual(asked, 60)

    def test_an_unknown_tagged_pool_is_not_found(self):
        for name in ('TagResource', 'UntagResource', 'ListTagsForResource'):
            body = {**valid(BUILT[name].input),
                    'ResourceArn': f'arn:aws:cognito-idp:eu-west-1:000000000000:userpool/{NOWHERE}'}
            self.assertEqual(('ResourceNotFoundException', f'User pool {NOWHERE} does not exist.'),
                             self.error_of(name, body))

    def token_operations(self):
        return {name: o for name, o in BUILT.items()
                if 'AccessToken' in o.input.members and o.auth == 'access-token'}

    def test_a_token_that_is_none_opens_no_operation(self):
        for name, operation in self.token_operations().items():
            with self.subTest(name):
                body = {**valid(operation.input), 'AccessToken': 'a.b.c'}
                self.assertEqual(('NotAuthorizedException', 'Invalid Access Token'),
                                 self.error_of(name, body))

    def test_a_token_of_a_deleted_user_finds_nobody(self):
        pool = self.new_pool()
        client = self.new_client(pool)
        user = self.new_user(pool)
        token = self.tokens(client, user)['AccessToken']
        self.api.AdminDeleteUser(UserPoolId=pool, Username=user)
        for name, operation in self.token_operations().items():
            with self.subTest(name):
                body = {**valid(operation.input), 'AccessToken': token}
                self.assertEqual(('UserNotFoundException', 'User does not exist.'),
                                 self.error_of(name, body))

    def test_a_user_who_was_deleted_during_the_sign_in(self):
        pool = self.new_pool()
        client = self.new_client(pool)
        for begin, respond, address in (
                ('InitiateAuth', 'RespondToAuthChallenge', {}),
                ('AdminInitiateAuth', 'AdminRespondToAuthChallenge', {'UserPoolId': pool})):
            user = self.new_name()
            self.api.AdminCreateUser(UserPoolId=pool, Username=user, TemporaryPassword=PASSWORD)
            flow = 'USER_PASSWORD_AUTH' if begin == 'InitiateAuth' else 'ADMIN_USER_PASSWORD_AUTH'
            session = self.api.call(begin, {**address, 'ClientId': client, 'AuthFlow': flow,
                                            'AuthParameters': {'USERNAME': user,
                                                               'PASSWORD': PASSWORD}})['Session']
            self.api.AdminDeleteUser(UserPoolId=pool, Username=user)
            self.refused('NotAuthorizedException', 'Invalid session for the user.', respond,
                         **address, ClientId=client, ChallengeName='NEW_PASSWORD_REQUIRED', Session=session,
                         ChallengeResponses={'USERNAME': user, 'NEW_PASSWORD': 'N3w-passw0rd!'})

    def test_unknown_clients_and_users_elsewhere(self):
        pool = self.new_pool(UserPoolTier='PLUS', UserPoolAddOns={'AdvancedSecurityMode': 'AUDIT'})
        self.refused('UserNotFoundException', 'User does not exist.', 'AdminUpdateAuthEventFeedback',
                     UserPoolId=pool, Username='nobody', EventId='e', FeedbackValue='Valid')
        self.refused('ResourceNotFoundException', 'User pool client none does not exist.',
                     'ConfirmForgotPassword', ClientId='none', Username='a', ConfirmationCode='1',
                     Password=PASSWORD)
        self.refused('ResourceNotFoundException', 'User pool client none does not exist.',
                     'GetTokensFromRefreshToken', ClientId='none', RefreshToken='a')


class Settings(PoolhouseTest):
    """What pools and clients refuse in the operations that change them."""

    def test_features_above_the_tier(self):
        pool = self.new_pool(UserPoolTier='LITE')
        text = ('The following features need to be disabled for the LITE pricing tier configured: '
                'Password History')
        policies = {'PasswordPolicy': {'MinimumLength': 8, 'PasswordHistorySize': 1}}
        self.refused('FeatureUnavailableInTierException', text, 'CreateUserPool', PoolName='p',
                     UserPoolTier='LITE', Policies=policies)
        self.refused('FeatureUnavailableInTierException', text, 'UpdateUserPool', UserPoolId=pool,
                     Policies=policies)
        text = ('The following feature is not available for the LITE pricing tier configured: '
                'Managed Login Version 2')
        domain = {'UserPoolId': pool, 'Domain': self.new_name('tier-')}
        self.refused('FeatureUnavailableInTierException', text, 'CreateUserPoolDomain',
                     **domain, ManagedLoginVersion=2)
        self.api.CreateUserPoolDomain(**domain)
        self.refused('FeatureUnavailableInTierException', text, 'UpdateUserPoolDomain',
                     **domain, ManagedLoginVersion=2)

    def test_flows_and_scopes_of_a_client_that_is_changed(self):
        pool = self.new_pool()
        client = {'UserPoolId': pool, 'ClientId': self.new_client(pool)}
        self.refused('InvalidOAuthFlowException',
                     'client_credentials flow can not be selected if client does not have a client '
                     'secret.', 'UpdateUserPoolClient', **client,
                     AllowedOAuthFlows=['client_credentials'])
        self.refused('ScopeDoesNotExistException', 'Invalid scope requested: api/read',
                     'UpdateUserPoolClient', **client, AllowedOAuthFlows=['code'],
                     CallbackURLs=['https://example.com'], AllowedOAuthScopes=['api/read'])

    def test_the_sender_of_another_account(self):
        self.refused('InvalidEmailRoleAccessPolicyException',
                     'Cognito is not allowed to use your email identity', 'UpdateUserPool',
                     UserPoolId=self.new_pool(), EmailConfiguration={
                         'SourceArn': 'arn:aws:ses:eu-west-1:999999999999:identity/example.com'})

    def test_an_administrator_cannot_sign_in_whose_password_was_reset(self):
        pool = self.new_pool()
        client = self.new_client(pool)
        user = self.new_user(pool, email='reset@example.com', email_verified='true')
        self.api.AdminResetUserPassword(UserPoolId=pool, Username=user)
        self.refused('PasswordResetRequiredException', 'Password reset required for the user',
                     'AdminInitiateAuth', UserPoolId=pool, ClientId=client,
                     AuthFlow='ADMIN_USER_PASSWORD_AUTH',
                     AuthParameters={'USERNAME': user, 'PASSWORD': PASSWORD})

    def test_more_tags_than_a_pool_can_have(self):
        self.refused('LimitExceededException', 'A user pool can have at most 50 tags.',
                     'CreateUserPool', PoolName='p', UserPoolTags={f't{i}': 'x' for i in range(51)})

    def test_an_address_that_somebody_took_before_it_was_proven(self):
        pool = self.new_pool(UsernameAttributes=['email'], AutoVerifiedAttributes=['email'],
                             UserAttributeUpdateSettings={
                                 'AttributesRequireVerificationBeforeUpdate': ['email']})
        client = self.new_client(pool)
        mine, taken = f'{self.new_name()}@example.com', f'{self.new_name()}@example.com'
        name = self.new_user(pool, mine)
        token = self.tokens(client, mine)['AccessToken']
        self.api.UpdateUserAttributes(AccessToken=token, UserAttributes=attribute_list(email=taken))
        self.new_user(pool, taken)
        self.refused('AliasExistsException', 'An account with the given email already exists.',
                     'VerifyUserAttribute', AccessToken=token, AttributeName='email',
                     Code=self.server.code(name))
        self.tokens(client, mine)  # the old one still is the name

    def test_old_passwords_are_refused_wherever_one_is_chosen(self):
        pool = self.new_pool(Policies={'PasswordPolicy': {
            'MinimumLength': 8, 'PasswordHistorySize': 2}})
        client = self.new_client(pool)
        user = self.new_user(pool)
        self.refused('PasswordHistoryPolicyViolationException', 'Password has previously been used',
                     'AdminSetUserPassword', UserPoolId=pool, Username=user, Password=PASSWORD,
                     Permanent=True)
        for begin, respond, address in (
                ('InitiateAuth', 'RespondToAuthChallenge', {}),
                ('AdminInitiateAuth', 'AdminRespondToAuthChallenge', {'UserPoolId': pool})):
            self.api.AdminSetUserPassword(UserPoolId=pool, Username=user, Password='T3mporary!',
                                          Permanent=False)
            flow = 'USER_PASSWORD_AUTH' if begin == 'InitiateAuth' else 'ADMIN_USER_PASSWORD_AUTH'
            session = self.api.call(begin, {
                **address, 'ClientId': client, 'AuthFlow': flow,
                'AuthParameters': {'USERNAME': user, 'PASSWORD': 'T3mporary!'}})['Session']
            self.refused('PasswordHistoryPolicyViolationException',
                         'Password has previously been used', respond, **address, ClientId=client,
                         ChallengeName='NEW_PASSWORD_REQUIRED', Session=session,
                         ChallengeResponses={'USERNAME': user, 'NEW_PASSWORD': PASSWORD})


class Members(PoolhouseTest):
    """Members of replies that few users have."""

    @classmethod
    def prepare(cls):
        cls.pool = cls.new_pool(MfaConfiguration='OPTIONAL', SmsConfiguration={
            'SnsCallerArn': 'arn:aws:iam::000000000000:role/sms'})
        cls.client = cls.new_client(cls.pool)
        cls.user = cls.new_name()
        cls.api.AdminCreateUser(UserPoolId=cls.pool, Username=cls.user, TemporaryPassword=PASSWORD,
                                UserAttributes=attribute_list(phone_number='+15550100',
                                                              phone_number_verified='true'))
        cls.api.AdminSetUserMFAPreference(UserPoolId=cls.pool, Username=cls.user,
                                          SMSMfaSettings={'Enabled': True, 'PreferredMfa': True})

    def test_the_second_factor_by_sms_is_shown_wherever_users_are(self):
        options = [{'DeliveryMedium': 'SMS', 'AttributeName': 'phone_number'}]
        self.api.CreateGroup(UserPoolId=self.pool, GroupName='g')
        self.api.AdminAddUserToGroup(UserPoolId=self.pool, GroupName='g', Username=self.user)
        again = self.api.AdminCreateUser(UserPoolId=self.pool, Username=self.user,
                                         MessageAction='RESEND', TemporaryPassword=PASSWORD)
        self.assertEqual(options, again['User']['MFAOptions'])
        for listed in (self.api.ListUsers(UserPoolId=self.pool),
                       self.api.ListUsersInGroup(UserPoolId=self.pool, GroupName='g')):
            self.assertEqual([options], [u['MFAOptions'] for u in listed['Users']])

    def test_a_new_password_then_a_second_factor_by_an_administrator(self):
        address = {'UserPoolId': self.pool, 'ClientId': self.client}
        begun = self.api.AdminInitiateAuth(**address, AuthFlow='ADMIN_USER_PASSWORD_AUTH',
                                           AuthParameters={'USERNAME': self.user,
                                                           'PASSWORD': PASSWORD})
        chosen = {**address, 'ChallengeName': 'NEW_PASSWORD_REQUIRED', 'Session': begun['Session']}
        self.refused('InvalidPasswordException',
                     'Password does not conform to policy: Password not long enough',
                     'AdminRespondToAuthChallenge', **chosen, ChallengeResponses={
                         'USERNAME': self.user, 'NEW_PASSWORD': 'Sh0rt!'})
        asked = self.api.AdminRespondToAuthChallenge(**chosen, ChallengeResponses={
            'USERNAME': self.user, 'NEW_PASSWORD': 'N3w-passw0rd!'})
        self.assertEqual('SMS_MFA', asked['ChallengeName'])
        self.refused('CodeMismatchException', 'Invalid code or auth state for the user.',
                     'AdminRespondToAuthChallenge', **address, ChallengeName='SMS_MFA',
                     Session=asked['Session'],
                     ChallengeResponses={'USERNAME': self.user, 'SMS_MFA_CODE': '000000x'})
        code = self.server.outbox(self.user)[0]['code']
        tokens = self.api.AdminRespondToAuthChallenge(
            **address, ChallengeName='SMS_MFA', Session=asked['Session'],
            ChallengeResponses={'USERNAME': self.user, 'SMS_MFA_CODE': code})['AuthenticationResult']
        for factors in (self.api.GetUserAuthFactors(AccessToken=tokens['AccessToken']),
                        self.api.AdminGetUserAuthFactors(UserPoolId=self.pool, Username=self.user)):
            self.assertEqual(('SMS_MFA', ['SMS_MFA']),
                             (factors['PreferredMfaSetting'], factors['UserMFASettingList']))
        self.api.AdminSetUserPassword(UserPoolId=self.pool, Username=self.user, Password=PASSWORD,
                                      Permanent=False)


class Limits(PoolhouseTest):
    """Quotas of resources; those of tries by the hour."""

    server_args = ('--attempt-limits',)
    server_options = {'memory': False}
    LIMIT = ('LimitExceededException', 'Attempt limit exceeded, please try after some time.')

    @classmethod
    def prepare(cls):
        cls.pool = cls.new_pool(AutoVerifiedAttributes=['email'])
        cls.client = cls.new_client(cls.pool)

    def tried(self, times, expected, operation, **members):
        """The first `times` end as expected, the next one is too much."""
        for _ in range(times):
            if expected is None:
                self.api.call(operation, members)
            else:
                self.refused(expected, None, operation, **members)
        self.refused(*self.LIMIT, operation, **members)

    def test_tries_of_a_code_of_sign_up(self):
        name = self.new_name()
        self.api.SignUp(ClientId=self.client, Username=name, Password=PASSWORD,
                        UserAttributes=attribute_list(email=f'{name}@example.com'))
        user = {'ClientId': self.client, 'Username': name}
        self.tried(15, 'CodeMismatchException', 'ConfirmSignUp', **user, ConfirmationCode='x')
        self.tried(5, None, 'ResendConfirmationCode', **user)

    def test_tries_of_proving_an_address(self):
        user = self.new_user(self.pool, email=f'{self.new_name()}@example.com')
        token = self.tokens(self.client, user)['AccessToken']
        self.tried(5, None, 'GetUserAttributeVerificationCode', AccessToken=token,
                   AttributeName='email')
        self.tried(15, 'CodeMismatchException', 'VerifyUserAttribute', AccessToken=token,
                   AttributeName='email', Code='x')

    def test_a_pool_has_at_most_three_hundred_providers(self):
        details = {'client_id': 'a', 'client_secret': 'b', 'authorize_scopes': 'openid',
                   'oidc_issuer': 'https://idp.example.com', 'attributes_request_method': 'GET',
                   'authorize_url': 'https://idp.example.com/a', 'jwks_uri': 'https://idp.example.com/j',
                   'token_url': 'https://idp.example.com/t',
                   'attributes_url': 'https://idp.example.com/u'}
        provider = {'UserPoolId': self.pool, 'ProviderType': 'OIDC', 'ProviderDetails': details}
        for i in range(300):
            self.api.CreateIdentityProvider(**provider, ProviderName=f'provider{i}')
        self.refused('LimitExceededException', 'A user pool can have at most 300 identity providers.',
                     'CreateIdentityProvider', **provider, ProviderName='one-more')

    def test_a_pool_has_at_most_ten_thousand_groups(self):
        self.server.database.change(
            'WITH RECURSIVE g(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM g WHERE i < 9999) '
            'INSERT INTO user_groups (pool_id, name, id, precedence, created_ms, modified_ms) '
            "SELECT ?, 'g' || i, 'id' || i, -1, 0, 0 FROM g", self.pool)
        self.api.CreateGroup(UserPoolId=self.pool, GroupName='the-last')
        self.refused('LimitExceededException', 'A user pool can have at most 10000 groups.',
                     'CreateGroup', UserPoolId=self.pool, GroupName='one-more')


class Functions(FunctionTest):
    """A function that refuses, answers nonsense or does not answer, in each operation that asks it."""

    TRIGGERS = ('PreSignUp', 'PostConfirmation', 'PreAuthentication', 'PostAuthentication',
                'CustomMessage', 'PreTokenGeneration')

    def setUp(self):
        for trigger in self.TRIGGERS:
            self.functions.handlers[f'http-{trigger}'] = same
        self.pool, self.client = self.pool_with(**{t: f'http-{t}' for t in self.TRIGGERS})
        self.api.UpdateUserPool(UserPoolId=self.pool, AutoVerifiedAttributes=['email'],
                                LambdaConfig={t: arn(f'http-{t}') for t in self.TRIGGERS})

    def signed_up(self):
        name = self.new_name()
        self.api.SignUp(ClientId=self.client, Username=name, Password=PASSWORD,
                        UserAttributes=attribute_list(email=f'{name}@example.com'))
        return name

    def confirmed(self):
        return self.new_user(self.pool, email=f'{self.new_name()}@example.com', email_verified='true')

    def begun(self, begin, **address):
        name = self.new_name()
        self.api.AdminCreateUser(UserPoolId=self.pool, Username=name, TemporaryPassword=PASSWORD,
                                 MessageAction='SUPPRESS')
        flow = 'ADMIN_USER_PASSWORD_AUTH' if address else 'USER_PASSWORD_AUTH'
        session = self.api.call(begin, {
            **address, 'ClientId': self.client, 'AuthFlow': flow,
            'AuthParameters': {'USERNAME': name, 'PASSWORD': PASSWORD}})['Session']
        return {**address, 'ClientId': self.client, 'Session': session,
                'ChallengeName': 'NEW_PASSWORD_REQUIRED',
                'ChallengeResponses': {'USERNAME': name, 'NEW_PASSWORD': 'N3w-passw0rd!'}}

    def calls(self):
        """(operation, the trigger it asks, what makes its members)."""
        pool, client = {'UserPoolId': self.pool}, {'ClientId': self.client}
        token = lambda: {'AccessToken': self.tokens(self.client, self.confirmed())['AccessToken']}
        email = lambda: attribute_list(email=f'{self.new_name()}@example.com')
        yield 'SignUp', 'PreSignUp', lambda: {
            **client, 'Username': self.new_name(), 'Password': PASSWORD}
        yield 'AdminCreateUser', 'PreSignUp', lambda: {**pool, 'Username': self.new_name()}
        yield 'AdminConfirmSignUp', 'PostConfirmation', lambda: {
            **pool, 'Username': self.signed_up()}

        def confirmation():
            name = self.signed_up()
            return {**client, 'Username': name, 'ConfirmationCode': self.server.code(name)}
        yield 'ConfirmSignUp', 'PostConfirmation', confirmation

        def recovery():
            name = self.confirmed()
            self.api.ForgotPassword(**client, Username=name)
            return {**client, 'Username': name, 'ConfirmationCode': self.server.code(name),
                    'Password': 'N3w-passw0rd!'}
        yield 'ConfirmForgotPassword', 'PostConfirmation', recovery
        yield 'ForgotPassword', 'CustomMessage', lambda: {**client, 'Username': self.confirmed()}
        yield 'ResendConfirmationCode', 'CustomMessage', lambda: {
            **client, 'Username': self.signed_up()}
        yield 'AdminResetUserPassword', 'CustomMessage', lambda: {
            **pool, 'Username': self.confirmed()}
        yield 'AdminUpdateUserAttributes', 'CustomMessage', lambda: {
            **pool, 'Username': self.confirmed(), 'UserAttributes': email()}
        yield 'UpdateUserAttributes', 'CustomMessage', lambda: {**token(), 'UserAttributes': email()}
        yield 'GetUserAttributeVerificationCode', 'CustomMessage', lambda: {
            **token(), 'AttributeName': 'email'}
        yield 'InitiateAuth', 'PreAuthentication', lambda: {
            **client, 'AuthFlow': 'USER_PASSWORD_AUTH',
            'AuthParameters': {'USERNAME': self.confirmed(), 'PASSWORD': PASSWORD}}
        yield 'AdminInitiateAuth', 'PreAuthentication', lambda: {
            **pool, **client, 'AuthFlow': 'ADMIN_USER_PASSWORD_AUTH',
            'AuthParameters': {'USERNAME': self.confirmed(), 'PASSWORD': PASSWORD}}
        yield 'RespondToAuthChallenge', 'PreTokenGeneration', lambda: self.begun('InitiateAuth')
        yield 'AdminRespondToAuthChallenge', 'PreTokenGeneration', lambda: self.begun(
            'AdminInitiateAuth', **pool)
        yield 'GetTokensFromRefreshToken', 'PreTokenGeneration', lambda: {
            **client, 'RefreshToken': self.tokens(self.client, self.confirmed())['RefreshToken']}

    def check(self, handler, type_, text):
        for operation, trigger, members in self.calls():
            with self.subTest(operation):
                self.assertIn(type_, BUILT[operation].errors)
                given = members()
                self.functions.handlers[f'http-{trigger}'] = handler
                try:
                    self.refused(type_, text.replace('TRIGGER', trigger), operation, **given)
                finally:
                    self.functions.handlers[f'http-{trigger}'] = same

    def test_a_function_that_refuses(self):
        self.check(throwing('not you'), 'UserLambdaValidationException',
                   'TRIGGER failed with error not you.')

    def test_a_function_that_answers_nonsense(self):
        self.check(lambda _: Raw(200, b'no JSON'), 'InvalidLambdaResponseException',
                   'Unrecognizable lambda output')

    def test_a_function_that_is_not_there(self):
        self.check(lambda _: Raw(404, json.dumps({'Message': 'gone'}).encode(), {
            'x-amzn-ErrorType': 'ResourceNotFoundException'}), 'UnexpectedLambdaException',
                   'TRIGGER invocation failed due to error ResourceNotFoundException.')


if __name__ == '__main__':
    unittest.main()
