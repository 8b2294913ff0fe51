"""Threat protection without a risk engine: its configuration, blocked addresses, events, feedback."""
import json
import time
import unittest

from poolhouse import PASSWORD, PoolhouseTest, UUID, claims

OFF = ('UserPoolAddOnNotEnabledException', 'User pool does not have add-on enabled.')
EVENTS_OFF = ('UserPoolAddOnNotEnabledException', 'User pool add-on is not enabled')
BLOCKED = ('NotAuthorizedException', 'Unable to login because of security reasons.')
WHOLE = {
    'CompromisedCredentialsRiskConfiguration': {
        'EventFilter': ['SIGN_IN', 'SIGN_UP'], 'Actions': {'EventAction': 'BLOCK'}},
    'AccountTakeoverRiskConfiguration': {
        'Actions': {'LowAction': {'Notify': False, 'EventAction': 'NO_ACTION'},
                    'HighAction': {'Notify': True, 'EventAction': 'MFA_REQUIRED'}},
        'NotifyConfiguration': {
            'SourceArn': 'arn:aws:ses:eu-west-1:123456789012:identity/a@example.com',
            'From': 'a@example.com', 'BlockEmail': {'Subject': 'Blocked', 'TextBody': 'Not you.'}}},
    'RiskExceptionConfiguration': {'BlockedIPRangeList': ['192.0.2.0/24', '2001:db8::/32'],
                                   'SkippedIPRangeList': ['198.51.100.7/32']},
}


class RiskTest(PoolhouseTest):

    @classmethod
    def prepare(cls):
        cls.pool = cls.protected('ENFORCED')
        cls.client = cls.new_client(cls.pool)
        cls.plain = cls.new_pool()

    @classmethod
    def protected(cls, mode):
        return cls.new_pool(UserPoolTier='PLUS', UserPoolAddOns={'AdvancedSecurityMode': mode})

    def set(self, pool, **members):
        return self.api.SetRiskConfiguration(UserPoolId=pool, **members)['RiskConfiguration']

    def describe(self, pool, **members):
        return self.api.DescribeRiskConfiguration(UserPoolId=pool, **members)['RiskConfiguration']


class Configuration(RiskTest):

    def test_nothing_is_set_at_first(self):
        pool = self.protected('AUDIT')
        client = self.new_client(pool)
        self.assertEqual({'UserPoolId': pool}, self.describe(pool))
        self.assertEqual({'UserPoolId': pool, 'ClientId': client},
                         self.describe(pool, ClientId=client))

    def test_what_was_set_is_told(self):
        pool = self.protected('ENFORCED')
        client = self.new_client(pool)
        for owner in ({}, {'ClientId': client}):
            with self.subTest(owner):
                reply = self.set(pool, **owner, **WHOLE)
                self.assertLess(abs(time.time() - reply['LastModifiedDate']), 60)
                self.assertEqual({'UserPoolId': pool, **owner, **WHOLE,
                                  'LastModifiedDate': reply['LastModifiedDate']}, reply)
                self.assertEqual(reply, self.describe(pool, **owner))

    def test_a_later_configuration_replaces_all_of_it_and_an_empty_one_takes_it_away(self):
        pool = self.protected('ENFORCED')
        self.set(pool, **WHOLE)
        rest = {'RiskExceptionConfiguration': {'BlockedIPRangeList': []}}
        self.set(pool, **rest)
        told = self.describe(pool)
        del told['LastModifiedDate']
        self.assertEqual({'UserPoolId': pool, **rest}, told)
        self.assertEqual({'UserPoolId': pool}, self.set(pool))
        self.assertEqual({'UserPoolId': pool}, self.describe(pool))

    def test_pool_and_clients_are_apart_and_go_with_the_client(self):
        pool = self.protected('ENFORCED')
        one, two = self.new_client(pool), self.new_client(pool)
        self.set(pool, ClientId=one, **WHOLE)
        self.assertEqual({'UserPoolId': pool}, self.describe(pool))
        self.assertEqual({'UserPoolId': pool, 'ClientId': two}, self.describe(pool, ClientId=two))
        self.api.DeleteUserPoolClient(UserPoolId=pool, ClientId=one)
        self.refused('ResourceNotFoundException', f'User pool client {one} does not exist.',
                     'DescribeRiskConfiguration', UserPoolId=pool, ClientId=one)

    def test_ranges_have_a_form(self):
        for text in ('192.0.2.1', '192.0.2.0/33', 'x', '2001:db8::/129'):
            for name in ('BlockedIPRangeList', 'SkippedIPRangeList'):
                self.invalid('Incorrect CIDR format', 'SetRiskConfiguration', UserPoolId=self.pool,
                             RiskExceptionConfiguration={name: ['192.0.2.0/24', text]})

    def test_threat_protection_must_be_on(self):
        for operation in ('SetRiskConfiguration', 'DescribeRiskConfiguration'):
            self.refused(*OFF, operation, UserPoolId=self.plain)
        self.refused(*EVENTS_OFF, 'AdminListUserAuthEvents', UserPoolId=self.plain, Username='x')
        for more, operation in (({}, 'AdminUpdateAuthEventFeedback'),
                                ({'FeedbackToken': 'a.b.c'}, 'UpdateAuthEventFeedback')):
            self.refused(*EVENTS_OFF, operation, UserPoolId=self.plain, Username='x', EventId='x',
                         FeedbackValue='Valid', **more)

    def test_an_ordinary_sdk(self):
        pool = self.protected('ENFORCED')
        self.boto.set_risk_configuration(UserPoolId=pool, **WHOLE)
        told = self.boto.describe_risk_configuration(UserPoolId=pool)['RiskConfiguration']
        self.assertEqual(WHOLE, {k: told[k] for k in WHOLE})


