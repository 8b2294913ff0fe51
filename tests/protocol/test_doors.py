"""Every way to tokens, and every state in which a user gets none by it (or still does)."""
import json

import srp
import totp
import webauthn
from functions import FunctionTest, arn
from poolhouse import ALL_FLOWS, ApiError, PASSWORD

SMS = {'SnsCallerArn': 'arn:aws:iam::000000000000:role/sms', 'ExternalId': 'x'}
ORIGIN = 'https://example.com'
NEW = 'An0ther-pass'
TOKENS = {'refresh', 'exchange', 'access token'}  # what was given out before
# By which doors tokens are still had, or used, in each state. All others are shut.
OPEN = {
    'disabled': set(),
    'deleted': set(),
    'locked': TOKENS | {'passkey'},  # signatures are not guessed
    'another password': TOKENS,  # as the service: a new password ends no session
    'signed out': 'all but tokens',
}


def question(event):
    session = event['request'].get('session')
    if event['triggerSource'].startswith('Define'):
        event['response'] = {'issueTokens': bool(session), 'failAuthentication': False,
                             'challengeName': None if session else 'CUSTOM_CHALLENGE'}
    elif event['triggerSource'].startswith('Verify'):
        event['response']['answerCorrect'] = event['request']['challengeAnswer'] == 'right'
    return event


