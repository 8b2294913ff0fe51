"""USER_AUTH: choosing how to sign in, one-time codes as first factor, users without a password."""
import base64
import json
import unittest

import srp
from poolhouse import (ALL_FLOWS, PASSWORD, PoolhouseTest, attribute_list, attributes, claims, clocks_stand,
                       secret_hash)

FLOWS = ALL_FLOWS + ['ALLOW_USER_AUTH']
ALL_FACTORS = ['PASSWORD', 'EMAIL_OTP', 'SMS_OTP', 'WEB_AUTHN']
WRONG = ('NotAuthorizedException', 'Incorrect username or password.')
INVALID = ('NotAuthorizedException', 'Invalid session for the user.')
REUSED = ('NotAuthorizedException', 'Invalid session for the user, session can only be used once.')
MISMATCH = ('CodeMismatchException', 'Invalid code or auth state for the user.')
SMS = {'SnsCallerArn': 'arn:aws:iam::000000000000:role/sms', 'ExternalId': 'x'}


class ChoiceTest(PoolhouseTest):

    @classmethod
    def choice_pool(cls, factors=ALL_FACTORS, **members):
        return cls.new_pool(Policies={'SignInPolicy': {'AllowedFirstAuthFactors': factors}},
                            SmsConfiguration=SMS, AutoVerifiedAttributes=['email', 'phone_number'],
                            **members)

    @classmethod
    def prepare(cls):
        cls.pool = cls.choice_pool()
        cls.client = cls.new_client(cls.pool, ExplicitAuthFlows=FLOWS)
        cls.hiding = cls.new_client(cls.pool, ExplicitAuthFlows=FLOWS,
                                    PreventUserExistenceErrors='ENABLED')

    def user(self, email=True, phone=False, password=True, pool=None, **values):
        name = self.new_name()
        if email:
            values |= {'email': f'{name}@example.com', 'email_verified': 'true'}
        if phone:
            values |= {'phone_number': '+4915112345678', 'phone_number_verified': 'true'}
        made = self.api.AdminCreateUser(UserPoolId=pool or self.pool, Username=name,
                                        MessageAction='SUPPRESS', UserAttributes=attribute_list(**values))
        if password:
            self.api.AdminSetUserPassword(UserPoolId=pool or self.pool, Username=name, Password=PASSWORD,
                                          Permanent=True)
        else:
            self.assertEqual('CONFIRMED', made['User']['UserStatus'])
        return name

    def begin(self, name, preferred=None, client=None, session=None, **parameters):
        if preferred:
            parameters['PREFERRED_CHALLENGE'] = preferred
        members = {'ClientId': client or self.client, 'AuthFlow': 'USER_AUTH',
                   'AuthParameters': {'USERNAME': name, **parameters}}
        return self.api.InitiateAuth(**members, **({'Session': session} if session else {}))

    def answer(self, asked, name, client=None, challenge=None, session=None, **responses):
        members = {'ClientId': client or self.client,
                   'ChallengeName': challenge or asked['ChallengeName'],
                   'ChallengeResponses': {'USERNAME': name, **responses}}
        session = session or asked.get('Session')
        return self.api.RespondToAuthChallenge(**members, **({'Session': session} if session else {}))

    def select(self, name, choice, client=None, **more):
        asked = self.begin(name, client=client)
        return self.answer(asked, name, client, ANSWER=choice, **more)

    def assert_tokens(self, reply, name):
        self.assertEqual(name, claims(reply['AuthenticationResult']['AccessToken'])[1]['username'])
        self.assertNotIn('ChallengeName', reply)
        self.assertNotIn('AvailableChallenges', reply)
        self.assertEqual({}, reply['ChallengeParameters'])


