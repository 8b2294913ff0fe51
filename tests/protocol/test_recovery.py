"""Forgotten passwords: who gets a code, by which way, what it is good for, and every refusal."""
import unittest

from functions import responding, throwing
from poolhouse import (PASSWORD, PoolhouseTest, attribute_list, attributes, secret_hash,
                       wrong_code)
from test_triggers import METADATA, SMS, TriggerTest

NEW = 'N3w-passw0rd!'
MISMATCH = ('CodeMismatchException', 'Invalid verification code provided, please try again.')
EXPIRED = ('ExpiredCodeException', 'Invalid code provided, please request a code again.')
UNKNOWN = ('UserNotFoundException', 'Username/client id combination not found.')
WRONG_STATE = ('NotAuthorizedException', 'User password cannot be reset in the current state.')
UNREACHABLE = ('InvalidParameterException', 'Cannot reset password for the user as there is no '
               'registered/verified email or phone_number')
RESET = ('PasswordResetRequiredException', 'Password reset required for the user')
LIMIT = ('LimitExceededException', 'Attempt limit exceeded, please try after some time.')
POLICY = 'Password does not conform to policy: '
PHONE = '+15550009934'


def mechanisms(*names):
    return {'RecoveryMechanisms': [{'Name': n, 'Priority': i + 1} for i, n in enumerate(names)]}


class RecoveryTest(PoolhouseTest):

    @classmethod
    def prepare(cls):
        cls.pool = cls.new_pool(AutoVerifiedAttributes=['email'])
        cls.client = cls.new_client(cls.pool)
        cls.hiding = cls.new_client(cls.pool, PreventUserExistenceErrors='ENABLED')

    def reachable(self, pool=None, name=None, **values):
        name = name or self.new_name()
        values = values or {'email': f'{name}@example.com', 'email_verified': 'true'}
        return self.new_user(pool or self.pool, name, **values)

    def forgot(self, name, client=None, **members):
        return self.api.ForgotPassword(ClientId=client or self.client, Username=name,
                                       **members)['CodeDeliveryDetails']

    def confirm(self, name, code, password=NEW, client=None, **members):
        return self.api.ConfirmForgotPassword(
            ClientId=client or self.client, Username=name, ConfirmationCode=code,
            Password=password, **members)

    def status(self, name, pool=None):
        return self.api.AdminGetUser(UserPoolId=pool or self.pool, Username=name)['UserStatus']


