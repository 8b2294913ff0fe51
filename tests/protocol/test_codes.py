"""Codes for custom senders: encrypted as the service does it, and read by its own library."""
import base64
import json
import os
import re
import subprocess
import time
import unittest

from aws_service import KEY, SECRET, Kms
from functions import FunctionTest, arn, same
from poolhouse import ALLOW_ALL, PASSWORD, PoolhouseTest, create_key, serve_options

KMS_KEY = 'arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-0000-0000-000000000000'
NODE = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'node')
HANDLER = os.path.join(NODE, 'handlers', 'sender.js')


def email(address='a@example.com'):
    return [{'Name': 'email', 'Value': address}]


def decrypted(text):
    """What the handler printed, the newest first."""
    return [json.loads(found) for found in re.findall(r'DECRYPTED (\{.*?\}) END', text)][::-1]


class SenderTest(FunctionTest):
    """`http-email` gets the e-mails of the pool."""

    @classmethod
    def sender_pool(cls, function='http-email'):
        pool = cls.new_pool(AutoVerifiedAttributes=['email'], LambdaConfig={
            'KMSKeyID': KMS_KEY,
            'CustomEmailSender': {'LambdaArn': arn(function), 'LambdaVersion': 'V1_0'}})
        return pool, cls.new_client(pool)

    def signed_up(self, client):
        name = self.new_name()
        self.api.SignUp(ClientId=client, Username=name, Password=PASSWORD, UserAttributes=email())
        return name

    def event(self, seconds=15):
        deadline = time.monotonic() + seconds
        while not self.functions.events:
            self.assertLess(time.monotonic(), deadline, self.server.log()[-2000:])
            time.sleep(0.05)
        return self.functions.take()[0]


class ByKms(SenderTest):
    """A KMS at an endpoint; requests to it are signed."""

    @classmethod
    def setUpClass(cls):
        cls.kms = Kms()
        cls.addClassCleanup(cls.kms.stop)
        cls.server_options = {'env': {
            'POOLHOUSE_KMS_ENDPOINT': cls.kms.url, 'POOLHOUSE_KMS_REGION': 'eu-central-1',
            'POOLHOUSE_AWS_ACCESS_KEY_ID': KEY, 'POOLHOUSE_AWS_SECRET_ACCESS_KEY': SECRET}}
        super().setUpClass()

    @classmethod
    def prepare(cls):
        cls.pool, cls.client = cls.sender_pool()

    def setUp(self):
        self.functions.take()
        self.functions.handlers['http-email'] = same

    def decrypt(self, event):
        """By the unmodified library, with the KMS client's own endpoint and signature."""
        done = subprocess.run(
            ['node', HANDLER], input=json.dumps(event), capture_output=True, text=True, timeout=60,
            env={**os.environ, 'AWS_ENDPOINT_URL_KMS': self.kms.url, 'AWS_REGION': 'eu-central-1',
                 'AWS_ACCESS_KEY_ID': KEY, 'AWS_SECRET_ACCESS_KEY': SECRET})
        self.assertEqual(0, done.returncode, done.stderr)
        return decrypted(done.stdout)[0]

    def test_the_library_reads_the_code_and_the_user_is_confirmed_by_it(self):
        name = self.signed_up(self.client)
        event = self.event()
        code = event['request']['code']
        self.assertTrue(code.startswith('AYAD'), code)  # as those of the service
        read = self.decrypt(event)
        self.assertEqual({'userpool-id': self.pool}, read['context'])
        self.assertEqual((True, 0x0378), (read['signed'], read['suite']))
        self.api.ConfirmSignUp(ClientId=self.client, Username=name, ConfirmationCode=read['code'])

    def test_a_temporary_password_is_escaped_for_html(self):
        self.api.AdminCreateUser(UserPoolId=self.pool, Username=self.new_name(),
                                 TemporaryPassword='<Passw0rd&>', UserAttributes=email(),
                                 DesiredDeliveryMediums=['EMAIL'])
        read = self.decrypt(self.event())
        self.assertEqual(('&lt;Passw0rd&amp;&gt;', 'CustomEmailSender_AdminCreateUser'),
                         (read['code'], read['source']))

    def test_each_code_has_a_key_of_its_own_and_is_nowhere_else(self):
        events = []
        for _ in range(2):
            self.signed_up(self.client)
            events.append(self.event())
        codes = [self.decrypt(event)['code'] for event in events]
        first, second = (base64.b64decode(e['request']['code']) for e in events)
        self.assertNotEqual(first[4:20], second[4:20])  # ids of the messages
        self.assertNotIn(codes[0].encode(), first)
        self.assertNotIn(codes[0], json.dumps(events[0]))

    def test_calls_wait_for_a_key_service_that_is_away(self):
        self.kms.answers += [(503, b'')] * 2
        self.signed_up(self.client)
        event = self.event(30)
        self.assertRegex(self.decrypt(event)['code'], r'^\d{6}$')
        self.assertIn('relay_down', self.server.log())

    def test_a_key_that_is_refused_is_asked_for_again_later(self):
        self.kms.answers.append((400, b'{"__type":"DisabledException"}'))
        before = len(self.kms.requests)
        self.signed_up(self.client)
        self.kms.wait(before + 1)
        for _ in range(100):
            if 'the key service refused' in self.server.log():
                break
            time.sleep(0.05)
        self.assertRegex(self.server.log(), r'message_put_off.*the key service refused')
        self.assertEqual([], self.functions.events)