class Choosing(ChoiceTest):

    def test_what_is_offered_is_what_pool_and_user_have(self):
        passwords = ['PASSWORD_SRP', 'PASSWORD']
        for expected, how in ((passwords, {'email': False}), (passwords + ['EMAIL_OTP'], {}),
                              (passwords + ['EMAIL_OTP', 'SMS_OTP'], {'phone': True}),
                              (['EMAIL_OTP'], {'password': False}),
                              (['SMS_OTP'], {'password': False, 'email': False, 'phone': True})):
            asked = self.begin(self.user(**how))
            self.assertEqual(('SELECT_CHALLENGE', expected, {}),
                             (asked['ChallengeName'], asked['AvailableChallenges'],
                              asked['ChallengeParameters']))
            self.assertEqual({'ChallengeName', 'AvailableChallenges', 'ChallengeParameters', 'Session'},
                             set(asked))

    def test_a_pool_of_passwords_offers_them_alone(self):
        pool = self.new_pool()
        client = self.new_client(pool, ExplicitAuthFlows=['ALLOW_USER_AUTH'])
        name = self.new_user(pool, email='a@b.example', email_verified='true')
        asked = self.begin(name, 'EMAIL_OTP', client)
        self.assertEqual(('SELECT_CHALLENGE', ['PASSWORD_SRP', 'PASSWORD']),
                         (asked['ChallengeName'], asked['AvailableChallenges']))
        self.assert_tokens(self.begin(name, 'PASSWORD', client, PASSWORD=PASSWORD), name)

    def test_what_is_not_available_is_no_error(self):
        name = self.user(email=False)
        for preferred in ('EMAIL_OTP', 'SMS_OTP', 'WEB_AUTHN', 'SOFTWARE_TOKEN_MFA', 'nonsense'):
            asked = self.begin(name, preferred)
            self.assertEqual('SELECT_CHALLENGE', asked['ChallengeName'])
            self.assertEqual(['PASSWORD_SRP', 'PASSWORD'], asked['AvailableChallenges'])

    def test_an_unverified_address_gets_no_code(self):
        name = self.user(email=False)
        self.api.AdminUpdateUserAttributes(UserPoolId=self.pool, Username=name, UserAttributes=attribute_list(
            email='a@b.example', email_verified='false'))
        self.assertNotIn('EMAIL_OTP', self.begin(name)['AvailableChallenges'])

    def test_a_temporary_password_is_the_only_factor(self):
        name = self.user()
        self.api.AdminSetUserPassword(UserPoolId=self.pool, Username=name, Password=PASSWORD, Permanent=False)
        asked = self.begin(name, 'EMAIL_OTP')
        self.assertEqual(('SELECT_CHALLENGE', ['PASSWORD_SRP', 'PASSWORD']),
                         (asked['ChallengeName'], asked['AvailableChallenges']))
        asked = self.answer(asked, name, ANSWER='PASSWORD', PASSWORD=PASSWORD)
        self.assertEqual('NEW_PASSWORD_REQUIRED', asked['ChallengeName'])
        self.assert_tokens(self.answer(asked, name, NEW_PASSWORD='N3w-passw0rd'), name)

    def test_only_what_was_offered_can_be_chosen(self):
        name = self.user(email=False)
        asked = self.begin(name)
        for choice in ('EMAIL_OTP', 'WEB_AUTHN', 'SELECT_CHALLENGE', 'nonsense'):
            with self.assert_error('InvalidParameterException', 'Selected challenge is not available'):
                self.answer(asked, name, ANSWER=choice)
        with self.assert_error('InvalidParameterException', 'Missing required parameter ANSWER'):
            self.answer(asked, name)
        self.assert_tokens(self.answer(asked, name, ANSWER='PASSWORD', PASSWORD=PASSWORD), name)

    def test_the_switch_of_the_client_is_asked_for(self):
        client = self.new_client(self.pool)
        with self.assert_error('InvalidParameterException', 'USER_AUTH flow not enabled for this client'):
            self.begin(self.user(), client=client)

    def test_users_without_any_way_in_are_told(self):
        name = self.user(email=False, password=False)
        with self.assert_error('InvalidParameterException', 'User does not have any available challenges.'):
            self.begin(name)
        with self.assert_error('UserNotFoundException', 'User does not exist.'):
            self.begin(self.new_name())

    def test_administrators_begin_and_answer_it_too(self):
        name = self.user()
        asked = self.api.AdminInitiateAuth(UserPoolId=self.pool, ClientId=self.client, AuthFlow='USER_AUTH',
                                           AuthParameters={'USERNAME': name})
        self.assertEqual('SELECT_CHALLENGE', asked['ChallengeName'])
        self.assertIn('EMAIL_OTP', asked['AvailableChallenges'])
        self.assert_tokens(self.api.AdminRespondToAuthChallenge(
            UserPoolId=self.pool, ClientId=self.client, ChallengeName='SELECT_CHALLENGE',
            Session=asked['Session'],
            ChallengeResponses={'USERNAME': name, 'ANSWER': 'PASSWORD', 'PASSWORD': PASSWORD}), name)

    def test_a_secret_hash_is_asked_for_everywhere(self):
        made = self.api.CreateUserPoolClient(UserPoolId=self.pool, ClientName='c', GenerateSecret=True,
                                             ExplicitAuthFlows=FLOWS)['UserPoolClient']
        client, secret = made['ClientId'], made['ClientSecret']
        name = self.user()
        proof = {'SECRET_HASH': secret_hash(name, client, secret)}
        with self.assert_error('NotAuthorizedException', None):
            self.begin(name, client=client)
        asked = self.begin(name, client=client, **proof)
        with self.assert_error('NotAuthorizedException', None):
            self.answer(asked, name, client, ANSWER='PASSWORD', PASSWORD=PASSWORD)
        self.assert_tokens(self.answer(asked, name, client, ANSWER='PASSWORD', PASSWORD=PASSWORD, **proof),
                           name)