class Recovery(RecoveryTest):

    def test_a_code_to_the_address_makes_a_new_password(self):
        name = self.reachable()
        self.assertEqual({'AttributeName': 'email', 'DeliveryMedium': 'EMAIL',
                          'Destination': f'{name[0]}***@e***'}, self.forgot(name))
        message = self.server.outbox(name)[0]
        self.assertEqual((f'{name}@example.com', 'Your verification code',
                          f'Your verification code is {message["code"]}. '),
                         (message['destination'], message['subject'], message['body']))
        self.assertEqual({}, self.confirm(name, message['code']))
        self.assertEqual('CONFIRMED', self.status(name))
        self.assertIn('AccessToken', self.tokens(self.client, name, NEW))
        with self.assert_error('NotAuthorizedException', 'Incorrect username or password.'):
            self.sign_in(self.client, name)

    def test_the_old_password_works_until_the_code_is_back(self):
        name = self.reachable()
        self.forgot(name)
        self.assertIn('AccessToken', self.tokens(self.client, name))

    def test_sign_ins_go_on(self):
        name = self.reachable()
        tokens = self.tokens(self.client, name)
        self.forgot(name)
        self.confirm(name, self.server.code(name))
        self.api.GetUser(AccessToken=tokens['AccessToken'])
        self.api.InitiateAuth(ClientId=self.client, AuthFlow='REFRESH_TOKEN_AUTH',
                              AuthParameters={'REFRESH_TOKEN': tokens['RefreshToken']})

    def test_a_code_is_good_once_and_a_wrong_one_never(self):
        name = self.reachable()
        self.forgot(name)
        code = self.server.code(name)
        with self.assert_error(*MISMATCH):
            self.confirm(name, wrong_code(code))
        self.confirm(name, code)
        with self.assert_error(*EXPIRED):
            self.confirm(name, code)

    def test_a_second_code_replaces_the_first(self):
        name = self.reachable()
        self.forgot(name)
        first = self.server.code(name)
        self.forgot(name)
        second = self.server.code(name, count=2)
        if first != second:
            with self.assert_error(*MISMATCH):
                self.confirm(name, first)
        self.confirm(name, second)

    def test_a_code_of_sign_up_resets_nothing(self):
        name = self.new_name()
        self.api.SignUp(ClientId=self.client, Username=name, Password=PASSWORD,
                        UserAttributes=attribute_list(email=f'{name}@example.com'))
        with self.assert_error(*EXPIRED):
            self.confirm(name, self.server.code(name))

    def test_the_code_comes_first_and_a_refused_password_leaves_it(self):
        name = self.reachable()
        self.forgot(name)
        code = self.server.code(name)
        with self.assert_error(*MISMATCH):
            self.confirm(name, wrong_code(code), 'shorter')
        with self.assert_error('InvalidPasswordException', POLICY + 'Password not long enough'):
            self.confirm(name, code, 'Sh0rt!')
        self.confirm(name, code)

    def test_the_history_counts(self):
        pool = self.new_pool(Policies={'PasswordPolicy': {'MinimumLength': 8,
                                                          'PasswordHistorySize': 2}})
        client = self.new_client(pool)
        name = self.reachable(pool)
        self.forgot(name, client)
        with self.assert_error('PasswordHistoryPolicyViolationException',
                               'Password has previously been used'):
            self.confirm(name, self.server.code(name), PASSWORD, client)

    def test_without_a_code_there_is_none(self):
        with self.assert_error(*EXPIRED):
            self.confirm(self.reachable(), '123456')

    def test_a_code_for_an_address_that_has_changed_is_good_for_nothing(self):
        name = self.reachable()
        self.forgot(name)
        code = self.server.code(name)
        self.api.AdminUpdateUserAttributes(UserPoolId=self.pool, Username=name,
                                           UserAttributes=attribute_list(
                                               email='other@example.com', email_verified='true'))
        with self.assert_error(*EXPIRED):
            self.confirm(name, code)

    def test_states_that_cannot_be_reset(self):
        invited = self.new_name()
        self.api.AdminCreateUser(UserPoolId=self.pool, Username=invited, UserAttributes=attribute_list(
            email='a@example.com', email_verified='true'))
        unverified = self.new_user(self.pool, email='b@example.com')
        disabled = self.reachable()
        self.api.AdminDisableUser(UserPoolId=self.pool, Username=disabled)
        unconfirmed = self.new_name()
        self.api.SignUp(ClientId=self.client, Username=unconfirmed, Password=PASSWORD,
                        UserAttributes=attribute_list(email='c@example.com'))
        for name, error in ((invited, WRONG_STATE), (unverified, UNREACHABLE),
                            (unconfirmed, UNREACHABLE), ('nobody', UNKNOWN),
                            (disabled, ('NotAuthorizedException', 'User is disabled.'))):
            with self.subTest(name, error=error):
                self.refused(*error, 'ForgotPassword', ClientId=self.client, Username=name)
                self.assertEqual([], [m for m in self.server.outbox(name)
                                      if m['reason'] == 'ForgotPassword'])
        for name, error in (('nobody', UNKNOWN),
                            (disabled, ('NotAuthorizedException', 'User is disabled.'))):
            with self.subTest(name), self.assert_error(*error):
                self.confirm(name, '123456')

    def test_who_never_confirmed_stays_so(self):
        name = self.new_name()
        self.api.SignUp(ClientId=self.client, Username=name, Password=PASSWORD,
                        UserAttributes=attribute_list(email=f'{name}@example.com'))
        self.api.AdminUpdateUserAttributes(UserPoolId=self.pool, Username=name,
                                           UserAttributes=attribute_list(email_verified='true'))
        self.forgot(name)
        self.confirm(name, self.server.code(name, count=2))
        self.assertEqual('UNCONFIRMED', self.status(name))

    def test_a_client_that_hides_users_pretends(self):
        disabled, unverified = self.reachable(), self.new_user(self.pool, email='b@example.com')
        self.api.AdminDisableUser(UserPoolId=self.pool, Username=disabled)
        for name in ('nobody', 'nobody@example.com', disabled, unverified):
            with self.subTest(name):
                details = self.forgot(name, self.hiding)
                self.assertEqual(('email', 'EMAIL'),
                                 (details['AttributeName'], details['DeliveryMedium']))
                self.assertRegex(details['Destination'], r'^.\*\*\*@.\*\*\*$')
                self.assertEqual(details, self.forgot(name, self.hiding))
                self.assertEqual([], self.server.outbox(name))
        self.assertEqual('n***@e***', self.forgot('nobody@example.com',
                                                  self.hiding)['Destination'])
        for name in ('nobody', disabled):
            with self.assert_error(*MISMATCH):
                self.confirm(name, '123456', client=self.hiding)

    def test_what_is_pretended_fits_the_pool(self):
        pool = self.new_pool(AccountRecoverySetting=mechanisms('verified_phone_number'))
        client = self.new_client(pool, PreventUserExistenceErrors='ENABLED')
        details = self.forgot('nobody', client)
        self.assertEqual(('phone_number', 'SMS'),
                         (details['AttributeName'], details['DeliveryMedium']))
        self.assertRegex(details['Destination'], r'^\+\*{7}\d{4}$')

    def test_the_secret_is_proven(self):
        made = self.api.CreateUserPoolClient(UserPoolId=self.pool, ClientName='secret',
                                             GenerateSecret=True)['UserPoolClient']
        client, name = made['ClientId'], self.reachable()
        proof = secret_hash(name, client, made['ClientSecret'])
        for more, text in (({}, f'Client {client} is configured with secret but SECRET_HASH was '
                            'not received'),
                           ({'SecretHash': 'AAAA'},
                            f'Unable to verify secret hash for client {client}')):
            with self.assert_error('NotAuthorizedException', None):
                self.forgot(name, client, **more)
            with self.assert_error('NotAuthorizedException', None):
                self.confirm(name, '123456', client=client, **more)
        self.forgot(name, client, SecretHash=proof)
        self.confirm(name, self.server.code(name), client=client, SecretHash=proof)

    def test_an_unknown_client(self):
        self.refused('ResourceNotFoundException', 'User pool client unknown does not exist.',
                     'ForgotPassword', ClientId='unknown', Username='x')

    def test_an_ordinary_sdk(self):
        name = self.reachable()
        reply = self.boto.forgot_password(ClientId=self.client, Username=name)
        self.assertEqual('EMAIL', reply['CodeDeliveryDetails']['DeliveryMedium'])
        self.boto.confirm_forgot_password(ClientId=self.client, Username=name, Password=NEW,
                                          ConfirmationCode=self.server.code(name))
        with self.assertRaises(self.boto.exceptions.ExpiredCodeException):
            self.boto.confirm_forgot_password(ClientId=self.client, Username=name, Password=NEW,
                                              ConfirmationCode='123456')


