"""What users do to themselves with an access token: attributes, addresses, passwords, leaving."""
import unittest

from poolhouse import PASSWORD, PoolhouseTest, attribute_list, attributes, wrong_code

MISMATCH = 'Invalid verification code provided, please try again.'
EXPIRED = 'Invalid code provided, please request a code again.'
UNAUTHORIZED = 'A client attempted to write unauthorized attribute'
OTHER = '0ther-Pass'


class OwnUser(PoolhouseTest):

    @classmethod
    def prepare(cls):
        cls.pool = cls.new_pool(
            AutoVerifiedAttributes=['email'],
            Schema=[{'Name': 'team', 'AttributeDataType': 'String', 'Mutable': True},
                    {'Name': 'internal', 'AttributeDataType': 'String', 'Mutable': True,
                     'DeveloperOnlyAttribute': True}])
        cls.client = cls.new_client(cls.pool)

    def signed_in(self, client=None, **values):
        name = self.new_user(self.pool, **values)
        return name, self.tokens(client or self.client, name)['AccessToken']

    def update(self, token, /, **values):
        return self.api.UpdateUserAttributes(AccessToken=token,
                                             UserAttributes=attribute_list(**values))

    def read(self, token):
        return attributes(self.api.GetUser(AccessToken=token))

    # Reading

    def test_a_user_reads_itself(self):
        name, token = self.signed_in(email='a@b.example', email_verified='true', custom_team='blue')
        reply = self.api.GetUser(AccessToken=token)
        self.assertEqual({'Username', 'UserAttributes'}, set(reply))
        self.assertEqual(name, reply['Username'])
        self.assertEqual(['sub', 'email_verified', 'email', 'custom:team'],
                         [a['Name'] for a in reply['UserAttributes']])

    def test_only_what_the_client_may_read_is_shown_and_the_sub(self):
        client = self.new_client(self.pool, ReadAttributes=['nickname'])
        _, token = self.signed_in(client, email='a@b.example', nickname='n')
        self.assertEqual({'sub', 'nickname'}, set(self.read(token)))

    def test_developer_attributes_are_not_for_users(self):
        name, token = self.signed_in()
        self.api.AdminUpdateUserAttributes(UserPoolId=self.pool, Username=name, UserAttributes=[
            {'Name': 'dev:custom:internal', 'Value': 'x'}])
        self.assertEqual({'sub'}, set(self.read(token)))
        with self.assert_error('NotAuthorizedException', UNAUTHORIZED):
            self.update(token, **{'dev:custom:internal': 'y'})

    # Writing

    def test_attributes_are_written_and_deleted(self):
        _, token = self.signed_in(nickname='n')
        self.assertEqual({'CodeDeliveryDetailsList': []}, self.update(token, name='A', nickname=''))
        self.assertEqual({'sub', 'name'}, set(self.read(token)))
        self.assertEqual({}, self.api.DeleteUserAttributes(AccessToken=token,
                                                           UserAttributeNames=['name']))
        self.assertEqual({'sub'}, set(self.read(token)))

    def test_what_the_client_may_not_write_is_refused(self):
        client = self.new_client(self.pool, WriteAttributes=['nickname'])
        _, token = self.signed_in(client, name='A')
        self.update(token, nickname='n')
        with self.assert_error('NotAuthorizedException', UNAUTHORIZED):
            self.update(token, name='B')
        with self.assert_error('NotAuthorizedException', UNAUTHORIZED):
            self.api.DeleteUserAttributes(AccessToken=token, UserAttributeNames=['name'])
        with self.assert_error('NotAuthorizedException', UNAUTHORIZED):
            self.update(token, email_verified='true')

    def test_a_new_address_is_verified_by_the_code_that_it_gets(self):
        name, token = self.signed_in(email='old@b.example', email_verified='true')
        self.assertEqual({'CodeDeliveryDetailsList': [{
            'AttributeName': 'email', 'DeliveryMedium': 'EMAIL', 'Destination': 'n***@b***'}]},
            self.update(token, email='new@b.example'))
        self.assertEqual(('new@b.example', 'false'),
                         (self.read(token)['email'], self.read(token)['email_verified']))
        code = self.server.code(name)
        self.refused('CodeMismatchException', MISMATCH, 'VerifyUserAttribute', AccessToken=token,
                     AttributeName='email', Code=wrong_code(code))
        self.assertEqual({}, self.api.VerifyUserAttribute(AccessToken=token, AttributeName='email',
                                                          Code=code))
        self.assertEqual('true', self.read(token)['email_verified'])
        self.refused('ExpiredCodeException', EXPIRED, 'VerifyUserAttribute', AccessToken=token,
                     AttributeName='email', Code=code)

    def test_a_code_can_be_asked_for(self):
        name, token = self.signed_in(email='ann@b.example')
        self.assertEqual({'CodeDeliveryDetails': {
            'AttributeName': 'email', 'DeliveryMedium': 'EMAIL', 'Destination': 'a***@b***'}},
            self.api.GetUserAttributeVerificationCode(AccessToken=token, AttributeName='email'))
        self.api.VerifyUserAttribute(AccessToken=token, AttributeName='email',
                                     Code=self.server.code(name))
        self.assertEqual('true', self.read(token)['email_verified'])

    def test_codes_are_for_addresses_that_are_there(self):
        _, token = self.signed_in(nickname='n')
        self.invalid('Invalid attribute name', 'GetUserAttributeVerificationCode',
                     AccessToken=token, AttributeName='nickname')
        self.invalid('User does not have an attribute email', 'GetUserAttributeVerificationCode',
                     AccessToken=token, AttributeName='email')

    def test_a_new_address_can_have_to_wait_for_its_proof(self):
        pool = self.new_pool(
            UsernameAttributes=['email'], AutoVerifiedAttributes=['email'],
            UserAttributeUpdateSettings={'AttributesRequireVerificationBeforeUpdate': ['email']})
        client = self.new_client(pool)
        name = self.new_user(pool, 'old@b.example', email_verified='true')
        self.new_user(pool, 'taken@b.example')
        token = self.tokens(client, 'old@b.example')['AccessToken']
        self.update(token, email='new@b.example')
        self.assertEqual(('old@b.example', 'true'),
                         (self.read(token)['email'], self.read(token)['email_verified']))
        self.assertIn('AccessToken', self.tokens(client, 'old@b.example'))
        with self.assert_error('AliasExistsException',
                               'An account with the given email already exists.'):
            self.update(token, email='taken@b.example')
        self.api.VerifyUserAttribute(AccessToken=token, AttributeName='email',
                                     Code=self.server.code(name))
        self.assertEqual('new@b.example', self.read(token)['email'])
        self.assertIn('AccessToken', self.tokens(client, 'new@b.example'))
        with self.assert_error('UserNotFoundException', 'User does not exist.'):
            self.tokens(client, 'old@b.example')

    def test_an_alias_that_changes_is_none_until_it_is_proven(self):
        """Not in AttributesRequireVerificationBeforeUpdate: the new value at once, for nobody yet."""
        pool = self.new_pool(AliasAttributes=['email'], AutoVerifiedAttributes=['email'])
        client = self.new_client(pool)
        name = self.new_user(pool, email='old@a.example', email_verified='true')
        token = self.tokens(client, 'old@a.example')['AccessToken']
        self.update(token, email='new@a.example')
        self.assertEqual(('new@a.example', 'false'),
                         (self.read(token)['email'], self.read(token)['email_verified']))
        for address in ('old@a.example', 'new@a.example'):
            self.refused('UserNotFoundException', 'User does not exist.', 'AdminGetUser',
                         UserPoolId=pool, Username=address)
        self.api.VerifyUserAttribute(AccessToken=token, AttributeName='email',
                                     Code=self.server.code(name))
        self.assertIn('AccessToken', self.tokens(client, 'new@a.example'))

    def test_an_alias_can_stay_until_the_new_one_is_proven(self):
        pool = self.new_pool(
            AliasAttributes=['email'], AutoVerifiedAttributes=['email'],
            UserAttributeUpdateSettings={'AttributesRequireVerificationBeforeUpdate': ['email']})
        client = self.new_client(pool)
        name = self.new_user(pool, email='kept@a.example', email_verified='true')
        other = self.new_user(pool, email='third@a.example', email_verified='true')
        token = self.tokens(client, 'kept@a.example')['AccessToken']
        self.update(token, email='second@a.example')
        self.update(token, email='third@a.example')  # replaces the second, which now proves nothing
        self.assertEqual('kept@a.example', self.read(token)['email'])
        self.assertIn('AccessToken', self.tokens(client, 'kept@a.example'))
        self.api.VerifyUserAttribute(AccessToken=token, AttributeName='email',
                                     Code=self.server.code(name, 2))
        # The alias moved, silently: whoever had it is not verified any more.
        self.assertEqual(name, self.api.AdminGetUser(UserPoolId=pool,
                                                     Username='third@a.example')['Username'])
        former = attributes(self.api.AdminGetUser(UserPoolId=pool, Username=other))
        self.assertEqual(('third@a.example', 'false'),
                         (former['email'], former['email_verified']))
        self.refused('UserNotFoundException', 'User does not exist.', 'AdminGetUser',
                     UserPoolId=pool, Username='kept@a.example')

    def test_an_administrator_who_vouches_for_an_address_need_not_wait(self):
        pool = self.new_pool(
            UsernameAttributes=['email'], AutoVerifiedAttributes=['email'],
            UserAttributeUpdateSettings={'AttributesRequireVerificationBeforeUpdate': ['email']})
        name = self.new_user(pool, 'first@v.example', email_verified='true')
        user = {'UserPoolId': pool, 'Username': name}
        self.api.AdminUpdateUserAttributes(**user, UserAttributes=attribute_list(
            email='second@v.example'))
        self.assertEqual('first@v.example', attributes(self.api.AdminGetUser(**user))['email'])
        self.api.AdminUpdateUserAttributes(**user, UserAttributes=attribute_list(
            email='third@v.example', email_verified='true'))
        read = attributes(self.api.AdminGetUser(**user))
        self.assertEqual(('third@v.example', 'true'), (read['email'], read['email_verified']))

    # Passwords

    def change(self, token, previous, proposed):
        return self.api.ChangePassword(AccessToken=token, PreviousPassword=previous,
                                       ProposedPassword=proposed)

    def test_a_changed_password_signs_in_and_the_old_one_does_not(self):
        name, token = self.signed_in()
        with self.assert_error('NotAuthorizedException', 'Incorrect username or password.'):
            self.change(token, 'Wr0ng-pass', OTHER)
        self.assertEqual({}, self.change(token, PASSWORD, OTHER))
        self.assertIn('AccessToken', self.tokens(self.client, name, OTHER))
        with self.assert_error('NotAuthorizedException', 'Incorrect username or password.'):
            self.tokens(self.client, name, PASSWORD)
        self.read(token)  # changing a password ends no sign-in

    def test_a_changed_password_obeys_the_policy_and_the_history(self):
        _, token = self.signed_in()
        with self.assert_error('InvalidPasswordException',
                               'Password does not conform to policy: Password must have numeric '
                               'characters'):
            self.change(token, PASSWORD, 'Other-pass')
        pool = self.new_pool(Policies={'PasswordPolicy': {'PasswordHistorySize': 2}})
        client, name = self.new_client(pool), self.new_user(pool)
        token = self.tokens(client, name)['AccessToken']
        self.change(token, PASSWORD, OTHER)
        with self.assert_error('PasswordHistoryPolicyViolationException',
                               'Password has previously been used'):
            self.change(token, OTHER, PASSWORD)

    # Leaving

    def test_a_user_deletes_itself(self):
        name, token = self.signed_in()
        self.assertEqual({}, self.api.DeleteUser(AccessToken=token))
        self.refused('UserNotFoundException', 'User does not exist.', 'AdminGetUser',
                     UserPoolId=self.pool, Username=name)
        self.refused('UserNotFoundException', 'User does not exist.', 'GetUser', AccessToken=token)

    def test_a_token_that_is_none_opens_nothing(self):
        for operation, more in (('GetUser', {}), ('DeleteUser', {}),
                                ('ChangePassword', {'PreviousPassword': PASSWORD,
                                                    'ProposedPassword': OTHER}),
                                ('UpdateUserAttributes', {'UserAttributes': []}),
                                ('DeleteUserAttributes', {'UserAttributeNames': []})):
            with self.subTest(operation):
                self.refused('NotAuthorizedException', 'Invalid Access Token', operation,
                             AccessToken='no.such.token', **more)


class Limits(PoolhouseTest):
    server_args = ('--attempt-limits',)
    server_options = {'clock': True}

    def test_five_changes_of_a_password_an_hour(self):
        pool = self.new_pool()
        client, name = self.new_client(pool), self.new_user(pool)
        token = self.tokens(client, name)['AccessToken']
        given = {'AccessToken': token, 'PreviousPassword': 'Wr0ng-pass', 'ProposedPassword': OTHER}
        for _ in range(5):
            self.refused('NotAuthorizedException', 'Incorrect username or password.',
                         'ChangePassword', **given)
        given['PreviousPassword'] = PASSWORD
        self.refused('LimitExceededException', 'Attempt limit exceeded, please try after some '
                     'time.', 'ChangePassword', **given)
        self.server.advance(3600)
        token = self.tokens(client, name)['AccessToken']
        self.api.ChangePassword(**{**given, 'AccessToken': token})


if __name__ == '__main__':
    unittest.main()