class ByPassword(ChoiceTest):

    def test_a_password_may_come_with_the_first_call(self):
        name = self.user()
        self.assert_tokens(self.begin(name, 'PASSWORD', PASSWORD=PASSWORD), name)
        with self.assert_error(*WRONG):
            self.begin(name, 'PASSWORD', PASSWORD='Wr0ng-pass')

    def test_or_be_asked_for(self):
        name = self.user()
        for asked in (self.begin(name, 'PASSWORD'), self.select(name, 'PASSWORD')):
            self.assertEqual(('PASSWORD', {}), (asked['ChallengeName'], asked['ChallengeParameters']))
            with self.assert_error('InvalidParameterException', 'Missing required parameter PASSWORD'):
                self.answer(asked, name)
            with self.assert_error(*WRONG):
                self.answer(asked, name, PASSWORD='Wr0ng-pass')
            self.assert_tokens(self.answer(asked, name, PASSWORD=PASSWORD), name)
            with self.assert_error(*REUSED):
                self.answer(asked, name, PASSWORD=PASSWORD)

    def test_or_come_with_the_choice(self):
        name = self.user()
        asked = self.begin(name)
        with self.assert_error(*WRONG):
            self.answer(asked, name, ANSWER='PASSWORD', PASSWORD='Wr0ng-pass')
        self.assert_tokens(self.answer(asked, name, ANSWER='PASSWORD', PASSWORD=PASSWORD), name)

    def test_a_choice_is_made_once(self):
        name = self.user()
        asked = self.begin(name)
        self.answer(asked, name, ANSWER='PASSWORD')
        for choice in ('PASSWORD', 'EMAIL_OTP'):
            with self.assert_error(*REUSED):
                self.answer(asked, name, ANSWER=choice)

    def test_srp_by_preference(self):
        name = self.user()
        with self.assert_error('InvalidParameterException', 'Missing required parameter SRP_A'):
            self.begin(name, 'PASSWORD_SRP')
        half = srp.Client(self.pool, PASSWORD)
        asked = self.begin(name, 'PASSWORD_SRP', SRP_A=half.srp_a)
        self.assertEqual('PASSWORD_VERIFIER', asked['ChallengeName'])
        self.assertIn('PASSWORD_SRP', asked['AvailableChallenges'])
        proof = half.answer(asked['ChallengeParameters'])
        self.assert_tokens(self.answer(asked, **self.named(proof)), name)

    @staticmethod
    def named(proof):
        proof = dict(proof)
        return {'name': proof.pop('USERNAME'), **proof}

    def test_srp_by_choice_with_and_without_its_public_value(self):
        name = self.user()
        half = srp.Client(self.pool, PASSWORD)
        asked = self.select(name, 'PASSWORD_SRP', SRP_A=half.srp_a)
        self.assertEqual('PASSWORD_VERIFIER', asked['ChallengeName'])
        self.assert_tokens(self.answer(asked, **self.named(half.answer(asked['ChallengeParameters']))), name)
        asked = self.select(name, 'PASSWORD_SRP')
        self.assertEqual(('PASSWORD_SRP', {}), (asked['ChallengeName'], asked['ChallengeParameters']))
        with self.assert_error('InvalidParameterException', 'Missing required parameter SRP_A'):
            self.answer(asked, name)
        asked = self.answer(asked, name, SRP_A=half.srp_a)
        self.assertEqual('PASSWORD_VERIFIER', asked['ChallengeName'])
        self.assert_tokens(self.answer(asked, **self.named(half.answer(asked['ChallengeParameters']))), name)

    def test_a_wrong_proof_uses_the_block_up(self):
        name = self.user()
        half = srp.Client(self.pool, PASSWORD)
        asked = self.begin(name, 'PASSWORD_SRP', SRP_A=half.srp_a)
        proof = self.named(half.answer(asked['ChallengeParameters']))
        bent = base64.b64encode(bytes(32)).decode()
        with self.assert_error(*WRONG):
            self.answer(asked, **{**proof, 'PASSWORD_CLAIM_SIGNATURE': bent})
        with self.assert_error(*WRONG):
            self.answer(asked, **proof)

    def test_a_block_belongs_to_its_session(self):
        name = self.user()
        half = srp.Client(self.pool, PASSWORD)
        one, two = (self.begin(name, 'PASSWORD_SRP', SRP_A=half.srp_a) for _ in range(2))
        proof = self.named(half.answer(one['ChallengeParameters']))
        with self.assert_error(*INVALID):
            self.answer(one, session=two['Session'], **proof)
        with self.assert_error('InvalidParameterException', 'Missing required parameter Session'):
            self.answer({'ChallengeName': 'PASSWORD_VERIFIER'}, **proof)
        self.assert_tokens(self.answer(one, **proof), name)

    def test_unconfirmed_users_are_told_after_the_password(self):
        name = self.new_name()
        self.api.SignUp(ClientId=self.client, Username=name, Password=PASSWORD,
                        UserAttributes=attribute_list(email=f'{name}@example.com'))
        asked = self.begin(name)
        self.assertEqual(['PASSWORD_SRP', 'PASSWORD'], asked['AvailableChallenges'])
        with self.assert_error('UserNotConfirmedException', 'User is not confirmed.'):
            self.answer(asked, name, ANSWER='PASSWORD', PASSWORD=PASSWORD)
        with self.assert_error(*WRONG):
            self.answer(asked, name, ANSWER='PASSWORD', PASSWORD='Wr0ng-pass')

    def test_sessions_serve_their_own_challenge_client_and_user(self):
        name, other = self.user(), self.user()
        second = self.new_client(self.pool, ExplicitAuthFlows=FLOWS)
        select, password = self.begin(name), self.begin(name, 'PASSWORD')
        for members in ({'client': second, 'ANSWER': 'PASSWORD', 'PASSWORD': PASSWORD},
                        {'name': other, 'ANSWER': 'PASSWORD', 'PASSWORD': PASSWORD},
                        {'challenge': 'PASSWORD', 'PASSWORD': PASSWORD},
                        {'challenge': 'EMAIL_OTP', 'EMAIL_OTP_CODE': '12345678'},
                        {'challenge': 'WEB_AUTHN', 'CREDENTIAL': '{}'},
                        {'session': password['Session'], 'ANSWER': 'PASSWORD', 'PASSWORD': PASSWORD}):
            with self.subTest(members), self.assert_error(*INVALID):
                self.answer(select, **{'name': name, **members})


