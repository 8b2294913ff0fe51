"""Refresh by both operations, rotation with its grace, expiry; what revocation reaches."""
import unittest

from poolhouse import PASSWORD, PoolhouseTest, claims

FLOWS = ['ALLOW_USER_PASSWORD_AUTH']
INVALID = 'Invalid Refresh Token'
REVOKED = 'Refresh Token has been revoked'


class RefreshTest(PoolhouseTest):

    @classmethod
    def prepare(cls):
        cls.pool = cls.new_pool()
        cls.client = cls.new_client(cls.pool)

    def signed_in(self, client=None):
        name = self.new_user(self.pool)
        return name, self.tokens(client or self.client, name)

    def refresh(self, token, client=None, flow='REFRESH_TOKEN_AUTH', **parameters):
        return self.api.InitiateAuth(ClientId=client or self.client, AuthFlow=flow, AuthParameters={
            'REFRESH_TOKEN': token, **parameters})['AuthenticationResult']

    def exchange(self, token, client=None, **members):
        return self.api.GetTokensFromRefreshToken(
            RefreshToken=token, ClientId=client or self.client, **members)['AuthenticationResult']


class Refresh(RefreshTest):

    def test_a_refresh_gives_new_tokens_of_the_same_sign_in(self):
        _, first = self.signed_in()
        for flow in ('REFRESH_TOKEN_AUTH', 'REFRESH_TOKEN'):
            again = self.refresh(first['RefreshToken'], flow=flow)
            self.assertEqual({'AccessToken', 'ExpiresIn', 'IdToken', 'TokenType'}, set(again))
            for name in ('AccessToken', 'IdToken'):
                old, new = claims(first[name])[1], claims(again[name])[1]
                for kept in ('sub', 'iss', 'auth_time', 'origin_jti', 'token_use'):
                    self.assertEqual(old[kept], new[kept], kept)
                self.assertNotEqual(old['jti'], new['jti'])

    def test_an_administrator_refreshes_too(self):
        _, first = self.signed_in()
        reply = self.boto.admin_initiate_auth(
            UserPoolId=self.pool, ClientId=self.client, AuthFlow='REFRESH_TOKEN_AUTH',
            AuthParameters={'REFRESH_TOKEN': first['RefreshToken']})
        self.assertNotIn('RefreshToken', reply['AuthenticationResult'])

    def test_the_javascript_client_sends_a_null_device_key(self):
        _, first = self.signed_in()
        self.refresh(first['RefreshToken'], DEVICE_KEY=None)

    def test_attributes_are_read_afresh(self):
        name, first = self.signed_in()
        self.api.AdminUpdateUserAttributes(UserPoolId=self.pool, Username=name, UserAttributes=[
            {'Name': 'nickname', 'Value': 'later'}])
        self.assertEqual('later', claims(self.refresh(first['RefreshToken'])['IdToken'])[1]['nickname'])

    def test_amplify_refreshes_by_the_newer_operation(self):
        _, first = self.signed_in()
        again = self.exchange(first['RefreshToken'])
        self.assertEqual({'AccessToken', 'ExpiresIn', 'IdToken', 'TokenType'}, set(again))
        self.assertEqual(claims(first['AccessToken'])[1]['origin_jti'],
                         claims(again['AccessToken'])[1]['origin_jti'])

    def test_the_newer_operation_takes_the_plain_secret(self):
        made = self.api.CreateUserPoolClient(UserPoolId=self.pool, ClientName='c', GenerateSecret=True,
                                             ExplicitAuthFlows=['ALLOW_ADMIN_USER_PASSWORD_AUTH',
                                                                'ALLOW_REFRESH_TOKEN_AUTH'])
        client, secret = (made['UserPoolClient'][m] for m in ('ClientId', 'ClientSecret'))
        from poolhouse import secret_hash
        name = self.new_user(self.pool)
        token = self.api.AdminInitiateAuth(
            UserPoolId=self.pool, ClientId=client, AuthFlow='ADMIN_USER_PASSWORD_AUTH',
            AuthParameters={'USERNAME': name, 'PASSWORD': PASSWORD, 'SECRET_HASH': secret_hash(
                name, client, secret)})['AuthenticationResult']['RefreshToken']
        self.assertIn('AccessToken', self.exchange(token, client, ClientSecret=secret))
        for given in ({}, {'ClientSecret': secret[:-1] + ('a' if secret[-1] != 'a' else 'b')}):
            with self.assertRaisesRegex(Exception, 'NotAuthorizedException'):
                self.exchange(token, client, **given)

    def test_what_is_not_a_refresh_token_is_invalid(self):
        _, first = self.signed_in()
        token = first['RefreshToken']
        self.assertEqual(5, len(token.split('.')))
        self.assertLessEqual(len(token), 2048)
        middle = len(token) // 2
        for text in ('x', 'a.b.c.d.e', first['AccessToken'], token[:-4],
                     token[:middle] + ('A' if token[middle] != 'A' else 'B') + token[middle + 1:]):
            with self.subTest(text[:10]):
                with self.assert_error('NotAuthorizedException', INVALID):
                    self.refresh(text)
                with self.assert_error('NotAuthorizedException', INVALID):
                    self.exchange(text)

    def test_a_token_belongs_to_its_client_and_pool(self):
        _, first = self.signed_in()
        for client in (self.new_client(self.pool), self.new_client(self.new_pool())):
            with self.assert_error('NotAuthorizedException', INVALID):
                self.refresh(first['RefreshToken'], client)
            with self.assert_error('NotAuthorizedException', INVALID):
                self.exchange(first['RefreshToken'], client)

    def test_the_owner_decides(self):
        name, first = self.signed_in()
        self.api.AdminDisableUser(UserPoolId=self.pool, Username=name)
        with self.assert_error('NotAuthorizedException', 'User is disabled.'):
            self.refresh(first['RefreshToken'])
        self.api.AdminEnableUser(UserPoolId=self.pool, Username=name)
        with self.assert_error('NotAuthorizedException', REVOKED):
            self.refresh(first['RefreshToken'])
        self.api.AdminDeleteUser(UserPoolId=self.pool, Username=name)
        with self.assert_error('NotAuthorizedException', INVALID):
            self.refresh(first['RefreshToken'])

    def test_a_token_of_a_deleted_user_does_not_serve_the_next_of_that_name(self):
        name, first = self.signed_in()
        self.api.AdminDeleteUser(UserPoolId=self.pool, Username=name)
        self.new_user(self.pool, name)
        with self.assert_error('NotAuthorizedException', INVALID):
            self.refresh(first['RefreshToken'])

    def test_two_sign_ins_refresh_independently(self):
        name, first = self.signed_in()
        second = self.tokens(self.client, name)
        self.assertNotEqual(first['RefreshToken'], second['RefreshToken'])
        self.api.RevokeToken(Token=first['RefreshToken'], ClientId=self.client)
        with self.assert_error('NotAuthorizedException', REVOKED):
            self.refresh(first['RefreshToken'])
        self.refresh(second['RefreshToken'])


