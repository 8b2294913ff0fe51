"""Where a pool's logs go: stored, returned, and checked."""
import unittest

from poolhouse import PoolhouseTest

GROUP = 'arn:aws:logs:eu-west-1:123456789012:log-group:pool'
ERRORS = {'LogLevel': 'ERROR', 'EventSource': 'userNotification',
          'CloudWatchLogsConfiguration': {'LogGroupArn': GROUP}}
EVENTS = {'LogLevel': 'INFO', 'EventSource': 'userAuthEvents',
          'S3Configuration': {'BucketArn': 'arn:aws:s3:::bucket'}}


class LogDelivery(PoolhouseTest):

    @classmethod
    def prepare(cls):
        cls.pool = cls.new_pool()

    def set(self, pool, *entries):
        return self.api.SetLogDeliveryConfiguration(
            UserPoolId=pool, LogConfigurations=list(entries))['LogDeliveryConfiguration']

    def get(self, pool):
        return self.api.GetLogDeliveryConfiguration(UserPoolId=pool)['LogDeliveryConfiguration']

    def test_nothing_is_set_at_first(self):
        pool = self.new_pool()
        self.assertEqual({'UserPoolId': pool, 'LogConfigurations': []}, self.get(pool))

    def test_what_was_set_is_told_and_replaced(self):
        pool = self.new_pool(UserPoolTier='PLUS')
        for entries in ((ERRORS, EVENTS), (EVENTS,), ()):
            whole = {'UserPoolId': pool, 'LogConfigurations': list(entries)}
            self.assertEqual(whole, self.set(pool, *entries))
            self.assertEqual(whole, self.get(pool))

    def test_no_log_group_is_too_far_for_a_pool_of_no_region(self):
        pool = self.api.CreateUserPool(PoolName='pinned', UserPoolTags={
            'poolhouse:id': 'local_Logs00001'})['UserPool']['Id']
        self.set(pool, ERRORS)
        self.assertEqual([ERRORS], self.get(pool)['LogConfigurations'])

    def test_refusals(self):
        self.refused('FeatureUnavailableInTierException', 'The following feature is not available '
                     'for the ESSENTIALS pricing tier configured: Log Streaming',
                     'SetLogDeliveryConfiguration', UserPoolId=self.pool, LogConfigurations=[EVENTS])
        other = {'LogGroupArn': GROUP.replace('eu-west-1', 'us-east-1')}
        for text, entries in (
                ('Following event sources appear more then once in a request', [ERRORS, ERRORS]),
                ('ARN does not belong to current region',
                 [{**ERRORS, 'CloudWatchLogsConfiguration': other}]),
                ('The event source userNotification can be delivered to log groups only',
                 [{**EVENTS, 'LogLevel': 'ERROR', 'EventSource': 'userNotification'}]),
                ('The event source userNotification needs the log level ERROR',
                 [{**ERRORS, 'LogLevel': 'INFO'}]),
                ('Each log configuration must have exactly one destination',
                 [{k: v for k, v in ERRORS.items() if k != 'CloudWatchLogsConfiguration'}])):
            self.invalid(text, 'SetLogDeliveryConfiguration', UserPoolId=self.pool,
                         LogConfigurations=entries)
        self.refused('ResourceNotFoundException', 'User pool eu-west-1_AAAAAAAAA does not exist.',
                     'GetLogDeliveryConfiguration', UserPoolId='eu-west-1_AAAAAAAAA')


if __name__ == '__main__':
    unittest.main()
