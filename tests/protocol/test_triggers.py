"""Each trigger: when it runs, the event it gets member by member, and what its reply does."""
import base64
import threading
import time

from functions import FunctionTest, Thrown, arn, responding, same, throwing
from poolhouse import (ALL_FLOWS, PASSWORD, attribute_list, attributes, claims)

UNUSABLE = ('InvalidLambdaResponseException', 'Unrecognizable lambda output')
WRONG = ('NotAuthorizedException', 'Incorrect username or password.')
KEYS = ('PreSignUp', 'PostConfirmation', 'PreAuthentication', 'PostAuthentication',
        'CustomMessage', 'UserMigration', 'PreTokenGeneration')
METADATA = {'from': 'test'}
SMS = {'SnsCallerArn': 'arn:aws:iam::000000000000:role/sms', 'ExternalId': 'x'}


class TriggerTest(FunctionTest):

    @classmethod
    def pool_of(cls, *keys, config=None, **members):
        """A pool whose triggers are `http-KEY`, which give the event back until told otherwise."""
        for key in KEYS:
            cls.functions.handlers[f'http-{key}'] = same
        lambdas = {key: arn(f'http-{key}') for key in keys} | (config or {})
        pool = cls.new_pool(LambdaConfig=lambdas, **members)
        return pool, cls.new_client(pool, ExplicitAuthFlows=ALL_FLOWS + ['ALLOW_CUSTOM_AUTH'])

    def handle(self, key, handler):
        self.functions.handlers[f'http-{key}'] = handler

    def setUp(self):
        self.functions.take()

    def taken(self):
        """The events by their source; no source twice."""
        events = self.functions.take()
        found = {event['triggerSource']: event for event in events}
        self.assertEqual(len(events), len(found), [e['triggerSource'] for e in events])
        return found

    def event(self, source, pool, name, request, response, client=None, version='1'):
        return {'version': version, 'triggerSource': source, 'region': 'eu-west-1',
                'userPoolId': pool, 'userName': name,
                'callerContext': {'awsSdkVersion': 'aws-sdk-unknown-unknown',
                                  'clientId': client or 'CLIENT_ID_NOT_APPLICABLE'},
                'request': request, 'response': response}


class SignUp(TriggerTest):

    def sign_up(self, client, name, **members):
        return self.api.SignUp(ClientId=client, Username=name, Password=PASSWORD, **{
            'UserAttributes': attribute_list(email=f'{name}@example.com'), **members})

    def test_events_of_signing_up(self):
        pool, client = self.pool_of('PreSignUp', 'CustomMessage', 'PostConfirmation',
                                    AutoVerifiedAttributes=['email'])
        name = self.new_name()
        reply = self.sign_up(client, name, ClientMetadata=METADATA,
                             ValidationData=[{'Name': 'key', 'Value': 'value'}])
        events = self.taken()
        self.assertEqual(self.event('PreSignUp_SignUp', pool, name, {
            'userAttributes': {'email': f'{name}@example.com'},
            'validationData': {'key': 'value'}, 'clientMetadata': METADATA},
            {'autoConfirmUser': False, 'autoVerifyEmail': False, 'autoVerifyPhone': False},
            client), events.pop('PreSignUp_SignUp'))
        message = events.pop('CustomMessage_SignUp')
        self.assertEqual({'sub': reply['UserSub'], 'cognito:user_status': 'UNCONFIRMED',
                          'email': f'{name}@example.com'},
                         {k: v for k, v in message['request'].pop('userAttributes').items()
                          if k != 'email_verified'})
        self.assertEqual(self.event('CustomMessage_SignUp', pool, name, {
            'codeParameter': '{####}', 'linkParameter': '{##Click Here##}',
            'usernameParameter': None, 'clientMetadata': METADATA},
            {'smsMessage': None, 'emailMessage': None, 'emailSubject': None}, client), message)
        self.assertEqual({}, events)
        self.api.ConfirmSignUp(ClientId=client, Username=name, ClientMetadata={'other': 'one'},
                               ConfirmationCode=self.server.code(name))
        self.assertEqual(self.event('PostConfirmation_ConfirmSignUp', pool, name, {
            'userAttributes': {'sub': reply['UserSub'], 'cognito:user_status': 'CONFIRMED',
                               'email': f'{name}@example.com', 'email_verified': 'true'},
            'clientMetadata': {'other': 'one'}}, {}, client),
            self.taken()['PostConfirmation_ConfirmSignUp'])

    def test_without_validation_data_it_is_null_and_without_metadata_nothing(self):
        _, client = self.pool_of('PreSignUp')
        self.sign_up(client, self.new_name())
        request = self.taken()['PreSignUp_SignUp']['request']
        self.assertEqual({'userAttributes', 'validationData'}, set(request))
        self.assertIsNone(request['validationData'])

    def test_the_sdk_of_the_caller_is_named(self):
        _, client = self.pool_of('PreSignUp')
        self.api.call('SignUp', {'ClientId': client, 'Username': self.new_name(),
                                 'Password': PASSWORD},
                      headers={'User-Agent': 'aws-sdk-nodejs/2.856.0 linux/v14 promise'})
        event = self.taken()['PreSignUp_SignUp']
        self.assertEqual('aws-sdk-nodejs-2.856.0', event['callerContext']['awsSdkVersion'])

    def test_auto_confirmed_and_verified(self):
        pool, client = self.pool_of('PreSignUp', 'PostConfirmation', AutoVerifiedAttributes=['email'])
        self.handle('PreSignUp', responding(autoConfirmUser=True, autoVerifyEmail=True))
        name = self.new_name()
        reply = self.sign_up(client, name, ClientMetadata=METADATA)
        self.assertTrue(reply['UserConfirmed'])
        self.assertNotIn('CodeDeliveryDetails', reply)
        self.assertEqual([], self.server.outbox(name))
        self.assertEqual({'PreSignUp_SignUp', 'PostConfirmation_ConfirmSignUp'}, set(self.taken()))
        user = self.api.AdminGetUser(UserPoolId=pool, Username=name)
        self.assertEqual(('CONFIRMED', 'true'),
                         (user['UserStatus'], attributes(user)['email_verified']))

    def test_verifying_what_is_not_there_fails(self):
        _, client = self.pool_of('PreSignUp')
        self.handle('PreSignUp', responding(autoVerifyPhone=True))
        with self.assert_error('InvalidParameterException', None):
            self.sign_up(client, self.new_name())

    def test_an_error_stops_the_sign_up(self):
        pool, client = self.pool_of('PreSignUp')
        self.handle('PreSignUp', throwing('Not from here.'))
        name = self.new_name()
        with self.assert_error('UserLambdaValidationException',
                               'PreSignUp failed with error Not from here..'):
            self.sign_up(client, name)
        self.refused('UserNotFoundException', 'User does not exist.', 'AdminGetUser',
                     UserPoolId=pool, Username=name)

    def test_an_error_after_confirmation_is_told_and_changes_nothing(self):
        pool, client = self.pool_of('PreSignUp', 'PostConfirmation')
        self.handle('PreSignUp', responding(autoConfirmUser=True))
        self.handle('PostConfirmation', throwing('too late'))
        name = self.new_name()
        with self.assert_error('UserLambdaValidationException',
                               'PostConfirmation failed with error too late.'):
            self.sign_up(client, name)
        user = self.api.AdminGetUser(UserPoolId=pool, Username=name)
        self.assertEqual('CONFIRMED', user['UserStatus'])

    def test_admin_create_user(self):
        pool, _ = self.pool_of('PreSignUp', 'CustomMessage')
        self.handle('PreSignUp', responding(autoConfirmUser=True))  # without effect here
        self.handle('CustomMessage', responding(
            emailSubject='Welcome', emailMessage='You are {username}, say {####}'))
        name = self.new_name()
        reply = self.api.AdminCreateUser(
            UserPoolId=pool, Username=name, ClientMetadata=METADATA, TemporaryPassword='Temp0rary!',
            ValidationData=[{'Name': 'a', 'Value': 'b'}], DesiredDeliveryMediums=['EMAIL'],
            UserAttributes=attribute_list(email='a@example.com'))
        self.assertEqual('FORCE_CHANGE_PASSWORD', reply['User']['UserStatus'])
        events = self.taken()
        pre, message = events['PreSignUp_AdminCreateUser'], events['CustomMessage_AdminCreateUser']
        self.assertEqual({'userAttributes': {'email': 'a@example.com'}, 'clientMetadata': METADATA,
                          'validationData': {'a': 'b'}}, pre['request'])
        self.assertEqual('CLIENT_ID_NOT_APPLICABLE', pre['callerContext']['clientId'])
        self.assertEqual('{username}', message['request']['usernameParameter'])
        self.assertEqual(METADATA, message['request']['clientMetadata'])
        sent = self.server.outbox(name)[0]
        self.assertEqual(('Welcome', f'You are {name}, say Temp0rary!'),
                         (sent['subject'], sent['body']))


