"""Sign-in with passwords: which flow on which client, which answer for which user."""
import unittest

from poolhouse import PASSWORD, PoolhouseTest, attribute_list, secret_hash
from srp import Client as Srp

WRONG = 'Incorrect username or password.'


class Flows(PoolhouseTest):

    @classmethod
    def prepare(cls):
        cls.pool = cls.new_pool()
        cls.client = cls.new_client(cls.pool)
        cls.user = cls.new_user(cls.pool)

    def parameters(self, flow):
        if 'REFRESH' in flow:
            return {'REFRESH_TOKEN': 'x'}
        if flow == 'USER_SRP_AUTH':
            return {'USERNAME': self.user, 'SRP_A': Srp(self.pool, PASSWORD).srp_a}
        return {'USERNAME': self.user, 'PASSWORD': PASSWORD}

    def public(self, client, flow, parameters=None):
        return self.api.InitiateAuth(ClientId=client, AuthFlow=flow,
                                     AuthParameters=parameters or self.parameters(flow))

    def admin(self, client, flow, parameters=None, pool=None):
        return self.api.AdminInitiateAuth(UserPoolId=pool or self.pool, ClientId=client,
                                          AuthFlow=flow,
                                          AuthParameters=parameters or self.parameters(flow))

    def test_each_flow_signs_in_on_its_own_operation(self):
        for reply in (self.public(self.client, 'USER_PASSWORD_AUTH'),
                      self.admin(self.client, 'ADMIN_USER_PASSWORD_AUTH'),
                      self.admin(self.client, 'ADMIN_NO_SRP_AUTH')):
            result = reply['AuthenticationResult']
            self.assertEqual({'AccessToken', 'ExpiresIn', 'IdToken', 'RefreshToken', 'TokenType'},
                             set(result))
            self.assertEqual((3600, 'Bearer'), (result['ExpiresIn'], result['TokenType']))
            self.assertEqual({}, reply['ChallengeParameters'])
            self.assertEqual({'AuthenticationResult', 'ChallengeParameters'}, set(reply))
        for reply in (self.public(self.client, 'USER_SRP_AUTH'),
                      self.admin(self.client, 'USER_SRP_AUTH')):
            self.assertEqual('PASSWORD_VERIFIER', reply['ChallengeName'])

    def test_a_flow_that_does_not_exist_is_a_validation_error(self):
        with self.assertRaisesRegex(Exception, (
                "InvalidParameterException: 1 validation error detected: Value 'NO_SUCH' at "
                "'authFlow' failed to satisfy constraint: Member must satisfy enum value set: ")):
            self.public(self.client, 'NO_SUCH')

    def test_a_flow_on_the_wrong_operation_is_not_supported(self):
        for flow in ('ADMIN_USER_PASSWORD_AUTH', 'ADMIN_NO_SRP_AUTH'):
            with self.assert_error('InvalidParameterException', 'Initiate Auth method not supported.'):
                self.public(self.client, flow)
        with self.assert_error('InvalidParameterException', 'Initiate Auth method not supported.'):
            self.admin(self.client, 'USER_PASSWORD_AUTH')

    def test_the_wrong_operation_is_noticed_before_the_unknown_client(self):
        with self.assert_error('InvalidParameterException', 'Initiate Auth method not supported.'):
            self.public('nosuchclient', 'ADMIN_NO_SRP_AUTH')

    def test_unknown_clients_and_pools_are_named(self):
        with self.assert_error('ResourceNotFoundException',
                               'User pool client nosuchclient does not exist.'):
            self.public('nosuchclient', 'USER_PASSWORD_AUTH')
        with self.assert_error('ResourceNotFoundException',
                               'User pool eu-west-1_NoSuchOne does not exist.'):
            self.admin(self.client, 'ADMIN_NO_SRP_AUTH', pool='eu-west-1_NoSuchOne')
        with self.assert_error('ResourceNotFoundException',
                               f'User pool client {self.client} does not exist.'):
            self.admin(self.client, 'ADMIN_NO_SRP_AUTH', pool=self.new_pool())

    def test_a_flow_that_is_off_has_its_own_text(self):
        off = self.new_client(self.pool, ExplicitAuthFlows=['ALLOW_CUSTOM_AUTH'])
        for flow, admin, text in (
                ('USER_PASSWORD_AUTH', False, 'USER_PASSWORD_AUTH flow not enabled for this client'),
                ('USER_SRP_AUTH', False, 'USER_SRP_AUTH is not enabled for the client.'),
                ('USER_SRP_AUTH', True, 'USER_SRP_AUTH is not enabled for the client.'),
                ('ADMIN_USER_PASSWORD_AUTH', True, 'Auth flow not enabled for this client'),
                ('ADMIN_NO_SRP_AUTH', True, 'Auth flow not enabled for this client'),
                ('REFRESH_TOKEN_AUTH', False, 'Auth flow not enabled for this client'),
                ('REFRESH_TOKEN', False, 'Auth flow not enabled for this client'),
                ('USER_AUTH', False, 'USER_AUTH flow not enabled for this client')):
            with self.subTest(flow=flow, admin=admin):
                with self.assert_error('InvalidParameterException', text):
                    (self.admin if admin else self.public)(off, flow)

    def test_a_flow_that_is_off_hides_a_missing_parameter(self):
        off = self.new_client(self.pool, ExplicitAuthFlows=['ALLOW_CUSTOM_AUTH'])
        with self.assert_error('InvalidParameterException',
                               'USER_PASSWORD_AUTH flow not enabled for this client'):
            self.public(off, 'USER_PASSWORD_AUTH', {'x': 'y'})

    def test_a_client_without_flows_permits_srp_and_refresh_only(self):
        unset = self.new_client(self.pool, ExplicitAuthFlows=[])
        self.assertEqual('PASSWORD_VERIFIER', self.public(unset, 'USER_SRP_AUTH')['ChallengeName'])
        with self.assert_error('NotAuthorizedException', 'Invalid Refresh Token'):
            self.public(unset, 'REFRESH_TOKEN_AUTH')
        with self.assert_error('InvalidParameterException',
                               'USER_PASSWORD_AUTH flow not enabled for this client'):
            self.public(unset, 'USER_PASSWORD_AUTH')

    def test_legacy_names_permit_their_flows(self):
        admin = self.new_client(self.pool, ExplicitAuthFlows=['ADMIN_NO_SRP_AUTH'])
        self.assertIn('AuthenticationResult', self.admin(admin, 'ADMIN_USER_PASSWORD_AUTH'))
        self.assertEqual('PASSWORD_VERIFIER', self.public(admin, 'USER_SRP_AUTH')['ChallengeName'])
        with self.assert_error('InvalidParameterException',
                               'USER_PASSWORD_AUTH flow not enabled for this client'):
            self.public(admin, 'USER_PASSWORD_AUTH')
        public = self.new_client(self.pool, ExplicitAuthFlows=['USER_PASSWORD_AUTH'])
        token = self.public(public, 'USER_PASSWORD_AUTH')['AuthenticationResult']['RefreshToken']
        self.public(public, 'REFRESH_TOKEN_AUTH', {'REFRESH_TOKEN': token})
        custom = self.new_client(self.pool, ExplicitAuthFlows=['CUSTOM_AUTH_FLOW_ONLY'])
        with self.assert_error('InvalidParameterException',
                               'USER_SRP_AUTH is not enabled for the client.'):
            self.public(custom, 'USER_SRP_AUTH')

    def test_custom_auth_without_its_trigger_is_refused(self):
        custom = self.new_client(self.pool, ExplicitAuthFlows=['ALLOW_CUSTOM_AUTH'])
        with self.assert_error('InvalidParameterException', 'Custom auth lambda trigger is not '
                               'configured for the user pool.'):
            self.public(custom, 'CUSTOM_AUTH', {'USERNAME': self.user})

    def test_missing_and_empty_parameters_are_named(self):
        for flow, given, name in (
                ('USER_PASSWORD_AUTH', {'PASSWORD': 'x'}, 'USERNAME'),
                ('USER_PASSWORD_AUTH', {'USERNAME': '', 'PASSWORD': 'x'}, 'USERNAME'),
                ('USER_PASSWORD_AUTH', {'USERNAME': 'x'}, 'PASSWORD'),
                ('USER_PASSWORD_AUTH', {'USERNAME': 'x', 'PASSWORD': ''}, 'PASSWORD'),
                ('USER_SRP_AUTH', {'USERNAME': 'x'}, 'SRP_A'),
                ('USER_SRP_AUTH', {'SRP_A': 'aa'}, 'USERNAME'),
                ('REFRESH_TOKEN_AUTH', {'USERNAME': 'x'}, 'REFRESH_TOKEN')):
            with self.subTest(flow=flow, given=given):
                with self.assert_error('InvalidParameterException',
                                       f'Missing required parameter {name}'):
                    self.public(self.client, flow, given)

    def test_absent_parameters_are_missing(self):
        self.invalid('Missing required parameter USERNAME', 'InitiateAuth', ClientId=self.client,
                     AuthFlow='USER_PASSWORD_AUTH')

    def test_context_and_analytics_are_accepted(self):
        reply = self.api.InitiateAuth(
            ClientId=self.client, AuthFlow='USER_PASSWORD_AUTH',
            AuthParameters=self.parameters('USER_PASSWORD_AUTH'), ClientMetadata={'a': 'b'},
            AnalyticsMetadata={'AnalyticsEndpointId': 'endpoint'},
            UserContextData={'EncodedData': 'anything at all', 'IpAddress': '10.0.0.1'})
        self.assertIn('AuthenticationResult', reply)
        reply = self.api.AdminInitiateAuth(
            UserPoolId=self.pool, ClientId=self.client, AuthFlow='ADMIN_USER_PASSWORD_AUTH',
            AuthParameters=self.parameters('USER_PASSWORD_AUTH'), ClientMetadata={'a': 'b'},
            ContextData={'IpAddress': '10.0.0.1', 'ServerName': 's', 'ServerPath': '/',
                         'HttpHeaders': [{'headerName': 'h', 'headerValue': 'v'}]})
        self.assertIn('AuthenticationResult', reply)


