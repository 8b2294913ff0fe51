"""The logs of pools really leave: to files, HTTP, and stand-ins of CloudWatch, Firehose and S3."""
import base64
import contextlib
import http.server
import json
import os
import shutil
import subprocess
import tempfile
import threading
import time
import unittest

from aws_service import KEY, SECRET, Service
from poolhouse import ApiError, PASSWORD, PoolhouseTest, binary, claims, free_port

ACCOUNT = 'arn:aws:{}:eu-west-1:123456789012:'
GROUP = ACCOUNT.format('logs') + 'log-group:/aws/vendedlogs/{}'
STREAM = ACCOUNT.format('firehose') + 'deliverystream/{}'
BUCKET = 'arn:aws:s3:::{}'
AWS = {'POOLHOUSE_AWS_ACCESS_KEY_ID': KEY, 'POOLHOUSE_AWS_SECRET_ACCESS_KEY': SECRET}
MISSING = (400, b'{"__type":"ResourceNotFoundException","message":"no such log stream"}')


class Sink:
    """Keeps the events of each POST; `answers` are statuses for the next ones, None hangs."""

    def __init__(self, port=0):
        self.events, self.posts, self.answers = [], 0, []
        self.changed = threading.Condition()
        self.released = threading.Event()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'

            def do_POST(self):
                body = self.rfile.read(int(self.headers['Content-Length']))
                status = outer.take(json.loads(body))
                if status is None:
                    outer.released.wait(60)
                    return
                with contextlib.suppress(OSError):
                    self.send_response(status)
                    self.send_header('Content-Length', '0')
                    self.end_headers()

            def log_message(self, *_):
                pass
        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', port), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.url = f'http://127.0.0.1:{self.port}/logs'
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def take(self, events):
        with self.changed:
            self.posts += 1
            status = self.answers.pop(0) if self.answers else 200
            if status == 200:
                self.events += events
            self.changed.notify_all()
            return status

    def wait(self, condition, seconds=30):
        with self.changed:
            if not self.changed.wait_for(lambda: condition(self), seconds):
                raise AssertionError(f'{len(self.events)} events in {self.posts} posts')

    def stop(self):
        self.released.set()
        self.server.shutdown()
        self.server.server_close()


def auth_events(**destination):
    return {'LogLevel': 'INFO', 'EventSource': 'userAuthEvents', **destination}


def errors(arn):
    return {'LogLevel': 'ERROR', 'EventSource': 'userNotification',
            'CloudWatchLogsConfiguration': {'LogGroupArn': arn}}


def group(name):
    return {'CloudWatchLogsConfiguration': {'LogGroupArn': GROUP.format(name)}}


class LogTest(PoolhouseTest):

    @classmethod
    def logged_pool(cls, *entries, mode='AUDIT', **members):
        pool = cls.new_pool(UserPoolTier='PLUS', UserPoolAddOns={'AdvancedSecurityMode': mode},
                            **members)
        cls.api.SetLogDeliveryConfiguration(UserPoolId=pool, LogConfigurations=list(entries))
        return pool, cls.new_client(pool)


