"""Users as administrators see them: creation, attributes, aliases, lists and filters."""
import json
import time
import unittest

from poolhouse import PASSWORD, PoolhouseTest, UUID, attribute_list, attributes

NOT_POLICY = 'Password did not conform with password policy: '


class AdminUsers(PoolhouseTest):

    @classmethod
    def prepare(cls):
        cls.pool = cls.new_pool(
            Schema=[{'Name': 'team', 'AttributeDataType': 'String', 'Mutable': True},
                    {'Name': 'badge', 'AttributeDataType': 'String', 'Mutable': False},
                    {'Name': 'age', 'AttributeDataType': 'Number', 'Mutable': True,
                     'NumberAttributeConstraints': {'MinValue': '1', 'MaxValue': '150'}},
                    {'Name': 'vip', 'AttributeDataType': 'Boolean', 'Mutable': True},
                    {'Name': 'internal', 'AttributeDataType': 'String', 'Mutable': True,
                     'DeveloperOnlyAttribute': True}])
        cls.client = cls.new_client(cls.pool)

    def create(self, **members):
        return self.api.AdminCreateUser(UserPoolId=self.pool, **members)['User']

    def get(self, name):
        return self.api.AdminGetUser(UserPoolId=self.pool, Username=name)

    # Creation

    def test_a_created_user_must_change_its_password(self):
        name = self.new_name()
        user = self.create(Username=name, TemporaryPassword=PASSWORD,
                           UserAttributes=attribute_list(email='a@b.example'))
        self.assertEqual((name, True, 'FORCE_CHANGE_PASSWORD'),
                         (user['Username'], user['Enabled'], user['UserStatus']))
        self.assertEqual('sub', user['Attributes'][0]['Name'])
        self.assertRegex(user['Attributes'][0]['Value'], UUID)
        got = self.get(name)
        self.assertEqual(user['Attributes'], got['UserAttributes'])
        self.assertEqual(user['UserCreateDate'], got['UserCreateDate'])
        self.assertEqual('a@b.example', attributes(got)['email'])
        self.assertNotIn('Attributes', got)

    def test_an_invitation_carries_the_name_and_a_temporary_password(self):
        name = self.new_name()
        self.create(Username=name, DesiredDeliveryMediums=['EMAIL'],
                    UserAttributes=attribute_list(email='a@b.example'))
        message = self.server.outbox(name)[0]
        self.assertEqual('a@b.example', message['destination'])
        self.assertEqual('Your temporary password', message['subject'])
        password = message['code']
        self.assertEqual(f'Your username is {name} and temporary password is {password}. ',
                         message['body'])
        reply = self.sign_in(self.client, name, password)
        self.assertEqual('NEW_PASSWORD_REQUIRED', reply['ChallengeName'])

    def test_suppress_sends_nothing(self):
        name = self.new_name()
        self.create(Username=name, MessageAction='SUPPRESS', DesiredDeliveryMediums=['EMAIL'],
                    UserAttributes=attribute_list(email='a@b.example'))
        self.assertEqual([], self.server.outbox(name))

    def test_resend_makes_a_new_temporary_password(self):
        name = self.new_name()
        given = {'Username': name, 'DesiredDeliveryMediums': ['EMAIL']}
        self.create(**given, UserAttributes=attribute_list(email='a@b.example'))
        first = self.server.code(name)
        self.create(**given, MessageAction='RESEND')
        second = self.server.code(name, count=2)
        self.assertNotEqual(first, second)
        with self.assert_error('NotAuthorizedException', 'Incorrect username or password.'):
            self.sign_in(self.client, name, first)
        self.assertEqual('NEW_PASSWORD_REQUIRED',
                         self.sign_in(self.client, name, second)['ChallengeName'])

    def test_resend_for_nobody_is_refused(self):
        self.refused('UserNotFoundException', 'User does not exist.', 'AdminCreateUser',
                     UserPoolId=self.pool, Username='nobody', MessageAction='RESEND')

    def test_a_taken_name_is_refused(self):
        name = self.new_user(self.pool)
        self.refused('UsernameExistsException', 'User account already exists', 'AdminCreateUser',
                     UserPoolId=self.pool, Username=name)

    def test_a_temporary_password_obeys_the_policy(self):
        for password, text in (('Aa1!aaa', 'Password not long enough'),
                               ('passw0rd!', 'Password must have uppercase characters'),
                               ('PASSW0RD!', 'Password must have lowercase characters'),
                               ('Password!', 'Password must have numeric characters'),
                               ('Passw0rdX', 'Password must have symbol characters')):
            with self.subTest(password):
                self.refused('InvalidPasswordException', NOT_POLICY + text, 'AdminCreateUser',
                             UserPoolId=self.pool, Username='refused', TemporaryPassword=password)
        self.refused('UserNotFoundException', 'User does not exist.', 'AdminGetUser',
                     UserPoolId=self.pool, Username='refused')

    def test_resend_needs_a_user_who_must_change_its_password(self):
        name = self.new_user(self.pool)
        self.refused('UnsupportedUserStateException',
                     f'Resend not possible. {name} status is not FORCE_CHANGE_PASSWORD',
                     'AdminCreateUser', UserPoolId=self.pool, Username=name, MessageAction='RESEND')

    # Passwords

    def test_a_permanent_password_confirms_and_a_temporary_one_asks_for_another(self):
        name = self.new_user(self.pool)
        self.assertEqual('CONFIRMED', self.get(name)['UserStatus'])
        self.api.AdminSetUserPassword(UserPoolId=self.pool, Username=name,
                                      Password='0ther-Pass', Permanent=False)
        self.assertEqual('FORCE_CHANGE_PASSWORD', self.get(name)['UserStatus'])
        self.assertEqual('NEW_PASSWORD_REQUIRED',
                         self.sign_in(self.client, name, '0ther-Pass')['ChallengeName'])

    def test_a_password_set_by_an_administrator_obeys_the_policy(self):
        self.refused('InvalidPasswordException', NOT_POLICY + 'Password not long enough',
                     'AdminSetUserPassword', UserPoolId=self.pool,
                     Username=self.new_user(self.pool), Password='Short1!', Permanent=True)

    def test_passwords_of_256_characters_with_emoji_and_inner_spaces_work(self):
        for password in ('Aa1!' + 'x' * 252, 'Aa1! żółć 🎟 日本', 'Aa1!é'.ljust(64, 'é')):
            with self.subTest(password):
                name = self.new_user(self.pool, password=password)
                self.assertIn('AccessToken', self.tokens(self.client, name, password))
                with self.assert_error('NotAuthorizedException', 'Incorrect username or password.'):
                    self.tokens(self.client, name, password[:-1])

    # State

    def test_unknown_users_are_named_by_no_operation(self):
        for operation, more in (('AdminGetUser', {}), ('AdminDeleteUser', {}),
                                ('AdminEnableUser', {}), ('AdminDisableUser', {}),
                                ('AdminConfirmSignUp', {}), ('AdminUserGlobalSignOut', {}),
                                ('AdminSetUserPassword', {'Password': PASSWORD}),
                                ('AdminUpdateUserAttributes', {'UserAttributes': []}),
                                ('AdminDeleteUserAttributes', {'UserAttributeNames': ['name']})):
            with self.subTest(operation):
                self.refused('UserNotFoundException', 'User does not exist.', operation,
                             UserPoolId=self.pool, Username='nobody', **more)

    def test_disabling_and_enabling_is_read_back_and_moves_the_date(self):
        name = self.new_user(self.pool)
        before = self.get(name)
        time.sleep(0.01)
        self.assertEqual({}, self.api.AdminDisableUser(UserPoolId=self.pool, Username=name))
        after = self.get(name)
        self.assertFalse(after['Enabled'])
        self.assertGreater(after['UserLastModifiedDate'], before['UserLastModifiedDate'])
        self.assertEqual(after['UserCreateDate'], before['UserCreateDate'])
        self.assertEqual({}, self.api.AdminEnableUser(UserPoolId=self.pool, Username=name))
        self.assertTrue(self.get(name)['Enabled'])

    def test_a_deleted_user_is_gone_and_its_name_is_free(self):
        name = self.new_user(self.pool)
        sub = attributes(self.get(name))['sub']
        self.api.AdminDeleteUser(UserPoolId=self.pool, Username=name)
        self.refused('UserNotFoundException', 'User does not exist.', 'AdminGetUser',
                     UserPoolId=self.pool, Username=name)
        self.new_user(self.pool, name)
        self.assertNotEqual(sub, attributes(self.get(name))['sub'])

    def test_only_unconfirmed_users_can_be_confirmed(self):
        self.refused('NotAuthorizedException', 'User cannot be confirmed. Current status is CONFIRMED',
                     'AdminConfirmSignUp', UserPoolId=self.pool, Username=self.new_user(self.pool))
        name = self.new_name()
        self.create(Username=name)
        self.refused('NotAuthorizedException',
                     'User cannot be confirmed. Current status is FORCE_CHANGE_PASSWORD',
                     'AdminConfirmSignUp', UserPoolId=self.pool, Username=name)

    def test_a_user_is_found_by_its_sub(self):
        name = self.new_user(self.pool)
        sub = attributes(self.get(name))['sub']
        self.assertEqual(name, self.get(sub)['Username'])

    # Attributes

    def update(self, name, /, **values):
        return self.api.AdminUpdateUserAttributes(
            UserPoolId=self.pool, Username=name, UserAttributes=attribute_list(**values))

    def test_attributes_are_updated_added_and_deleted(self):
        name = self.new_user(self.pool, name='A', custom_team='blue')
        self.assertEqual({}, self.update(name, name='B', nickname='n', custom_age='7'))
        got = attributes(self.get(name))
        self.assertEqual(('B', 'n', 'blue', '7'),
                         (got['name'], got['nickname'], got['custom:team'], got['custom:age']))
        self.assertEqual({}, self.api.AdminDeleteUserAttributes(
            UserPoolId=self.pool, Username=name, UserAttributeNames=['nickname', 'custom:team']))
        self.assertEqual({'sub', 'name', 'custom:age'}, set(attributes(self.get(name))))

    def test_an_unknown_attribute_cannot_be_written(self):
        self.invalid('Attributes did not conform to the schema: Type for attribute '
                     '{custom:none} could not be determined', 'AdminUpdateUserAttributes',
                     UserPoolId=self.pool, Username=self.new_user(self.pool),
                     UserAttributes=[{'Name': 'custom:none', 'Value': 'x'}])

    def test_an_unknown_attribute_cannot_be_deleted(self):
        self.invalid('Invalid user attributes: user.custom:none: Attribute does not exist in the '
                     'schema.\n', 'AdminDeleteUserAttributes', UserPoolId=self.pool,
                     Username=self.new_user(self.pool), UserAttributeNames=['custom:none'])

    def test_an_immutable_attribute_is_set_at_creation_only(self):
        name = self.new_user(self.pool, custom_badge='7')
        self.invalid('user.custom:badge: Attribute cannot be updated.\n',
                     'AdminUpdateUserAttributes', UserPoolId=self.pool, Username=name,
                     UserAttributes=[{'Name': 'custom:badge', 'Value': '8'}])
        self.invalid('user.sub: Attribute cannot be updated.\n', 'AdminUpdateUserAttributes',
                     UserPoolId=self.pool, Username=name,
                     UserAttributes=[{'Name': 'sub', 'Value': 'x'}])
        self.assertEqual('7', attributes(self.get(name))['custom:badge'])

    def test_formats_of_addresses_are_checked(self):
        name = self.new_user(self.pool)
        for value in ('no-at', '@b.example', 'a@', 'a b@c.example'):
            with self.subTest(value):
                with self.assert_error('InvalidParameterException', 'Invalid email address format.'):
                    self.update(name, email=value)
        for value in ('123456', '+12 34', '+', '+12a34'):
            with self.subTest(value):
                with self.assert_error('InvalidParameterException', 'Invalid phone number format.'):
                    self.update(name, phone_number=value)

    def test_texts_are_as_long_as_the_schema_says(self):
        """Characters count as the service counts them: in UTF-16."""
        pool = self.new_pool(Schema=[{'Name': 'code', 'AttributeDataType': 'String',
                                      'StringAttributeConstraints': {'MinLength': '2', 'MaxLength': '3'}}])
        name = self.new_user(pool)
        for value, why in (('a', 'longer'), ('abcd', 'shorter'), ('\U0001f600\U0001f600', 'shorter')):
            self.invalid(f'Attributes did not conform to the schema: custom:code: String must be {why}.',
                         'AdminUpdateUserAttributes', UserPoolId=pool, Username=name,
                         UserAttributes=[{'Name': 'custom:code', 'Value': value}])
        for value in ('ab', 'abc', '\U0001f600'):
            self.api.AdminUpdateUserAttributes(UserPoolId=pool, Username=name, UserAttributes=[
                {'Name': 'custom:code', 'Value': value}])
            self.assertEqual(value, attributes(self.api.AdminGetUser(
                UserPoolId=pool, Username=name))['custom:code'])

    def test_values_obey_their_types(self):
        name = self.new_user(self.pool)
        for attribute, value in (('birthdate', '1-2-2000'), ('custom:age', 'old'),
                                 ('custom:age', '151'), ('custom:age', '0'), ('custom:vip', 'yes'),
                                 ('email_verified', 'maybe')):
            with self.subTest(f'{attribute}={value}'):
                with self.assertRaisesRegex(Exception, (
                        'InvalidParameterException: Attributes did not conform to the schema: '
                        f'{attribute}: ')):
                    self.update(name, **{attribute: value})

    def test_booleans_are_stored_in_lower_case(self):
        name = self.new_user(self.pool)
        self.update(name, **{'custom:vip': 'TRUE', 'email': 'a@b.example', 'email_verified': 'True'})
        got = attributes(self.get(name))
        self.assertEqual(('true', 'true'), (got['custom:vip'], got['email_verified']))

    def test_a_changed_email_is_unverified_unless_said_otherwise(self):
        name = self.new_user(self.pool, email='a@b.example', email_verified='true')
        self.update(name, email='c@d.example')
        self.assertEqual('false', attributes(self.get(name))['email_verified'])
        self.update(name, email='e@f.example', email_verified='true')
        self.assertEqual('true', attributes(self.get(name))['email_verified'])

    def test_an_empty_value_deletes(self):
        name = self.new_user(self.pool, nickname='n')
        self.update(name, nickname='')
        self.assertNotIn('nickname', attributes(self.get(name)))

    def test_a_required_attribute_is_not_emptied(self):
        """As it cannot be deleted; an administrator's user need not have had it."""
        pool = self.new_pool(Schema=[{'Name': 'email', 'Required': True}])
        for name, before in (('with', {'email': 'a@b.example'}), ('without', {})):
            self.new_user(pool, name, **before)
            update = {'UserPoolId': pool, 'Username': name,
                      'UserAttributes': [{'Name': 'email', 'Value': ''}]}
            if before:
                self.invalid('Attributes did not conform to the schema: email: The attribute is '
                             'required\n', 'AdminUpdateUserAttributes', **update)
            else:
                self.api.AdminUpdateUserAttributes(**update)
            got = attributes(self.api.AdminGetUser(UserPoolId=pool, Username=name))
            self.assertEqual(before.get('email'), got.get('email'))

    def test_a_refused_update_changes_nothing(self):
        name = self.new_user(self.pool, name='A')
        with self.assert_error('InvalidParameterException', 'Invalid email address format.'):
            self.update(name, name='B', email='no-at')
        self.assertEqual('A', attributes(self.get(name))['name'])

    def test_developer_only_attributes_are_written_by_administrators(self):
        name = self.new_user(self.pool)
        self.update(name, **{'dev:custom:internal': 'x'})
        self.assertEqual('x', attributes(self.get(name))['dev:custom:internal'])

    def test_names_are_case_sensitive_unless_configured(self):
        name = self.new_user(self.pool, 'MixedCase')
        self.refused('UserNotFoundException', 'User does not exist.', 'AdminGetUser',
                     UserPoolId=self.pool, Username='mixedcase')
        self.new_user(self.pool, 'mixedcase')
        self.assertEqual(name, self.get('MixedCase')['Username'])


