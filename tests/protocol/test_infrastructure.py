"""What infrastructure tools do: make a resource with every member, read it, send back what was read.

Terraform's provider for AWS and CloudFormation hold the whole document: they create with it, read
it back and compare; an update sends all of it again. A resource that reads back otherwise than it
was written shows a difference for ever. Which members an operation takes comes from the model, so
that one that it gains fails here until it is written and read, too.
"""
import base64
import unittest

import images
import model
from poolhouse import PoolhouseTest

ROLE = 'arn:aws:iam::000000000000:role/sms'
FUNCTION = 'arn:aws:lambda:eu-west-1:000000000000:function:f'
KEY = 'arn:aws:kms:eu-west-1:000000000000:key/01234567-89ab-4def-89ab-0123456789ab'
NOT_KEPT = {'AcrMapping'}  # accepted, as by the service (management.md 2.10)
VOLATILE = {'LastModifiedDate', 'CSSVersion', 'ImageUrl'}  # the latter two name the former

POOL = {
    'PoolName': 'everything',
    'Policies': {'PasswordPolicy': {
        'MinimumLength': 12, 'RequireUppercase': True, 'RequireLowercase': True,
        'RequireNumbers': True, 'RequireSymbols': False, 'PasswordHistorySize': 3,
        'TemporaryPasswordValidityDays': 2},
        'SignInPolicy': {'AllowedFirstAuthFactors': ['PASSWORD', 'WEB_AUTHN']}},
    'DeletionProtection': 'ACTIVE',
    'LambdaConfig': {
        **{name: FUNCTION for name in (
            'PreSignUp', 'CustomMessage', 'PostConfirmation', 'PreAuthentication',
            'PostAuthentication', 'DefineAuthChallenge', 'CreateAuthChallenge',
            'VerifyAuthChallengeResponse', 'UserMigration', 'PreTokenGeneration')},
        'PreTokenGenerationConfig': {'LambdaVersion': 'V2_0', 'LambdaArn': FUNCTION},
        'CustomSMSSender': {'LambdaVersion': 'V1_0', 'LambdaArn': FUNCTION},
        'CustomEmailSender': {'LambdaVersion': 'V1_0', 'LambdaArn': FUNCTION},
        'KMSKeyID': KEY},
    'AutoVerifiedAttributes': ['email', 'phone_number'],
    'AliasAttributes': ['email', 'preferred_username'],
    'SmsVerificationMessage': 'sms {####}',
    'EmailVerificationMessage': 'mail {####}',
    'EmailVerificationSubject': 'subject',
    'VerificationMessageTemplate': {
        'SmsMessage': 'sms {####}', 'EmailMessage': 'mail {####}', 'EmailSubject': 'subject',
        'EmailMessageByLink': 'click {##here##}', 'EmailSubjectByLink': 'by link',
        'DefaultEmailOption': 'CONFIRM_WITH_LINK'},
    'SmsAuthenticationMessage': 'auth {####}',
    'MfaConfiguration': 'OPTIONAL',
    'UserAttributeUpdateSettings': {'AttributesRequireVerificationBeforeUpdate': ['email']},
    'DeviceConfiguration': {'ChallengeRequiredOnNewDevice': True,
                            'DeviceOnlyRememberedOnUserPrompt': True},
    'EmailConfiguration': {
        'EmailSendingAccount': 'DEVELOPER', 'ReplyToEmailAddress': 'reply@example.com',
        'SourceArn': 'arn:aws:ses:eu-west-1:000000000000:identity/example.com',
        'From': 'Shop <shop@example.com>', 'ConfigurationSet': 'set'},
    'SmsConfiguration': {'SnsCallerArn': ROLE, 'ExternalId': 'x', 'SnsRegion': 'eu-west-1'},
    'UserPoolTags': {'team': 'blue'},
    'AdminCreateUserConfig': {
        'AllowAdminCreateUserOnly': True,
        'InviteMessageTemplate': {'SMSMessage': '{username} {####}',
                                  'EmailMessage': 'hello {username} {####}',
                                  'EmailSubject': 'welcome'}},
    'Schema': [{'Name': 'email', 'AttributeDataType': 'String', 'Required': True, 'Mutable': True,
                'StringAttributeConstraints': {'MinLength': '3', 'MaxLength': '320'}},
               {'Name': 'age', 'AttributeDataType': 'Number', 'Mutable': False,
                'NumberAttributeConstraints': {'MinValue': '1', 'MaxValue': '120'}},
               {'Name': 'note', 'AttributeDataType': 'String', 'DeveloperOnlyAttribute': True}],
    'UserPoolAddOns': {'AdvancedSecurityMode': 'ENFORCED',
                       'AdvancedSecurityAdditionalFlows': {'CustomAuthMode': 'AUDIT'}},
    'UsernameConfiguration': {'CaseSensitive': False},
    'AccountRecoverySetting': {'RecoveryMechanisms': [
        {'Priority': 2, 'Name': 'verified_phone_number'}, {'Priority': 1, 'Name': 'verified_email'}]},
    'UserPoolTier': 'PLUS',
    'KeyConfiguration': {'KeyType': 'AWS_OWNED_KEY'},
    'IssuerConfiguration': {'Type': 'ORIGINAL'},
    'AcrConfiguration': {f'Level{i}': {'AcrValue': f'urn:example:{i}'} for i in range(1, 5)},
    'DcrConfiguration': {'EnableStatus': 'Enabled', 'OpenDcrEnabled': True,
                         'AuthenticatedGrantTypes': ['code'], 'OpenDcrGrantTypes': ['code'],
                         'AllowedScopes': ['openid']},
}

