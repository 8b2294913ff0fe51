"""Two secrets of an app client: added, listed, accepted side by side, deleted."""
import concurrent.futures
import unittest

from poolhouse import ApiError, PoolhouseTest, secret_hash

FIRST, SECOND = 'first' * 6, 'second' * 6


class ClientSecrets(PoolhouseTest):

    @classmethod
    def prepare(cls):
        cls.pool = cls.new_pool()

    def confidential(self, **members):
        return self.new_client(self.pool, ClientSecret=FIRST, **members)

    def add(self, client, **members):
        return self.api.AddUserPoolClientSecret(
            UserPoolId=self.pool, ClientId=client, **members)['ClientSecretDescriptor']

    def listed(self, client):
        return self.api.ListUserPoolClientSecrets(UserPoolId=self.pool, ClientId=client)

    def delete(self, client, secret):
        return self.api.DeleteUserPoolClientSecret(
            UserPoolId=self.pool, ClientId=client, ClientSecretId=secret)

    def described(self, client):
        return self.api.DescribeUserPoolClient(
            UserPoolId=self.pool, ClientId=client)['UserPoolClient']

    def ids(self, client):
        return [s['ClientSecretId'] for s in self.listed(client)['ClientSecrets']]

    def test_a_generated_secret_is_shown_once(self):
        client = self.confidential()
        added = self.add(client)
        self.assertEqual({'ClientSecretId', 'ClientSecretValue', 'ClientSecretCreateDate'},
                         set(added))
        self.assertRegex(added['ClientSecretValue'], r'^[0-9a-z]{51}$')
        self.assertRegex(added['ClientSecretId'], f'^{client}--[0-9]+$')
        listed = self.listed(client)
        self.assertNotIn('NextToken', listed)
        self.assertEqual([{'ClientSecretId', 'ClientSecretCreateDate'}] * 2,
                         [set(s) for s in listed['ClientSecrets']])
        self.assertEqual(added['ClientSecretId'], listed['ClientSecrets'][1]['ClientSecretId'])
        self.assertEqual(added['ClientSecretCreateDate'],
                         listed['ClientSecrets'][1]['ClientSecretCreateDate'])

    def test_a_secret_of_the_callers_choice_is_not_shown(self):
        client = self.confidential()
        added = self.add(client, ClientSecret=SECOND)
        self.assertEqual({'ClientSecretId', 'ClientSecretCreateDate'}, set(added))

    def test_a_pinned_secret_is_what_is_generated(self):
        client = self.confidential()
        members = {'UserPoolId': self.pool, 'ClientId': client}
        added = self.api.call('AddUserPoolClientSecret', members,
                              headers={'X-Poolhouse-Pin-Secret': SECOND})
        self.assertEqual(SECOND, added['ClientSecretDescriptor']['ClientSecretValue'])
        with self.assert_error('InvalidParameterException',
                               "1 validation error detected: Value at 'clientSecret' failed to "
                               'satisfy constraint: Member must have length greater than or equal '
                               'to 24'):
            self.api.call('AddUserPoolClientSecret', members,
                          headers={'X-Poolhouse-Pin-Secret': 'short'})

    def test_describing_a_client_shows_the_older_secret(self):
        client = self.confidential()
        before = self.described(client)
        added = self.add(client, ClientSecret=SECOND)
        self.assertEqual(FIRST, self.described(client)['ClientSecret'])
        self.assertGreaterEqual(self.described(client)['LastModifiedDate'],
                                before['LastModifiedDate'])
        oldest = self.ids(client)[0]
        self.delete(client, oldest)
        self.assertEqual(SECOND, self.described(client)['ClientSecret'])
        self.assertEqual([added['ClientSecretId']], self.ids(client))

    def test_both_secrets_are_good_wherever_one_is_asked_for(self):
        client = self.confidential()
        self.add(client, ClientSecret=SECOND)
        for secret in (FIRST, SECOND):
            name = self.new_name()
            digest = secret_hash(name, client, secret)
            self.api.SignUp(ClientId=client, Username=name, Password='Passw0rd!',
                            SecretHash=digest)
            self.api.AdminConfirmSignUp(UserPoolId=self.pool, Username=name)
            got = self.tokens(client, name, SECRET_HASH=digest)
            self.api.InitiateAuth(ClientId=client, AuthFlow='REFRESH_TOKEN_AUTH', AuthParameters={
                'REFRESH_TOKEN': got['RefreshToken'], 'SECRET_HASH': digest})
            # What the Android SDK sends.
            self.api.InitiateAuth(ClientId=client, AuthFlow='REFRESH_TOKEN_AUTH', AuthParameters={
                'REFRESH_TOKEN': got['RefreshToken'], 'SECRET_HASH': secret})
            self.api.GetTokensFromRefreshToken(RefreshToken=got['RefreshToken'], ClientId=client,
                                               ClientSecret=secret)
            self.api.RevokeToken(Token=got['RefreshToken'], ClientId=client, ClientSecret=secret)

    def test_a_deleted_secret_is_good_for_nothing(self):
        client, name = self.confidential(), self.new_user(self.pool)
        self.add(client, ClientSecret=SECOND)
        old = {'SECRET_HASH': secret_hash(name, client, FIRST)}
        new = {'SECRET_HASH': secret_hash(name, client, SECOND)}
        refresh = self.tokens(client, name, **old)['RefreshToken']
        self.delete(client, self.ids(client)[0])
        with self.assert_error('NotAuthorizedException',
                               f'Unable to verify secret hash for client {client}'):
            self.tokens(client, name, **old)
        self.refused('UnauthorizedException', 'Invalid client.', 'RevokeToken', Token=refresh,
                     ClientId=client, ClientSecret=FIRST)
        self.refused('NotAuthorizedException', f'Unable to verify secret for client: {client}',
                     'GetTokensFromRefreshToken', RefreshToken=refresh, ClientId=client,
                     ClientSecret=FIRST)
        self.tokens(client, name, **new)

    def test_a_third_secret_is_refused(self):
        client = self.confidential()
        self.add(client)
        self.refused('LimitExceededException',
                     'A user pool client can have at most 2 client secrets.',
                     'AddUserPoolClientSecret', UserPoolId=self.pool, ClientId=client)
        self.delete(client, self.ids(client)[1])
        self.add(client)

    def test_a_client_without_a_secret_gets_none(self):
        client = self.new_client(self.pool)
        self.invalid(f'User pool client {client} does not have a client secret.',
                     'AddUserPoolClientSecret', UserPoolId=self.pool, ClientId=client)
        self.assertEqual([], self.ids(client))
        self.refused('ResourceNotFoundException', f'Client secret {client}--1 does not exist.',
                     'DeleteUserPoolClientSecret', UserPoolId=self.pool, ClientId=client,
                     ClientSecretId=f'{client}--1')

    def test_the_last_secret_stays(self):
        client = self.confidential()
        last = self.ids(client)[0]
        self.invalid('The last client secret of a user pool client cannot be deleted.',
                     'DeleteUserPoolClientSecret', UserPoolId=self.pool, ClientId=client,
                     ClientSecretId=last)
        self.refused('ResourceNotFoundException', 'Client secret nonsense does not exist.',
                     'DeleteUserPoolClientSecret', UserPoolId=self.pool, ClientId=client,
                     ClientSecretId='nonsense')

    def test_an_update_of_the_client_keeps_both(self):
        client = self.confidential()
        self.add(client, ClientSecret=SECOND)
        ids = self.ids(client)
        self.api.UpdateUserPoolClient(UserPoolId=self.pool, ClientId=client, ClientName='other')
        self.assertEqual(ids, self.ids(client))

    def test_unknown_owners_are_named(self):
        client = self.confidential()
        for operation, more in (('AddUserPoolClientSecret', {}), ('ListUserPoolClientSecrets', {}),
                                ('DeleteUserPoolClientSecret', {'ClientSecretId': 'x'})):
            with self.subTest(operation):
                self.refused('ResourceNotFoundException',
                             'User pool eu-west-1_nonsense does not exist.', operation,
                             UserPoolId='eu-west-1_nonsense', ClientId=client, **more)
                self.refused('ResourceNotFoundException',
                             'User pool client nonsense does not exist.', operation,
                             UserPoolId=self.pool, ClientId='nonsense', **more)
                self.refused('ResourceNotFoundException',
                             f'User pool client {client} does not exist.', operation,
                             UserPoolId=self.new_pool(), ClientId=client, **more)

    def test_no_page_follows(self):
        self.invalid('Invalid pagination token.', 'ListUserPoolClientSecrets',
                     UserPoolId=self.pool, ClientId=self.confidential(), NextToken='x')

    def at_once(self, *calls):
        def run(call):
            try:
                call()
            except ApiError as e:
                return e.type
            return None
        with concurrent.futures.ThreadPoolExecutor(len(calls)) as pool:
            return list(pool.map(run, calls))

    def test_of_many_added_at_once_one_is(self):
        for _ in range(5):
            client = self.confidential()
            ends = self.at_once(*[lambda c=client: self.api.AddUserPoolClientSecret(
                UserPoolId=self.pool, ClientId=c)] * 6)
            self.assertEqual(1, ends.count(None))
            self.assertEqual(5, ends.count('LimitExceededException'))
            self.assertEqual(2, len(self.ids(client)))

    def test_of_two_deleted_at_once_one_stays(self):
        for _ in range(5):
            client = self.confidential()
            self.add(client)
            ends = self.at_once(*[lambda c=client, i=i: self.api.DeleteUserPoolClientSecret(
                UserPoolId=self.pool, ClientId=c, ClientSecretId=i) for i in self.ids(client)])
            self.assertEqual([None, 'InvalidParameterException'], sorted(ends, key=str)[::-1])
            self.assertEqual(1, len(self.ids(client)))


if __name__ == '__main__':
    unittest.main()
