"""No secret reaches the log or, unsealed, the database: canaries are planted and searched for."""
import json
import re
import unittest

import srp
from poolhouse import (ALL_FLOWS, ApiError, PoolhouseTest, attribute_list, claims, secret_hash,
                       sign)

PASSWORDS = ['Canary-Passw0rd-1', 'Canary-Passw0rd-2', 'Canary-Wrong-Passw0rd-3', 'Canary-Temp0rary-4',
             'Canary-N3w-passw0rd-5', 'Canary-Adm1n-set-6']


def canary_of(shape, name='', sensitive=False, depth=0):
    """An input of this shape with a canary for each text that is sensitive, itself or from above."""
    sensitive = sensitive or bool(shape.metadata.get('sensitive'))
    if depth > 6:
        return None
    if shape.type_name == 'structure':
        return {k: canary_of(v, k, sensitive, depth + 1) for k, v in shape.members.items()}
    if shape.type_name == 'list':
        return [canary_of(shape.member, name, sensitive, depth + 1)]
    if shape.type_name == 'map':
        return {k: f'Swept-{name}-{k}' for k in ('USERNAME', 'PASSWORD', 'SRP_A', 'REFRESH_TOKEN')}
    if shape.type_name == 'string':
        return f'Swept-{name}' if sensitive else 'plain'
    return {'boolean': True, 'blob': 'AAAA'}.get(shape.type_name, 1)


