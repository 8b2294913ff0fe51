"""Calls of custom senders over kill -9: none is lost, and what comes twice was under way."""
import collections
import time

import figures
from functions import FunctionServer, arn, same, throwing
from ledger import LONG, kill_while_messages_leave
from poolhouse import ALLOW_ALL, PASSWORD, Api, PoolhouseTest, create_key, serve_options

KMS_KEY = 'arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-0000-0000-000000000000'
LINES = 4  # calls at the same time


class SenderTest(PoolhouseTest):

    @classmethod
    def setUpClass(cls):
        cls.functions = FunctionServer()
        cls.addClassCleanup(cls.functions.close)
        cls.server_options = serve_options()
        cls.server_args = ['--function', f'http-*={cls.functions.url}/{{function}}',
                           '--plain-codes=true']
        super().setUpClass()

    @classmethod
    def prepare(cls):
        cls.api.credentials = create_key(cls.server, 'root', ALLOW_ALL)
        pool = cls.new_pool(AutoVerifiedAttributes=['email'], LambdaConfig={
            'KMSKeyID': KMS_KEY,
            'CustomEmailSender': {'LambdaArn': arn('http-email'), 'LambdaVersion': 'V1_0'}})
        cls.client = cls.new_client(pool)

    def sign_up(self, name):
        Api(self.server.port).SignUp(ClientId=self.client, Username=name, Password=PASSWORD,
                                     UserAttributes=[{'Name': 'email', 'Value': f'{name}@a.example'}])

    def called(self):
        return collections.Counter(e['userName'] for e in list(self.functions.events))


class Killed(SenderTest):
    rounds = 3 * LONG

    def test_kill_9_loses_no_call(self):
        def slow(event):
            time.sleep(0.1)
            return event
        self.functions.handlers['http-email'] = slow
        names = kill_while_messages_leave(self, self.rounds, 16)
        called = self.called()
        self.assertEqual(set(names), set(called))
        figures.note('crash-senders', kills=self.rounds, acknowledged=len(names), lost=0,
                     repeated=sum(called.values()) - len(names))
        self.assertLessEqual(sum(called.values()) - len(names), LINES * self.rounds, called)


class Restarted(SenderTest):

    def test_what_a_stopped_server_did_not_call_is_called_after_the_next_start(self):
        self.functions.handlers['http-email'] = lambda event: time.sleep(1) or event
        names = [f'stopped-{i}' for i in range(12)]
        for name in names:
            self.sign_up(name)
        self.server.process.terminate()
        self.assertEqual(0, self.server.process.wait(30))
        self.functions.handlers['http-email'] = same
        self.server.start()
        self.until(lambda: self.metric('outbox_waiting') == 0)
        called = self.called()
        self.assertEqual([1] * len(names), [called[n] for n in names])

    def test_what_a_function_throws_is_not_tried_again(self):
        self.functions.handlers['http-email'] = throwing('never')
        self.sign_up('in-vain')
        self.until(lambda: self.metric('sender_failed_total') == 1)
        time.sleep(1)
        self.assertEqual(1, self.called()['in-vain'])
        self.assertEqual(0, self.metric('outbox_waiting'))
