"""/_poolhouse/: state that is reset, taken and put back; a moved clock; faults; fixed ids."""
import concurrent.futures
import http.client
import json
import os
import threading
import time
import unittest

import rs256
from poolhouse import (PASSWORD, Api, ApiError, PoolhouseTest, Reply, Server, needs_file,
                       serve_options)

SEEDS = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'vectors', 'seeds')


def control(server, method, path, body=None, raw=None):
    connection = http.client.HTTPConnection('127.0.0.1', server.port, timeout=60)
    try:
        payload = raw if raw is not None else None if body is None else json.dumps(body)
        connection.request(method, '/_poolhouse/' + path, payload,
                           {'Content-Type': 'application/json'})
        reply = connection.getresponse()
        return Reply(reply.status, reply.getheaders(), reply.read())
    finally:
        connection.close()


class ControlTest(PoolhouseTest):
    def control(self, method, path, body=None, status=200, **options):
        reply = control(self.server, method, path, body, **options)
        self.assertEqual(status, reply.status, reply.body)
        return reply.json

    def tearDown(self):
        self.control('DELETE', 'clock')
        self.control('DELETE', 'faults')
        self.control('DELETE', 'ids')

    def refused_control(self, text, method, path, body=None, status=400, **options):
        self.assertEqual({'message': text},
                         self.control(method, path, body, status=status, **options))


