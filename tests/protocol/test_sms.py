"""Text messages by Publish of SNS: what it is told, signed, and what its answers mean."""
import re
import time
import unittest

from aws_service import KEY, SECRET, Service
from poolhouse import ALLOW_ALL, PASSWORD, PoolhouseTest, create_key, serve_options

PUBLISHED = (200, b'<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/">'
                  b'<PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>')


def failure(status, code):
    return status, (b'<ErrorResponse><Error><Type>Sender</Type><Code>' + code.encode() +
                    b'</Code><Message>no</Message></Error></ErrorResponse>')


class Sms(PoolhouseTest):

    @classmethod
    def setUpClass(cls):
        cls.service = Service('sns', PUBLISHED)
        cls.addClassCleanup(cls.service.stop)
        options = serve_options()
        options['clock'] = True
        options['env'].update(POOLHOUSE_SMS_ENDPOINT=cls.service.url, POOLHOUSE_SMS_SENDER='Shop',
                              POOLHOUSE_SMS_REGION='eu-central-1', POOLHOUSE_SMS_TIMEOUT='1s',
                              POOLHOUSE_AWS_ACCESS_KEY_ID=KEY,
                              POOLHOUSE_AWS_SECRET_ACCESS_KEY=SECRET)
        cls.server_options = options
        super().setUpClass()

    @classmethod
    def prepare(cls):
        cls.api.credentials = create_key(cls.server, 'root', ALLOW_ALL)
        cls.pool = cls.new_pool(AutoVerifiedAttributes=['phone_number'], SmsConfiguration={
            'SnsCallerArn': 'arn:aws:iam::000000000000:role/sns', 'ExternalId': 'x'})
        cls.client = cls.new_client(cls.pool)

    def setUp(self):
        self.before = len(self.service.requests)

    def sign_up(self, name, number='+15550100'):
        return self.api.SignUp(ClientId=self.client, Username=name, Password=PASSWORD,
                               UserAttributes=[{'Name': 'phone_number', 'Value': number}])

    def test_a_user_signs_up_with_the_code_that_came_by_text(self):
        reply = self.sign_up('ann')
        self.assertEqual('SMS', reply['CodeDeliveryDetails']['DeliveryMedium'])
        form = self.service.forms(self.before + 1)[-1]
        code = re.fullmatch(r'Your verification code is (\d{6})\. ', form.pop('Message')).group(1)
        self.assertEqual({
            'Action': 'Publish', 'Version': '2010-03-31', 'PhoneNumber': '+15550100',
            'MessageAttributes.entry.1.Name': 'AWS.SNS.SMS.SMSType',
            'MessageAttributes.entry.1.Value.DataType': 'String',
            'MessageAttributes.entry.1.Value.StringValue': 'Transactional',
            'MessageAttributes.entry.2.Name': 'AWS.SNS.SMS.SenderID',
            'MessageAttributes.entry.2.Value.DataType': 'String',
            'MessageAttributes.entry.2.Value.StringValue': 'Shop'}, form)
        self.api.ConfirmSignUp(ClientId=self.client, Username='ann', ConfirmationCode=code)
        self.until(lambda: self.metric('outbox_waiting') == 0)

    def test_a_number_that_is_refused_is_given_up(self):
        self.service.answers.append(failure(400, 'InvalidParameter'))
        failed = self.metric('sms_failed_total')
        self.sign_up('refused')
        self.until(lambda: self.metric('sms_failed_total') == failed + 1)
        self.until(lambda: self.metric('outbox_waiting') == 0)

    def test_throttling_is_waited_for(self):
        for name, answer in (('throttled', failure(400, 'Throttling')), ('busy', (429, b'')),
                             ('broken', (500, b'oops'))):
            before = len(self.service.requests)
            self.service.answers.append(answer)
            self.sign_up(name)
            self.service.wait(before + 1)
            time.sleep(1)
            self.assertEqual(before + 1, len(self.service.requests), name)
            self.server.advance(30)
            self.service.wait(before + 2)
            self.until(lambda: self.metric('outbox_waiting') == 0)

    def test_when_our_keys_are_refused_all_messages_wait(self):
        self.service.answers += [failure(403, 'InvalidClientTokenId')] * 2
        self.sign_up('locked-out')
        self.until(lambda: self.metric('sms_endpoint_down') == 1)
        self.assertEqual(200, self.server.get('/readyz', port=self.server.admin_port).status)
        self.service.wait(self.before + 3)
        self.until(lambda: self.metric('sms_endpoint_down') == 0)

    def test_a_service_that_hangs_slows_nobody_down(self):
        self.service.delay = 3
        try:
            began = time.monotonic()
            self.sign_up('hanging')
            self.assertLess(time.monotonic() - began, self.service.delay)
            put_off = self.metric('sms_put_off_total')
            self.until(lambda: self.metric('sms_put_off_total') == put_off + 1)
        finally:
            self.service.delay = 0
        self.server.advance(30)
        self.until(lambda: self.metric('outbox_waiting') == 0)
        self.service.wait(self.before + 2)  # the one that was given up comes to an end, too

    def test_the_log_shows_neither_numbers_nor_keys(self):
        self.sign_up('quiet', '+15550188')
        self.service.wait(self.before + 1)
        self.until(lambda: self.metric('outbox_waiting') == 0)
        for secret in ('5550188', 'secret-canary'):
            self.assertNotIn(secret, self.server.log())


if __name__ == '__main__':
    unittest.main()
