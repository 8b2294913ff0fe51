"""Self sign-up: codes from the outbox, confirmation, resending, every refusal."""
import json
import unittest

from poolhouse import (PASSWORD, PoolhouseTest, UUID, attribute_list, attributes, secret_hash,
                       wrong_code)

POLICY = 'Password did not conform with policy: '
MISMATCH = 'Invalid verification code provided, please try again.'
EXPIRED = 'Invalid code provided, please request a code again.'
NO_COMBINATION = 'Username/client id combination not found.'


class SignUp(PoolhouseTest):

    @classmethod
    def prepare(cls):
        cls.pool = cls.new_pool(AutoVerifiedAttributes=['email'])
        cls.client = cls.new_client(cls.pool)
        cls.hiding = cls.new_client(cls.pool, PreventUserExistenceErrors='ENABLED')

    def sign_up(self, name=None, client=None, password=PASSWORD, **values):
        name = name or self.new_name()
        values.setdefault('email', f'{name}@example.com')
        return name, self.api.SignUp(ClientId=client or self.client, Username=name,
                                     Password=password, UserAttributes=attribute_list(**values))

    def confirm(self, name, code, **members):
        return self.api.ConfirmSignUp(ClientId=self.client, Username=name, ConfirmationCode=code,
                                      **members)

    def test_sign_up_then_code_then_sign_in(self):
        name, reply = self.sign_up()
        self.assertFalse(reply['UserConfirmed'])
        self.assertRegex(reply['UserSub'], UUID)
        self.assertEqual({'AttributeName': 'email', 'DeliveryMedium': 'EMAIL',
                          'Destination': f'{name[0]}***@e***'}, reply['CodeDeliveryDetails'])
        message = self.server.outbox(name)[0]
        self.assertRegex(message['code'], r'^\d{6}$')
        self.assertEqual((f'{name}@example.com', 'Your verification code',
                          f'Your verification code is {message["code"]}. '),
                         (message['destination'], message['subject'], message['body']))
        with self.assert_error('UserNotConfirmedException', 'User is not confirmed.'):
            self.sign_in(self.client, name)
        self.assertLessEqual(set(self.confirm(name, message['code'])), {'Session'})
        self.assertIn('AccessToken', self.tokens(self.client, name))
        user = self.api.AdminGetUser(UserPoolId=self.pool, Username=name)
        self.assertEqual(('CONFIRMED', 'true', reply['UserSub']), (
            user['UserStatus'], attributes(user)['email_verified'], attributes(user)['sub']))

    def test_a_wrong_code_is_refused_and_the_right_one_still_works(self):
        name, _ = self.sign_up()
        code = self.server.code(name)
        for _ in range(3):
            with self.assert_error('CodeMismatchException', MISMATCH):
                self.confirm(name, wrong_code(code))
        self.confirm(name, code)

    def test_a_code_confirms_once(self):
        name, _ = self.sign_up()
        code = self.server.code(name)
        self.confirm(name, code)
        with self.assert_error('NotAuthorizedException',
                               'User cannot be confirmed. Current status is CONFIRMED'):
            self.confirm(name, code)

    def test_a_code_of_another_user_does_not_confirm(self):
        one, _ = self.sign_up()
        two, _ = self.sign_up()
        if self.server.code(one) == self.server.code(two):
            self.skipTest('both users got the same code')
        with self.assert_error('CodeMismatchException', MISMATCH):
            self.confirm(one, self.server.code(two))

    def test_resending_replaces_the_code(self):
        name, _ = self.sign_up()
        first = self.server.code(name)
        reply = self.api.ResendConfirmationCode(ClientId=self.client, Username=name)
        self.assertEqual({'CodeDeliveryDetails': {
            'AttributeName': 'email', 'DeliveryMedium': 'EMAIL',
            'Destination': f'{name[0]}***@e***'}}, reply)
        second = self.server.code(name, count=2)
        if first != second:
            with self.assert_error('CodeMismatchException', MISMATCH):
                self.confirm(name, first)
        self.confirm(name, second)

    def test_a_confirmed_user_gets_no_further_code(self):
        name, _ = self.sign_up()
        self.confirm(name, self.server.code(name))
        self.invalid('User is already confirmed.', 'ResendConfirmationCode',
                     ClientId=self.client, Username=name)

    def test_a_user_nobody_sent_a_code_to_cannot_be_confirmed(self):
        name = self.new_name()
        self.api.SignUp(ClientId=self.client, Username=name, Password=PASSWORD)
        with self.assert_error('ExpiredCodeException', EXPIRED):
            self.confirm(name, '123456')

    def test_an_administrator_confirms_without_a_code_and_verifies_nothing(self):
        name, _ = self.sign_up()
        self.assertEqual({}, self.api.AdminConfirmSignUp(UserPoolId=self.pool, Username=name))
        user = self.api.AdminGetUser(UserPoolId=self.pool, Username=name)
        self.assertEqual(('CONFIRMED', 'false'),
                         (user['UserStatus'], attributes(user).get('email_verified')))
        self.assertIn('AccessToken', self.tokens(self.client, name))

    def test_unknown_users_are_not_found(self):
        for operation, more in (('ConfirmSignUp', {'ConfirmationCode': '123456'}),
                                ('ResendConfirmationCode', {})):
            with self.subTest(operation):
                self.refused('UserNotFoundException', NO_COMBINATION, operation,
                             ClientId=self.client, Username='nobody', **more)

    def test_a_client_that_hides_users_answers_as_if_they_were_there(self):
        self.refused('ExpiredCodeException', EXPIRED, 'ConfirmSignUp', ClientId=self.hiding,
                     Username='nobody', ConfirmationCode='123456')
        reply = self.api.ResendConfirmationCode(ClientId=self.hiding, Username='nobody')
        again = self.api.ResendConfirmationCode(ClientId=self.hiding, Username='nobody')
        self.assertEqual(reply, again)
        self.assertEqual({'AttributeName', 'DeliveryMedium', 'Destination'},
                         set(reply['CodeDeliveryDetails']))
        self.assertEqual([], self.server.outbox('nobody'))

    def test_a_taken_name_is_refused_also_by_a_client_that_hides_users(self):
        name, _ = self.sign_up()
        for client in (self.client, self.hiding):
            with self.assert_error('UsernameExistsException', 'User already exists'):
                self.sign_up(name, client)

    def test_the_password_policy_reports_the_first_rule_broken(self):
        for password, text in (('aaaaaa', 'Password not long enough'),
                               ('aaaaaaaa', 'Password must have uppercase characters'),
                               ('AAAAAAAA', 'Password must have lowercase characters'),
                               ('Aaaaaaaa', 'Password must have numeric characters'),
                               ('Aaaaaaa1', 'Password must have symbol characters')):
            with self.subTest(password):
                with self.assert_error('InvalidPasswordException', POLICY + text):
                    self.sign_up('refused', password=password)

    def test_every_documented_symbol_counts(self):
        for symbol in '^$*.[]{}()?"!@#%&/\\,><\':;|_~`=+- ':
            with self.subTest(symbol):
                self.sign_up(password=f'Passw{symbol}0rd')

    def test_attributes_obey_the_schema(self):
        with self.assert_error('InvalidParameterException', 'Invalid email address format.'):
            self.sign_up('refused', email='no-at')
        with self.assert_error('InvalidParameterException', 'Attributes did not conform to the '
                               'schema: Type for attribute {custom:none} could not be determined'):
            self.sign_up('refused', custom_none='x')

    def test_verified_flags_cannot_be_set_by_the_user(self):
        with self.assert_error('NotAuthorizedException',
                               'A client attempted to write unauthorized attribute'):
            self.sign_up('refused', email_verified='true')

    def test_an_attribute_the_client_may_not_write_is_refused(self):
        client = self.new_client(self.pool, WriteAttributes=['email'])
        with self.assert_error('NotAuthorizedException',
                               'A client attempted to write unauthorized attribute'):
            self.sign_up('refused', client, nickname='x')

    def test_two_at_once_make_one_user(self):
        import concurrent.futures
        name = self.new_name()
        body = json.dumps({'ClientId': self.client, 'Username': name, 'Password': PASSWORD}).encode()
        with concurrent.futures.ThreadPoolExecutor(8) as threads:
            replies = list(threads.map(lambda _: self.api.send('SignUp', body), range(8)))
        self.assertEqual([200] + [400] * 7, sorted(r.status for r in replies))
        self.assertEqual({'UsernameExistsException'},
                         {r.json['__type'] for r in replies if r.status == 400})