class CustomMessage(TriggerTest):

    def resend(self, client, name):
        self.api.ResendConfirmationCode(ClientId=client, Username=name, ClientMetadata=METADATA)

    def sign_up(self, client, **values):
        name = self.new_name()
        self.api.SignUp(ClientId=client, Username=name, Password=PASSWORD,
                        UserAttributes=attribute_list(**values))
        return name

    def test_texts_take_the_place_of_the_templates(self):
        _, client = self.pool_of('CustomMessage', SmsConfiguration=SMS,
                                 AutoVerifiedAttributes=['email', 'phone_number'])
        self.handle('CustomMessage', responding(
            emailSubject='Hello', emailMessage='Your code: {####}!', smsMessage='SMS {####}'))
        name = self.sign_up(client, email='a@example.com')
        sent = self.server.outbox(name)[0]
        self.assertEqual(('Hello', f'Your code: {sent["code"]}!'), (sent['subject'], sent['body']))
        name = self.sign_up(client, phone_number='+4915112345678')
        sent = self.server.outbox(name)[0]
        self.assertEqual(f'SMS {sent["code"]}', sent['body'])

    def test_sources_and_metadata(self):
        pool, client = self.pool_of('CustomMessage', AutoVerifiedAttributes=['email'])
        name = self.sign_up(client, email='a@example.com')
        self.taken()
        self.resend(client, name)
        event = self.taken()['CustomMessage_ResendCode']
        self.assertEqual(METADATA, event['request']['clientMetadata'])
        self.api.AdminConfirmSignUp(UserPoolId=pool, Username=name)
        token = self.tokens(client, name)['AccessToken']
        self.api.UpdateUserAttributes(AccessToken=token, ClientMetadata=METADATA,
                                      UserAttributes=attribute_list(email='b@example.com'))
        self.api.GetUserAttributeVerificationCode(AccessToken=token, AttributeName='email',
                                                  ClientMetadata=METADATA)
        events = self.taken()
        self.assertEqual({'CustomMessage_UpdateUserAttribute', 'CustomMessage_VerifyUserAttribute'},
                         set(events))
        for event in events.values():
            self.assertEqual(METADATA, event['request']['clientMetadata'])

    def test_metadata_of_administrators(self):
        pool, client = self.pool_of('CustomMessage', 'PostConfirmation', AutoVerifiedAttributes=['email'])
        name = self.sign_up(client, email='a@example.com')
        self.taken()
        self.api.AdminConfirmSignUp(UserPoolId=pool, Username=name, ClientMetadata=METADATA)
        self.api.AdminUpdateUserAttributes(UserPoolId=pool, Username=name, ClientMetadata=METADATA,
                                           UserAttributes=attribute_list(email='b@example.com'))
        events = self.taken()
        self.assertEqual(['PostConfirmation_ConfirmSignUp', 'CustomMessage_UpdateUserAttribute'], list(events))
        for event in events.values():
            self.assertEqual((METADATA, 'CLIENT_ID_NOT_APPLICABLE'), (
                event['request']['clientMetadata'], event['callerContext']['clientId']))

    def test_messages_that_are_of_no_use_are_refused(self):
        _, client = self.pool_of('CustomMessage', SmsConfiguration=SMS,
                                 AutoVerifiedAttributes=['email', 'phone_number'])
        phone, email = {'phone_number': '+4915112345678'}, {'email': 'a@example.com'}
        for attribute, response in (
                (email, {'emailMessage': 'no code'}), (phone, {'smsMessage': 'no code'}),
                (email, {'emailMessage': '{####}' + 'x' * 19995}),
                (phone, {'smsMessage': '{####}' + 'x' * 135}), (email, {'emailMessage': 1})):
            with self.subTest(response), self.assert_error(*UNUSABLE):
                self.handle('CustomMessage', responding(**response))
                self.sign_up(client, **attribute)
        with self.assert_error(*UNUSABLE):  # the pool sends no links: it would stay as it is
            self.handle('CustomMessage', responding(emailMessage='Press {##Click Here##}'))
            self.sign_up(client, **email)
        for attribute, response in ((email, {'emailMessage': '{####}' + 'ä' * 19994}),
                                    (phone, {'smsMessage': '{####}' + 'ä' * 134})):
            self.handle('CustomMessage', responding(**response))
            self.sign_up(client, **attribute)

    def test_a_pool_that_sends_links_takes_the_link_the_code_or_both(self):
        pool, client = self.pool_of('CustomMessage', AutoVerifiedAttributes=['email'],
                                    VerificationMessageTemplate={'DefaultEmailOption': 'CONFIRM_WITH_LINK'})
        self.api.CreateUserPoolDomain(UserPoolId=pool, Domain=self.new_name('links'))
        for text, wanted in (('Press {##Click Here##}', r'Press <a href="[^"]+">Click Here</a>'),
                             ('Say {####}', r'Say \d{6}'),
                             ('{username}: {####} {##or##}', r'\w+: \d{6} <a href="[^"]+">or</a>')):
            with self.subTest(text):
                self.handle('CustomMessage', responding(emailMessage=text))
                name = self.sign_up(client, email='a@example.com')
                self.assertRegex(self.server.outbox(name)[0]['body'], f'^{wanted}$')
        self.handle('CustomMessage', responding(emailMessage='neither'))
        with self.assert_error(*UNUSABLE):
            self.sign_up(client, email='a@example.com')


