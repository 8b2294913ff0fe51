"""Devices: given out, confirmed, remembered, proven, forgotten; and the tokens bound to them."""
import base64
import concurrent.futures
import time
import unittest

import srp
import totp
from functions import FunctionTest, arn, same
from poolhouse import ALL_FLOWS, PASSWORD, REGION, ApiError, PoolhouseTest, attributes, claims

WRONG = ('NotAuthorizedException', 'Incorrect username or password.')
UNKNOWN = ('ResourceNotFoundException', 'Device does not exist.')
BAD_SESSION = ('NotAuthorizedException', 'Invalid session for the user.')
BAD_REFRESH = ('NotAuthorizedException', 'Invalid Refresh Token')
ALWAYS = {'ChallengeRequiredOnNewDevice': False, 'DeviceOnlyRememberedOnUserPrompt': False}
ASKING = {'ChallengeRequiredOnNewDevice': False, 'DeviceOnlyRememberedOnUserPrompt': True}
NONSENSE = base64.b64encode(b'x' * 32).decode()


class DeviceTest(PoolhouseTest):
    """Two pools that track devices, and everything a client does with one."""

    server_options = {'clock': True}

    @classmethod
    def prepare(cls):
        cls.pool = cls.new_pool(DeviceConfiguration=ALWAYS)
        cls.client = cls.new_client(cls.pool)
        cls.asking_pool = cls.new_pool(DeviceConfiguration=ASKING)
        cls.asking_client = cls.new_client(cls.asking_pool)

    def setUp(self):
        self.user = self.new_user(self.pool)

    def confirm(self, result, name='a phone'):
        """The device of a sign-in's result, confirmed."""
        device = srp.Device(result['NewDeviceMetadata'])
        device.asked = self.api.ConfirmDevice(
            AccessToken=result['AccessToken'], DeviceKey=device.device_key, DeviceName=name,
            DeviceSecretVerifierConfig=device.secret_verifier_config())
        return device

    def new_device(self, user=None, client=None):
        return self.confirm(self.tokens(client or self.client, user or self.user))

    def srp_start(self, user=None, password=PASSWORD, client=None, pool=None, **parameters):
        half = srp.Client(pool or self.pool, password)
        reply = self.api.InitiateAuth(
            ClientId=client or self.client, AuthFlow='USER_SRP_AUTH',
            AuthParameters={'USERNAME': user or self.user, 'SRP_A': half.srp_a, **parameters})
        return half.answer(reply['ChallengeParameters'], self.now())

    def respond(self, challenge, responses, session=None, client=None):
        given = {'Session': session} if session else {}
        return self.api.RespondToAuthChallenge(ClientId=client or self.client, ChallengeName=challenge,
                                               ChallengeResponses=responses, **given)

    def srp_a(self, device, reply, session=True, client=None, user=None, **more):
        """Answers DEVICE_SRP_AUTH."""
        self.assertEqual(('DEVICE_SRP_AUTH', {}),
                         (reply['ChallengeName'], reply['ChallengeParameters']))
        return self.respond('DEVICE_SRP_AUTH',
                            {'USERNAME': user or self.user, 'DEVICE_KEY': device.device_key,
                             'SRP_A': device.srp_a, **more},
                            reply['Session'] if session else None, client)

    def prove(self, device, reply, client=None, **more):
        """Answers DEVICE_PASSWORD_VERIFIER."""
        answer = device.answer(reply['ChallengeParameters'], self.now())
        return self.respond('DEVICE_PASSWORD_VERIFIER', answer | more, client=client)

    def device_tokens(self, device, user=None, client=None):
        """A whole sign-in with a remembered device."""
        reply = self.sign_in(client or self.client, user or self.user, DEVICE_KEY=device.device_key)
        reply = self.srp_a(device, reply, client=client, user=user)
        return self.prove(device, reply, client=client)['AuthenticationResult']

    def refresh(self, token, client=None, **parameters):
        return self.api.InitiateAuth(
            ClientId=client or self.client, AuthFlow='REFRESH_TOKEN_AUTH',
            AuthParameters={'REFRESH_TOKEN': token, **parameters})['AuthenticationResult']


class GivenOut(DeviceTest):

    def check_metadata(self, result):
        metadata = result['NewDeviceMetadata']
        self.assertEqual({'DeviceKey', 'DeviceGroupKey'}, set(metadata))
        self.assertRegex(metadata['DeviceKey'], f'^{REGION}_[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}$')
        self.assertRegex(metadata['DeviceGroupKey'], r'^-[A-Za-z0-9]{8}$')
        self.assertEqual(metadata['DeviceKey'], claims(result['AccessToken'])[1]['device_key'])
        self.assertNotIn('device_key', claims(result['IdToken'])[1])

    def test_a_password_sign_in_gives_a_new_device(self):
        one, two = self.tokens(self.client, self.user), self.tokens(self.client, self.user)
        self.check_metadata(one)
        self.check_metadata(two)
        self.assertNotEqual(one['NewDeviceMetadata']['DeviceKey'], two['NewDeviceMetadata']['DeviceKey'])
        self.assertEqual(one['NewDeviceMetadata']['DeviceGroupKey'],
                         two['NewDeviceMetadata']['DeviceGroupKey'])

    def test_an_srp_sign_in_gives_a_new_device(self):
        self.check_metadata(self.respond('PASSWORD_VERIFIER', self.srp_start())['AuthenticationResult'])

    def test_a_new_password_gives_a_new_device(self):
        name = self.new_name()
        self.api.AdminCreateUser(UserPoolId=self.pool, Username=name, MessageAction='SUPPRESS',
                                 TemporaryPassword=PASSWORD)
        reply = self.sign_in(self.client, name)
        reply = self.respond('NEW_PASSWORD_REQUIRED',
                             {'USERNAME': name, 'NEW_PASSWORD': 'N3w-passw'}, reply['Session'])
        self.check_metadata(reply['AuthenticationResult'])

    def test_administrators_sign_in_without_a_device(self):
        result = self.api.AdminInitiateAuth(
            UserPoolId=self.pool, ClientId=self.client, AuthFlow='ADMIN_USER_PASSWORD_AUTH',
            AuthParameters={'USERNAME': self.user, 'PASSWORD': PASSWORD})['AuthenticationResult']
        self.assertNotIn('NewDeviceMetadata', result)
        self.assertNotIn('device_key', claims(result['AccessToken'])[1])
        self.refresh(result['RefreshToken'])

    def test_a_pool_without_tracking_gives_none_and_does_not_look_at_keys(self):
        pool = self.new_pool()
        client, user = self.new_client(pool), self.new_user(pool)
        result = self.tokens(client, user, DEVICE_KEY='eu-west-1_nothing')
        self.assertNotIn('NewDeviceMetadata', result)
        self.assertNotIn('device_key', claims(result['AccessToken'])[1])
        answer = self.srp_start(user, client=client, pool=pool, DEVICE_KEY='x')
        self.respond('PASSWORD_VERIFIER', answer | {'DEVICE_KEY': 'y'}, client=client)

    def test_an_empty_configuration_tracks_too(self):
        pool = self.new_pool(DeviceConfiguration={})
        self.check_metadata(self.tokens(self.new_client(pool), self.new_user(pool)))

    def test_a_null_key_is_none(self):
        reply = self.api.InitiateAuth(
            ClientId=self.client, AuthFlow='USER_PASSWORD_AUTH',
            AuthParameters={'USERNAME': self.user, 'PASSWORD': PASSWORD, 'DEVICE_KEY': None})
        self.check_metadata(reply['AuthenticationResult'])