class SignUpRules(PoolhouseTest):

    def test_required_attributes_are_reported_together(self):
        pool = self.new_pool(Schema=[{'Name': 'email', 'Required': True},
                                     {'Name': 'name', 'Required': True},
                                     {'Name': 'given_name', 'Required': True}])
        client = self.new_client(pool)
        with self.assertRaisesRegex(
                Exception, 'InvalidParameterException: Attributes did not conform to the schema: '
                r'(?s:.*)given_name: The attribute is required\n') as refused:
            self.api.SignUp(ClientId=client, Username='u', Password=PASSWORD)
        text = str(refused.exception)
        self.assertIn('email: The attribute is required\n', text)
        self.assertIn('name.formatted: The attribute name.formatted is required\n', text)

    def test_self_sign_up_can_be_off(self):
        client = self.new_client(self.new_pool(
            AdminCreateUserConfig={'AllowAdminCreateUserOnly': True}))
        self.refused('NotAuthorizedException', 'SignUp is not permitted for this user pool',
                     'SignUp', ClientId=client, Username='u', Password=PASSWORD)

    def test_without_auto_verification_no_code_is_sent(self):
        pool = self.new_pool()
        client = self.new_client(pool)
        reply = self.api.SignUp(ClientId=client, Username='unsent', Password=PASSWORD,
                                UserAttributes=attribute_list(email='a@b.example'))
        self.assertNotIn('CodeDeliveryDetails', reply)
        self.assertEqual([], self.server.outbox('unsent'))
        self.refused('NotAuthorizedException', 'Cannot resend codes. Auto verification not turned '
                     'on.', 'ResendConfirmationCode', ClientId=client, Username='unsent')
        self.assertEqual('false', attributes(self.api.AdminGetUser(
            UserPoolId=pool, Username='unsent'))['email_verified'])

    def test_the_phone_gets_the_code_when_both_are_verified(self):
        pool = self.new_pool(
            AutoVerifiedAttributes=['email', 'phone_number'],
            SmsConfiguration={'SnsCallerArn': 'arn:aws:iam::000000000000:role/sms'})
        client = self.new_client(pool)
        reply = self.api.SignUp(
            ClientId=client, Username='u', Password=PASSWORD, UserAttributes=attribute_list(
                email='a@b.example', phone_number='+15550009934'))
        self.assertEqual({'AttributeName': 'phone_number', 'DeliveryMedium': 'SMS',
                          'Destination': '+*******9934'}, reply['CodeDeliveryDetails'])
        self.assertEqual('SMS', self.server.outbox('u')[0]['medium'].upper())
        self.api.ConfirmSignUp(ClientId=client, Username='u', ConfirmationCode=self.server.code('u'))
        got = attributes(self.api.AdminGetUser(UserPoolId=pool, Username='u'))
        self.assertEqual('true', got['phone_number_verified'])
        self.assertNotEqual('true', got.get('email_verified'))

    def test_an_email_pool_signs_up_by_address(self):
        pool = self.new_pool(UsernameAttributes=['email'], AutoVerifiedAttributes=['email'])
        client = self.new_client(pool)
        reply = self.api.SignUp(ClientId=client, Username='tina@test.example', Password=PASSWORD)
        self.assertEqual('t***@t***', reply['CodeDeliveryDetails']['Destination'])
        code = self.server.code(reply['UserSub'])
        self.api.ConfirmSignUp(ClientId=client, Username='tina@test.example', ConfirmationCode=code)
        self.assertIn('AccessToken', self.tokens(client, 'tina@test.example'))
        self.refused('UsernameExistsException', 'An account with the given email already exists.',
                     'SignUp', ClientId=client, Username='tina@test.example', Password=PASSWORD)
        self.invalid('Username should be an email.', 'SignUp', ClientId=client, Username='plain',
                     Password=PASSWORD)

    def test_confirming_a_taken_alias_needs_force(self):
        pool = self.new_pool(AliasAttributes=['email'], AutoVerifiedAttributes=['email'])
        client = self.new_client(pool)
        self.new_user(pool, 'first', email='a@b.example', email_verified='true')
        self.api.SignUp(ClientId=client, Username='second', Password=PASSWORD,
                        UserAttributes=attribute_list(email='a@b.example'))
        given = {'ClientId': client, 'Username': 'second',
                 'ConfirmationCode': self.server.code('second')}
        self.refused('AliasExistsException', 'An account with the email already exists.',
                     'ConfirmSignUp', **given)
        self.api.ConfirmSignUp(**given, ForceAliasCreation=True)
        self.assertEqual('second', self.api.AdminGetUser(
            UserPoolId=pool, Username='a@b.example')['Username'])

    def test_a_preferred_username_waits_for_the_confirmation(self):
        client = self.new_client(self.new_pool(AliasAttributes=['preferred_username']))
        self.invalid('User is unconfirmed. preferred_username cannot be set.', 'SignUp',
                     ClientId=client, Username='u', Password=PASSWORD,
                     UserAttributes=attribute_list(preferred_username='p'))

    def test_a_client_with_a_secret_wants_its_hash(self):
        pool = self.new_pool(AutoVerifiedAttributes=['email'])
        client = self.api.CreateUserPoolClient(UserPoolId=pool, ClientName='c', GenerateSecret=True)[
            'UserPoolClient']
        id_, secret = client['ClientId'], client['ClientSecret']
        given = {'ClientId': id_, 'Username': 'u', 'Password': PASSWORD,
                 'UserAttributes': attribute_list(email='a@b.example')}
        self.refused('NotAuthorizedException',
                     f'Client {id_} is configured for secret but secret was not received',
                     'SignUp', **given)
        self.refused('NotAuthorizedException', f'Unable to verify secret hash for client {id_}',
                     'SignUp', **given, SecretHash=secret_hash('x', id_, secret))
        right = secret_hash('u', id_, secret)
        self.api.SignUp(**given, SecretHash=right)
        self.refused('NotAuthorizedException',
                     f'Client {id_} is configured for secret but secret was not received',
                     'ConfirmSignUp', ClientId=id_, Username='u', ConfirmationCode='123456')
        self.api.ConfirmSignUp(ClientId=id_, Username='u', SecretHash=right,
                               ConfirmationCode=self.server.code('u'))

    def test_an_unknown_client_is_named(self):
        for operation, more in (('SignUp', {'Password': PASSWORD}), ('ResendConfirmationCode', {}),
                                ('ConfirmSignUp', {'ConfirmationCode': '123456'})):
            with self.subTest(operation):
                self.refused('ResourceNotFoundException',
                             'User pool client nosuchclient does not exist.', operation,
                             ClientId='nosuchclient', Username='u', **more)

    def test_a_template_of_the_pool_is_used(self):
        pool = self.new_pool(AutoVerifiedAttributes=['email'], VerificationMessageTemplate={
            'EmailMessage': 'Hello, {####} it is', 'EmailSubject': 'Welcome'})
        client = self.new_client(pool)
        self.api.SignUp(ClientId=client, Username='templated', Password=PASSWORD,
                        UserAttributes=attribute_list(email='a@b.example'))
        message = self.server.outbox('templated')[0]
        self.assertEqual((f'Hello, {message["code"]} it is', 'Welcome'),
                         (message['body'], message['subject']))


