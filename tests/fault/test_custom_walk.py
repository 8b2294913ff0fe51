"""A random walk through CUSTOM_AUTH against an oracle: questions, passwords first, foreign Sessions.

The functions are fair: tokens only after a right answer, at most three tries; who has a number enters a
code besides, a challenge of the server's own. The oracle counts for
itself.
"""
import figures
import srp
from functions import FunctionTest, arn
from poolhouse import ALL_FLOWS, PASSWORD, ApiError, attribute_list, claims
from walk import LONG, Walker

STEPS = 150 * LONG
KEYS = ('DefineAuthChallenge', 'CreateAuthChallenge', 'VerifyAuthChallengeResponse')
CHALLENGES = ('CUSTOM_CHALLENGE', 'PASSWORD_VERIFIER', 'NEW_PASSWORD_REQUIRED', 'SMS_MFA',
              'SOFTWARE_TOKEN_MFA', 'SELECT_MFA_TYPE', 'MFA_SETUP', 'EMAIL_OTP')
TRIES = 3


def define(event):
    session, response = event['request']['session'], event['response']
    custom = [s for s in session if s['challengeName'] == 'CUSTOM_CHALLENGE']
    if session and session[-1]['challengeName'] == 'SRP_A':
        response['challengeName'] = 'PASSWORD_VERIFIER'
    elif custom and custom[-1]['challengeResult']:
        asks = 'phone_number' in event['request']['userAttributes'] and session[-1] is custom[-1]
        response.update({'challengeName': 'SMS_MFA'} if asks else {'issueTokens': True})
    elif len(custom) >= TRIES:
        response['failAuthentication'] = True
    else:
        response['challengeName'] = 'CUSTOM_CHALLENGE'
    return event


def create(event):
    tries = len(event['request']['session'])
    event['response'].update(publicChallengeParameters={'try': str(tries)},
                             privateChallengeParameters={'answer': f'answer {tries}'})
    return event


def verify(event):
    request = event['request']
    event['response']['answerCorrect'] = \
        request['challengeAnswer'] == request['privateChallengeParameters']['answer']
    return event


class Held:
    """A Session of a question, or a half of SRP, and what it stands for."""

    def __init__(self, user, client, challenge, reply, proof=None, right=True, tries=0):
        self.user, self.client, self.challenge = user, client, challenge
        self.session, self.parameters = reply['Session'], reply['ChallengeParameters']
        self.proof, self.right, self.tries, self.used = proof, right, tries, False
        self.disturbed = False  # something happened to it that leaves the outcome open