class Doors(FunctionTest):
    lockout = True
    server_options = {'clock': True}

    @classmethod
    def prepare(cls):
        cls.functions.handlers['http-question'] = question
        cls.pool = cls.new_pool(
            SmsConfiguration=SMS, AutoVerifiedAttributes=['email'],
            LambdaConfig={key: arn('http-question') for key in (
                'DefineAuthChallenge', 'CreateAuthChallenge', 'VerifyAuthChallengeResponse')},
            Policies={'SignInPolicy': {'AllowedFirstAuthFactors': [
                'PASSWORD', 'EMAIL_OTP', 'SMS_OTP', 'WEB_AUTHN']}})
        cls.api.SetUserPoolMfaConfig(
            UserPoolId=cls.pool, MfaConfiguration='OPTIONAL', EmailMfaConfiguration={},
            SmsMfaConfiguration={'SmsConfiguration': SMS}, SoftwareTokenMfaConfiguration={'Enabled': True},
            WebAuthnConfiguration={'RelyingPartyId': 'example.com', 'UserVerification': 'preferred'})
        cls.tracking = cls.new_pool(DeviceConfiguration={
            'ChallengeRequiredOnNewDevice': True, 'DeviceOnlyRememberedOnUserPrompt': False})
        cls.required = cls.new_pool()
        cls.api.SetUserPoolMfaConfig(UserPoolId=cls.required, MfaConfiguration='ON',
                                     SoftwareTokenMfaConfiguration={'Enabled': True})
        flows = ALL_FLOWS + ['ALLOW_USER_AUTH', 'ALLOW_CUSTOM_AUTH']
        cls.clients = {pool: cls.new_client(pool, ExplicitAuthFlows=flows, EnableTokenRevocation=True)
                       for pool in (cls.pool, cls.tracking, cls.required)}

    def begin(self, flow, pool=None, **parameters):
        return self.api.InitiateAuth(ClientId=self.clients[pool or self.pool], AuthFlow=flow, AuthParameters={
            'USERNAME': self.name, **parameters})

    def answer(self, challenge, asked, pool=None, **responses):
        given = {'Session': asked['Session']} if 'Session' in asked else {}
        return self.api.RespondToAuthChallenge(
            ClientId=self.clients[pool or self.pool], ChallengeName=challenge, **given,
            ChallengeResponses={'USERNAME': self.name, **responses})

    def user(self, pool=None, **values):
        self.name = self.new_user(pool or self.pool, **values)
        return self.tokens(self.clients[pool or self.pool], self.name)

    # Each door makes its user, goes as far as it can, and gives the last step.

    def by_password(self):
        self.user()
        return lambda: self.begin('USER_PASSWORD_AUTH', PASSWORD=PASSWORD)

    def by_an_administrator(self):
        self.user()
        return lambda: self.api.AdminInitiateAuth(
            UserPoolId=self.pool, ClientId=self.clients[self.pool], AuthFlow='ADMIN_USER_PASSWORD_AUTH',
            AuthParameters={'USERNAME': self.name, 'PASSWORD': PASSWORD})

    def by_srp(self):
        self.user()
        half = srp.Client(self.pool, PASSWORD)
        asked = self.begin('USER_SRP_AUTH', SRP_A=half.srp_a)
        return lambda: self.answer('PASSWORD_VERIFIER', asked,
                                   **half.answer(asked['ChallengeParameters'], self.now()))

    def by_choosing_a_password(self):
        self.user()
        return lambda: self.begin('USER_AUTH', PREFERRED_CHALLENGE='PASSWORD', PASSWORD=PASSWORD)

    def by_selecting_a_password(self):
        self.user()
        asked = self.begin('USER_AUTH')
        return lambda: self.answer('SELECT_CHALLENGE', asked, ANSWER='PASSWORD', PASSWORD=PASSWORD)

    def by_the_challenge_for_a_password(self):
        self.user()
        asked = self.begin('USER_AUTH', PREFERRED_CHALLENGE='PASSWORD')
        return lambda: self.answer('PASSWORD', asked, PASSWORD=PASSWORD)

    def by_srp_that_was_chosen(self):
        self.user()
        half = srp.Client(self.pool, PASSWORD)
        asked = self.begin('USER_AUTH', PREFERRED_CHALLENGE='PASSWORD_SRP', SRP_A=half.srp_a)
        return lambda: self.answer('PASSWORD_VERIFIER', asked,
                                   **half.answer(asked['ChallengeParameters'], self.now()))

    def by_a_code(self):
        self.user(email='a@example.com', email_verified='true')
        asked = self.begin('USER_AUTH', PREFERRED_CHALLENGE='EMAIL_OTP')
        code = self.server.code(self.name)
        return lambda: self.answer('EMAIL_OTP', asked, EMAIL_OTP_CODE=code)

    def by_a_second_factor_that_is_sent(self):
        self.user(phone_number='+15550001234')
        self.api.AdminSetUserMFAPreference(UserPoolId=self.pool, Username=self.name,
                                           SMSMfaSettings={'Enabled': True})
        asked = self.begin('USER_PASSWORD_AUTH', PASSWORD=PASSWORD)
        code = self.server.code(self.name)
        return lambda: self.answer('SMS_MFA', asked, SMS_MFA_CODE=code)

    def by_a_software_token(self):
        access = self.user()['AccessToken']
        secret = self.api.AssociateSoftwareToken(AccessToken=access)['SecretCode']
        self.api.VerifySoftwareToken(AccessToken=access, UserCode=totp.code(secret, self.server.now()))
        self.api.SetUserMFAPreference(AccessToken=access, SoftwareTokenMfaSettings={'Enabled': True})
        asked = self.begin('USER_PASSWORD_AUTH', PASSWORD=PASSWORD)
        return lambda: self.answer('SOFTWARE_TOKEN_MFA', asked, SOFTWARE_TOKEN_MFA_CODE=totp.code(
            secret, self.server.now() + totp.PERIOD))

    def by_a_token_that_is_set_up(self):
        self.name = self.new_user(self.required)
        asked = self.begin('USER_PASSWORD_AUTH', self.required, PASSWORD=PASSWORD)
        made = self.api.AssociateSoftwareToken(Session=asked['Session'])
        asked = self.api.VerifySoftwareToken(
            Session=made['Session'], UserCode=totp.code(made['SecretCode'], self.server.now()))
        return lambda: self.answer('MFA_SETUP', asked, self.required)

    def by_a_new_password(self):
        self.name = self.new_name()
        self.api.AdminCreateUser(UserPoolId=self.pool, Username=self.name, TemporaryPassword=PASSWORD)
        asked = self.begin('USER_PASSWORD_AUTH', PASSWORD=PASSWORD)
        return lambda: self.answer('NEW_PASSWORD_REQUIRED', asked, NEW_PASSWORD='Th1rd-passw0rd')

    def by_a_device(self):
        tokens = self.user(self.tracking)
        device = srp.Device(tokens['NewDeviceMetadata'])
        key = {'DEVICE_KEY': device.device_key}
        self.api.ConfirmDevice(AccessToken=tokens['AccessToken'], DeviceKey=device.device_key,
                               DeviceSecretVerifierConfig=device.secret_verifier_config())
        asked = self.begin('USER_PASSWORD_AUTH', self.tracking, PASSWORD=PASSWORD, **key)
        asked = self.answer('DEVICE_SRP_AUTH', asked, self.tracking, SRP_A=device.srp_a, **key)
        return lambda: self.answer('DEVICE_PASSWORD_VERIFIER', asked, self.tracking,
                                   **device.answer(asked['ChallengeParameters'], self.now()))

    def by_a_function(self):
        self.user()
        asked = self.begin('CUSTOM_AUTH')
        return lambda: self.answer('CUSTOM_CHALLENGE', asked, ANSWER='right')

    def by_a_passkey(self):
        access = self.user()['AccessToken']
        passkey = webauthn.Passkey(ORIGIN)
        self.api.CompleteWebAuthnRegistration(AccessToken=access, Credential=passkey.create(
            self.api.StartWebAuthnRegistration(AccessToken=access)['CredentialCreationOptions']))
        asked = self.begin('USER_AUTH', PREFERRED_CHALLENGE='WEB_AUTHN')
        request = json.loads(asked['ChallengeParameters']['CREDENTIAL_REQUEST_OPTIONS'])
        return lambda: self.answer('WEB_AUTHN', asked, CREDENTIAL=passkey.get(request))

    def by_a_confirmed_sign_up(self):
        self.name = self.new_name()
        client = self.clients[self.pool]
        self.api.SignUp(ClientId=client, Username=self.name, Password=PASSWORD,
                        UserAttributes=[{'Name': 'email', 'Value': f'{self.name}@example.com'}])
        session = self.api.ConfirmSignUp(ClientId=client, Username=self.name,
                                         ConfirmationCode=self.server.code(self.name))['Session']
        return lambda: self.api.InitiateAuth(ClientId=client, AuthFlow='USER_AUTH', Session=session,
                                             AuthParameters={'USERNAME': self.name})

    def by_refresh(self):
        token = self.user()['RefreshToken']
        return lambda: self.api.InitiateAuth(
            ClientId=self.clients[self.pool], AuthFlow='REFRESH_TOKEN_AUTH',
            AuthParameters={'REFRESH_TOKEN': token})

    def by_exchange(self):
        token = self.user()['RefreshToken']
        return lambda: self.api.GetTokensFromRefreshToken(ClientId=self.clients[self.pool],
                                                          RefreshToken=token)

    def by_access_token(self):
        token = self.user()['AccessToken']
        return lambda: self.api.GetUser(AccessToken=token)

    # --- states ---

    def bring_to(self, state):
        pool = next(p for p in self.clients if self.is_in(p))
        named = {'UserPoolId': pool, 'Username': self.name}
        if state == 'disabled':
            self.api.AdminDisableUser(**named)
        elif state == 'deleted':
            self.api.AdminDeleteUser(**named)
        elif state == 'another password':
            self.api.AdminSetUserPassword(**named, Password=NEW, Permanent=True)
        elif state == 'signed out':
            self.api.AdminUserGlobalSignOut(**named)
        else:
            for seconds in (0, 0, 0, 0, 0, 1, 2, 4, 8):  # the last one locks for 16 seconds
                self.server.advance(seconds)
                with self.assert_error('NotAuthorizedException', None):
                    self.begin('USER_PASSWORD_AUTH', pool, PASSWORD='wr0ng-Pass')

    def is_in(self, pool):
        try:
            self.api.AdminGetUser(UserPoolId=pool, Username=self.name)
        except ApiError:
            return False
        return True

    @staticmethod
    def is_open(door, state):
        return door not in TOKENS if OPEN[state] == 'all but tokens' else door in OPEN[state]

    def test_each_door_in_each_state(self):
        doors = [name for name in dir(self) if name.startswith('by_')]
        self.assertEqual(19, len(doors))
        for name in doors:
            door = name.removeprefix('by_').removeprefix('a_').replace('_', ' ')
            self.assertTrue(getattr(self, name)()(), f'{door} is no door')
            for state in OPEN:
                with self.subTest(door=door, state=state):
                    enter = getattr(self, name)()
                    self.bring_to(state)
                    if self.is_open(door, state):
                        self.assertTrue(enter().get('AuthenticationResult') or door == 'access token')
                    else:
                        with self.assertRaises(ApiError) as refused:
                            enter()
                        if state == 'locked':
                            self.assertEqual('Password attempts exceeded', refused.exception.text)