class Senders(TriggerTest):
    KMS = 'arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-0000-0000-000000000000'

    def pool_with_senders(self, **members):
        return self.pool_of('CustomMessage', config={
            'KMSKeyID': self.KMS,
            'CustomEmailSender': {'LambdaArn': arn('http-email'), 'LambdaVersion': 'V1_0'},
            'CustomSMSSender': {'LambdaArn': arn('http-sms'), 'LambdaVersion': 'V1_0'}}, **members)

    def wait(self, count=1):
        self.until(lambda: len(self.functions.events) >= count)
        return self.taken()

    def test_codes_leave_through_the_senders(self):
        pool, client = self.pool_with_senders(SmsConfiguration=SMS,
                                 AutoVerifiedAttributes=['email', 'phone_number'])
        self.functions.handlers['http-email'] = self.functions.handlers['http-sms'] = same
        for kind, values in (('Email', {'email': 'a@example.com'}),
                             ('SMS', {'phone_number': '+4915112345678'})):
            name = self.new_name()
            self.api.SignUp(ClientId=client, Username=name, Password=PASSWORD,
                            ClientMetadata=METADATA, UserAttributes=attribute_list(**values))
            event = self.wait()[f'Custom{kind}Sender_SignUp']
            request = event['request']
            self.assertEqual({'type', 'code', 'clientMetadata', 'userAttributes'}, set(request))
            self.assertEqual((f'custom{kind}SenderRequestV1', METADATA, {}),
                             (request['type'], request['clientMetadata'], event['response']))
            code = base64.b64decode(request['code']).decode()
            self.api.ConfirmSignUp(ClientId=client, Username=name, ConfirmationCode=code)
            self.assertEqual([], self.server.outbox(name))

    def test_what_becomes_of_it_is_nobodys_concern_and_nobody_waits(self):
        _, client = self.pool_with_senders(AutoVerifiedAttributes=['email'])
        signed_up = threading.Event()
        seen = []

        def hangs(event):  # who waited for it would wait until it gives up
            seen.append(signed_up.wait(4))
            return 'no event'
        self.functions.handlers['http-email'] = hangs
        self.api.SignUp(ClientId=client, Username=self.new_name(), Password=PASSWORD,
                        UserAttributes=attribute_list(email='a@example.com'))
        signed_up.set()
        self.wait()
        self.until(lambda: seen)
        self.assertEqual([True], seen)

    def test_nothing_is_sent_for_what_does_not_happen(self):
        _, client = self.pool_with_senders(AutoVerifiedAttributes=['email'])
        self.functions.handlers['http-email'] = same
        name = self.new_name()
        for _ in range(2):
            try:
                self.api.SignUp(ClientId=client, Username=name, Password=PASSWORD,
                                UserAttributes=attribute_list(email='a@example.com'))
            except Exception:
                pass
        after = self.new_name()  # calls leave in the order of their making
        self.api.SignUp(ClientId=client, Username=after, Password=PASSWORD,
                        UserAttributes=attribute_list(email='a@example.com'))
        self.until(lambda: after in [e['userName'] for e in self.functions.events])
        self.assertEqual(sorted([name, after]), sorted(e['userName'] for e in self.functions.take()))

    def test_passwords_are_escaped(self):
        pool, _ = self.pool_with_senders()
        self.functions.handlers['http-email'] = same
        self.api.AdminCreateUser(UserPoolId=pool, Username=self.new_name(),
                                 TemporaryPassword='<Passw0rd&>', DesiredDeliveryMediums=['EMAIL'],
                                 UserAttributes=attribute_list(email='a@example.com'))
        event = self.wait()['CustomEmailSender_AdminCreateUser']
        self.assertEqual('&lt;Passw0rd&amp;&gt;',
                         base64.b64decode(event['request']['code']).decode())
        self.assertIsNone(event['request']['clientMetadata'])


