"""What is kept of sign-ins, sign-ups and password changes: read from the database as it lies there."""
import base64
import json
import time
import unittest

import srp
from poolhouse import (ALL_FLOWS, PASSWORD, PoolhouseTest, UUID, attribute_list, claims,
                       secret_hash)

WRONG = 'Wr0ng-pass-Canary'
NEW = 'N3w-pass-Canary'
FINGERPRINT = base64.b64encode(b'{"payload":"fingerprint","version":"JS20171115"}').decode()
ANALYTICS = {'AnalyticsMetadata': {'AnalyticsEndpointId': 'endpoint-1'}}
PUBLIC = {'UserContextData': {'EncodedData': FINGERPRINT, 'IpAddress': '203.0.113.7'}, **ANALYTICS}
ADMIN = {'ContextData': {'IpAddress': '203.0.113.9', 'ServerName': 'app.example.com',
                         'ServerPath': '/sign-in', 'EncodedData': FINGERPRINT,
                         'HttpHeaders': [{'headerName': 'X-Canary', 'headerValue': 'Header-Canary'}]},
         **ANALYTICS}
HERE = '127.0.0.1'


class EventsTest(PoolhouseTest):
    server_options = {'memory': False}

    @classmethod
    def prepare(cls):
        cls.pool = cls.new_pool(AutoVerifiedAttributes=['email'])
        cls.client = cls.new_client(cls.pool)
        cls.vouching, cls.secret = cls.vouching_client()

    @classmethod
    def vouching_client(cls):
        """One that may say where its users are; needs a secret."""
        made = cls.api.CreateUserPoolClient(
            UserPoolId=cls.pool, ClientName='server', GenerateSecret=True,
            ExplicitAuthFlows=ALL_FLOWS, EnablePropagateAdditionalUserContextData=True)
        return made['UserPoolClient']['ClientId'], made['UserPoolClient']['ClientSecret']

    def rows(self, condition='1 = 1', *values):
        found = self.server.database.rows(
            f'SELECT * FROM auth_events WHERE pool_id = ? AND {condition} ORDER BY at_ms, id',
            self.pool, *values)
        for row in found:
            row['detail'] = json.loads(row['detail'])
        return found

    def sub(self, name):
        found = self.api.AdminGetUser(UserPoolId=self.pool, Username=name)['UserAttributes']
        return next(a['Value'] for a in found if a['Name'] == 'sub')

    def events(self, name, count, response=None):
        """The events of a user, when there are so many; they are written shortly after the answer."""
        sub = self.sub(name)

        def are_there():
            found = self.rows('sub = ?', sub)
            return len(found) >= count and (response is None or found[-1]['response'] == response)
        self.until(are_there)
        time.sleep(0.05)  # one too many would come about now
        found = self.rows('sub = ?', sub)
        self.assertEqual(count, len(found), found)
        for row in found:
            self.assertRegex(row['id'], UUID)
            self.assertLess(abs(row['at_ms'] / 1000 - time.time()), 60)
        return found

    def assert_event(self, row, type_, response, **detail):
        self.assertEqual((type_, response), (row['type'], row['response']))
        for key, value in detail.items():
            self.assertEqual(value, row['detail'].get(key), key)


def password(outcome):
    return [{'ChallengeName': 'Password', 'ChallengeResponse': outcome}]


