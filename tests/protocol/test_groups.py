"""Groups: made, changed, listed, who is in them, and what tokens say of it."""
import unittest

from poolhouse import PoolhouseTest, claims

ROLE = 'arn:aws:iam::123456789012:role/'
UNKNOWN = ('ResourceNotFoundException', 'Group not found.')


class Groups(PoolhouseTest):

    def setUp(self):
        self.pool = self.new_pool()

    def made(self, name, **members):
        return self.boto.create_group(UserPoolId=self.pool, GroupName=name, **members)['Group']

    def put(self, name, *groups):
        for group in groups:
            self.boto.admin_add_user_to_group(UserPoolId=self.pool, Username=name, GroupName=group)

    def test_a_group_reads_back_what_was_given_and_nothing_else(self):
        plain = self.made('plain')
        self.assertEqual({'GroupName', 'UserPoolId', 'LastModifiedDate', 'CreationDate'},
                         set(plain))
        full = self.made('full', Description='d', RoleArn=ROLE + 'r', Precedence=0)
        self.assertEqual(('d', ROLE + 'r', 0, self.pool),
                         (full['Description'], full['RoleArn'], full['Precedence'],
                          full['UserPoolId']))
        self.assertEqual(full, self.boto.get_group(UserPoolId=self.pool, GroupName='full')['Group'])
        with self.assert_error('GroupExistsException', 'A group with the name already exists.'):
            self.made('full')
        self.made('Full')

    def test_a_user_is_in_a_hundred_groups_at_most(self):
        self.new_user(self.pool, 'ann')
        for i in range(101):
            self.api.CreateGroup(UserPoolId=self.pool, GroupName=f'g{i}')
        for i in range(100):
            self.api.AdminAddUserToGroup(UserPoolId=self.pool, Username='ann', GroupName=f'g{i}')
        more = {'UserPoolId': self.pool, 'Username': 'ann', 'GroupName': 'g100'}
        self.refused('LimitExceededException', 'A user can be in at most 100 groups.',
                     'AdminAddUserToGroup', **more)
        self.api.AdminAddUserToGroup(**{**more, 'GroupName': 'g0'})  # is in it already
        self.api.AdminRemoveUserFromGroup(**{**more, 'GroupName': 'g0'})
        self.api.AdminAddUserToGroup(**more)

    def test_an_update_keeps_what_it_omits(self):
        self.made('g', Description='d', RoleArn=ROLE + 'r', Precedence=3)
        changed = self.boto.update_group(UserPoolId=self.pool, GroupName='g', Precedence=0)['Group']
        self.assertEqual(('d', ROLE + 'r', 0), (changed['Description'], changed['RoleArn'],
                                                changed['Precedence']))

    def test_an_unknown_group_or_user_is_refused(self):
        name = self.new_user(self.pool)
        self.made('g')
        place = {'UserPoolId': self.pool, 'GroupName': 'nothing'}
        for operation in ('GetGroup', 'UpdateGroup', 'DeleteGroup', 'ListUsersInGroup'):
            self.refused(*UNKNOWN, operation, **place)
        for operation in ('AdminAddUserToGroup', 'AdminRemoveUserFromGroup'):
            self.refused(*UNKNOWN, operation, Username=name, **place)
            self.refused('UserNotFoundException', 'User does not exist.', operation,
                         UserPoolId=self.pool, GroupName='g', Username='nobody')
        self.refused('ResourceNotFoundException', 'User pool eu-west-1_nothing00 does not exist.',
                     'CreateGroup', UserPoolId='eu-west-1_nothing00', GroupName='g')

    def test_users_enter_and_leave(self):
        name = self.new_user(self.pool)
        self.made('g')
        self.put(name, 'g', 'g')
        inside = self.boto.list_users_in_group(UserPoolId=self.pool, GroupName='g')['Users']
        self.assertEqual([name], [u['Username'] for u in inside])
        self.assertEqual('sub', inside[0]['Attributes'][0]['Name'])
        for _ in range(2):
            self.boto.admin_remove_user_from_group(UserPoolId=self.pool, Username=name,
                                                   GroupName='g')
        self.assertEqual([], self.boto.list_users_in_group(UserPoolId=self.pool,
                                                           GroupName='g')['Users'])

    def test_a_deleted_group_leaves_its_users(self):
        name = self.new_user(self.pool)
        self.made('g')
        self.put(name, 'g')
        self.boto.delete_group(UserPoolId=self.pool, GroupName='g')
        self.assertEqual([], self.api.AdminListGroupsForUser(UserPoolId=self.pool,
                                                             Username=name)['Groups'])
        self.api.AdminGetUser(UserPoolId=self.pool, Username=name)

    def pages(self, operation, member, **members):
        found, token = [], None
        while True:
            more = {} if token is None else {'NextToken': token}
            reply = self.api.call(operation, {**members, **more, 'Limit': 2})
            self.assertLessEqual(len(reply[member]), 2)
            found += reply[member]
            token = reply.get('NextToken')
            if token is None:
                return found

    def test_lists_go_on_page_by_page(self):
        names = [self.new_user(self.pool) for _ in range(5)]
        for i in range(5):
            self.made(f'g{i}', Precedence=9 - i)
            self.put(names[i], 'g0')
            self.put(names[0], f'g{i}')
        groups = self.pages('ListGroups', 'Groups', UserPoolId=self.pool)
        self.assertEqual([f'g{i}' for i in range(5)], [g['GroupName'] for g in groups])
        groups = self.pages('AdminListGroupsForUser', 'Groups', UserPoolId=self.pool,
                            Username=names[0])
        self.assertEqual([f'g{4 - i}' for i in range(5)], [g['GroupName'] for g in groups])
        users = self.pages('ListUsersInGroup', 'Users', UserPoolId=self.pool, GroupName='g0')
        self.assertEqual(sorted(names), sorted(u['Username'] for u in users))
        token = self.api.ListGroups(UserPoolId=self.pool, Limit=1)['NextToken']
        self.invalid('Invalid pagination token.', 'ListUsersInGroup', UserPoolId=self.pool,
                     GroupName='g0', NextToken=token)
        self.assertEqual(5, len(self.api.ListGroups(UserPoolId=self.pool, Limit=0)['Groups']))

    def test_the_groups_of_a_user_go_on_behind_one_that_is_gone(self):
        name = self.new_user(self.pool)
        for group, members in (('first', {'Precedence': 1}), ('second', {'Precedence': 2}),
                               ('third', {'Precedence': 2}), ('last', {}), ('later', {})):
            self.made(group, **members)
            self.put(name, group)
        for gone, rest in (('second', ['third', 'last', 'later']), ('last', ['later'])):
            page = {}
            while not page or page['Groups'][-1]['GroupName'] != gone:
                page = self.api.AdminListGroupsForUser(
                    UserPoolId=self.pool, Username=name, Limit=1,
                    **({'NextToken': page['NextToken']} if page else {}))
            self.api.DeleteGroup(UserPoolId=self.pool, GroupName=gone)
            page = self.api.AdminListGroupsForUser(UserPoolId=self.pool, Username=name,
                                                   NextToken=page['NextToken'])
            self.assertEqual(rest, [g['GroupName'] for g in page['Groups']])


