"""Users linked to identities at other providers: what is stored, shown and refused."""
import concurrent.futures
import json
import time
import unittest

from poolhouse import ApiError, PoolhouseTest, attributes, claims

METADATA = ('<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" '
            'entityID="https://idp.example/saml"/>')
MERGING = ('Merging is not currently supported, provide a SourceUser that has not been signed up '
           'in order to link')
UNKNOWN = 'Invalid ProviderName/Username combination. Please check again'
LINKED = 'SourceUser is already linked to DestinationUser'


def user(provider, value, attribute='Cognito_Subject'):
    return {'ProviderName': provider, 'ProviderAttributeName': attribute,
            'ProviderAttributeValue': value}


class LinkedUsers(PoolhouseTest):

    @classmethod
    def prepare(cls):
        cls.pool = cls.pool_with_providers(UsernameConfiguration={'CaseSensitive': False})
        cls.client = cls.new_client(cls.pool)

    @classmethod
    def pool_with_providers(cls, **members):
        pool = cls.new_pool(**members)
        for name, type_, details, mapping in (
                ('Google', 'Google', {'client_id': 'i', 'client_secret': 's',
                                      'authorize_scopes': 'openid'}, {'email': 'email'}),
                ('Corp', 'SAML', {'MetadataFile': METADATA}, {'email': 'mail'}),
                ('Oidc', 'OIDC', {'client_id': 'i', 'authorize_scopes': 'openid',
                                  'oidc_issuer': 'https://op.example',
                                  'attributes_request_method': 'GET'}, {'name': 'nick'})):
            cls.api.CreateIdentityProvider(UserPoolId=pool, ProviderName=name, ProviderType=type_,
                                           ProviderDetails=details, AttributeMapping=mapping)
        return pool

    def link(self, name, source, pool=None):
        return self.api.AdminLinkProviderForUser(
            UserPoolId=pool or self.pool, DestinationUser=user('Cognito', name),
            SourceUser=source)

    def disable(self, given, pool=None):
        return self.api.AdminDisableProviderForUser(UserPoolId=pool or self.pool, User=given)

    def identities(self, name, pool=None):
        got = attributes(self.api.AdminGetUser(UserPoolId=pool or self.pool, Username=name))
        return json.loads(got.get('identities', '[]'))

    def refuses_link(self, type_, text, destination, source, pool=None):
        self.refused(type_, text, 'AdminLinkProviderForUser', UserPoolId=pool or self.pool,
                     DestinationUser=destination, SourceUser=source)

    def test_a_link_is_read_back_through_boto3(self):
        name, before = self.new_user(self.pool), int(time.time() * 1000)
        reply = self.boto.admin_link_provider_for_user(
            UserPoolId=self.pool, DestinationUser=user('Cognito', name),
            SourceUser=user('Google', 'g-1'))
        self.assertEqual({'ResponseMetadata'}, set(reply))
        one, = self.identities(name)
        self.assertLessEqual(before, one.pop('dateCreated'))
        self.assertEqual({'userId': 'g-1', 'providerName': 'Google', 'providerType': 'Google',
                          'issuer': None, 'primary': False}, one)
        found = self.boto.list_users(UserPoolId=self.pool, Filter=f'username = "{name}"')['Users']
        self.assertEqual([one['userId']], [i['userId'] for i in json.loads(
            attributes(found[0], 'Attributes')['identities'])])
        self.assertEqual('CONFIRMED', found[0]['UserStatus'])

    def test_links_of_each_kind_are_listed_in_order(self):
        name = self.new_user(self.pool)
        self.link(name, user('Google', 'k-1'))
        self.link(name, user('Corp', 'K@Example.com', 'email'))
        self.link(name, user('Oidc', 'k-3'))
        self.assertEqual([('Google', 'Google', None), ('Corp', 'SAML', 'https://idp.example/saml'),
                          ('Oidc', 'OIDC', None)],
                         [(i['providerName'], i['providerType'], i['issuer'])
                          for i in self.identities(name)])
        self.assertEqual('K@Example.com', self.identities(name)[1]['userId'])

    def test_tokens_tell_of_links_with_strings(self):
        name = self.new_user(self.pool)
        client = self.new_client(self.pool, ReadAttributes=['email'])
        self.assertNotIn('identities', claims(self.tokens(client, name)['IdToken'])[1])
        self.link(name, user('Google', 'c-1'))
        tokens = self.tokens(client, name)
        stored, = self.identities(name)
        self.assertEqual([{**stored, 'primary': 'false',
                           'dateCreated': str(stored['dateCreated'])}],
                         claims(tokens['IdToken'])[1]['identities'])
        self.assertNotIn('identities', claims(tokens['AccessToken'])[1])

    def test_a_user_sees_his_links(self):
        name = self.new_user(self.pool)
        self.link(name, user('Google', 's-1'))
        got = attributes(self.api.GetUser(
            AccessToken=self.tokens(self.client, name)['AccessToken']))
        self.assertEqual('s-1', json.loads(got['identities'])[0]['userId'])

    def test_nobody_writes_them_directly(self):
        name = self.new_user(self.pool)
        self.link(name, user('Google', 'w-1'))
        text = 'user.identities: Attribute cannot be updated.\n'
        self.invalid(text, 'AdminUpdateUserAttributes', UserPoolId=self.pool, Username=name,
                     UserAttributes=[{'Name': 'identities', 'Value': '[]'}])
        self.invalid(text, 'AdminDeleteUserAttributes', UserPoolId=self.pool, Username=name,
                     UserAttributeNames=['identities'])
        self.assertEqual(1, len(self.identities(name)))

    def test_a_sixth_link_is_refused(self):
        name = self.new_user(self.pool)
        for i in range(5):
            self.link(name, user('Oidc', f'five-{i}'))
        self.refuses_link('LimitExceededException', 'A user can have at most 5 linked identities.',
                          user('Cognito', name), user('Oidc', 'five-5'))
        self.disable(user('Oidc', 'five-2'))
        self.link(name, user('Oidc', 'five-5'))
        self.assertEqual([0, 1, 3, 4, 5],
                         [int(i['userId'][-1]) for i in self.identities(name)])

    def test_an_identity_belongs_to_one_user(self):
        first, second = self.new_user(self.pool), self.new_user(self.pool)
        self.link(first, user('Google', 'one'))
        self.refuses_link('InvalidParameterException', LINKED, user('Cognito', first),
                          user('Google', 'one'))
        self.refuses_link('AliasExistsException', LINKED, user('Cognito', second),
                          user('Google', 'one'))
        self.link(second, user('Oidc', 'one'))
        self.link(second, user('Google', 'ONE'))

    def test_a_linked_user_may_be_named_by_his_identity(self):
        name = self.new_user(self.pool)
        self.link(name, user('Google', 'dest'))
        self.api.AdminLinkProviderForUser(
            UserPoolId=self.pool, DestinationUser={'ProviderName': 'Google',
                                                   'ProviderAttributeValue': 'dest'},
            SourceUser=user('Oidc', 'dest-2'))
        self.assertEqual(2, len(self.identities(name)))
        self.refuses_link('UserNotFoundException', 'User does not exist.', user('Google', 'nobody'),
                          user('Oidc', 'x'))

    def test_a_source_with_a_profile_is_refused(self):
        profile = self.new_user(self.pool, 'google_has-profile')
        self.refuses_link('InvalidParameterException', MERGING, user('Cognito', self.new_user(self.pool)),
                          user('Google', 'Has-Profile'))
        self.assertEqual([], self.identities(profile))

    def test_sources_that_cannot_be(self):
        name = user('Cognito', self.new_user(self.pool))
        for text, source in (
                ('Invalid SourceUser: Cognito users with a username/password may not be passed in '
                 'as a SourceUser, only as a DestinationUser', user('Cognito', 'ann')),
                (UNKNOWN, user('Nowhere', '1')),
                ('Invalid SourceUser: ProviderName, ProviderAttributeName and '
                 'ProviderAttributeValue are required', {'ProviderName': 'Google'}),
                ('Invalid SourceUser: ProviderName, ProviderAttributeName and '
                 'ProviderAttributeValue are required', user('Google', '')),
                ('Invalid SourceUser: ProviderAttributeValue is too long',
                 user('Google', 'x' * 2049)),
                ('Invalid SourceUser: ProviderAttributeName must be Cognito_Subject for social '
                 'identity providers', user('Google', 'a@example.com', 'email')),
                ('Invalid SourceUser: ProviderAttributeName must be Cognito_Subject or an '
                 'attribute that is mapped by the identity provider',
                 user('Oidc', 'a@example.com', 'email'))):
            with self.subTest(text):
                self.refuses_link('InvalidParameterException', text, name, source)

    def test_destinations_that_cannot_be(self):
        source = user('Google', 'free')
        self.refuses_link('UserNotFoundException', 'User does not exist.',
                          user('Cognito', 'nobody'), source)
        self.refuses_link('InvalidParameterException', UNKNOWN, user('Nowhere', 'x'), source)
        self.refuses_link('InvalidParameterException',
                          'Invalid DestinationUser: ProviderName and ProviderAttributeValue are '
                          'required', {'ProviderName': 'Cognito'}, source)
        self.refuses_link('ResourceNotFoundException',
                          'User pool eu-west-1_nonsense does not exist.',
                          user('Cognito', 'x'), source, pool='eu-west-1_nonsense')

    def test_immutable_attributes_forbid_links(self):
        pool = self.pool_with_providers(Schema=[
            {'Name': 'badge', 'AttributeDataType': 'String', 'Mutable': False},
            {'Name': 'team', 'AttributeDataType': 'String', 'Mutable': True}])
        badge = self.new_user(pool, custom_badge='7')
        self.refuses_link('InvalidParameterException',
                          'Invalid DestinationUser: a user with immutable custom attributes cannot '
                          'be linked', user('Cognito', badge), user('Google', '7'), pool=pool)
        self.link(self.new_user(pool, custom_team='a'), user('Google', '7'), pool)

    def test_values_of_attributes_are_compared_as_names_are(self):
        first, second = self.new_user(self.pool), self.new_user(self.pool)
        self.link(first, user('Corp', 'Case@Example.com', 'email'))
        self.refuses_link('AliasExistsException', LINKED, user('Cognito', second),
                          user('Corp', 'case@example.COM', 'email'))
        self.disable(user('Corp', 'CASE@example.com', 'email'))
        self.assertEqual([], self.identities(first))

    def test_a_link_is_taken_away(self):
        name = self.new_user(self.pool)
        self.link(name, user('Google', 'away'))
        reply = self.boto.admin_disable_provider_for_user(UserPoolId=self.pool,
                                                          User=user('Google', 'away'))
        self.assertEqual({'ResponseMetadata'}, set(reply))
        self.assertNotIn('identities', attributes(
            self.api.AdminGetUser(UserPoolId=self.pool, Username=name)))
        self.refused('UserNotFoundException', 'User does not exist.', 'AdminDisableProviderForUser',
                     UserPoolId=self.pool, User=user('Google', 'away'))
        self.link(self.new_user(self.pool), user('Google', 'away'))

    def test_what_cannot_be_taken_away(self):
        for text, given in (
                (UNKNOWN, user('Nowhere', '1')),
                ('ProviderName, ProviderAttributeName and ProviderAttributeValue are required',
                 {'ProviderName': 'Google', 'ProviderAttributeName': 'Cognito_Subject'}),
                ('ProviderAttributeName must be Cognito_Subject for the provider Cognito',
                 user('Cognito', 'ann', 'email'))):
            with self.subTest(text):
                self.invalid(text, 'AdminDisableProviderForUser', UserPoolId=self.pool, User=given)
        self.refused('UserNotFoundException', 'User does not exist.', 'AdminDisableProviderForUser',
                     UserPoolId=self.pool, User=user('Cognito', 'nobody'))

    def test_a_native_user_loses_his_password(self):
        name = self.new_user(self.pool, email='lost@example.com', email_verified='true')
        token = self.tokens(self.client, name)['AccessToken']
        self.api.ForgotPassword(ClientId=self.client, Username=name)
        code = self.server.code(name)
        self.disable(user('Cognito', name))
        got = self.api.AdminGetUser(UserPoolId=self.pool, Username=name)
        self.assertEqual(('EXTERNAL_PROVIDER', True), (got['UserStatus'], got['Enabled']))
        with self.assert_error('NotAuthorizedException', 'Incorrect username or password.'):
            self.tokens(self.client, name)
        self.refused('NotAuthorizedException', 'User password cannot be reset in the current state.',
                     'ForgotPassword', ClientId=self.client, Username=name)
        self.refused('ExpiredCodeException', None, 'ConfirmForgotPassword', ClientId=self.client,
                     Username=name, ConfirmationCode=code, Password='Passw0rd!2')
        self.refused('NotAuthorizedException', 'Incorrect username or password.', 'ChangePassword',
                     AccessToken=token, ProposedPassword='Passw0rd!2')
        self.disable(user('Cognito', name))
        self.api.AdminSetUserPassword(UserPoolId=self.pool, Username=name, Password='Passw0rd!3',
                                      Permanent=True)
        self.tokens(self.client, name, 'Passw0rd!3')
        self.assertEqual('EXTERNAL_PROVIDER', self.api.AdminGetUser(
            UserPoolId=self.pool, Username=name)['UserStatus'])

    def test_links_go_with_the_user(self):
        name = self.new_user(self.pool)
        self.link(name, user('Google', 'goes'))
        self.api.AdminDeleteUser(UserPoolId=self.pool, Username=name)
        again = self.new_user(self.pool, name)
        self.assertEqual([], self.identities(again))
        self.link(again, user('Google', 'goes'))

    def test_a_provider_of_the_same_name_is_another_one(self):
        pool = self.pool_with_providers()
        first, second = self.new_user(pool), self.new_user(pool)
        self.link(first, user('Corp', 'same'), pool)
        self.api.DeleteIdentityProvider(UserPoolId=pool, ProviderName='Corp')
        self.refuses_link('InvalidParameterException', UNKNOWN, user('Cognito', second),
                          user('Corp', 'same'), pool=pool)
        self.api.CreateIdentityProvider(UserPoolId=pool, ProviderName='Corp', ProviderType='SAML',
                                        ProviderDetails={'MetadataFile': METADATA})
        self.refuses_link('UserNotFoundException', 'User does not exist.', user('Corp', 'same'),
                          user('Google', 'z'), pool=pool)
        self.link(second, user('Corp', 'same'), pool)

    def test_of_many_links_at_once_one_wins(self):
        names = [self.new_user(self.pool) for _ in range(6)]

        def link(name):
            try:
                self.link(name, user('Google', 'race'))
                return None
            except ApiError as e:
                return e.type

        with concurrent.futures.ThreadPoolExecutor(6) as threads:
            ends = list(threads.map(link, names))
        self.assertEqual([None] + ['AliasExistsException'] * 5, sorted(ends, key=str)[::-1][:1] +
                         sorted(e for e in ends if e))
        self.assertEqual(1, sum(len(self.identities(n)) for n in names))

    def test_many_links_of_one_user_keep_to_the_limit(self):
        name = self.new_user(self.pool)

        def link(i):
            while True:
                try:
                    self.link(name, user('Oidc', f'many-{i}'))
                    return None
                except ApiError as e:
                    if e.type != 'TooManyRequestsException':
                        return e.type

        with concurrent.futures.ThreadPoolExecutor(8) as threads:
            ends = list(threads.map(link, range(8)))
        self.assertEqual((5, 3), (ends.count(None), ends.count('LimitExceededException')))
        self.assertEqual(5, len(self.identities(name)))


if __name__ == '__main__':
    unittest.main()
