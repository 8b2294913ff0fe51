"""One of everything that an installation keeps: made on one server, asked for on another.

`Everyone(server)` makes the pools, clients and users; `everyone.check(test, other)` proves on a
server that holds the same data that each of them still signs in, and that what was ended stays so.
"""
import base64
import itertools
import json
import time

import images
import srp
import totp
import webauthn
from poolhouse import ALL_FLOWS, PASSWORD, Api, ApiError, attribute_list, secret_hash

ROLE = 'arn:aws:iam::000000000000:role/admins'
ORIGIN = 'https://app.example.com'
NEW_PASSWORD = 'N3w-Passw0rd!'


def differences(a, b, path=''):
    """Where two answers differ, in short: assertEqual would print all of both."""
    if isinstance(a, dict) and isinstance(b, dict):
        return [d for k in a.keys() | b.keys() for d in differences(a.get(k), b.get(k), f'{path}.{k}')]
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        return [d for i, (x, y) in enumerate(zip(a, b)) for d in differences(x, y, f'{path}[{i}]')]
    return [] if a == b else [f'{path}: {str(a)[:200]} became {str(b)[:200]}']


class Everyone:
    def __init__(self, server, more_users=0):
        self.server, self.api = server, Api(server.port)
        self.make_pools()
        self.make_parts()
        self.make_users()
        self.make_ended()
        for i in range(more_users):
            self.user(self.pool, f'more{i}')
        self.wait_for_events(3)
        self.told = self.tell(server)

    def wait_for_events(self, count):
        """Of the sign-ins of `plain`: they are written a moment after the answer."""
        deadline = time.monotonic() + 30
        while len(self.api.AdminListUserAuthEvents(UserPoolId=self.pool, Username='plain')['AuthEvents']) < count:
            if time.monotonic() > deadline:
                raise AssertionError(f'not {count} events')
            time.sleep(0.02)

    # --- making ---

    def make_pools(self):
        self.pool = self.api.CreateUserPool(
            PoolName='main', AutoVerifiedAttributes=['email'], UserPoolTags={'team': 'one'},
            UserPoolTier='PLUS', UserPoolAddOns={'AdvancedSecurityMode': 'AUDIT'},
            Schema=[{'Name': 'shoe', 'AttributeDataType': 'String', 'Mutable': True}])['UserPool']['Id']
        self.api.SetUserPoolMfaConfig(
            UserPoolId=self.pool, MfaConfiguration='OPTIONAL',
            SoftwareTokenMfaConfiguration={'Enabled': True})
        self.device_pool = self.api.CreateUserPool(
            PoolName='devices', DeviceConfiguration={
                'ChallengeRequiredOnNewDevice': False,
                'DeviceOnlyRememberedOnUserPrompt': False})['UserPool']['Id']
        self.passkey_pool = self.api.CreateUserPool(PoolName='passkeys', Policies={'SignInPolicy': {
            'AllowedFirstAuthFactors': ['PASSWORD', 'WEB_AUTHN']}})['UserPool']['Id']
        self.api.SetUserPoolMfaConfig(UserPoolId=self.passkey_pool, WebAuthnConfiguration={
            'RelyingPartyId': 'example.com', 'UserVerification': 'preferred'})
        self.pools = (self.pool, self.device_pool, self.passkey_pool)
        self.client, self.device_client = self.new_client(self.pool), self.new_client(self.device_pool)
        self.passkey_client = self.new_client(self.passkey_pool,
                                              ExplicitAuthFlows=ALL_FLOWS + ['ALLOW_USER_AUTH'])
        made = self.api.CreateUserPoolClient(
            UserPoolId=self.pool, ClientName='secret', GenerateSecret=True, ExplicitAuthFlows=ALL_FLOWS,
            EnableTokenRevocation=True)['UserPoolClient']
        self.secret_client, self.secret = made['ClientId'], made['ClientSecret']

    def new_client(self, pool, **members):
        return self.api.CreateUserPoolClient(**{
            'UserPoolId': pool, 'ClientName': 'tests', 'ExplicitAuthFlows': ALL_FLOWS,
            **members})['UserPoolClient']['ClientId']

    def make_parts(self):
        self.api.CreateResourceServer(UserPoolId=self.pool, Identifier='https://api', Name='api',
                                      Scopes=[{'ScopeName': 'read', 'ScopeDescription': 'r'}])
        self.api.CreateIdentityProvider(
            UserPoolId=self.pool, ProviderName='Other', ProviderType='OIDC', ProviderDetails={
                'client_id': 'us', 'client_secret': 'between us', 'attributes_request_method': 'GET',
                'oidc_issuer': 'https://id.example.com', 'authorize_scopes': 'openid'})
        self.api.CreateUserPoolDomain(UserPoolId=self.pool, Domain='shop')
        self.api.SetUICustomization(UserPoolId=self.pool, CSS='.label-customizable {color: red;}',
                                    ImageFile=base64.b64encode(images.png(50000)).decode())
        self.api.CreateManagedLoginBranding(
            UserPoolId=self.pool, ClientId=self.client, Settings={'a': {'b': 1}}, Assets=[{
                'Category': 'FORM_LOGO', 'ColorMode': 'LIGHT', 'Extension': 'PNG',
                'Bytes': base64.b64encode(images.png(90000)).decode()}])
        for name, precedence in (('admins', 1), ('staff', 2)):
            self.api.CreateGroup(UserPoolId=self.pool, GroupName=name, RoleArn=ROLE,
                                 Precedence=precedence)

    def user(self, pool, name, **values):
        self.api.AdminCreateUser(UserPoolId=pool, Username=name, MessageAction='SUPPRESS',
                                 UserAttributes=attribute_list(
                                     email=f'{name}@example.com', email_verified='true', **values))
        self.api.AdminSetUserPassword(UserPoolId=pool, Username=name, Password=PASSWORD,
                                      Permanent=True)

    def make_users(self):
        self.user(self.pool, 'plain', custom_shoe='\u00e4 \U0001f45f "quoted"\\', given_name='Pl\u00e4in')
        for group in ('admins', 'staff'):
            self.api.AdminAddUserToGroup(UserPoolId=self.pool, Username='plain', GroupName=group)
        self.refresh = self.tokens(self.api, self.client, 'plain')['RefreshToken']
        self.secret_refresh = self.secret_tokens(self.api)['RefreshToken']
        self.make_totp()
        self.make_device()
        self.make_passkey()
        self.make_codes()

    def make_totp(self):
        self.user(self.pool, 'totp')
        access = self.tokens(self.api, self.client, 'totp')['AccessToken']
        self.totp = self.api.AssociateSoftwareToken(AccessToken=access)['SecretCode']
        self.api.VerifySoftwareToken(AccessToken=access, UserCode=totp.code(self.totp, time.time()))
        self.api.SetUserMFAPreference(AccessToken=access, SoftwareTokenMfaSettings={
            'Enabled': True, 'PreferredMfa': True})

    def make_device(self):
        self.user(self.device_pool, 'device')
        result = self.tokens(self.api, self.device_client, 'device')
        self.device = srp.Device(result['NewDeviceMetadata'])
        self.api.ConfirmDevice(AccessToken=result['AccessToken'], DeviceKey=self.device.device_key,
                               DeviceName='a phone',
                               DeviceSecretVerifierConfig=self.device.secret_verifier_config())
        self.device_refresh = result['RefreshToken']

    def make_passkey(self):
        self.user(self.passkey_pool, 'key')
        access = self.tokens(self.api, self.passkey_client, 'key')['AccessToken']
        self.passkey = webauthn.Passkey(ORIGIN)
        options = self.api.StartWebAuthnRegistration(AccessToken=access)['CredentialCreationOptions']
        self.api.CompleteWebAuthnRegistration(AccessToken=access,
                                              Credential=self.passkey.create(options))

    def make_codes(self):
        self.user(self.pool, 'forgot')
        self.api.ForgotPassword(ClientId=self.client, Username='forgot')
        self.code = self.server.code('forgot')
        self.api.SignUp(ClientId=self.client, Username='new', Password=PASSWORD,
                        UserAttributes=attribute_list(email='new@example.com'))
        self.sign_up_code = self.server.code('new')

    def make_ended(self):
        self.user(self.pool, 'left')
        tokens = self.tokens(self.api, self.client, 'left')
        self.ended = tokens['RefreshToken']
        self.api.GlobalSignOut(AccessToken=tokens['AccessToken'])
        self.revoked = self.secret_tokens(self.api)['RefreshToken']
        self.api.RevokeToken(Token=self.revoked, ClientId=self.secret_client,
                             ClientSecret=self.secret)
        self.user(self.pool, 'off')
        self.api.AdminDisableUser(UserPoolId=self.pool, Username='off')

    # --- asking ---

    @staticmethod
    def tokens(api, client, name, password=PASSWORD, **parameters):
        return api.InitiateAuth(ClientId=client, AuthFlow='USER_PASSWORD_AUTH', AuthParameters={
            'USERNAME': name, 'PASSWORD': password, **parameters})['AuthenticationResult']

    def secret_tokens(self, api):
        return self.tokens(api, self.secret_client, 'plain',
                           SECRET_HASH=secret_hash('plain', self.secret_client, self.secret))

    @staticmethod
    def renew(api, client, token, **more):
        return api.InitiateAuth(ClientId=client, AuthFlow='REFRESH_TOKEN_AUTH', AuthParameters={
            'REFRESH_TOKEN': token, **more})['AuthenticationResult']

    def tell(self, server):
        """What describes and lists of all of it answer, and the keys of the pools."""
        api, told = Api(server.port), {}
        for pool in self.pools:
            told[pool] = [
                server.get(f'/{pool}/.well-known/jwks.json').json,
                api.DescribeUserPool(UserPoolId=pool), api.GetUserPoolMfaConfig(UserPoolId=pool),
                [api.DescribeUserPoolClient(UserPoolId=pool, ClientId=c['ClientId']) for c in
                 api.ListUserPoolClients(UserPoolId=pool, MaxResults=60)['UserPoolClients']],
                self.all_users(api, pool), api.ListGroups(UserPoolId=pool)]
        told['parts'] = [
            api.DescribeResourceServer(UserPoolId=self.pool, Identifier='https://api'),
            api.DescribeIdentityProvider(UserPoolId=self.pool, ProviderName='Other'),
            api.DescribeUserPoolDomain(Domain='shop'),
            self.looks(api, server),
            api.DescribeManagedLoginBrandingByClient(UserPoolId=self.pool, ClientId=self.client),
            api.AdminListGroupsForUser(UserPoolId=self.pool, Username='plain'),
            api.AdminListDevices(UserPoolId=self.device_pool, Username='device'),
            api.AdminListUserAuthEvents(UserPoolId=self.pool, Username='plain'),
            sorted((m['id'], m['body'], m['code'] or '') for m in server.outbox())]
        return told

    def looks(self, api, server):
        """The address of the image is that of the server; what counts is what is there."""
        look = api.GetUICustomization(UserPoolId=self.pool)['UICustomization']
        path = look.pop('ImageUrl').removeprefix(server.url)
        return [look, path, server.get(path).body.hex()]

    @staticmethod
    def all_users(api, pool):
        users, page = [], {}
        for _ in itertools.count():
            reply = api.ListUsers(UserPoolId=pool, **page)
            users += reply['Users']
            if 'PaginationToken' not in reply:
                return sorted(users, key=lambda u: u['Username'])
            page = {'PaginationToken': reply['PaginationToken']}

    def check_told(self, test, server):
        test.assertEqual([], differences(self.told, self.tell(server)))

    def check(self, test, server):
        api = Api(server.port)
        self.check_told(test, server)
        self.check_passwords(test, api)
        self.check_factors(test, api)
        self.check_tokens(test, api)
        self.check_codes(api)

    def check_passwords(self, test, api):
        self.tokens(api, self.client, 'plain')
        self.secret_tokens(api)
        half = srp.Client(self.pool, PASSWORD)
        reply = api.InitiateAuth(ClientId=self.client, AuthFlow='USER_SRP_AUTH', AuthParameters={
            'USERNAME': 'plain', 'SRP_A': half.srp_a})
        reply = api.RespondToAuthChallenge(
            ClientId=self.client, ChallengeName='PASSWORD_VERIFIER',
            ChallengeResponses=half.answer(reply['ChallengeParameters']))
        test.assertIn('AuthenticationResult', reply)
        for name in ('off', 'new'):
            with test.assertRaises(ApiError):
                self.tokens(api, self.client, name)
        with test.assertRaises(ApiError):
            self.tokens(api, self.client, 'plain', 'Wr0ng-passw')

    def check_factors(self, test, api):
        asked = api.InitiateAuth(ClientId=self.client, AuthFlow='USER_PASSWORD_AUTH', AuthParameters={
            'USERNAME': 'totp', 'PASSWORD': PASSWORD})
        test.assertEqual('SOFTWARE_TOKEN_MFA', asked['ChallengeName'])
        reply = api.RespondToAuthChallenge(
            ClientId=self.client, ChallengeName='SOFTWARE_TOKEN_MFA', Session=asked['Session'],
            ChallengeResponses={'USERNAME': 'totp',
                                # Of the next step: that of now may have verified the token.
                                'SOFTWARE_TOKEN_MFA_CODE': totp.code(self.totp, time.time() + totp.PERIOD)})
        test.assertIn('AuthenticationResult', reply)
        test.assertIn('AuthenticationResult', self.by_device(api))
        test.assertIn('AuthenticationResult', self.by_passkey(api))

    def by_device(self, api):
        client, key = self.device_client, self.device.device_key
        reply = api.InitiateAuth(ClientId=client, AuthFlow='USER_PASSWORD_AUTH', AuthParameters={
            'USERNAME': 'device', 'PASSWORD': PASSWORD, 'DEVICE_KEY': key})
        reply = api.RespondToAuthChallenge(
            ClientId=client, ChallengeName='DEVICE_SRP_AUTH', Session=reply['Session'],
            ChallengeResponses={'USERNAME': 'device', 'DEVICE_KEY': key, 'SRP_A': self.device.srp_a})
        return api.RespondToAuthChallenge(
            ClientId=client, ChallengeName='DEVICE_PASSWORD_VERIFIER',
            ChallengeResponses=self.device.answer(reply['ChallengeParameters']))

    def by_passkey(self, api):
        client = self.passkey_client
        asked = api.InitiateAuth(ClientId=client, AuthFlow='USER_AUTH', AuthParameters={
            'USERNAME': 'key', 'PREFERRED_CHALLENGE': 'WEB_AUTHN'})
        options = json.loads(asked['ChallengeParameters']['CREDENTIAL_REQUEST_OPTIONS'])
        return api.RespondToAuthChallenge(
            ClientId=client, ChallengeName='WEB_AUTHN', Session=asked['Session'],
            ChallengeResponses={'USERNAME': 'key', 'CREDENTIAL': self.passkey.get(options)})

    def check_tokens(self, test, api):
        self.renew(api, self.client, self.refresh)
        self.renew(api, self.device_client, self.device_refresh, DEVICE_KEY=self.device.device_key)
        hashed = secret_hash('plain', self.secret_client, self.secret)
        self.renew(api, self.secret_client, self.secret_refresh, SECRET_HASH=hashed)
        with test.assertRaises(ApiError):
            self.renew(api, self.client, self.ended)
        with test.assertRaises(ApiError):
            self.renew(api, self.secret_client, self.revoked, SECRET_HASH=hashed)

    def check_codes(self, api):
        """Last: it changes what tell() tells."""
        api.ConfirmForgotPassword(ClientId=self.client, Username='forgot', ConfirmationCode=self.code,
                                  Password=NEW_PASSWORD)
        self.tokens(api, self.client, 'forgot', NEW_PASSWORD)
        api.ConfirmSignUp(ClientId=self.client, Username='new', ConfirmationCode=self.sign_up_code)
        self.tokens(api, self.client, 'new')
