"""Users of the service that a pool leaves sign in here: their passwords, proofs and refresh tokens
are asked for there once, and kept."""
import socket
import threading
import time
import unittest

import srp
import totp
from leaving import LeavingTest
from poolhouse import (ALL_FLOWS, PASSWORD, ApiError, attribute_list, attributes, boto3_client, claims,
                       clocks_stand, free_port)

WRONG = 'Incorrect username or password.'
UNKNOWN = 'User does not exist.'
FLOWS = [*ALL_FLOWS, 'ALLOW_USER_AUTH']


class SignIn(LeavingTest):
    server_options = {'memory': False}
    server_args = ('--no-lockout',)

    @classmethod
    def prepare(cls):
        cls.pool = cls.real.CreateUserPool(
            PoolName='shop', AliasAttributes=['email'], AutoVerifiedAttributes=['email'],
            Policies={'PasswordPolicy': {'MinimumLength': 6},
                      'SignInPolicy': {'AllowedFirstAuthFactors': ['PASSWORD', 'EMAIL_OTP']}},
            Schema=[{'Name': 'tier', 'AttributeDataType': 'Number', 'Mutable': False}]
        )['UserPool']['Id']
        cls.real.SetUserPoolMfaConfig(
            UserPoolId=cls.pool, MfaConfiguration='OPTIONAL',
            SoftwareTokenMfaConfiguration={'Enabled': True},
            SmsMfaConfiguration={'SmsConfiguration': {
                'SnsCallerArn': 'arn:aws:iam::123456789012:role/sms', 'ExternalId': 'x'}})
        cls.clients = {}
        for name, members in {'web': {}, 'hiding': {'PreventUserExistenceErrors': 'ENABLED'},
                              'backend': {'GenerateSecret': True},
                              'rotating': {'RefreshTokenRotation': {
                                  'Feature': 'ENABLED', 'RetryGracePeriodSeconds': 0},
                                  'ExplicitAuthFlows': FLOWS[:3]}}.items():
            cls.clients[name] = cls.real.CreateUserPoolClient(
                UserPoolId=cls.pool, ClientName=name, **{'ExplicitAuthFlows': FLOWS, **members}
            )['UserPoolClient']
        cls.client, cls.hiding = (cls.clients[n]['ClientId'] for n in ('web', 'hiding'))
        cls.real.CreateGroup(UserPoolId=cls.pool, GroupName='admins')
        cls.leave('config', *cls.describe(cls.pool))
        cls.ask()

    @classmethod
    def ask(cls, *words, endpoint=None, keys=True):
        keys = ['--credentials', cls.file('keys.json', {
            'Version': 1, 'AccessKeyId': 'AKIDEXAMPLE', 'SecretAccessKey': 'Sealed+Secret'})] if keys else []
        cls.leave('ask', '--pool', cls.pool, '--endpoint', endpoint or cls.origin.url, *keys, *words)
        time.sleep(0.15)  # until the server has seen it

    def user(self, name):
        return self.api.AdminGetUser(UserPoolId=self.pool, Username=name)

    def assert_nobody(self, name):
        with self.assert_error('UserNotFoundException', UNKNOWN):
            self.user(name)

    def assert_no_more_asked(self, block, *operations):
        before = self.asked(*operations)
        result = block()
        self.assertEqual(before, self.asked(*operations))
        return result

    # Passwords

    def test_who_is_not_here_comes_with_his_password(self):
        sub = self.add('ann', email='ann@x.example', email_verified='true', custom_tier='4')
        self.real.AdminAddUserToGroup(UserPoolId=self.pool, GroupName='admins', Username='ann')
        self.assert_nobody('ann')
        access = claims(self.tokens(self.client, 'ann')['AccessToken'])[1]
        self.assertEqual((sub, 'ann', ['admins']),
                         (access['sub'], access['username'], access['cognito:groups']))
        user = self.user('ann@x.example')
        self.assertEqual({'sub': sub, 'email': 'ann@x.example', 'email_verified': 'true',
                          'custom:tier': '4'}, attributes(user))
        self.assertEqual('CONFIRMED', user['UserStatus'])
        self.assert_no_more_asked(lambda: self.sign_in(self.client, 'ann'))
        with self.assert_error('NotAuthorizedException', WRONG):
            self.assert_no_more_asked(lambda: self.sign_in(self.client, 'ann', 'Wr0ng!'))

    def test_an_alias_brings_him_as_well(self):
        sub = self.add('bea', email='bea@x.example', email_verified='true')
        self.assertEqual(sub, claims(self.tokens(self.client, 'bea@x.example')['IdToken'])[1]['sub'])
        self.assertEqual('bea', self.user(sub)['Username'])

    def test_who_was_brought_gets_his_password_and_stays_as_he_was(self):
        sub = self.add('cora', email='cora@x.example', email_verified='true')
        self.bring('cora')
        made = self.user('cora')['UserCreateDate']
        with self.assert_error('NotAuthorizedException', WRONG):
            self.sign_in(self.client, 'cora', 'Wr0ng!')
        self.assertEqual(sub, claims(self.tokens(self.client, 'cora')['IdToken'])[1]['sub'])
        self.assertEqual(made, self.user('cora')['UserCreateDate'])
        self.assert_no_more_asked(lambda: self.sign_in(self.client, 'cora'))

    def test_boto3_and_a_client_with_a_secret(self):
        from poolhouse import secret_hash
        self.add('dan')
        client = self.clients['backend']
        parameters = {'USERNAME': 'dan', 'PASSWORD': PASSWORD, 'SECRET_HASH': secret_hash(
            'dan', client['ClientId'], client['ClientSecret'])}
        reply = boto3_client(self.server.url).initiate_auth(
            ClientId=client['ClientId'], AuthFlow='USER_PASSWORD_AUTH', AuthParameters=parameters)
        self.assertIn('AuthenticationResult', reply)

    def test_administrators_sign_them_in_as_well(self):
        self.add('eli')
        reply = self.api.AdminInitiateAuth(
            UserPoolId=self.pool, ClientId=self.client, AuthFlow='ADMIN_USER_PASSWORD_AUTH',
            AuthParameters={'USERNAME': 'eli', 'PASSWORD': PASSWORD})
        self.assertIn('AuthenticationResult', reply)

    def test_passwords_of_user_auth_with_the_first_call_and_as_a_challenge(self):
        self.add('fay')
        self.add('gus')
        self.bring('gus')
        reply = self.api.InitiateAuth(ClientId=self.client, AuthFlow='USER_AUTH', AuthParameters={
            'USERNAME': 'fay', 'PREFERRED_CHALLENGE': 'PASSWORD', 'PASSWORD': PASSWORD})
        self.assertIn('AuthenticationResult', reply)
        self.add('gwen')
        for name, client in ('gus', self.client), ('gwen', self.hiding):
            reply = self.api.InitiateAuth(ClientId=client, AuthFlow='USER_AUTH', AuthParameters={
                'USERNAME': name, 'PREFERRED_CHALLENGE': 'PASSWORD'})
            self.assertEqual('PASSWORD', reply['ChallengeName'])
            answer = {'ClientId': client, 'ChallengeName': 'PASSWORD', 'Session': reply['Session']}
            with self.assert_error('NotAuthorizedException', WRONG):
                self.api.RespondToAuthChallenge(**answer, ChallengeResponses={
                    'USERNAME': name, 'PASSWORD': 'Wr0ng!'})
            reply = self.api.RespondToAuthChallenge(**answer, ChallengeResponses={
                'USERNAME': name, 'PASSWORD': PASSWORD})
            self.assertIn('AuthenticationResult', reply)

    def test_wrong_passwords_and_unknown_names_make_nobody(self):
        self.add('hal')
        for client, name, error, text in (
                (self.client, 'hal', 'UserNotFoundException', UNKNOWN),
                (self.client, 'nobody', 'UserNotFoundException', UNKNOWN),
                (self.hiding, 'hal', 'NotAuthorizedException', WRONG),
                (self.hiding, 'nobody', 'NotAuthorizedException', WRONG)):
            with self.subTest(name), self.assert_error(error, text):
                self.sign_in(client, name, 'Wr0ng!')
        self.assert_nobody('hal')
        self.assertIn('AuthenticationResult', self.sign_in(self.hiding, 'hal'))

    def test_who_is_disabled_there_does_not_come_and_who_is_disabled_here_stays_out(self):
        self.add('ida')
        self.real.AdminDisableUser(UserPoolId=self.pool, Username='ida')
        with self.assert_error('UserNotFoundException', UNKNOWN):
            self.sign_in(self.client, 'ida')
        self.add('jon')
        self.bring('jon')
        self.api.AdminDisableUser(UserPoolId=self.pool, Username='jon')
        with self.assert_error('NotAuthorizedException', 'User is disabled.'):
            self.sign_in(self.client, 'jon')
        with self.assert_error('NotAuthorizedException', 'User is disabled.'):
            self.sign_in(self.hiding, 'jon')

    def test_a_user_who_was_made_here_is_not_asked_for(self):
        self.add('kim', password='Theirs1!')
        self.api.AdminCreateUser(UserPoolId=self.pool, Username='kim', MessageAction='SUPPRESS')
        with self.assert_error('NotAuthorizedException', WRONG):
            self.assert_no_more_asked(lambda: self.sign_in(self.client, 'kim', 'Theirs1!'))

    def test_two_sign_ins_at_once_bring_one_user(self):
        sub = self.add('leo')
        found = []

        def sign_in():
            found.append(claims(self.tokens(self.client, 'leo')['IdToken'])[1]['sub'])

        threads = [threading.Thread(target=sign_in) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual([sub] * 6, found)

    def test_states_of_the_origin_are_told(self):
        self.add('mia', email='mia@x.example', email_verified='true')
        self.bring('mia')
        self.real.AdminResetUserPassword(UserPoolId=self.pool, Username='mia')
        with self.assert_error('PasswordResetRequiredException', 'Password reset required for the user'):
            self.sign_in(self.client, 'mia')
        with self.assert_error('NotAuthorizedException', WRONG):
            self.sign_in(self.hiding, 'mia')

    # Challenges

    def test_a_temporary_password_is_changed_here(self):
        self.real.AdminCreateUser(UserPoolId=self.pool, Username='ned', MessageAction='SUPPRESS',
                                  TemporaryPassword='Temp0rary!')
        reply = self.sign_in(self.client, 'ned', 'Temp0rary!')
        self.assertEqual('NEW_PASSWORD_REQUIRED', reply['ChallengeName'])
        reply = self.api.RespondToAuthChallenge(
            ClientId=self.client, ChallengeName='NEW_PASSWORD_REQUIRED', Session=reply['Session'],
            ChallengeResponses={'USERNAME': 'ned', 'NEW_PASSWORD': PASSWORD})
        self.assertIn('AuthenticationResult', reply)
        self.assertEqual('CONFIRMED', self.user('ned')['UserStatus'])

    def test_a_second_factor_by_text_message_is_asked_for_here(self):
        self.add('oda', phone_number='+4915112345678', phone_number_verified='true')
        self.real.AdminSetUserMFAPreference(UserPoolId=self.pool, Username='oda', SMSMfaSettings={
            'Enabled': True, 'PreferredMfa': True})
        reply = self.sign_in(self.client, 'oda')
        self.assertEqual('SMS_MFA', reply['ChallengeName'])
        reply = self.api.RespondToAuthChallenge(
            ClientId=self.client, ChallengeName='SMS_MFA', Session=reply['Session'],
            ChallengeResponses={'USERNAME': 'oda', 'SMS_MFA_CODE': self.server.code('oda')})
        self.assertIn('AuthenticationResult', reply)

    def test_an_authenticator_app_is_set_up_anew(self):
        self.add('pia')
        session = self.real.InitiateAuth(ClientId=self.client, AuthFlow='USER_PASSWORD_AUTH', AuthParameters={
            'USERNAME': 'pia', 'PASSWORD': PASSWORD})
        token = session['AuthenticationResult']['AccessToken']
        secret = self.real.AssociateSoftwareToken(AccessToken=token)['SecretCode']
        self.real.VerifySoftwareToken(AccessToken=token, UserCode=totp.code(secret, time.time()))
        self.real.AdminSetUserMFAPreference(UserPoolId=self.pool, Username='pia',
                                            SoftwareTokenMfaSettings={'Enabled': True, 'PreferredMfa': True})
        reply = self.sign_in(self.client, 'pia')
        self.assertEqual(('MFA_SETUP', '["SOFTWARE_TOKEN_MFA"]'),
                         (reply['ChallengeName'], reply['ChallengeParameters']['MFAS_CAN_SETUP']))
        self.assertEqual('MFA_SETUP', self.sign_in(self.client, 'pia')['ChallengeName'])
        made = self.api.AssociateSoftwareToken(Session=reply['Session'])
        session = self.api.VerifySoftwareToken(
            Session=made['Session'], UserCode=totp.code(made['SecretCode'], time.time()))['Session']
        reply = self.api.RespondToAuthChallenge(
            ClientId=self.client, ChallengeName='MFA_SETUP', Session=session,
            ChallengeResponses={'USERNAME': 'pia'})
        self.assertIn('AuthenticationResult', reply)
        self.assertEqual('SOFTWARE_TOKEN_MFA', self.sign_in(self.client, 'pia')['ChallengeName'])

    # Forgotten passwords

    def recover(self, name, password='New-passw0rd'):
        self.api.ForgotPassword(ClientId=self.client, Username=name)
        self.api.ConfirmForgotPassword(ClientId=self.client, Username=name, Password=password,
                                       ConfirmationCode=self.server.code(name))

    def test_who_is_not_here_and_forgets_his_password_gets_a_code_here(self):
        sub = self.add('quin', email='quin@x.example', email_verified='true')
        self.recover('quin')
        self.assertEqual(sub, claims(self.tokens(self.client, 'quin', 'New-passw0rd')['IdToken'])[1]['sub'])
        with self.assert_error('NotAuthorizedException', WRONG):
            self.sign_in(self.client, 'quin')

    def test_who_waits_and_gets_a_password_here_is_not_asked_for_any_more(self):
        self.add('ria', email='ria@x.example', email_verified='true')
        self.add('sam')
        self.bring('ria')
        self.bring('sam')
        self.recover('ria')
        self.api.AdminSetUserPassword(UserPoolId=self.pool, Username='sam', Password='New-passw0rd',
                                      Permanent=True)
        for name in 'ria', 'sam':
            with self.assert_error('NotAuthorizedException', WRONG):
                self.assert_no_more_asked(lambda n=name: self.sign_in(self.client, n))
            self.sign_in(self.client, name, 'New-passw0rd')

    def test_a_reset_here_is_not_undone_by_the_password_there(self):
        self.add('tom', email='tom@x.example', email_verified='true')
        self.bring('tom')
        self.api.AdminResetUserPassword(UserPoolId=self.pool, Username='tom')
        with self.assert_error('PasswordResetRequiredException', None):
            self.sign_in(self.client, 'tom')
        with self.assert_error('NotAuthorizedException', WRONG):
            self.assert_no_more_asked(lambda: self.sign_in(self.hiding, 'tom'))

    def test_without_keys_nobody_is_looked_up(self):
        self.ask(keys=False)
        self.addCleanup(self.ask)
        self.add('ulf', email='ulf@x.example', email_verified='true')
        with self.assert_error('UserNotFoundException', None):
            self.api.ForgotPassword(ClientId=self.client, Username='ulf')

    # SRP

    def by_srp(self, name, client=None, password=PASSWORD):
        half = srp.Client(self.pool, password)
        reply = self.api.InitiateAuth(ClientId=client or self.client, AuthFlow='USER_SRP_AUTH',
                                      AuthParameters={'USERNAME': name, 'SRP_A': half.srp_a})
        return self.api.RespondToAuthChallenge(
            ClientId=client or self.client, ChallengeName='PASSWORD_VERIFIER',
            ChallengeResponses=half.answer(reply['ChallengeParameters']))

    def test_srp_is_passed_on(self):
        self.add('vera', email='vera@x.example', email_verified='true')
        self.bring('vera')
        sub = self.add('wim', email='wim@x.example', email_verified='true')
        with self.assert_error('NotAuthorizedException', WRONG):
            self.by_srp('vera', password='Wr0ng!')
        for name in 'vera', 'vera@x.example', 'wim@x.example', 'wim':
            with self.subTest(name):
                self.assertIn('AuthenticationResult', self.by_srp(name))
        self.assertEqual(sub, attributes(self.user('wim'))['sub'])
        self.sign_in(self.client, 'wim')
        self.assert_no_more_asked(lambda: self.by_srp('wim'))

    def test_srp_that_was_chosen_is_passed_on(self):
        self.add('walt')
        self.bring('walt')
        half = srp.Client(self.pool, PASSWORD)
        reply = self.api.InitiateAuth(ClientId=self.client, AuthFlow='USER_AUTH', AuthParameters={
            'USERNAME': 'walt', 'PREFERRED_CHALLENGE': 'PASSWORD_SRP', 'SRP_A': half.srp_a})
        reply = self.api.RespondToAuthChallenge(
            ClientId=self.client, ChallengeName='PASSWORD_VERIFIER', Session=reply['Session'],
            ChallengeResponses=half.answer(reply['ChallengeParameters']))
        self.assertIn('AuthenticationResult', reply)

    def test_who_signed_in_by_srp_changes_his_password_by_the_one_of_the_origin(self):
        self.add('wren')
        self.bring('wren')
        change = {'AccessToken': self.by_srp('wren')['AuthenticationResult']['AccessToken'],
                  'ProposedPassword': 'New-passw0rd'}
        for previous in {}, {'PreviousPassword': 'Wr0ng!'}:
            with self.assert_error('NotAuthorizedException', WRONG):
                self.api.ChangePassword(**change, **previous)
        self.api.ChangePassword(**change, PreviousPassword=PASSWORD)
        self.sign_in(self.client, 'wren', 'New-passw0rd')
        with self.assert_error('NotAuthorizedException', WRONG):
            self.assert_no_more_asked(lambda: self.sign_in(self.client, 'wren'))

    def test_srp_of_nobody_is_refused_as_ever(self):
        with self.assert_error('UserNotFoundException', UNKNOWN):
            self.by_srp('nobody')
        with self.assert_error('NotAuthorizedException', WRONG):
            self.by_srp('nobody', self.hiding)

    def test_a_relayed_exchange_is_good_once(self):
        self.add('xena')
        half = srp.Client(self.pool, PASSWORD)
        reply = self.api.InitiateAuth(ClientId=self.hiding, AuthFlow='USER_SRP_AUTH', AuthParameters={
            'USERNAME': 'xena', 'SRP_A': half.srp_a})
        answer = {'ClientId': self.hiding, 'ChallengeName': 'PASSWORD_VERIFIER',
                  'ChallengeResponses': half.answer(reply['ChallengeParameters'])}
        self.assertIn('AuthenticationResult', self.api.RespondToAuthChallenge(**answer))
        with self.assert_error('NotAuthorizedException', WRONG):
            self.api.RespondToAuthChallenge(**answer)
        with self.assert_error('NotAuthorizedException', WRONG):
            self.api.RespondToAuthChallenge(**{**answer, 'ClientId': self.client})

    # Refresh tokens

    def refresh(self, token, client=None, **more):
        return self.api.InitiateAuth(
            ClientId=client or self.client, AuthFlow='REFRESH_TOKEN_AUTH',
            AuthParameters={'REFRESH_TOKEN': token, **more})['AuthenticationResult']

    def there(self, name, client=None, **parameters):
        """Tokens of the real service."""
        return self.real.InitiateAuth(
            ClientId=client or self.client, AuthFlow='USER_PASSWORD_AUTH',
            AuthParameters={'USERNAME': name, 'PASSWORD': PASSWORD, **parameters})['AuthenticationResult']

    def test_a_refresh_token_is_brought_there_once_and_goes_on_here(self):
        sub = self.add('yves')
        theirs = self.there('yves')
        first = self.refresh(theirs['RefreshToken'])
        access = claims(first['AccessToken'])[1]
        self.assertEqual((sub, claims(theirs['AccessToken'])[1]['auth_time']),
                         (access['sub'], access['auth_time']))
        again = self.assert_no_more_asked(lambda: self.refresh(theirs['RefreshToken']), 'InitiateAuth')
        self.assertEqual(access['origin_jti'], claims(again['AccessToken'])[1]['origin_jti'])
        ours = self.assert_no_more_asked(lambda: self.refresh(first['RefreshToken']))
        self.assertNotIn('RefreshToken', ours)
        self.api.GlobalSignOut(AccessToken=ours['AccessToken'])
        for token in theirs['RefreshToken'], first['RefreshToken']:
            with self.assert_error('NotAuthorizedException', 'Refresh Token has been revoked'):
                self.refresh(token)

    def test_who_was_signed_out_here_does_not_come_back_by_a_token_of_before(self):
        self.add('zoe')
        self.tokens(self.client, 'zoe')
        theirs = self.there('zoe')['RefreshToken']
        time.sleep(1.1)  # auth_time has no parts of a second
        self.api.AdminUserGlobalSignOut(UserPoolId=self.pool, Username='zoe')
        for _ in range(2):
            with self.assert_error('NotAuthorizedException', 'Invalid Refresh Token'):
                self.refresh(theirs)
        time.sleep(1.1)
        self.assertIn('AccessToken', self.refresh(self.there('zoe')['RefreshToken']))

    def test_a_wrong_token_is_brought_there_once(self):
        before = self.asked('InitiateAuth')
        for _ in range(3):
            with self.assert_error('NotAuthorizedException', 'Invalid Refresh Token'):
                self.refresh('garbage')
        self.assertEqual(before + 1, self.asked('InitiateAuth'))

    def test_a_token_that_was_revoked_here_is_not_honoured_again(self):
        self.add('abe')
        adopted, unknown = self.there('abe')['RefreshToken'], self.there('abe')['RefreshToken']
        self.refresh(adopted)
        for token, text in (adopted, 'Refresh Token has been revoked'), (unknown, 'Invalid Refresh Token'):
            self.api.RevokeToken(ClientId=self.client, Token=token)
            with self.assert_error('NotAuthorizedException', text):
                self.refresh(token)
        with self.assert_error('UnauthorizedException', 'Invalid token.'):
            self.api.RevokeToken(ClientId=self.client, Token='garbage-too')

    def test_tokens_are_of_their_client(self):
        self.add('bob')
        theirs = self.there('bob')['RefreshToken']
        with self.assert_error('NotAuthorizedException', 'Invalid Refresh Token'):
            self.refresh(theirs, self.hiding)

    def test_a_client_with_a_secret_and_one_that_rotates(self):
        from poolhouse import secret_hash
        sub, client = self.add('cleo'), self.clients['backend']
        here = {n: secret_hash(n, client['ClientId'], client['ClientSecret']) for n in ('cleo', sub)}
        theirs = self.there('cleo', client['ClientId'], SECRET_HASH=here['cleo'])['RefreshToken']
        with self.assert_error('NotAuthorizedException', None):
            self.refresh(theirs, client['ClientId'], SECRET_HASH='wrong')
        self.add('dora')
        rotating = self.clients['rotating']['ClientId']
        theirs = self.there('dora', rotating)['RefreshToken']
        reply = self.api.GetTokensFromRefreshToken(ClientId=rotating, RefreshToken=theirs)
        ours = reply['AuthenticationResult']['RefreshToken']
        with self.assert_error('RefreshTokenReuseException', None):
            self.api.GetTokensFromRefreshToken(ClientId=rotating, RefreshToken=theirs)
        self.assertIn('AuthenticationResult',
                      self.api.GetTokensFromRefreshToken(ClientId=rotating, RefreshToken=ours))

    def test_many_at_once_bring_one_token_there_once(self):
        self.add('eve')
        theirs = self.there('eve')['RefreshToken']
        before, families = self.asked('InitiateAuth'), []

        def refresh():
            families.append(claims(self.refresh(theirs)['AccessToken'])[1]['origin_jti'])

        threads = [threading.Thread(target=refresh) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual((6, 1), (len(families), len(set(families))))
        self.assertEqual(before + 1, self.asked('InitiateAuth'))

    # What operators see

    def test_status_and_metrics(self):
        told = self.leave('status', '--pool', self.pool).stdout
        self.assertIn(f'{self.pool} asks {self.origin.url} for {self.pool}, with clients of the same ids', told)
        self.assertRegex(told, r'\d+ users wait for their passwords, \d+ are settled here')
        self.assertNotIn('Sealed+Secret', told)
        metrics = self.server.get('/metrics').body.decode()
        for name in 'users_waiting', 'asked_total', 'proven_total', 'refreshes_total', 'away_total':
            self.assertIn(f'poolhouse_origin_{name} ', metrics)

    def test_nothing_secret_is_in_log_or_database(self):
        self.add('finn', password='Unheard-0f')
        self.sign_in(self.client, 'finn', 'Unheard-0f')
        rows = self.server.database.rows('SELECT document FROM configurations WHERE kind = 4')
        self.assertIn(self.origin.url, rows[0]['document'])
        for text in self.server.log(), rows[0]['document']:
            self.assertNotIn('Unheard-0f', text)
            self.assertNotIn('Sealed+Secret', text)


class Away(LeavingTest):
    """A service that is away, hangs or errs."""
    server_options = {'memory': False, 'env': {'POOLHOUSE_LEAVING_TIMEOUT': '300ms',
                                               'POOLHOUSE_LEAVING_PAUSE': '1s'}}

    @classmethod
    def prepare(cls):
        cls.pool = cls.real.CreateUserPool(PoolName='shop')['UserPool']['Id']
        cls.client, cls.hiding = (cls.real.CreateUserPoolClient(
            UserPoolId=cls.pool, ClientName='c', ExplicitAuthFlows=ALL_FLOWS,
            PreventUserExistenceErrors=prevent)['UserPoolClient']['ClientId']
            for prevent in ('LEGACY', 'ENABLED'))
        cls.leave('config', *cls.describe(cls.pool))
        cls.new_user(cls.pool, 'here')
        cls.add('waiting')
        cls.bring('waiting')

    def ask(self, endpoint):
        self.leave('ask', '--pool', self.pool, '--endpoint', endpoint)
        time.sleep(0.15)

    def check_away(self):
        for name in 'waiting', 'nobody':
            for client, error, text in ((self.client, 'TooManyRequestsException', 'Too many requests'),
                                        (self.hiding, 'NotAuthorizedException', WRONG)):
                with self.subTest(name), self.assert_error(error, text):
                    self.sign_in(client, name)
        with self.assert_error('TooManyRequestsException', 'Too many requests'):
            self.api.InitiateAuth(ClientId=self.client, AuthFlow='REFRESH_TOKEN_AUTH',
                                  AuthParameters={'REFRESH_TOKEN': f'unknown {time.monotonic()}'})

    def test_nobody_listens(self):
        self.ask(f'http://127.0.0.1:{free_port()}')
        self.check_away()
        self.check_away()
        self.assertIn('AuthenticationResult', self.sign_in(self.client, 'here'))

    def test_a_service_that_hangs_holds_up_nobody_who_is_here(self):
        with socket.socket() as hanging:
            hanging.bind(('127.0.0.1', 0))
            hanging.listen(64)
            self.ask(f'http://127.0.0.1:{hanging.getsockname()[1]}')
            self.check_away()
            stop = threading.Event()

            def knock():
                while not stop.is_set():
                    try:
                        self.sign_in(self.client, 'waiting')
                    except ApiError:
                        pass

            threads = [threading.Thread(target=knock) for _ in range(8)]
            for thread in threads:
                thread.start()
            try:
                began = time.monotonic()
                for _ in range(5):
                    self.assertIn('AuthenticationResult', self.sign_in(self.client, 'here'))
                took = time.monotonic() - began
            finally:
                stop.set()
                for thread in threads:
                    thread.join()
            self.assertLess(took, 10)
            began = time.monotonic()
            for _ in range(6):
                with self.assert_error('TooManyRequestsException', None):
                    self.sign_in(self.client, 'waiting')
            self.assertLess(time.monotonic() - began, 3)

    def test_it_is_asked_again_when_it_is_back(self):
        self.ask(f'http://127.0.0.1:{free_port()}')
        self.check_away()
        self.ask(self.origin.url)
        self.add('late')
        self.assertIn('AuthenticationResult', self.sign_in(self.client, 'late'))

    def test_guesses_are_counted_here_before_anybody_is_asked_there(self):
        self.ask(self.origin.url)
        self.add('guessed')
        self.enterContext(clocks_stand(self.server))
        for _ in range(6):
            with self.assert_error('NotAuthorizedException', None):
                self.sign_in(self.hiding, 'guessed', 'Wr0ng!')
        before = self.asked('InitiateAuth')
        with self.assert_error('NotAuthorizedException', 'Password attempts exceeded'):
            self.sign_in(self.hiding, 'guessed')
        self.assertEqual(before, self.asked('InitiateAuth'))

    def test_z_done_asks_nobody(self):
        told = self.leave('done', '--pool', self.pool).stdout
        self.assertIn(f'{self.pool} asks nobody any more', told)
        self.assertIn('1 users wait for their passwords', told)
        time.sleep(0.15)
        self.add('missed')
        before = self.asked('InitiateAuth')
        with self.assert_error('UserNotFoundException', UNKNOWN):
            self.sign_in(self.client, 'missed')
        with self.assert_error('NotAuthorizedException', WRONG):
            self.sign_in(self.client, 'waiting')
        for client, challenged in (self.client, False), (self.hiding, True):
            half = srp.Client(self.pool, PASSWORD)
            begin = {'ClientId': client, 'AuthFlow': 'USER_SRP_AUTH',
                     'AuthParameters': {'USERNAME': 'waiting', 'SRP_A': half.srp_a}}
            if challenged:
                reply = self.api.InitiateAuth(**begin)
                with self.assert_error('NotAuthorizedException', WRONG):
                    self.api.RespondToAuthChallenge(
                        ClientId=client, ChallengeName='PASSWORD_VERIFIER',
                        ChallengeResponses=half.answer(reply['ChallengeParameters']))
            else:
                with self.assert_error('PasswordResetRequiredException', None):
                    self.api.InitiateAuth(**begin)
        self.assertEqual(before, self.asked('InitiateAuth'))

    def test_words_of_the_command(self):
        for words, text in ((('--endpoint', 'x'), 'say a URL'),
                            (('--credentials', self.file('k.json', {'AccessKeyId': 'A'})), 'AccessKeyId'),
                            (('--credentials', self.file('s.json', {'ClientSecret': 's'})), '--client')):
            done = self.leave('ask', '--pool', self.pool, *words, check=False)
            self.assertEqual((1, True), (done.returncode, text in done.stderr), done.stderr)
        self.assertEqual(2, self.leave('ask', check=False).returncode)
        self.assertIn('does not exist', self.leave('status', '--pool', 'eu-west-1_no', check=False).stderr)


if __name__ == '__main__':
    unittest.main()