class Addresses(RiskTest):

    def block(self, *ranges, mode='ENFORCED', **members):
        pool = self.protected(mode)
        client = self.new_client(pool)
        self.set(pool, RiskExceptionConfiguration={'BlockedIPRangeList': list(ranges)}, **members)
        return pool, client, self.new_user(pool)

    def test_a_blocked_address_signs_nobody_in(self):
        for mode in ('ENFORCED', 'AUDIT'):
            pool, client, name = self.block('127.0.0.0/8', mode=mode)
            with self.assert_error(*BLOCKED):
                self.sign_in(client, name)
            with self.assert_error('NotAuthorizedException', 'Incorrect username or password.'):
                self.sign_in(client, name, 'Wr0ng-pass')

    def test_other_addresses_sign_in(self):
        pool, client, name = self.block('192.0.2.0/24', '2001:db8::/32')
        self.assertIn('AccessToken', self.tokens(client, name))

    def test_a_server_says_where_its_users_are(self):
        pool, client, name = self.block('192.0.2.0/24')
        context = {'ServerName': 's', 'ServerPath': '/', 'HttpHeaders': []}
        call = {'UserPoolId': pool, 'ClientId': client, 'AuthFlow': 'ADMIN_USER_PASSWORD_AUTH',
                'AuthParameters': {'USERNAME': name, 'PASSWORD': PASSWORD}}
        self.refused(*BLOCKED, 'AdminInitiateAuth', **call,
                     ContextData={'IpAddress': '192.0.2.9', **context})
        self.api.AdminInitiateAuth(**call, ContextData={'IpAddress': '192.0.3.9', **context})

    def test_a_clients_list_stands_instead_of_the_pools(self):
        pool, client, name = self.block('127.0.0.0/8')
        other = self.new_client(pool)
        self.set(pool, ClientId=other, RiskExceptionConfiguration={
            'BlockedIPRangeList': ['192.0.2.0/24']})
        self.assertIn('AccessToken', self.tokens(other, name))
        with self.assert_error(*BLOCKED):
            self.sign_in(client, name)

    def test_the_event_says_so(self):
        pool, client, name = self.block('127.0.0.0/8')
        with self.assert_error(*BLOCKED):
            self.sign_in(client, name)
        event, = Events.listed(self, pool, name, 1)
        self.assertEqual(('Fail', 'Block'),
                         (event['EventResponse'], event['EventRisk']['RiskDecision']))


