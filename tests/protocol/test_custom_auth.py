"""CUSTOM_AUTH: functions decide what is asked; nothing of it can be skipped or set back."""
import base64
import concurrent.futures
import threading

from functions import FunctionTest, arn, responding, same, throwing
from poolhouse import ALL_FLOWS, PASSWORD, ApiError, attributes, claims
from srp import Client

WRONG = ('NotAuthorizedException', 'Incorrect username or password.')
UNUSABLE = ('InvalidLambdaResponseException', 'Unrecognizable lambda output')
INVALID = ('NotAuthorizedException', 'Invalid session for the user.')
REUSED = ('NotAuthorizedException', 'Invalid session for the user, session can only be used once.')
KEYS = ('DefineAuthChallenge', 'CreateAuthChallenge', 'VerifyAuthChallengeResponse',
        'PreAuthentication', 'PostAuthentication', 'PreTokenGeneration')
METADATA = {'from': 'test'}


def define(event):
    """Up to three tries of one question; a password first, where SRP_A came along."""
    session, response = event['request']['session'], event['response']
    if session and session[-1]['challengeName'] == 'SRP_A':
        response['challengeName'] = 'PASSWORD_VERIFIER'
    elif session and session[-1]['challengeName'] == 'CUSTOM_CHALLENGE' and \
            session[-1]['challengeResult']:
        response['issueTokens'] = True
    elif len([s for s in session if s['challengeName'] == 'CUSTOM_CHALLENGE']) >= 3:
        response['failAuthentication'] = True
    else:
        response['challengeName'] = 'CUSTOM_CHALLENGE'
    return event


create = responding(publicChallengeParameters={'question': 'half of 84?'},
                    privateChallengeParameters={'answer': '42'}, challengeMetadata='MATHS')


def verify(event):
    request = event['request']
    event['response']['answerCorrect'] = \
        request['privateChallengeParameters'].get('answer') == request['challengeAnswer']
    return event


def readable(session):
    """What anybody can read in a Session: its bytes, and those that its text stands for."""
    text = session.encode()
    return text + base64.urlsafe_b64decode(text + b'=' * (-len(text) % 4))