class Claims(PoolhouseTest):

    def setUp(self):
        self.pool = self.new_pool()
        self.client = self.new_client(self.pool)
        self.name = self.new_user(self.pool)

    def put(self, name, **members):
        self.api.CreateGroup(UserPoolId=self.pool, GroupName=name, **members)
        self.api.AdminAddUserToGroup(UserPoolId=self.pool, GroupName=name, Username=self.name)

    def claimed(self):
        tokens = self.tokens(self.client, self.name)
        return claims(tokens['IdToken'])[1], claims(tokens['AccessToken'])[1], tokens

    def test_a_user_without_groups_has_no_claims_of_them(self):
        for token in self.claimed()[:2]:
            self.assertEqual([], [c for c in token if c.startswith('cognito:') and
                                  c != 'cognito:username'])

    def test_tokens_name_groups_and_roles_the_best_first(self):
        self.put('last')
        self.put('second', Precedence=5, RoleArn=ROLE + 'second')
        self.put('first', Precedence=0, RoleArn=ROLE + 'first')
        token, access, tokens = self.claimed()
        self.assertEqual(['first', 'second', 'last'], token['cognito:groups'])
        self.assertEqual(['first', 'second', 'last'], access['cognito:groups'])
        self.assertEqual([ROLE + 'first', ROLE + 'second'], token['cognito:roles'])
        self.assertEqual(ROLE + 'first', token['cognito:preferred_role'])
        self.assertNotIn('cognito:roles', access)
        self.assertNotIn('cognito:preferred_role', access)
        self.api.AdminRemoveUserFromGroup(UserPoolId=self.pool, GroupName='first',
                                          Username=self.name)
        again = self.api.InitiateAuth(ClientId=self.client, AuthFlow='REFRESH_TOKEN_AUTH',
                                      AuthParameters={'REFRESH_TOKEN': tokens['RefreshToken']})
        self.assertEqual(['second', 'last'], claims(
            again['AuthenticationResult']['IdToken'])[1]['cognito:groups'])

    def test_the_best_groups_must_agree_on_the_role(self):
        self.put('a', Precedence=1, RoleArn=ROLE + 'same')
        self.put('b', Precedence=1, RoleArn=ROLE + 'same')
        token = self.claimed()[0]
        self.assertEqual([ROLE + 'same'], token['cognito:roles'])
        self.assertEqual(ROLE + 'same', token['cognito:preferred_role'])
        self.put('c', Precedence=1, RoleArn=ROLE + 'other')
        self.assertNotIn('cognito:preferred_role', self.claimed()[0])


if __name__ == '__main__':
    unittest.main()