class SignIns(EventsTest):

    def test_a_right_password_is_a_pass_under_the_event_id_of_the_tokens(self):
        name = self.new_user(self.pool)
        tokens = self.api.InitiateAuth(
            ClientId=self.client, AuthFlow='USER_PASSWORD_AUTH',
            AuthParameters={'USERNAME': name, 'PASSWORD': PASSWORD}, **PUBLIC)['AuthenticationResult']
        row, = self.events(name, 1)
        self.assert_event(row, 'SignIn', 'Pass', AnalyticsEndpointId='endpoint-1',
                          EncodedData=FINGERPRINT, ChallengeResponses=password('Success'))
        self.assertEqual(self.client, row['client_id'])
        for token in ('IdToken', 'AccessToken'):
            self.assertEqual(row['id'], claims(tokens[token])[1]['event_id'])

    def test_a_wrong_password_is_a_fail_each_time(self):
        name = self.new_user(self.pool)
        for _ in range(2):
            with self.assert_error('NotAuthorizedException', None):
                self.api.InitiateAuth(
                    ClientId=self.client, AuthFlow='USER_PASSWORD_AUTH',
                    AuthParameters={'USERNAME': name, 'PASSWORD': WRONG}, **PUBLIC)
        rows = self.events(name, 2)
        for row in rows:
            self.assert_event(row, 'SignIn', 'Fail', AnalyticsEndpointId='endpoint-1',
                              ChallengeResponses=password('Failure'))
        self.assertEqual(2, len({r['id'] for r in rows}))

    def test_a_name_that_does_not_exist_is_a_fail_of_nobody(self):
        client = self.new_client(self.pool, PreventUserExistenceErrors='ENABLED')
        with self.assert_error('NotAuthorizedException', None):
            self.sign_in(client, 'nobody-of-that-name', WRONG)
        self.until(lambda: self.rows('client_id = ?', client))
        row, = self.rows('client_id = ?', client)
        self.assert_event(row, 'SignIn', 'Fail', ChallengeResponses=password('Failure'))
        self.assertIsNone(row['sub'])
        self.assertNotIn('nobody-of-that-name', json.dumps(row))

    def test_only_a_client_that_vouches_for_it_says_where_its_users_are(self):
        name = self.new_user(self.pool)
        self.api.InitiateAuth(ClientId=self.client, AuthFlow='USER_PASSWORD_AUTH',
                              AuthParameters={'USERNAME': name, 'PASSWORD': PASSWORD}, **PUBLIC)
        self.api.InitiateAuth(
            ClientId=self.vouching, AuthFlow='USER_PASSWORD_AUTH', AuthParameters={
                'USERNAME': name, 'PASSWORD': PASSWORD,
                'SECRET_HASH': secret_hash(name, self.vouching, self.secret)}, **PUBLIC)
        first, second = self.events(name, 2)
        self.assertEqual(HERE, first['detail']['IpAddress'])
        self.assertEqual('203.0.113.7', second['detail']['IpAddress'])

    def test_an_administrator_says_where_the_user_is(self):
        name = self.new_user(self.pool)
        self.api.AdminInitiateAuth(
            UserPoolId=self.pool, ClientId=self.client, AuthFlow='ADMIN_USER_PASSWORD_AUTH',
            AuthParameters={'USERNAME': name, 'PASSWORD': PASSWORD}, **ADMIN)
        row, = self.events(name, 1)
        self.assert_event(row, 'SignIn', 'Pass', IpAddress='203.0.113.9', EncodedData=FINGERPRINT,
                          AnalyticsEndpointId='endpoint-1', ChallengeResponses=password('Success'))

    def test_srp_is_one_event_when_it_is_proven_or_not(self):
        for secret, response, outcome in ((PASSWORD, 'Pass', 'Success'), (WRONG, 'Fail', 'Failure')):
            with self.subTest(response=response):
                name = self.new_user(self.pool)
                half = srp.Client(self.pool, secret)
                asked = self.api.InitiateAuth(
                    ClientId=self.client, AuthFlow='USER_SRP_AUTH', AuthParameters={
                        'USERNAME': name, 'SRP_A': half.srp_a}, **PUBLIC)['ChallengeParameters']
                time.sleep(0.1)
                self.assertEqual([], self.rows('sub = ?', self.sub(name)), 'nothing is judged yet')
                members = {'ClientId': self.client, 'ChallengeName': 'PASSWORD_VERIFIER',
                           'ChallengeResponses': half.answer(asked), **PUBLIC}
                if response == 'Fail':
                    self.refused('NotAuthorizedException', None, 'RespondToAuthChallenge', **members)
                else:
                    self.api.RespondToAuthChallenge(**members)
                row, = self.events(name, 1)
                self.assert_event(row, 'SignIn', response, AnalyticsEndpointId='endpoint-1',
                                  EncodedData=FINGERPRINT, ChallengeResponses=password(outcome))

    def test_a_new_password_is_in_progress_and_then_a_pass_under_one_id(self):
        name = self.new_name()
        self.api.AdminCreateUser(UserPoolId=self.pool, Username=name, TemporaryPassword=PASSWORD,
                                 MessageAction='SUPPRESS')
        session = self.sign_in(self.client, name)['Session']
        begun, = self.events(name, 1)
        self.assert_event(begun, 'SignIn', 'InProgress', ChallengeResponses=password('Success'))
        tokens = self.api.RespondToAuthChallenge(
            ClientId=self.client, ChallengeName='NEW_PASSWORD_REQUIRED', Session=session,
            ChallengeResponses={'USERNAME': name, 'NEW_PASSWORD': NEW}, **PUBLIC)['AuthenticationResult']
        ended, = self.events(name, 1, 'Pass')
        self.assertEqual(begun['id'], ended['id'])
        self.assertEqual(begun['at_ms'], ended['at_ms'])
        self.assertEqual(ended['id'], claims(tokens['IdToken'])[1]['event_id'])
        self.assert_event(ended, 'SignIn', 'Pass', AnalyticsEndpointId='endpoint-1',
                          ChallengeResponses=password('Success'))

    def test_a_refresh_is_no_sign_in(self):
        name = self.new_user(self.pool)
        tokens = self.tokens(self.client, name)
        self.api.InitiateAuth(ClientId=self.client, AuthFlow='REFRESH_TOKEN_AUTH',
                              AuthParameters={'REFRESH_TOKEN': tokens['RefreshToken']})
        self.events(name, 1)


