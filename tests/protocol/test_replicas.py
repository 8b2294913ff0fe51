"""Replicas of pools: an installation is one region."""
import unittest

from poolhouse import ApiError, PoolhouseTest


class Replicas(PoolhouseTest):

    @classmethod
    def prepare(cls):
        made = cls.api.CreateUserPool(PoolName='tests')['UserPool']
        cls.pool, cls.arn = made['Id'], made['Arn']

    def test_a_pool_is_its_own_primary(self):
        self.assertEqual({'UserPoolReplicas': [{
            'RegionName': 'eu-west-1', 'Role': 'PRIMARY', 'Status': 'ACTIVE',
            'UserPoolArn': self.arn}]}, self.api.ListUserPoolReplicas(UserPoolId=self.pool))
        self.invalid('Invalid pagination token.', 'ListUserPoolReplicas', UserPoolId=self.pool,
                     NextToken='x')

    def test_other_regions_have_none(self):
        place = {'UserPoolId': self.pool, 'RegionName': 'us-west-2'}
        self.refused('OperationNotEnabledException',
                     'Multi-Region replication is not available in this region.',
                     'CreateUserPoolReplica', **place, UserPoolTags={'a': 'b'})
        for operation, more in (('UpdateUserPoolReplica', {'Status': 'ACTIVE'}),
                                ('DeleteUserPoolReplica', {})):
            self.refused('OperationNotEnabledException',
                         'The user pool has no replica in this region.', operation, **place, **more)

    def test_the_primary_is_no_replica(self):
        for operation, more in (('CreateUserPoolReplica', {}), ('DeleteUserPoolReplica', {}),
                                ('UpdateUserPoolReplica', {'Status': 'INACTIVE'})):
            self.invalid(f'eu-west-1 is the primary region of user pool {self.pool}.', operation,
                         UserPoolId=self.pool, RegionName='eu-west-1', **more)

    def test_pools_that_are_not_there_and_the_constraints_of_the_model(self):
        for operation, more in (('CreateUserPoolReplica', {}), ('DeleteUserPoolReplica', {}),
                                ('UpdateUserPoolReplica', {'Status': 'INACTIVE'})):
            self.refused('ResourceNotFoundException',
                         'User pool eu-west-1_AAAAAAAAA does not exist.', operation,
                         UserPoolId='eu-west-1_AAAAAAAAA', RegionName='us-west-2', **more)
            with self.assertRaisesRegex(ApiError, "Value 'eu' at 'regionName'"):
                self.api.call(operation, {'UserPoolId': self.pool, 'RegionName': 'eu', **more})
        self.refused('ResourceNotFoundException', 'User pool eu-west-1_AAAAAAAAA does not exist.',
                     'ListUserPoolReplicas', UserPoolId='eu-west-1_AAAAAAAAA')
        with self.assertRaisesRegex(ApiError, "Value 'GONE' at 'status'"):
            self.api.UpdateUserPoolReplica(UserPoolId=self.pool, RegionName='us-west-2',
                                           Status='GONE')


if __name__ == '__main__':
    unittest.main()
