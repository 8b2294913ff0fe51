"""Memory runs out in every operation of the API, at allocations that chance picks.

Each request names things that exist, made for it, so that most operations come to their end. The
answer is the one that they give with memory, an error that says "internal", or none, because the
process has ended. Afterwards it serves, and the pool is gone or can be read and used.
`tests/run --long N` visits N times as many allocations.
"""
import functools
import unittest

import figures
import model
from instances import valid
from memory import LONG, UNABLE, MemoryTest, some_of
from poolhouse import PASSWORD, ApiError

POINTS = LONG  # beside the first and the last allocation
GONE, SUCCESS = 'the process has ended', 'success'
FLOW = {'AuthFlow': 'USER_PASSWORD_AUTH'}
ATTRIBUTES = [{'Name': 'name', 'Value': 'Ann'}]
# Beside the required members that have a value of their own below.
MORE = {
    'AdminInitiateAuth': {'AuthFlow': 'ADMIN_USER_PASSWORD_AUTH'}, 'InitiateAuth': FLOW,
    'AdminUpdateUserAttributes': {'UserAttributes': ATTRIBUTES},
    'UpdateUserAttributes': {'UserAttributes': ATTRIBUTES},
}
# What a request makes, by a name that nothing has.
NEW = {'SignUp': ['Username'], 'AdminCreateUser': ['Username'], 'CreateGroup': ['GroupName'],
       'CreateResourceServer': ['Identifier']}


class EveryOperation(MemoryTest):
    """One test for each operation; they are added below."""

    met = []  # for each point whether that allocation came

    def things(self, operation):
        """What the request names, made for it; the pool is kept until one deletes it or gives it a domain."""
        members = operation.input.members
        if 'Domain' in members or not self.is_there(self.pool):
            type(self).pool = self.new_pool()
        pool, group, server = self.pool, self.new_name('group'), f'https://{self.new_name()}.example'
        domain, client, user = self.new_name('domain'), self.new_client(pool), self.new_user(pool)
        tokens = self.tokens(client, user)
        self.api.CreateGroup(UserPoolId=pool, GroupName=group)
        if 'Identifier' in members:  # a pool has few
            self.api.CreateResourceServer(UserPoolId=pool, Identifier=server, Name='api')
        if 'Domain' in members and operation.name != 'CreateUserPoolDomain':
            self.api.CreateUserPoolDomain(UserPoolId=pool, Domain=domain)
        return {'UserPoolId': pool, 'ClientId': client, 'Username': user, 'GroupName': group,
                'Identifier': server, 'Domain': domain, 'AccessToken': tokens['AccessToken'],
                'RefreshToken': tokens['RefreshToken'], 'Token': tokens['RefreshToken'],
                'ResourceArn': self.api.DescribeUserPool(UserPoolId=pool)['UserPool']['Arn'],
                'Password': PASSWORD, 'PreviousPassword': PASSWORD, 'ProposedPassword': 'N3w-passw0rd'}

    def is_there(self, pool):
        try:
            self.api.DescribeUserPool(UserPoolId=pool)
        except ApiError as e:
            self.assertEqual('ResourceNotFoundException', e.type)
            return False
        return True

    def request(self, operation):
        things = self.things(operation)
        for name in NEW.get(operation.name, ()):
            things[name] = self.new_name('new')
        body = valid(operation.input)
        body.update({name: value for name, value in things.items() if name in body})
        body.update(MORE.get(operation.name, {}))
        if 'AuthFlow' in body:
            body['AuthParameters'] = {'USERNAME': things['Username'], 'PASSWORD': PASSWORD}
        return things, body

    def outcome(self, operation, body):
        """What came of it: success, or the type of an error."""
        try:
            return GONE if self.answer(operation.name, body) is None else SUCCESS
        except ApiError as e:
            return e.type

    def can_be_used(self, pool):
        """Unless it is gone: all of it can be read, and somebody signs in."""
        if self.is_there(pool):
            for listing in 'ListUsers', 'ListGroups', 'ListUserPoolClients':
                self.api.call(listing, {'UserPoolId': pool})
            self.tokens(self.new_client(pool), self.new_user(pool))

    def check(self, operation):
        _, body = self.request(operation)
        expected = self.outcome(operation, body)
        used = self.allocations_of(
            lambda: functools.partial(self.outcome, operation, self.request(operation)[1]))
        for point in some_of(used, POINTS, operation.name):
            things, body = self.request(operation)
            self.arm(point)
            got = self.outcome(operation, body)
            self.met.append(self.left() <= 1)
            self.revive()
            self.assertIn(got, {expected, UNABLE, GONE}, f'at allocation {point}')
            self.can_be_used(things['UserPoolId'])

    @classmethod
    def tearDownClass(cls):
        figures.note('memory', points=len(cls.met), hit=sum(cls.met))
        if sum(cls.met) <= len(cls.met) // 2:
            raise AssertionError('most failures never came')


def add_tests():
    for name, operation in model.Model().operations.items():
        setattr(EveryOperation, f'test_{name}', lambda self, operation=operation: self.check(operation))


add_tests()
del MemoryTest

if __name__ == '__main__':
    unittest.main()
