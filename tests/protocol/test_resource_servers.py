"""Resource servers, their scopes in app clients, and tags of pools."""
import unittest

from poolhouse import PoolhouseTest

READ = {'ScopeName': 'read', 'ScopeDescription': 'to read'}
WRITE = {'ScopeName': 'write', 'ScopeDescription': 'to write'}


class ResourceServers(PoolhouseTest):

    def setUp(self):
        self.pool = self.new_pool()

    def made(self, identifier='https://api/v1', **members):
        return self.boto.create_resource_server(
            UserPoolId=self.pool, Identifier=identifier, Name='API', **members)['ResourceServer']

    def client(self, scope):
        return self.api.CreateUserPoolClient(
            UserPoolId=self.pool, ClientName='app', GenerateSecret=True,
            AllowedOAuthFlows=['client_credentials'], AllowedOAuthScopes=[scope],
            AllowedOAuthFlowsUserPoolClient=True)['UserPoolClient']

    def test_a_server_reads_back_what_was_given(self):
        plain = {'UserPoolId': self.pool, 'Identifier': 'https://api/v1', 'Name': 'API'}
        self.assertEqual(plain, self.made())
        place = {'UserPoolId': self.pool, 'Identifier': 'https://api/v1'}
        changed = self.boto.update_resource_server(Name='New', Scopes=[READ, WRITE], **place)
        whole = {**plain, 'Name': 'New', 'Scopes': [READ, WRITE]}
        self.assertEqual(whole, changed['ResourceServer'])
        self.assertEqual(whole, self.boto.describe_resource_server(**place)['ResourceServer'])
        self.assertEqual({**plain, 'Name': 'Old'}, self.boto.update_resource_server(
            Name='Old', **place)['ResourceServer'])
        self.invalid(f'https://api/v1 already exists in user pool {self.pool}.',
                     'CreateResourceServer', Name='x', **place)
        self.boto.delete_resource_server(**place)
        for operation, more in (('DescribeResourceServer', {}), ('DeleteResourceServer', {}),
                                ('UpdateResourceServer', {'Name': 'x'})):
            self.refused('ResourceNotFoundException',
                         'Resource server https://api/v1 does not exist.', operation, **place,
                         **more)

    def test_lists_go_on_and_end_at_the_limit(self):
        for i in range(25):
            self.made(f'r{i:02}')
        self.refused('LimitExceededException', 'A user pool can have at most 25 resource servers.',
                     'CreateResourceServer', UserPoolId=self.pool, Identifier='r', Name='x')
        pages = self.boto.list_resource_servers(UserPoolId=self.pool, MaxResults=20)
        self.assertEqual(20, len(pages['ResourceServers']))
        rest = self.boto.list_resource_servers(UserPoolId=self.pool, MaxResults=20,
                                               NextToken=pages['NextToken'])
        self.assertEqual([f'r{i}' for i in range(20, 25)],
                         [r['Identifier'] for r in rest['ResourceServers']])
        self.assertNotIn('NextToken', rest)

    def test_clients_name_scopes_that_exist(self):
        self.made(Scopes=[READ])
        made = self.client('https://api/v1/read')
        self.assertEqual(['https://api/v1/read'], made['AllowedOAuthScopes'])
        for scope in ('https://api/v1/write', 'https://api/v2/read', 'read'):
            with self.assert_error('ScopeDoesNotExistException',
                                   f'Invalid scope requested: {scope}'):
                self.client(scope)
        self.api.DeleteResourceServer(UserPoolId=self.pool, Identifier='https://api/v1')
        kept = self.api.DescribeUserPoolClient(UserPoolId=self.pool, ClientId=made['ClientId'])
        self.assertEqual(['https://api/v1/read'], kept['UserPoolClient']['AllowedOAuthScopes'])


class Tags(PoolhouseTest):

    def setUp(self):
        self.pool = self.api.CreateUserPool(PoolName='tests')['UserPool']
        self.arn = self.pool['Arn']

    def tags(self):
        return self.api.ListTagsForResource(ResourceArn=self.arn)

    def test_tags_are_added_changed_and_taken_off(self):
        self.assertEqual({'Tags': {}}, self.tags())
        self.boto.tag_resource(ResourceArn=self.arn, Tags={'a': '1', 'b': '2'})
        self.boto.tag_resource(ResourceArn=self.arn, Tags={'b': '3', 'c': ''})
        self.assertEqual({'a': '1', 'b': '3', 'c': ''}, self.tags()['Tags'])
        described = self.api.DescribeUserPool(UserPoolId=self.pool['Id'])['UserPool']
        self.assertEqual(self.tags()['Tags'], described['UserPoolTags'])
        self.boto.untag_resource(ResourceArn=self.arn, TagKeys=['a', 'c', 'nothing'])
        self.assertEqual({'b': '3'}, self.tags()['Tags'])

    def test_the_rules_of_tags(self):
        self.invalid('Tag keys cannot start with aws:.', 'TagResource', ResourceArn=self.arn,
                     Tags={'aws:x': 'y'})
        self.api.TagResource(ResourceArn=self.arn, Tags={str(i): 'x' for i in range(50)})
        self.invalid('A user pool can have at most 50 tags.', 'TagResource',
                     ResourceArn=self.arn, Tags={'one more': 'x'})
        self.api.TagResource(ResourceArn=self.arn, Tags={'7': 'y'})

    def test_an_arn_of_elsewhere_is_unknown(self):
        pool = self.pool['Id']
        region, account = self.arn.split(':')[3:5]
        for arn in (self.arn.replace(account, '999999999999'),
                    self.arn.replace(f':{region}:', ':ap-south-1:'),
                    self.arn.replace('userpool/', 'pool/')):
            self.refused('ResourceNotFoundException', f'User pool {pool} does not exist.',
                         'ListTagsForResource', ResourceArn=arn)
            self.refused('ResourceNotFoundException', f'User pool {pool} does not exist.',
                         'TagResource', ResourceArn=arn, Tags={'a': 'b'})


if __name__ == '__main__':
    unittest.main()
