"""Provisioned request rates, and a server that enforces them."""
import unittest

import model
from poolhouse import ApiError, PoolhouseTest
from test_boundaries import valid

FREE = {
    'ClientAuthentication': 150, 'UserAccountRecovery': 30, 'UserAuthentication': 120,
    'UserCreation': 50, 'UserFederation': 25, 'UserList': 30, 'UserPoolClientRead': 15,
    'UserPoolClientUpdate': 15, 'UserPoolRead': 15, 'UserPoolResourceRead': 20,
    'UserPoolResourceUpdate': 15, 'UserPoolUpdate': 15, 'UserRead': 120, 'UserResourceRead': 50,
    'UserResourceUpdate': 25, 'UserToken': 120, 'UserUpdate': 25}


def definition(category):
    return {'LimitClass': 'API_CATEGORY', 'Attributes': {'Category': category}}


class LimitsTest(PoolhouseTest):

    def limit(self, category, value):
        return {'LimitDefinition': definition(category), 'ProvisionedLimitValue': value,
                'FreeLimitValue': FREE[category]}

    def set(self, category, value):
        return self.api.UpdateProvisionedLimit(LimitDefinition=definition(category),
                                               RequestedLimitValue=value)['Limit']

    def get(self, category):
        return self.api.GetProvisionedLimit(LimitDefinition=definition(category))['Limit']


class Values(LimitsTest):

    def test_every_category_has_its_free_rate(self):
        for category, rate in FREE.items():
            self.assertEqual(self.limit(category, rate), self.get(category))

    def test_what_was_set_is_told(self):
        for value in (26, 1000000, 25):
            self.assertEqual(self.limit('UserUpdate', value), self.set('UserUpdate', value))
            self.assertEqual(self.limit('UserUpdate', value), self.get('UserUpdate'))

    def test_the_bounds(self):
        place = {'LimitDefinition': definition('UserCreation')}
        self.invalid('The requested limit value must be at least the default value, 50.',
                     'UpdateProvisionedLimit', **place, RequestedLimitValue=49)
        self.refused('ServiceQuotaExceededException',
                     'The requested limit value exceeds the quota of 1000000.',
                     'UpdateProvisionedLimit', **place, RequestedLimitValue=1000001)
        self.assertEqual(50, self.get('UserCreation')['ProvisionedLimitValue'])

    def test_definitions_that_define_nothing(self):
        for operation, more in (('GetProvisionedLimit', {}),
                                ('UpdateProvisionedLimit', {'RequestedLimitValue': 200})):
            self.refused('ResourceNotFoundException', 'Limit for category Users does not exist.',
                         operation, LimitDefinition=definition('Users'), **more)
            for attributes in ({}, {'Category': ''}, {'Group': 'UserRead'},
                               {'Category': 'UserRead', 'Group': 'x'}):
                self.invalid('The attributes of an API_CATEGORY limit are: Category', operation,
                             LimitDefinition={'LimitClass': 'API_CATEGORY',
                                              'Attributes': attributes}, **more)
            with self.assertRaisesRegex(ApiError, "Value 'OTHER' at 'limitDefinition.limitClass'"):
                self.api.call(operation, {'LimitDefinition': {'LimitClass': 'OTHER',
                                                              'Attributes': {}}, **more})

    def test_nothing_is_enforced_unless_the_operator_wants_it(self):
        pool = self.new_pool()
        for _ in range(100):
            self.api.DescribeUserPool(UserPoolId=pool)


class Enforced(LimitsTest):
    server_args = ('--rate-limits',)

    def burst(self, category, operation, count, **members):
        """How many of so many requests in a row are let through."""
        passed = 0
        for _ in range(count):
            try:
                self.api.call(operation, members)
                passed += 1
            except ApiError as error:
                self.assertEqual(('TooManyRequestsException', 'Rate exceeded', 400),
                                 (error.type, error.text, error.status), category)
        return passed

    def test_requests_above_the_rate_are_refused_until_it_is_raised(self):
        pool = self.new_pool()
        self.assertLess(self.burst('UserPoolRead', 'DescribeUserPool', 400, UserPoolId=pool), 400)
        self.set('UserPoolRead', 100000)
        self.assertEqual(400, self.burst('UserPoolRead', 'DescribeUserPool', 400, UserPoolId=pool))

    def test_categories_do_not_count_each_others_requests(self):
        pool = self.new_pool()
        self.burst('UserList', 'ListUsers', 300, UserPoolId=pool)
        self.api.ListGroups(UserPoolId=pool)
        self.api.ListUserPoolClients(UserPoolId=pool, MaxResults=1)


class EveryOperation(PoolhouseTest):
    server_args = ('--rate-limits',)

    def test_every_operation_that_declares_it_can_be_asked_too_often(self):
        """Whatever else is wrong with the request: it is counted before anybody is looked for."""
        refusal = ('TooManyRequestsException', 'Rate exceeded')
        asked = 0
        for name, operation in model.Model().operations.items():
            if refusal[0] not in operation.errors:
                continue
            # Making pools takes longer than the rate allows.
            more = {'UserPoolTags': {str(i): '' for i in range(51)}} if name == 'CreateUserPool' else {}
            with self.subTest(name):
                self.assertIn(refusal, self.ask_until(lambda error: error.type == refusal[0], name,
                                                      **{**valid(operation.input), **more}))
            asked += 1
        self.assertGreaterEqual(asked, 130)


if __name__ == '__main__':
    unittest.main()