class Ways(RecoveryTest):
    """The pool's mechanisms."""

    def both(self, pool):
        name = self.new_name()
        return self.reachable(pool, name, email=f'{name}@example.com', email_verified='true',
                              phone_number=PHONE, phone_number_verified='true')

    def test_the_first_that_reaches_the_user(self):
        for names, medium in ((('verified_email', 'verified_phone_number'), 'EMAIL'),
                              (('verified_phone_number', 'verified_email'), 'SMS'),
                              (('verified_phone_number',), 'SMS')):
            pool = self.new_pool(AccountRecoverySetting=mechanisms(*names))
            client = self.new_client(pool)
            with self.subTest(names):
                name = self.both(pool)
                self.assertEqual(medium, self.forgot(name, client)['DeliveryMedium'])
        details = self.forgot(name, client)
        self.assertEqual(('phone_number', '+*******9934'),
                         (details['AttributeName'], details['Destination']))
        self.confirm(name, self.server.code(name, count=2), client=client)

    def test_the_second_when_the_first_is_not_verified(self):
        pool = self.new_pool(AccountRecoverySetting=mechanisms('verified_phone_number',
                                                               'verified_email'))
        name = self.reachable(pool, email='a@example.com', email_verified='true',
                              phone_number=PHONE)
        self.assertEqual('EMAIL', self.forgot(name, self.new_client(pool))['DeliveryMedium'])

    def test_not_by_the_second_factor(self):
        pool = self.new_pool(SmsConfiguration=SMS, AccountRecoverySetting=mechanisms(
            'verified_phone_number', 'verified_email'))
        self.api.SetUserPoolMfaConfig(UserPoolId=pool, MfaConfiguration='OPTIONAL',
                                      SmsMfaConfiguration={'SmsConfiguration': SMS})
        client, name = self.new_client(pool), self.both(pool)
        self.assertEqual('SMS', self.forgot(name, client)['DeliveryMedium'])
        self.api.AdminSetUserMFAPreference(UserPoolId=pool, Username=name, SMSMfaSettings={
            'Enabled': True, 'PreferredMfa': True})
        self.assertEqual('EMAIL', self.forgot(name, client)['DeliveryMedium'])

    def test_administrators_only(self):
        pool = self.new_pool(AccountRecoverySetting=mechanisms('admin_only'))
        name, text = self.reachable(pool), 'Contact administrator to reset password.'
        for client in (self.new_client(pool),
                       self.new_client(pool, PreventUserExistenceErrors='ENABLED')):
            self.refused('NotAuthorizedException', text, 'ForgotPassword', ClientId=client,
                         Username=name)
        self.refused('NotAuthorizedException', text, 'ForgotPassword', ClientId=client,
                     Username='nobody')
        self.assertEqual({}, self.api.AdminResetUserPassword(UserPoolId=pool, Username=name))
        self.confirm(name, self.server.code(name), client=client)