class Confirming(DeviceTest):

    def given(self, result, **more):
        device = srp.Device(result['NewDeviceMetadata'])
        return {'AccessToken': result['AccessToken'], 'DeviceKey': device.device_key,
                'DeviceSecretVerifierConfig': device.secret_verifier_config(), **more}

    def test_it_is_remembered_at_once_or_after_the_user_was_asked(self):
        self.assertEqual({'UserConfirmationNecessary': False}, self.new_device().asked)
        user = self.new_user(self.asking_pool)
        self.assertEqual({'UserConfirmationNecessary': True},
                         self.new_device(user, self.asking_client).asked)

    def test_by_boto3(self):
        given = self.given(self.tokens(self.client, self.user))
        self.assertIs(False, self.boto.confirm_device(**given)['UserConfirmationNecessary'])
        with self.assert_error('DeviceKeyExistsException', 'Device key already exists.'):
            self.boto.confirm_device(**given)

    def test_what_was_not_given_to_this_user_is_refused(self):
        mine = self.given(self.tokens(self.client, self.user))
        other = self.tokens(self.client, self.new_user(self.pool))
        for key, error in ((other['NewDeviceMetadata']['DeviceKey'], UNKNOWN),
                           (f'{REGION}_0f1e2d3c-4b5a-4697-8877-665544332211', UNKNOWN),
                           (f'{REGION}_0f1e', ('InvalidParameterException', 'Invalid device key given.')),
                           ('us-east-1' + mine['DeviceKey'][len(REGION):],
                            ('InvalidParameterException', 'Invalid device key given.'))):
            with self.subTest(key), self.assert_error(*error):
                self.api.ConfirmDevice(**mine | {'DeviceKey': key})
        self.api.ConfirmDevice(**mine)

    def test_a_secret_that_is_none_is_refused(self):
        mine = self.given(self.tokens(self.client, self.user))
        good = mine['DeviceSecretVerifierConfig']
        for bad in (None, '', 'AA==', '!'):
            for member, what in (('PasswordVerifier', 'password verifier'), ('Salt', 'salt')):
                config = {k: v for k, v in (good | {member: bad}).items() if v is not None}
                with self.subTest((member, bad)), self.assert_error(
                        'InvalidParameterException', f'Invalid device {what} given.'):
                    self.api.ConfirmDevice(**mine | {'DeviceSecretVerifierConfig': config})
        del mine['DeviceSecretVerifierConfig']
        self.invalid('Invalid device password verifier given.', 'ConfirmDevice', **mine)

    def test_two_at_once_confirm_one_device(self):
        given = self.given(self.tokens(self.client, self.user))

        def attempt(_):
            try:
                return self.api.ConfirmDevice(**given) == {'UserConfirmationNecessary': False}
            except ApiError as e:
                self.assertEqual('DeviceKeyExistsException', e.type)
                return False
        with concurrent.futures.ThreadPoolExecutor(8) as threads:
            self.assertEqual(1, sum(threads.map(attempt, range(8))))

    def test_not_in_a_pool_that_stopped_tracking(self):
        pool = self.new_pool(DeviceConfiguration=ALWAYS)
        given = self.given(self.tokens(self.new_client(pool), self.new_user(pool)))
        self.api.UpdateUserPool(UserPoolId=pool)
        self.refused('InvalidUserPoolConfigurationException',
                     'Device tracking is not enabled for the user pool.', 'ConfirmDevice', **given)