class SecretHash(PoolhouseTest):

    @classmethod
    def prepare(cls):
        cls.pool = cls.new_pool(AliasAttributes=['email'])
        client = cls.api.CreateUserPoolClient(
            UserPoolId=cls.pool, ClientName='c', GenerateSecret=True, ExplicitAuthFlows=[
                'ALLOW_USER_PASSWORD_AUTH', 'ALLOW_ADMIN_USER_PASSWORD_AUTH', 'ALLOW_USER_SRP_AUTH',
                'ALLOW_REFRESH_TOKEN_AUTH'])['UserPoolClient']
        cls.client, cls.secret = client['ClientId'], client['ClientSecret']
        cls.public = cls.new_client(cls.pool)
        cls.user = cls.new_user(cls.pool, email='a@b.example', email_verified='true')

    def hash_of(self, name):
        return secret_hash(name, self.client, self.secret)

    def test_a_missing_hash_is_refused(self):
        with self.assert_error('NotAuthorizedException', f'Client {self.client} is configured with '
                               'secret but SECRET_HASH was not received'):
            self.sign_in(self.client, self.user)

    def test_a_wrong_hash_is_refused(self):
        for value in ('x', self.hash_of('other'), self.secret, self.hash_of(self.user)[:-1]):
            with self.subTest(value):
                with self.assert_error('NotAuthorizedException',
                                       f'Unable to verify secret hash for client {self.client}'):
                    self.sign_in(self.client, self.user, SECRET_HASH=value)

    def test_the_hash_is_checked_before_the_user(self):
        with self.assert_error('NotAuthorizedException',
                               f'Unable to verify secret hash for client {self.client}'):
            self.sign_in(self.client, 'nobody', SECRET_HASH='x')

    def test_the_hash_is_over_the_name_as_typed(self):
        self.tokens(self.client, self.user, SECRET_HASH=self.hash_of(self.user))
        self.tokens(self.client, 'a@b.example', SECRET_HASH=self.hash_of('a@b.example'))

    def test_a_client_without_a_secret_ignores_a_hash(self):
        self.tokens(self.public, self.user, SECRET_HASH='anything')

    def test_an_srp_sign_in_by_alias_hashes_the_returned_name_afterwards(self):
        srp = Srp(self.pool, PASSWORD)
        challenge = self.api.InitiateAuth(ClientId=self.client, AuthFlow='USER_SRP_AUTH', AuthParameters={
            'USERNAME': 'a@b.example', 'SRP_A': srp.srp_a, 'SECRET_HASH': self.hash_of('a@b.example')})
        self.assertEqual(self.user, challenge['ChallengeParameters']['USER_ID_FOR_SRP'])
        answer = srp.answer(challenge['ChallengeParameters'])
        given = {'ClientId': self.client, 'ChallengeName': 'PASSWORD_VERIFIER'}
        reply = self.api.RespondToAuthChallenge(**given, ChallengeResponses={
            **answer, 'SECRET_HASH': self.hash_of(self.user)})
        self.assertIn('AuthenticationResult', reply)

    def test_a_challenge_answer_needs_the_hash_too(self):
        srp = Srp(self.pool, PASSWORD)
        challenge = self.api.InitiateAuth(ClientId=self.client, AuthFlow='USER_SRP_AUTH', AuthParameters={
            'USERNAME': self.user, 'SRP_A': srp.srp_a, 'SECRET_HASH': self.hash_of(self.user)})
        self.refused('NotAuthorizedException', f'Client {self.client} is configured with secret but '
                     'SECRET_HASH was not received', 'RespondToAuthChallenge', ClientId=self.client,
                     ChallengeName='PASSWORD_VERIFIER',
                     ChallengeResponses=srp.answer(challenge['ChallengeParameters']))

    def test_refresh_hashes_the_internal_name_or_the_sub(self):
        tokens = self.tokens(self.client, 'a@b.example', SECRET_HASH=self.hash_of('a@b.example'))
        sub = self.api.GetUser(AccessToken=tokens['AccessToken'])['UserAttributes'][0]['Value']
        for value in (self.hash_of(self.user), self.hash_of(sub), self.secret):
            reply = self.api.InitiateAuth(
                ClientId=self.client, AuthFlow='REFRESH_TOKEN_AUTH', AuthParameters={
                    'REFRESH_TOKEN': tokens['RefreshToken'], 'SECRET_HASH': value})
            self.assertIn('AccessToken', reply['AuthenticationResult'])

    def test_a_wrong_hash_on_refresh_has_a_text_of_its_own(self):
        tokens = self.tokens(self.client, self.user, SECRET_HASH=self.hash_of(self.user))
        self.refused('NotAuthorizedException', f'SecretHash does not match for the client: {self.client}',
                     'InitiateAuth', ClientId=self.client, AuthFlow='REFRESH_TOKEN_AUTH',
                     AuthParameters={'REFRESH_TOKEN': tokens['RefreshToken'],
                                     'SECRET_HASH': self.hash_of('other')})