@needs_file
class States(ControlTest):
    @classmethod
    def prepare(cls):
        cls.pool = cls.new_pool()
        cls.client = cls.new_client(cls.pool)
        cls.new_user(cls.pool, 'ann', email='ann@example.com', email_verified='true')
        control(cls.server, 'POST', 'snapshot', {'name': 'base'})

    def setUp(self):
        self.control('POST', 'restore', {'name': 'base'})

    def user_names(self):
        return sorted(u['Username'] for u in self.api.ListUsers(UserPoolId=self.pool)['Users'])

    def test_what_was_made_is_gone_and_what_was_deleted_is_back(self):
        self.new_user(self.pool, 'bob')
        self.api.AdminDeleteUser(UserPoolId=self.pool, Username='ann')
        self.assertEqual(['bob'], self.user_names())
        self.control('POST', 'restore', {'name': 'base'})
        self.assertEqual(['ann'], self.user_names())
        self.assertIn('AccessToken', self.tokens(self.client, 'ann'))

    def test_settings_that_are_cached_follow(self):
        self.tokens(self.client, 'ann')
        self.api.UpdateUserPoolClient(UserPoolId=self.pool, ClientId=self.client,
                                      ClientName='tests', ExplicitAuthFlows=['ALLOW_CUSTOM_AUTH'])
        self.refused('InvalidParameterException',
                     'USER_PASSWORD_AUTH flow not enabled for this client', 'InitiateAuth',
                     ClientId=self.client, AuthFlow='USER_PASSWORD_AUTH',
                     AuthParameters={'USERNAME': 'ann', 'PASSWORD': PASSWORD})
        self.control('POST', 'restore', {'name': 'base'})
        self.assertIn('AccessToken', self.tokens(self.client, 'ann'))

    def test_a_pool_that_was_deleted_and_one_that_was_not_there(self):
        other = self.new_pool()
        self.api.DeleteUserPool(UserPoolId=self.pool)
        self.control('POST', 'restore', {'name': 'base'})
        self.api.DescribeUserPool(UserPoolId=self.pool)
        self.refused('ResourceNotFoundException', f'User pool {other} does not exist.',
                     'DescribeUserPool', UserPoolId=other)

    def test_what_was_spent_can_be_spent_again(self):
        self.api.AdminSetUserPassword(UserPoolId=self.pool, Username='ann', Password='Temp-0rary!',
                                      Permanent=False)
        session = self.sign_in(self.client, 'ann', 'Temp-0rary!')['Session']
        self.control('POST', 'snapshot', {'name': 'challenge'})

        def answer():
            return self.api.RespondToAuthChallenge(
                ClientId=self.client, ChallengeName='NEW_PASSWORD_REQUIRED', Session=session,
                ChallengeResponses={'USERNAME': 'ann', 'NEW_PASSWORD': 'New-passw0rd!'})
        answer()
        with self.assertRaises(ApiError):
            answer()
        self.control('POST', 'restore', {'name': 'challenge'})
        self.assertIn('AuthenticationResult', answer())

    def test_what_was_spent_before_the_snapshot_stays_spent(self):
        self.api.AdminSetUserPassword(UserPoolId=self.pool, Username='ann', Password='Temp-0rary!',
                                      Permanent=False)
        session = self.sign_in(self.client, 'ann', 'Temp-0rary!')['Session']
        answer = {'ClientId': self.client, 'ChallengeName': 'NEW_PASSWORD_REQUIRED',
                  'Session': session,
                  'ChallengeResponses': {'USERNAME': 'ann', 'NEW_PASSWORD': 'New-passw0rd!'}}
        self.api.RespondToAuthChallenge(**answer)
        self.control('POST', 'snapshot', {'name': 'spent'})
        self.control('POST', 'restore', {'name': 'spent'})
        with self.assertRaises(ApiError):
            self.api.RespondToAuthChallenge(**answer)

    def test_the_outbox_follows(self):
        self.api.ForgotPassword(ClientId=self.client, Username='ann')
        self.assertEqual(1, len(self.server.outbox('ann')))
        self.control('POST', 'restore', {'name': 'base'})
        self.assertEqual([], self.server.outbox('ann'))

    def test_lockouts_follow(self):
        self.control('PUT', 'clock', {'frozen': True})  # a lock of a second lasts
        for _ in range(6):
            with self.assertRaises(ApiError):
                self.sign_in(self.client, 'ann', 'wrong')
        self.refused('NotAuthorizedException', 'Password attempts exceeded', 'InitiateAuth',
                     ClientId=self.client, AuthFlow='USER_PASSWORD_AUTH',
                     AuthParameters={'USERNAME': 'ann', 'PASSWORD': PASSWORD})
        self.control('POST', 'restore', {'name': 'base'})
        self.assertIn('AccessToken', self.tokens(self.client, 'ann'))

    def test_the_clock_and_the_faults_are_part_of_it(self):
        self.control('PUT', 'clock', {'now': '2040-01-02T03:04:05Z', 'frozen': True})
        self.control('POST', 'faults', {'operation': 'InitiateAuth', 'delayMs': 1})
        self.control('POST', 'snapshot', {'name': 'moved'})
        self.control('POST', 'restore', {'name': 'base'})
        self.assertFalse(self.control('GET', 'clock')['frozen'])
        self.assertEqual([], self.control('GET', 'faults')['faults'])
        self.control('POST', 'restore', {'name': 'moved'})
        self.assertEqual('2040-01-02T03:04:05Z', self.control('GET', 'clock')['now'])
        self.assertEqual(1, len(self.control('GET', 'faults')['faults']))

    def test_it_takes_milliseconds(self):
        began = time.monotonic()
        for _ in range(20):
            self.control('POST', 'restore', {'name': 'base'})
        self.assertLess((time.monotonic() - began) / 20, 0.5)

    def test_snapshots_have_names(self):
        self.control('POST', 'snapshot', {'name': 'x'})
        self.control('POST', 'snapshot')
        listed = [s['name'] for s in self.control('GET', 'snapshots')['snapshots']]
        self.assertTrue({'base', 'default', 'x'} <= set(listed), listed)
        self.control('DELETE', 'snapshot', {'name': 'x'})
        self.refused_control('there is no snapshot of this name', 'POST', 'restore', {'name': 'x'},
                             status=404)
        self.refused_control('there is no snapshot of this name', 'DELETE', 'snapshot',
                             {'name': 'x'}, status=404)
        self.refused_control('name is a word of at most 64 letters, digits and signs', 'POST',
                             'snapshot', {'name': 'a b'})

    def test_it_is_safe_while_requests_run(self):
        stop = threading.Event()
        allowed = {'UserNotFoundException', 'UsernameExistsException', 'NotAuthorizedException'}
        unexpected = []

        def work(n):
            api = Api(self.server.port)
            while not stop.is_set():
                try:
                    api.AdminCreateUser(UserPoolId=self.pool, Username=f'u{n}',
                                        MessageAction='SUPPRESS')
                    api.AdminDeleteUser(UserPoolId=self.pool, Username=f'u{n}')
                    api.InitiateAuth(ClientId=self.client, AuthFlow='USER_PASSWORD_AUTH',
                                     AuthParameters={'USERNAME': 'ann', 'PASSWORD': PASSWORD})
                except ApiError as e:
                    if e.type not in allowed:
                        unexpected.append(str(e))
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            jobs = [pool.submit(work, n) for n in range(6)]
            for i in range(30):
                self.control('POST', 'restore', {'name': 'base'})
                if i % 10 == 9:
                    self.control('POST', 'snapshot', {'name': 'between'})
            stop.set()
            for job in jobs:
                job.result()
        self.assertEqual([], unexpected)
        self.control('POST', 'restore', {'name': 'base'})
        self.assertEqual(['ann'], self.user_names())