class Proving(DeviceTest):

    def setUp(self):
        super().setUp()
        self.device = self.new_device()

    def check_tokens(self, result):
        self.assertEqual({'AccessToken', 'ExpiresIn', 'IdToken', 'RefreshToken', 'TokenType'}, set(result))
        self.assertEqual(self.device.device_key, claims(result['AccessToken'])[1]['device_key'])

    def begin(self):
        return self.sign_in(self.client, self.user, DEVICE_KEY=self.device.device_key)

    def parameters(self):
        return self.srp_a(self.device, self.begin())

    def test_a_remembered_device_is_asked_after_a_password(self):
        reply = self.begin()
        self.assertEqual({'ChallengeName', 'ChallengeParameters', 'Session'}, set(reply))
        reply = self.srp_a(self.device, reply)
        self.assertEqual('DEVICE_PASSWORD_VERIFIER', reply['ChallengeName'])
        parameters = reply['ChallengeParameters']
        self.assertEqual({'DEVICE_KEY', 'SALT', 'SECRET_BLOCK', 'SRP_B', 'USERNAME'}, set(parameters))
        self.assertEqual((self.device.device_key, self.user),
                         (parameters['DEVICE_KEY'], parameters['USERNAME']))
        self.check_tokens(self.prove(self.device, reply)['AuthenticationResult'])

    def test_after_srp_the_key_may_come_first_second_or_twice(self):
        key = {'DEVICE_KEY': self.device.device_key}
        for first, second in ((key, {}), ({}, key), (key, key)):
            with self.subTest((first, second)):
                reply = self.respond('PASSWORD_VERIFIER', self.srp_start(**first) | second)
                reply = self.srp_a(self.device, reply)
                self.check_tokens(self.prove(self.device, reply)['AuthenticationResult'])

    def test_after_a_new_password(self):
        self.api.AdminSetUserPassword(UserPoolId=self.pool, Username=self.user, Password=PASSWORD)
        reply = self.respond('NEW_PASSWORD_REQUIRED', {'USERNAME': self.user, 'NEW_PASSWORD': 'N3w-passw'},
                             self.begin()['Session'])
        reply = self.srp_a(self.device, reply)
        self.check_tokens(self.prove(self.device, reply)['AuthenticationResult'])

    def test_administrators_may_name_a_device_but_get_no_bound_token(self):
        where = {'UserPoolId': self.pool, 'ClientId': self.client}
        reply = self.api.AdminInitiateAuth(
            **where, AuthFlow='ADMIN_USER_PASSWORD_AUTH', AuthParameters={
                'USERNAME': self.user, 'PASSWORD': PASSWORD, 'DEVICE_KEY': self.device.device_key})
        reply = self.api.AdminRespondToAuthChallenge(
            **where, ChallengeName=reply['ChallengeName'], Session=reply['Session'], ChallengeResponses={
                'USERNAME': self.user, 'DEVICE_KEY': self.device.device_key, 'SRP_A': self.device.srp_a})
        result = self.api.AdminRespondToAuthChallenge(
            **where, ChallengeName=reply['ChallengeName'],
            ChallengeResponses=self.device.answer(reply['ChallengeParameters'], self.now())
        )['AuthenticationResult']
        self.check_tokens(result)
        self.refresh(result['RefreshToken'])

    def test_numbers_of_any_length_meet(self):
        for _ in range(12):
            self.device = self.confirm(self.tokens(self.client, self.user))
            self.check_tokens(self.device_tokens(self.device))

    def test_without_a_session_as_pycognito_does(self):
        # It answers with the same SRP_A to both exchanges.
        half = srp.Client(self.pool, PASSWORD, self.device.a)
        reply = self.api.InitiateAuth(
            ClientId=self.client, AuthFlow='USER_SRP_AUTH', AuthParameters={
                'USERNAME': self.user, 'SRP_A': half.srp_a, 'DEVICE_KEY': self.device.device_key})
        answer = half.answer(reply['ChallengeParameters'], self.now())
        reply = self.respond('PASSWORD_VERIFIER', answer | {'DEVICE_KEY': self.device.device_key})
        reply = self.srp_a(self.device, reply, session=False)
        self.check_tokens(self.prove(self.device, reply)['AuthenticationResult'])

    def test_without_a_session_only_after_the_password(self):
        fresh = {'Session': None, 'ChallengeName': 'DEVICE_SRP_AUTH', 'ChallengeParameters': {}}
        with self.assert_error(*BAD_SESSION):
            self.srp_a(self.device, fresh, session=False)
        with self.assert_error(*WRONG):
            self.sign_in(self.client, self.user, 'Wr0ng-pass', DEVICE_KEY=self.device.device_key)
        with self.assert_error(*BAD_SESSION):
            self.srp_a(self.device, fresh, session=False)
        self.begin()
        with self.assert_error(*BAD_SESSION):
            self.srp_a(self.device, fresh, session=False, client=self.new_client(self.pool))
        with self.assert_error(*BAD_SESSION):
            self.srp_a(self.device, fresh, session=False, user='nobody')
        with self.assert_error(*BAD_SESSION):
            self.srp_a(self.device, fresh, session=False, user=self.new_user(self.pool))
        self.srp_a(self.device, fresh, session=False)
        with self.assert_error('NotAuthorizedException',
                               'Invalid session for the user, session can only be used once.'):
            self.srp_a(self.device, fresh, session=False)

    def test_nobody_waits_longer_than_a_session(self):
        reply = self.begin()
        self.server.advance(181)
        for session in (True, False):
            with self.assert_error('NotAuthorizedException',
                                   'Invalid session for the user, session is expired.'):
                self.srp_a(self.device, reply, session=session)

    def test_a_session_starts_one_exchange(self):
        reply = self.begin()
        self.srp_a(self.device, reply)
        with self.assert_error('NotAuthorizedException',
                               'Invalid session for the user, session can only be used once.'):
            self.srp_a(self.device, reply)

    def test_a_bad_public_value_leaves_the_session(self):
        reply = self.begin()
        for value in ('0', f'{srp.N:x}', 'xyz'):
            with self.assert_error('InvalidParameterException', 'Invalid SRP_A'):
                self.srp_a(self.device, reply, SRP_A=value)
        self.srp_a(self.device, reply)

    def test_another_device_cannot_take_over(self):
        other = self.new_device()
        with self.assert_error(*BAD_SESSION):
            self.srp_a(other, self.begin())
        with self.assert_error(*WRONG):
            self.prove(other, self.parameters())
        self.check_tokens(self.device_tokens(self.device))

    def test_a_wrong_secret_is_refused_and_its_block_used(self):
        reply = self.parameters()
        with self.assert_error(*WRONG):
            self.prove(self.device, reply, PASSWORD_CLAIM_SIGNATURE=NONSENSE)
        with self.assert_error(*WRONG):
            self.prove(self.device, reply)
        self.check_tokens(self.device_tokens(self.device))

    def test_a_block_signs_in_once(self):
        reply = self.parameters()

        def attempt(_):
            try:
                return 'AuthenticationResult' in self.prove(self.device, reply)
            except ApiError:
                return False
        with concurrent.futures.ThreadPoolExecutor(8) as threads:
            self.assertEqual(1, sum(threads.map(attempt, range(8))))

    def test_the_blocks_of_users_and_devices_are_not_exchanged(self):
        with self.assert_error(*WRONG):
            self.respond('DEVICE_PASSWORD_VERIFIER',
                         self.srp_start() | {'DEVICE_KEY': self.device.device_key})
        answer = self.device.answer(self.parameters()['ChallengeParameters'], self.now())
        with self.assert_error(*WRONG):
            self.respond('PASSWORD_VERIFIER', answer)

    def test_the_password_must_still_be_the_one_that_was_proven(self):
        before, later = self.begin(), self.parameters()
        self.api.AdminSetUserPassword(UserPoolId=self.pool, Username=self.user, Password='0ther-Pass',
                                      Permanent=True)
        with self.assert_error(*BAD_SESSION):
            self.srp_a(self.device, before)
        with self.assert_error(*WRONG):
            self.prove(self.device, later)

    def test_who_is_disabled_meanwhile_gets_no_tokens(self):
        reply = self.parameters()
        self.api.AdminDisableUser(UserPoolId=self.pool, Username=self.user)
        with self.assert_error('NotAuthorizedException', 'User is disabled.'):
            self.prove(self.device, reply)

    def test_a_device_forgotten_meanwhile_does_not_exist(self):
        first, second = self.begin(), self.parameters()
        self.api.AdminForgetDevice(UserPoolId=self.pool, Username=self.user,
                                   DeviceKey=self.device.device_key)
        with self.assert_error(*UNKNOWN):
            self.srp_a(self.device, first)
        with self.assert_error(*UNKNOWN):
            self.prove(self.device, second)

    def test_missing_answers_are_named(self):
        reply = self.begin()
        for name in ('DEVICE_KEY', 'SRP_A'):
            with self.assert_error('InvalidParameterException', f'Missing required parameter {name}'):
                self.srp_a(self.device, reply, **{name: ''})
        reply = self.srp_a(self.device, reply)
        for name in ('DEVICE_KEY', 'PASSWORD_CLAIM_SIGNATURE', 'TIMESTAMP'):
            with self.assert_error('InvalidParameterException', f'Missing required parameter {name}'):
                self.prove(self.device, reply, **{name: ''})

    def test_wrong_secrets_lock_like_wrong_passwords(self):
        replies = [self.parameters() for _ in range(6)]
        self.stop_clock()
        for reply in replies[:5]:
            with self.assert_error(*WRONG):
                self.prove(self.device, reply, PASSWORD_CLAIM_SIGNATURE=NONSENSE)
        with self.assert_error('NotAuthorizedException', 'Password attempts exceeded'):
            self.prove(self.device, replies[5])