class Names(PoolhouseTest):
    """Aliases, e-mail usernames, letter case."""

    def test_a_case_insensitive_pool_folds_names_and_addresses(self):
        pool = self.new_pool(UsernameConfiguration={'CaseSensitive': False},
                             AliasAttributes=['email'])
        client = self.new_client(pool)
        self.assertEqual('alice', self.new_user(pool, 'Alice', email='Ann@Example.com',
                                                email_verified='true'))
        for name in ('ALICE', 'alice', 'ann@example.com', 'ANN@EXAMPLE.COM'):
            with self.subTest(name):
                self.assertIn('AccessToken', self.tokens(client, name))
        self.refused('UsernameExistsException', 'User account already exists', 'AdminCreateUser',
                     UserPoolId=pool, Username='aLICE')

    def test_a_verified_email_is_an_alias_and_an_unverified_one_is_not(self):
        pool = self.new_pool(AliasAttributes=['email'])
        client = self.new_client(pool)
        self.new_user(pool, 'yes', email='yes@b.example', email_verified='true')
        self.new_user(pool, 'no', email='no@b.example')
        self.assertIn('AccessToken', self.tokens(client, 'yes@b.example'))
        with self.assert_error('UserNotFoundException', 'User does not exist.'):
            self.tokens(client, 'no@b.example')
        self.assertEqual('yes', self.api.AdminGetUser(
            UserPoolId=pool, Username='yes@b.example')['Username'])

    def test_an_alias_belongs_to_one_user_and_can_be_moved(self):
        pool = self.new_pool(AliasAttributes=['email'])
        client = self.new_client(pool)
        verified = attribute_list(email='a@b.example', email_verified='true')
        self.new_user(pool, 'first', email='a@b.example', email_verified='true')
        self.refused('AliasExistsException', 'An account with the email already exists.',
                     'AdminCreateUser', UserPoolId=pool, Username='second', UserAttributes=verified)
        self.api.AdminCreateUser(UserPoolId=pool, Username='second', UserAttributes=verified,
                                 ForceAliasCreation=True, TemporaryPassword='Temp0rary!')
        self.assertEqual('false', attributes(self.api.AdminGetUser(
            UserPoolId=pool, Username='first'))['email_verified'])
        self.assertEqual('NEW_PASSWORD_REQUIRED',
                         self.sign_in(client, 'a@b.example', 'Temp0rary!')['ChallengeName'])

    def test_an_update_to_a_taken_alias_is_refused(self):
        pool = self.new_pool(AliasAttributes=['email'])
        self.new_user(pool, 'first', email='a@b.example', email_verified='true')
        self.new_user(pool, 'second')
        self.refused('AliasExistsException', 'An account with the given email already exists.',
                     'AdminUpdateUserAttributes', UserPoolId=pool, Username='second',
                     UserAttributes=attribute_list(email='a@b.example', email_verified='true'))

    def test_a_username_may_not_look_like_an_alias(self):
        self.invalid('Username cannot be of email format, since user pool is configured for email '
                     'alias.', 'AdminCreateUser', UserPoolId=self.new_pool(AliasAttributes=['email']),
                     Username='a@b.example')
        self.invalid('Username cannot be of phone number format, since user pool is configured for '
                     'phone number alias.', 'AdminCreateUser',
                     UserPoolId=self.new_pool(AliasAttributes=['phone_number']),
                     Username='+4915112345678')

    def test_a_preferred_username_is_an_alias_at_once(self):
        pool = self.new_pool(AliasAttributes=['preferred_username'])
        client = self.new_client(pool)
        self.new_user(pool, 'one', preferred_username='nick')
        self.assertIn('AccessToken', self.tokens(client, 'nick'))
        self.new_user(pool, 'two')
        self.refused('AliasExistsException', 'Already found an entry for username nick',
                     'AdminUpdateUserAttributes', UserPoolId=pool, Username='two',
                     UserAttributes=attribute_list(preferred_username='nick'))

    def test_in_an_email_pool_the_username_is_the_sub(self):
        pool = self.new_pool(UsernameAttributes=['email'])
        client = self.new_client(pool)
        user = self.api.AdminCreateUser(UserPoolId=pool, Username='a@b.example')['User']
        self.assertRegex(user['Username'], UUID)
        got = {a['Name']: a['Value'] for a in user['Attributes']}
        self.assertEqual((user['Username'], 'a@b.example'), (got['sub'], got['email']))
        self.api.AdminSetUserPassword(UserPoolId=pool, Username='a@b.example', Password=PASSWORD,
                                      Permanent=True)
        for name in ('a@b.example', user['Username']):
            self.assertIn('AccessToken', self.tokens(client, name))

    def test_an_email_pool_refuses_taken_and_malformed_names(self):
        pool = self.new_pool(UsernameAttributes=['email'])
        self.new_user(pool, 'a@b.example')
        self.refused('UsernameExistsException', 'An account with the given email already exists.',
                     'AdminCreateUser', UserPoolId=pool, Username='a@b.example')
        self.invalid('Username should be an email.', 'AdminCreateUser', UserPoolId=pool,
                     Username='plain')

    def test_phone_pools_have_texts_of_their_own(self):
        phone = self.new_pool(UsernameAttributes=['phone_number'])
        self.invalid('Username should be a phone number.', 'AdminCreateUser', UserPoolId=phone,
                     Username='plain')
        both = self.new_pool(UsernameAttributes=['phone_number', 'email'])
        self.invalid('Username should be either an email or a phone number.', 'AdminCreateUser',
                     UserPoolId=both, Username='plain')
        self.new_user(both, '+4915112345678')

    def test_a_changed_email_is_the_new_sign_in_name(self):
        pool = self.new_pool(UsernameAttributes=['email'])
        client = self.new_client(pool)
        self.new_user(pool, 'old@b.example')
        self.api.AdminUpdateUserAttributes(
            UserPoolId=pool, Username='old@b.example',
            UserAttributes=attribute_list(email='new@b.example', email_verified='true'))
        self.assertIn('AccessToken', self.tokens(client, 'new@b.example'))
        with self.assert_error('UserNotFoundException', 'User does not exist.'):
            self.tokens(client, 'old@b.example')