class Statuses(PoolhouseTest):
    """Who may sign in, at a client of each kind."""

    @classmethod
    def prepare(cls):
        cls.pool = cls.new_pool(AutoVerifiedAttributes=['email'])
        cls.open = cls.new_client(cls.pool)
        cls.hiding = cls.new_client(cls.pool, PreventUserExistenceErrors='ENABLED')
        cls.user = cls.new_user(cls.pool)
        cls.disabled = cls.new_user(cls.pool)
        cls.api.AdminDisableUser(UserPoolId=cls.pool, Username=cls.disabled)
        cls.unconfirmed = cls.new_name()
        cls.api.SignUp(ClientId=cls.open, Username=cls.unconfirmed, Password=PASSWORD,
                       UserAttributes=attribute_list(email='a@b.example'))

    def assert_answer(self, client, name, password, type_, text):
        for flow in ('public', 'admin'):
            with self.subTest(flow):
                given = {'ClientId': client, 'AuthParameters': {'USERNAME': name, 'PASSWORD': password}}
                if flow == 'public':
                    self.refused(type_, text, 'InitiateAuth', AuthFlow='USER_PASSWORD_AUTH', **given)
                else:
                    self.refused(type_, text, 'AdminInitiateAuth', UserPoolId=self.pool,
                                 AuthFlow='ADMIN_USER_PASSWORD_AUTH', **given)

    def test_an_unknown_user_is_named_only_to_an_open_client(self):
        self.assert_answer(self.open, 'nobody', PASSWORD, 'UserNotFoundException', 'User does not exist.')
        self.assert_answer(self.hiding, 'nobody', PASSWORD, 'NotAuthorizedException', WRONG)

    def test_a_wrong_password_is_refused(self):
        for client in (self.open, self.hiding):
            for password in (PASSWORD + 'x', PASSWORD[:-1], PASSWORD.lower(), 'x' * 257, ' ' + PASSWORD):
                user = self.new_user(self.pool)
                self.assert_answer(client, user, password, 'NotAuthorizedException', WRONG)

    def test_a_disabled_user_is_told_so_or_only_with_the_right_password(self):
        self.assert_answer(self.open, self.disabled, PASSWORD, 'NotAuthorizedException',
                           'User is disabled.')
        self.assert_answer(self.open, self.disabled, 'Wr0ng-pass', 'NotAuthorizedException',
                           'User is disabled.')
        self.assert_answer(self.hiding, self.disabled, PASSWORD, 'NotAuthorizedException',
                           'User is disabled.')
        self.assert_answer(self.hiding, self.disabled, 'Wr0ng-pass', 'NotAuthorizedException', WRONG)

    def test_an_unconfirmed_user_is_told_so_with_the_right_password_only(self):
        for client in (self.open, self.hiding):
            self.assert_answer(client, self.unconfirmed, PASSWORD, 'UserNotConfirmedException',
                               'User is not confirmed.')
            self.assert_answer(client, self.unconfirmed, 'Wr0ng-pass', 'NotAuthorizedException', WRONG)

    def test_a_user_enabled_again_signs_in(self):
        name = self.new_user(self.pool)
        self.api.AdminDisableUser(UserPoolId=self.pool, Username=name)
        self.api.AdminEnableUser(UserPoolId=self.pool, Username=name)
        self.tokens(self.open, name)