class Unknown(DeviceTest):

    KEY = f'{REGION}_0f1e2d3c-4b5a-4697-8877-665544332211'

    def test_an_unknown_device_is_told_to_who_knows_the_password(self):
        with self.assert_error(*UNKNOWN):
            self.sign_in(self.client, self.user, DEVICE_KEY=self.KEY)
        with self.assert_error(*WRONG):
            self.sign_in(self.client, self.user, 'Wr0ng-pass', DEVICE_KEY=self.KEY)
        with self.assert_error(*UNKNOWN):
            self.respond('PASSWORD_VERIFIER', self.srp_start() | {'DEVICE_KEY': self.KEY})
        with self.assert_error(*WRONG):
            self.respond('PASSWORD_VERIFIER',
                         self.srp_start(password='Wr0ng-pass') | {'DEVICE_KEY': self.KEY})

    def test_devices_of_others_and_devices_not_confirmed_are_unknown(self):
        other = self.new_device(self.new_user(self.pool))
        mine = self.tokens(self.client, self.user)['NewDeviceMetadata']['DeviceKey']
        for key in (other.device_key, mine, 'x' * 3000, 'ü'):
            with self.subTest(key[:50]), self.assert_error(*UNKNOWN):
                self.sign_in(self.client, self.user, DEVICE_KEY=key)
            with self.subTest(key[:50]), self.assert_error(*UNKNOWN):
                self.respond('PASSWORD_VERIFIER', self.srp_start(DEVICE_KEY=key))

    def test_the_same_block_answers_once_more_without_the_key(self):
        answer = self.srp_start()
        for _ in range(2):
            with self.assert_error(*(UNKNOWN if _ == 0 else WRONG)):
                self.respond('PASSWORD_VERIFIER', answer | {'DEVICE_KEY': self.KEY})
        result = self.respond('PASSWORD_VERIFIER', answer | {'DEVICE_KEY': None})['AuthenticationResult']
        self.assertIn('NewDeviceMetadata', result)
        for more in ({}, {'DEVICE_KEY': self.KEY}):
            with self.assert_error(*WRONG):
                self.respond('PASSWORD_VERIFIER', answer | more)

    def test_a_key_in_the_first_call_is_dropped_at_the_second_try(self):
        answer = self.srp_start(DEVICE_KEY=self.KEY)
        with self.assert_error(*UNKNOWN):
            self.respond('PASSWORD_VERIFIER', answer | {'DEVICE_KEY': self.KEY})
        self.assertIn('NewDeviceMetadata',
                      self.respond('PASSWORD_VERIFIER', answer)['AuthenticationResult'])
        answer = self.srp_start(DEVICE_KEY=self.KEY)
        with self.assert_error(*UNKNOWN):
            self.respond('PASSWORD_VERIFIER', answer)
        self.respond('PASSWORD_VERIFIER', answer)
        with self.assert_error(*WRONG):
            self.respond('PASSWORD_VERIFIER', answer)

    def test_a_wrong_guess_with_a_key_uses_the_block_up(self):
        answer = self.srp_start()
        for key in (self.KEY, self.new_device().device_key):
            with self.assert_error(*WRONG):
                self.respond('PASSWORD_VERIFIER', answer | {
                    'DEVICE_KEY': key, 'PASSWORD_CLAIM_SIGNATURE': NONSENSE})
            with self.assert_error(*WRONG):
                self.respond('PASSWORD_VERIFIER', answer)

    def test_a_block_without_the_key_is_not_good_again_with_it(self):
        device = self.new_device()
        answer = self.srp_start()
        self.respond('PASSWORD_VERIFIER', answer)
        with self.assert_error(*WRONG):
            self.respond('PASSWORD_VERIFIER', answer | {'DEVICE_KEY': device.device_key})

    def test_many_at_once_with_and_without_the_key_sign_in_once(self):
        device = self.new_device()
        answer = self.srp_start()

        def attempt(i):
            try:
                key = {'DEVICE_KEY': device.device_key} if i % 2 else {}
                return self.respond('PASSWORD_VERIFIER', answer | key) is not None
            except ApiError as e:
                self.assertEqual(WRONG, (e.type, e.text))
                return False
        with concurrent.futures.ThreadPoolExecutor(8) as threads:
            self.assertEqual(1, sum(threads.map(attempt, range(16))))

    def test_while_locked_it_is_not_told(self):
        answers = [self.srp_start() for _ in range(6)]
        self.stop_clock()
        for answer in answers[:5]:
            with self.assert_error(*WRONG):
                self.respond('PASSWORD_VERIFIER', answer | {
                    'DEVICE_KEY': self.KEY, 'PASSWORD_CLAIM_SIGNATURE': NONSENSE})
        with self.assert_error('NotAuthorizedException', 'Password attempts exceeded'):
            self.respond('PASSWORD_VERIFIER', answers[5] | {'DEVICE_KEY': self.KEY})

    def test_nobody_learns_by_a_key_who_exists(self):
        hiding = self.new_client(self.pool, PreventUserExistenceErrors='ENABLED')
        for name in (self.user, 'nobody'):
            with self.assert_error(*WRONG):
                self.sign_in(hiding, name, 'Wr0ng-pass', DEVICE_KEY=self.KEY)
            answer = self.srp_start(name, 'Wr0ng-pass', hiding)
            with self.assert_error(*WRONG):
                self.respond('PASSWORD_VERIFIER', answer | {'DEVICE_KEY': self.KEY}, client=hiding)


