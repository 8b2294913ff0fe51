"""`poolhouse dev --seed`: documents and templates become pools, the same at each start."""
import json
import os
import shutil
import subprocess
import tempfile
import time
import unittest

import rs256
import totp
from poolhouse import (Api, PoolhouseTest, Server, attributes, binary, boto3_client, secret_hash)

SEEDS = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'vectors', 'seeds')
REGION = ('--region', 'eu-west-1')


def claims_of(token):
    return json.loads(rs256.decode(token.split('.')[1]))


def seed(name):
    return os.path.join(SEEDS, name)


def run(*args, directory='.'):
    """The program without the settings of the tests' own environment."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith('POOLHOUSE_')}
    return subprocess.run([binary(), *args], cwd=directory, env=environment, capture_output=True,
                          text=True, timeout=60, check=False)


def refused_start(*args):
    """What a server says that does not start."""
    with tempfile.TemporaryDirectory() as directory:
        done = run('dev', '--memory', '--listen', '127.0.0.1:1', *args, directory=directory)
    assert done.returncode == 1, (done.returncode, done.stderr)
    return done.stderr.strip().splitlines()[-1]


def result(server):
    with open(os.path.join(server.directory, 'ids.json'), encoding='utf-8') as f:
        return json.load(f)


class Document(PoolhouseTest):
    server_args = (*REGION, '--seed', seed('document.json'), '--seed-output', 'ids.json')
    pool = 'eu-west-1_Document1'

    def client(self, name):
        return next(c for p in result(self.server)['UserPools'] for c in p['Clients']
                    if c['ClientName'] == name)

    def test_a_user_signs_in_with_the_password_of_the_file(self):
        payload = claims_of(self.tokens('documentweb', 'ann')['AccessToken'])
        self.assertEqual(['guests', 'staff'], sorted(payload['cognito:groups']))

    def test_pools_are_as_they_are_described(self):
        pool = self.api.DescribeUserPool(UserPoolId=self.pool)['UserPool']
        self.assertEqual(('shop', 'shop-document', 'PLUS'),
                         (pool['Name'], pool['Domain'], pool['UserPoolTier']))
        names = [a['Name'] for a in pool['SchemaAttributes']]
        self.assertIn('custom:team', names)
        self.assertIn('dev:custom:secret', names)
        mfa = self.boto.get_user_pool_mfa_config(UserPoolId=self.pool)
        self.assertEqual({'Enabled': True}, mfa['SoftwareTokenMfaConfiguration'])

    def test_what_belongs_to_the_pool_is_there(self):
        api = self.api
        self.assertEqual('Orders', api.DescribeResourceServer(
            UserPoolId=self.pool, Identifier='orders')['ResourceServer']['Name'])
        self.assertEqual('a', api.DescribeIdentityProvider(
            UserPoolId=self.pool,
            ProviderName='Google')['IdentityProvider']['ProviderDetails']['client_id'])
        risk = api.DescribeRiskConfiguration(UserPoolId=self.pool, ClientId='documentweb')
        self.assertEqual(['198.51.100.0/24'], risk['RiskConfiguration'][
            'RiskExceptionConfiguration']['SkippedIPRangeList'])

    def test_a_secret_that_is_generated_is_told(self):
        client = self.client('server')
        reply = self.api.AdminInitiateAuth(
            UserPoolId=self.pool, ClientId=client['ClientId'], AuthFlow='ADMIN_USER_PASSWORD_AUTH',
            AuthParameters={'USERNAME': 'ann', 'PASSWORD': 'Passw0rd!', 'SECRET_HASH': secret_hash(
                'ann', client['ClientId'], client['ClientSecret'])})
        self.assertIn('AuthenticationResult', reply)

    def test_the_second_secret_is_as_good_as_the_first(self):
        reply = self.api.AdminInitiateAuth(
            UserPoolId=self.pool, ClientId='documentserver', AuthFlow='ADMIN_USER_PASSWORD_AUTH',
            AuthParameters={'USERNAME': 'ann', 'PASSWORD': 'Passw0rd!', 'SECRET_HASH': secret_hash(
                'ann', 'documentserver', 'second_secret_of_the_server')})
        self.assertIn('AuthenticationResult', reply)

    def test_sessions_are_configured(self):
        pool = self.api.GetUserPoolSessionConfiguration(UserPoolId=self.pool)
        self.assertEqual(('ENABLED', 30), (pool['UserSessionTracking'],
                                           pool['TokenSession']['MaxPerUser']))
        minutes = {c: self.api.GetUserPoolClientSessionConfiguration(
            UserPoolId=self.pool, ClientId=c)['SSOSession']['MaxValidityMinutes']
            for c in ('documentweb', 'documentserver')}
        self.assertEqual({'documentweb': 90, 'documentserver': 60}, minutes)

    def style(self, client):
        return self.api.DescribeManagedLoginBrandingByClient(
            UserPoolId=self.pool, ClientId=client)['ManagedLoginBranding']

    def test_managed_login_has_its_styles(self):
        web, server = self.style('documentweb'), self.style('documentserver')
        self.assertEqual(2.5, web['Settings']['components']['alert']['borderRadius'])
        self.assertEqual([1, True, None, {'a': {}}], web['Settings']['own'])
        self.assertEqual({'FORM_LOGO', 'IDP_BUTTON_ICON'}, {a['Category'] for a in web['Assets']})
        self.assertIs(True, server['UseCognitoProvidedValues'])

    def test_clients_have_their_terms(self):
        terms = self.api.DescribeTermsByClient(
            UserPoolId=self.pool, ClientId='documentweb', TermsName='privacy-policy')['Terms']
        self.assertEqual('https://shop.example/datenschutz', terms['Links']['cognito:german'])
        self.assertEqual(3, len(self.api.ListTerms(UserPoolId=self.pool)['Terms']))

    def test_users_are_linked(self):
        ann = attributes(self.api.AdminGetUser(UserPoolId=self.pool, Username='ann'))
        self.assertEqual([('Partner', 'Ann-1'), ('Google', '109'), ('Partner', 'Ann-1')],
                         [(i['providerName'], i['userId'])
                          for i in json.loads(ann['identities'])])
        self.refused('InvalidParameterException', 'SourceUser is already linked to DestinationUser',
                     'AdminLinkProviderForUser', UserPoolId=self.pool,
                     DestinationUser={'ProviderName': 'Cognito', 'ProviderAttributeValue': 'ann'},
                     SourceUser={'ProviderName': 'Partner', 'ProviderAttributeName': 'name',
                                 'ProviderAttributeValue': 'Ann-1'})

    def test_codes_of_the_seeded_secret_are_right(self):
        challenge = self.sign_in('documentweb', 'bob')
        self.assertEqual('SOFTWARE_TOKEN_MFA', challenge['ChallengeName'])
        code = totp.code('JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP', time.time())
        reply = self.api.RespondToAuthChallenge(
            ClientId='documentweb', ChallengeName='SOFTWARE_TOKEN_MFA',
            Session=challenge['Session'],
            ChallengeResponses={'USERNAME': 'bob', 'SOFTWARE_TOKEN_MFA_CODE': code})
        self.assertIn('AuthenticationResult', reply)

    def test_users_have_the_state_of_the_file(self):
        states = {u['Username']: (u['UserStatus'], u['Enabled'])
                  for u in self.boto.list_users(UserPoolId=self.pool)['Users']}
        self.assertEqual({'ann': ('CONFIRMED', True), 'bob': ('CONFIRMED', True),
                          'cleo': ('FORCE_CHANGE_PASSWORD', True), 'dora': ('CONFIRMED', False),
                          'eve': ('UNCONFIRMED', True)}, states)

    def test_only_who_is_invited_gets_a_message(self):
        self.assertEqual(['cleo'], [m['username'] for m in self.server.outbox()])

    def test_a_pool_that_signs_in_by_address_knows_its_users(self):
        client = self.client('app')
        self.assertIn('AccessToken', self.tokens(client['ClientId'], 'fay@example.com'))

    def test_the_ids_are_printed(self):
        lines = self.server.log().splitlines()
        self.assertIn('pool shop eu-west-1_Document1', lines)
        self.assertIn('client web documentweb', lines)


class Plain(PoolhouseTest):
    server_args = (*REGION, '--seed', seed('plain.yaml'), '--seed', seed('amplify.json'),
                   '--seed-output', 'ids.json')
    pool = 'eu-west-1_Plain0001'

    def test_resources_refer_to_what_comes_later(self):
        client = self.boto.describe_user_pool_client(UserPoolId=self.pool, ClientId='plainweb')
        described = client['UserPoolClient']
        self.assertEqual(['COGNITO', 'Google'], sorted(described['SupportedIdentityProviders']))
        self.assertIn('plain-api/read', described['AllowedOAuthScopes'])
        self.assertEqual(10, described['AccessTokenValidity'])

    def test_the_pool_has_what_its_properties_say(self):
        pool = self.boto.describe_user_pool(UserPoolId=self.pool)['UserPool']
        self.assertEqual('plain-dev', pool['Name'])
        self.assertEqual(8, pool['Policies']['PasswordPolicy']['MinimumLength'])
        self.assertEqual('OPTIONAL', pool['MfaConfiguration'])
        self.assertEqual('plain-dev', pool['Domain'])
        self.assertEqual('INACTIVE', pool['DeletionProtection'])

    def test_a_client_has_its_style_and_its_terms(self):
        web = {'UserPoolId': self.pool, 'ClientId': 'plainweb'}
        style = self.api.DescribeManagedLoginBrandingByClient(**web)['ManagedLoginBranding']
        self.assertEqual({'components': {'alert': {'borderRadius': 2.5}}}, style['Settings'])
        self.assertEqual({'cognito:default': 'https://dev.example/terms'},
                         self.api.DescribeTermsByClient(
                             **web, TermsName='terms-of-use')['Terms']['Links'])

    def test_users_are_in_their_groups_and_invited(self):
        groups = self.boto.admin_list_groups_for_user(UserPoolId=self.pool, Username='ann')
        self.assertEqual([('staff', 5)],
                         [(g['GroupName'], g['Precedence']) for g in groups['Groups']])
        message = self.server.outbox('ann')[0]
        self.assertEqual('ann@example.com', message['destination'])
        challenge = self.sign_in('plainweb', 'ann', message['code'])
        self.assertEqual('NEW_PASSWORD_REQUIRED', challenge['ChallengeName'])

    def test_outputs_are_written(self):
        outputs = result(self.server)['Outputs']
        self.assertEqual({'PoolId': self.pool, 'ClientId': 'plainweb',
                          'Issuer': f'{self.server.url}/{self.pool}'}, outputs['plain'])
        self.assertIn(f'output plain.PoolId {self.pool}', self.server.log())

    def test_a_pool_of_a_mobile_framework_signs_its_users_up(self):
        outputs = result(self.server)['Outputs']['amplify']
        pool = self.boto.describe_user_pool(UserPoolId=outputs['UserPoolId'])['UserPool']
        self.assertEqual('myapp_userpool-dev', pool['Name'])
        self.assertEqual(outputs['UserPoolArn'], pool['Arn'])
        secret = self.boto.describe_user_pool_client(
            UserPoolId=outputs['UserPoolId'],
            ClientId=outputs['AppClientID'])['UserPoolClient']['ClientSecret']
        self.assertEqual(outputs['AppClientSecret'], secret)
        self.boto.sign_up(ClientId=outputs['AppClientIDWeb'], Username='gus@example.com',
                          Password='Passw0rd!',
                          UserAttributes=[{'Name': 'email', 'Value': 'gus@example.com'}])

    def test_what_is_not_read_is_told(self):
        log = self.server.log()
        for what in ('Resources.SNSRole: AWS::IAM::Role',
                     'Resources.IdentityPool: AWS::Cognito::IdentityPool',
                     'Resources.UserPoolClientLambda: a function whose code is not a local file'):
            self.assertIn(what, log)


class Sam(PoolhouseTest):
    server_args = (*REGION, '--seed', seed('sam.yaml'), '--seed-output', 'ids.json')

    def test_the_functions_of_the_template_are_the_triggers(self):
        outputs = result(self.server)['Outputs']['sam']
        reply = self.api.SignUp(ClientId=outputs['ClientId'], Username='hal@example.com',
                                Password='Passw0rd!')
        self.assertTrue(reply['UserConfirmed'])
        tokens = self.tokens(outputs['ClientId'], 'hal@example.com')
        self.assertEqual('shop', claims_of(tokens['IdToken'])['tenant'])
        self.assertFalse(self.api.SignUp(ClientId=outputs['ClientId'], Username='hal@example.org',
                                         Password='Passw0rd!')['UserConfirmed'])

    def test_an_output_may_name_what_is_not_here(self):
        self.assertEqual('https://sam-Api.execute-api.eu-west-1.amazonaws.com/',
                         result(self.server)['Outputs']['sam']['ApiUrl'])


class Again(unittest.TestCase):
    """A second start on the data of the first."""

    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix='poolhouse-test-')
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        self.file = os.path.join(self.directory, 'seed.json')
        shutil.copy(seed('document.json'), self.file)

    def start(self, *more):
        server = Server(*REGION, '--seed', self.file, '--seed-output', 'ids.json', *more,
                        directory=self.directory, memory=False).start()
        self.addCleanup(server.stop)
        return server

    def change(self, change):
        with open(self.file, encoding='utf-8') as f:
            document = json.load(f)
        change(document['UserPools'][0])
        with open(self.file, 'w', encoding='utf-8') as f:
            json.dump(document, f)

    def test_what_is_equal_stays(self):
        first = self.start()
        api = Api(first.port)
        before = api.DescribeUserPool(UserPoolId='eu-west-1_Document1')
        users = api.ListUsers(UserPoolId='eu-west-1_Document1')
        told = result(first)
        first.stop()
        changes = first.log().count('seed_changed')
        second = self.start()
        api = Api(second.port)
        self.assertEqual(before, api.DescribeUserPool(UserPoolId='eu-west-1_Document1'))
        self.assertEqual(users, api.ListUsers(UserPoolId='eu-west-1_Document1'))
        self.assertEqual(told, result(second))
        self.assertEqual(changes, second.log().count('seed_changed'))

    def test_a_pool_has_as_many_attributes_as_it_may(self):
        """It can be made with 50 entries, and 25 be added at a time; 50 may be its own."""
        def write(later):
            schema = [{'Name': f'a{i}', 'AttributeDataType': 'String'} for i in range(50)]
            email = {'Name': 'email', 'Required': True}
            pools = [{'Id': 'eu-west-1_Many00001', 'PoolName': 'many', 'Schema': [*schema, email]},
                     {'Id': 'eu-west-1_Grows0001', 'PoolName': 'grows', 'Schema': schema[:later]}]
            with open(self.file, 'w', encoding='utf-8') as f:
                json.dump({'UserPools': pools}, f)

        def attributes_of(server, pool):
            read = Api(server.port).DescribeUserPool(UserPoolId=pool)['UserPool']['SchemaAttributes']
            return ([a['Name'] for a in read if a['Name'].startswith('custom:')],
                    next(a for a in read if a['Name'] == 'email')['Required'])
        whole = [f'custom:a{i}' for i in range(50)]
        for later in (10, 50):
            write(later)
            server = self.start()
            self.assertEqual((whole, True), attributes_of(server, 'eu-west-1_Many00001'))
            self.assertEqual((whole[:later], False), attributes_of(server, 'eu-west-1_Grows0001'))
            server.stop()

    def test_what_differs_is_changed_and_what_is_not_named_stays(self):
        first = self.start()
        Api(first.port).CreateGroup(UserPoolId='eu-west-1_Document1', GroupName='made-by-hand')
        first.stop()

        def change(pool):
            pool['Policies']['PasswordPolicy']['MinimumLength'] = 12
            pool['Schema'].append({'Name': 'colour', 'AttributeDataType': 'String', 'Mutable': True})
            pool['Groups'][0]['Description'] = 'Who works here'
            pool['Clients'][0]['AccessTokenValidity'] = 2
            pool['Users'][0].update(Password='Another-passw0rd1')
            pool['Users'][0]['Links'].append({'ProviderName': 'Google', 'ProviderAttributeName':
                                              'Cognito_Subject', 'ProviderAttributeValue': '110'})
            pool['SessionConfiguration']['TokenSession']['MaxPerUser'] = 31
            pool['ClientSessionConfigurations'][0]['SSOSession']['MaxValidityMinutes'] = 91
            pool['ManagedLoginBrandings'][0]['Settings'] = {'own': [2]}
            pool['Terms'][0]['Links'] = {'cognito:default': 'https://shop.example/new'}
            pool['Users'][0]['UserAttributes'][2]['Value'] = 'b'
        self.change(change)
        second = self.start()
        api = Api(second.port)
        pool = api.DescribeUserPool(UserPoolId='eu-west-1_Document1')['UserPool']
        self.assertEqual(12, pool['Policies']['PasswordPolicy']['MinimumLength'])
        self.assertIn('custom:colour', [a['Name'] for a in pool['SchemaAttributes']])
        self.assertEqual('shop-document', pool['Domain'])
        groups = {g['GroupName']: g.get('Description')
                  for g in api.ListGroups(UserPoolId='eu-west-1_Document1')['Groups']}
        self.assertEqual({'staff': 'Who works here', 'guests': None, 'made-by-hand': None}, groups)
        reply = api.InitiateAuth(ClientId='documentweb', AuthFlow='USER_PASSWORD_AUTH',
                                 AuthParameters={'USERNAME': 'ann', 'PASSWORD': 'Another-passw0rd1'})
        self.assertIn('AuthenticationResult', reply)
        ann = api.AdminGetUser(UserPoolId='eu-west-1_Document1', Username='ann')
        self.assertIn({'Name': 'custom:team', 'Value': 'b'}, ann['UserAttributes'])
        self.assertEqual(['Ann-1', '109', 'Ann-1', '110'],
                         [i['userId'] for i in json.loads(attributes(ann)['identities'])])
        self.check_changed_parts(api)

    def check_changed_parts(self, api):
        pool = {'UserPoolId': 'eu-west-1_Document1'}
        web = {**pool, 'ClientId': 'documentweb'}
        self.assertEqual(31, api.GetUserPoolSessionConfiguration(
            **pool)['TokenSession']['MaxPerUser'])
        self.assertEqual(91, api.GetUserPoolClientSessionConfiguration(
            **web)['SSOSession']['MaxValidityMinutes'])
        style = api.DescribeManagedLoginBrandingByClient(**web)['ManagedLoginBranding']
        self.assertEqual(({'own': [2]}, 2), (style['Settings'], len(style['Assets'])))
        self.assertEqual({'cognito:default': 'https://shop.example/new'}, api.DescribeTermsByClient(
            **web, TermsName='terms-of-use')['Terms']['Links'])
        self.assertEqual(3, len(api.ListTerms(**pool)['Terms']))

    def test_another_second_secret_is_an_error(self):
        self.start().stop()
        self.change(lambda pool: pool['Clients'][1].update(SecondClientSecret='x' * 30))
        self.assertIn('it is there with another SecondClientSecret', self.start_refused())

    def test_what_cannot_be_changed_is_an_error(self):
        self.start().stop()
        self.change(lambda pool: pool.update(AliasAttributes=['email']))
        error = self.start_refused()
        self.assertIn('UserPools[0]: InvalidParameterException: it is there with another '
                      'AliasAttributes, which cannot be changed', error)

    def test_a_secret_that_differs_is_an_error(self):
        self.start().stop()
        self.change(lambda pool: pool['Clients'][1].update(ClientSecret='x' * 30))
        self.assertIn('UserPools[0].Clients[1]: InvalidParameterException', self.start_refused())

    def start_refused(self):
        with self.assertRaises(RuntimeError) as raised:
            self.start()
        return str(raised.exception)


class Wrong(unittest.TestCase):
    """An error names file, place and the API's own words, and the server does not start."""

    def refused(self, text, name='bad.yaml', *args):
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, name)
            with open(path, 'w', encoding='utf-8') as f:
                f.write(text)
            said = refused_start('--seed', path, *args)
        self.assertTrue(said.startswith('poolhouse: the seed is wrong: ' + path + ': '), said)
        return said.split(path + ': ', 1)[1]

    def test_of_the_api(self):
        self.assertEqual(
            'UserPools[0].Users[0]: InvalidPasswordException: Password did not conform with '
            'password policy: Password must have symbol characters',
            self.refused(json.dumps({'UserPools': [{'PoolName': 'a', 'Users': [
                {'Username': 'u', 'Password': 'Passw0rd'}]}]})))

    def test_of_the_model(self):
        self.assertEqual(
            "Resources.P.Properties: InvalidParameterException: 1 validation error detected: Value "
            "'MAYBE' at 'mfaConfiguration' failed to satisfy constraint: Member must satisfy enum "
            'value set: [OFF, ON, OPTIONAL]',
            self.refused('Resources:\n  P:\n    Type: AWS::Cognito::UserPool\n    Properties: '
                         '{MfaConfiguration: MAYBE}\n'))

    def test_of_a_pool_that_is_not_there(self):
        self.assertEqual(
            'Resources.G.Properties: ResourceNotFoundException: User pool eu-west-1_Nowhere01 does '
            'not exist.',
            self.refused('Resources:\n  G:\n    Type: AWS::Cognito::UserPoolGroup\n    Properties: '
                         '{UserPoolId: eu-west-1_Nowhere01}\n'))

    def test_of_a_verifier(self):
        self.assertEqual(
            'UserPools[0].Users[0]: InvalidParameterException: PasswordVerifier is not Salt and '
            'Verifier as a dump has them',
            self.refused(json.dumps({'UserPools': [{'PoolName': 'a', 'Users': [
                {'Username': 'u', 'PasswordVerifier': {'Salt': 'AA==', 'Verifier': 'AA=='}}]}]})))

    def test_of_the_file(self):
        said = refused_start('--seed', 'nothing.json')
        self.assertEqual('poolhouse: the seed is wrong: nothing.json: cannot be read: No such file '
                         'or directory', said)

    def test_of_a_parameter_that_nobody_declares(self):
        self.assertEqual('poolhouse: the seed is wrong: no template declares the parameter A',
                         refused_start('--seed', seed('plain.yaml'), '--parameter', 'A=b'))

    def test_serve_takes_no_seed(self):
        done = run('serve', '--seed', seed('document.json'))
        self.assertEqual(2, done.returncode)
        self.assertIn('seed', done.stderr)

    def test_a_template_cut_anywhere_starts_or_is_refused(self):
        """Twenty cuts with a server; the unit tests cut at every byte."""
        with open(seed('plain.yaml'), encoding='utf-8') as f:
            text = f.read()
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, 'cut.yaml')
            for i in range(1, 21):
                with open(path, 'w', encoding='utf-8') as f:
                    f.write(text[:len(text) * i // 21])
                done = run('dev', '--memory', '--listen', '127.0.0.1:1', '--seed', path,
                           directory=directory)
                last = done.stderr.strip().splitlines()[-1]
                self.assertEqual(1, done.returncode, done.stderr)
                self.assertRegex(last, r'poolhouse: (the seed is wrong: .*cut\.yaml: |.*127\.0\.0\.1:1)')


class Two(unittest.TestCase):
    def test_stacks_have_names_and_parameters(self):
        server = Server(*REGION, '--seed', 'a=' + seed('amplify.json'), '--seed',
                        'b=' + seed('amplify.json'), '--parameter', 'env=test',
                        '--seed-output', 'ids.json').start()
        self.addCleanup(server.stop)
        pools = result(server)['UserPools']
        self.assertEqual(['a', 'b'], [p['Stack'] for p in pools])
        self.assertEqual({'myapp_userpool-test'}, {p['Name'] for p in pools})
        self.assertNotEqual(pools[0]['Id'], pools[1]['Id'])

    def test_the_same_stack_twice_is_refused(self):
        self.assertIn('STACK=FILE', refused_start('--seed', seed('plain.yaml'),
                                                  '--seed', seed('plain.yaml')))


class Boto(PoolhouseTest):
    """An unmodified client on a template's pool."""
    server_args = (*REGION, '--seed', seed('sam.yaml'), '--seed-output', 'ids.json')

    def test_signs_up_and_in(self):
        outputs = result(self.server)['Outputs']['sam']
        boto = boto3_client(self.server.url)
        boto.sign_up(ClientId=outputs['ClientId'], Username='ida@example.com', Password='Passw0rd!')
        reply = boto.initiate_auth(
            ClientId=outputs['ClientId'], AuthFlow='USER_PASSWORD_AUTH',
            AuthParameters={'USERNAME': 'ida@example.com', 'PASSWORD': 'Passw0rd!'})
        self.assertIn('AuthenticationResult', reply)


if __name__ == '__main__':
    unittest.main()