class OtherEvents(EventsTest):

    def test_a_sign_up_is_recorded_with_its_context(self):
        name = self.new_name()
        self.api.SignUp(ClientId=self.client, Username=name, Password=PASSWORD, **PUBLIC)
        row, = self.events(name, 1)
        self.assert_event(row, 'SignUp', 'Pass', AnalyticsEndpointId='endpoint-1',
                          EncodedData=FINGERPRINT, IpAddress=HERE)
        self.assertEqual(self.client, row['client_id'])

    def test_a_change_of_password_is_recorded(self):
        name = self.new_user(self.pool)
        token = self.tokens(self.client, name)['AccessToken']
        self.api.ChangePassword(AccessToken=token, PreviousPassword=PASSWORD, ProposedPassword=NEW)
        with self.assert_error('NotAuthorizedException', None):
            self.api.ChangePassword(AccessToken=token, PreviousPassword=WRONG, ProposedPassword=NEW)
        _, right, wrong = self.events(name, 3)
        self.assert_event(right, 'PasswordChange', 'Pass', IpAddress=HERE)
        self.assert_event(wrong, 'PasswordChange', 'Fail', IpAddress=HERE)

    def test_asking_for_a_code_again_is_recorded(self):
        name = self.new_name()
        self.api.SignUp(ClientId=self.client, Username=name, Password=PASSWORD,
                        UserAttributes=attribute_list(email='e@example.com'))
        self.api.ResendConfirmationCode(ClientId=self.client, Username=name, **PUBLIC)
        _, row = self.events(name, 2)
        self.assert_event(row, 'ResendCode', 'Pass', AnalyticsEndpointId='endpoint-1')

    def test_the_program_that_called_is_kept_as_harmless_text(self):
        name = self.new_user(self.pool)
        self.api.send('InitiateAuth', json.dumps({
            'ClientId': self.client, 'AuthFlow': 'USER_PASSWORD_AUTH',
            'AuthParameters': {'USERNAME': name, 'PASSWORD': PASSWORD}}).encode(),
            headers={'User-Agent': 'app/1.0 \xe9"}'})
        row, = self.events(name, 1)
        self.assertRegex(row['detail']['UserAgent'], r'\Aapp/1\.0 \?+"}\Z')

    def test_odd_context_is_accepted_and_harms_nothing(self):
        name = self.new_user(self.pool)
        for context in ({'EncodedData': ''}, {'EncodedData': 'not base64 "}'}, {},
                        {'IpAddress': 'x' * 100}):
            self.api.InitiateAuth(
                ClientId=self.client, AuthFlow='USER_PASSWORD_AUTH', UserContextData=context,
                AuthParameters={'USERNAME': name, 'PASSWORD': PASSWORD}, AnalyticsMetadata={})
        for row in self.events(name, 4):
            self.assertEqual(HERE, row['detail']['IpAddress'])