class SecondFactors(DeviceTest):
    """What a device is worth beside MFA: instead of it, or after it."""

    @classmethod
    def prepare(cls):
        cls.pools = {}
        for replaces in (True, False):
            pool = cls.new_pool(DeviceConfiguration={'ChallengeRequiredOnNewDevice': replaces})
            cls.api.SetUserPoolMfaConfig(UserPoolId=pool, MfaConfiguration='OPTIONAL',
                                         SoftwareTokenMfaConfiguration={'Enabled': True})
            cls.pools[replaces] = pool, cls.new_client(pool)

    def setUp(self):
        self.enter(True)

    def enter(self, replaces):
        """A user with a software token and a device, in one of the pools."""
        self.pool, self.client = self.pools[replaces]
        self.user = self.new_user(self.pool)
        access = self.tokens(self.client, self.user)['AccessToken']
        self.secret = self.api.AssociateSoftwareToken(AccessToken=access)['SecretCode']
        self.api.VerifySoftwareToken(AccessToken=access, UserCode=self.code())
        self.api.SetUserMFAPreference(AccessToken=access, SoftwareTokenMfaSettings={
            'Enabled': True, 'PreferredMfa': True})
        result = self.answer_code(self.sign_in(self.client, self.user))['AuthenticationResult']
        self.device = self.confirm(result)

    def code(self):
        return totp.code(self.secret, self.server.now())

    def answer_code(self, reply, **more):
        self.assertEqual('SOFTWARE_TOKEN_MFA', reply.get('ChallengeName'), reply)
        self.server.advance(totp.PERIOD)  # no step twice
        return self.respond('SOFTWARE_TOKEN_MFA', {
            'USERNAME': self.user, 'SOFTWARE_TOKEN_MFA_CODE': self.code(), **more}, reply['Session'])

    def begin(self):
        return self.sign_in(self.client, self.user, DEVICE_KEY=self.device.device_key)

    def test_a_remembered_device_replaces_the_code(self):
        self.assertIn('AccessToken', self.device_tokens(self.device))
        answer = self.srp_start() | {'DEVICE_KEY': self.device.device_key}
        reply = self.srp_a(self.device, self.respond('PASSWORD_VERIFIER', answer))
        self.assertIn('AuthenticationResult', self.prove(self.device, reply))

    def test_without_the_device_the_code_is_asked_for(self):
        self.answer_code(self.sign_in(self.client, self.user))

    def test_naming_the_device_is_not_proving_it(self):
        reply = self.begin()
        with self.assert_error(*BAD_SESSION):
            self.respond('SOFTWARE_TOKEN_MFA', {
                'USERNAME': self.user, 'SOFTWARE_TOKEN_MFA_CODE': self.code()}, reply['Session'])
        with self.assert_error(*WRONG):
            self.prove(self.device, self.srp_a(self.device, reply), PASSWORD_CLAIM_SIGNATURE=NONSENSE)

    def test_a_device_that_is_not_remembered_any_more_replaces_nothing(self):
        where = {'UserPoolId': self.pool, 'Username': self.user, 'DeviceKey': self.device.device_key}
        first, second = self.begin(), self.srp_a(self.device, self.begin())
        self.api.AdminUpdateDeviceStatus(**where, DeviceRememberedStatus='not_remembered')
        for reply in (self.srp_a(self.device, first), self.prove(self.device, second), self.begin()):
            result = self.answer_code(reply)['AuthenticationResult']
            self.assertNotIn('NewDeviceMetadata', result)

    def test_a_pool_that_stopped_it_in_the_middle_asks_for_the_code(self):
        first, second = self.begin(), self.srp_a(self.device, self.begin())
        self.set_replaces(False)
        try:
            self.answer_code(self.prove(self.device, second))
            self.prove(self.device, self.srp_a(self.device, self.answer_code(self.begin())))
            # The exchange goes on; its end does not replace the code.
            self.answer_code(self.srp_a(self.device, first))
        finally:
            self.set_replaces(True)

    def set_replaces(self, replaces):
        self.api.UpdateUserPool(UserPoolId=self.pool, MfaConfiguration='OPTIONAL', DeviceConfiguration={
            'ChallengeRequiredOnNewDevice': replaces})
        self.api.SetUserPoolMfaConfig(UserPoolId=self.pool, MfaConfiguration='OPTIONAL',
                                      SoftwareTokenMfaConfiguration={'Enabled': True})
        self.server.advance(5)

    def test_a_device_may_be_named_with_the_code(self):
        reply = self.answer_code(self.sign_in(self.client, self.user), DEVICE_KEY=self.device.device_key)
        result = self.prove(self.device, self.srp_a(self.device, reply))['AuthenticationResult']
        self.assertNotIn('NewDeviceMetadata', result)

    def test_an_unknown_device_named_with_the_code_spends_no_code(self):
        reply = self.sign_in(self.client, self.user)
        with self.assert_error(*UNKNOWN):
            self.answer_code(reply, DEVICE_KEY=Unknown.KEY)
        result = self.respond('SOFTWARE_TOKEN_MFA', {
            'USERNAME': self.user, 'SOFTWARE_TOKEN_MFA_CODE': self.code()}, reply['Session'])
        self.assertIn('NewDeviceMetadata', result['AuthenticationResult'])

    def test_where_it_replaces_nothing_it_comes_after_the_code(self):
        self.enter(False)
        reply = self.answer_code(self.begin())
        result = self.prove(self.device, self.srp_a(self.device, reply))['AuthenticationResult']
        self.assertEqual(self.device.device_key, claims(result['AccessToken'])[1]['device_key'])