class ByCode(ChoiceTest):

    def test_a_code_by_mail_signs_in(self):
        name = self.user(password=False)
        asked = self.begin(name, 'EMAIL_OTP')
        self.assertEqual('EMAIL_OTP', asked['ChallengeName'])
        self.assertEqual(['EMAIL_OTP'], asked['AvailableChallenges'])
        self.assertEqual({'CODE_DELIVERY_DELIVERY_MEDIUM': 'EMAIL',
                          'CODE_DELIVERY_DESTINATION': f'{name[0]}***@e***'}, asked['ChallengeParameters'])
        code = self.server.code(name)
        self.assertRegex(code, r'\A[0-9]{8}\Z')
        with self.assert_error(*MISMATCH):
            self.answer(asked, name, EMAIL_OTP_CODE='00000000' if code != '00000000' else '1')
        self.assert_tokens(self.answer(asked, name, EMAIL_OTP_CODE=code), name)
        with self.assert_error(*REUSED):
            self.answer(asked, name, EMAIL_OTP_CODE=code)

    def test_a_code_by_sms_signs_in(self):
        name = self.user(email=False, phone=True)
        asked = self.select(name, 'SMS_OTP')
        self.assertEqual({'CODE_DELIVERY_DELIVERY_MEDIUM': 'SMS',
                          'CODE_DELIVERY_DESTINATION': '+*******5678'}, asked['ChallengeParameters'])
        with self.assert_error('InvalidParameterException', 'Missing required parameter SMS_OTP_CODE'):
            self.answer(asked, name)
        self.assert_tokens(self.answer(asked, name, SMS_OTP_CODE=self.server.code(name)), name)

    def test_a_code_serves_its_own_session(self):
        name = self.user()
        one = self.begin(name, 'EMAIL_OTP')
        code = self.server.code(name)
        two = self.begin(name, 'EMAIL_OTP')
        with self.assert_error(*MISMATCH):
            self.answer(two, name, EMAIL_OTP_CODE=code)
        with self.assert_error(*INVALID):
            self.answer(one, name, challenge='SMS_OTP', SMS_OTP_CODE=code)
        self.assert_tokens(self.answer(one, name, EMAIL_OTP_CODE=code), name)

    def test_guessing_codes_locks(self):
        self.enterContext(clocks_stand(self.server))
        name = self.user()
        asked = self.begin(name, 'EMAIL_OTP')
        for _ in range(5):
            with self.assert_error(*MISMATCH):
                self.answer(asked, name, EMAIL_OTP_CODE='x')
        with self.assert_error('NotAuthorizedException', 'Password attempts exceeded'):
            self.answer(asked, name, EMAIL_OTP_CODE='x')

    def test_a_disabled_user_is_sent_nothing(self):
        name = self.user()
        self.api.AdminDisableUser(UserPoolId=self.pool, Username=name)
        with self.assert_error('NotAuthorizedException', 'User is disabled.'):
            self.begin(name, 'EMAIL_OTP')
        self.assertEqual('EMAIL_OTP', self.begin(name, 'EMAIL_OTP', self.hiding)['ChallengeName'])
        self.assertEqual([], self.server.outbox(name))

    def test_where_mfa_is_required_no_code_is_a_first_factor(self):
        pool = self.choice_pool(['PASSWORD'])
        client = self.new_client(pool, ExplicitAuthFlows=FLOWS)
        self.api.SetUserPoolMfaConfig(UserPoolId=pool, MfaConfiguration='ON',
                                      SoftwareTokenMfaConfiguration={'Enabled': True})
        name = self.user(pool=pool)
        self.assertEqual(['PASSWORD_SRP', 'PASSWORD'], self.begin(name, client=client)['AvailableChallenges'])