class TemporaryPasswords(PoolhouseTest):
    server_options = {'clock': True}

    def test_a_temporary_password_expires_after_its_days(self):
        pool = self.new_pool(Policies={'PasswordPolicy': {
            'MinimumLength': 8, 'TemporaryPasswordValidityDays': 2}})
        client = self.new_client(pool)
        self.api.AdminCreateUser(UserPoolId=pool, Username='u', TemporaryPassword=PASSWORD)
        self.server.advance(2 * 86400 - 60)
        self.assertEqual('NEW_PASSWORD_REQUIRED', self.sign_in(client, 'u')['ChallengeName'])
        self.server.advance(120)
        with self.assert_error('NotAuthorizedException', 'Temporary password has expired and must '
                               'be reset by an administrator.'):
            self.sign_in(client, 'u')
        self.api.AdminCreateUser(UserPoolId=pool, Username='u', TemporaryPassword=PASSWORD,
                                 MessageAction='RESEND')
        self.assertEqual('NEW_PASSWORD_REQUIRED', self.sign_in(client, 'u')['ChallengeName'])


class ChangePassword(PoolhouseTest):

    @classmethod
    def prepare(cls):
        cls.pool = cls.new_pool()
        cls.client = cls.new_client(cls.pool)

    def test_a_changed_password_is_the_only_one_and_sessions_live_on(self):
        name = self.new_user(self.pool)
        tokens = self.tokens(self.client, name)
        self.assertEqual({}, self.api.ChangePassword(
            AccessToken=tokens['AccessToken'], PreviousPassword=PASSWORD, ProposedPassword='N3w-passw'))
        with self.assert_error('NotAuthorizedException', WRONG):
            self.tokens(self.client, name)
        self.tokens(self.client, name, 'N3w-passw')
        self.api.GetUser(AccessToken=tokens['AccessToken'])

    def test_a_wrong_previous_password_changes_nothing(self):
        name = self.new_user(self.pool)
        token = self.tokens(self.client, name)['AccessToken']
        self.refused('NotAuthorizedException', WRONG, 'ChangePassword', AccessToken=token,
                     PreviousPassword='Wr0ng-pass', ProposedPassword='N3w-passw')
        self.tokens(self.client, name)

    def test_the_new_password_obeys_the_policy(self):
        token = self.tokens(self.client, self.new_user(self.pool))['AccessToken']
        self.refused('InvalidPasswordException',
                     'Password does not conform to policy: Password not long enough',
                     'ChangePassword', AccessToken=token, PreviousPassword=PASSWORD,
                     ProposedPassword='Sh0rt!')

    def test_the_history_is_kept(self):
        pool = self.new_pool(Policies={'PasswordPolicy': {'MinimumLength': 8, 'PasswordHistorySize': 2}})
        client = self.new_client(pool)
        token = self.tokens(client, self.new_user(pool, 'u'))['AccessToken']
        passwords = [PASSWORD, 'Passw0rd!2', 'Passw0rd!3']
        for old, new in zip(passwords, passwords[1:]):
            self.api.ChangePassword(AccessToken=token, PreviousPassword=old, ProposedPassword=new)
        self.refused('PasswordHistoryPolicyViolationException', 'Password has previously been used',
                     'ChangePassword', AccessToken=token, PreviousPassword='Passw0rd!3',
                     ProposedPassword='Passw0rd!2')
        self.api.ChangePassword(AccessToken=token, PreviousPassword='Passw0rd!3',
                                ProposedPassword=PASSWORD)


if __name__ == '__main__':
    unittest.main()