class OfDev(SenderTest):
    """Without a KMS, `dev` is one for the handlers that it runs."""

    server_options = {'env': {'POOLHOUSE_TRIGGERS_PLAIN_CODES': 'false',
                              'AWS_ACCESS_KEY_ID': 'dev', 'AWS_SECRET_ACCESS_KEY': 'dev'}}

    @classmethod
    def routes(cls):
        return super().routes() + [f'local-*=local:{HANDLER}']

    def ask(self, target, **members):
        return self.server.get('/_poolhouse/kms/', 'POST', {
            'Content-Type': 'application/x-amz-json-1.1', 'X-Amz-Target': 'TrentService.' + target},
            body=json.dumps(members).encode())

    def test_a_local_handler_decrypts_with_nothing_but_its_key_id(self):
        _, client = self.sender_pool('local-email')
        name = self.signed_up(client)
        deadline = time.monotonic() + 60
        while not decrypted(self.server.log().replace('\\"', '"')):
            self.assertLess(time.monotonic(), deadline, self.server.log()[-3000:])
            time.sleep(0.1)
        code = decrypted(self.server.log().replace('\\"', '"'))[0]['code']
        self.api.ConfirmSignUp(ClientId=client, Username=name, ConfirmationCode=code)

    def test_a_data_key_comes_back_for_its_key_and_context_only(self):
        made = json.loads(self.ask('GenerateDataKey', KeyId=KMS_KEY, KeySpec='AES_256',
                                   EncryptionContext={'b': '2', 'a': '1'}).body)
        self.assertEqual(KMS_KEY, made['KeyId'])
        blob = made['CiphertextBlob']
        back = json.loads(self.ask('Decrypt', KeyId=KMS_KEY, CiphertextBlob=blob,
                                   EncryptionContext={'a': '1', 'b': '2'}).body)
        self.assertEqual((KMS_KEY, made['Plaintext']), (back['KeyId'], back['Plaintext']))
        for name, members in (
                ('InvalidCiphertextException', {'CiphertextBlob': blob}),
                ('InvalidCiphertextException', {'CiphertextBlob': blob,
                                                'EncryptionContext': {'a': '1', 'b': '3'}}),
                ('InvalidCiphertextException', {'CiphertextBlob': blob[:-8] + 'AAAAAAA=',
                                                'EncryptionContext': {'a': '1', 'b': '2'}}),
                ('InvalidCiphertextException', {'CiphertextBlob': 'no'}),
                ('IncorrectKeyException', {'KeyId': KMS_KEY[:-1] + '1', 'CiphertextBlob': blob,
                                           'EncryptionContext': {'a': '1', 'b': '2'}})):
            reply = self.ask('Decrypt', **members)
            self.assertEqual((400, {'__type': name}), (reply.status, json.loads(reply.body)))

    def test_other_questions_are_refused(self):
        for target, members, name in (
                ('GenerateDataKey', {'KeyId': 'alias/x', 'NumberOfBytes': 32}, 'NotFoundException'),
                ('GenerateDataKey', {'KeyId': KMS_KEY, 'NumberOfBytes': 16}, 'ValidationException'),
                ('CreateKey', {}, 'UnknownOperationException')):
            reply = self.ask(target, **members)
            self.assertEqual((400, {'__type': name}), (reply.status, json.loads(reply.body)))


class OfServe(PoolhouseTest):
    """`serve` hands codes over only as its operator says."""

    server_options = serve_options()
    server_args = ['--function', 'http-*=http://127.0.0.1:9/']

    @classmethod
    def prepare(cls):
        cls.api.credentials = create_key(cls.server, 'root', ALLOW_ALL)

    def test_without_a_key_service_a_sender_is_a_clear_error(self):
        pool = self.new_pool(AutoVerifiedAttributes=['email'], LambdaConfig={
            'KMSKeyID': KMS_KEY,
            'CustomEmailSender': {'LambdaArn': arn('http-email'), 'LambdaVersion': 'V1_0'}})
        self.refused('UnexpectedLambdaException',
                     'CustomEmailSender invocation failed due to error KMS: codes cannot be '
                     'encrypted here; set kms.endpoint, or hand them over in base64 with '
                     'triggers.plain_codes = true.',
                     'SignUp', ClientId=self.new_client(pool), Username=self.new_name(),
                     Password=PASSWORD, UserAttributes=email())

    def test_it_is_no_key_service_itself(self):
        reply = self.server.get('/_poolhouse/kms/', 'POST', {
            'Content-Type': 'application/x-amz-json-1.1', 'X-Amz-Target': 'TrentService.Decrypt'},
            body=b'{}')
        self.assertEqual(404, reply.status)


if __name__ == '__main__':
    unittest.main()