class Functions(FunctionTest, DeviceTest):
    """What functions of the pool learn of devices, and what they may ask of one."""

    @classmethod
    def prepare(cls):
        keys = ('DefineAuthChallenge', 'PostAuthentication', 'PreTokenGeneration')
        cls.pool = cls.new_pool(DeviceConfiguration=ALWAYS,
                                LambdaConfig={key: arn(f'http-{key}') for key in keys})
        cls.client = cls.new_client(cls.pool, ExplicitAuthFlows=ALL_FLOWS + ['ALLOW_CUSTOM_AUTH'])
        for key in keys:
            cls.functions.handlers[f'http-{key}'] = same

    def setUp(self):
        super().setUp()
        self.device = self.new_device()
        self.functions.take()

    def define(self, *challenges):
        """Asks these challenges one after the other, then gives tokens."""
        def handler(event):
            done = [s for s in event['request']['session'] if s['challengeName'] in challenges]
            if len(done) == len(challenges):
                event['response']['issueTokens'] = True
            else:
                event['response']['challengeName'] = challenges[len(done)]
            return event
        self.functions.handlers['http-DefineAuthChallenge'] = handler

    def custom(self, **parameters):
        return self.api.InitiateAuth(ClientId=self.client, AuthFlow='CUSTOM_AUTH',
                                     AuthParameters={'USERNAME': self.user, **parameters})

    def events(self):
        return {e['triggerSource']: e for e in self.functions.take()}

    def test_they_learn_of_new_devices_and_of_proven_ones(self):
        self.tokens(self.client, self.user)
        events = self.events()
        self.assertIs(True, events['PostAuthentication_Authentication']['request']['newDeviceUsed'])
        self.assertIn('TokenGeneration_Authentication', events)
        self.device_tokens(self.device)
        events = self.events()
        self.assertIs(False, events['PostAuthentication_Authentication']['request']['newDeviceUsed'])
        self.assertIn('TokenGeneration_AuthenticateDevice', events)

    def test_they_may_ask_the_device_for_its_proof(self):
        self.define('DEVICE_SRP_AUTH')
        for session in (True, False):
            reply = self.srp_a(self.device, self.custom(DEVICE_KEY=self.device.device_key), session)
            result = self.prove(self.device, reply)['AuthenticationResult']
            self.assertEqual(self.device.device_key, claims(result['AccessToken'])[1]['device_key'])
            self.assertNotIn('NewDeviceMetadata', result)
        last = [e for e in self.functions.take() if e['triggerSource'].startswith('Define')][-1]
        self.assertEqual([('DEVICE_SRP_AUTH', True), ('DEVICE_PASSWORD_VERIFIER', True)],
                         [(s['challengeName'], s['challengeResult'])
                          for s in last['request']['session']])

    def test_who_names_no_device_that_is_remembered_has_none_to_be_asked(self):
        self.define('DEVICE_SRP_AUTH')
        self.api.AdminUpdateDeviceStatus(UserPoolId=self.pool, Username=self.user,
                                         DeviceKey=self.device.device_key,
                                         DeviceRememberedStatus='not_remembered')
        for named in ({}, {'DEVICE_KEY': Unknown.KEY}, {'DEVICE_KEY': self.device.device_key}):
            with self.subTest(named), self.assert_error(*UNKNOWN):
                self.custom(**named)

    def test_tokens_without_any_proof_are_theirs_to_give_but_not_for_unknown_devices(self):
        self.define()
        self.assertIn('NewDeviceMetadata', self.custom()['AuthenticationResult'])
        self.assertNotIn('NewDeviceMetadata',
                         self.custom(DEVICE_KEY=self.device.device_key)['AuthenticationResult'])
        with self.assert_error(*UNKNOWN):
            self.custom(DEVICE_KEY=Unknown.KEY)

    def custom_srp(self, **parameters):
        half = srp.Client(self.pool, PASSWORD)
        reply = self.custom(CHALLENGE_NAME='SRP_A', SRP_A=half.srp_a, **parameters)
        return half.answer(reply['ChallengeParameters'], self.now()), reply['Session']

    def test_after_the_password_that_they_asked_for_comes_the_device(self):
        self.define('PASSWORD_VERIFIER')
        answer, session = self.custom_srp()
        reply = self.respond('PASSWORD_VERIFIER', answer | {'DEVICE_KEY': self.device.device_key}, session)
        reply = self.srp_a(self.device, reply)
        self.assertIn('AuthenticationResult', self.prove(self.device, reply))

    def test_there_too_an_unknown_device_is_dropped_and_the_answer_repeated(self):
        self.define('PASSWORD_VERIFIER')
        answer, session = self.custom_srp()
        with self.assert_error(*UNKNOWN):
            self.respond('PASSWORD_VERIFIER', answer | {'DEVICE_KEY': Unknown.KEY}, session)
        self.assertIn('NewDeviceMetadata',
                      self.respond('PASSWORD_VERIFIER', answer, session)['AuthenticationResult'])


class Choosing(DeviceTest):
    """Devices after a first factor that was chosen (USER_AUTH)."""

    @classmethod
    def prepare(cls):
        cls.pool = cls.new_pool(DeviceConfiguration=ALWAYS, Policies={
            'SignInPolicy': {'AllowedFirstAuthFactors': ['PASSWORD', 'EMAIL_OTP']}})
        cls.client = cls.new_client(cls.pool, ExplicitAuthFlows=ALL_FLOWS + ['ALLOW_USER_AUTH'])

    def setUp(self):
        name = self.new_name()
        self.user = self.new_user(self.pool, name, email=f'{name}@x.example', email_verified='true')
        self.device = self.new_device()

    def choose(self, **parameters):
        return self.api.InitiateAuth(ClientId=self.client, AuthFlow='USER_AUTH',
                                     AuthParameters={'USERNAME': self.user, **parameters})

    def check_asked(self, reply):
        self.assertIn('AuthenticationResult', self.prove(self.device, self.srp_a(self.device, reply)))

    def test_after_a_password(self):
        chosen = {'PREFERRED_CHALLENGE': 'PASSWORD', 'PASSWORD': PASSWORD}
        self.check_asked(self.choose(**chosen, DEVICE_KEY=self.device.device_key))
        self.assertIn('NewDeviceMetadata', self.choose(**chosen)['AuthenticationResult'])
        self.check_asked(self.respond('SELECT_CHALLENGE', {
            'USERNAME': self.user, 'ANSWER': 'PASSWORD', 'PASSWORD': PASSWORD,
            'DEVICE_KEY': self.device.device_key}, self.choose()['Session']))

    def test_after_srp_an_unknown_one_is_dropped(self):
        half = srp.Client(self.pool, PASSWORD)
        reply = self.choose(PREFERRED_CHALLENGE='PASSWORD_SRP', SRP_A=half.srp_a)
        answer = half.answer(reply['ChallengeParameters'], self.now())
        with self.assert_error(*UNKNOWN):
            self.respond('PASSWORD_VERIFIER', answer | {'DEVICE_KEY': Unknown.KEY}, reply['Session'])
        self.assertIn('NewDeviceMetadata', self.respond(
            'PASSWORD_VERIFIER', answer, reply['Session'])['AuthenticationResult'])

    def test_after_a_code(self):
        reply = self.choose(PREFERRED_CHALLENGE='EMAIL_OTP', DEVICE_KEY=self.device.device_key)
        self.check_asked(self.respond('EMAIL_OTP', {
            'USERNAME': self.user, 'EMAIL_OTP_CODE': self.server.code(self.user)}, reply['Session']))