class Targets(LogTest):

    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.mkdtemp(prefix='poolhouse-logs-')
        cls.addClassCleanup(shutil.rmtree, cls.scratch)
        cls.file = os.path.join(cls.scratch, 'events.json')
        cls.sink = Sink()
        cls.logs = Service('logs', (200, b'{}'))
        cls.firehose = Service('firehose', (200, b'{"FailedPutCount":0}'))
        cls.s3 = Service('s3', (200, b''))
        cls.sns = Service('sns', (200, b'<PublishResponse/>'))
        for stand_in in (cls.sink, cls.logs, cls.firehose, cls.s3, cls.sns):
            cls.addClassCleanup(stand_in.stop)
        targets = [('*:log-group:*/file', 'file:' + cls.file), ('*:log-group:*/http*', cls.sink.url),
                   ('arn:aws:logs:*/cloud*', 'cloudwatch:' + cls.logs.url),
                   ('arn:aws:firehose:*', 'firehose:' + cls.firehose.url),
                   ('arn:aws:s3:*', 's3:' + cls.s3.url)]
        cls.server_args = [a for t in targets for a in ('--log-target', '='.join(t))]
        cls.server_options = {'env': {**AWS, 'POOLHOUSE_SMS_ENDPOINT': cls.sns.url}}
        super().setUpClass()

    def lines(self):
        if not os.path.exists(self.file):
            return []
        with open(self.file, encoding='utf-8') as f:
            return [json.loads(line) for line in f]

    def lines_of(self, pool, count):
        def found():
            return [e for e in self.lines() if e['logSourceId']['userPoolId'] == pool]
        self.until(lambda: len(found()) >= count)
        return found()

    def test_a_sign_in_is_logged_member_by_member(self):
        pool, client = self.logged_pool(auth_events(**group('file')))
        name, before = self.new_user(pool), int(time.time() * 1000)
        tokens = self.api.call('InitiateAuth', {
            'ClientId': client, 'AuthFlow': 'USER_PASSWORD_AUTH',
            'AuthParameters': {'USERNAME': name, 'PASSWORD': PASSWORD},
            'UserContextData': {'EncodedData': 'opaque'}},
            headers={'User-Agent': 'Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like '
                                   'Gecko) Chrome/126.0 Safari/537.36'})['AuthenticationResult']
        event, = self.lines_of(pool, 1)
        message = event.pop('message')
        self.assertLessEqual(before, int(event.pop('eventTimestamp')))
        self.assertEqual({'eventSource': 'USER_AUTH_EVENTS', 'logLevel': 'INFO',
                          'logSourceId': {'userPoolId': pool}}, event)
        claim = claims(tokens['IdToken'])[1]
        self.assertLessEqual(before, int(message.pop('eventTimestamp')))
        self.assertRegex(message.pop('creationDate'),
                         r'^[A-Z][a-z]{2} [A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d UTC \d{4}$')
        self.assertRegex(message.pop('requestId'), r'^[0-9a-f-]{36}$')
        self.assertEqual({
            'version': '1', 'eventId': claim['event_id'], 'userSub': claim['sub'],
            'userName': name, 'userPoolId': pool, 'clientId': client, 'eventType': 'SignIn',
            'eventResponse': 'Pass', 'challenges': ['Password:Success'],
            'deviceName': 'Chrome 126, Windows 10', 'ipAddress': '127.0.0.1', 'riskLevel': 'Low',
            'riskDecision': 'NoRisk', 'compromisedCredentialDetected': 'false', 'city': '',
            'country': '', 'eventFeedbackValue': '', 'eventFeedbackDate': '',
            'eventFeedbackProvider': '', 'idpName': '', 'hasContextData': 'true'}, message)
        self.assertEqual(0, os.stat(self.file).st_mode & 0o007, 'others may read it')

    def test_nothing_secret_and_no_typed_name_of_nobody_is_logged(self):
        pool, _ = self.logged_pool(auth_events(**group('file')))
        client = self.new_client(pool, PreventUserExistenceErrors='ENABLED')
        name = self.new_user(pool, email='secret-address@example.com')
        with self.assertRaises(ApiError):
            self.sign_in(client, name, 'Typed-canary-1')
        with self.assertRaises(ApiError):
            self.sign_in(client, 'Typed-canary-2', 'Typed-canary-3')
        tokens = self.tokens(client, name)
        events = self.lines_of(pool, 3)
        self.assertEqual(['Fail', 'Fail', 'Pass'], [e['message']['eventResponse'] for e in events])
        text = json.dumps(events)
        for secret in ('canary', PASSWORD, 'secret-address', tokens['RefreshToken'][-40:],
                       tokens['AccessToken'][-40:]):
            self.assertNotIn(secret, text)
        self.assertEqual('', events[1]['message']['userName'])

    def test_every_kind_of_event_is_logged_in_order(self):
        pool, client = self.logged_pool(auth_events(**group('file')),
                                        AutoVerifiedAttributes=['email'])
        name = self.new_name()
        self.api.SignUp(ClientId=client, Username=name, Password=PASSWORD,
                        UserAttributes=[{'Name': 'email', 'Value': f'{name}@example.com'}])
        self.api.ResendConfirmationCode(ClientId=client, Username=name)
        self.api.AdminConfirmSignUp(UserPoolId=pool, Username=name)
        token = self.tokens(client, name)['AccessToken']
        self.api.ChangePassword(AccessToken=token, PreviousPassword=PASSWORD,
                                ProposedPassword='Passw0rd!2')
        self.assertEqual(['SignUp', 'ResendCode', 'SignIn', 'PasswordChange'],
                         [e['message']['eventType'] for e in self.lines_of(pool, 4)])

    def test_pools_without_threat_protection_or_a_mapped_arn_log_nothing(self):
        quiet, unmapped = (self.logged_pool(auth_events(**group('file')), mode='OFF'),
                           self.logged_pool(auth_events(**group('elsewhere'))))
        loud = self.logged_pool(auth_events(**group('file')))
        for pool, client in (quiet, unmapped, loud):
            self.tokens(client, self.new_user(pool))
        self.lines_of(loud[0], 1)
        self.assertEqual([], [e for e in self.lines()
                              if e['logSourceId']['userPoolId'] in (quiet[0], unmapped[0])])

    def test_a_configuration_that_is_replaced_counts_at_once(self):
        pool, client = self.logged_pool(auth_events(**group('file')))
        name = self.new_user(pool)
        self.tokens(client, name)
        self.lines_of(pool, 1)
        self.api.SetLogDeliveryConfiguration(UserPoolId=pool, LogConfigurations=[])
        self.tokens(client, name)
        self.api.SetLogDeliveryConfiguration(
            UserPoolId=pool, LogConfigurations=[auth_events(**group('file'))])
        self.tokens(client, name)
        self.assertEqual(2, len(self.lines_of(pool, 2)))

    def test_http_gets_arrays(self):
        pool, client = self.logged_pool(auth_events(**group('http')))
        name = self.new_user(pool)
        for _ in range(3):
            self.tokens(client, name)
        self.sink.wait(lambda s: len([e for e in s.events
                                      if e['message']['userPoolId'] == pool]) == 3)

    def test_cloudwatch_gets_entries_of_a_stream_that_is_made_when_missing(self):
        pool, client = self.logged_pool(auth_events(**group('cloud')))
        self.logs.answers.append(MISSING)
        self.tokens(client, self.new_user(pool))
        requests = [json.loads(body) for _, body, _ in self.logs.wait(3)[-3:]]
        where = {'logGroupName': '/aws/vendedlogs/cloud',
                 'logStreamName': f'userAuthEvents/{pool}'}
        self.assertEqual(where, requests[1])
        entry, = requests[2].pop('logEvents')
        self.assertEqual(where, requests[2])
        self.assertEqual(pool, json.loads(entry['message'])['message']['userPoolId'])
        self.assertLess(abs(entry['timestamp'] / 1000 - time.time()), 60)
        self.assertEqual(0, self.logs.refused)

    def test_firehose_gets_records_and_all_of_them_again_when_some_failed(self):
        pool, client = self.logged_pool(auth_events(
            FirehoseConfiguration={'StreamArn': STREAM.format('events')}))
        self.firehose.answers.append((200, b'{"FailedPutCount":1}'))
        self.tokens(client, self.new_user(pool))
        first, again = [json.loads(body) for _, body, _ in self.firehose.wait(2)[-2:]]
        self.assertEqual(first, again)
        self.assertEqual('events', again['DeliveryStreamName'])
        data = base64.b64decode(again['Records'][0]['Data'])
        self.assertEqual(pool, json.loads(data)['message']['userPoolId'])
        self.assertTrue(data.endswith(b'\n'))
        self.assertEqual(0, self.firehose.refused)

    def test_s3_gets_an_object_of_lines(self):
        pool, client = self.logged_pool(auth_events(
            S3Configuration={'BucketArn': BUCKET.format('audit/a+b')}))
        self.tokens(client, self.new_user(pool))
        path, body, _ = self.s3.wait(1)[-1]
        self.assertRegex(path, rf'^/audit/a%2Bb/cognito/userAuthEvents/{pool}/\d{{4}}/\d\d/\d\d/\d\d/'
                               r'[0-9a-f-]{36}\.json$')
        self.assertEqual(pool, json.loads(body)['message']['userPoolId'])
        self.assertEqual(0, self.s3.refused)

    def test_a_message_that_is_not_delivered_is_an_error(self):
        pool, client = self.logged_pool(
            errors(GROUP.format('file')), AutoVerifiedAttributes=['phone_number'],
            SmsConfiguration={'SnsCallerArn': 'arn:aws:iam::000000000000:role/sms'})
        self.sns.answers.append((400, b'<ErrorResponse><Error><Code>InvalidParameter</Code>'))
        self.api.SignUp(ClientId=client, Username=self.new_name(), Password=PASSWORD,
                        UserAttributes=[{'Name': 'phone_number', 'Value': '+15558675309'}])
        event, = self.lines_of(pool, 1)
        self.assertEqual(('USER_NOTIFICATION', 'ERROR'), (event['eventSource'], event['logLevel']))
        self.assertRegex(event['message']['details'],
                         r'^SMS message \(SignUp, id [0-9a-f-]{36}\) was refused: code 400$')
        self.assertNotIn('5558675309', json.dumps(event))

    def test_one_lane_that_fails_holds_no_other_up(self):
        bad, good = self.logged_pool(auth_events(**group('http-bad'))), self.logged_pool(
            auth_events(**group('http-good')))
        self.sink.answers += [503]
        self.tokens(bad[1], self.new_user(bad[0]))
        self.sink.wait(lambda s: not s.answers)
        began = time.monotonic()
        self.tokens(good[1], self.new_user(good[0]))
        self.sink.wait(lambda s: any(e['message']['userPoolId'] == good[0] for e in s.events))
        self.assertLess(time.monotonic() - began, 5)
        self.sink.wait(lambda s: any(e['message']['userPoolId'] == bad[0] for e in s.events))