class NoSecrets(EventsTest):

    def test_no_row_holds_a_password_a_code_a_token_or_a_secret_hash(self):
        canaries = self.plant()
        self.until(lambda: len(self.rows()) >= 7)
        rows = self.rows()
        self.assertEqual(7, len(rows))
        text = json.dumps(rows)
        self.assertIn('endpoint-1', text, 'the search looks at the wrong rows')
        for canary in canaries:
            self.assertNotIn(canary, text)
        self.assertNotIn('Canary', text)

    def plant(self):
        name = self.new_name('canary')
        proof = secret_hash(name, self.vouching, self.secret)
        planted = [PASSWORD, WRONG, NEW, self.secret, proof]
        parameters = {'USERNAME': name, 'SECRET_HASH': proof}
        self.api.SignUp(ClientId=self.vouching, Username=name, Password=PASSWORD, SecretHash=proof,
                        ValidationData=[{'Name': 'v', 'Value': 'Canary-validation'}],
                        ClientMetadata={'m': 'Canary-metadata'}, **PUBLIC)
        self.api.AdminConfirmSignUp(UserPoolId=self.pool, Username=name)
        tokens = self.tokens(self.vouching, name, SECRET_HASH=proof)
        planted += [v for k, v in tokens.items() if k.endswith('Token')]
        with self.assert_error('NotAuthorizedException', None):
            self.tokens(self.vouching, name, WRONG, SECRET_HASH=proof)
        self.api.AdminInitiateAuth(
            UserPoolId=self.pool, ClientId=self.vouching, AuthFlow='ADMIN_USER_PASSWORD_AUTH',
            AuthParameters={**parameters, 'PASSWORD': PASSWORD}, **ADMIN)
        half = srp.Client(self.pool, PASSWORD)
        asked = self.api.InitiateAuth(
            ClientId=self.vouching, AuthFlow='USER_SRP_AUTH',
            AuthParameters={**parameters, 'SRP_A': half.srp_a}, **PUBLIC)['ChallengeParameters']
        answer = half.answer(asked)
        planted += [half.srp_a, asked['SECRET_BLOCK'], asked['SRP_B'],
                    answer['PASSWORD_CLAIM_SIGNATURE']]
        self.api.RespondToAuthChallenge(
            ClientId=self.vouching, ChallengeName='PASSWORD_VERIFIER',
            ChallengeResponses={**answer, 'SECRET_HASH': proof}, **PUBLIC)
        self.api.ChangePassword(AccessToken=tokens['AccessToken'], PreviousPassword=PASSWORD,
                                ProposedPassword=NEW)
        invited = self.new_name('canary')
        self.api.AdminCreateUser(UserPoolId=self.pool, Username=invited, TemporaryPassword=WRONG,
                                 MessageAction='SUPPRESS')
        session = self.sign_in(self.client, invited, WRONG)['Session']
        self.api.RespondToAuthChallenge(
            ClientId=self.client, ChallengeName='NEW_PASSWORD_REQUIRED', Session=session,
            ChallengeResponses={'USERNAME': invited, 'NEW_PASSWORD': NEW})
        return planted + [session]


if __name__ == '__main__':
    unittest.main()