class Lists(PoolhouseTest):

    @classmethod
    def prepare(cls):
        cls.pool = cls.new_pool(Schema=[{'Name': 'team', 'AttributeDataType': 'String'}])
        for i in range(7):
            cls.new_user(cls.pool, f'user{i}', email=f'mail{i}@b.example', given_name=f'G{i % 2}',
                         phone_number=f'+1555000{i}', family_name=f'Fam "{i}"')
        cls.api.AdminCreateUser(UserPoolId=cls.pool, Username='forced')
        cls.api.AdminDisableUser(UserPoolId=cls.pool, Username='user6')
        cls.everybody = {f'user{i}' for i in range(7)} | {'forced'}

    def find(self, filter_=None, **members):
        reply = self.api.ListUsers(UserPoolId=self.pool, Filter=filter_, **members)
        return {u['Username'] for u in reply['Users']}

    def test_without_a_filter_everybody_is_listed(self):
        self.assertEqual(self.everybody, self.find())
        self.assertEqual(self.everybody, self.find(''))

    def test_pages_have_no_gaps_and_no_repeats(self):
        seen, token = [], None
        while True:
            page = self.api.ListUsers(UserPoolId=self.pool, Limit=3, PaginationToken=token)
            self.assertLessEqual(len(page['Users']), 3)
            seen += [u['Username'] for u in page['Users']]
            token = page.get('PaginationToken')
            if token is None:
                break
        self.assertEqual(sorted(self.everybody), sorted(seen))

    def test_equality_and_prefix_filters_find_their_users(self):
        sub = attributes(self.api.AdminGetUser(UserPoolId=self.pool, Username='user2'))['sub']
        for text, expected in (
                ('username = "user3"', {'user3'}), ('username ^= "user"', self.everybody - {'forced'}),
                ('email = "mail4@b.example"', {'user4'}), ('email ^= "mail"', self.everybody - {'forced'}),
                ('email="mail4@b.example"', {'user4'}), (f'sub = "{sub}"', {'user2'}),
                ('given_name = "G1"', {'user1', 'user3', 'user5'}),
                ('phone_number ^= "+1555"', self.everybody - {'forced'}),
                ('phone_number = "+15550005"', {'user5'}),
                ('status = "Disabled"', {'user6'}), ('status = "Enabled"', self.everybody - {'user6'}),
                ('cognito:user_status = "FORCE_CHANGE_PASSWORD"', {'forced'}),
                ('cognito:user_status = "CONFIRMED"', self.everybody - {'forced'}),
                (r'family_name = "Fam \"2\""', {'user2'}),
                ('email = "nobody@b.example"', set()), ('username = "user"', set())):
            with self.subTest(text):
                self.assertEqual(expected, self.find(text))

    def test_a_filter_and_pages_go_together(self):
        seen, token = set(), None
        while True:
            page = self.api.ListUsers(UserPoolId=self.pool, Limit=2, Filter='username ^= "user"',
                                      PaginationToken=token)
            seen |= {u['Username'] for u in page['Users']}
            token = page.get('PaginationToken')
            if token is None:
                break
        self.assertEqual(self.everybody - {'forced'}, seen)

    def test_a_token_of_another_filter_is_refused(self):
        token = self.api.ListUsers(UserPoolId=self.pool, Limit=2)['PaginationToken']
        self.invalid('Invalid pagination token.', 'ListUsers', UserPoolId=self.pool, Limit=2,
                     Filter='username ^= "user"', PaginationToken=token)

    def test_a_token_that_is_none_is_refused(self):
        self.invalid('Invalid pagination token.', 'ListUsers', UserPoolId=self.pool,
                     PaginationToken='garbage')

    def test_a_limit_of_zero_is_the_greatest(self):
        self.assertEqual(self.everybody, self.find(Limit=0))

    def test_bad_filters_are_refused(self):
        for text in ('email', 'email =', 'email = x', 'email == "x"', 'email = "x', '= "x"',
                     'email = "x" and name = "y"'):
            with self.subTest(text):
                self.invalid('Error while parsing filter', 'ListUsers', UserPoolId=self.pool,
                             Filter=text)

    def test_attributes_that_cannot_be_searched_are_named(self):
        for name in ('custom:team', 'nosuch', 'address'):
            with self.subTest(name):
                self.invalid(f'Invalid search attribute: {name}', 'ListUsers',
                             UserPoolId=self.pool, Filter=f'{name} = "x"')

    def test_usernames_compare_by_case_and_addresses_do_not(self):
        self.assertEqual(set(), self.find('username = "USER1"'))
        self.assertEqual({'user1'}, self.find('email = "MAIL1@B.EXAMPLE"'))

    def test_attributes_asked_for_must_be_in_the_schema(self):
        self.invalid('One or more requested attributes do not exist.', 'ListUsers',
                     UserPoolId=self.pool, AttributesToGet=['custom:nosuch'])

    def test_only_the_attributes_asked_for_are_returned(self):
        users = self.api.ListUsers(UserPoolId=self.pool, Filter='username = "user1"',
                                   AttributesToGet=['email'])['Users']
        self.assertEqual([{'Name': 'email', 'Value': 'mail1@b.example'}], users[0]['Attributes'])

    def test_a_limit_out_of_range_is_refused(self):
        self.one_validation_error("Value '61' at 'limit' failed to satisfy constraint: Member must "
                                  'have value less than or equal to 60', 'ListUsers',
                                  UserPoolId=self.pool, Limit=61)

    def test_a_listed_user_has_the_members_of_its_type(self):
        user = self.api.ListUsers(UserPoolId=self.pool, Filter='username = "user1"')['Users'][0]
        self.assertEqual({'Username', 'Attributes', 'UserCreateDate', 'UserLastModifiedDate',
                          'Enabled', 'UserStatus'}, set(user))

    def test_the_boto3_paginator_walks_all_pages(self):
        pages = self.boto.get_paginator('list_users').paginate(
            UserPoolId=self.pool, PaginationConfig={'PageSize': 2})
        self.assertEqual(self.everybody, {u['Username'] for page in pages for u in page['Users']})

    def test_quotes_in_a_filter_cannot_reach_the_database(self):
        reply = self.api.send('ListUsers', json.dumps({
            'UserPoolId': self.pool, 'Filter': "email = \"x' OR '1'='1\""}).encode())
        self.assertEqual((200, []), (reply.status, reply.json['Users']))


if __name__ == '__main__':
    unittest.main()
