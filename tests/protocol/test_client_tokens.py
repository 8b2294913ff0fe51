"""GetClientToken: tokens for app clients themselves, and what the third version of the trigger does."""
import json
import time
import unittest

import rs256
from functions import FunctionTest, arn, responding, throwing
from poolhouse import ApiError, PASSWORD, UUID

READ, WRITE = ({'ScopeName': name, 'ScopeDescription': name} for name in ('read', 'write'))


class ClientTokens(FunctionTest):

    def setUp(self):
        self.functions.take()
        self.pool = self.new_pool()
        self.server_named('api')

    def server_named(self, identifier):
        self.api.CreateResourceServer(UserPoolId=self.pool, Identifier=identifier, Name='API',
                                      Scopes=[READ, WRITE])

    def machine(self, *scopes, **members):
        """(client, secret)"""
        made = self.api.CreateUserPoolClient(**{
            'UserPoolId': self.pool, 'ClientName': 'machine', 'GenerateSecret': True,
            'ExplicitAuthFlows': ['ALLOW_CLIENT_TOKEN_AUTH'], 'AllowedOAuthScopes': list(scopes),
            **members})['UserPoolClient']
        return made['ClientId'], made.get('ClientSecret')

    def get(self, machine, signed=False, **members):
        reply = self.api.call('GetClientToken', {'ClientId': machine[0], 'Secret': machine[1],
                                                 **members}, signed=signed)
        return reply['ClientAuthenticationResult']

    def claims(self, result):
        jwks = self.server.get(f'/{self.pool}/.well-known/jwks.json').json
        return rs256.verify(result['AccessToken'], jwks)[1]

    def wrong(self, type_, text, machine, **members):
        with self.assert_error(type_, text):
            self.get(machine, **members)

    def test_the_token_of_a_machine(self):
        machine = self.machine('api/read', 'api/write', AccessTokenValidity=20,
                               TokenValidityUnits={'AccessToken': 'minutes'})
        result = self.get(machine)
        self.assertEqual((1200, 'Bearer'), (result['ExpiresIn'], result['TokenType']))
        self.assertEqual({'AccessToken', 'ExpiresIn', 'TokenType'}, set(result))
        claims = self.claims(result)
        now = claims['iat']
        self.assertLess(abs(time.time() - now), 60)
        self.assertRegex(claims.pop('jti'), UUID)
        self.assertEqual({
            'sub': machine[0], 'client_id': machine[0], 'token_use': 'access',
            'scope': 'api/read api/write', 'auth_time': now, 'iat': now, 'exp': now + 1200,
            'iss': f'{self.server.url}/{self.pool}', 'version': 2}, claims)

    def test_a_signature_is_tolerated(self):
        self.assertIn('AccessToken', self.get(self.machine('api/read'), signed=True))

    def test_scopes_are_chosen_among_those_of_the_client(self):
        machine = self.machine('api/read', 'api/write')
        for asked, got in ((['api/write'], 'api/write'), (['api/write', 'api/read'],
                                                          'api/write api/read'),
                           (['api/read', 'api/read'], 'api/read'), ([], 'api/read api/write')):
            self.assertEqual(got, self.claims(self.get(machine, Scopes=asked))['scope'])
        few = self.machine('api/read')
        for scope in ('api/write', 'api/other', 'openid', '', 'aws.cognito.signin.user.admin'):
            self.wrong('InvalidParameterException', f'Invalid scope requested: {scope}', few,
                       Scopes=['api/read', scope])
        self.wrong('InvalidParameterException', 'At most 50 scopes can be requested.', few,
                   Scopes=['api/read'] * 51)
        self.get(few, Scopes=['api/read'] * 50)

    def test_scopes_that_are_gone_are_not_given(self):
        self.server_named('old')
        machine = self.machine('api/read', 'old/read')
        self.api.DeleteResourceServer(UserPoolId=self.pool, Identifier='old')
        self.assertEqual('api/read', self.claims(self.get(machine))['scope'])
        self.wrong('InvalidParameterException', 'Invalid scope requested: old/read', machine,
                   Scopes=['old/read'])
        self.assertNotIn('scope', self.claims(self.get(self.machine())))

    def test_the_client_must_prove_itself_and_be_for_machines(self):
        machine = self.machine('api/read')
        wrong = 'x' * len(machine[1])
        self.wrong('NotAuthorizedException', 'Invalid client secret.', (machine[0], wrong))
        public = self.machine('api/read', GenerateSecret=False)
        self.wrong('NotAuthorizedException', 'Invalid client secret.', (public[0], wrong))
        other = self.machine('api/read', ExplicitAuthFlows=['ALLOW_USER_PASSWORD_AUTH'])
        self.wrong('InvalidParameterException', 'CLIENT_TOKEN_AUTH flow not enabled for this client',
                   other)
        self.wrong('NotAuthorizedException', 'Invalid client secret.', (other[0], wrong))
        self.wrong('ResourceNotFoundException', 'User pool client nobody does not exist.',
                   ('nobody', wrong))
        with self.assertRaisesRegex(ApiError, r"Value at 'secret' failed to satisfy constraint: "
                                    'Member must have length greater than or equal to 24'):
            self.get((machine[0], 'short'))

    def test_it_opens_no_door_of_users(self):
        token = self.get(self.machine('api/read'))['AccessToken']
        self.refused('NotAuthorizedException', 'Access Token does not have required scopes',
                     'GetUser', AccessToken=token)
        machine = self.machine('api/read')
        name = self.new_user(self.pool)
        with self.assertRaises(ApiError):
            self.sign_in(machine[0], name, PASSWORD)

    def trigger(self, version, response):
        self.functions.handlers['http-machine'] = responding(**response)
        self.api.UpdateUserPool(UserPoolId=self.pool, LambdaConfig={'PreTokenGenerationConfig': {
            'LambdaArn': arn('http-machine'), 'LambdaVersion': version}})

    def test_the_third_version_of_the_trigger_changes_claims_and_scopes(self):
        machine = self.machine('api/read', 'api/write')
        self.trigger('V3_0', {'claimsAndScopeOverrideDetails': {
            'accessTokenGeneration': {
                'claimsToAddOrOverride': {'tenant': {'id': 7}, 'sub': 'x', 'scope': 'x',
                                          'client_id': 'x', 'version': 3, 'cognito:groups': 'x'},
                'claimsToSuppress': ['exp', 'jti'],
                'scopesToAdd': ['more'], 'scopesToSuppress': ['api/read']},
            'groupOverrideDetails': {'groupsToOverride': ['admins']}}})
        claims = self.claims(self.get(machine, ClientMetadata={'from': 'test'}))
        self.assertEqual(({'id': 7}, machine[0], machine[0], 2, 'api/write more'), tuple(
            claims[k] for k in ('tenant', 'sub', 'client_id', 'version', 'scope')))
        self.assertIn('exp', claims)
        self.assertNotIn('cognito:groups', claims)
        event, = self.functions.take()
        self.assertEqual({
            'version': '3', 'triggerSource': 'TokenGeneration_ClientCredentials',
            'region': 'eu-west-1', 'userPoolId': self.pool, 'userName': machine[0],
            'callerContext': {'awsSdkVersion': 'aws-sdk-unknown-unknown', 'clientId': machine[0]},
            'request': {'userAttributes': {}, 'scopes': ['api/read', 'api/write'],
                        'groupConfiguration': {'groupsToOverride': [], 'iamRolesToOverride': [],
                                               'preferredRole': None},
                        'clientMetadata': {'from': 'test'}},
            'response': {'claimsAndScopeOverrideDetails': None}}, event)

    def test_a_trigger_that_throws_gives_no_token(self):
        machine = self.machine('api/read')
        self.trigger('V3_0', {})
        self.functions.handlers['http-machine'] = throwing('not today')
        with self.assert_error('UserLambdaValidationException',
                               'PreTokenGeneration failed with error not today.'):
            self.get(machine)

    def test_earlier_versions_are_not_asked(self):
        machine = self.machine('api/read')
        for version in ('V1_0', 'V2_0'):
            self.trigger(version, {})
            self.assertEqual('api/read', self.claims(self.get(machine))['scope'])
        self.assertEqual([], self.functions.take())

    def test_secrets_and_tokens_are_not_in_the_log(self):
        machine = self.machine('api/read')
        token = self.get(machine)['AccessToken']
        self.api.send('GetClientToken', json.dumps({
            'ClientId': machine[0], 'Secret': machine[1] + 'x'}).encode(), signed=False)
        for secret in (machine[1], token.rsplit('.', 1)[1]):
            self.assertNotIn(secret, self.server.log())


if __name__ == '__main__':
    unittest.main()