class Rotation(RefreshTest):
    server_options = {'clock': True}

    def rotating(self, grace=0):
        return self.new_client(self.pool, ExplicitAuthFlows=FLOWS, RefreshTokenRotation={
            'Feature': 'ENABLED', 'RetryGracePeriodSeconds': grace})

    def test_rotation_turns_the_old_flow_off(self):
        client = self.rotating()
        _, first = self.signed_in(client)
        with self.assert_error('InvalidParameterException', 'Auth flow not enabled for this client'):
            self.refresh(first['RefreshToken'], client)

    def test_each_use_gives_a_new_token(self):
        client = self.rotating()
        _, first = self.signed_in(client)
        token = first['RefreshToken']
        seen = {token}
        for _ in range(3):
            result = self.exchange(token, client)
            token = result['RefreshToken']
            self.assertNotIn(token, seen)
            seen.add(token)
            self.assertEqual(claims(first['AccessToken'])[1]['origin_jti'],
                             claims(result['AccessToken'])[1]['origin_jti'])

    def test_a_used_token_is_reuse_and_the_new_one_lives_on(self):
        client = self.rotating()
        _, first = self.signed_in(client)
        second = self.exchange(first['RefreshToken'], client)['RefreshToken']
        self.server.advance(1)
        with self.assert_error('RefreshTokenReuseException', 'Refresh token has been reused'):
            self.exchange(first['RefreshToken'], client)
        self.exchange(second, client)

    def test_within_the_grace_a_retry_gets_tokens(self):
        client = self.rotating(30)
        _, first = self.signed_in(client)
        self.exchange(first['RefreshToken'], client)
        self.server.advance(25)
        self.assertIn('RefreshToken', self.exchange(first['RefreshToken'], client))
        self.server.advance(10)
        with self.assert_error('RefreshTokenReuseException', 'Refresh token has been reused'):
            self.exchange(first['RefreshToken'], client)

    def test_of_many_at_once_without_grace_one_wins(self):
        import concurrent.futures
        client = self.rotating()
        _, first = self.signed_in(client)

        def attempt(_):
            try:
                return self.exchange(first['RefreshToken'], client)['RefreshToken']
            except Exception:  # any refusal will do; the count is what matters
                return None
        with concurrent.futures.ThreadPoolExecutor(32) as threads:
            tokens = [t for t in threads.map(attempt, range(100)) if t]
        self.assertEqual(1, len(tokens))
        self.exchange(tokens[0], client)

    def test_of_many_at_once_within_the_grace_all_get_tokens_of_one_sign_in(self):
        import concurrent.futures
        client = self.rotating(60)
        _, first = self.signed_in(client)
        with concurrent.futures.ThreadPoolExecutor(32) as threads:
            results = list(threads.map(lambda _: self.exchange(first['RefreshToken'], client), range(100)))
        family = claims(first['AccessToken'])[1]['origin_jti']
        self.assertEqual({family}, {claims(r['AccessToken'])[1]['origin_jti'] for r in results})
        self.exchange(results[0]['RefreshToken'], client)  # they are of one generation: one more use
        self.server.advance(61)
        for result in results[1:4]:
            with self.assert_error('RefreshTokenReuseException', 'Refresh token has been reused'):
                self.exchange(result['RefreshToken'], client)

    def test_rotation_does_not_extend_the_life(self):
        client = self.new_client(
            self.pool, ExplicitAuthFlows=FLOWS, RefreshTokenValidity=2,
            TokenValidityUnits={'RefreshToken': 'hours'},
            RefreshTokenRotation={'Feature': 'ENABLED', 'RetryGracePeriodSeconds': 0})
        _, first = self.signed_in(client)
        self.server.advance(7100)
        second = self.exchange(first['RefreshToken'], client)['RefreshToken']
        self.server.advance(200)
        with self.assert_error('NotAuthorizedException', 'Refresh Token has expired'):
            self.exchange(second, client)


