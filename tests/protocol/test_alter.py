"""`poolhouse pool alter`: what the service fixes when a pool is made, changed by the operator."""
import subprocess
import unittest

import srp
from poolhouse import PASSWORD, PoolhouseTest, attributes, binary


class Alter(PoolhouseTest):

    server_options = {'memory': False}

    def alter(self, pool, *words, running=False):
        """(status, standard output); the server is stopped meanwhile, as the manual says."""
        if not running:
            self.server.process.terminate()
            self.assertEqual(0, self.server.process.wait(30))
        done = subprocess.run([binary(), 'pool', 'alter', '--pool', pool, *words,
                               '--data', self.server.data], env=self.server.environment(),
                              cwd=self.server.directory, capture_output=True, text=True,
                              timeout=120, check=False)
        if not running:
            self.server.start()
        self.assertEqual('', done.stderr if done.returncode == 0 else '')
        return done.returncode, done.stdout + done.stderr

    def described(self, pool):
        return self.api.DescribeUserPool(UserPoolId=pool)['UserPool']

    def usernames(self, pool):
        return {u['Username'] for u in self.api.ListUsers(UserPoolId=pool)['Users']}

    def test_a_look_changes_nothing(self):
        pool = self.new_pool()
        self.new_user(pool, 'Ann')
        before = self.described(pool)
        self.assertEqual((0, '1 users, 0 conflicts: nothing is in the way; --apply alters the pool\n'),
                         self.alter(pool, '--case-sensitive', 'no'))
        self.assertEqual(before, self.described(pool))
        self.refused('UserNotFoundException', 'User does not exist.', 'AdminGetUser',
                     UserPoolId=pool, Username='ANN')

    def test_a_pool_becomes_case_insensitive(self):
        pool = self.new_pool(AliasAttributes=['email'])
        client = self.new_client(pool)
        self.new_user(pool, 'Ann', email='Ann@Example.com', email_verified='true')
        self.assertEqual((0, '1 users, 0 conflicts: the pool is altered\n'),
                         self.alter(pool, '--case-sensitive', 'no', '--apply'))
        self.assertEqual({'CaseSensitive': False}, self.described(pool)['UsernameConfiguration'])
        self.assertEqual(['email'], self.described(pool)['AliasAttributes'])
        for name in ('Ann', 'ANN', 'ann@example.com', 'ANN@EXAMPLE.COM'):
            self.tokens(client, name)
            half = srp.Client(pool, PASSWORD)
            asked = self.api.InitiateAuth(ClientId=client, AuthFlow='USER_SRP_AUTH', AuthParameters={
                'USERNAME': name, 'SRP_A': half.srp_a})
            self.assertIn('AuthenticationResult', self.api.RespondToAuthChallenge(
                ClientId=client, ChallengeName='PASSWORD_VERIFIER',
                ChallengeResponses=half.answer(asked['ChallengeParameters'])))
        user = self.api.AdminGetUser(UserPoolId=pool, Username='aNN')
        self.assertEqual(('Ann', 'Ann@Example.com'), (user['Username'], attributes(user)['email']))
        self.refused('UsernameExistsException', 'User account already exists', 'AdminCreateUser',
                     UserPoolId=pool, Username='aNn')

    def test_two_who_would_be_one_are_named_and_nothing_changes(self):
        pool = self.new_pool(AliasAttributes=['email'])
        client = self.new_client(pool)
        self.new_user(pool, 'Bob', email='one@example.com', email_verified='true')
        self.new_user(pool, 'bob', email='One@example.com', email_verified='true')
        before = self.described(pool)
        status, text = self.alter(pool, '--case-sensitive', 'no', '--apply')
        lines = text.splitlines()
        self.assertEqual(1, status)
        self.assertEqual('2 users, 2 conflicts: nothing was changed', lines[-1])
        self.assertRegex(lines[0], '^conflict: [Bb]ob would be found by "bob", as [Bb]ob is$')
        self.assertRegex(lines[1], '"one@example.com"')
        self.assertEqual(before, self.described(pool))
        for name in ('Bob', 'bob', 'one@example.com', 'One@example.com'):
            self.tokens(client, name)

    def test_a_pool_becomes_case_sensitive(self):
        pool = self.new_pool(UsernameConfiguration={'CaseSensitive': False})
        self.new_user(pool, 'Ann')
        self.assertEqual(0, self.alter(pool, '--case-sensitive', 'yes', '--apply')[0])
        self.assertEqual({'ann'}, self.usernames(pool))
        self.new_user(pool, 'ANN')
        self.assertEqual({'ann', 'ANN'}, self.usernames(pool))

    def test_addresses_become_aliases_and_are_none_again(self):
        pool = self.new_pool()
        client = self.new_client(pool)
        self.new_user(pool, 'ann', email='ann@example.com', email_verified='true')
        self.new_user(pool, 'bob', email='bob@example.com')
        self.assertEqual(0, self.alter(pool, '--alias-attributes', 'email,preferred_username',
                                       '--apply')[0])
        self.assertEqual(['email', 'preferred_username'], self.described(pool)['AliasAttributes'])
        self.tokens(client, 'ann@example.com')
        self.refused('UserNotFoundException', 'User does not exist.', 'AdminGetUser',
                     UserPoolId=pool, Username='bob@example.com')  # nobody has verified it
        self.assertEqual(0, self.alter(pool, '--alias-attributes', 'none', '--apply')[0])
        self.assertNotIn('AliasAttributes', self.described(pool))
        self.refused('UserNotFoundException', 'User does not exist.', 'AdminGetUser',
                     UserPoolId=pool, Username='ann@example.com')

    def test_addresses_become_the_names_to_sign_in_by(self):
        pool = self.new_pool(AliasAttributes=['email'])
        client = self.new_client(pool)
        self.new_user(pool, 'ann', email='ann@example.com')
        self.assertEqual(0, self.alter(pool, '--alias-attributes', 'none',
                                       '--username-attributes', 'email', '--apply')[0])
        self.assertEqual(['email'], self.described(pool)['UsernameAttributes'])
        self.assertNotIn('AliasAttributes', self.described(pool))
        for name in ('ann', 'ann@example.com'):
            self.tokens(client, name)
        self.invalid('Username should be an email.', 'AdminCreateUser', UserPoolId=pool,
                     Username='bob')
        self.refused('UsernameExistsException', 'An account with the given email already exists.',
                     'AdminCreateUser', UserPoolId=pool, Username='ann@example.com')

    def test_a_username_that_is_somebody_elses_address_is_in_the_way(self):
        pool = self.new_pool()
        self.new_user(pool, 'ann@example.com', email='ann@example.com', email_verified='true')
        self.assertEqual(0, self.alter(pool, '--alias-attributes', 'email')[0])
        self.new_user(pool, 'bob@example.com')
        self.new_user(pool, 'carl', email='bob@example.com', email_verified='true')
        status, text = self.alter(pool, '--alias-attributes', 'email', '--apply')
        self.assertEqual((1, '3 users, 2 conflicts: nothing was changed'),
                         (status, text.splitlines()[-1]))
        self.assertIn('conflict: carl would be found by "bob@example.com", as bob@example.com is', text)
        self.assertIn('conflict: bob@example.com is a Username of the form of an address that is not '
                      "the user's own", text)

    def test_many_users_change_together(self):
        pool = self.new_pool()
        for i in range(1001):
            self.api.AdminCreateUser(UserPoolId=pool, Username=f'User{i}', MessageAction='SUPPRESS')
        self.assertEqual((0, '1001 users, 0 conflicts: the pool is altered\n'),
                         self.alter(pool, '--case-sensitive', 'no', '--apply'))
        for i in (0, 499, 500, 999, 1000):
            self.api.AdminGetUser(UserPoolId=pool, Username=f'uSER{i}')

    def test_a_running_server_sees_the_change(self):
        pool = self.new_pool()
        self.new_user(pool, 'Ann')
        self.assertEqual(0, self.alter(pool, '--case-sensitive', 'no', '--apply', running=True)[0])
        self.server.get('/readyz')
        for _ in range(100):
            if 'UsernameConfiguration' in self.described(pool):
                break
        self.api.AdminGetUser(UserPoolId=pool, Username='ANN')

    def test_what_cannot_be_is_refused(self):
        pool = self.new_pool()
        for words, part in (
                (('--case-sensitive', 'perhaps'), 'say yes or no'),
                (('--alias-attributes', 'email,nickname'), '"nickname" is no such attribute'),
                (('--username-attributes', 'preferred_username'), 'is no such attribute'),
                (('--alias-attributes', 'email', '--username-attributes', 'email'), 'Only one of')):
            status, text = self.alter(pool, *words, running=True)
            self.assertNotEqual(0, status)
            self.assertIn(part, text)
        status, text = self.alter('eu-west-1_nowhere00', running=True)
        self.assertEqual((1, 'poolhouse: User pool eu-west-1_nowhere00 does not exist.\n'),
                         (status, text))


if __name__ == '__main__':
    unittest.main()
