"""Every trigger by every transport: plain HTTP, the Invoke operation, and handlers in Node and Python
that the server runs. One story is told four times; each time every function gets the same events,
and every reply has the same effect."""
import base64
import collections
import json
import os
import tempfile
import textwrap
import time
import unittest

import srp
from functions import ACCOUNT, FunctionTest
from poolhouse import ALL_FLOWS, PASSWORD, attribute_list, claims

WAYS = ('http', 'lambda', 'node', 'python')
KEYS = ('PreSignUp', 'PostConfirmation', 'PreAuthentication', 'PostAuthentication', 'CustomMessage',
        'UserMigration', 'DefineAuthChallenge', 'CreateAuthChallenge', 'VerifyAuthChallengeResponse')
SENDERS = ('CustomEmailSender', 'CustomSMSSender')
KMS_KEY = 'arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-0000-0000-000000000000'
SMS = {'SnsCallerArn': 'arn:aws:iam::000000000000:role/sms', 'ExternalId': 'x'}
METADATA = {'from': 'test'}
SOURCES = {
    'PreSignUp_SignUp', 'PreSignUp_AdminCreateUser', 'PostConfirmation_ConfirmSignUp',
    'PostConfirmation_ConfirmForgotPassword', 'PreAuthentication_Authentication',
    'PostAuthentication_Authentication', 'CustomMessage_SignUp', 'CustomMessage_ResendCode',
    'CustomMessage_ForgotPassword', 'CustomMessage_AdminCreateUser',
    'CustomMessage_UpdateUserAttribute', 'CustomMessage_VerifyUserAttribute',
    'UserMigration_Authentication', 'UserMigration_ForgotPassword',
    'DefineAuthChallenge_Authentication', 'CreateAuthChallenge_Authentication',
    'VerifyAuthChallengeResponse_Authentication', 'TokenGeneration_Authentication',
    'TokenGeneration_NewPasswordChallenge', 'TokenGeneration_RefreshTokens',
    'CustomMessage_Authentication'} | {
    f'Custom{kind}Sender_{why}' for kind in ('Email', 'SMS') for why in (
        'SignUp', 'ResendCode', 'ForgotPassword', 'UpdateUserAttribute', 'VerifyUserAttribute',
        'AdminCreateUser', 'Authentication')}

# What the functions answer, written once for both languages: by trigger source, into the response.
REPLIES = {
    'CustomMessage_SignUp': {'emailMessage': 'Custom {####}', 'emailSubject': 'Custom'},
    'UserMigration_Authentication': {
        'userAttributes': {'email': 'moved@example.com', 'email_verified': 'true'},
        'finalUserStatus': 'CONFIRMED', 'messageAction': 'SUPPRESS'},
    'UserMigration_ForgotPassword': {
        'userAttributes': {'email': 'lost@example.com', 'email_verified': 'true'},
        'messageAction': 'SUPPRESS'},
    'CreateAuthChallenge_Authentication': {
        'publicChallengeParameters': {'q': '6*7'}, 'privateChallengeParameters': {'a': '42'},
        'challengeMetadata': 'M'},
    'VerifyAuthChallengeResponse_Authentication': {'answerCorrect': True},
}
CLAIMS = {1: {'claimsOverrideDetails': {'claimsToAddOrOverride': {'by': 'function'}}},
          2: {'claimsAndScopeOverrideDetails': {
              'idTokenGeneration': {'claimsToAddOrOverride': {'by': 'function', 'n': [1, {'a': True}]}},
              'accessTokenGeneration': {'claimsToAddOrOverride': {'by': 'function'},
                                        'scopesToAdd': ['extra/scope']}}}}
