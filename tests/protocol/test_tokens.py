"""Tokens: exact claims, keys that verify them, discovery, issuers; what an access token opens."""
import hashlib
import hmac
import json
import unittest

import rs256
from poolhouse import PASSWORD, PoolhouseTest, UUID, attributes, claims

INVALID = 'Invalid Access Token'


class Tokens(PoolhouseTest):

    @classmethod
    def prepare(cls):
        cls.pool = cls.new_pool(Schema=[
            {'Name': 'age', 'AttributeDataType': 'Number', 'Mutable': True},
            {'Name': 'vip', 'AttributeDataType': 'Boolean', 'Mutable': True},
            {'Name': 'inner', 'AttributeDataType': 'String', 'Mutable': True,
             'DeveloperOnlyAttribute': True}])
        cls.client = cls.new_client(cls.pool)
        cls.user = cls.new_user(cls.pool, **{
            'email': 'a@b.example', 'email_verified': 'true', 'phone_number': '+15550001',
            'phone_number_verified': 'false', 'name': 'Ann "A" Ω', 'address': '1 Street',
            'updated_at': '1700000000', 'custom:age': '7', 'custom:vip': 'true',
            'dev:custom:inner': 'x'})
        cls.sub = attributes(cls.api.AdminGetUser(UserPoolId=cls.pool, Username=cls.user))['sub']
        cls.issuer = f'{cls.server.url}/{cls.pool}'
        cls.signed_in = cls.tokens(cls.client, cls.user)

    def jwks(self, pool=None):
        return self.server.get(f'/{pool or self.pool}/.well-known/jwks.json').json

    def test_the_id_token_has_exactly_its_claims(self):
        header, body = rs256.verify(self.signed_in['IdToken'], self.jwks())
        self.assertEqual(['kid', 'alg'], list(header))
        varying = {k: body.pop(k) for k in ('auth_time', 'iat', 'exp', 'jti', 'origin_jti', 'event_id')}
        self.assertEqual({
            'sub': self.sub, 'iss': self.issuer, 'aud': self.client, 'token_use': 'id',
            'cognito:username': self.user, 'email': 'a@b.example', 'email_verified': True,
            'phone_number': '+15550001', 'phone_number_verified': False, 'name': 'Ann "A" Ω',
            'address': {'formatted': '1 Street'}, 'updated_at': 1700000000, 'custom:age': '7',
            'custom:vip': 'true'}, body)
        self.assert_times(varying)

    def test_the_access_token_has_exactly_its_claims(self):
        _, body = rs256.verify(self.signed_in['AccessToken'], self.jwks())
        varying = {k: body.pop(k) for k in ('auth_time', 'iat', 'exp', 'jti', 'origin_jti', 'event_id')}
        self.assertEqual({'sub': self.sub, 'iss': self.issuer, 'client_id': self.client,
                          'token_use': 'access', 'scope': 'aws.cognito.signin.user.admin',
                          'username': self.user}, body)
        self.assert_times(varying)

    def assert_times(self, varying):
        for name in ('auth_time', 'iat', 'exp'):
            self.assertIsInstance(varying[name], int)
        self.assertEqual(varying['iat'] + 3600, varying['exp'])
        self.assertEqual(varying['iat'], varying['auth_time'])
        self.assertAlmostEqual(self.server.now(), varying['iat'], delta=120)
        for name in ('jti', 'origin_jti', 'event_id'):
            self.assertRegex(varying[name], UUID)

    def test_both_tokens_belong_to_one_sign_in(self):
        one, two = (claims(self.signed_in[t])[1] for t in ('IdToken', 'AccessToken'))
        for name in ('sub', 'iss', 'origin_jti', 'event_id', 'auth_time', 'iat', 'exp'):
            self.assertEqual(one[name], two[name])
        self.assertNotEqual(one['jti'], two['jti'])

    def test_tokens_are_signed_with_different_keys_and_the_set_has_both(self):
        keys = self.jwks()['keys']
        kids = {claims(self.signed_in[t])[0]['kid'] for t in ('IdToken', 'AccessToken')}
        self.assertEqual(2, len(kids))
        self.assertLessEqual(kids, {k['kid'] for k in keys})
        for key in keys:
            self.assertEqual({'alg', 'e', 'kid', 'kty', 'n', 'use'}, set(key))
            self.assertEqual(('RS256', 'AQAB', 'RSA', 'sig'),
                             (key['alg'], key['e'], key['kty'], key['use']))
            self.assertRegex(key['kid'], r'^[A-Za-z0-9+/]{43}=$')
            self.assertEqual(2048, int.from_bytes(rs256.decode(key['n']), 'big').bit_length())

    def test_the_refresh_token_looks_like_the_one_of_the_service(self):
        token = self.signed_in['RefreshToken']
        self.assertTrue(token.startswith('eyJjdHkiOiJKV1QiLCJlbmMiOiJBMjU2R0NNIiwiYWxnIjoiUlNBLU9BRVAifQ.'))
        self.assertRegex(token, r'^[\w-]+(\.[\w-]+){4}$')

    def test_attributes_a_client_may_not_read_are_not_in_its_tokens(self):
        client = self.new_client(self.pool, ReadAttributes=['email', 'custom:age'])
        tokens = self.tokens(client, self.user)
        body = claims(tokens['IdToken'])[1]
        self.assertLessEqual({'email', 'custom:age', 'sub'}, set(body))
        for name in ('name', 'phone_number', 'email_verified', 'address', 'custom:vip'):
            self.assertNotIn(name, body)
        got = self.api.GetUser(AccessToken=tokens['AccessToken'])
        self.assertEqual({'sub', 'email', 'custom:age'}, set(attributes(got)))

    def test_get_user_shows_the_user_without_status_and_dates(self):
        got = self.api.GetUser(AccessToken=self.signed_in['AccessToken'])
        self.assertEqual({'Username', 'UserAttributes'}, set(got))
        self.assertEqual((self.user, 'a@b.example'), (got['Username'], attributes(got)['email']))
        self.assertNotIn('dev:custom:inner', attributes(got))

    def test_an_email_pool_names_the_sub(self):
        pool = self.new_pool(UsernameAttributes=['email'])
        client = self.new_client(pool)
        stored = self.new_user(pool, 'x@y.example')
        tokens = self.tokens(client, 'x@y.example')
        self.assertEqual(stored, claims(tokens['IdToken'])[1]['cognito:username'])
        self.assertEqual(stored, claims(tokens['AccessToken'])[1]['username'])

    def test_validities_of_the_client_are_in_the_tokens(self):
        client = self.new_client(self.pool, AccessTokenValidity=10, IdTokenValidity=20,
                                 TokenValidityUnits={'AccessToken': 'minutes', 'IdToken': 'minutes'})
        tokens = self.tokens(client, self.user)
        self.assertEqual(600, tokens['ExpiresIn'])
        for name, seconds in (('AccessToken', 600), ('IdToken', 1200)):
            body = claims(tokens[name])[1]
            self.assertEqual(seconds, body['exp'] - body['iat'])

    # Documents

    def test_the_key_set_is_json_that_may_be_cached(self):
        reply = self.server.get(f'/{self.pool}/.well-known/jwks.json')
        self.assertEqual((200, 'application/json'),
                         (reply.status, reply.headers['content-type'].split(';')[0]))
        self.assertEqual('*', reply.headers['access-control-allow-origin'])

    def test_pools_have_keys_of_their_own(self):
        other = self.jwks(self.new_pool())
        self.assertEqual(set(), {k['kid'] for k in other['keys']} & {k['kid'] for k in self.jwks()['keys']})

    def test_discovery_agrees_with_the_tokens(self):
        document = self.server.get(f'/{self.pool}/.well-known/openid-configuration').json
        self.assertEqual((self.issuer, f'{self.issuer}/.well-known/jwks.json'),
                         (document['issuer'], document['jwks_uri']))
        self.assertEqual(['RS256'], document['id_token_signing_alg_values_supported'])
        self.assertEqual(['public'], document['subject_types_supported'])
        self.assertEqual(['openid', 'email', 'phone', 'profile'], document['scopes_supported'])

    def test_documents_of_an_unknown_pool_are_not_found(self):
        for path in ('jwks.json', 'openid-configuration'):
            reply = self.server.get(f'/eu-west-1_NoSuchOne/.well-known/{path}')
            self.assertEqual(404, reply.status)
            self.assertIn('does not exist', json.loads(reply.body)['message'])

    # What is not an access token

    def assert_invalid(self, token):
        for operation, more in (('GetUser', {}), ('GlobalSignOut', {}), (
                'ChangePassword', {'PreviousPassword': PASSWORD, 'ProposedPassword': PASSWORD})):
            self.refused('NotAuthorizedException', INVALID, operation, AccessToken=token, **more)

    def test_an_id_token_opens_nothing(self):
        self.assert_invalid(self.signed_in['IdToken'])

    def test_what_is_not_a_token_opens_nothing(self):
        for token in ('x', 'a.b.c', '...', 'e30.e30.e30', self.signed_in['RefreshToken']):
            with self.subTest(token[:10]):
                self.assert_invalid(token)

    def test_a_changed_token_opens_nothing(self):
        head, body, signature = self.signed_in['AccessToken'].split('.')
        for i in range(0, len(signature) - 1, 37):
            other = 'A' if signature[i] != 'A' else 'B'
            self.assert_invalid(f'{head}.{body}.{signature[:i]}{other}{signature[i + 1:]}')
        changed = claims(self.signed_in['AccessToken'])[1] | {'username': 'admin'}
        self.assert_invalid(f'{head}.{rs256.encode(json.dumps(changed).encode())}.{signature}')
        self.assert_invalid(f'{head}.{body}.')
        self.assert_invalid(f'{head}.{body}')
        self.assert_invalid(f'{head}.{body}.{signature}.x')

    def test_algorithms_of_the_senders_choice_are_refused(self):
        _, body, _ = self.signed_in['AccessToken'].split('.')
        kid = claims(self.signed_in['AccessToken'])[0]['kid']
        key = next(k for k in self.jwks()['keys'] if k['kid'] == kid)
        for alg in ('none', 'None', 'HS256', 'RS512', 'PS256', ''):
            head = rs256.encode(json.dumps({'kid': kid, 'alg': alg}).encode())
            for secret in (b'', rs256.decode(key['n']), key['n'].encode()):
                mac = hmac.new(secret, f'{head}.{body}'.encode(), hashlib.sha256).digest()
                with self.subTest(alg=alg):
                    self.assert_invalid(f'{head}.{body}.{rs256.encode(mac)}')
            self.assert_invalid(f'{head}.{body}.')

    def test_a_token_of_a_deleted_pool_opens_nothing(self):
        pool = self.new_pool()
        client = self.new_client(pool)
        token = self.tokens(client, self.new_user(pool))['AccessToken']
        self.api.DeleteUserPool(UserPoolId=pool)
        self.assert_invalid(token)

    def test_a_token_of_a_deleted_client_opens_nothing(self):
        client = self.new_client(self.pool)
        token = self.tokens(client, self.user)['AccessToken']
        self.api.DeleteUserPoolClient(UserPoolId=self.pool, ClientId=client)
        with self.assertRaisesRegex(Exception, 'NotAuthorizedException|ResourceNotFoundException'):
            self.api.GetUser(AccessToken=token)

    def test_an_empty_access_token_is_a_validation_error(self):
        with self.assertRaisesRegex(Exception, 'InvalidParameterException: 1 validation error detected'):
            self.api.GetUser(AccessToken='')


class Issuer(PoolhouseTest):
    """The issuer as the service writes it, for verifiers that accept no other."""

    server_args = ('--issuer', 'aws')
    form = 'https://cognito-idp.eu-west-1.amazonaws.com/{}'

    def test_tokens_and_discovery_have_the_configured_issuer(self):
        pool = self.new_pool()
        client = self.new_client(pool)
        tokens = self.tokens(client, self.new_user(pool))
        issuer = self.form.format(pool)
        for name in ('IdToken', 'AccessToken'):
            self.assertEqual(issuer, claims(tokens[name])[1]['iss'])
        document = self.server.get(f'/{pool}/.well-known/openid-configuration').json
        self.assertEqual(issuer, document['issuer'])
        self.assertIn('UserAttributes', self.api.GetUser(AccessToken=tokens['AccessToken']))


class NewIssuer(Issuer):
    server_args = ('--issuer', 'aws-new')
    form = 'https://issuer-cognito-idp.eu-west-1.amazonaws.com/{}'


class TemplateIssuer(Issuer):
    server_args = ('--issuer', 'template', '--issuer-template',
                   'https://id.example/{region}/{poolId}')
    form = 'https://id.example/eu-west-1/{}'


if __name__ == '__main__':
    unittest.main()