class Lifetimes(RefreshTest):
    server_options = {'clock': True}

    def test_a_refresh_token_expires_after_its_validity(self):
        client = self.new_client(self.pool, RefreshTokenValidity=90,
                                 TokenValidityUnits={'RefreshToken': 'minutes'})
        _, first = self.signed_in(client)
        self.server.advance(90 * 60 - 30)
        self.refresh(first['RefreshToken'], client)
        self.server.advance(60)
        with self.assert_error('NotAuthorizedException', 'Refresh Token has expired'):
            self.refresh(first['RefreshToken'], client)

    def test_thirty_days_is_the_default(self):
        _, first = self.signed_in()
        self.server.advance(30 * 86400 - 60)
        self.refresh(first['RefreshToken'])
        self.server.advance(120)
        with self.assert_error('NotAuthorizedException', 'Refresh Token has expired'):
            self.refresh(first['RefreshToken'])

    def test_an_access_token_expires_after_its_validity(self):
        client = self.new_client(self.pool, AccessTokenValidity=10,
                                 TokenValidityUnits={'AccessToken': 'minutes'})
        _, first = self.signed_in(client)
        self.assertEqual(600, first['ExpiresIn'])
        self.server.advance(590)
        self.api.GetUser(AccessToken=first['AccessToken'])
        self.server.advance(20)
        self.refused('NotAuthorizedException', 'Access Token has expired', 'GetUser',
                     AccessToken=first['AccessToken'])

    def test_auth_time_survives_a_refresh_an_hour_later(self):
        _, first = self.signed_in()
        self.server.advance(3600)
        old, new = claims(first['IdToken'])[1], claims(self.refresh(first['RefreshToken'])['IdToken'])[1]
        self.assertEqual(old['auth_time'], new['auth_time'])
        self.assertGreaterEqual(new['iat'], old['iat'] + 3600)