@needs_file
class StatesOnDisk(States):
    server_options = {'memory': False}


@needs_file
class Reset(ControlTest):
    server_args = ('--region', 'eu-west-1', '--seed', os.path.join(SEEDS, 'document.json'))
    pool = 'eu-west-1_Document1'

    def test_is_the_seed_and_nothing_else(self):
        other = self.new_pool()
        self.api.AdminDeleteUser(UserPoolId=self.pool, Username='ann')
        self.control('PUT', 'clock', {'now': '2040-01-02T03:04:05Z'})
        for _ in range(2):
            self.control('POST', 'reset')
            ids = [p['Id'] for p in self.api.ListUserPools(MaxResults=60)['UserPools']]
            self.assertNotIn(other, ids)
            self.assertIn(self.pool, ids)
            self.assertIn('AccessToken', self.tokens('documentweb', 'ann'))
            self.api.AdminDeleteUser(UserPoolId=self.pool, Username='ann')
        self.assertLess(self.control('GET', 'clock')['offsetMs'], 1000)


@needs_file
class ResetOnDisk(Reset):
    server_options = {'memory': False}


class Clock(ControlTest):
    @classmethod
    def prepare(cls):
        cls.pool = cls.new_pool(MfaConfiguration='OFF')
        cls.client = cls.new_client(cls.pool, AccessTokenValidity=1)
        cls.new_user(cls.pool, 'ann', email='ann@example.com', email_verified='true')

    def advance(self, by):
        return self.control('POST', 'clock', {'advance': by})

    def test_tokens_expire_by_it(self):
        token = self.tokens(self.client, 'ann')['AccessToken']
        self.api.GetUser(AccessToken=token)
        self.advance('61m')
        self.refused('NotAuthorizedException', 'Access Token has expired', 'GetUser',
                     AccessToken=token)
        self.control('DELETE', 'clock')
        self.api.GetUser(AccessToken=token)

    def test_codes_expire_by_it(self):
        self.api.ForgotPassword(ClientId=self.client, Username='ann')
        code = self.server.outbox('ann')[0]['code']
        self.advance('2d')
        self.refused('ExpiredCodeException', 'Invalid code provided, please request a code again.',
                     'ConfirmForgotPassword', ClientId=self.client, Username='ann',
                     ConfirmationCode=code, Password='New-passw0rd!')

    def test_sessions_expire_by_it(self):
        self.new_user(self.pool, 'cleo')
        self.api.AdminSetUserPassword(UserPoolId=self.pool, Username='cleo',
                                      Password='Temp-0rary!', Permanent=False)
        session = self.sign_in(self.client, 'cleo', 'Temp-0rary!')['Session']
        self.advance(200)
        self.refused('NotAuthorizedException',
                     'Invalid session for the user, session is expired.', 'RespondToAuthChallenge',
                     ClientId=self.client, ChallengeName='NEW_PASSWORD_REQUIRED', Session=session,
                     ChallengeResponses={'USERNAME': 'cleo', 'NEW_PASSWORD': 'New-passw0rd!'})

    def test_lockouts_end_by_it(self):
        self.new_user(self.pool, 'dora')
        for _ in range(6):
            with self.assertRaises(ApiError):
                self.sign_in(self.client, 'dora', 'wrong')
        self.advance('1h')
        self.assertIn('AccessToken', self.tokens(self.client, 'dora'))

    def test_it_is_set_stands_and_runs(self):
        shown = self.control('PUT', 'clock', {'now': '2031-02-03T04:05:06.789Z', 'frozen': True})
        self.assertEqual(('2031-02-03T04:05:06Z', True), (shown['now'], shown['frozen']))
        self.assertEqual(1927857906789, shown['nowMs'])
        claims = json.loads(rs256.decode(
            self.tokens(self.client, 'ann')['AccessToken'].split('.')[1]))
        self.assertEqual(1927857906, claims['iat'])
        self.assertEqual('2031-02-03T05:05:06Z', self.advance('1h')['now'])
        shown = self.control('PUT', 'clock', {'frozen': False})
        self.assertEqual('2031-02-03T05:05', shown['now'][:16])
        self.assertFalse(shown['frozen'])
        self.control('PUT', 'clock', {'now': 1927857906})
        self.assertEqual('2031-02-03T04:05', self.control('GET', 'clock')['now'][:16])

    def test_what_is_no_time_is_refused(self):
        for now in ('2031-02-30T00:00:00Z', '2031-02-03', 'now', -1, 0, 10 ** 15, [], None):
            self.control('PUT', 'clock', {'now': now}, status=400)
        for by in ('5', 'm', '-1m', 0, -5, '5w', 10 ** 12, [], None):
            self.control('POST', 'clock', {'advance': by}, status=400)
        self.control('POST', 'clock', {'advance': '999999999d'}, status=400)
        self.refused_control('the body is a JSON object', 'PUT', 'clock', raw='[]')
        self.refused_control('the body is a JSON object', 'PUT', 'clock', raw='{')