NODE = '''
const fs = require('fs');
const replies = JSON.parse(fs.readFileSync(__dirname + '/replies.json', 'utf8'));
exports.handler = async (event) => {
  fs.appendFileSync(__dirname + '/events-node.jsonl', JSON.stringify(event) + '\\n');
  if (event.triggerSource.startsWith('DefineAuth')) {
    event.response = event.request.session.length === 0
      ? { challengeName: 'CUSTOM_CHALLENGE', issueTokens: false, failAuthentication: false }
      : { issueTokens: event.request.session[0].challengeResult, failAuthentication: false };
  } else if (event.triggerSource.startsWith('TokenGeneration')) {
    event.response = replies['claims' + event.version];
  } else {
    Object.assign(event.response, replies[event.triggerSource] || {});
  }
  return event;
};
'''
PYTHON = '''
import json, os
HERE = os.path.dirname(os.path.abspath(__file__))
with open(HERE + '/replies.json') as f:
    REPLIES = json.load(f)

def handler(event, context):
    with open(HERE + '/events-python.jsonl', 'a') as f:
        f.write(json.dumps(event) + '\\n')
    if event['triggerSource'].startswith('DefineAuth'):
        session = event['request']['session']
        event['response'] = {'challengeName': 'CUSTOM_CHALLENGE', 'issueTokens': False,
                             'failAuthentication': False} if not session else {
            'issueTokens': session[0]['challengeResult'], 'failAuthentication': False}
    elif event['triggerSource'].startswith('TokenGeneration'):
        event['response'] = REPLIES['claims' + event['version']]
    else:
        event['response'].update(REPLIES.get(event['triggerSource'], {}))
    return event
'''


def remote(event):
    """The same as a function behind HTTP."""
    source, session = event['triggerSource'], event['request'].get('session')
    if source.startswith('DefineAuth'):
        event['response'] = {'challengeName': 'CUSTOM_CHALLENGE', 'issueTokens': False,
                             'failAuthentication': False} if not session else {
            'issueTokens': session[0]['challengeResult'], 'failAuthentication': False}
    elif source.startswith('TokenGeneration'):
        event['response'] = CLAIMS[min(int(event['version']), 2)]
    else:
        event['response'].update(REPLIES.get(source, {}))
    return event