CLIENT = {
    'ClientName': 'everything', 'GenerateSecret': True,
    'RefreshTokenValidity': 10, 'AccessTokenValidity': 20, 'IdTokenValidity': 30,
    'TokenValidityUnits': {'AccessToken': 'minutes', 'IdToken': 'minutes', 'RefreshToken': 'days'},
    'ReadAttributes': ['email', 'email_verified', 'custom:age'],
    'WriteAttributes': ['email', 'custom:age'],
    'ExplicitAuthFlows': ['ALLOW_USER_SRP_AUTH', 'ALLOW_CUSTOM_AUTH'],
    'SupportedIdentityProviders': ['COGNITO', 'Google'],
    'CallbackURLs': ['https://example.com/in', 'myapp://in'],
    'LogoutURLs': ['https://example.com/out'], 'DefaultRedirectURI': 'myapp://in',
    'AllowedOAuthFlows': ['code', 'implicit'],
    'AllowedOAuthScopes': ['openid', 'https://api/read'], 'AllowedOAuthFlowsUserPoolClient': True,
    'AnalyticsConfiguration': {
        'ApplicationArn': 'arn:aws:mobiletargeting:eu-west-1:000000000000:apps/0123abcd',
        'UserDataShared': True},
    'PreventUserExistenceErrors': 'ENABLED', 'EnableTokenRevocation': False,
    'EnablePropagateAdditionalUserContextData': True, 'AuthSessionValidity': 5,
    'RefreshTokenRotation': {'Feature': 'ENABLED', 'RetryGracePeriodSeconds': 10},
}

OAUTH = {'client_id': 'id', 'client_secret': 'secret', 'authorize_scopes': 'email profile'}
PROVIDERS = {
    'Google': OAUTH, 'LoginWithAmazon': OAUTH, 'Facebook': {**OAUTH, 'api_version': 'v19.0'},
    'OIDC': {**OAUTH, 'oidc_issuer': 'https://idp.example.com', 'attributes_request_method': 'GET',
             'authorize_url': 'https://idp.example.com/authorize',
             'token_url': 'https://idp.example.com/token',
             'attributes_url': 'https://idp.example.com/userinfo',
             'jwks_uri': 'https://idp.example.com/jwks'},
    'SignInWithApple': {'client_id': 'id', 'team_id': 'team', 'key_id': 'key',
                        'private_key': 'secret', 'authorize_scopes': 'email'},
}