class Faults(ControlTest):
    @classmethod
    def prepare(cls):
        cls.pool = cls.new_pool()

    def describe(self):
        return self.api.DescribeUserPool(UserPoolId=self.pool)

    def throttled(self):
        self.refused('TooManyRequestsException', 'Rate exceeded', 'DescribeUserPool',
                     UserPoolId=self.pool)

    def test_the_next_calls_are_throttled(self):
        self.control('POST', 'faults', {'operation': 'DescribeUserPool', 'times': 2,
                                        'error': 'TooManyRequestsException'})
        self.throttled()
        self.api.ListUsers(UserPoolId=self.pool)
        self.throttled()
        self.describe()
        [fault] = self.control('GET', 'faults')['faults']
        self.assertEqual((0, 2), (fault['times'], fault['hits']))

    def test_a_client_tries_again(self):
        from botocore.config import Config
        import boto3
        boto = boto3.client('cognito-idp', endpoint_url=self.server.url, region_name='eu-west-1',
                            aws_access_key_id='a', aws_secret_access_key='b',
                            config=Config(retries={'max_attempts': 3, 'mode': 'standard'}))
        self.control('POST', 'faults', {'operation': 'DescribeUserPool', 'times': 2,
                                        'error': 'TooManyRequestsException'})
        reply = boto.describe_user_pool(UserPoolId=self.pool)
        self.assertEqual(2, reply['ResponseMetadata']['RetryAttempts'])

    def test_a_part_of_the_calls_fails(self):
        self.control('POST', 'faults', {'operation': '*', 'percent': 30, 'message': 'Oh.',
                                        'error': 'InternalErrorException'})
        failures = 0
        for _ in range(20):
            try:
                self.describe()
            except ApiError as e:
                self.assertEqual(('InternalErrorException', 'Oh.', 500),
                                 (e.type, e.text, e.status))
                failures += 1
        self.assertEqual(6, failures)

    def test_an_operation_is_late(self):
        self.control('POST', 'faults', {'operation': 'DescribeUserPool', 'delayMs': 2000})
        began = time.monotonic()
        self.describe()
        self.assertGreaterEqual(time.monotonic() - began, 2)
        began = time.monotonic()
        self.api.ListUsers(UserPoolId=self.pool)
        self.assertLess(time.monotonic() - began, 2)

    def test_faults_are_deleted(self):
        self.control('POST', 'faults', {'operation': '*', 'error': 'TooManyRequestsException'})
        self.throttled()
        self.assertEqual({'faults': []}, self.control('DELETE', 'faults'))
        self.describe()

    def test_what_is_no_fault_is_refused(self):
        for body in ({}, {'operation': 'Nothing', 'delayMs': 1}, {'operation': '*'},
                     {'operation': '*', 'error': 'Nothing'}, {'operation': '*', 'delayMs': 0},
                     {'operation': '*', 'delayMs': 30001}, {'operation': '*', 'delayMs': '5'},
                     {'operation': '*', 'delayMs': 1, 'times': 0},
                     {'operation': '*', 'delayMs': 1, 'percent': 101},
                     {'operation': '*', 'delayMs': 1, 'rate': 1},
                     {'operation': '*', 'error': 'InternalErrorException', 'message': 'x' * 300}):
            self.control('POST', 'faults', body, status=400)
        self.assertEqual([], self.control('GET', 'faults')['faults'])