class SignInCodes(TriggerTest):
    """Messages with the codes of a sign-in: the source, and whose metadata comes along."""

    @classmethod
    def prepare(cls):
        cls.kms = 'arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-0000-0000-000000000000'

    def pool_with(self, config=None, *keys):
        pool, client = self.pool_of(*keys, config=config, SmsConfiguration=SMS, Policies={
            'SignInPolicy': {'AllowedFirstAuthFactors': ['PASSWORD', 'EMAIL_OTP', 'SMS_OTP']}})
        self.api.SetUserPoolMfaConfig(
            UserPoolId=pool, MfaConfiguration='OPTIONAL', EmailMfaConfiguration={},
            SmsMfaConfiguration={'SmsConfiguration': SMS, 'SmsAuthenticationMessage': 'Plain {####}'})
        client = self.new_client(pool, ExplicitAuthFlows=ALL_FLOWS + ['ALLOW_USER_AUTH'])
        name = self.new_user(pool, email='a@example.com', email_verified='true',
                             phone_number='+4915112345678', phone_number_verified='true')
        return client, pool, name

    def by(self, client, name, challenge, **members):
        """Chosen in the second call: what comes along there is for the message."""
        asked = self.api.InitiateAuth(ClientId=client, AuthFlow='USER_AUTH', ClientMetadata={'first': 'call'},
                                      AuthParameters={'USERNAME': name})
        self.functions.take()
        return self.api.RespondToAuthChallenge(
            ClientId=client, ChallengeName='SELECT_CHALLENGE', Session=asked['Session'], **members,
            ChallengeResponses={'USERNAME': name, 'ANSWER': challenge})

    def test_texts_of_the_function_and_the_metadata_of_the_call_that_sends(self):
        client, pool, name = self.pool_with(None, 'CustomMessage')
        self.handle('CustomMessage', responding(
            emailSubject='Hello', emailMessage='Mail {####}', smsMessage='Text {####}'))
        for challenge, text in (('EMAIL_OTP', 'Mail'), ('SMS_OTP', 'Text')):
            asked = self.by(client, name, challenge, ClientMetadata=METADATA)
            event = self.taken()['CustomMessage_Authentication']
            self.assertEqual({'userAttributes', 'codeParameter', 'linkParameter', 'usernameParameter',
                              'clientMetadata'}, set(event['request']))
            self.assertEqual((METADATA, name, client), (
                event['request']['clientMetadata'], event['userName'], event['callerContext']['clientId']))
            sent = self.server.outbox(name)[0]
            self.assertEqual(f'{text} {sent["code"]}', sent['body'])
            self.assertEqual(challenge, asked['ChallengeName'])
        # What InitiateAuth brings is for the triggers before the proof.
        self.api.InitiateAuth(ClientId=client, AuthFlow='USER_AUTH', ClientMetadata=METADATA, AuthParameters={
            'USERNAME': name, 'PREFERRED_CHALLENGE': 'EMAIL_OTP'})
        self.assertNotIn('clientMetadata', self.taken()['CustomMessage_Authentication']['request'])

    def test_codes_of_a_second_factor(self):
        client, pool, name = self.pool_with(None, 'CustomMessage')
        for factor, setting in (('SMS_MFA', 'SMSMfaSettings'), ('EMAIL_OTP', 'EmailMfaSettings')):
            self.api.AdminSetUserMFAPreference(UserPoolId=pool, Username=name,
                                               **{setting: {'Enabled': True, 'PreferredMfa': True}})
            asked = self.sign_in(client, name)
            self.assertEqual(factor, asked['ChallengeName'])
            self.assertEqual(['CustomMessage_Authentication'], list(self.taken()))
        self.assertTrue(self.server.outbox(name)[1]['body'].startswith('Plain '))  # the SMS before

    def test_by_senders(self):
        self.functions.handlers['http-sender'] = same
        sender = {'LambdaArn': arn('http-sender'), 'LambdaVersion': 'V1_0'}
        client, pool, name = self.pool_with(
            {'KMSKeyID': self.kms, 'CustomEmailSender': sender, 'CustomSMSSender': sender}, 'CustomMessage')
        for challenge, kind, key in (('EMAIL_OTP', 'Email', 'EMAIL_OTP_CODE'), ('SMS_OTP', 'SMS', 'SMS_OTP_CODE')):
            asked = self.by(client, name, challenge, ClientMetadata=METADATA)
            self.until(lambda: self.functions.events)
            event = self.taken()[f'Custom{kind}Sender_Authentication']  # and no CustomMessage
            self.assertEqual(METADATA, event['request']['clientMetadata'])
            code = base64.b64decode(event['request']['code']).decode()
            self.assertRegex(code, '^[0-9]{8}$')
            self.assertIn('AuthenticationResult', self.api.RespondToAuthChallenge(
                ClientId=client, ChallengeName=challenge, Session=asked['Session'],
                ChallengeResponses={'USERNAME': name, key: code}))


