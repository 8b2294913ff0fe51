"""A random walk through CUSTOM_AUTH against an oracle: questions, passwords first, foreign Sessions.

The functions are fair: tokens only after a right answer, at most three tries. The oracle counts for
itself.
"""
import figures
import srp
from functions import FunctionTest, arn
from poolhouse import ALL_FLOWS, PASSWORD, ApiError, claims
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
        response['issueTokens'] = True
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

    def setUp(self):
        super().setUp()
        self.held, self.granted = [], 0

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
        asked = held.challenge == 'CUSTOM_CHALLENGE'
        self.story.append(f'answer {held.challenge} of {held.user} as {challenge} of {user} '
                          f'good={good} used={held.used} ours={ours} tries={held.tries}')
        try:
            reply = self.api.RespondToAuthChallenge(
                ClientId=client, ChallengeName=challenge, Session=held.session,
                ChallengeResponses=responses)
        except ApiError as error:
            last = asked and not good and held.tries + 1 >= TRIES
            if error.status >= 500 or (
                    ours and held.right and not last and not held.disturbed):
                self.hole(f'refused: {error}')
            # What spends a block that was sent elsewhere is the server's choice.
            held.used = held.used or ours
            held.disturbed = held.disturbed or not asked
            return
        if not ours or not held.right:
            self.hole(f'granted: {sorted(reply)}')
        held.used = True
        if ('AuthenticationResult' in reply) != (asked and good):
            self.hole(f'{sorted(reply)} after {held.challenge}, good={good}')
        if 'AuthenticationResult' in reply:
            self.granted += 1
            if claims(reply['AuthenticationResult']['IdToken'])[1]['cognito:username'] != user[1]:
                self.hole('tokens of somebody else')
        else:
            self.held.append(Held(held.user, client, 'CUSTOM_CHALLENGE', reply,
                                  tries=held.tries + asked))

    def test_nothing_is_skipped_or_set_back(self):
        for _ in range(STEPS):
            if not self.held or self.random.random() < 0.3:
                self.start()
            else:
                self.answer()
        figures.note('walk-custom', steps=STEPS, granted=self.granted)
        self.assertGreater(self.granted, STEPS // 20)