class SigningUp(ChoiceTest):

    def sign_up(self, client=None, **members):
        name = self.new_name()
        reply = self.api.SignUp(**{
            'ClientId': client or self.client, 'Username': name,
            'UserAttributes': attribute_list(email=f'{name}@example.com'), **members})
        return name, reply

    def confirm(self, name, client=None, **members):
        return self.api.ConfirmSignUp(ClientId=client or self.client, Username=name,
                                      ConfirmationCode=self.server.code(name), **members)

    def test_signing_up_without_a_password_ends_signed_in(self):
        name, reply = self.sign_up()
        confirmed = self.confirm(name, Session=reply['Session'])
        self.assertEqual({'Session'}, set(confirmed))
        result = self.begin(name, session=confirmed['Session'])
        self.assert_tokens(result, name)
        with self.assert_error(*REUSED):
            self.begin(name, session=confirmed['Session'])
        user = self.api.GetUser(AccessToken=result['AuthenticationResult']['AccessToken'])
        self.assertEqual('true', attributes(user)['email_verified'])

    def test_the_session_of_sign_up_need_not_be_sent(self):
        name, _ = self.sign_up(Password=PASSWORD)
        self.assert_tokens(self.begin(name, session=self.confirm(name)['Session']), name)

    def test_sessions_of_sign_up_serve_for_nothing_else(self):
        name, reply = self.sign_up(Password=PASSWORD)
        other, others = self.sign_up(Password=PASSWORD)
        second = self.new_client(self.pool, ExplicitAuthFlows=FLOWS)
        for session in (others['Session'], 'x' * 40, self.begin(self.user())['Session']):
            with self.assert_error(*INVALID):
                self.confirm(name, Session=session)
        with self.assert_error(*INVALID):
            self.begin(name, session=reply['Session'])
        confirmed = self.confirm(name, Session=reply['Session'])['Session']
        for members in ({'name': other}, {'name': name, 'client': second}):
            with self.assert_error(*INVALID):
                self.begin(session=confirmed, **members)
        for challenge, answer in (('SELECT_CHALLENGE', {'ANSWER': 'PASSWORD'}), ('PASSWORD', {'PASSWORD': PASSWORD}),
                                  ('EMAIL_OTP', {'EMAIL_OTP_CODE': '1'})):
            with self.assert_error(*INVALID):
                self.answer({'ChallengeName': challenge, 'Session': confirmed}, name, **answer)
        self.assert_tokens(self.begin(name, session=confirmed), name)

    def test_a_new_password_ends_it(self):
        name, _ = self.sign_up()
        session = self.confirm(name)['Session']
        self.api.AdminSetUserPassword(UserPoolId=self.pool, Username=name, Password=PASSWORD, Permanent=True)
        with self.assert_error(*INVALID):
            self.begin(name, session=session)

    def test_clients_without_the_flow_get_none(self):
        client = self.new_client(self.pool)
        name, reply = self.sign_up(client, Password=PASSWORD)
        self.assertNotIn('Session', reply)
        self.assertEqual({}, self.confirm(name, client))

    def test_a_password_is_required_where_nothing_else_signs_in(self):
        for factors, attribute in ((['PASSWORD'], 'email'), (['PASSWORD', 'WEB_AUTHN'], 'email'),
                                   (['PASSWORD', 'SMS_OTP'], 'email')):
            client = self.new_client(self.choice_pool(factors), ExplicitAuthFlows=FLOWS)
            with self.assert_error('InvalidParameterException', 'Password is required'):
                self.sign_up(client)

    def test_an_unconfirmed_user_without_password_is_told_so(self):
        name, _ = self.sign_up()
        with self.assert_error('UserNotConfirmedException', 'User is not confirmed.'):
            self.begin(name)

    def test_factors_of_a_user_without_password(self):
        name, _ = self.sign_up()
        token = self.begin(name, session=self.confirm(name)['Session'])['AuthenticationResult']['AccessToken']
        self.assertEqual({'Username': name, 'ConfiguredUserAuthFactors': ['EMAIL_OTP']},
                         self.api.GetUserAuthFactors(AccessToken=token))
        self.api.ChangePassword(AccessToken=token, ProposedPassword=PASSWORD)
        self.assertEqual(['PASSWORD', 'EMAIL_OTP'],
                         self.api.GetUserAuthFactors(AccessToken=token)['ConfiguredUserAuthFactors'])