class SignIn(TriggerTest):

    def initiate(self, client, name, password=PASSWORD, **members):
        return self.api.InitiateAuth(ClientId=client, AuthFlow='USER_PASSWORD_AUTH', **members,
                                     AuthParameters={'USERNAME': name, 'PASSWORD': password})

    def test_events_and_metadata_of_a_sign_in_by_one_call(self):
        pool, client = self.pool_of('PreAuthentication', 'PostAuthentication', 'PreTokenGeneration')
        name = self.new_user(pool, email='a@example.com')
        sub = attributes(self.api.AdminGetUser(UserPoolId=pool, Username=name))['sub']
        self.initiate(client, name, ClientMetadata=METADATA)
        have = {'sub': sub, 'cognito:user_status': 'CONFIRMED', 'email': 'a@example.com'}
        events = self.functions.take()
        for event in events:
            event['request']['userAttributes'].pop('email_verified', None)
        self.assertEqual([
            self.event('PreAuthentication_Authentication', pool, name, {
                'userAttributes': have, 'validationData': METADATA, 'clientMetadata': METADATA,
                'userNotFound': False}, {}, client),
            self.event('PostAuthentication_Authentication', pool, name, {
                'userAttributes': have, 'newDeviceUsed': False}, {}, client),
            self.event('TokenGeneration_Authentication', pool, name, {
                'userAttributes': have, 'groupConfiguration': {
                    'groupsToOverride': [], 'iamRolesToOverride': [], 'preferredRole': None}},
                {'claimsOverrideDetails': None}, client)], events)

    def test_metadata_of_an_answer_goes_to_the_triggers_after_it(self):
        pool, client = self.pool_of('PreAuthentication', 'PostAuthentication', 'PreTokenGeneration')
        name = self.new_name()
        self.api.AdminCreateUser(UserPoolId=pool, Username=name, MessageAction='SUPPRESS',
                                 TemporaryPassword='Temp0rary!')
        reply = self.initiate(client, name, 'Temp0rary!')
        self.assertEqual(['PreAuthentication_Authentication'],
                         [e['triggerSource'] for e in self.functions.take()])
        self.api.RespondToAuthChallenge(
            ClientId=client, ChallengeName='NEW_PASSWORD_REQUIRED', Session=reply['Session'],
            ClientMetadata=METADATA,
            ChallengeResponses={'USERNAME': name, 'NEW_PASSWORD': PASSWORD})
        events = self.taken()
        self.assertEqual(['PostAuthentication_Authentication',
                          'TokenGeneration_NewPasswordChallenge'], list(events))
        for event in events.values():
            self.assertEqual(METADATA, event['request']['clientMetadata'])

    def test_before_the_password_is_looked_at(self):
        pool, client = self.pool_of('PreAuthentication', 'PostAuthentication')
        name = self.new_user(pool)
        with self.assert_error(*WRONG):
            self.initiate(client, name, 'Wrong1234!')
        self.assertEqual(['PreAuthentication_Authentication'], list(self.taken()))
        self.handle('PreAuthentication', throwing('stay out'))
        for password in ('Wrong1234!', PASSWORD):
            with self.assert_error('UserLambdaValidationException',
                                   'PreAuthentication failed with error stay out.'):
                self.initiate(client, name, password)

    def test_who_does_not_exist(self):
        pool, client = self.pool_of('PreAuthentication')
        hiding = self.new_client(pool, PreventUserExistenceErrors='ENABLED')
        with self.assert_error('UserNotFoundException', 'User does not exist.'):
            self.initiate(client, 'nobody')
        self.assertEqual({}, self.taken())
        with self.assert_error(*WRONG):
            self.initiate(hiding, 'nobody')
        event = self.taken()['PreAuthentication_Authentication']
        self.assertEqual(({'userAttributes': {}, 'userNotFound': True}, 'nobody'),
                         (event['request'], event['userName']))

    def test_who_is_sent_no_code_is_no_stranger_to_the_function(self):
        """Where users are hidden a disabled one is asked for a code like nobody; the function
        hears who it is."""
        pool, _ = self.pool_of('PreAuthentication', Policies={
            'SignInPolicy': {'AllowedFirstAuthFactors': ['PASSWORD', 'EMAIL_OTP']}})
        hiding = self.new_client(pool, ExplicitAuthFlows=['ALLOW_USER_AUTH'],
                                 PreventUserExistenceErrors='ENABLED')
        name = self.new_user(pool, email='a@example.com', email_verified='true')
        self.api.AdminDisableUser(UserPoolId=pool, Username=name)
        for typed, unknown in ((name, False), ('nobody', True)):
            self.functions.take()
            self.api.InitiateAuth(ClientId=hiding, AuthFlow='USER_AUTH', AuthParameters={
                'USERNAME': typed, 'PREFERRED_CHALLENGE': 'EMAIL_OTP'})
            event = self.taken()['PreAuthentication_Authentication']
            self.assertEqual((typed, unknown), (event['userName'], event['request']['userNotFound']))
            self.assertEqual(not unknown, 'sub' in event['request']['userAttributes'])

    def test_no_tokens_when_a_later_trigger_throws(self):
        pool, client = self.pool_of('PostAuthentication', 'PreTokenGeneration')
        name = self.new_user(pool)
        for key in ('PreTokenGeneration', 'PostAuthentication'):
            self.handle(key, throwing('no'))
            with self.assert_error('UserLambdaValidationException', f'{key} failed with error no.'):
                self.initiate(client, name)

    def test_the_time_of_the_sign_in_stays_however_long_a_function_takes(self):
        pool, client = self.pool_of('PostAuthentication', 'PreTokenGeneration')
        for key in ('PostAuthentication', 'PreTokenGeneration'):
            self.handle(key, lambda event: time.sleep(1.1) or event)
        first = self.tokens(client, self.new_user(pool))
        again = self.api.InitiateAuth(
            ClientId=client, AuthFlow='REFRESH_TOKEN_AUTH',
            AuthParameters={'REFRESH_TOKEN': first['RefreshToken']})['AuthenticationResult']
        old, new = (claims(tokens['AccessToken'])[1] for tokens in (first, again))
        self.assertEqual(old['iat'], old['auth_time'])
        self.assertEqual(old['auth_time'], new['auth_time'])

    def test_refresh(self):
        pool, client = self.pool_of('PreAuthentication', 'PostAuthentication', 'PreTokenGeneration')
        token = self.tokens(client, self.new_user(pool))['RefreshToken']
        self.taken()
        self.api.InitiateAuth(ClientId=client, AuthFlow='REFRESH_TOKEN_AUTH',
                              ClientMetadata=METADATA, AuthParameters={'REFRESH_TOKEN': token})
        events = self.taken()
        self.assertEqual(['TokenGeneration_RefreshTokens'], list(events))
        self.assertNotIn('clientMetadata', events['TokenGeneration_RefreshTokens']['request'])
        self.api.GetTokensFromRefreshToken(ClientId=client, RefreshToken=token,
                                           ClientMetadata=METADATA)
        event = self.taken()['TokenGeneration_Authentication']
        self.assertEqual(METADATA, event['request']['clientMetadata'])