class Trouble(LogTest):
    """A target that is away, hangs, or never takes anything; a server that is killed."""

    @classmethod
    def setUpClass(cls):
        cls.sink = Sink(free_port())  # nobody takes it while the sink is away
        cls.hanging = Sink()
        cls.hanging.answers += [None] * 1000
        cls.addClassCleanup(cls.hanging.stop)
        cls.server_args = ['--log-target', '*/http=' + cls.sink.url,
                           '--log-target', '*/hangs=' + cls.hanging.url]
        cls.server_options = {'memory': False, 'env': {
            'POOLHOUSE_LOG_DELIVERY_QUEUE': '100', 'POOLHOUSE_LOG_DELIVERY_TIMEOUT': '1s'}}
        super().setUpClass()

    @classmethod
    def prepare(cls):
        cls.pool, cls.client = cls.logged_pool(auth_events(**group('http')))
        cls.user = cls.new_user(cls.pool)

    def test_1_events_wait_for_a_target_that_is_away_also_over_a_kill(self):
        port = self.sink.port
        self.sink.stop()
        for _ in range(20):
            self.tokens(self.client, self.user)
        self.until(lambda: self.metric('log_targets_down') == 1)
        self.assertEqual(20, self.metric('log_events_waiting'))
        self.until(lambda: self.server.database.rows('SELECT count(*) AS n FROM log_events')[0]['n'] == 20)
        self.server.kill()
        self.server.start()
        self.assertEqual(20, self.metric('log_events_waiting'))
        type(self).sink = Sink(port)
        self.addClassCleanup(self.sink.stop)
        self.sink.wait(lambda s: len(s.events) >= 20)
        self.assertEqual(20, len({e['message']['eventId'] for e in self.sink.events}))
        self.until(lambda: self.metric('log_events_waiting') == 0)
        self.assertEqual(0, self.metric('log_targets_down'))

    def test_2_a_target_that_hangs_slows_nobody_down(self):
        pool, client = self.logged_pool(auth_events(**group('hangs')))
        name, sent = self.new_user(pool), len(self.sink.events)
        slowest = 0
        for _ in range(20):
            began = time.monotonic()
            self.tokens(client, name)
            slowest = max(slowest, time.monotonic() - began)
        self.assertLess(slowest, 1)
        self.tokens(self.client, self.user)
        self.sink.wait(lambda s: len(s.events) > sent, 10)
        self.hanging.answers.clear()
        self.hanging.wait(lambda s: len({e['message']['eventId'] for e in s.events}) == 20)

    def test_3_what_does_not_fit_into_the_queue_is_dropped(self):
        pool, client = self.logged_pool(auth_events(**group('hangs')))
        name, dropped = self.new_user(pool), self.metric('log_events_dropped_total')
        self.hanging.answers += [503] * 1000
        for _ in range(110):
            self.tokens(client, name)
        self.assertEqual(100, self.metric('log_events_waiting'))
        self.assertEqual(10, self.metric('log_events_dropped_total') - dropped)
        self.api.DeleteUserPoolClient(UserPoolId=pool, ClientId=client)
        self.hanging.answers.clear()
        self.until(lambda: self.metric('log_events_waiting') == 0, 90)


