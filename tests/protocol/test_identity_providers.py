"""Identity providers: made, read back, changed, found, listed; what clients may name."""
import unittest

from poolhouse import PoolhouseTest

OIDC = {'client_id': 'a', 'client_secret': 'b', 'authorize_scopes': 'openid',
        'oidc_issuer': 'https://issuer.example.com', 'attributes_request_method': 'GET'}
SAML = {'MetadataURL': 'https://idp.example.com/metadata'}


class IdentityProviders(PoolhouseTest):

    def setUp(self):
        self.pool = self.new_pool()

    def made(self, name='mine', kind='OIDC', details=None, **members):
        return self.boto.create_identity_provider(
            UserPoolId=self.pool, ProviderName=name, ProviderType=kind,
            ProviderDetails=details or OIDC, **members)['IdentityProvider']

    def test_a_provider_reads_back_what_was_given_and_what_its_type_adds(self):
        made = self.made()
        self.assertEqual({**OIDC, 'attributes_url_add_attributes': 'false'},
                         made['ProviderDetails'])
        self.assertEqual({'username': 'sub'}, made['AttributeMapping'])
        self.assertEqual([], made['IdpIdentifiers'])
        self.assertEqual(('mine', 'OIDC', self.pool),
                         (made['ProviderName'], made['ProviderType'], made['UserPoolId']))
        self.assertEqual(made, self.boto.describe_identity_provider(
            UserPoolId=self.pool, ProviderName='mine')['IdentityProvider'])
        google = self.made('Google', 'Google', {'client_id': 'a', 'client_secret': 'b',
                                                'authorize_scopes': 'c'})['ProviderDetails']
        self.assertEqual('https://accounts.google.com', google['oidc_issuer'])
        self.assertEqual('https://accounts.google.com/o/oauth2/v2/auth', google['authorize_url'])
        self.assertEqual({}, self.made('saml', 'SAML', SAML)['AttributeMapping'])

    def test_names_are_taken_once(self):
        self.made()
        with self.assert_error('DuplicateProviderException', 'A provider with the name mine '
                               f'already exists in user pool {self.pool}.'):
            self.made()
        with self.assert_error('InvalidParameterException',
                               'Provider mine cannot be of type Google.'):
            self.made('mine', 'Google')

    def test_an_update_replaces_what_it_names(self):
        self.made(IdpIdentifiers=['one'], AttributeMapping={'email': 'mail'})
        place = {'UserPoolId': self.pool, 'ProviderName': 'mine'}
        details = {**OIDC, 'client_id': 'new'}
        changed = self.boto.update_identity_provider(ProviderDetails=details,
                                                     **place)['IdentityProvider']
        self.assertEqual('new', changed['ProviderDetails']['client_id'])
        self.assertEqual({'email': 'mail', 'username': 'sub'}, changed['AttributeMapping'])
        self.assertEqual(['one'], changed['IdpIdentifiers'])
        changed = self.boto.update_identity_provider(IdpIdentifiers=[], **place)
        self.assertEqual([], changed['IdentityProvider']['IdpIdentifiers'])

    def test_identifiers_find_their_provider(self):
        self.made(IdpIdentifiers=['one', 'two'])
        found = self.boto.get_identity_provider_by_identifier(UserPoolId=self.pool,
                                                              IdpIdentifier='two')
        self.assertEqual('mine', found['IdentityProvider']['ProviderName'])
        with self.assert_error('InvalidParameterException', 'An identity provider identifier can '
                               'be used only once in a user pool.'):
            self.made('other', IdpIdentifiers=['two'])
        self.boto.update_identity_provider(UserPoolId=self.pool, ProviderName='mine',
                                           IdpIdentifiers=['one'])
        self.refused('ResourceNotFoundException', 'Identity provider two does not exist.',
                     'GetIdentityProviderByIdentifier', UserPoolId=self.pool, IdpIdentifier='two')
        self.made('other', IdpIdentifiers=['two'])

    def test_unknown_providers_are_refused(self):
        for operation in ('DescribeIdentityProvider', 'UpdateIdentityProvider',
                          'DeleteIdentityProvider'):
            self.refused('ResourceNotFoundException', 'Identity provider none does not exist.',
                         operation, UserPoolId=self.pool, ProviderName='none')

    def test_lists_go_on_page_by_page(self):
        for i in range(3):
            self.made(f'mine{i}')
        first = self.boto.list_identity_providers(UserPoolId=self.pool, MaxResults=2)
        self.assertEqual({'ProviderName', 'ProviderType', 'LastModifiedDate', 'CreationDate'},
                         set(first['Providers'][0]))
        rest = self.boto.list_identity_providers(UserPoolId=self.pool, MaxResults=2,
                                                 NextToken=first['NextToken'])
        self.assertEqual(['mine2'], [p['ProviderName'] for p in rest['Providers']])

    def test_clients_name_providers_until_they_are_deleted(self):
        place = {'UserPoolId': self.pool, 'ClientName': 'app'}
        with self.assert_error('InvalidParameterException',
                               f'The provider mine does not exist for User Pool {self.pool}.'):
            self.boto.create_user_pool_client(SupportedIdentityProviders=['mine'], **place)
        self.made()
        both, only = (self.boto.create_user_pool_client(
            SupportedIdentityProviders=names, **place)['UserPoolClient']
            for names in (['COGNITO', 'mine'], ['mine']))
        self.assertEqual(['COGNITO', 'mine'], both['SupportedIdentityProviders'])
        self.boto.delete_identity_provider(UserPoolId=self.pool, ProviderName='mine')
        both, only = (self.boto.describe_user_pool_client(
            UserPoolId=self.pool, ClientId=c['ClientId'])['UserPoolClient'] for c in (both, only))
        self.assertEqual(['COGNITO'], both['SupportedIdentityProviders'])
        self.assertNotIn('SupportedIdentityProviders', only)


if __name__ == '__main__':
    unittest.main()