class Hiding(ChoiceTest):
    """A client that tells nobody who exists."""

    @classmethod
    def new_name(cls, prefix='user'):
        return f'{prefix}{next(cls.names):04}'  # of one length, so that Sessions can be compared

    def kinds(self):
        disabled, unconfirmed = self.user(), self.new_name()
        self.api.AdminDisableUser(UserPoolId=self.pool, Username=disabled)
        self.api.SignUp(ClientId=self.client, Username=unconfirmed,
                        UserAttributes=attribute_list(email=f'{unconfirmed}@example.com'))
        return {'unknown': self.new_name(), 'confirmed': self.user(), 'disabled': disabled,
                'unconfirmed without a password': unconfirmed,
                'without any way in': self.user(email=False, password=False)}

    def assert_alike(self, answers):
        for kind, answer in answers.items():
            with self.subTest(kind):
                self.assertEqual(answers['unknown'], answer)

    @staticmethod
    def shape(reply):
        """All of a reply but what differs between any two of one user."""
        return {k: len(v) if k == 'Session' else v for k, v in reply.items()}

    def test_everybody_is_offered_the_same(self):
        self.assert_alike({kind: self.shape(self.begin(name, client=self.hiding))
                           for kind, name in self.kinds().items()})

    def test_everybody_is_sent_a_code(self):
        answers = {}
        for kind, name in self.kinds().items():
            asked = self.begin(name, 'EMAIL_OTP', self.hiding)
            asked['ChallengeParameters'].pop('CODE_DELIVERY_DESTINATION')
            with self.assert_error(*MISMATCH):
                self.answer(asked, name, self.hiding, EMAIL_OTP_CODE='x')
            answers[kind] = self.shape(asked)
        self.assert_alike(answers)

    def test_the_destination_looks_like_that_of_the_typed_name(self):
        asked = self.begin('someone@example.org', 'EMAIL_OTP', self.hiding)
        self.assertEqual({'CODE_DELIVERY_DELIVERY_MEDIUM': 'EMAIL',
                          'CODE_DELIVERY_DESTINATION': 's***@e***'}, asked['ChallengeParameters'])

    def test_everybody_is_asked_for_a_password(self):
        answers = {}
        for kind, name in self.kinds().items():
            asked = self.begin(name, 'PASSWORD', self.hiding)
            with self.assert_error(*WRONG):
                self.answer(asked, name, self.hiding, PASSWORD='Wr0ng-pass')
            with self.assert_error(*WRONG):
                self.begin(name, 'PASSWORD', self.hiding, PASSWORD='Wr0ng-pass')
            answers[kind] = self.shape(asked)
        self.assert_alike(answers)

    def test_everybody_proves_passwords_by_srp(self):
        answers = {}
        for kind, name in self.kinds().items():
            half = srp.Client(self.pool, 'Wr0ng-pass')
            asked = self.select(name, 'PASSWORD_SRP', self.hiding, SRP_A=half.srp_a)
            proof = half.answer(asked['ChallengeParameters'])
            with self.assert_error(*WRONG):
                self.answer(asked, proof.pop('USERNAME'), self.hiding, **proof)
            parameters = asked.pop('ChallengeParameters')
            answers[kind] = self.shape(asked), sorted(parameters), len(parameters['SECRET_BLOCK'])
        self.assert_alike(answers)

    def test_choosing_leads_everybody_to_the_same_challenge(self):
        for choice in ('PASSWORD', 'PASSWORD_SRP', 'EMAIL_OTP', 'SMS_OTP', 'WEB_AUTHN', 'x'):
            answers = {}
            for kind, name in self.kinds().items():
                asked = self.begin(name, client=self.hiding)
                reply = self.api.send('RespondToAuthChallenge', json.dumps({
                    'ClientId': self.hiding, 'ChallengeName': 'SELECT_CHALLENGE', 'Session': asked['Session'],
                    'ChallengeResponses': {'USERNAME': name, 'ANSWER': choice}}).encode()).json
                reply.get('ChallengeParameters', {}).pop('CODE_DELIVERY_DESTINATION', None)
                answers[kind] = self.shape(reply)
            self.assert_alike(answers)


if __name__ == '__main__':
    unittest.main()
