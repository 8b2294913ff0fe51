"""Beyond the service, for those who ask: ListUsers by any attribute, and in larger pages."""
import json
import unittest

from poolhouse import (Api, ApiError, PoolhouseTest, attribute_list, boto3_client, create_key,
                       serve_options)

HEADER = 'X-Poolhouse-List-Users'


class ListUsers(PoolhouseTest):

    @classmethod
    def prepare(cls):
        cls.pool = cls.new_pool(Schema=[
            {'Name': 'team', 'AttributeDataType': 'String'},
            {'Name': 'note', 'AttributeDataType': 'String', 'DeveloperOnlyAttribute': True}])
        for name, values in (
                ('ann', {'email': 'ann@Example.com', 'custom:team': 'Blue Whales', 'locale': 'de'}),
                ('bob', {'email': 'bob@example.org', 'custom:team': 'red', 'dev:custom:note': 'x$*="'}),
                ('Ännchen', {'email': 'aennchen@example.com', 'custom:team': 'blue'})):
            cls.api.AdminCreateUser(UserPoolId=cls.pool, Username=name, MessageAction='SUPPRESS',
                                    UserAttributes=attribute_list(**values))
        cls.api.AdminDisableUser(UserPoolId=cls.pool, Username='bob')

    def listed(self, pool=None, page='100', api=None, **members):
        return (api or self.api).call('ListUsers', {'UserPoolId': pool or self.pool, **members},
                                      headers={HEADER: page})

    def found(self, text):
        return [u['Username'] for u in self.listed(Filter=text)['Users']]

    def test_by_any_attribute_its_beginning_end_or_middle(self):
        for text, names in (
                ('custom:team = "RED"', ['bob']),
                ('custom:team ^= "blue"', ['ann', 'Ännchen']),
                ('custom:team *= "whale"', ['ann']),
                ('custom:team $= "e"', ['Ännchen']),
                ('email $= "@example.com"', ['ann', 'Ännchen']),
                ('email *= "nn"', ['ann', 'Ännchen']),
                ('locale="de"', ['ann']),
                ('dev:custom:note $= "*=\\""', ['bob']),
                ('username *= "NN"', ['ann', 'Ännchen']),
                ('username ^= "än"', ['Ännchen']),
                ('status = "Disabled"', ['bob']),
                ('cognito:user_status *= "change"', ['ann', 'bob', 'Ännchen']),
                ('nickname *= ""', []),
                ('', ['ann', 'bob', 'Ännchen'])):
            with self.subTest(text):
                self.assertEqual(names, self.found(text))
        sub = self.listed()['Users'][1]['Attributes'][0]['Value']
        self.assertEqual(['bob'], self.found(f'sub *= "{sub[5:30]}"'))

    def test_what_is_no_filter_is_refused(self):
        for text, answer in (
                ('custom:none = "x"', 'Invalid search attribute: custom:none'),
                ('custom:team ~= "x"', 'Error while parsing filter'),
                ('custom:team *= "x', 'Error while parsing filter'),
                ('*= "x"', 'Error while parsing filter')):
            with self.subTest(text), self.assert_error('InvalidParameterException', answer):
                self.found(text)

    def test_without_the_header_all_is_as_the_service_has_it(self):
        self.invalid('Invalid search attribute: custom:team', 'ListUsers', UserPoolId=self.pool,
                     Filter='custom:team = "red"')
        for text in ('email *= "nn"', 'email $= "com"'):
            self.refused('InvalidParameterException', None, 'ListUsers', UserPoolId=self.pool,
                         Filter=text)
        with self.assertRaises(ApiError):
            self.api.ListUsers(UserPoolId=self.pool, Limit=61)

    def test_pages_of_up_to_a_thousand_without_gaps_or_repeats(self):
        pool = self.new_pool()
        names = [f'user{i:04}' for i in range(1105)]
        for name in names:
            self.api.AdminCreateUser(UserPoolId=pool, Username=name, MessageAction='SUPPRESS')
        for page, sizes, text in (('1000', [1000, 105], ''), ('400', [400, 400, 305], ''),
                                  ('100', [100, 11], 'username $= "1"')):
            reply = self.listed(pool, page, Filter=text)
            pages = [reply['Users']]
            while 'PaginationToken' in reply:
                reply = self.listed(pool, page, Filter=text, PaginationToken=reply['PaginationToken'])
                pages.append(reply['Users'])
            self.assertEqual(sizes, [len(p) for p in pages if p])
            wanted = [n for n in names if text == '' or n.endswith('1')]
            self.assertEqual(wanted, [u['Username'] for p in pages for u in p])
        self.assertEqual(7, len(self.listed(pool, '500', Limit=7)['Users']))
        for page in ('0', '1001', '-1', 'all', ''):
            with self.subTest(page), self.assert_error(
                    'InvalidParameterException',
                    'X-Poolhouse-List-Users must be a number from 1 to 1000.'):
                self.listed(pool, page)
        token = self.listed(pool, '5')['PaginationToken']
        self.invalid('Invalid pagination token.', 'ListUsers', UserPoolId=pool, PaginationToken=token)

    def test_only_the_attributes_asked_for(self):
        users = self.listed(Filter='custom:team = "red"', AttributesToGet=['email'])['Users']
        self.assertEqual([[{'Name': 'email', 'Value': 'bob@example.org'}]],
                         [u['Attributes'] for u in users])

    def test_an_ordinary_sdk_sends_the_header(self):
        boto = boto3_client(self.server.url)
        boto.meta.events.register('before-sign.*.ListUsers', lambda request, **_:
                                  request.headers.add_header(HEADER, '1000'))
        users = boto.list_users(UserPoolId=self.pool, Filter='custom:team *= "blue"')['Users']
        self.assertEqual(['ann', 'Ännchen'], [u['Username'] for u in users])


class Serving(PoolhouseTest):

    server_options = serve_options()

    def test_it_needs_the_permission_to_list(self):
        policy = {'Version': '2012-10-17', 'Statement': [
            {'Effect': 'Allow', 'Action': 'cognito-idp:CreateUserPool', 'Resource': '*'}]}
        api = Api(self.server.port, create_key(self.server, 'maker', policy))
        pool = api.CreateUserPool(PoolName='p')['UserPool']['Id']
        reply = api.send('ListUsers', json.dumps({'UserPoolId': pool}).encode(),
                         headers={HEADER: '10'})
        self.assertEqual((400, 'AccessDeniedException'), (reply.status, reply.json['__type']))


if __name__ == '__main__':
    unittest.main()