class CustomAuth(FunctionTest):

    @classmethod
    def prepare(cls):
        cls.pool = cls.custom_pool()
        flows = ALL_FLOWS + ['ALLOW_CUSTOM_AUTH']
        cls.client = cls.new_client(cls.pool, ExplicitAuthFlows=flows)
        cls.hiding = cls.new_client(cls.pool, ExplicitAuthFlows=flows,
                                    PreventUserExistenceErrors='ENABLED')

    @classmethod
    def custom_pool(cls, **members):
        return cls.new_pool(LambdaConfig={key: arn(f'http-{key}') for key in KEYS}, **members)

    def setUp(self):
        for key in KEYS:
            self.handle(key, same)
        self.handle('DefineAuthChallenge', define)
        self.handle('CreateAuthChallenge', create)
        self.handle('VerifyAuthChallengeResponse', verify)
        self.functions.take()

    def handle(self, key, handler):
        self.functions.handlers[f'http-{key}'] = handler

    def begin(self, name, client=None, **parameters):
        return self.api.InitiateAuth(ClientId=client or self.client, AuthFlow='CUSTOM_AUTH',
                                     AuthParameters={'USERNAME': name, **parameters})

    def respond(self, name, reply, answer, client=None, challenge='CUSTOM_CHALLENGE', **members):
        return self.api.RespondToAuthChallenge(
            ClientId=client or self.client, ChallengeName=challenge, Session=reply['Session'],
            ChallengeResponses={'USERNAME': name, 'ANSWER': answer}, **members)

    def test_a_question_and_its_answer(self):
        name = self.new_user(self.pool)
        reply = self.begin(name)
        self.assertEqual(('CUSTOM_CHALLENGE', {'question': 'half of 84?', 'USERNAME': name}),
                         (reply['ChallengeName'], reply['ChallengeParameters']))
        self.assertNotIn(b'answer', readable(reply['Session']))
        result = self.respond(name, reply, '42')['AuthenticationResult']
        self.assertEqual(name, claims(result['IdToken'])[1]['cognito:username'])
        self.assertIn('RefreshToken', result)
        self.api.GetUser(AccessToken=result['AccessToken'])

    def test_events_member_by_member(self):
        name = self.new_user(self.pool)
        sub = attributes(self.api.AdminGetUser(UserPoolId=self.pool, Username=name))['sub']
        have = {'sub': sub, 'cognito:user_status': 'CONFIRMED'}
        reply = self.api.InitiateAuth(ClientId=self.client, AuthFlow='CUSTOM_AUTH',
                                      ClientMetadata=METADATA, AuthParameters={'USERNAME': name})
        reply = self.respond(name, reply, '41', ClientMetadata=METADATA)
        self.respond(name, reply, '42')
        failed = {'challengeName': 'CUSTOM_CHALLENGE', 'challengeResult': False,
                  'challengeMetadata': 'MATHS'}
        common = {'userAttributes': have, 'userNotFound': False}
        question = {**common, 'challengeName': 'CUSTOM_CHALLENGE'}
        answer = {**common, 'privateChallengeParameters': {'answer': '42'}}
        self.assertEqual([
            ('PreAuthentication_Authentication',
             {**common, 'validationData': METADATA, 'clientMetadata': METADATA}, {}),
            ('DefineAuthChallenge_Authentication', {**common, 'session': []},
             {'challengeName': None, 'issueTokens': None, 'failAuthentication': None}),
            ('CreateAuthChallenge_Authentication', {**question, 'session': []},
             {'publicChallengeParameters': None, 'privateChallengeParameters': None,
              'challengeMetadata': None}),
            ('VerifyAuthChallengeResponse_Authentication',
             {**answer, 'challengeAnswer': '41', 'clientMetadata': METADATA},
             {'answerCorrect': None}),
            ('DefineAuthChallenge_Authentication',
             {**common, 'session': [failed], 'clientMetadata': METADATA}, None),
            ('CreateAuthChallenge_Authentication',
             {**question, 'session': [failed], 'clientMetadata': METADATA}, None),
            ('VerifyAuthChallengeResponse_Authentication', {**answer, 'challengeAnswer': '42'}, None),
            ('DefineAuthChallenge_Authentication',
             {**common, 'session': [failed, {**failed, 'challengeResult': True}]}, None),
            ('PostAuthentication_Authentication',
             {'userAttributes': have, 'newDeviceUsed': False}, {}),
            ('TokenGeneration_Authentication', {'userAttributes': have, 'groupConfiguration': {
                'groupsToOverride': [], 'iamRolesToOverride': [], 'preferredRole': None}}, None),
        ], [(e['triggerSource'], e['request'], e['response'] if i in (0, 1, 2, 3, 8) else None)
            for i, e in enumerate(self.functions.take())])

    def test_wrong_answers_until_the_function_has_enough(self):
        name = self.new_user(self.pool)
        reply = self.begin(name)
        for _ in range(2):
            reply = self.respond(name, reply, 'wrong')
            self.assertEqual('CUSTOM_CHALLENGE', reply['ChallengeName'])
        with self.assert_error(*WRONG):
            self.respond(name, reply, 'wrong')

    def test_a_session_counts_once_right_or_wrong(self):
        name = self.new_user(self.pool)
        for answer in ('wrong', '42'):
            reply = self.begin(name)
            self.respond(name, reply, answer)
            for again in ('wrong', '42'):
                with self.assert_error(*REUSED):
                    self.respond(name, reply, again)

    def test_of_many_answers_at_once_one_counts(self):
        name, gate = self.new_user(self.pool), threading.Barrier(8)
        reply = self.begin(name)

        def one(_):
            gate.wait()
            try:
                return self.respond(name, reply, '42').keys()
            except ApiError as error:
                return error.text
        with concurrent.futures.ThreadPoolExecutor(8) as threads:
            replies = list(threads.map(one, range(8)))
        self.assertEqual(7, replies.count(REUSED[1]))

    def test_a_function_that_fails_leaves_the_session_alone(self):
        name = self.new_user(self.pool)
        reply = self.begin(name)
        self.handle('VerifyAuthChallengeResponse', throwing('later'))
        with self.assert_error('UserLambdaValidationException',
                               'VerifyAuthChallengeResponse failed with error later.'):
            self.respond(name, reply, '42')
        self.handle('VerifyAuthChallengeResponse', verify)
        self.assertIn('AuthenticationResult', self.respond(name, reply, '42'))

    def test_sessions_stay_with_their_client_user_and_challenge(self):
        name, other = self.new_user(self.pool), self.new_user(self.pool)
        reply = self.begin(name)
        with self.assert_error(*INVALID):
            self.respond(other, reply, '42')
        with self.assert_error(*INVALID):
            self.respond(name, reply, '42', client=self.hiding)
        for challenge in ('SMS_MFA', 'SOFTWARE_TOKEN_MFA', 'NEW_PASSWORD_REQUIRED'):
            with self.assertRaises(ApiError):
                self.api.RespondToAuthChallenge(
                    ClientId=self.client, ChallengeName=challenge, Session=reply['Session'],
                    ChallengeResponses={'USERNAME': name, 'ANSWER': '42', 'SMS_MFA_CODE': '1',
                                        'SOFTWARE_TOKEN_MFA_CODE': '1', 'NEW_PASSWORD': PASSWORD})
        self.assertIn('AuthenticationResult', self.respond(name, reply, '42'))

    def test_missing_parameters(self):
        name = self.new_user(self.pool)
        reply = self.begin(name)
        for responses, missing in (({'USERNAME': name}, 'ANSWER'), ({'ANSWER': '42'}, 'USERNAME')):
            self.invalid(f'Missing required parameter {missing}', 'RespondToAuthChallenge',
                         ClientId=self.client, ChallengeName='CUSTOM_CHALLENGE',
                         Session=reply['Session'], ChallengeResponses=responses)
        self.invalid('Missing required parameter Session', 'RespondToAuthChallenge',
                     ClientId=self.client, ChallengeName='CUSTOM_CHALLENGE',
                     ChallengeResponses={'USERNAME': name, 'ANSWER': '42'})
        self.invalid('Missing required parameter USERNAME', 'InitiateAuth', ClientId=self.client,
                     AuthFlow='CUSTOM_AUTH', AuthParameters={'X': 'y'})
        self.invalid('Missing required parameter SRP_A', 'InitiateAuth', ClientId=self.client,
                     AuthFlow='CUSTOM_AUTH',
                     AuthParameters={'USERNAME': name, 'CHALLENGE_NAME': 'SRP_A'})

    def test_pools_without_the_triggers(self):
        text = 'Custom auth lambda trigger is not configured for the user pool.'
        flows = ['ALLOW_CUSTOM_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH']
        client = self.new_client(self.new_pool(), ExplicitAuthFlows=flows)
        for parameters in ({'USERNAME': 'x'}, {}):
            self.invalid(text, 'InitiateAuth', AuthFlow='CUSTOM_AUTH', AuthParameters=parameters,
                         ClientId=client)
        # Who has only one of them learns it when the other is needed, not by tries without end.
        for there, when in (('CreateAuthChallenge', 'Verify'), ('VerifyAuthChallengeResponse', 'Create')):
            pool = self.new_pool(LambdaConfig={k: arn(f'http-{k}') for k in ('DefineAuthChallenge', there)})
            client, name = self.new_client(pool, ExplicitAuthFlows=flows), self.new_user(pool)
            with self.subTest(when), self.assert_error('InvalidParameterException', text):
                reply = self.begin(name, client=client)
                self.assertEqual('Verify', when)
                self.respond(name, reply, '42', client=client)


    def test_answers_of_define_that_make_no_sense(self):
        name = self.new_user(self.pool)
        for response in ({}, {'challengeName': 'NONSENSE'}, {'challengeName': 'PASSWORD_VERIFIER'},
                         {'challengeName': 'NEW_PASSWORD_REQUIRED'}, {'issueTokens': 'true'},
                         {'issueTokens': False, 'failAuthentication': False},
                         {'challengeName': 'SELECT_CHALLENGE'}):
            with self.subTest(response), self.assert_error(*UNUSABLE):
                self.handle('DefineAuthChallenge', responding(**response))
                self.begin(name)
        self.handle('DefineAuthChallenge', responding(failAuthentication=True, issueTokens=True))
        with self.assert_error(*WRONG):
            self.begin(name)

    def test_what_does_not_fit_into_a_session_waits_for_its_answer(self):
        long = {'answer': '42', 'card': 'ä' * 20000, 'quote': '"\\' * 500}
        self.handle('CreateAuthChallenge', responding(
            publicChallengeParameters={'question': 'half of 84?'}, challengeMetadata='M' * 900,
            privateChallengeParameters=long))
        name = self.new_user(self.pool)
        asked = self.begin(name)
        self.functions.take()
        for tries in (1, 2):  # a wrong answer, then the right one to the next question
            self.assertRegex(asked['Session'], r'^[A-Za-z0-9_-]{20,2048}$')
            before = asked
            asked = self.respond(name, asked, '42' if tries == 2 else '41')
            events = {e['triggerSource'].split('_')[0]: e['request'] for e in self.functions.take()}
            self.assertEqual(long, events['VerifyAuthChallengeResponse']['privateChallengeParameters'])
            self.assertEqual([{'challengeName': 'CUSTOM_CHALLENGE', 'challengeResult': n == 2,
                               'challengeMetadata': 'M' * 900} for n in range(1, tries + 1)],
                             events['DefineAuthChallenge']['session'])
            with self.assert_error(*REUSED):
                self.respond(name, before, '42')
        self.assertIn('AuthenticationResult', asked)

    def test_a_challenge_of_ours_passes_on_what_does_not_fit(self):
        def then_sms(event):
            session = event['request']['session']
            names = [s['challengeName'] for s in session]
            event['response'].update({'issueTokens': True} if 'SMS_MFA' in names else {
                'challengeName': 'SMS_MFA' if names else 'CUSTOM_CHALLENGE'})
            return event
        self.handle('DefineAuthChallenge', then_sms)
        self.handle('CreateAuthChallenge', responding(
            privateChallengeParameters={'answer': '42'}, challengeMetadata='M' * 3000))
        name = self.new_user(self.pool, phone_number='+15550001234')
        asked = self.respond(name, self.begin(name), '42')
        self.assertEqual('SMS_MFA', asked['ChallengeName'])
        self.assertLessEqual(len(asked['Session']), 2048)
        self.functions.take()
        done = self.api.RespondToAuthChallenge(
            ClientId=self.client, ChallengeName='SMS_MFA', Session=asked['Session'],
            ChallengeResponses={'USERNAME': name, 'SMS_MFA_CODE': self.server.code(name)})
        self.assertIn('AuthenticationResult', done)
        defined = [e for e in self.functions.take() if e['triggerSource'].startswith('Define')]
        self.assertEqual(['M' * 3000, None],
                         [s['challengeMetadata'] for s in defined[0]['request']['session']])

    def test_answers_of_create_that_make_no_sense(self):
        name = self.new_user(self.pool)
        for response in ({'publicChallengeParameters': {'n': 1}}, {'challengeMetadata': 1},
                         {'privateChallengeParameters': ['x']},
                         {'privateChallengeParameters': {'too': 'x' * 70000}}):
            with self.subTest(response), self.assert_error(*UNUSABLE):
                self.handle('CreateAuthChallenge', responding(**response))
                self.begin(name)
        for handler in (same, responding(publicChallengeParameters={'nothing': None})):
            self.handle('CreateAuthChallenge', handler)  # strict clients read texts, never null
            self.assertEqual({'USERNAME': name}, self.begin(name)['ChallengeParameters'])

    def test_the_session_holds_a_usual_number_of_tries(self):
        self.handle('DefineAuthChallenge', responding(challengeName='CUSTOM_CHALLENGE'))
        name = self.new_user(self.pool)
        reply = self.begin(name)
        for _ in range(10):
            reply = self.respond(name, reply, 'wrong')
        self.assertLessEqual(len(reply['Session']), 2048)

    def test_tokens_at_once(self):
        self.handle('DefineAuthChallenge', responding(issueTokens=True))
        self.assertIn('AuthenticationResult', self.begin(self.new_user(self.pool)))

    def test_who_does_not_exist(self):
        with self.assert_error('UserNotFoundException', 'User does not exist.'):
            self.begin('nobody')
        self.assertEqual([], self.functions.take())
        reply = self.begin('nobody', self.hiding)
        self.assertEqual({'question': 'half of 84?', 'USERNAME': 'nobody'},
                         reply['ChallengeParameters'])
        with self.assert_error(*WRONG):
            self.respond('nobody', reply, '42', self.hiding)
        events = self.functions.take()
        self.assertEqual(5, len(events))
        for event in events:
            self.assertEqual(('nobody', True, {}), (
                event['userName'], event['request']['userNotFound'],
                event['request']['userAttributes']))

    def test_who_may_not_sign_in(self):
        for client in (self.client, self.hiding):
            name = self.new_user(self.pool)
            reply = self.begin(name, client)
            self.api.AdminDisableUser(UserPoolId=self.pool, Username=name)
            with self.assert_error('NotAuthorizedException', 'User is disabled.'):
                self.respond(name, reply, '42', client)
            name = self.new_name()
            self.api.SignUp(ClientId=client, Username=name, Password=PASSWORD)
            reply = self.begin(name, client)
            with self.assert_error('UserNotConfirmedException', 'User is not confirmed.'):
                self.respond(name, reply, '42', client)

    def test_a_password_that_changes_meanwhile_ends_it(self):
        name = self.new_user(self.pool)
        reply = self.begin(name)
        self.api.AdminSetUserPassword(UserPoolId=self.pool, Username=name, Password='Other1234!',
                                      Permanent=True)
        with self.assert_error(*INVALID):
            self.respond(name, reply, '42')

    def test_by_signed_operations(self):
        name = self.new_user(self.pool)
        reply = self.api.AdminInitiateAuth(
            UserPoolId=self.pool, ClientId=self.client, AuthFlow='CUSTOM_AUTH',
            AuthParameters={'USERNAME': name})
        reply = self.api.AdminRespondToAuthChallenge(
            UserPoolId=self.pool, ClientId=self.client, ChallengeName='CUSTOM_CHALLENGE',
            Session=reply['Session'], ChallengeResponses={'USERNAME': name, 'ANSWER': '42'})
        self.assertIn('AuthenticationResult', reply)

    # --- with a password first ---

    def begin_srp(self, name, password=PASSWORD, client=None):
        srp = Client(self.pool, password)
        reply = self.begin(name, client, SRP_A=srp.srp_a, CHALLENGE_NAME='SRP_A')
        return srp, reply

    def prove(self, srp, reply, client=None):
        return self.api.RespondToAuthChallenge(
            ClientId=client or self.client, ChallengeName='PASSWORD_VERIFIER',
            Session=reply['Session'],
            ChallengeResponses=srp.answer(reply['ChallengeParameters']))

    def test_a_password_then_a_question(self):
        name = self.new_user(self.pool)
        srp, reply = self.begin_srp(name)
        self.assertEqual('PASSWORD_VERIFIER', reply['ChallengeName'])
        reply = self.prove(srp, reply)
        self.assertEqual('CUSTOM_CHALLENGE', reply['ChallengeName'])
        self.assertIn('AuthenticationResult', self.respond(name, reply, '42'))
        sessions = [e['request']['session'] for e in self.functions.take()
                    if e['triggerSource'].startswith('Define')]
        srp_a = {'challengeName': 'SRP_A', 'challengeResult': True, 'challengeMetadata': None}
        proved = {**srp_a, 'challengeName': 'PASSWORD_VERIFIER'}
        answered = {'challengeName': 'CUSTOM_CHALLENGE', 'challengeResult': True,
                    'challengeMetadata': 'MATHS'}
        self.assertEqual([[srp_a], [srp_a, proved], [srp_a, proved, answered]], sessions)

    def test_a_wrong_password_is_the_end(self):
        name = self.new_user(self.pool)
        srp, reply = self.begin_srp(name, 'Wrong1234!')
        self.functions.take()
        with self.assert_error(*WRONG):
            self.prove(srp, reply)
        self.assertEqual([], self.functions.take())
        srp, reply = self.begin_srp('nobody', client=self.hiding)
        with self.assert_error(*WRONG):
            self.prove(srp, reply, self.hiding)

    def test_the_question_cannot_be_left_out(self):
        name = self.new_user(self.pool)
        srp, reply = self.begin_srp(name)
        with self.assert_error(*INVALID):
            self.respond(name, reply, '42')
        # And the block of one flow is none of another's: it leads to the question again.
        self.assertEqual('CUSTOM_CHALLENGE', self.prove(srp, reply)['ChallengeName'])