class Remembering(DeviceTest):

    def setUp(self):
        self.user = self.new_user(self.asking_pool)
        self.result = self.tokens(self.asking_client, self.user)
        self.device = self.confirm(self.result)

    def own(self, operation, **members):
        return self.api.call(operation, {'AccessToken': self.result['AccessToken'],
                                         'DeviceKey': self.device.device_key, **members})

    def remember(self, status='remembered'):
        return self.own('UpdateDeviceStatus', DeviceRememberedStatus=status)

    def admin(self, operation, **members):
        return self.api.call(operation, {'UserPoolId': self.asking_pool, 'Username': self.user,
                                         'DeviceKey': self.device.device_key, **members})

    def test_a_device_that_is_not_remembered_is_known_but_not_asked(self):
        result = self.tokens(self.asking_client, self.user, DEVICE_KEY=self.device.device_key)
        self.assertNotIn('NewDeviceMetadata', result)
        self.assertEqual(self.device.device_key, claims(result['AccessToken'])[1]['device_key'])

    def test_once_remembered_it_is_asked_until_it_is_not(self):
        self.assertEqual({}, self.remember())
        self.device_tokens(self.device, client=self.asking_client)
        self.remember('not_remembered')
        self.tokens(self.asking_client, self.user, DEVICE_KEY=self.device.device_key)
        self.assertEqual({}, self.admin('AdminUpdateDeviceStatus', DeviceRememberedStatus='remembered'))
        self.device_tokens(self.device, client=self.asking_client)

    def test_not_remembered_any_more_in_the_middle_of_the_proof(self):
        self.remember()
        reply = self.sign_in(self.asking_client, self.user, DEVICE_KEY=self.device.device_key)
        reply = self.srp_a(self.device, reply, client=self.asking_client)
        self.remember('not_remembered')
        self.prove(self.device, reply, client=self.asking_client)

    def test_users_see_what_is_remembered_and_administrators_all(self):
        self.assertEqual([], self.own('ListDevices')['Devices'])
        with self.assert_error(*UNKNOWN):
            self.own('GetDevice')
        device = self.admin('AdminGetDevice')['Device']
        self.assertEqual('not_remembered',
                         attributes(device, 'DeviceAttributes')['dev:device_remembered_status'])
        self.assertEqual([device], self.admin('AdminListDevices')['Devices'])
        self.remember()
        device = self.own('GetDevice')['Device']
        self.assertEqual([device], self.own('ListDevices')['Devices'])
        self.assertEqual([device], self.admin('AdminListDevices')['Devices'])

    def test_the_shape_of_a_device(self):
        self.remember()
        device = self.own('GetDevice')['Device']
        self.assertEqual({'DeviceKey', 'DeviceAttributes', 'DeviceCreateDate', 'DeviceLastModifiedDate',
                          'DeviceLastAuthenticatedDate'}, set(device))
        key = self.device.device_key
        self.assertEqual({
            'device_status': 'valid', 'device_name': 'a phone', 'last_ip_used': '127.0.0.1',
            'dev:device_owner': f'{self.user}.{self.asking_pool}',
            'dev:device_remembered_status': 'remembered',
        }, {k: v for k, v in attributes(device, 'DeviceAttributes').items() if k != 'dev:device_arn'})
        self.assertRegex(attributes(device, 'DeviceAttributes')['dev:device_arn'],
                         rf'^arn:aws:cognito-idp:{REGION}:\d{{12}}:owner/{self.user}\.{self.asking_pool}/device/{key}$')
        same = self.boto.admin_get_device(UserPoolId=self.asking_pool, Username=self.user, DeviceKey=key)
        self.assertAlmostEqual(device['DeviceCreateDate'],
                               same['Device']['DeviceCreateDate'].timestamp(), places=2)

    def test_dates_follow_what_happens(self):
        made = self.admin('AdminGetDevice')['Device']
        dates = ('DeviceCreateDate', 'DeviceLastModifiedDate', 'DeviceLastAuthenticatedDate')
        self.assertEqual(1, len({made[d] for d in dates}))
        self.server.advance(60)
        self.remember()
        changed = self.admin('AdminGetDevice')['Device']
        self.assertEqual(made['DeviceCreateDate'], changed['DeviceCreateDate'])
        self.assertEqual(made['DeviceLastAuthenticatedDate'], changed['DeviceLastAuthenticatedDate'])
        self.assertAlmostEqual(60, changed['DeviceLastModifiedDate'] - made['DeviceLastModifiedDate'], delta=20)
        self.server.advance(60)
        self.device_tokens(self.device, client=self.asking_client)
        self.own('UpdateDeviceStatus', DeviceRememberedStatus='remembered')  # waits for the commit
        deadline = time.monotonic() + 30  # with several writers nobody has waited for it
        used = changed
        while used['DeviceLastAuthenticatedDate'] == made['DeviceLastAuthenticatedDate']:
            self.assertLess(time.monotonic(), deadline)
            used = self.admin('AdminGetDevice')['Device']
        self.assertAlmostEqual(120, used['DeviceLastAuthenticatedDate'] - made['DeviceCreateDate'], delta=30)

    def test_a_status_must_be_said(self):
        self.invalid('Missing required parameter DeviceRememberedStatus', 'UpdateDeviceStatus',
                     AccessToken=self.result['AccessToken'], DeviceKey=self.device.device_key)
        self.refused('InvalidParameterException', None, 'UpdateDeviceStatus',
                     AccessToken=self.result['AccessToken'], DeviceKey=self.device.device_key,
                     DeviceRememberedStatus='perhaps')

    def test_lists_come_in_pages(self):
        self.admin('AdminForgetDevice')
        keys = []
        for _ in range(5):
            result = self.tokens(self.asking_client, self.user)
            keys.append(self.confirm(result).device_key)
            self.api.UpdateDeviceStatus(AccessToken=result['AccessToken'], DeviceKey=keys[-1],
                                        DeviceRememberedStatus='remembered')
        for operation, who in (('ListDevices', {'AccessToken': self.result['AccessToken']}),
                               ('AdminListDevices', {'UserPoolId': self.asking_pool, 'Username': self.user})):
            seen, token, pages = [], {}, 0
            while token is not None:
                reply = self.api.call(operation, {**who, 'Limit': 2, **token})
                seen += [d['DeviceKey'] for d in reply['Devices']]
                pages += 1
                token = {'PaginationToken': reply['PaginationToken']} if 'PaginationToken' in reply else None
            self.assertEqual((keys, 3), (seen, pages))
            self.assertEqual(5, len(self.api.call(operation, {**who, 'Limit': 0})['Devices']))
            self.refused('InvalidParameterException', None, operation, **who, PaginationToken='x')
        other = self.tokens(self.asking_client, self.new_user(self.asking_pool))
        token = self.api.ListDevices(AccessToken=self.result['AccessToken'], Limit=2)['PaginationToken']
        self.refused('InvalidParameterException', None, 'ListDevices', AccessToken=other['AccessToken'],
                     PaginationToken=token)

    def test_devices_of_others_do_not_exist(self):
        self.remember()
        other = {'AccessToken': self.tokens(self.asking_client, self.new_user(self.asking_pool))['AccessToken'],
                 'DeviceKey': self.device.device_key}
        self.assertEqual([], self.api.ListDevices(AccessToken=other['AccessToken'])['Devices'])
        self.refused(*UNKNOWN, 'GetDevice', **other)
        self.refused(*UNKNOWN, 'ForgetDevice', **other)
        self.refused(*UNKNOWN, 'UpdateDeviceStatus', **other, DeviceRememberedStatus='remembered')
        for operation in ('AdminGetDevice', 'AdminForgetDevice', 'AdminUpdateDeviceStatus', 'AdminListDevices'):
            with self.assert_error('UserNotFoundException', 'User does not exist.'):
                self.admin(operation, Username='nobody', DeviceRememberedStatus='remembered')

    def test_a_token_is_needed(self):
        for operation in ('GetDevice', 'ForgetDevice', 'ListDevices', 'ConfirmDevice', 'UpdateDeviceStatus'):
            self.refused('NotAuthorizedException', 'Invalid Access Token', operation, AccessToken='x',
                         DeviceKey=self.device.device_key, DeviceRememberedStatus='remembered')