class CodeLife(PoolhouseTest):
    server_options = {'clock': True}

    def test_a_code_lives_for_a_day(self):
        pool = self.new_pool(AutoVerifiedAttributes=['email'])
        client = self.new_client(pool)
        for name in ('early', 'late'):
            self.api.SignUp(ClientId=client, Username=name, Password=PASSWORD,
                            UserAttributes=attribute_list(email='a@b.example'))
        self.server.advance(23 * 3600 + 3500)
        self.api.ConfirmSignUp(ClientId=client, Username='early',
                               ConfirmationCode=self.server.code('early'))
        self.server.advance(200)
        self.refused('ExpiredCodeException', EXPIRED, 'ConfirmSignUp', ClientId=client,
                     Username='late', ConfirmationCode=self.server.code('late'))


class FixedCode(PoolhouseTest):
    server_args = ('--fixed-code', '424242')

    def test_every_code_is_the_fixed_one(self):
        client = self.new_client(self.new_pool(AutoVerifiedAttributes=['email']))
        self.api.SignUp(ClientId=client, Username='u', Password=PASSWORD,
                        UserAttributes=attribute_list(email='a@b.example'))
        self.assertEqual('424242', self.server.code('u'))
        self.api.ConfirmSignUp(ClientId=client, Username='u', ConfirmationCode='424242')


class Outbox(PoolhouseTest):

    def test_the_newest_message_comes_first_and_a_reader_can_wait_for_the_next(self):
        import threading
        client = self.new_client(self.new_pool(AutoVerifiedAttributes=['email']))

        def sign_up(name):
            self.api.SignUp(ClientId=client, Username=name, Password=PASSWORD,
                            UserAttributes=attribute_list(email='a@b.example'))
        sign_up('one')
        sign_up('two')
        self.assertEqual(['two', 'one'], [m['username'] for m in self.server.outbox()])
        newest = self.server.outbox()[0]['id']
        self.assertEqual([], self.server.outbox(after=newest))
        later = threading.Timer(0.3, sign_up, ('three',))
        later.start()
        got = self.server.outbox(after=newest, wait=10)
        later.join()
        self.assertEqual(['three'], [m['username'] for m in got])

    def test_a_person_gets_a_page(self):
        reply = self.server.get('/_poolhouse/outbox', headers={'Accept': 'text/html'})
        self.assertEqual(200, reply.status)
        self.assertIn('text/html', reply.headers['content-type'])


if __name__ == '__main__':
    unittest.main()