class Tokens(TriggerTest):

    def signed_in(self, version, response, **values):
        config = {'PreTokenGenerationConfig': {'LambdaArn': arn('http-PreTokenGeneration'),
                                               'LambdaVersion': version}}
        pool, client = self.pool_of(config=config)
        self.handle('PreTokenGeneration', responding(**response))
        name = self.new_user(pool, **values)
        result = self.tokens(client, name)
        self.client = client
        return claims(result['IdToken'])[1], claims(result['AccessToken'])[1]

    def test_version_1_changes_the_id_token(self):
        id_, access = self.signed_in('V1_0', {'claimsOverrideDetails': {
            'claimsToAddOrOverride': {'team': 'red', 'email': 'other@example.com', 'both': 'x',
                                      'sub': 'x', 'aud': 'x', 'cognito:username': 'x', 'iss': 'x'},
            'claimsToSuppress': ['name', 'both', 'sub', 'exp'],
            'groupOverrideDetails': {'groupsToOverride': ['a', 'b'], 'iamRolesToOverride': ['r'],
                                     'preferredRole': 'r'}}},
            email='a@example.com', name='Anna')
        self.assertEqual(('red', 'other@example.com', ['a', 'b'], ['r'], 'r'), (
            id_['team'], id_['email'], id_['cognito:groups'], id_['cognito:roles'],
            id_['cognito:preferred_role']))
        self.assertFalse({'name', 'both'} & set(id_))
        self.assertNotIn('x', list(id_.values()))
        self.assertIn('exp', id_)
        self.assertEqual(['a', 'b'], access['cognito:groups'])
        self.assertFalse({'team', 'cognito:roles'} & set(access))

    def test_version_1_takes_texts_only(self):
        with self.assert_error(*UNUSABLE):
            self.signed_in('V1_0', {'claimsOverrideDetails': {'claimsToAddOrOverride': {'n': 1}}})

    def test_nothing_and_null_change_nothing(self):
        for details in (None, {}, {'groupOverrideDetails': None, 'claimsToSuppress': None}):
            id_, _ = self.signed_in('V1_0', {'claimsOverrideDetails': details}, name='Anna')
            self.assertEqual('Anna', id_['name'])

    def test_version_2_changes_both_tokens(self):
        nested = {'a': [1, 2.5, True, {'b': 'c'}]}
        id_, access = self.signed_in('V2_0', {'claimsAndScopeOverrideDetails': {
            'idTokenGeneration': {'claimsToAddOrOverride': {'id': nested, 'scope': 'free'}},
            'accessTokenGeneration': {
                'claimsToAddOrOverride': {'access': nested, 'client_id': 'x', 'username': 'x',
                                          'scope': 'x', 'aud': 'not the client', 'event_id': 'x'},
                'claimsToSuppress': ['origin_jti', 'jti'],
                'scopesToAdd': ['one/read', 'two', 'two'], 'scopesToSuppress': []}}})
        self.assertEqual((nested, 'free'), (id_['id'], id_['scope']))
        self.assertEqual((nested, 'aws.cognito.signin.user.admin one/read two'),
                         (access['access'], access['scope']))
        self.assertNotIn('x', list(access.values()))
        self.assertNotIn('aud', access)
        self.assertIn('origin_jti', access)
        event = self.taken()['TokenGeneration_Authentication']
        self.assertEqual(('2', ['aws.cognito.signin.user.admin'],
                          {'claimsAndScopeOverrideDetails': None}.keys()),
                         (event['version'], event['request']['scopes'], event['response'].keys()))

    def test_scopes_can_be_taken_away_and_have_no_spaces(self):
        _, access = self.signed_in('V3_0', {'claimsAndScopeOverrideDetails': {
            'accessTokenGeneration': {'scopesToAdd': ['a'], 'scopesToSuppress': [
                'aws.cognito.signin.user.admin']}}})
        self.assertEqual('a', access['scope'])
        self.assertEqual('3', self.taken()['TokenGeneration_Authentication']['version'])
        with self.assert_error(*UNUSABLE):
            self.signed_in('V2_0', {'claimsAndScopeOverrideDetails': {
                'accessTokenGeneration': {'scopesToAdd': ['a b']}}})

    def test_an_access_token_may_get_its_own_client_as_audience(self):
        def add_audience(event):
            event['response'] = {'claimsAndScopeOverrideDetails': {'accessTokenGeneration': {
                'claimsToAddOrOverride': {'aud': event['callerContext']['clientId']}}}}
            return event
        config = {'PreTokenGenerationConfig': {'LambdaArn': arn('http-PreTokenGeneration'),
                                               'LambdaVersion': 'V2_0'}}
        pool, client = self.pool_of(config=config)
        self.handle('PreTokenGeneration', add_audience)
        result = self.tokens(client, self.new_user(pool))
        self.assertEqual(client, claims(result['AccessToken'])[1]['aud'])
        self.api.GetUser(AccessToken=result['AccessToken'])


