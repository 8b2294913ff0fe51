"""`poolhouse serve`: signatures verified for real, policies, the documented refusals."""
import datetime
import json
import os
import subprocess
import unittest

from poolhouse import (ALLOW_ALL, Api, Credentials, PASSWORD, PoolhouseTest, Server, binary,
                       boto3_client, create_key, credentials, serve_options)

MISMATCH = ('The request signature we calculated does not match the signature you provided. Check '
            'your AWS Secret Access Key and signing method. Consult the service documentation for '
            'details.')


class Serve(PoolhouseTest):
    server_options = serve_options()

    @classmethod
    def setUpClass(cls):
        cls.server = Server(**cls.server_options)
        cls.addClassCleanup(cls.server.stop)
        cls.root = create_key(cls.server, 'root', ALLOW_ALL)
        cls.server.start()
        cls.api = Api(cls.server.port, cls.root)
        cls.pool = cls.new_pool()
        cls.client = cls.new_client(cls.pool)
        cls.new_user(cls.pool, 'alice')
        cls.arn = f'arn:aws:cognito-idp:eu-west-1:000000000000:userpool/{cls.pool}'

    def as_user(self, name, *statements):
        return Api(self.server.port, create_key(self.server, name, {
            'Version': '2012-10-17', 'Statement': list(statements)}))

    def allow(self, action, resource='*', effect='Allow'):
        return {'Effect': effect, 'Action': action, 'Resource': resource}

    def assert_denied(self, api, user, operation, **members):
        reply = api.send(operation, json.dumps(members).encode())
        body = reply.json
        self.assertEqual((400, 'AccessDeniedException'), (reply.status, body['__type']))
        text = body.get('Message', body.get('message'))
        self.assertTrue(text.startswith(
            f'User: arn:aws:iam::000000000000:user/{user} is not authorized to perform: '
            f'cognito-idp:{operation} on resource: '), text)
        return text

    # Signatures

    def test_a_stored_key_signs_in_an_administrator(self):
        reply = self.api.AdminInitiateAuth(
            UserPoolId=self.pool, ClientId=self.client, AuthFlow='ADMIN_USER_PASSWORD_AUTH',
            AuthParameters={'USERNAME': 'alice', 'PASSWORD': PASSWORD})
        self.assertIn('AuthenticationResult', reply)

    def test_boto3_signs_as_the_server_verifies(self):
        boto = boto3_client(self.server.url, self.root)
        self.assertEqual('alice', boto.admin_get_user(UserPoolId=self.pool,
                                                      Username='alice')['Username'])

    def test_public_operations_need_no_signature(self):
        self.assertIn('AuthenticationResult', self.sign_in(self.client, 'alice'))

    def test_a_wrong_secret_is_refused(self):
        wrong = Api(self.server.port, Credentials(self.root.key, 'x' * 40))
        with self.assert_error('InvalidSignatureException', MISMATCH):
            wrong.ListUserPools(MaxResults=1)

    def test_an_unknown_key_is_refused(self):
        wrong = Api(self.server.port, Credentials('AKIAIOSFODNN7EXAMPLE', self.root.secret))
        with self.assert_error('UnrecognizedClientException',
                               'The security token included in the request is invalid.'):
            wrong.ListUserPools(MaxResults=1)

    def test_no_signature_is_refused(self):
        reply = self.api.send('ListUserPools', b'{"MaxResults":1}', signed=False)
        self.assertEqual((400, 'MissingAuthenticationTokenException'),
                         (reply.status, reply.json['__type']))

    def test_a_mangled_header_is_refused(self):
        for header in ('AWS4-HMAC-SHA256', 'AWS4-HMAC-SHA256 Credential=a/b', 'Basic x', 'AWS4-HMAC-SHA256 '
                       'Credential=AKIAIOSFODNN7EXAMPLE/20260102/eu-west-1/cognito-idp/aws4_request'):
            with self.subTest(header):
                reply = self.api.send('ListUserPools', b'{"MaxResults":1}', signed=False,
                                      headers={'Authorization': header})
                self.assertEqual(400, reply.status)
                self.assertIn(reply.json['__type'], ('IncompleteSignatureException',
                                                     'MissingAuthenticationTokenException'))

    def test_a_body_changed_on_the_way_is_refused(self):
        from poolhouse import CONTENT_TYPE, TARGET, sign
        headers = {'Content-Type': CONTENT_TYPE, 'X-Amz-Target': TARGET + 'ListUserPools'}
        signature = sign(self.root, 'POST', f'127.0.0.1:{self.server.port}', '/', headers,
                         b'{"MaxResults":1}')
        reply = self.api.send('ListUserPools', b'{"MaxResults":2}', signed=False, headers=signature)
        self.assertEqual('InvalidSignatureException', reply.json['__type'])
        reply = self.api.send('DescribeUserPool', b'{"MaxResults":1}', signed=False, headers=signature)
        self.assertEqual('InvalidSignatureException', reply.json['__type'])

    def test_a_clock_too_far_off_is_refused(self):
        now = datetime.datetime.now(datetime.timezone.utc)
        for minutes, text in ((-16, 'Signature expired: '), (16, 'Signature not yet current: ')):
            late = Api(self.server.port, self.root,
                       at=lambda m=minutes: now + datetime.timedelta(minutes=m))
            with self.subTest(minutes):
                with self.assertRaisesRegex(Exception, f'InvalidSignatureException: {text}'):
                    late.ListUserPools(MaxResults=1)
        near = Api(self.server.port, self.root, at=lambda: now - datetime.timedelta(minutes=3))
        near.ListUserPools(MaxResults=1)

    def test_a_signature_for_another_service_is_refused(self):
        from poolhouse import CONTENT_TYPE, TARGET, sign
        headers = {'Content-Type': CONTENT_TYPE, 'X-Amz-Target': TARGET + 'ListUserPools'}
        signature = sign(self.root, 'POST', f'127.0.0.1:{self.server.port}', '/', headers,
                         b'{"MaxResults":1}')
        signature['Authorization'] = signature['Authorization'].replace('cognito-idp', 's3')
        reply = self.api.send('ListUserPools', b'{"MaxResults":1}', signed=False, headers=signature)
        self.assertNotEqual(200, reply.status)

    # Policies

    def test_without_a_statement_everything_is_denied(self):
        nobody = self.as_user('nobody', self.allow('s3:*'))
        text = self.assert_denied(nobody, 'nobody', 'AdminGetUser', UserPoolId=self.pool,
                                  Username='alice')
        self.assertIn(self.arn, text)
        self.assert_denied(nobody, 'nobody', 'ListUserPools', MaxResults=1)

    def test_an_action_and_a_resource_are_allowed_and_no_other(self):
        reader = self.as_user('reader', self.allow(['cognito-idp:AdminGet*', 'cognito-idp:List?sers'],
                                                   self.arn))
        self.assertEqual('alice', reader.AdminGetUser(UserPoolId=self.pool, Username='alice')['Username'])
        reader.ListUsers(UserPoolId=self.pool)
        self.assert_denied(reader, 'reader', 'AdminDisableUser', UserPoolId=self.pool, Username='alice')
        self.assert_denied(reader, 'reader', 'AdminGetUser', UserPoolId=self.new_pool(), Username='x')

    def test_a_wildcard_resource_covers_its_pools(self):
        region = self.as_user('region', self.allow('cognito-idp:*', 'arn:aws:cognito-idp:eu-west-1:*:userpool/*'))
        region.AdminGetUser(UserPoolId=self.pool, Username='alice')
        other = self.as_user('other', self.allow('cognito-idp:*', 'arn:aws:cognito-idp:us-east-1:*:userpool/*'))
        self.assert_denied(other, 'other', 'AdminGetUser', UserPoolId=self.pool, Username='alice')

    def test_a_denial_wins_over_an_allowance(self):
        careful = self.as_user('careful', self.allow('*'),
                               self.allow('cognito-idp:AdminDelete*', effect='Deny'))
        careful.AdminGetUser(UserPoolId=self.pool, Username='alice')
        self.assert_denied(careful, 'careful', 'AdminDeleteUser', UserPoolId=self.pool,
                           Username='alice')
        self.assertEqual('alice', careful.AdminGetUser(UserPoolId=self.pool, Username='alice')['Username'])

    def test_a_denied_caller_does_not_learn_whether_a_user_exists(self):
        nobody = self.as_user('curious', self.allow('s3:*'))
        answers = {self.assert_denied(nobody, 'curious', 'AdminGetUser', UserPoolId=self.pool,
                                      Username=name) for name in ('alice', 'nobody-at-all')}
        self.assertEqual(1, len(answers))

    def test_who_is_denied_terms_by_id_is_denied_them_by_client(self):
        terms = {'UserPoolId': self.pool, 'ClientId': self.client, 'TermsName': 'terms-of-use'}
        self.api.CreateTerms(**terms, TermsSource='LINK', Enforcement='NONE')
        reader = self.as_user('terms-reader', self.allow('cognito-idp:Describe*'))
        self.assertEqual('terms-of-use', reader.DescribeTermsByClient(**terms)['Terms']['TermsName'])
        other = self.as_user('terms-denied', self.allow('cognito-idp:*'),
                             self.allow('cognito-idp:DescribeTerms', effect='Deny'))
        reply = other.send('DescribeTermsByClient', json.dumps(terms).encode())
        self.assertEqual((400, 'AccessDeniedException'), (reply.status, reply.json['__type']))
        self.assertIn('with an explicit deny', reply.json['Message'])
        only = self.as_user('terms-client', self.allow('cognito-idp:DescribeTermsByClient'))
        self.assertIn('Terms', only.DescribeTermsByClient(**terms))

    def test_styles_and_looks_are_of_the_pool_in_policies(self):
        other = self.new_pool()
        api = self.as_user('designer', self.allow(
            ['cognito-idp:*ManagedLoginBranding*', 'cognito-idp:*UICustomization'], self.arn))
        made = api.CreateManagedLoginBranding(UserPoolId=self.pool, ClientId=self.client,
                                              UseCognitoProvidedValues=True)['ManagedLoginBranding']
        style = {'ManagedLoginBrandingId': made['ManagedLoginBrandingId']}
        api.UpdateManagedLoginBranding(UserPoolId=self.pool, Settings={}, **style)
        for operation, members in (('DescribeManagedLoginBranding', style),
                                   ('DeleteManagedLoginBranding', style),
                                   ('UpdateManagedLoginBranding', {'Settings': {}, **style}),
                                   ('GetUICustomization', {}), ('SetUICustomization', {})):
            self.assert_denied(api, 'designer', operation, UserPoolId=other, **members)
        self.assert_denied(api, 'designer', 'GetProvisionedLimit', LimitDefinition={
            'LimitClass': 'API_CATEGORY', 'Attributes': {'Category': 'UserRead'}})
        api.DeleteManagedLoginBranding(UserPoolId=self.pool, **style)

    def test_a_refusal_says_who_what_and_where(self):
        nobody = self.as_user('n.o+body@example.com', self.allow('s3:*'))
        self.assertEqual(
            'User: arn:aws:iam::000000000000:user/n.o+body@example.com is not authorized to perform: '
            f'cognito-idp:AdminGetUser on resource: {self.arn} because no identity-based policy '
            'allows the cognito-idp:AdminGetUser action',
            self.assert_denied(nobody, 'n.o+body@example.com', 'AdminGetUser',
                               UserPoolId=self.pool, Username='alice'))
        never = self.as_user('never', self.allow('*'), self.allow('*', effect='Deny'))
        self.assertEqual(
            'User: arn:aws:iam::000000000000:user/never is not authorized to perform: '
            'cognito-idp:ListUserPools on resource: * with an explicit deny in an identity-based '
            'policy', self.assert_denied(never, 'never', 'ListUserPools', MaxResults=1))

    def test_the_text_of_a_refusal_stands_under_a_capital_letter(self):
        from botocore.exceptions import ClientError
        nobody = self.as_user('nobody', self.allow('s3:*'))
        body = nobody.send('ListUserPools', b'{"MaxResults":1}').json
        self.assertEqual({'__type', 'Message'}, set(body))
        with self.assertRaises(ClientError) as refused:
            boto3_client(self.server.url, nobody.credentials).list_user_pools(MaxResults=1)
        self.assertEqual(('AccessDeniedException', body['Message']),
                         tuple(refused.exception.response['Error'][k] for k in ('Code', 'Message')))

    def test_a_denied_caller_does_not_learn_whether_a_pool_exists(self):
        nobody = self.as_user('nobody', self.allow('s3:*'))
        for pool in (self.pool, 'eu-west-1_AAAAAAAAA', 'us-east-1_AAAAAAAAA'):
            text = self.assert_denied(nobody, 'nobody', 'DescribeUserPool', UserPoolId=pool)
            region = pool.split('_')[0]
            self.assertIn(f' arn:aws:cognito-idp:{region}:000000000000:userpool/{pool} ', text)

    def test_a_denied_caller_does_not_learn_what_is_built(self):
        nobody = self.as_user('nobody', self.allow('s3:*'))
        self.assert_denied(nobody, 'nobody', 'ListUserImportJobs', UserPoolId=self.pool, MaxResults=1)

    def test_input_is_checked_before_the_policy(self):
        nobody = self.as_user('nobody', self.allow('s3:*'))
        with self.assert_error('InvalidParameterException', None):
            nobody.DescribeUserPool(UserPoolId='no pool')

    def test_the_region_of_the_signature_opens_no_pool_of_another(self):
        key = create_key(self.server, 'abroad', {'Statement': [self.allow(
            'cognito-idp:*', 'arn:aws:cognito-idp:us-east-1:*:userpool/*')]})
        abroad = Api(self.server.port, Credentials(key.key, key.secret, region='us-east-1'))
        self.assert_denied(abroad, 'abroad', 'DescribeUserPool', UserPoolId=self.pool)

    def test_a_policy_may_ask_for_an_address(self):
        for network, allowed in (('127.0.0.0/8', True), ('10.0.0.0/8', False)):
            with self.subTest(network):
                here = self.as_user('here', self.allow('*') | {
                    'Condition': {'IpAddress': {'aws:SourceIp': network}}})
                if allowed:
                    here.DescribeUserPool(UserPoolId=self.pool)
                else:
                    self.assert_denied(here, 'here', 'DescribeUserPool', UserPoolId=self.pool)

    def test_a_condition_that_is_not_known_never_helps(self):
        condition = {'Condition': {'NumericLessThan': {'aws:MultiFactorAuthAge': '3600'}}}
        allowed = self.as_user('odd', self.allow('*') | condition)
        self.assert_denied(allowed, 'odd', 'DescribeUserPool', UserPoolId=self.pool)
        denied = self.as_user('odd', self.allow('*'), self.allow('*', effect='Deny') | condition)
        self.assert_denied(denied, 'odd', 'DescribeUserPool', UserPoolId=self.pool)

    def test_a_signature_that_leaves_the_operation_open_is_refused(self):
        from poolhouse import CONTENT_TYPE, TARGET, sign
        signature = sign(self.root, 'POST', f'127.0.0.1:{self.server.port}', '/',
                         {'Content-Type': CONTENT_TYPE}, b'{"MaxResults":1}')
        reply = self.api.send('ListUserPools', b'{"MaxResults":1}', signed=False, headers={
            **signature, 'X-Amz-Target': TARGET + 'ListUserPools'})
        self.assertEqual('InvalidSignatureException', reply.json['__type'])

    # The command

    def test_a_deleted_key_is_unknown(self):
        key = create_key(self.server, 'leaver', ALLOW_ALL)
        api = Api(self.server.port, key)
        api.ListUserPools(MaxResults=1)
        credentials(self.server, 'delete', key.key)
        with self.assert_error('UnrecognizedClientException',
                               'The security token included in the request is invalid.'):
            api.ListUserPools(MaxResults=1)

    def test_the_list_of_keys_shows_no_secret(self):
        text = credentials(self.server, 'list').stdout
        self.assertIn(self.root.key, text)
        self.assertNotIn(self.root.secret, text)

    def test_a_policy_that_is_none_is_refused(self):
        path = os.path.join(self.server.directory, 'bad.json')
        with open(path, 'w', encoding='utf-8') as f:
            f.write('{"Statement":[{"Effect":"Perhaps"}]}')
        before = credentials(self.server, 'list').stdout
        done = credentials(self.server, 'create', '--user', 'bad', '--policy', path, check=False)
        self.assertEqual((1, ''), (done.returncode, done.stdout))
        self.assertIn('Statement[0].Effect: "Allow" or "Deny" is wanted', done.stderr)
        self.assertEqual(before, credentials(self.server, 'list').stdout)

    def test_a_misspelt_action_is_noted_and_stored(self):
        path = os.path.join(self.server.directory, 'misspelt.json')
        with open(path, 'w', encoding='utf-8') as f:
            json.dump({'Statement': [self.allow('cognito-idp:AdminDeletUser', effect='Deny')]}, f)
        done = credentials(self.server, 'create', '--user', 'misspelt', '--policy', path)
        self.assertIn('note: Statement[0].Action: no operation that needs a key is named '
                      '"cognito-idp:AdminDeletUser"', done.stderr)

    def test_the_exports_can_be_pasted(self):
        text = credentials(self.server, 'create', '--user', 'paste', '--region', 'eu-west-1').stdout
        done = subprocess.run(['/bin/sh', '-c', text + '\nenv'], capture_output=True, text=True,
                              timeout=60, check=True)
        got = dict(line.split('=', 1) for line in done.stdout.splitlines() if line.startswith('AWS_'))
        self.assertEqual('eu-west-1', got['AWS_DEFAULT_REGION'])
        key = Credentials(got['AWS_ACCESS_KEY_ID'], got['AWS_SECRET_ACCESS_KEY'])
        boto3_client(self.server.url, key).list_user_pools(MaxResults=1)

    def test_the_command_is_a_credential_process(self):
        made = json.loads(credentials(self.server, 'create', '--user', 'process', '--json',
                                      '--expires-in', '2h').stdout)
        self.assertEqual((1, 'process'), (made['Version'], made['UserName']))
        self.assertRegex(made['Expiration'], r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\Z')
        Api(self.server.port, Credentials(made['AccessKeyId'], made['SecretAccessKey'])
            ).ListUserPools(MaxResults=1)

    def test_a_key_without_a_policy_may_do_everything_and_says_so(self):
        done = credentials(self.server, 'create', '--user', 'boss')
        self.assertIn('may do everything', done.stderr)

    def test_the_list_shows_policies_to_programs(self):
        key = create_key(self.server, 'shown', {'Statement': [self.allow('s3:*')]})
        text = credentials(self.server, 'list', '--json').stdout
        self.assertNotIn(key.secret, text)
        shown = next(k for k in json.loads(text) if k['AccessKeyId'] == key.key)
        self.assertEqual({'Statement': [self.allow('s3:*')]}, shown['Policy'])

    def test_an_unknown_key_cannot_be_deleted(self):
        done = credentials(self.server, 'delete', 'AKIAIOSFODNN7EXAMPLE', check=False)
        self.assertEqual(1, done.returncode)
        self.assertIn('there is no access key: AKIAIOSFODNN7EXAMPLE', done.stderr)

    def test_a_secret_that_cannot_be_shown_leaves_no_key(self):
        before = credentials(self.server, 'list').stdout
        with open('/dev/full', 'w', encoding='ascii') as full:
            done = subprocess.run([binary(), 'credentials', 'create', '--user', 'lost', '--data',
                                   self.server.data], env=self.server.environment(), stdout=full,
                                  stderr=subprocess.PIPE, text=True, timeout=60, check=False)
        self.assertEqual(1, done.returncode)
        self.assertIn('deleted again', done.stderr)
        self.assertEqual(before, credentials(self.server, 'list').stdout)

    def test_names_that_would_change_an_arn_are_refused(self):
        for name in ('', 'a/b', 'a:b', 'a b', 'ä', 'x' * 65):
            with self.subTest(name):
                done = credentials(self.server, 'create', '--user', name, check=False)
                self.assertEqual((2, ''), (done.returncode, done.stdout))

    # What is only there while developing, and what only for the operator

    def test_health_is_not_told_to_everybody(self):
        for path in ('/healthz', '/readyz', '/metrics'):
            self.assertEqual(404, self.server.get(path).status)
            self.assertEqual(200, self.server.get(path, port=self.server.admin_port).status)


    def test_the_outbox_is_not_there(self):
        self.assertEqual(404, self.server.get('/_poolhouse/outbox').status)


class Expiry(PoolhouseTest):
    server_options = serve_options() | {'clock': True}

    def test_a_key_is_refused_after_its_time(self):
        made = json.loads(credentials(self.server, 'create', '--user', 'temporary', '--json',
                                      '--expires-in', '1h').stdout)
        api = Api(self.server.port, Credentials(made['AccessKeyId'], made['SecretAccessKey']),
                  at=self.now)
        api.ListUserPools(MaxResults=1)
        self.server.advance(3601)
        with self.assert_error('ExpiredTokenException',
                               'The security token included in the request is expired'):
            api.ListUserPools(MaxResults=1)
        self.assertRegex(credentials(self.server, 'list').stdout, 'temporary .*, expired')


class Start(unittest.TestCase):

    def test_serve_without_a_master_key_does_not_start(self):
        options = serve_options() | {'env': {}}
        server = Server(**options)
        self.addCleanup(server.kill)
        with self.assertRaisesRegex(RuntimeError, 'ended with [1-9]'):
            server.start()
        self.assertRegex(server.log(), '(?i)master key')

    def test_a_wrong_master_key_does_not_start(self):
        server = Server(**serve_options())
        server.start()
        server.process.terminate()
        server.process.wait()
        server.env = {k: v[:-6] + 'AAAAA=' for k, v in server.env.items()}
        self.addCleanup(server.kill)
        with self.assertRaisesRegex(RuntimeError, 'ended with [1-9]'):
            server.start()

    def test_a_world_readable_master_key_file_does_not_start(self):
        options = serve_options()
        server = Server(**options)
        path = os.path.join(server.directory, 'key')
        with open(path, 'w', encoding='ascii') as f:
            f.write(next(iter(options['env'].values())))
        os.chmod(path, 0o644)
        server.env = {f'{k}_FILE': path for k in options['env']}
        self.addCleanup(server.kill)
        with self.assertRaisesRegex(RuntimeError, 'ended with [1-9]'):
            server.start()


if __name__ == '__main__':
    unittest.main()