ACTION = {'EventAction': 'BLOCK', 'Notify': True}
RISK = {
    'CompromisedCredentialsRiskConfiguration': {
        'EventFilter': ['SIGN_IN', 'PASSWORD_CHANGE', 'SIGN_UP'],
        'Actions': {'EventAction': 'BLOCK'}},
    'AccountTakeoverRiskConfiguration': {
        'NotifyConfiguration': {
            'From': 'a@example.com', 'ReplyTo': 'b@example.com',
            'SourceArn': 'arn:aws:ses:eu-west-1:000000000000:identity/example.com',
            **{email: {'Subject': 's', 'HtmlBody': '<p>html</p>', 'TextBody': 'a text'}
               for email in ('BlockEmail', 'NoActionEmail', 'MfaEmail')}},
        'Actions': {'LowAction': {**ACTION, 'EventAction': 'NO_ACTION'},
                    'MediumAction': {**ACTION, 'EventAction': 'MFA_IF_CONFIGURED'},
                    'HighAction': ACTION}},
    'RiskExceptionConfiguration': {'BlockedIPRangeList': ['10.0.0.0/8'],
                                   'SkippedIPRangeList': ['192.168.1.0/24']},
}


def stable(document):
    return {k: v for k, v in document.items() if k not in VOLATILE}


