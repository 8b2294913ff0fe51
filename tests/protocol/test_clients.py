"""App clients: defaults, rules with their texts, updates, lists."""
import time
import unittest

from poolhouse import ApiError, PoolhouseTest


class Clients(PoolhouseTest):

    @classmethod
    def prepare(cls):
        cls.pool = cls.new_pool(Schema=[{'Name': 'email', 'Required': True},
                                        {'Name': 'team', 'AttributeDataType': 'String'}])

    def made(self, **members):
        return self.api.CreateUserPoolClient(
            UserPoolId=self.pool, ClientName='app', **members)['UserPoolClient']

    def described(self, client):
        return self.api.DescribeUserPoolClient(
            UserPoolId=self.pool, ClientId=client)['UserPoolClient']

    def test_a_client_created_with_only_a_name_reads_back_its_defaults(self):
        made = self.made()
        self.assertEqual(made, self.described(made['ClientId']))
        self.assertRegex(made['ClientId'], r'^[0-9a-z]{26}$')
        given = {k: made[k] for k in ('ClientId', 'CreationDate', 'LastModifiedDate')}
        self.assertEqual({**given, 'UserPoolId': self.pool, 'ClientName': 'app',
                          'RefreshTokenValidity': 30, 'TokenValidityUnits': {},
                          'AllowedOAuthFlowsUserPoolClient': False, 'EnableTokenRevocation': True,
                          'EnablePropagateAdditionalUserContextData': False,
                          'AuthSessionValidity': 3}, made)

    def test_a_generated_secret_is_shown_and_stays(self):
        made = self.made(GenerateSecret=True)
        self.assertRegex(made['ClientSecret'], r'^[0-9a-z]{51,52}$')
        self.assertEqual(made['ClientSecret'], self.described(made['ClientId'])['ClientSecret'])
        self.assertNotEqual(made['ClientSecret'], self.made(GenerateSecret=True)['ClientSecret'])

    def test_a_secret_of_the_callers_choice_is_kept(self):
        made = self.made(ClientSecret='s' * 24)
        self.assertEqual('s' * 24, self.described(made['ClientId'])['ClientSecret'])

    def test_every_setting_is_read_back_as_given(self):
        given = {
            'RefreshTokenValidity': 10, 'AccessTokenValidity': 30, 'IdTokenValidity': 20,
            'TokenValidityUnits': {'AccessToken': 'minutes', 'IdToken': 'minutes',
                                   'RefreshToken': 'days'},
            'ReadAttributes': ['email', 'custom:team'], 'WriteAttributes': ['email', 'name'],
            'ExplicitAuthFlows': ['ALLOW_USER_SRP_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'],
            'SupportedIdentityProviders': ['COGNITO'],
            'CallbackURLs': ['https://a.example/back', 'http://localhost:3000/back', 'app://x'],
            'LogoutURLs': ['https://a.example/out'], 'DefaultRedirectURI': 'https://a.example/back',
            'AllowedOAuthFlows': ['code'], 'AllowedOAuthScopes': ['openid', 'email'],
            'AllowedOAuthFlowsUserPoolClient': True, 'PreventUserExistenceErrors': 'ENABLED',
            'EnableTokenRevocation': False, 'AuthSessionValidity': 15}
        made = self.made(**given)
        got = {k: made.get(k) for k in given}
        for member in ('ReadAttributes', 'WriteAttributes'):
            self.assertEqual(set(given.pop(member)), set(got.pop(member)))
        self.assertEqual(given, got)

    def test_rotation_is_read_back(self):
        made = self.made(RefreshTokenRotation={'Feature': 'ENABLED', 'RetryGracePeriodSeconds': 7},
                         ExplicitAuthFlows=['ALLOW_USER_SRP_AUTH'])
        self.assertEqual({'Feature': 'ENABLED', 'RetryGracePeriodSeconds': 7},
                         made['RefreshTokenRotation'])

    def test_a_refresh_validity_of_zero_means_thirty_days(self):
        self.assertEqual(30, self.made(RefreshTokenValidity=0)['RefreshTokenValidity'])

    CASES = (
        ('Invalid range for token validity.',
         {'AccessTokenValidity': 4, 'TokenValidityUnits': {'AccessToken': 'minutes'}}),
        ('Invalid range for token validity.',
         {'IdTokenValidity': 2, 'TokenValidityUnits': {'IdToken': 'days'}}),
        ('Invalid range for token validity.',
         {'RefreshTokenValidity': 59, 'TokenValidityUnits': {'RefreshToken': 'minutes'}}),
        ('Invalid range for token validity.', {'RefreshTokenValidity': 3651}),
        ('Access and Id Token expiration times must be less than or equal to refresh token '
         'expiration times.', {'RefreshTokenValidity': 1, 'AccessTokenValidity': 2,
                               'TokenValidityUnits': {'RefreshToken': 'hours'}}),
        ("Auth flow name with prefix 'ALLOW' cannot be used with legacy auth flow names.",
         {'ExplicitAuthFlows': ['ALLOW_USER_SRP_AUTH', 'ADMIN_NO_SRP_AUTH']}),
        ('RefreshTokenRotation cannot be enabled with ALLOW_REFRESH_TOKEN_AUTH.',
         {'ExplicitAuthFlows': ['ALLOW_REFRESH_TOKEN_AUTH'],
          'RefreshTokenRotation': {'Feature': 'ENABLED'}}),
        ('Client Secret is required to set EnablePropagateAdditionalUserContextData as true',
         {'EnablePropagateAdditionalUserContextData': True}),
        ('Invalid read attributes specified while creating a client',
         {'ReadAttributes': ['no_such']}),
        ('Invalid write attributes specified while creating a client',
         {'WriteAttributes': ['email', 'no_such']}),
        ('Invalid write attributes specified while creating a client',
         {'WriteAttributes': ['email', 'email_verified']}),
        ('Invalid write attributes specified while creating a client',
         {'WriteAttributes': ['name']}),
        ('The provider Nobody does not exist for User Pool {pool}.',
         {'SupportedIdentityProviders': ['COGNITO', 'Nobody']}),
        ('https://a.example/#x cannot use fragment', {'CallbackURLs': ['https://a.example/#x']}),
        ('http://a.example/ cannot use the HTTP protocol.', {'CallbackURLs': ['http://a.example/']}),
        ('http://127.0.0.2/ cannot use the HTTP protocol.', {'LogoutURLs': ['http://127.0.0.2/']}),
        ('HTTP://a.example/ cannot use the HTTP protocol.', {'CallbackURLs': ['HTTP://a.example/']}),
        ('Http://localhost/ cannot use the HTTP protocol.', {'CallbackURLs': ['Http://localhost/']}),
        ('a.example/back must be absolute.', {'CallbackURLs': ['a.example/back']}),
        ('The default redirect URI https://b.example/ is not in the callback URIs list.',
         {'CallbackURLs': ['https://a.example/'], 'DefaultRedirectURI': 'https://b.example/'}),
        ('AllowedOAuthFlows and AllowedOAuthScopes are required if user pool client is allowed to '
         'use OAuth flows.', {'AllowedOAuthFlowsUserPoolClient': True}),
        ('CallbackUrls can not be empty when code flow or implicit flow is selected',
         {'AllowedOAuthFlowsUserPoolClient': True, 'AllowedOAuthFlows': ['code'],
          'AllowedOAuthScopes': ['openid']}),
        ('ClientSecret and GenerateSecret cannot both be specified.',
         {'GenerateSecret': True, 'ClientSecret': 's' * 24}),
        ('Invalid analytics configuration given, either <application arn> or <application id, '
         'role arn, external id> are valid', {'AnalyticsConfiguration': {'ApplicationId': 'abc'}}),
    )

    def test_settings_out_of_the_rules_are_refused_with_their_texts(self):
        for text, members in self.CASES:
            with self.subTest(members=members):
                self.invalid(text.replace('{pool}', self.pool), 'CreateUserPoolClient',
                             UserPoolId=self.pool, ClientName='refused', **members)

    def test_client_credentials_stand_alone_and_need_a_secret(self):
        common = {'UserPoolId': self.pool, 'ClientName': 'c', 'AllowedOAuthFlowsUserPoolClient': True,
                  'AllowedOAuthScopes': ['openid'], 'CallbackURLs': ['https://a.example/']}
        self.refused('InvalidOAuthFlowException', 'client_credentials flow can not be selected '
                     'along with code flow or implicit flow.', 'CreateUserPoolClient', **common,
                     AllowedOAuthFlows=['code', 'client_credentials'], GenerateSecret=True)
        self.refused('InvalidOAuthFlowException', 'client_credentials flow can not be selected if '
                     'client does not have a client secret.', 'CreateUserPoolClient', **common,
                     AllowedOAuthFlows=['client_credentials'])

    def test_an_unknown_scope_is_named(self):
        self.refused('ScopeDoesNotExistException', 'Invalid scope requested: no/scope',
                     'CreateUserPoolClient', UserPoolId=self.pool, ClientName='c',
                     AllowedOAuthFlowsUserPoolClient=True, AllowedOAuthFlows=['code'],
                     AllowedOAuthScopes=['no/scope'], CallbackURLs=['https://a.example/'])

    def test_an_unknown_client_is_named(self):
        for operation in ('DescribeUserPoolClient', 'UpdateUserPoolClient', 'DeleteUserPoolClient'):
            with self.subTest(operation):
                self.refused('ResourceNotFoundException',
                             'User pool client nosuchclient does not exist.', operation,
                             UserPoolId=self.pool, ClientId='nosuchclient')

    def test_a_client_is_not_found_through_another_pool(self):
        client = self.made()['ClientId']
        self.refused('ResourceNotFoundException', f'User pool client {client} does not exist.',
                     'DescribeUserPoolClient', UserPoolId=self.new_pool(), ClientId=client)

    def test_an_update_replaces_and_keeps_the_secret_and_the_name(self):
        made = self.made(GenerateSecret=True, ExplicitAuthFlows=['ALLOW_USER_SRP_AUTH'],
                         PreventUserExistenceErrors='ENABLED', RefreshTokenValidity=5,
                         EnableTokenRevocation=False)
        after = self.api.UpdateUserPoolClient(
            UserPoolId=self.pool, ClientId=made['ClientId'])['UserPoolClient']
        self.assertEqual(after, self.described(made['ClientId']))
        self.assertEqual(made['ClientSecret'], after['ClientSecret'])
        self.assertEqual(('app', 30, False), (after['ClientName'], after['RefreshTokenValidity'],
                                              after['EnableTokenRevocation']))
        for member in ('ExplicitAuthFlows', 'PreventUserExistenceErrors'):
            self.assertNotIn(member, after)

    def test_an_update_says_updating_in_its_texts(self):
        self.invalid('Invalid read attributes specified while updating a client',
                     'UpdateUserPoolClient', UserPoolId=self.pool,
                     ClientId=self.made()['ClientId'], ReadAttributes=['no_such'])

    def test_a_deleted_client_is_gone(self):
        client = self.made()['ClientId']
        self.assertEqual({}, self.api.DeleteUserPoolClient(UserPoolId=self.pool, ClientId=client))
        with self.assert_error('ResourceNotFoundException',
                               f'User pool client {client} does not exist.'):
            self.sign_in(client, 'someone')

    def test_clients_are_listed_by_pages_with_three_members_each(self):
        pool = self.new_pool()
        made = {self.new_client(pool, ClientName=f'c{i}') for i in range(5)}
        seen, token = [], None
        while True:
            page = self.api.ListUserPoolClients(UserPoolId=pool, MaxResults=2, NextToken=token)
            for item in page['UserPoolClients']:
                self.assertEqual({'ClientId', 'UserPoolId', 'ClientName'}, set(item))
                seen.append(item['ClientId'])
            token = page.get('NextToken')
            if token is None:
                break
        self.assertEqual(sorted(made), sorted(seen))

    def test_a_pool_has_at_most_a_thousand_clients(self):
        pool = self.new_pool()
        for _ in range(1000):
            self.new_client(pool)
        self.refused('LimitExceededException', None, 'CreateUserPoolClient', UserPoolId=pool,
                     ClientName='one more')

    def test_clients_of_the_other_type_are_none(self):
        pool = self.new_pool()
        client = self.new_client(pool)
        found = {t: [c['ClientId'] for c in self.api.ListUserPoolClients(
            UserPoolId=pool, ClientType=t)['UserPoolClients']] for t in ('REGULAR', 'DCR')}
        self.assertEqual({'REGULAR': [client], 'DCR': []}, found)

    def test_a_new_name_is_kept_and_the_dates_tell_of_it(self):
        made = self.made()
        time.sleep(0.01)
        self.api.UpdateUserPoolClient(UserPoolId=self.pool, ClientId=made['ClientId'],
                                      ClientName='renamed')
        after = self.described(made['ClientId'])
        self.assertEqual(('renamed', made['CreationDate']),
                         (after['ClientName'], after['CreationDate']))
        self.assertGreater(after['LastModifiedDate'], made['LastModifiedDate'])

    def test_a_machine_client_asks_for_no_scopes_of_users(self):
        self.refused('InvalidOAuthFlowException',
                     'email scope can not be selected with client_credentials flow.',
                     'CreateUserPoolClient', UserPoolId=self.pool, ClientName='c',
                     GenerateSecret=True, AllowedOAuthFlowsUserPoolClient=True,
                     AllowedOAuthFlows=['client_credentials'], AllowedOAuthScopes=['email'])

    def test_a_page_token_of_another_pool_is_refused(self):
        pool, other = self.new_pool(), self.new_pool()
        for _ in range(3):
            self.new_client(pool)
        token = self.api.ListUserPoolClients(UserPoolId=pool, MaxResults=1)['NextToken']
        with self.assertRaises(ApiError) as refused:
            self.api.ListUserPoolClients(UserPoolId=other, MaxResults=1, NextToken=token)
        self.assertEqual('Invalid pagination token.', refused.exception.text)


if __name__ == '__main__':
    unittest.main()