class Migration(TriggerTest):
    ANNA = {'email': 'anna@example.com', 'email_verified': 'true', 'name': 'Anna'}

    def migrating(self, response, **members):
        pool, client = self.pool_of('UserMigration', 'PreAuthentication', **members)
        self.handle('UserMigration', responding(**response))
        return pool, client

    def confirmed(self, **more):
        return {'userAttributes': self.ANNA, 'finalUserStatus': 'CONFIRMED',
                'messageAction': 'SUPPRESS', **more}

    def initiate(self, client, name, password='short', **members):
        return self.api.InitiateAuth(ClientId=client, AuthFlow='USER_PASSWORD_AUTH', **members,
                                     AuthParameters={'USERNAME': name, 'PASSWORD': password})

    def test_a_user_comes_along_with_the_password(self):
        pool, client = self.migrating(self.confirmed())
        self.assertIn('AuthenticationResult', self.initiate(client, 'anna', ClientMetadata=METADATA))
        events = self.taken()
        self.assertEqual(self.event('UserMigration_Authentication', pool, 'anna', {
            'password': 'short', 'validationData': METADATA, 'clientMetadata': METADATA}, {
            'userAttributes': None, 'forceAliasCreation': None, 'enableSMSMFA': None,
            'finalUserStatus': None, 'messageAction': None, 'desiredDeliveryMediums': None},
            client), events['UserMigration_Authentication'])
        self.assertEqual('anna', events['PreAuthentication_Authentication']['userName'])
        user = self.api.AdminGetUser(UserPoolId=pool, Username='anna')
        self.assertEqual('CONFIRMED', user['UserStatus'])
        self.assertLessEqual(self.ANNA.items(), attributes(user).items())
        self.assertEqual([], self.server.outbox('anna'))
        self.initiate(client, 'anna')
        self.assertNotIn('UserMigration_Authentication', self.taken())
        with self.assert_error(*WRONG):
            self.initiate(client, 'anna', 'other')

    def test_any_other_status_means_a_reset(self):
        pool, client = self.migrating(self.confirmed(finalUserStatus='RESET_REQUIRED'))
        with self.assert_error('PasswordResetRequiredException',
                               'Password reset required for the user'):
            self.initiate(client, 'anna')
        user = self.api.AdminGetUser(UserPoolId=pool, Username='anna')
        self.assertEqual('RESET_REQUIRED', user['UserStatus'])

    def test_nobody_comes(self):
        pool, client = self.migrating({})
        hiding = self.new_client(pool, PreventUserExistenceErrors='ENABLED')
        with self.assert_error('UserNotFoundException', 'User does not exist.'):
            self.initiate(client, 'nobody')
        with self.assert_error(*WRONG):
            self.initiate(hiding, 'nobody')
        self.handle('UserMigration', throwing('Bad password'))
        with self.assert_error('UserNotFoundException',
                               f'Exception migrating user in app client {client}'):
            self.initiate(client, 'nobody')
        with self.assert_error(*WRONG):
            self.initiate(hiding, 'nobody')
        self.refused('UserNotFoundException', 'User does not exist.', 'AdminGetUser',
                     UserPoolId=pool, Username='nobody')

    def test_pools_that_sign_in_by_email(self):
        pool, client = self.migrating(self.confirmed(), UsernameAttributes=['email'])
        self.initiate(client, 'anna@example.com')
        user = self.api.AdminGetUser(UserPoolId=pool, Username='anna@example.com')
        self.assertEqual(attributes(user)['sub'], user['Username'])

    def test_the_function_may_name_the_user(self):
        pool, client = self.migrating(
            self.confirmed(userAttributes={**self.ANNA, 'username': 'anna'}),
            AliasAttributes=['email'])
        self.initiate(client, 'anna@example.com')
        user = self.api.AdminGetUser(UserPoolId=pool, Username='anna')
        self.assertNotIn('username', attributes(user))

    def test_a_taken_alias_moves_only_by_force(self):
        pool, client = self.migrating(
            self.confirmed(userAttributes={**self.ANNA, 'username': 'anna'}),
            AliasAttributes=['email'])
        old = self.new_user(pool, email='anna@example.com', email_verified='true')
        with self.assert_error('AliasExistsException', None):
            self.initiate(client, 'anna')
        self.handle('UserMigration', responding(**self.confirmed(forceAliasCreation=True)))
        self.initiate(client, 'anna')
        user = self.api.AdminGetUser(UserPoolId=pool, Username=old)
        self.assertEqual('false', attributes(user)['email_verified'])

    def test_a_welcome_does_not_tell_the_password(self):
        _, client = self.migrating({'userAttributes': self.ANNA, 'finalUserStatus': 'CONFIRMED',
                                    'desiredDeliveryMediums': ['EMAIL']})
        self.initiate(client, 'anna', 'very secret')
        sent = self.server.outbox('anna')
        self.assertEqual(1, len(sent))
        self.assertNotIn('very secret', str(sent))

    def test_unknown_attributes_are_refused(self):
        _, client = self.migrating(self.confirmed(userAttributes={'custom:none': 'x'}))
        with self.assert_error('InvalidParameterException', None):
            self.initiate(client, 'anna')
        self.handle('UserMigration', responding(**self.confirmed(userAttributes={'name': 5})))
        with self.assert_error('InvalidLambdaResponseException', None):
            self.initiate(client, 'anna')

    def test_with_a_password_that_is_asked_for(self):
        """Where users are hidden nobody learns by the first call that he is not known."""
        pool, _ = self.migrating(self.confirmed(), Policies={
            'SignInPolicy': {'AllowedFirstAuthFactors': ['PASSWORD', 'EMAIL_OTP']}})
        client = self.new_client(pool, ExplicitAuthFlows=['ALLOW_USER_AUTH'],
                                 PreventUserExistenceErrors='ENABLED')
        given = {'ClientId': client, 'ClientMetadata': METADATA}

        def answer(name, challenge, asked, **responses):
            return self.api.RespondToAuthChallenge(
                **given, ChallengeName=challenge, Session=asked['Session'],
                ChallengeResponses={'USERNAME': name, **responses})
        asked = self.api.InitiateAuth(ClientId=client, AuthFlow='USER_AUTH',
                                      AuthParameters={'USERNAME': 'anna'})
        self.assertNotIn('UserMigration_Authentication', self.taken())
        self.assertIn('AuthenticationResult', answer('anna', 'SELECT_CHALLENGE', asked,
                                                     ANSWER='PASSWORD', PASSWORD='short'))
        self.assertEqual({'password': 'short', 'clientMetadata': METADATA},
                         self.taken()['UserMigration_Authentication']['request'])
        self.api.AdminDeleteUser(UserPoolId=pool, Username='anna')
        asked = self.api.InitiateAuth(ClientId=client, AuthFlow='USER_AUTH', AuthParameters={
            'USERNAME': 'anna', 'PREFERRED_CHALLENGE': 'PASSWORD'})
        self.handle('UserMigration', responding())
        with self.assert_error(*WRONG):
            answer('anna', 'PASSWORD', asked, PASSWORD='short')
        self.handle('UserMigration', responding(**self.confirmed()))
        self.assertIn('AuthenticationResult', answer('anna', 'PASSWORD', asked, PASSWORD='short'))
        user = self.api.AdminGetUser(UserPoolId=pool, Username='anna')
        self.assertEqual('CONFIRMED', user['UserStatus'])

    def test_srp_never_migrates(self):
        _, client = self.migrating(self.confirmed())
        with self.assert_error('UserNotFoundException', 'User does not exist.'):
            self.api.InitiateAuth(ClientId=client, AuthFlow='USER_SRP_AUTH', AuthParameters={
                'USERNAME': 'anna', 'SRP_A': 'abc', 'PASSWORD': 'short'})
        self.assertEqual({}, self.taken())