class Infrastructure(PoolhouseTest):

    @classmethod
    def prepare(cls):
        cls.facts = model.Model()

    def assert_kept(self, written, read, path=''):
        """All that was written is there; members that were added are none of a tool's business."""
        for name, value in written.items():
            if isinstance(value, dict):
                self.assertIn(name, read, path)
                self.assert_kept(value, read[name], f'{path}.{name}')
            else:
                self.assertEqual(value, read.get(name), f'{path}.{name}')

    def assert_complete(self, operation, document, besides=()):
        """The document has every member that the operation takes, except those of its address."""
        taken = set(self.facts.operations[operation].input.members)
        self.assertEqual(set(), taken - set(document) - set(besides) - NOT_KEPT, operation)

    def applied_again(self, update, read, describe, **address):
        """Sends back what was read, twice: nothing differs, either time."""
        takes = self.facts.operations[update].input.members
        for _ in range(2):
            back = {name: value for name, value in read.items() if name in takes}
            self.api.call(update, {**back, **address})
            after = describe()
            self.assertEqual(stable(read), stable(after))
            read = after

    def pool(self):
        return self.api.CreateUserPool(**POOL)['UserPool']['Id']

    def described(self, pool):
        return self.api.DescribeUserPool(UserPoolId=pool)['UserPool']

    def test_a_pool(self):
        self.assert_complete('CreateUserPool', POOL, ['UsernameAttributes'])
        pool = self.pool()
        read = self.described(pool)
        written = {k: v for k, v in POOL.items() if k not in ('Schema', 'PoolName')}
        self.assert_kept(written, read)
        self.assertEqual(POOL['PoolName'], read['Name'])
        by_name = {a['Name']: a for a in read['SchemaAttributes']}
        for entry, name in zip(POOL['Schema'], ('email', 'custom:age', 'dev:custom:note')):
            self.assert_kept({**entry, 'Name': name}, by_name[name])
        self.applied_again('UpdateUserPool', {**read, 'PoolName': read['Name']},
                           lambda: {**self.described(pool), 'PoolName': read['Name']},
                           UserPoolId=pool)

    def test_the_pool_of_a_tool_that_knows_only_the_older_members(self):
        """It names the life of temporary passwords as it was named once, and sends back both."""
        pool = self.new_pool(AdminCreateUserConfig={'UnusedAccountValidityDays': 30})
        read = self.described(pool)
        self.assertEqual(30, read['AdminCreateUserConfig']['UnusedAccountValidityDays'])
        self.assertEqual(30, read['Policies']['PasswordPolicy']['TemporaryPasswordValidityDays'])
        self.applied_again('UpdateUserPool', read, lambda: self.described(pool), UserPoolId=pool)

    def test_members_of_a_pool_that_exclude_those_above(self):
        written = {'SmsConfiguration': {'EumsSms': {
            'CallerArn': ROLE, 'ConfigurationSetName': 'set', 'ExternalId': 'x', 'InEntityId': '1',
            'InTemplateId': '2', 'OriginationIdentity': '+15550100', 'Region': 'eu-west-1'}},
            'LambdaConfig': {'InboundFederation': {'LambdaVersion': 'V1_0', 'LambdaArn': FUNCTION}},
            'KeyConfiguration': {'KeyType': 'CUSTOMER_MANAGED_KEY', 'KmsKeyArn': KEY}}
        pool = self.new_pool(MfaConfiguration='OPTIONAL', **written)
        self.assert_kept(written, self.described(pool))
        self.applied_again('UpdateUserPool', self.described(pool), lambda: self.described(pool),
                           UserPoolId=pool)

        def describe():
            return self.api.GetUserPoolMfaConfig(UserPoolId=pool)
        self.api.SetUserPoolMfaConfig(UserPoolId=pool, MfaConfiguration='ON', SmsMfaConfiguration={
            'SmsConfiguration': written['SmsConfiguration']})
        self.assertEqual(written['SmsConfiguration'],
                         describe()['SmsMfaConfiguration']['SmsConfiguration'])
        self.applied_again('SetUserPoolMfaConfig', describe(), describe, UserPoolId=pool)

    def test_lists_show_what_was_written(self):
        pool = self.pool()
        page, found = {}, None
        while found is None:
            page = self.api.ListUserPools(MaxResults=60, **(
                {'NextToken': page['NextToken']} if page else {}))
            found = next((p for p in page['UserPools'] if p['Id'] == pool), None)
        self.assertEqual(POOL['LambdaConfig'], found['LambdaConfig'])
        federated = self.new_pool(LambdaConfig={
            'InboundFederation': {'LambdaVersion': 'V1_0', 'LambdaArn': FUNCTION}})
        self.assertIn('InboundFederation', next(
            p for p in self.api.ListUserPools(MaxResults=60)['UserPools'] if p['Id'] == federated
        )['LambdaConfig'])
        written, _ = self.resource_server(pool)
        listed = self.api.ListResourceServers(UserPoolId=pool, MaxResults=1)['ResourceServers']
        self.assertEqual([{'UserPoolId': pool, **written}], listed)
        pool = self.new_pool()
        group = {'GroupName': 'g', 'Description': 'd', 'RoleArn': ROLE, 'Precedence': 3}
        made = self.api.CreateGroup(UserPoolId=pool, **group)['Group']
        self.assertEqual([made], self.api.ListGroups(UserPoolId=pool)['Groups'])
        self.api.AdminCreateUser(UserPoolId=pool, Username='ann', MessageAction='SUPPRESS')
        self.api.AdminAddUserToGroup(UserPoolId=pool, Username='ann', GroupName='g')
        self.assertEqual([made], self.api.AdminListGroupsForUser(
            UserPoolId=pool, Username='ann')['Groups'])

    def test_a_pool_that_signs_in_by_address(self):
        pool = self.new_pool(UsernameAttributes=['email', 'phone_number'])
        read = self.described(pool)
        self.assertEqual(['email', 'phone_number'], read['UsernameAttributes'])
        self.applied_again('UpdateUserPool', read, lambda: self.described(pool), UserPoolId=pool)

    def test_the_second_factors_of_a_pool(self):
        """Terraform sets them after the pool, and again before each update of it."""
        config = {'MfaConfiguration': 'OPTIONAL',
                  'SmsMfaConfiguration': {'SmsAuthenticationMessage': 'auth {####}',
                                          'SmsConfiguration': POOL['SmsConfiguration']},
                  'SoftwareTokenMfaConfiguration': {'Enabled': True},
                  'EmailMfaConfiguration': {'Message': 'code {####}', 'Subject': 'subject'},
                  'WebAuthnConfiguration': {'RelyingPartyId': 'example.com',
                                            'UserVerification': 'preferred'}}
        self.assert_complete('SetUserPoolMfaConfig', config, ['UserPoolId'])
        pool = self.pool()

        def describe():
            return self.api.GetUserPoolMfaConfig(UserPoolId=pool)
        self.api.SetUserPoolMfaConfig(UserPoolId=pool, **config)
        self.assert_kept(config, describe())
        self.applied_again('SetUserPoolMfaConfig', describe(), describe, UserPoolId=pool)
        before, read = describe(), self.described(pool)
        self.applied_again('UpdateUserPool', read, lambda: self.described(pool), UserPoolId=pool)
        self.assertEqual(before, describe())

    def test_an_app_client(self):
        self.assert_complete('CreateUserPoolClient', CLIENT, ['UserPoolId', 'ClientSecret'])
        pool = self.pool()
        self.google(pool)
        self.resource_server(pool)
        client = self.api.CreateUserPoolClient(UserPoolId=pool, **CLIENT)['UserPoolClient']
        address = {'UserPoolId': pool, 'ClientId': client['ClientId']}

        def describe():
            return self.api.DescribeUserPoolClient(**address)['UserPoolClient']
        self.assertEqual(client, describe())
        self.assert_kept({k: v for k, v in CLIENT.items() if k != 'GenerateSecret'}, client)
        self.applied_again('UpdateUserPoolClient', client, describe, **address)

    def test_an_app_client_whose_events_go_elsewhere(self):
        pool = self.new_pool()
        analytics = {'ApplicationId': '0123abcd', 'ExternalId': 'x', 'RoleArn': ROLE,
                     'UserDataShared': False}
        client = self.api.CreateUserPoolClient(
            UserPoolId=pool, ClientName='c', AnalyticsConfiguration=analytics)['UserPoolClient']
        self.assertEqual(analytics, client['AnalyticsConfiguration'])
        address = {'UserPoolId': pool, 'ClientId': client['ClientId']}
        self.applied_again('UpdateUserPoolClient', client,
                           lambda: self.api.DescribeUserPoolClient(**address)['UserPoolClient'],
                           **address)

    def test_an_app_client_with_nothing_but_a_name(self):
        pool = self.new_pool()
        client = self.api.CreateUserPoolClient(UserPoolId=pool, ClientName='c')['UserPoolClient']
        address = {'UserPoolId': pool, 'ClientId': client['ClientId']}
        self.applied_again('UpdateUserPoolClient', client,
                           lambda: self.api.DescribeUserPoolClient(**address)['UserPoolClient'],
                           **address)

    def test_a_custom_domain(self):
        name = f'{self.new_name()}.auth.example.com'
        certificate = 'arn:aws:acm:us-east-1:000000000000:certificate/'
        domain = {'Domain': name, 'ManagedLoginVersion': 2,
                  'CustomDomainConfig': {'CertificateArn': certificate + 'one',
                                         'SecurityPolicy': 'TLS_V1_2_2021'},
                  'Routing': {'Failover': {
                      'PrimaryRoute53HealthCheckId': '01234567-89ab-4def-89ab-0123456789ab',
                      'SecondaryRegion': 'eu-central-1'}}}
        self.assert_complete('CreateUserPoolDomain', domain, ['UserPoolId'])
        pool = self.new_pool()
        made = self.api.CreateUserPoolDomain(UserPoolId=pool, **domain)
        self.assertEqual(domain['Routing'], made['Routing'])
        self.assertTrue(made['CloudFrontDomain'])

        def describe():
            return self.api.DescribeUserPoolDomain(Domain=name)['DomainDescription']
        self.assertEqual('ACTIVE', describe()['Status'])
        self.assert_kept(domain, describe())
        self.applied_again('UpdateUserPoolDomain', describe(), describe, UserPoolId=pool)
        self.api.UpdateUserPoolDomain(
            UserPoolId=pool, Domain=name, CustomDomainConfig={'CertificateArn': certificate + 'two'})
        self.assertEqual(certificate + 'two', describe()['CustomDomainConfig']['CertificateArn'])
        self.assertEqual(2, describe()['ManagedLoginVersion'])
        self.api.DeleteUserPoolDomain(UserPoolId=pool, Domain=name)
        self.assertNotIn('Status', describe())  # how a tool sees that it is gone

    def test_a_prefix_domain(self):
        pool, name = self.new_pool(), self.new_name('prefix-')
        self.api.CreateUserPoolDomain(UserPoolId=pool, Domain=name)
        read = self.api.DescribeUserPoolDomain(Domain=name)['DomainDescription']
        self.assertEqual(('ACTIVE', {}, 1), (read['Status'], read['CustomDomainConfig'],
                                             read['ManagedLoginVersion']))
        self.assertEqual(name, self.described(pool)['Domain'])
        self.assertTrue(read['CloudFrontDistribution'] and read['S3Bucket'] and read['Version'])
        self.api.UpdateUserPoolDomain(UserPoolId=pool, Domain=name, ManagedLoginVersion=2)
        again = self.api.DescribeUserPoolDomain(Domain=name)['DomainDescription']
        self.assertEqual({**read, 'ManagedLoginVersion': 2, 'Version': again['Version']}, again)

    def resource_server(self, pool):
        server = {'Identifier': 'https://api', 'Name': 'everything', 'Scopes': [
            {'ScopeName': 'read', 'ScopeDescription': 'reads'},
            {'ScopeName': 'write', 'ScopeDescription': 'writes'}]}
        return server, self.api.CreateResourceServer(UserPoolId=pool, **server)['ResourceServer']

    def test_a_resource_server(self):
        pool = self.new_pool()
        written, made = self.resource_server(pool)
        self.assert_complete('CreateResourceServer', written, ['UserPoolId'])

        def describe():
            return self.api.DescribeResourceServer(
                UserPoolId=pool, Identifier='https://api')['ResourceServer']
        self.assertEqual({'UserPoolId': pool, **written}, describe())
        self.assertEqual(made, describe())
        self.applied_again('UpdateResourceServer', made, describe)

    def google(self, pool):
        self.api.CreateIdentityProvider(UserPoolId=pool, ProviderName='Google', ProviderType='Google',
                                        ProviderDetails=OAUTH)

    def test_identity_providers(self):
        for type_, details in PROVIDERS.items():
            with self.subTest(type_):
                pool = self.new_pool()
                name = type_ if type_ != 'OIDC' else 'corporate'
                provider = {'ProviderName': name, 'ProviderType': type_,
                            'ProviderDetails': details, 'AttributeMapping': {'email': 'mail'},
                            'IdpIdentifiers': ['one', 'two']}
                self.assert_complete('CreateIdentityProvider', provider, ['UserPoolId'])
                self.api.CreateIdentityProvider(UserPoolId=pool, **provider)

                def describe():
                    read = self.api.DescribeIdentityProvider(UserPoolId=pool, ProviderName=name)
                    return read['IdentityProvider']
                # Tools keep the key, which is never shown, and send it from their own state.
                hidden = {'private_key'} & set(details)
                shown = {k: v for k, v in details.items() if k not in hidden}
                self.assert_kept({**provider, 'ProviderDetails': shown}, describe())
                read = describe()
                back = {**read['ProviderDetails'], **{k: details[k] for k in hidden}}
                self.applied_again('UpdateIdentityProvider', read, describe,
                                   **({'ProviderDetails': back} if hidden else {}))

    def test_a_group(self):
        pool = self.new_pool()
        group = {'GroupName': 'everything', 'Description': 'd', 'Precedence': 0, 'RoleArn': ROLE}
        self.assert_complete('CreateGroup', group, ['UserPoolId'])
        made = self.api.CreateGroup(UserPoolId=pool, **group)['Group']

        def describe():
            return self.api.GetGroup(UserPoolId=pool, GroupName='everything')['Group']
        self.assert_kept(group, made)
        self.assertEqual(made, describe())
        self.applied_again('UpdateGroup', made, describe)

    def test_a_user_and_its_groups(self):
        pool = self.new_pool(Schema=[{'Name': 'team', 'AttributeDataType': 'String'}])
        written = {'email': 'ann@example.com', 'email_verified': 'true', 'custom:team': 'blue'}
        made = self.api.AdminCreateUser(
            UserPoolId=pool, Username='ann', MessageAction='SUPPRESS', TemporaryPassword='Passw0rd!',
            UserAttributes=[{'Name': k, 'Value': v} for k, v in written.items()])['User']

        def describe():
            return self.api.AdminGetUser(UserPoolId=pool, Username='ann')
        read = {a['Name']: a['Value'] for a in describe()['UserAttributes']}
        self.assertEqual(read.pop('sub'), made['Attributes'][0]['Value'])
        self.assertEqual(written, read)
        self.assertEqual(made['Attributes'], describe()['UserAttributes'])
        before = describe()
        self.api.AdminUpdateUserAttributes(UserPoolId=pool, Username='ann', UserAttributes=[
            a for a in before['UserAttributes'] if a['Name'] != 'sub'])
        self.assertEqual({a['Name']: a['Value'] for a in before['UserAttributes']},
                         {a['Name']: a['Value'] for a in describe()['UserAttributes']})
        self.assertEqual((True, 'FORCE_CHANGE_PASSWORD'), (before['Enabled'], before['UserStatus']))
        for group in ('a', 'b'):
            self.api.CreateGroup(UserPoolId=pool, GroupName=group)
            for _ in range(2):
                self.api.AdminAddUserToGroup(UserPoolId=pool, Username='ann', GroupName=group)
        groups = self.api.AdminListGroupsForUser(UserPoolId=pool, Username='ann')['Groups']
        self.assertEqual(['a', 'b'], [g['GroupName'] for g in groups])

    def test_a_risk_configuration(self):
        self.assert_complete('SetRiskConfiguration', RISK, ['UserPoolId', 'ClientId'])
        pool = self.pool()
        client = self.new_client(pool)
        for address in ({'UserPoolId': pool}, {'UserPoolId': pool, 'ClientId': client}):
            def describe(address=address):
                return self.api.DescribeRiskConfiguration(**address)['RiskConfiguration']
            self.assertEqual(stable(address), describe())
            self.api.SetRiskConfiguration(**address, **RISK)
            self.assert_kept(RISK, describe())
            self.applied_again('SetRiskConfiguration', describe(), describe)

    def test_the_delivery_of_logs(self):
        pool = self.pool()
        entries = [{'LogLevel': 'ERROR', 'EventSource': 'userNotification',
                    'CloudWatchLogsConfiguration': {
                        'LogGroupArn': 'arn:aws:logs:eu-west-1:000000000000:log-group:g'}},
                   {'LogLevel': 'INFO', 'EventSource': 'userAuthEvents',
                    'S3Configuration': {'BucketArn': 'arn:aws:s3:::bucket'}}]
        stream = {'LogLevel': 'INFO', 'EventSource': 'userAuthEvents', 'FirehoseConfiguration': {
            'StreamArn': 'arn:aws:firehose:eu-west-1:000000000000:deliverystream/s'}}

        def describe():
            return self.api.GetLogDeliveryConfiguration(UserPoolId=pool)['LogDeliveryConfiguration']
        self.api.SetLogDeliveryConfiguration(UserPoolId=pool, LogConfigurations=[stream])
        self.assertEqual([stream], describe()['LogConfigurations'])
        self.api.SetLogDeliveryConfiguration(UserPoolId=pool, LogConfigurations=entries)
        self.assertEqual({'UserPoolId': pool, 'LogConfigurations': entries}, describe())
        self.applied_again('SetLogDeliveryConfiguration', describe(), describe)

    def test_the_looks_of_the_classic_pages(self):
        looks = {'CSS': '.banner-customizable { padding: 1px; }',
                 'ImageFile': base64.b64encode(images.png()).decode()}
        self.assert_complete('SetUICustomization', looks, ['UserPoolId', 'ClientId'])
        pool = self.new_pool()
        self.api.CreateUserPoolDomain(UserPoolId=pool, Domain=self.new_name('looks-'))
        for client in ('ALL', self.new_client(pool)):
            address = {'UserPoolId': pool, 'ClientId': client}

            def describe(address=address):
                return self.api.GetUICustomization(**address)['UICustomization']
            self.api.SetUICustomization(**address, **looks)
            self.assert_kept({**address, 'CSS': looks['CSS']}, describe())
            self.assertIn('ImageUrl', describe())
            # Tools keep the image, which is shown as its address, and send it from their own state.
            self.applied_again('SetUICustomization', describe(), describe,
                               ImageFile=looks['ImageFile'])
            self.assertIn('ImageUrl', describe())

    def test_a_style_of_managed_login(self):
        style = {'Settings': {'components': {'alert': {'borderRadius': 2.5}}, 'own': [1, None, 'ä']},
                 'Assets': [{'Category': 'IDP_BUTTON_ICON', 'ColorMode': 'DARK', 'Extension': 'PNG',
                             'Bytes': base64.b64encode(images.png()).decode(), 'ResourceId': 'one'}]}
        self.assert_complete('CreateManagedLoginBranding', style,
                             ['UserPoolId', 'ClientId', 'UseCognitoProvidedValues'])
        pool = self.new_pool()
        for source in (style, {'UseCognitoProvidedValues': True, 'Assets': style['Assets']}):
            owner = {'UserPoolId': pool, 'ClientId': self.new_client(pool)}
            made = self.api.CreateManagedLoginBranding(**owner, **source)['ManagedLoginBranding']
            address = {k: made[k] for k in ('UserPoolId', 'ManagedLoginBrandingId')}

            def describe(address=address):
                return self.api.DescribeManagedLoginBranding(**address)['ManagedLoginBranding']
            self.assert_kept(source, describe())
            self.assertEqual(made, describe())
            self.applied_again('UpdateManagedLoginBranding', made, describe)
            self.assertEqual(describe(), self.api.DescribeManagedLoginBrandingByClient(
                **owner)['ManagedLoginBranding'])

    def test_terms(self):
        pool = self.new_pool()
        terms = {'ClientId': self.new_client(pool), 'TermsName': 'terms-of-use',
                 'TermsSource': 'LINK', 'Enforcement': 'NONE',
                 'Links': {'cognito:default': 'https://example.com/terms',
                           'cognito:french': 'https://example.com/fr/terms'}}
        self.assert_complete('CreateTerms', terms, ['UserPoolId'])
        made = self.api.CreateTerms(UserPoolId=pool, **terms)['Terms']

        def describe():
            return self.api.DescribeTerms(UserPoolId=pool, TermsId=made['TermsId'])['Terms']
        self.assert_kept(terms, describe())
        self.assertEqual(made, describe())
        self.applied_again('UpdateTerms', made, describe)
        listed, = self.api.ListTerms(UserPoolId=pool)['Terms']
        self.assertEqual({name: describe()[name] for name in listed}, listed)

    def test_the_secrets_of_an_app_client(self):
        """They are replaced by adding one and deleting the other; the client reads back as before."""
        pool = self.new_pool()
        address = {'UserPoolId': pool, 'ClientId': self.new_client(pool, GenerateSecret=True)}

        def listed():
            return self.api.ListUserPoolClientSecrets(**address)['ClientSecrets']

        def describe():
            return self.api.DescribeUserPoolClient(**address)['UserPoolClient']
        old, = listed()
        added = self.api.AddUserPoolClientSecret(
            **address, ClientSecret='secret' * 6)['ClientSecretDescriptor']
        self.assertEqual([old, added], listed())
        self.applied_again('UpdateUserPoolClient', describe(), describe, **address)
        self.assertEqual([old, added], listed())
        self.api.DeleteUserPoolClientSecret(**address, ClientSecretId=old['ClientSecretId'])
        self.assertEqual([added], listed())
        self.assertEqual('secret' * 6, describe()['ClientSecret'])
        self.applied_again('UpdateUserPoolClient', describe(), describe, **address)
        self.assertEqual([added], listed())

    def test_the_sessions_of_a_pool_and_of_an_app_client(self):
        pool = self.pool()
        client = self.new_client(pool)
        for owner, address, written in (
                ('UserPool', {'UserPoolId': pool},
                 {'UserSessionTracking': 'ENABLED', 'TokenSession': {'MaxPerUser': 3}}),
                ('UserPoolClient', {'UserPoolId': pool, 'ClientId': client},
                 {'SSOSession': {'MaxValidityMinutes': 0}})):
            change = f'Set{owner}SessionConfiguration'
            self.assert_complete(change, written, address)

            def describe(read=f'Get{owner}SessionConfiguration', address=address):
                return self.api.call(read, address)
            self.api.call(change, {**address, **written})
            self.assertEqual({**address, **written}, describe())
            self.applied_again(change, describe(), describe)
        read = self.described(pool)
        self.applied_again('UpdateUserPool', read, lambda: self.described(pool), UserPoolId=pool)
        self.assertEqual('ENABLED', self.api.GetUserPoolSessionConfiguration(
            UserPoolId=pool)['UserSessionTracking'])

    def test_tags(self):
        pool = self.pool()
        arn = self.described(pool)['Arn']
        self.api.TagResource(ResourceArn=arn, Tags={'a': '1', 'team': 'green'})
        self.assertEqual({'a': '1', 'team': 'green'}, self.described(pool)['UserPoolTags'])
        self.api.UntagResource(ResourceArn=arn, TagKeys=['a'])
        self.assertEqual({'team': 'green'}, self.api.ListTagsForResource(ResourceArn=arn)['Tags'])


if __name__ == '__main__':
    unittest.main()