class Walk(Walker, FunctionTest):

    @classmethod
    def prepare(cls):
        cls.functions.handlers.update({f'http-{k}': f for k, f in zip(KEYS, (define, create, verify))})
        flows = ALL_FLOWS + ['ALLOW_CUSTOM_AUTH']
        cls.pools = [cls.new_pool(LambdaConfig={k: arn(f'http-{k}') for k in KEYS})
                     for _ in range(2)]
        cls.clients = {pool: [cls.new_client(pool, ExplicitAuthFlows=flows, **more) for more in
                              ({}, {'PreventUserExistenceErrors': 'ENABLED'})] for pool in cls.pools}
        cls.users = [(pool, cls.new_user(pool, name)) for pool in cls.pools
                     for name in ('twin', 'other', 'third')]
        cls.phones = {(pool, 'twin'): f'+155500100{i}' for i, pool in enumerate(cls.pools)}
        for (pool, name), phone in cls.phones.items():
            cls.api.AdminUpdateUserAttributes(UserPoolId=pool, Username=name,
                                              UserAttributes=attribute_list(phone_number=phone))

    def setUp(self):
        super().setUp()
        self.held, self.granted, self.coded = [], 0, 0

    def start(self):
        user = self.random.choice(self.users)
        client = self.random.choice(self.clients[user[0]])
        parameters = {'USERNAME': user[1]}
        if self.random.random() < 0.5:
            right = self.random.random() < 0.8
            half = srp.Client(user[0], PASSWORD if right else 'Wrong1234!')
            parameters.update(CHALLENGE_NAME='SRP_A', SRP_A=half.srp_a)
        reply = self.api.InitiateAuth(ClientId=client, AuthFlow='CUSTOM_AUTH',
                                      AuthParameters=parameters)
        self.story.append(f'start {user[1]}: {reply["ChallengeName"]}')
        if 'SRP_A' in parameters:
            proof = half.answer(reply['ChallengeParameters'])
            self.held.append(Held(user, client, 'PASSWORD_VERIFIER', reply, proof, right))
        else:
            self.held.append(Held(user, client, 'CUSTOM_CHALLENGE', reply))

    def answer(self):
        held, chance = self.random.choice(self.held[-8:]), self.random.random
        user, client, challenge = held.user, held.client, held.challenge
        if chance() < 0.15:
            user = self.random.choice(self.users)
        if chance() < 0.15:
            client = self.random.choice(self.clients[self.random.choice(self.pools)])
        if chance() < 0.15:
            challenge = self.random.choice(CHALLENGES)
        good = chance() < 0.5
        answer = f'answer {held.parameters.get("try")}' if good else 'wrong'
        responses = {'NEW_PASSWORD': PASSWORD, 'SMS_MFA_CODE': '1', 'SOFTWARE_TOKEN_MFA_CODE': '1',
                     'EMAIL_OTP_CODE': '1', **(held.proof or {}), 'USERNAME': user[1],
                     'ANSWER': answer}
        ours = not held.used and challenge == held.challenge and client == held.client and \
            user[1] == held.user[1]
        asked, coded = held.challenge == 'CUSTOM_CHALLENGE', held.challenge == 'SMS_MFA'
        if coded and not good:
            responses['SMS_MFA_CODE'] = 'no code'
        self.story.append(f'answer {held.challenge} of {held.user} as {challenge} of {user} '
                          f'good={good} used={held.used} ours={ours} tries={held.tries}')
        try:
            reply = self.api.RespondToAuthChallenge(
                ClientId=client, ChallengeName=challenge, Session=held.session,
                ChallengeResponses=responses)
        except ApiError as error:
            last = asked and not good and held.tries + 1 >= TRIES
            if error.status >= 500 or (
                    ours and held.right and not last and not held.disturbed and (good or not coded)):
                self.hole(f'refused: {error}')
            # What spends a block that was sent elsewhere is the server's choice; a wrong code spends nothing.
            held.used = held.used or (ours and not coded)
            held.disturbed = held.disturbed or not (asked or coded)
            return
        if not ours or not held.right or (coded and not good):
            self.hole(f'granted: {sorted(reply)}')
        held.used = True
        due = 'CUSTOM_CHALLENGE'
        if (asked or coded) and good:
            due = 'SMS_MFA' if asked and held.user in self.phones else None
        if reply.get('ChallengeName') != due or ('AuthenticationResult' in reply) != (due is None):
            self.hole(f'{sorted(reply)} after {held.challenge}, good={good}, where {due} is due')
        if 'AuthenticationResult' in reply:
            self.granted += 1
            self.coded += coded
            if claims(reply['AuthenticationResult']['IdToken'])[1]['cognito:username'] != user[1]:
                self.hole('tokens of somebody else')
        else:
            proof = {'SMS_MFA_CODE': self.sent_to(held.user)} if due == 'SMS_MFA' else None
            self.held.append(Held(held.user, client, due, reply, proof, tries=held.tries + asked))

    def sent_to(self, user):
        return next(m['code'] for m in self.server.outbox(user[1]) if m['destination'] == self.phones[user])

    def test_nothing_is_skipped_or_set_back(self):
        for _ in range(STEPS):
            if not self.held or self.random.random() < 0.3:
                self.start()
            else:
                self.answer()
        figures.note('walk-custom', steps=STEPS, granted=self.granted)
        self.assertGreater(self.granted, STEPS // 20)
        self.assertGreater(self.coded, 0, 'no code was asked for')