class Settings(unittest.TestCase):

    def test_a_flag_that_is_given_twice_adds_up_to_two(self):
        text = subprocess.run([binary(), 'config', 'show', '--log-target', 'a=http://one.example/',
                               '--log-target', 'b=http://two.example/'], capture_output=True,
                              text=True, timeout=30, check=False).stdout
        self.assertEqual((1, 1), (text.count('one.example'), text.count('two.example')), text)

    def test_a_target_that_is_given_twice_is_refused(self):
        done = subprocess.run([binary(), 'dev', '--memory', '--listen', f'127.0.0.1:{free_port()}',
                               '--log-target', 'a=file:/x', '--log-target', 'a=file:/y'],
                              capture_output=True, text=True, timeout=30, check=False)
        self.assertNotEqual(0, done.returncode)
        self.assertIn('log_delivery.target: "a" is given twice', done.stdout + done.stderr)

    def test_a_target_that_is_none_is_refused_at_the_start(self):
        for target in ('x', '=file:/x', 'a=ftp://x', 'a=file:', 'a=http://',
                       'a=cloudwatch:logs.example', 'a=s3:http://x/'):
            with self.subTest(target):
                done = subprocess.run([binary(), 'dev', '--memory', '--listen', f'127.0.0.1:{free_port()}',
                                       '--log-target', target], capture_output=True, text=True,
                                      timeout=30, check=False)
                self.assertNotEqual(0, done.returncode)
                self.assertIn('log_delivery.target', done.stdout + done.stderr)


if __name__ == '__main__':
    unittest.main()