class Ids(unittest.TestCase):
    def play(self, *, disturb=False, start=('--fixed-ids', 'story')):
        server = Server('--region', 'eu-west-1', *start).start()
        self.addCleanup(server.stop)
        api = Api(server.port)
        if not start:
            control(server, 'PUT', 'ids', {'seed': 'story'})
        pool = api.CreateUserPool(PoolName='a', AutoVerifiedAttributes=['email'])['UserPool']['Id']
        if disturb:
            api.DescribeUserPool(UserPoolId=pool)
            server.outbox()
        client = api.CreateUserPoolClient(UserPoolId=pool, ClientName='c', GenerateSecret=False)
        client = client['UserPoolClient']['ClientId']
        sub = api.SignUp(ClientId=client, Username='ann', Password=PASSWORD, UserAttributes=[
            {'Name': 'email', 'Value': 'ann@example.com'}])['UserSub']
        if disturb:
            api.ListUsers(UserPoolId=pool)
        second = api.SignUp(ClientId=client, Username='bob', Password=PASSWORD, UserAttributes=[
            {'Name': 'email', 'Value': 'bob@example.com'}])['UserSub']
        return pool, client, sub, second, server.code('ann'), server.code('bob')

    def test_each_run_gets_the_same(self):
        first = self.play()
        self.assertEqual(6, len(set(first)))
        self.assertEqual(first, self.play())
        self.assertEqual(first, self.play(disturb=True))
        self.assertEqual(first, self.play(start=()))
        self.assertNotEqual(first, self.play(start=('--fixed-ids', 'other')))

    @needs_file
    def test_a_restore_counts_from_the_snapshot(self):
        server = Server('--fixed-ids', 'story').start()
        self.addCleanup(server.stop)
        api = Api(server.port)
        control(server, 'POST', 'snapshot')
        first = api.CreateUserPool(PoolName='a')['UserPool']['Id']
        control(server, 'POST', 'restore')
        self.assertEqual(first, api.CreateUserPool(PoolName='a')['UserPool']['Id'])
        self.assertNotEqual(first, api.CreateUserPool(PoolName='a')['UserPool']['Id'])
        control(server, 'POST', 'reset')
        self.assertEqual(first, api.CreateUserPool(PoolName='a')['UserPool']['Id'])


class Browser(ControlTest):
    def test_a_page_of_another_origin_may_ask(self):
        reply = self.server.get('/_poolhouse/reset', method='OPTIONS', headers={
            'Origin': 'http://localhost:3000', 'Access-Control-Request-Method': 'POST',
            'Access-Control-Request-Headers': 'content-type'})
        self.assertEqual((200, '*', 'POST', 'content-type'), (
            reply.status, reply.headers['access-control-allow-origin'],
            reply.headers['access-control-allow-methods'],
            reply.headers['access-control-allow-headers']))
        reply = control(self.server, 'GET', 'clock')
        self.assertEqual('*', reply.headers['access-control-allow-origin'])

    def test_paths_and_methods_that_are_none(self):
        self.refused_control('here are outbox, clock, faults, ids, reset, snapshot, snapshots, '
                             'restore and dump', 'GET', 'nothing', status=404)
        self.refused_control('this path takes other methods', 'GET', 'reset', status=405)


class Serve(unittest.TestCase):
    def test_has_none_of_it(self):
        server = Server(**serve_options()).start()
        self.addCleanup(server.stop)
        for method, path in (('POST', 'reset'), ('POST', 'snapshot'), ('POST', 'restore'),
                             ('GET', 'clock'), ('PUT', 'clock'), ('POST', 'faults'),
                             ('PUT', 'ids'), ('GET', 'dump'), ('GET', 'outbox')):
            reply = control(server, method, path, {})
            self.assertEqual(404, reply.status, path)
            self.assertEqual('the test controls are there in `poolhouse dev` only',
                             reply.json['message'])


if __name__ == '__main__':
    unittest.main()