class Secrets(PoolhouseTest):
    server_args = ('--log-level', 'debug', '--log-format', 'json')
    server_options = {'memory': False}

    def plant(self):
        """Every secret there is, used rightly and wrongly; what must appear nowhere."""
        canaries = list(PASSWORDS)
        pool = self.new_pool(AutoVerifiedAttributes=['email'])
        made = self.api.CreateUserPoolClient(
            UserPoolId=pool, ClientName='c', GenerateSecret=True,
            ExplicitAuthFlows=['ALLOW_USER_PASSWORD_AUTH', 'ALLOW_ADMIN_USER_PASSWORD_AUTH',
                               'ALLOW_USER_SRP_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'])['UserPoolClient']
        client, secret = made['ClientId'], made['ClientSecret']
        proof = {'SECRET_HASH': secret_hash('canary', client, secret)}
        canaries += [secret, proof['SECRET_HASH']]

        self.api.SignUp(ClientId=client, Username='canary', Password=PASSWORDS[0],
                        SecretHash=proof['SECRET_HASH'],
                        UserAttributes=attribute_list(email='canary@example.com'))
        code = self.server.code('canary')
        self.api.ConfirmSignUp(ClientId=client, Username='canary', ConfirmationCode=code,
                               SecretHash=proof['SECRET_HASH'])
        tokens = self.tokens(client, 'canary', PASSWORDS[0], **proof)
        canaries += [tokens[t] for t in ('AccessToken', 'IdToken', 'RefreshToken')]
        canaries += [tokens['AccessToken'].split('.')[2], tokens['RefreshToken'].split('.')[3]]
        self.api.ChangePassword(AccessToken=tokens['AccessToken'], PreviousPassword=PASSWORDS[0],
                                ProposedPassword=PASSWORDS[1])
        for wrong in (lambda: self.tokens(client, 'canary', PASSWORDS[2], **proof),
                      lambda: self.api.GetUser(AccessToken=tokens['AccessToken'] + 'x'),
                      lambda: self.api.SignUp(ClientId=client, Username='x', Password=[PASSWORDS[2]]),
                      lambda: self.api.SignUp(ClientId=client, Username='', Password=' ' + PASSWORDS[2]),
                      lambda: self.api.ConfirmSignUp(ClientId=client, Username='canary',
                                                     ConfirmationCode=code)):
            with self.assertRaises(Exception):
                wrong()

        half = srp.Client(pool, PASSWORDS[1])
        challenge = self.api.InitiateAuth(ClientId=client, AuthFlow='USER_SRP_AUTH', AuthParameters={
            'USERNAME': 'canary', 'SRP_A': half.srp_a, **proof})['ChallengeParameters']
        answer = half.answer(challenge)
        canaries += [challenge['SECRET_BLOCK'], answer['PASSWORD_CLAIM_SIGNATURE']]
        self.api.RespondToAuthChallenge(ClientId=client, ChallengeName='PASSWORD_VERIFIER',
                                        ChallengeResponses={**answer, **proof})

        self.api.AdminCreateUser(UserPoolId=pool, Username='invited', TemporaryPassword=PASSWORDS[3])
        hash_of = {'SECRET_HASH': secret_hash('invited', client, secret)}
        session = self.sign_in(client, 'invited', PASSWORDS[3], **hash_of)['Session']
        canaries.append(session)
        self.api.RespondToAuthChallenge(
            ClientId=client, ChallengeName='NEW_PASSWORD_REQUIRED', Session=session,
            ChallengeResponses={'USERNAME': 'invited', 'NEW_PASSWORD': PASSWORDS[4], **hash_of})
        self.api.AdminSetUserPassword(UserPoolId=pool, Username='invited', Password=PASSWORDS[5],
                                      Permanent=True)
        canaries += self.plant_by_administrator(pool, client, secret)
        canaries += self.plant_rotation(pool, client, secret)
        canaries += self.plant_wrong_proof(pool, client, proof)
        codes = [code, *self.plant_codes(client, secret, proof)]
        self.api.send('InitiateAuth', f'{{"AuthParameters":{{"PASSWORD":"{PASSWORDS[2]}"'.encode())
        self.api.RevokeToken(Token=tokens['RefreshToken'], ClientId=client, ClientSecret=secret)
        # The claims are no secrets, but show that the search finds what is there.
        self.assertTrue(claims(tokens['IdToken'])[1]['sub'])
        return canaries, codes

    def plant_by_administrator(self, pool, client, secret):
        """Password and challenge by the signed operations; also what signs them."""
        self.api.AdminCreateUser(UserPoolId=pool, Username='second', TemporaryPassword=PASSWORDS[3])
        proof = {'SECRET_HASH': secret_hash('second', client, secret)}
        session = self.api.AdminInitiateAuth(
            UserPoolId=pool, ClientId=client, AuthFlow='ADMIN_USER_PASSWORD_AUTH', AuthParameters={
                'USERNAME': 'second', 'PASSWORD': PASSWORDS[3], **proof})['Session']
        answer = {'UserPoolId': pool, 'ClientId': client, 'ChallengeName': 'NEW_PASSWORD_REQUIRED',
                  'Session': session, 'ChallengeResponses': {
                      'USERNAME': 'second', 'NEW_PASSWORD': PASSWORDS[4], **proof}}
        tokens = self.api.AdminRespondToAuthChallenge(**answer)['AuthenticationResult']
        with self.assertRaises(ApiError):
            self.api.AdminRespondToAuthChallenge(**answer)
        body = json.dumps({'MaxResults': 1}).encode()
        signed = sign(self.api.credentials, 'POST', f'127.0.0.1:{self.server.port}', '/', {}, body)
        self.api.send('ListUserPools', body + b' ', headers=signed, signed=False)
        return [session, *proof.values(), signed['Authorization'].rsplit('=', 1)[1],
                *[v for k, v in tokens.items() if k.endswith('Token')]]

    def plant_rotation(self, pool, client, secret):
        """Refresh tokens and the client's secret as they are sent by GetTokensFromRefreshToken."""
        flows = [f for f in ALL_FLOWS if 'REFRESH' not in f]
        made = self.api.CreateUserPoolClient(
            UserPoolId=pool, ClientName='r', GenerateSecret=True, ExplicitAuthFlows=flows,
            RefreshTokenRotation={'Feature': 'ENABLED', 'RetryGracePeriodSeconds': 0})['UserPoolClient']
        rotating, key = made['ClientId'], made['ClientSecret']
        given = {'ClientId': rotating, 'ClientSecret': key, 'RefreshToken': self.tokens(
            rotating, 'canary', PASSWORDS[1],
            SECRET_HASH=secret_hash('canary', rotating, key))['RefreshToken']}
        fresh = self.api.GetTokensFromRefreshToken(**given)['AuthenticationResult']
        for wrong in (given, {**given, 'ClientSecret': secret},
                      {**given, 'RefreshToken': fresh['RefreshToken'] + 'x'}):
            with self.assertRaises(ApiError):
                self.api.GetTokensFromRefreshToken(**wrong)
        with self.assertRaises(ApiError):
            self.api.RevokeToken(Token=fresh['AccessToken'], ClientId=rotating, ClientSecret=key)
        self.api.UpdateUserPoolClient(UserPoolId=pool, ClientId=rotating, ClientName='renamed')
        self.api.DescribeUserPoolClient(UserPoolId=pool, ClientId=rotating)
        return [key, given['RefreshToken'], fresh['RefreshToken'], fresh['AccessToken']]

    def plant_wrong_proof(self, pool, client, proof):
        half = srp.Client(pool, PASSWORDS[2])
        asked = self.api.InitiateAuth(ClientId=client, AuthFlow='USER_SRP_AUTH', AuthParameters={
            'USERNAME': 'canary', 'SRP_A': half.srp_a, **proof})['ChallengeParameters']
        answer = half.answer(asked)
        for changed in ({}, {'TIMESTAMP': 'never'}, {'PASSWORD_CLAIM_SECRET_BLOCK': 'Canary-block'}):
            with self.assertRaises(ApiError):
                self.api.RespondToAuthChallenge(
                    ClientId=client, ChallengeName='PASSWORD_VERIFIER',
                    ChallengeResponses={**answer, **proof, **changed})
        return [half.srp_a, asked['SRP_B'], asked['SECRET_BLOCK'], 'Canary-block',
                answer['PASSWORD_CLAIM_SIGNATURE']]

    def plant_codes(self, client, secret, proof):
        """Codes that come to a user's own address, used rightly and wrongly."""
        access = self.tokens(client, 'canary', PASSWORDS[1], **proof)['AccessToken']
        self.api.UpdateUserAttributes(AccessToken=access,
                                      UserAttributes=attribute_list(email='canary@example.org'))
        first = self.server.code('canary', 2)
        self.api.GetUserAttributeVerificationCode(AccessToken=access, AttributeName='email')
        second = self.server.code('canary', 3)
        for code in (first, second):
            try:
                self.api.VerifyUserAttribute(AccessToken=access, AttributeName='email', Code=code)
            except ApiError as e:
                self.assertEqual('CodeMismatchException', e.type)
        self.api.SignUp(ClientId=client, Username='third', Password=PASSWORDS[0],
                        SecretHash=secret_hash('third', client, secret),
                        UserAttributes=attribute_list(email='canary@example.net'))
        self.api.ResendConfirmationCode(ClientId=client, Username='third',
                                        SecretHash=secret_hash('third', client, secret))
        return [first, second, self.server.code('third', 2)]

    def test_canaries_are_found_neither_in_the_log_nor_in_the_database(self):
        canaries, codes = self.plant()
        log = self.server.log()
        self.assertGreater(len(log.splitlines()), 20, 'the debug log is too short to prove anything')
        metrics = self.server.get('/metrics').body.decode()
        for canary in canaries:
            self.assertNotIn(canary, log)
            self.assertNotIn(canary, metrics)
        self.assertNotIn('PRIVATE KEY', log)
        for line in log.splitlines():
            if 'canary@example.' not in line:  # while developing, messages are shown in the log
                line = re.sub(r'"duration_us":\d+', '', line)  # which may be any six digits
                self.assertNotRegex(line, rf"[^0-9a-f.]({'|'.join(codes)})[^0-9a-f.]",
                                    'a code in the log')
        self.server.process.terminate()
        self.server.process.wait()
        self.addCleanup(self.server.start)  # the next test wants it
        stored = self.server.database.content()
        self.assertIn(b'canary', stored, 'the search looks at the wrong place')
        for canary in canaries:
            self.assertNotIn(canary.encode(), stored)

    def test_no_operation_logs_a_member_that_the_model_calls_sensitive(self):
        """Every operation with a canary in each sensitive text: as it should be and as it may not."""
        pool = self.new_pool()
        client = self.new_client(pool)
        known = {'UserPoolId': pool, 'ClientId': client}
        model = self.boto.meta.service_model
        sent = 0
        for operation in model.operation_names:
            shape = model.operation_model(operation).input_shape
            members = {} if operation.startswith('Delete') else known
            whole = {**canary_of(shape), **{k: v for k, v in members.items() if k in shape.members}}
            text = json.dumps(whole)
            sent += text.count('Swept-')
            for body in (text, text.replace('"Swept-', '["Swept-'), text[:-1], text + 'Swept-rest',
                         json.dumps({k: [v] for k, v in whole.items()})):
                self.api.send(operation, body.encode())
        self.assertGreater(sent, 150, 'the model was not read')
        log = self.server.log()
        for operation in model.operation_names:
            self.assertIn(operation, log, 'the log is of something else')
        self.assertNotIn('Swept-', log)
        self.assertNotIn(b'Swept-', self.server.get('/metrics').body)

    def test_heads_of_requests_are_not_logged(self):
        for head in ({'Authorization': 'Bearer Swept-bearer'}, {'Authorization': 'AWS4-Swept-signature'},
                     {'Cookie': 'Swept-cookie'}, {'X-Amz-Security-Token': 'Swept-token'}):
            self.api.send('ListUserPools', b'{"MaxResults":1}', headers=head, signed=False)
        self.server.get('/?code=Swept-code&token=Swept-token')
        self.assertNotIn('Swept-', self.server.log())

    def test_the_log_is_lines_of_json_with_the_request_id(self):
        reply = self.api.send('ListUserPools', b'{"MaxResults":1}')
        id_ = reply.headers['x-amzn-requestid']
        lines = [line for line in self.server.log().splitlines() if id_ in line]
        self.assertTrue(lines, 'no line has the request id')
        self.assertTrue(any(json.loads(line) and 'ListUserPools' in line for line in lines))

    def test_control_characters_cannot_forge_a_line(self):
        self.api.send('InitiateAuth', b'{}', headers={'User-Agent': 'x\ty"z'})
        with self.assertRaises(Exception):
            self.api.AdminGetUser(UserPoolId='eu-west-1_x', Username='a\n{"forged":true}')
        self.assertFalse([line for line in self.server.log().splitlines()
                          if line.startswith('{"forged"')])

    def test_metrics_name_no_user(self):
        self.new_user(self.new_pool(), 'metric-canary')
        self.assertNotIn(b'metric-canary', self.server.get('/metrics').body)


if __name__ == '__main__':
    unittest.main()