class Revocation(RefreshTest):

    def assert_access_revoked(self, token):
        self.refused('NotAuthorizedException', 'Access Token has been revoked', 'GetUser',
                     AccessToken=token)

    def test_revoking_a_token_ends_its_sign_in_only(self):
        name, first = self.signed_in()
        other = self.tokens(self.client, name)
        refreshed = self.refresh(first['RefreshToken'])
        self.assertEqual({}, self.api.RevokeToken(Token=first['RefreshToken'], ClientId=self.client))
        for token in (first['AccessToken'], refreshed['AccessToken']):
            self.assert_access_revoked(token)
        with self.assert_error('NotAuthorizedException', REVOKED):
            self.refresh(first['RefreshToken'])
        with self.assert_error('NotAuthorizedException', REVOKED):
            self.exchange(first['RefreshToken'])
        self.api.GetUser(AccessToken=other['AccessToken'])
        self.refresh(other['RefreshToken'])

    def test_revoking_twice_is_fine(self):
        _, first = self.signed_in()
        for _ in range(2):
            self.assertEqual({}, self.api.RevokeToken(Token=first['RefreshToken'],
                                                      ClientId=self.client))

    def test_only_refresh_tokens_can_be_revoked(self):
        _, first = self.signed_in()
        for name in ('AccessToken', 'IdToken'):
            self.refused('UnsupportedTokenTypeException', 'Token type is not supported',
                         'RevokeToken', Token=first[name], ClientId=self.client)

    def test_revocation_that_is_off_is_refused(self):
        client = self.new_client(self.pool, EnableTokenRevocation=False)
        _, first = self.signed_in(client)
        self.refused('UnsupportedOperationException', 'Revocation is not enabled for this client',
                     'RevokeToken', Token=first['RefreshToken'], ClientId=client)
        self.refresh(first['RefreshToken'], client)

    def test_another_client_cannot_revoke(self):
        _, first = self.signed_in()
        self.refused('UnauthorizedException', None, 'RevokeToken', Token=first['RefreshToken'],
                     ClientId=self.new_client(self.pool))
        self.refresh(first['RefreshToken'])

    def test_a_secret_client_revokes_with_its_secret(self):
        made = self.api.CreateUserPoolClient(UserPoolId=self.pool, ClientName='c', GenerateSecret=True,
                                             ExplicitAuthFlows=['ALLOW_USER_PASSWORD_AUTH',
                                                                'ALLOW_REFRESH_TOKEN_AUTH'])
        client, secret = (made['UserPoolClient'][m] for m in ('ClientId', 'ClientSecret'))
        from poolhouse import secret_hash
        name = self.new_user(self.pool)
        token = self.tokens(client, name, SECRET_HASH=secret_hash(name, client, secret))['RefreshToken']
        for given in ({}, {'ClientSecret': 'x' * 51}):
            self.refused('UnauthorizedException', None, 'RevokeToken', Token=token, ClientId=client,
                         **given)
        self.api.RevokeToken(Token=token, ClientId=client, ClientSecret=secret)
        with self.assert_error('NotAuthorizedException', REVOKED):
            self.refresh(token, client, SECRET_HASH=secret_hash(name, client, secret))

    def test_global_sign_out_ends_every_sign_in_of_the_user(self):
        for by in ('user', 'administrator'):
            with self.subTest(by):
                name, first = self.signed_in()
                second = self.tokens(self.client, name)
                _, stranger = self.signed_in()
                if by == 'user':
                    self.assertEqual({}, self.api.GlobalSignOut(AccessToken=second['AccessToken']))
                else:
                    self.assertEqual({}, self.api.AdminUserGlobalSignOut(
                        UserPoolId=self.pool, Username=name))
                for tokens in (first, second):
                    self.assert_access_revoked(tokens['AccessToken'])
                    with self.assert_error('NotAuthorizedException', REVOKED):
                        self.refresh(tokens['RefreshToken'])
                self.api.GetUser(AccessToken=stranger['AccessToken'])
                later = self.tokens(self.client, name)
                self.api.GetUser(AccessToken=later['AccessToken'])
                self.refresh(later['RefreshToken'])

    def test_a_signed_out_token_cannot_sign_out_again_or_change_the_password(self):
        _, first = self.signed_in()
        self.api.GlobalSignOut(AccessToken=first['AccessToken'])
        self.refused('NotAuthorizedException', 'Access Token has been revoked', 'GlobalSignOut',
                     AccessToken=first['AccessToken'])
        self.refused('NotAuthorizedException', 'Access Token has been revoked', 'ChangePassword',
                     AccessToken=first['AccessToken'], PreviousPassword=PASSWORD,
                     ProposedPassword='N3w-passw')

    def test_a_disabled_user_has_no_valid_tokens_also_after_enabling(self):
        name, first = self.signed_in()
        self.api.AdminDisableUser(UserPoolId=self.pool, Username=name)
        self.refused('NotAuthorizedException', 'User is disabled.', 'GetUser',
                     AccessToken=first['AccessToken'])
        self.api.AdminEnableUser(UserPoolId=self.pool, Username=name)
        self.assert_access_revoked(first['AccessToken'])

    def test_a_deleted_user_is_not_found_by_its_token(self):
        name, first = self.signed_in()
        self.api.AdminDeleteUser(UserPoolId=self.pool, Username=name)
        self.refused('UserNotFoundException', 'User does not exist.', 'GetUser',
                     AccessToken=first['AccessToken'])


if __name__ == '__main__':
    unittest.main()