class Forgetting(DeviceTest):

    def setUp(self):
        super().setUp()
        self.result = self.tokens(self.client, self.user)
        self.device = self.confirm(self.result)
        self.own = {'AccessToken': self.result['AccessToken'], 'DeviceKey': self.device.device_key}
        self.admin = {'UserPoolId': self.pool, 'Username': self.user, 'DeviceKey': self.device.device_key}

    def check_forgotten(self):
        with self.assert_error(*UNKNOWN):
            self.sign_in(self.client, self.user, DEVICE_KEY=self.device.device_key)
        self.assertEqual([], self.api.ListDevices(AccessToken=self.result['AccessToken'])['Devices'])
        self.refused(*UNKNOWN, 'GetDevice', **self.own)
        self.refused(*UNKNOWN, 'AdminGetDevice', **self.admin)
        self.refused(*UNKNOWN, 'ForgetDevice', **self.own)
        self.refused(*UNKNOWN, 'AdminForgetDevice', **self.admin)
        self.refused(*UNKNOWN, 'UpdateDeviceStatus', **self.own, DeviceRememberedStatus='remembered')
        self.refused(*UNKNOWN, 'ConfirmDevice', **self.own,
                     DeviceSecretVerifierConfig=self.device.secret_verifier_config())
        with self.assert_error(*BAD_REFRESH):
            self.refresh(self.result['RefreshToken'], DEVICE_KEY=self.device.device_key)

    def test_by_its_user(self):
        self.assertEqual({}, self.api.ForgetDevice(**self.own))
        self.check_forgotten()

    def test_by_an_administrator(self):
        self.assertEqual({}, self.api.AdminForgetDevice(**self.admin))
        self.check_forgotten()

    def test_other_devices_and_a_new_one_stay(self):
        other = self.new_device()
        self.api.ForgetDevice(**self.own)
        self.device_tokens(other)
        self.device_tokens(self.new_device())

    def test_the_devices_of_a_deleted_user_are_gone(self):
        self.api.AdminDeleteUser(UserPoolId=self.pool, Username=self.user)
        self.new_user(self.pool, self.user)
        with self.assert_error(*UNKNOWN):
            self.sign_in(self.client, self.user, DEVICE_KEY=self.device.device_key)


class Refreshing(DeviceTest):

    def test_a_token_is_for_its_device_whether_confirmed_or_not(self):
        result = self.tokens(self.client, self.user)
        key = result['NewDeviceMetadata']['DeviceKey']
        other = self.new_device().device_key
        for _ in range(2):
            again = self.refresh(result['RefreshToken'], DEVICE_KEY=key)
            self.assertEqual({'AccessToken', 'ExpiresIn', 'IdToken', 'TokenType'}, set(again))
            self.assertEqual(key, claims(again['AccessToken'])[1]['device_key'])
            for wrong in ({}, {'DEVICE_KEY': ''}, {'DEVICE_KEY': None}, {'DEVICE_KEY': other},
                          {'DEVICE_KEY': key + '0'}, {'DEVICE_KEY': key.upper()}):
                with self.subTest(wrong), self.assert_error(*BAD_REFRESH):
                    self.refresh(result['RefreshToken'], **wrong)
            if _ == 0:
                self.confirm(result)

    def test_the_tokens_of_a_device_sign_in_are_for_that_device(self):
        device = self.new_device()
        result = self.device_tokens(device)
        self.refresh(result['RefreshToken'], DEVICE_KEY=device.device_key)
        with self.assert_error(*BAD_REFRESH):
            self.refresh(result['RefreshToken'])

    def test_the_exchange_of_tokens_wants_the_device_too(self):
        rotating = self.new_client(
            self.pool, ExplicitAuthFlows=['ALLOW_USER_PASSWORD_AUTH'],
            RefreshTokenRotation={'Feature': 'ENABLED', 'RetryGracePeriodSeconds': 0})
        for client in (self.client, rotating):
            result = self.tokens(client, self.user)
            given = {'ClientId': client, 'RefreshToken': result['RefreshToken']}
            key = result['NewDeviceMetadata']['DeviceKey']
            self.refused(*BAD_REFRESH, 'GetTokensFromRefreshToken', **given)
            self.refused(*BAD_REFRESH, 'GetTokensFromRefreshToken', **given, DeviceKey=key[:-1])
            again = self.api.GetTokensFromRefreshToken(**given, DeviceKey=key)['AuthenticationResult']
            self.assertNotIn('NewDeviceMetadata', again)
            self.assertEqual(key, claims(again['AccessToken'])[1]['device_key'])
            if client == rotating:  # the next one is bound as the first was
                given['RefreshToken'] = again['RefreshToken']
                self.refused(*BAD_REFRESH, 'GetTokensFromRefreshToken', **given)
                self.api.GetTokensFromRefreshToken(**given, DeviceKey=key)

    def test_tokens_from_before_tracking_are_bound_to_none_and_none_is_after_it(self):
        pool = self.new_pool()
        client, user = self.new_client(pool), self.new_user(pool)
        early = self.tokens(client, user)['RefreshToken']
        self.api.UpdateUserPool(UserPoolId=pool, DeviceConfiguration=ALWAYS)
        self.server.advance(5)
        self.refresh(early, client)
        bound = self.tokens(client, user)['RefreshToken']
        with self.assert_error(*BAD_REFRESH):
            self.refresh(bound, client)
        self.api.UpdateUserPool(UserPoolId=pool)
        self.server.advance(5)
        self.refresh(bound, client)


if __name__ == '__main__':
    unittest.main()
