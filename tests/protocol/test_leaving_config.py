"""`poolhouse leave config`: pools and clients of the real service, kept with their ids."""
import unittest

from leaving import LeavingTest

ARN = 'arn:aws:lambda:eu-central-1:123456789012:function:'
DATES = ('CreationDate', 'LastModifiedDate')


class LeavingConfig(LeavingTest):
    @classmethod
    def prepare(cls):
        made = cls.real.CreateUserPool(
            PoolName='shop', UsernameAttributes=['email'], AutoVerifiedAttributes=['email'],
            MfaConfiguration='OFF', UserPoolTags={'team': 'shop'},
            Policies={'PasswordPolicy': {'MinimumLength': 10, 'RequireUppercase': True,
                                         'RequireLowercase': True, 'RequireNumbers': False,
                                         'RequireSymbols': False,
                                         'TemporaryPasswordValidityDays': 3}},
            UsernameConfiguration={'CaseSensitive': False},
            DeviceConfiguration={'ChallengeRequiredOnNewDevice': True,
                                 'DeviceOnlyRememberedOnUserPrompt': True},
            LambdaConfig={'PreSignUp': ARN + 'pre-sign-up',
                          'PreTokenGenerationConfig': {'LambdaArn': ARN + 'tokens',
                                                       'LambdaVersion': 'V2_0'}},
            AdminCreateUserConfig={'AllowAdminCreateUserOnly': True},
            EmailConfiguration={'EmailSendingAccount': 'DEVELOPER', 'From': 'Shop <a@shop.example>',
                                'SourceArn': 'arn:aws:ses:eu-west-1:123456789012:identity/shop'},
            Schema=[{'Name': 'tier', 'AttributeDataType': 'Number', 'Mutable': True,
                     'NumberAttributeConstraints': {'MinValue': '1', 'MaxValue': '9'}},
                    {'Name': 'email', 'AttributeDataType': 'String', 'Required': True}])
        cls.pool = pool = made['UserPool']['Id']
        cls.real.SetUserPoolMfaConfig(
            UserPoolId=pool, MfaConfiguration='OPTIONAL', SmsMfaConfiguration={'SmsConfiguration': {
                'SnsCallerArn': 'arn:aws:iam::123456789012:role/sms', 'ExternalId': 'x'}},
            SoftwareTokenMfaConfiguration={'Enabled': True})
        cls.real.CreateResourceServer(UserPoolId=pool, Identifier='orders', Name='orders', Scopes=[
            {'ScopeName': 'read', 'ScopeDescription': 'reads'}])
        cls.real.CreateIdentityProvider(
            UserPoolId=pool, ProviderName='Corp', ProviderType='OIDC',
            AttributeMapping={'email': 'email'}, ProviderDetails={
                'client_id': 'c', 'client_secret': 's', 'attributes_request_method': 'GET',
                'oidc_issuer': 'https://corp.example', 'authorize_scopes': 'openid email'})
        for name, members in {
                'web': {'GenerateSecret': False, 'SupportedIdentityProviders': ['COGNITO', 'Corp']},
                'backend': {'GenerateSecret': True, 'AllowedOAuthFlows': ['client_credentials'],
                            'AllowedOAuthScopes': ['orders/read'],
                            'AllowedOAuthFlowsUserPoolClient': True,
                            'AccessTokenValidity': 30, 'TokenValidityUnits': {'AccessToken': 'minutes'},
                            'PreventUserExistenceErrors': 'ENABLED'}}.items():
            cls.real.CreateUserPoolClient(UserPoolId=pool, ClientName=name, **members)
        cls.real.CreateGroup(UserPoolId=pool, GroupName='admins', Precedence=3,
                             RoleArn='arn:aws:iam::123456789012:role/admins')
        cls.real.CreateUserPoolDomain(UserPoolId=pool, Domain='shop-leaving')
        cls.files = cls.describe(pool)
        cls.first = cls.leave('config', *cls.files).stdout

    def without(self, value, *names):
        return {k: v for k, v in value.items() if k not in names + DATES}

    def same(self, operation, member, *unequal, **members):
        real = self.real.call(operation, members)[member]
        here = self.api.call(operation, members)[member]
        self.assertEqual(self.without(real, *unequal), self.without(here, *unequal))

    def test_the_pool_is_as_it_was(self):
        self.same('DescribeUserPool', 'UserPool', 'Arn', UserPoolId=self.pool)

    def test_second_factors_are_as_they_were(self):
        self.assertEqual(self.real.GetUserPoolMfaConfig(UserPoolId=self.pool),
                         self.api.GetUserPoolMfaConfig(UserPoolId=self.pool))

    def test_clients_keep_their_ids_and_secrets(self):
        clients = self.real.ListUserPoolClients(UserPoolId=self.pool, MaxResults=60)['UserPoolClients']
        self.assertEqual(2, len(clients))
        for client in clients:
            self.same('DescribeUserPoolClient', 'UserPoolClient', UserPoolId=self.pool,
                      ClientId=client['ClientId'])

    def test_what_hangs_on_the_pool_is_as_it_was(self):
        of_pool = {'UserPoolId': self.pool}
        self.same('GetGroup', 'Group', **of_pool, GroupName='admins')
        self.same('DescribeResourceServer', 'ResourceServer', **of_pool, Identifier='orders')
        self.same('DescribeIdentityProvider', 'IdentityProvider', **of_pool, ProviderName='Corp')
        self.same('DescribeUserPoolDomain', 'DomainDescription', 'AWSAccountId', 'S3Bucket', 'Version',
                  'CloudFrontDistribution', Domain='shop-leaving')

    def test_it_says_what_it_made_and_what_does_not_come_along(self):
        lines = self.first.splitlines()
        self.assertIn(f'made user pool shop ({self.pool})', lines)
        self.assertIn(f'made group admins ({self.pool})', lines)
        self.assertEqual(2, sum(line.startswith('made app client ') for line in lines))
        for trigger, function in ('PreSignUp', 'pre-sign-up'), ('PreTokenGenerationConfig', 'tokens'):
            self.assertIn(f'note: the trigger {trigger} is {ARN}{function}: say with '
                          'triggers.function where it runs', lines)
        self.assertIn('note: e-mail was sent by arn:aws:ses:eu-west-1:123456789012:identity/shop: '
                      'it leaves by mail.relay now', lines)
        self.assertIn('note: the pools are of the account 123456789012: with aws.account_id = '
                      '123456789012 their ARNs stay as they were', lines)
        self.assertNotIn('no member of', self.first)

    def test_a_second_time_changes_nothing(self):
        for line in self.leave('config', *reversed(self.files)).stdout.splitlines():
            self.assertRegex(line, '^(unchanged|note:) ')

    def test_z_what_differs_is_changed(self):
        self.api.UpdateGroup(UserPoolId=self.pool, GroupName='admins', Precedence=9)
        self.assertIn(f'changed group admins ({self.pool})',
                      self.leave('config', *self.files).stdout.splitlines())
        self.assertEqual(3, self.api.GetGroup(UserPoolId=self.pool,
                                              GroupName='admins')['Group']['Precedence'])

    def test_pools_keep_the_id_of_their_region_only_by_this_command(self):
        made = self.api.CreateUserPool(PoolName='x', UserPoolTags={'poolhouse:id': 'eu-central-1_Chosen'})
        self.assertNotEqual('eu-central-1_Chosen', made['UserPool']['Id'])

    def refused(self, status, text, *words):
        done = self.leave(*words, check=False)
        self.assertEqual((status, ''), (done.returncode, done.stdout))
        self.assertIn(text, done.stderr)

    def test_other_files_are_refused(self):
        self.refused(1, 'this is not what describe-user-pool', 'config', self.file('x.json', {'a': 1}))
        self.refused(1, 'line 1', 'config', self.file('y.json', '{"a'))
        self.refused(1, 'cannot be read: No such file', 'config', 'nothing.json')
        self.refused(1, 'its user pool is not among the files', 'config',
                     next(f for f in self.files if 'client' in f))
        self.refused(2, 'say which files', 'config')
        self.refused(2, "did you mean 'config'?", 'confg')


if __name__ == '__main__':
    unittest.main()