class ByAdministrators(RecoveryTest):

    def reset(self, name):
        return self.api.AdminResetUserPassword(UserPoolId=self.pool, Username=name)

    def test_the_old_password_is_worth_nothing_until_a_code_came_back(self):
        name = self.reachable()
        self.assertEqual({}, self.reset(name))
        self.assertEqual('RESET_REQUIRED', self.status(name))
        with self.assert_error(*RESET):
            self.sign_in(self.client, name)
        self.assertEqual({}, self.reset(name))
        self.confirm(name, self.server.code(name, count=2))
        self.assertEqual('CONFIRMED', self.status(name))
        self.assertIn('AccessToken', self.tokens(self.client, name, NEW))

    def test_another_code_can_be_asked_for(self):
        name = self.reachable()
        self.reset(name)
        self.forgot(name)
        self.assertEqual('RESET_REQUIRED', self.status(name))
        self.confirm(name, self.server.code(name, count=2))

    def test_an_administrators_password_ends_it(self):
        name = self.reachable()
        self.reset(name)
        self.api.AdminSetUserPassword(UserPoolId=self.pool, Username=name, Password=NEW,
                                      Permanent=True)
        self.assertEqual('CONFIRMED', self.status(name))

    def test_refusals(self):
        invited, unconfirmed = self.new_name(), self.new_name()
        self.api.AdminCreateUser(UserPoolId=self.pool, Username=invited)
        self.api.SignUp(ClientId=self.client, Username=unconfirmed, Password=PASSWORD)
        disabled = self.reachable()
        self.api.AdminDisableUser(UserPoolId=self.pool, Username=disabled)
        for name, error in ((invited, WRONG_STATE), (unconfirmed, WRONG_STATE),
                            (self.new_user(self.pool, email='b@example.com'), UNREACHABLE),
                            (disabled, ('NotAuthorizedException', 'User is disabled')),
                            ('nobody', ('UserNotFoundException', 'User does not exist.'))):
            with self.subTest(name):
                self.refused(*error, 'AdminResetUserPassword', UserPoolId=self.pool, Username=name)


class Time(RecoveryTest):
    server_options = {'clock': True}

    def test_a_code_is_good_for_an_hour(self):
        name = self.reachable()
        self.forgot(name)
        code = self.server.code(name)
        self.server.advance(3590)
        with self.assert_error(*MISMATCH):
            self.confirm(name, wrong_code(code))
        self.server.advance(20)
        with self.assert_error(*EXPIRED):
            self.confirm(name, code)