class EveryTransport(FunctionTest):
    server_options = {'env': {'POOLHOUSE_TRIGGERS_TIMEOUT': '10s'}}

    @classmethod
    def routes(cls):
        cls.folder, cls.read = tempfile.TemporaryDirectory(), collections.Counter()
        cls.addClassCleanup(cls.folder.cleanup)
        for name, text in (('index.js', NODE), ('app.py', PYTHON), ('replies.json', json.dumps({
                **REPLIES, **{f'claims{n}': CLAIMS[min(n, 2)] for n in (1, 2, 3)}}))):
            with open(cls.path(name), 'w', encoding='utf-8') as f:
                f.write(textwrap.dedent(text))
        return super().routes() + [f'node-*=local:{cls.path("index.js")}',
                                   f'python-*=local:{cls.path("app.py")}']

    @classmethod
    def path(cls, name):
        return os.path.join(cls.folder.name, name)

    @classmethod
    def prepare(cls):
        for way in ('http', 'lambda'):
            cls.functions.handlers.update({f'{way}-{key}': remote for key in
                                           KEYS + SENDERS + ('PreTokenGeneration',)})

    def events(self, way):
        if way in ('http', 'lambda'):
            return self.functions.take()
        with open(self.path(f'events-{way}.jsonl'), encoding='utf-8') as f:
            whole = [line for line in f if line.endswith('\n')]
        found = [json.loads(line) for line in whole[self.read[way]:]]  # handlers may append meanwhile
        self.read[way] = len(whole)
        return found

    def all_events(self, way, last):
        """Senders are called afterwards: waits for the last of their sources."""
        found = []
        for _ in range(300):
            try:
                found += self.events(way)
            except FileNotFoundError:
                pass
            if last <= {e['triggerSource'] for e in found}:
                return found
            time.sleep(0.05)
        self.fail(f'{way}: {last - {e["triggerSource"] for e in found}} did not come')

    def functions_of(self, way, version, senders):
        lambdas = {key: f'{ACCOUNT}{way}-{key}' for key in KEYS}
        lambdas['PreTokenGenerationConfig'] = {'LambdaArn': f'{ACCOUNT}{way}-PreTokenGeneration',
                                               'LambdaVersion': f'V{version}_0'}
        if senders:
            lambdas |= {key: {'LambdaArn': f'{ACCOUNT}{way}-{key}', 'LambdaVersion': 'V1_0'}
                        for key in SENDERS}
            lambdas['KMSKeyID'] = KMS_KEY
        return lambdas

    def pool_of(self, way, version, senders=False):
        pool = self.new_pool(LambdaConfig=self.functions_of(way, version, senders), SmsConfiguration=SMS,
                             AutoVerifiedAttributes=['email', 'phone_number'], Policies={'SignInPolicy': {
                                 'AllowedFirstAuthFactors': ['PASSWORD', 'EMAIL_OTP', 'SMS_OTP']}})
        return pool, self.new_client(pool, ExplicitAuthFlows=ALL_FLOWS + ['ALLOW_CUSTOM_AUTH',
                                                                          'ALLOW_USER_AUTH'])

    def by_code(self, client, name, choice):
        """Sends the code of a sign-in, which nobody enters."""
        return self.api.InitiateAuth(ClientId=client, AuthFlow='USER_AUTH', AuthParameters={
            'USERNAME': name, 'PREFERRED_CHALLENGE': choice})

    def by_password(self, client, name, password=PASSWORD):
        return self.api.InitiateAuth(ClientId=client, AuthFlow='USER_PASSWORD_AUTH', AuthParameters={
            'USERNAME': name, 'PASSWORD': password}, ClientMetadata=METADATA)

    def assert_claims(self, version, tokens):
        id_token, access = (claims(tokens[k])[1] for k in ('IdToken', 'AccessToken'))
        self.assertEqual('function', id_token['by'])
        if version > 1:
            self.assertEqual([1, {'a': True}], id_token['n'])
            self.assertEqual(('function', 'aws.cognito.signin.user.admin extra/scope'),
                             (access['by'], access['scope']))

    def story(self, way, version):
        pool, client = self.pool_of(way, version)
        mine = {'ClientId': client, 'Username': 'ann'}
        self.api.SignUp(**mine, Password=PASSWORD, UserAttributes=attribute_list(email='ann@example.com'),
                        ValidationData=attribute_list(invite='7'), ClientMetadata=METADATA)
        self.assertRegex(self.server.outbox('ann')[0]['body'], r'^Custom \d{6}$')
        self.api.ResendConfirmationCode(**mine)
        self.api.ConfirmSignUp(**mine, ConfirmationCode=self.server.code('ann'), ClientMetadata=METADATA)
        tokens = self.by_password(client, 'ann')['AuthenticationResult']
        self.assert_claims(version, tokens)
        self.api.InitiateAuth(ClientId=client, AuthFlow='REFRESH_TOKEN_AUTH',
                              AuthParameters={'REFRESH_TOKEN': tokens['RefreshToken']})
        self.api.GetUserAttributeVerificationCode(AccessToken=tokens['AccessToken'], AttributeName='email')
        self.api.UpdateUserAttributes(AccessToken=tokens['AccessToken'],
                                      UserAttributes=attribute_list(email='ann2@example.com'))
        self.api.VerifyUserAttribute(AccessToken=tokens['AccessToken'], AttributeName='email',
                                     Code=self.server.code('ann'))
        self.by_code(client, 'ann', 'EMAIL_OTP')
        self.api.ForgotPassword(**mine, ClientMetadata=METADATA)
        self.api.ConfirmForgotPassword(**mine, Password=PASSWORD, ConfirmationCode=self.server.code('ann'))
        asked = self.api.InitiateAuth(ClientId=client, AuthFlow='CUSTOM_AUTH',
                                      AuthParameters={'USERNAME': 'ann'})
        self.assertEqual({'q': '6*7', 'USERNAME': 'ann'}, asked['ChallengeParameters'])
        self.assert_claims(version, self.api.RespondToAuthChallenge(
            ClientId=client, ChallengeName='CUSTOM_CHALLENGE', Session=asked['Session'],
            ChallengeResponses={'USERNAME': 'ann', 'ANSWER': '42'},
            ClientMetadata=METADATA)['AuthenticationResult'])
        self.api.AdminCreateUser(UserPoolId=pool, Username='bob', TemporaryPassword=PASSWORD,
                                 DesiredDeliveryMediums=['EMAIL'], ClientMetadata=METADATA,
                                 UserAttributes=attribute_list(email='bob@example.com'))
        asked = self.by_password(client, 'bob')
        self.api.RespondToAuthChallenge(
            ClientId=client, ChallengeName='NEW_PASSWORD_REQUIRED', Session=asked['Session'],
            ChallengeResponses={'USERNAME': 'bob', 'NEW_PASSWORD': PASSWORD + '2'})
        self.by_password(client, 'moved', 'Old-passw0rd')
        self.api.ForgotPassword(ClientId=client, Username='lost')
        return pool, client, self.events(way)

    def tokens_story(self, way, version):
        pool, client = self.pool_of(way, version)
        self.new_user(pool, 'tom')
        self.events(way)
        self.assert_claims(version, self.by_password(client, 'tom')['AuthenticationResult'])
        return pool, client, self.events(way)

    def senders_story(self, way):
        """Two people go through all that sends codes, one by mail and one by text messages."""
        pool, client = self.pool_of(way, 1, senders=True)
        for name, kind, attribute, values in (
                ('eve', 'Email', 'email', ['eve@example.com', 'eve2@example.com', 'inv@example.com']),
                ('sam', 'SMS', 'phone_number', ['+15550100', '+15550101', '+15550102'])):
            mine = {'ClientId': client, 'Username': name}
            self.api.SignUp(**mine, Password=PASSWORD, ClientMetadata=METADATA,
                            UserAttributes=attribute_list(**{attribute: values[0]}))
            self.api.ResendConfirmationCode(**mine, ClientMetadata=METADATA)
            self.api.AdminConfirmSignUp(UserPoolId=pool, Username=name)
            self.api.AdminUpdateUserAttributes(UserPoolId=pool, Username=name, UserAttributes=attribute_list(
                **{f'{attribute}_verified': 'true'}))
            token = self.by_password(client, name)['AuthenticationResult']['AccessToken']
            self.api.GetUserAttributeVerificationCode(AccessToken=token, AttributeName=attribute)
            self.by_code(client, name, 'EMAIL_OTP' if kind == 'Email' else 'SMS_OTP')
            self.api.ForgotPassword(**mine)
            self.api.AdminCreateUser(
                UserPoolId=pool, Username=f'{name}s-guest', TemporaryPassword=PASSWORD,
                DesiredDeliveryMediums=[kind.upper()], UserAttributes=attribute_list(**{attribute: values[2]}))
            self.api.UpdateUserAttributes(AccessToken=token, UserAttributes=attribute_list(
                **{attribute: values[1]}))
        found = self.all_events(way, {source for source in SOURCES if 'Sender_' in source})
        code = next(e for e in found if (e['triggerSource'], e['userName']) == (
            'CustomSMSSender_UpdateUserAttribute', 'sam'))['request']['code']
        self.api.VerifyUserAttribute(AccessToken=token, AttributeName='phone_number',
                                     Code=base64.b64decode(code).decode())
        return pool, client, sorted(found, key=lambda e: (e['triggerSource'], e['userName']))

    @staticmethod
    def comparable(pool, client, events, way):
        """Without what is new each time: ids of pool, client and users, and codes."""
        text = json.dumps(events)
        for value, stands_for in ((pool, 'POOL'), (client, 'CLIENT')):
            text = text.replace(value, stands_for)
        events = json.loads(text)
        for event in events:
            if 'sub' in event['request'].get('userAttributes', {}):
                event['request']['userAttributes']['sub'] = 'SUB'
            if 'code' in event['request']:
                event['request']['code'] = 'CODE'
        return events

    def test_one_story_by_each_transport(self):
        told = {}
        seen = set()
        for way in WAYS:
            self.functions.take()
            for version in (1, 2, 3):
                tell = self.story if version == 1 else self.tokens_story
                pool, client, events = tell(way, version)
                told[way, version] = self.comparable(pool, client, events, way)
                self.assertEqual(told['http', version], told[way, version], (way, version))
                self.assertEqual({str(version)}, {e['version'] for e in events
                                                  if e['triggerSource'].startswith('TokenGen')})
                seen |= {e['triggerSource'] for e in events}
            pool, client, events = self.senders_story(way)
            told[way, 'senders'] = self.comparable(pool, client, events, way)
            self.assertEqual(told['http', 'senders'], told[way, 'senders'], way)
            seen |= {e['triggerSource'] for e in events}
        self.assertEqual(SOURCES, seen)

    def test_a_client_of_its_own_by_each_transport(self):
        told = []
        for way in WAYS:
            pool = self.new_pool(LambdaConfig={'PreTokenGenerationConfig': {
                'LambdaArn': f'{ACCOUNT}{way}-PreTokenGeneration', 'LambdaVersion': 'V3_0'}})
            self.api.CreateResourceServer(UserPoolId=pool, Identifier='api', Name='API', Scopes=[
                {'ScopeName': 'read', 'ScopeDescription': 'read'}])
            made = self.api.CreateUserPoolClient(
                UserPoolId=pool, ClientName='machine', GenerateSecret=True, AllowedOAuthScopes=['api/read'],
                ExplicitAuthFlows=['ALLOW_CLIENT_TOKEN_AUTH'])['UserPoolClient']
            token = self.api.GetClientToken(ClientId=made['ClientId'], Secret=made['ClientSecret'])[
                'ClientAuthenticationResult']['AccessToken']
            access = claims(token)[1]
            self.assertEqual(('function', 'api/read extra/scope'), (access['by'], access['scope']))
            told.append(self.comparable(pool, made['ClientId'], self.events(way), way))
        self.assertEqual(['TokenGeneration_ClientCredentials'], [e['triggerSource'] for e in told[0]])
        self.assertEqual([told[0]] * len(WAYS), told)

    def test_a_device_says_so_by_each_transport(self):
        told = []
        for way in WAYS:
            pool = self.new_pool(
                LambdaConfig={key: value for key, value in self.functions_of(way, 1, False).items()
                              if key.startswith('PreToken')},
                DeviceConfiguration={'ChallengeRequiredOnNewDevice': False,
                                     'DeviceOnlyRememberedOnUserPrompt': False})
            client = self.new_client(pool)
            self.new_user(pool, 'dan')
            tokens = self.tokens(client, 'dan')
            device = srp.Device(tokens['NewDeviceMetadata'])
            self.api.ConfirmDevice(AccessToken=tokens['AccessToken'],
                                   DeviceKey=tokens['NewDeviceMetadata']['DeviceKey'],
                                   DeviceSecretVerifierConfig=device.secret_verifier_config())
            self.events(way)
            key = {'DEVICE_KEY': tokens['NewDeviceMetadata']['DeviceKey']}
            asked = self.api.InitiateAuth(ClientId=client, AuthFlow='USER_PASSWORD_AUTH', AuthParameters={
                'USERNAME': 'dan', 'PASSWORD': PASSWORD, **key})
            asked = self.api.RespondToAuthChallenge(
                ClientId=client, ChallengeName='DEVICE_SRP_AUTH', Session=asked['Session'],
                ChallengeResponses={'USERNAME': 'dan', 'SRP_A': device.srp_a, **key})
            self.api.RespondToAuthChallenge(
                ClientId=client, ChallengeName='DEVICE_PASSWORD_VERIFIER',
                ChallengeResponses={'USERNAME': 'dan', **device.answer(asked['ChallengeParameters'])})
            told.append(self.comparable(pool, client, self.events(way), way))
        self.assertEqual(['TokenGeneration_AuthenticateDevice'], [e['triggerSource'] for e in told[0]])
        self.assertEqual([told[0]] * len(WAYS), told)


if __name__ == '__main__':
    unittest.main()