class GuessingThroughMigration(TriggerTest):
    """The function is a door to another directory: nobody guesses passwords of it through us."""

    lockout = True
    server_options = {'clock': True}
    LOCKED = ('NotAuthorizedException', 'Password attempts exceeded')

    @classmethod
    def prepare(cls):
        cls.pool, cls.client = cls.pool_of('UserMigration')
        cls.hiding = cls.new_client(cls.pool, ExplicitAuthFlows=ALL_FLOWS,
                                    PreventUserExistenceErrors='ENABLED')

    def migrate(self, event):
        if event['request']['password'] != 'right':
            raise Thrown('Bad password')
        event['response'] = {'userAttributes': {'name': 'Anna'}, 'finalUserStatus': 'CONFIRMED',
                             'messageAction': 'SUPPRESS'}
        return event

    def test_the_lock_comes_before_the_function(self):
        self.stop_clock()  # a lock of a second lasts
        self.handle('UserMigration', self.migrate)
        for client, wrong in ((self.client, ('UserNotFoundException', None)), (self.hiding, WRONG)):
            name = self.new_name()
            for _ in range(5):
                with self.assert_error(*wrong):
                    self.tokens(client, name, 'wrong')
            self.assertEqual(5, len(self.functions.take()))
            with self.assert_error(*self.LOCKED):
                self.tokens(client, name, 'right')
            self.assertEqual([], self.functions.take())
            self.server.advance(2)
            self.assertIn('AccessToken', self.tokens(client, name, 'right'))
            self.assertEqual(1, len(self.functions.take()))

    def test_a_function_that_cannot_be_asked_locks_nobody(self):
        self.handle('UserMigration', lambda event: 'no event')
        name = self.new_name()
        for _ in range(7):
            with self.assert_error(*UNUSABLE):
                self.tokens(self.client, name, 'right')