class Limits(RecoveryTest):
    server_args = ('--attempt-limits',)

    def test_tries_within_an_hour(self):
        for name, client in ((self.reachable(), self.client), (self.reachable(), self.hiding),
                             ('nobody', self.hiding)):
            with self.subTest(name):
                self.forgot(name, client)
                for _ in range(4):
                    with self.assert_error('CodeMismatchException', None):
                        self.confirm(name, '1234567', client=client)
                for _ in range(15):
                    self.forgot(name, client)
                with self.assert_error(*LIMIT):
                    self.forgot(name, client)
                with self.assert_error(*LIMIT):
                    self.confirm(name, '123456', client=client)


class Functions(TriggerTest):

    def test_events_of_recovering(self):
        pool, client = self.pool_of('CustomMessage', 'PostConfirmation')
        name = self.new_user(pool, email='a@example.com', email_verified='true')
        self.handle('CustomMessage', responding(emailMessage='Use {####}', emailSubject='Lost?'))
        self.functions.take()
        self.api.ForgotPassword(ClientId=client, Username=name, ClientMetadata=METADATA)
        event = self.taken()['CustomMessage_ForgotPassword']
        self.assertEqual((name, METADATA, client), (
            event['userName'], event['request']['clientMetadata'],
            event['callerContext']['clientId']))
        message = self.server.outbox(name)[0]
        self.assertEqual(('Lost?', f'Use {message["code"]}'), (message['subject'], message['body']))
        self.api.ConfirmForgotPassword(ClientId=client, Username=name, Password=NEW,
                                       ConfirmationCode=message['code'], ClientMetadata=METADATA)
        event = self.taken()['PostConfirmation_ConfirmForgotPassword']
        self.assertEqual(METADATA, event['request']['clientMetadata'])
        self.assertEqual('CONFIRMED', event['request']['userAttributes']['cognito:user_status'])

    def test_an_error_afterwards_is_told_and_changes_nothing(self):
        pool, client = self.pool_of('PostConfirmation')
        name = self.new_user(pool, email='a@example.com', email_verified='true')
        self.handle('PostConfirmation', throwing('late'))
        self.api.ForgotPassword(ClientId=client, Username=name)
        self.refused('UserLambdaValidationException', 'PostConfirmation failed with error late.',
                     'ConfirmForgotPassword', ClientId=client, Username=name, Password=NEW,
                     ConfirmationCode=self.server.code(name))
        self.assertIn('AccessToken', self.tokens(client, name, NEW))

    def test_an_administrators_reset_is_told_as_a_forgotten_password(self):
        pool, _ = self.pool_of('CustomMessage')
        name = self.new_user(pool, email='a@example.com', email_verified='true')
        self.functions.take()
        self.api.AdminResetUserPassword(UserPoolId=pool, Username=name, ClientMetadata=METADATA)
        event = self.taken()['CustomMessage_ForgotPassword']
        self.assertEqual((METADATA, 'CLIENT_ID_NOT_APPLICABLE'), (
            event['request']['clientMetadata'], event['callerContext']['clientId']))

    def test_who_forgot_a_password_elsewhere_is_brought_along(self):
        pool, client = self.pool_of('UserMigration')
        self.handle('UserMigration', responding(
            userAttributes={'email': 'mig@example.com', 'email_verified': 'true'},
            messageAction='SUPPRESS'))
        name = self.new_name()
        self.api.ForgotPassword(ClientId=client, Username=name, ClientMetadata=METADATA)
        event = self.taken()['UserMigration_ForgotPassword']
        self.assertEqual(METADATA, event['request']['clientMetadata'])
        user = self.api.AdminGetUser(UserPoolId=pool, Username=name)
        self.assertEqual(('RESET_REQUIRED', 'true'),
                         (user['UserStatus'], attributes(user)['email_verified']))
        self.api.ConfirmForgotPassword(ClientId=client, Username=name, Password=NEW,
                                       ConfirmationCode=self.server.code(name))
        self.assertIn('AccessToken', self.tokens(client, name, NEW))


if __name__ == '__main__':
    unittest.main()
