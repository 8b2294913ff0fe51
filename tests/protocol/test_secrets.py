"""No secret reaches the log or, unsealed, the database: canaries are planted and searched for."""
import os
import unittest

import srp
from poolhouse import PoolhouseTest, attribute_list, claims, secret_hash

PASSWORDS = ['Canary-Passw0rd-1', 'Canary-Passw0rd-2', 'Canary-Wrong-Passw0rd-3', 'Canary-Temp0rary-4',
             'Canary-N3w-passw0rd-5', 'Canary-Adm1n-set-6']


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
        self.api.send('InitiateAuth', f'{{"AuthParameters":{{"PASSWORD":"{PASSWORDS[2]}"'.encode())
        self.api.RevokeToken(Token=tokens['RefreshToken'], ClientId=client, ClientSecret=secret)
        # The claims are no secrets, but show that the search finds what is there.
        self.assertTrue(claims(tokens['IdToken'])[1]['sub'])
        return canaries, code

    def test_canaries_are_found_neither_in_the_log_nor_in_the_database(self):
        canaries, code = self.plant()
        log = self.server.log()
        self.assertGreater(len(log.splitlines()), 20, 'the debug log is too short to prove anything')
        for canary in canaries:
            self.assertNotIn(canary, log)
        for line in log.splitlines():
            if 'canary@example.com' not in line:
                self.assertNotRegex(line, rf'[^0-9a-f.]{code}[^0-9a-f.]', 'a code in the log')
        self.server.process.terminate()
        self.server.process.wait()
        self.addCleanup(self.server.start)  # the next test wants it
        searched = 0
        for folder, _, files in os.walk(self.server.data):
            for name in files:
                with open(os.path.join(folder, name), 'rb') as f:
                    content = f.read()
                searched += len(content)
                for canary in canaries:
                    self.assertNotIn(canary.encode(), content, f'{canary} in {name}')
                if name.endswith(('.db', '.sqlite', '.sqlite3')):
                    self.assertIn(b'canary', content, 'the search looks at the wrong files')
        self.assertGreater(searched, 10000)

    def test_the_log_is_lines_of_json_with_the_request_id(self):
        import json
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