class Events(RiskTest):

    def listed(self, pool, name, count):
        """Events follow shortly after the answer."""
        deadline = time.monotonic() + 30
        while True:
            found = self.api.AdminListUserAuthEvents(UserPoolId=pool, Username=name)['AuthEvents']
            if len(found) >= count or time.monotonic() > deadline:
                self.assertEqual(count, len(found))
                return found
            time.sleep(0.02)

    def test_a_sign_in(self):
        name = self.new_user(self.pool)
        tokens = self.tokens(self.client, name)
        event, = self.listed(self.pool, name, 1)
        self.assertEqual(claims(tokens['IdToken'])[1]['event_id'], event['EventId'])
        self.assertLess(abs(time.time() - event.pop('CreationDate')), 60)
        self.assertRegex(event.pop('EventId'), UUID)
        self.assertEqual('127.0.0.1', event.pop('EventContextData')['IpAddress'])
        self.assertEqual({
            'EventType': 'SignIn', 'EventResponse': 'Pass',
            'EventRisk': {'RiskDecision': 'NoRisk', 'RiskLevel': 'Low',
                          'CompromisedCredentialsDetected': False},
            'ChallengeResponses': [{'ChallengeName': 'Password', 'ChallengeResponse': 'Success'}],
        }, event)

    def test_a_forgotten_password(self):
        name = self.new_user(self.pool, email='a@example.com', email_verified='true')
        self.api.ForgotPassword(ClientId=self.client, Username=name)
        self.api.ConfirmForgotPassword(ClientId=self.client, Username=name, Password='N3w-pass!',
                                       ConfirmationCode=self.server.code(name))
        self.assertEqual(['PasswordChange', 'ForgotPassword'],
                         [e['EventType'] for e in self.listed(self.pool, name, 2)])

    def test_pages_newest_first(self):
        name = self.new_user(self.pool)
        for _ in range(5):
            self.tokens(self.client, name)
        whole = self.listed(self.pool, name, 5)
        dates = [e['CreationDate'] for e in whole]
        self.assertEqual(sorted(dates, reverse=True), dates)
        pages, more = [], {}
        while True:
            reply = self.api.AdminListUserAuthEvents(UserPoolId=self.pool, Username=name,
                                                     MaxResults=2, **more)
            pages.append(reply['AuthEvents'])
            if 'NextToken' not in reply:
                break
            more = {'NextToken': reply['NextToken']}
        self.assertEqual([2, 2, 1], [len(p) for p in pages])
        self.assertEqual(whole, sum(pages, []))
        other = self.new_user(self.pool)
        self.invalid('Invalid pagination token.', 'AdminListUserAuthEvents', UserPoolId=self.pool,
                     Username=other, **more)

    def test_nobody_and_nothing(self):
        self.assertEqual([], self.listed(self.pool, self.new_user(self.pool), 0))
        self.refused('UserNotFoundException', 'User does not exist.', 'AdminListUserAuthEvents',
                     UserPoolId=self.pool, Username='nobody')

    def test_feedback(self):
        name = self.new_user(self.pool)
        self.tokens(self.client, name)
        event, = self.listed(self.pool, name, 1)
        call = {'UserPoolId': self.pool, 'Username': name, 'EventId': event['EventId']}
        for value in ('Invalid', 'Valid'):
            self.assertEqual({}, self.api.AdminUpdateAuthEventFeedback(**call, FeedbackValue=value))
            feedback = self.listed(self.pool, name, 1)[0]['EventFeedback']
            self.assertLess(abs(time.time() - feedback.pop('FeedbackDate')), 60)
            self.assertEqual({'FeedbackValue': value, 'Provider': 'Admin'}, feedback)
        self.refused('ResourceNotFoundException', 'Auth event does not exist.',
                     'AdminUpdateAuthEventFeedback', **{**call, 'EventId': 'x'},
                     FeedbackValue='Valid')
        self.refused('ResourceNotFoundException', 'Auth event does not exist.',
                     'AdminUpdateAuthEventFeedback',
                     **{**call, 'Username': self.new_user(self.pool)}, FeedbackValue='Valid')

    def test_feedback_of_users_needs_the_token_of_a_notification(self):
        name = self.new_user(self.pool)
        self.tokens(self.client, name)
        event, = self.listed(self.pool, name, 1)
        for user in (name, 'nobody'):
            reply = self.api.send('UpdateAuthEventFeedback', json.dumps({
                'UserPoolId': self.pool, 'Username': user, 'EventId': event['EventId'],
                'FeedbackToken': 'a.b.c', 'FeedbackValue': 'Valid'}).encode(), signed=False)
            self.assertEqual({'__type': 'NotAuthorizedException',
                              'message': 'Invalid feedback token'}, reply.json)
        self.assertNotIn('EventFeedback', self.listed(self.pool, name, 1)[0])


if __name__ == '__main__':
    unittest.main()
