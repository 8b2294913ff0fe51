"""Events of app clients with an AnalyticsConfiguration reach an endpoint like that of Pinpoint."""
import json
import time
import unittest

from aws_service import KEY, SECRET, Service
from poolhouse import PASSWORD, ApiError, PoolhouseTest

APP = '0123456789abcdef0123456789abcdef'


class Analytics(PoolhouseTest):

    @classmethod
    def setUpClass(cls):
        cls.service = Service('mobiletargeting', (202, b'{"Results":{}}'))
        cls.addClassCleanup(cls.service.stop)
        cls.server_options = {'env': {
            'POOLHOUSE_ANALYTICS_ENDPOINT': cls.service.url, 'POOLHOUSE_ANALYTICS_QUEUE': '100',
            'POOLHOUSE_AWS_ACCESS_KEY_ID': KEY, 'POOLHOUSE_AWS_SECRET_ACCESS_KEY': SECRET}}
        super().setUpClass()

    @classmethod
    def prepare(cls):
        cls.pool = cls.new_pool()
        cls.plain = cls.new_client(cls.pool)
        cls.client = cls.new_client(cls.pool, AnalyticsConfiguration={
            'ApplicationArn': f'arn:aws:mobiletargeting:eu-west-1:000000000000:apps/{APP}',
            'UserDataShared': True})
        cls.quiet = cls.new_client(cls.pool, AnalyticsConfiguration={
            'ApplicationId': APP, 'RoleArn': 'arn:aws:iam::000000000000:role/a',
            'ExternalId': 'x'})

    def setUp(self):
        self.until(lambda: self.metric('analytics_waiting') == 0)
        self.before = len(self.service.requests)

    def event(self):
        """(endpoint id, endpoint, event) of the next request."""
        path, body, _ = self.service.wait(self.before + 1)[self.before]
        self.assertEqual(f'/v1/apps/{APP}/events', path)
        (name, item), = json.loads(body)['BatchItem'].items()
        event, = item['Events'].values()
        return name, item['Endpoint'], event

    def test_a_sign_in_names_the_endpoint_of_the_app(self):
        user = self.new_user(self.pool)
        self.api.InitiateAuth(ClientId=self.client, AuthFlow='USER_PASSWORD_AUTH', AuthParameters={
            'USERNAME': user, 'PASSWORD': PASSWORD},
            AnalyticsMetadata={'AnalyticsEndpointId': 'device-1'})
        name, endpoint, event = self.event()
        sub = self.api.AdminGetUser(UserPoolId=self.pool, Username=user)['UserAttributes'][0]
        self.assertEqual(('device-1', {'User': {'UserId': sub['Value']}}), (name, endpoint))
        self.assertEqual('_userauth.sign_in', event['EventType'])
        self.assertRegex(event['Timestamp'], r'\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\Z')
        self.assertEqual({'clientId': self.client}, event['Attributes'])

    def test_a_wrong_password_is_an_event_without_the_users_data_unless_it_is_shared(self):
        user = self.new_user(self.pool)
        with self.assertRaises(ApiError):
            self.sign_in(self.quiet, user, 'Wr0ng-pass')
        _, endpoint, event = self.event()
        self.assertEqual(({}, '_userauth.auth_fail'), (endpoint, event['EventType']))

    def test_a_sign_up_is_an_event(self):
        sub = self.api.SignUp(ClientId=self.client, Username=self.new_name(),
                              Password=PASSWORD)['UserSub']
        name, _, event = self.event()
        self.assertEqual((sub, '_userauth.sign_up'), (name, event['EventType']))

    def test_a_client_without_the_configuration_sends_nothing(self):
        self.tokens(self.plain, self.new_user(self.pool))
        time.sleep(0.5)
        self.assertEqual(self.before, len(self.service.requests))

    def test_what_does_not_fit_into_the_queue_is_dropped_and_slows_nobody_down(self):
        user = self.new_user(self.pool)
        sent = self.metric('analytics_sent_total')
        self.service.delay = 4
        try:
            began = time.monotonic()
            slowest = 0
            for _ in range(130):
                start = time.monotonic()
                self.tokens(self.client, user)
                slowest = max(slowest, time.monotonic() - start)
            self.assertLess(slowest, self.service.delay)
            self.assertLess(time.monotonic() - began, 60)
        finally:
            self.service.delay = 0
        self.until(lambda: self.metric('analytics_waiting') == 0)
        self.assertEqual(130, self.metric('analytics_sent_total') - sent + self.metric('analytics_dropped_total'))

    def test_an_endpoint_that_fails_for_a_moment_gets_the_event_again(self):
        sent = self.metric('analytics_sent_total')
        self.service.answers.append((503, b''))
        self.tokens(self.client, self.new_user(self.pool))
        self.service.wait(self.before + 2)
        self.until(lambda: self.metric('analytics_sent_total') == sent + 1)


if __name__ == '__main__':
    unittest.main()
