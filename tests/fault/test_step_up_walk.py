"""A random walk over sign-ins to levels (TARGET_ACR_VALUES, MAX_AGE, ACCESS_TOKEN) against an oracle.

The walker asks for levels of this pool and of others, with its own tokens, those of others, old and
revoked ones, in every flow that begins with a password and in USER_AUTH; it goes on as it is asked, with
right and wrong proofs, or sends what it holds elsewhere. People who sign up go on from their confirmation,
once, and what they hold serves nowhere else. The oracle adds up what was proven in this
sign-in and by the token that came along. Tokens must say exactly that: no level that was not reached, no
method that was not used, none below the first target in reach, and none without the second factor that
the user has switched on.
"""
import dataclasses
import json
import unittest

import figures
import srp
import totp
import webauthn
from poolhouse import ALL_FLOWS, ApiError, PoolhouseTest, attribute_list, claims
from walk import LONG, MAY, MUST, MUST_NOT, Walker

STEPS = 250 * LONG
ORIGIN = 'https://example.com'
ROLE = 'arn:aws:iam::000000000000:role/sms'
SMS, TOKEN, EMAIL = 'SMS_MFA', 'SOFTWARE_TOKEN_MFA', 'EMAIL_OTP'
SETTINGS = {SMS: 'SMSMfaSettings', TOKEN: 'SoftwareTokenMfaSettings', EMAIL: 'EmailMfaSettings'}
SECONDS = {SMS: 'sms', TOKEN: 'otp', EMAIL: 'email_otp'}
FIRSTS = {'PASSWORD': 'pwd', EMAIL: 'email_otp', 'SMS_OTP': 'sms', 'WEB_AUTHN': 'swk'}
SENT = {SMS: 'SMS_MFA_CODE', EMAIL: 'EMAIL_OTP_CODE', 'SMS_OTP': 'SMS_OTP_CODE'}
SIGNED_UP = 'a confirmed sign-up'  # no challenge: its Session is for InitiateAuth
FLOWS = ['USER_AUTH'] * 3 + ['USER_PASSWORD_AUTH', 'USER_SRP_AUTH', 'ADMIN_USER_PASSWORD_AUTH']
DEFAULTS = [f'urn:cognito:loa:{n}' for n in range(1, 5)]
OWN = ['low', 'urn:cognito:loa:2', 'high', 'urn:cognito:loa:1']  # names say nothing about levels
FAILURES_BEFORE_FORGIVENESS = 3


def level(methods):
    """The highest level that the methods satisfy (AWS guide, levels and satisfying combinations)."""
    if {'pwd', 'otp'} <= methods:
        return 4
    if methods & {'swk', 'hwk'} or ('pwd' in methods and methods & {'sms', 'email_otp'}):
        return 3
    return 2 if methods & {'sms', 'email_otp'} else 1 if 'pwd' in methods else 0


@dataclasses.dataclass(eq=False)
class User:
    pool: str
    name: str
    password: str
    phone: str
    factors: set = dataclasses.field(default_factory=set)  # the second ones, switched on
    secret: str = ''
    passkey: webauthn.Passkey = None
    enabled: bool = True
    generation: int = 0
    failures: int = 0

    def firsts(self):
        """The first factors that USER_AUTH offers."""
        has = {'PASSWORD': True, EMAIL: True, 'SMS_OTP': bool(self.phone), 'WEB_AUTHN': bool(self.passkey)}
        return [f for f in FIRSTS if has[f]]


@dataclasses.dataclass(eq=False)
class Token:
    value: str
    user: User
    client: str
    level: int
    methods: frozenset
    at: float
    revoked: bool = False


@dataclasses.dataclass(eq=False)
class Goal:
    """What a sign-in is for, and what is proven of it."""
    user: User
    client: str
    targets: tuple         # levels, the best first; none: no claims
    credited: frozenset    # methods of the token that came along
    methods: frozenset     # those and what was proven here
    generation: int
    by_password: bool = False  # proven in this sign-in, or taken from the token
    by_second: bool = False

    def with_proof(self, method, second=False):
        return dataclasses.replace(
            self, methods=self.methods | {method}, by_second=self.by_second or second,
            by_password=self.by_password or method == 'pwd')


@dataclasses.dataclass(eq=False)
class Held:
    challenge: str
    session: str
    goal: Goal
    proof: dict
    second: bool = False
    used: bool = False
    disturbed: bool = False


class Walk(Walker, PoolhouseTest):
    server_options = {'clock': True}

    @classmethod
    def prepare(cls):
        cls.clients, cls.names, cls.hiding = {}, {}, set()
        for names in (DEFAULTS, OWN):
            pool = cls.new_pool(
                AutoVerifiedAttributes=['email'],
                Policies={'SignInPolicy': {'AllowedFirstAuthFactors': [*FIRSTS]}},
                AcrConfiguration={f'Level{i + 1}': {'AcrValue': n} for i, n in enumerate(names)})
            cls.api.SetUserPoolMfaConfig(
                UserPoolId=pool, MfaConfiguration='OPTIONAL', EmailMfaConfiguration={},
                SoftwareTokenMfaConfiguration={'Enabled': True},
                SmsMfaConfiguration={'SmsConfiguration': {'SnsCallerArn': ROLE}},
                WebAuthnConfiguration={'RelyingPartyId': 'example.com', 'UserVerification': 'required'})
            cls.names[pool] = names
            flows = ALL_FLOWS + ['ALLOW_USER_AUTH']
            cls.clients[pool] = [cls.new_client(pool, ExplicitAuthFlows=flows, AuthSessionValidity=15, **more)
                                 for more in ({}, {}, {'PreventUserExistenceErrors': 'ENABLED'})]
            cls.hiding.add(cls.clients[pool][2])
        cls.pools = list(cls.clients)

    def setUp(self):
        super().setUp()
        self.users, self.held, self.tokens_held = [], [], []
        self.serial = self.granted = self.stepped_up = 0
        for pool in self.pools:
            for i in range(4):
                self.add_user(pool, f'twin{i}')

    # People

    def add_user(self, pool, name):
        self.serial += 1
        user = User(pool, name, f'Passw0rd!{self.serial}', f'+1555{self.serial:07}')
        self.api.AdminCreateUser(
            UserPoolId=pool, Username=name, MessageAction='SUPPRESS', UserAttributes=attribute_list(
                email=self.mail(user), email_verified='true', phone_number=user.phone,
                phone_number_verified='true'))
        self.set_password(user)
        access = self.sign_in(self.clients[pool][0], name, user.password)['AuthenticationResult']['AccessToken']
        if self.chance(0.5):
            options = self.api.StartWebAuthnRegistration(AccessToken=access)['CredentialCreationOptions']
            user.passkey = webauthn.Passkey(ORIGIN)
            self.api.CompleteWebAuthnRegistration(AccessToken=access, Credential=user.passkey.create(options))
        if self.chance(0.6):
            user.secret = self.api.AssociateSoftwareToken(AccessToken=access)['SecretCode']
            self.api.VerifySoftwareToken(AccessToken=access,
                                         UserCode=totp.code(user.secret, self.server.now()))
        for factor in SETTINGS:
            if self.chance(0.5):
                self.switch(user, factor)
        self.users.append(user)

    @staticmethod
    def mail(user):
        return f'{user.name}@example.com'

    def set_password(self, user):
        self.api.AdminSetUserPassword(UserPoolId=user.pool, Username=user.name, Password=user.password,
                                      Permanent=True)

    def switch(self, user, factor):
        if factor == TOKEN and not user.secret or factor == SMS and not user.phone:
            return
        self.api.AdminSetUserMFAPreference(UserPoolId=user.pool, Username=user.name, **{
            SETTINGS[factor]: {'Enabled': factor not in user.factors}})
        user.factors = user.factors ^ {factor}

    def fail_once(self, user):
        """Keeps below the lock: it is forgotten fifteen minutes later."""
        user.failures += 1
        if user.failures >= FAILURES_BEFORE_FORGIVENESS:
            self.server.advance(16 * 60)
            for one in self.users:
                one.failures = 0
            self.held.clear()

    # What must come

    def reaches(self, goal, wanted, seconds, firsts):
        """Whether one more factor, or a password and a second one, lead there from what is proven."""
        if 'pwd' in goal.methods and any(level(goal.methods | {SECONDS[s]}) >= wanted for s in seconds):
            return True
        ways = [{FIRSTS[f]} for f in firsts] + [{'pwd', SECONDS[s]} for s in seconds if 'PASSWORD' in firsts]
        return any(level(goal.methods | way) >= wanted for way in ways)

    def begins(self, goal, credited_level, flow):
        """Whether the first call goes on, as far as the targets say."""
        user = goal.user
        firsts = user.firsts() if flow == 'USER_AUTH' else ['PASSWORD']
        seconds = SECONDS if goal.client in self.hiding else user.factors
        for wanted in goal.targets:
            if credited_level >= wanted:
                return MUST_NOT
            if self.reaches(goal, wanted, seconds, firsts):
                return MUST
        return MUST_NOT if goal.targets else MUST

    def in_reach(self, goal):
        """After the first factor: is a target met, or led to by a second factor that the user has?"""
        return not goal.targets or any(
            level(goal.methods) >= wanted or self.reaches(goal, wanted, goal.user.factors, [])
            for wanted in goal.targets)

    def is_whole(self, goal):
        """May there be tokens now? The first target in reach is reached, and required MFA was proven."""
        for wanted in goal.targets:
            if level(goal.methods) >= wanted:
                break
            if self.reaches(goal, wanted, goal.user.factors, []):
                return False
        return not (goal.by_password and goal.user.factors and not goal.by_second)

    # Starting

    def some_targets(self, user):
        roll = self.random.random()
        if roll < 0.15:
            return []
        if roll < 0.22:
            return ['urn:other', 'x']
        own = self.random.sample(self.names[user.pool], self.random.choice([1, 1, 2, 3]))
        return own + ['urn:other'] * (roll < 0.4)

    def some_token(self, user, client):
        own = [t for t in self.tokens_held if (t.user, t.client) == (user, client)]
        roll = self.random.random()
        if own and roll < 0.6:
            return own[-1]
        return self.random.choice(self.tokens_held) if self.tokens_held and roll > 0.85 else None

    def sign_up(self):
        """Somebody new, whose confirmation is worth a code by e-mail, once."""
        pool = self.random.choice(self.pools)
        client = self.random.choice(self.clients[pool])
        self.serial += 1
        user = User(pool, f'new{self.serial}', f'Passw0rd!{self.serial}', '')
        self.api.SignUp(ClientId=client, Username=user.name, Password=user.password,
                        UserAttributes=attribute_list(email=self.mail(user)))
        reply = self.api.ConfirmSignUp(ClientId=client, Username=user.name,
                                       ConfirmationCode=self.code_to(user, self.mail(user)))
        targets = tuple(self.random.sample([1, 2, 3, 4], self.random.choice([0, 1, 2])))
        self.users.append(user)
        self.held.append(Held(SIGNED_UP, reply['Session'], Goal(
            user, client, targets, frozenset(), frozenset(), user.generation), {}))

    def start(self):
        if self.chance(0.1):
            return self.sign_up()
        self.tokens_held = [t for t in self.tokens_held if self.server.now() - t.at < 50 * 60]
        user = self.random.choice(self.users[-8:])
        client = self.random.choice(self.clients[user.pool])
        flow, right = self.random.choice(FLOWS), self.chance(0.9)
        targets, token = self.some_targets(user), self.some_token(user, client)
        low = [t for t in self.tokens_held if 0 < t.level < 4 and t.user.enabled and not t.revoked]
        if low and self.chance(0.4):  # the ordinary use: a better level than the token has
            token = low[-1]
            user, client = token.user, token.client
            targets = self.random.sample(self.names[user.pool][token.level:], 1)
        parameters, expected, goal, credited = self.ask_for(user, client, targets, token)
        if expected == MUST:
            expected = self.begins(goal, credited, flow)
        self.tell(f'{flow} of {user.name}@{user.pool} has {user.factors} passkey={bool(user.passkey)} '
                  f'for {targets} hidden={client in self.hiding} right={right} enabled={user.enabled} '
                  f'token={token and (token.user is user, token.client == client, token.methods)} '
                  f'{parameters.get("MAX_AGE")}: {expected}')
        password = user.password if right else 'Wr0ng-pass'
        if flow == 'USER_AUTH':
            return self.start_choice(goal, parameters, expected)
        return self.start_password(goal, flow, password, right, parameters, expected)

    def ask_for(self, user, client, targets, token):
        """The parameters for a level, what the oracle says of them, and the goal."""
        parameters, credited, reached = {}, frozenset(), 0
        wanted = []
        for name in targets:
            if name in self.names[user.pool] and self.names[user.pool].index(name) + 1 not in wanted:
                wanted.append(self.names[user.pool].index(name) + 1)
        expected = MUST if wanted or not targets else MUST_NOT
        if targets:
            parameters['TARGET_ACR_VALUES'] = ' '.join(targets)
        if token:
            parameters['ACCESS_TOKEN'] = token.value
            age = self.server.now() - token.at
            fresh = True
            if self.chance(0.5):
                fresh = age < 90 or self.chance(0.5)  # clear of the second in which it grows old
                parameters['MAX_AGE'] = str(int(age) + (60 if fresh else -60))
            if not targets or token.revoked or (token.user, token.client) != (user, client):
                expected = MUST_NOT
            elif fresh and expected == MUST:
                credited, reached = token.methods, token.level
        goal = Goal(user, client, tuple(wanted), credited, credited, user.generation)
        if not user.enabled and expected == MUST:
            expected = MAY if client in self.hiding else MUST_NOT
        return parameters, expected, goal, reached

    def start_password(self, goal, flow, password, right, parameters, expected):
        user, client = goal.user, goal.client
        if not right or not user.enabled:
            expected = MUST_NOT
        try:
            if flow == 'USER_SRP_AUTH':
                half = srp.Client(user.pool, password)
                asked = self.api.InitiateAuth(ClientId=client, AuthFlow=flow, AuthParameters={
                    'USERNAME': user.name, 'SRP_A': half.srp_a, **parameters})
                reply = self.api.RespondToAuthChallenge(
                    ClientId=client, ChallengeName='PASSWORD_VERIFIER',
                    ChallengeResponses=half.answer(asked['ChallengeParameters'], self.now()))
            else:
                begin = self.api.InitiateAuth
                if flow.startswith('ADMIN'):
                    begin = lambda **m: self.api.AdminInitiateAuth(UserPoolId=user.pool, **m)  # noqa: E731
                reply = begin(ClientId=client, AuthFlow=flow, AuthParameters={
                    'USERNAME': user.name, 'PASSWORD': password, **parameters})
        except ApiError as e:
            self.refused_at_proof(goal.with_proof('pwd'), expected, e)
            return
        self.after_proof(goal.with_proof('pwd'), expected, reply)

    def refused_at_proof(self, goal, expected, error):
        """Where users are hidden, only who has proven something learns that no target is in reach."""
        self.judge_refusal(expected if self.in_reach(goal) else MAY, error)
        if error.type == 'NotAuthorizedException' and goal.user.enabled:
            self.fail_once(goal.user)

    def start_choice(self, goal, parameters, expected):
        preferred = self.random.choice([*FIRSTS, None])
        given = {'USERNAME': goal.user.name, **parameters} | ({'PREFERRED_CHALLENGE': preferred} if preferred else {})
        try:
            reply = self.api.InitiateAuth(ClientId=goal.client, AuthFlow='USER_AUTH', AuthParameters=given)
        except ApiError as e:
            self.judge_refusal(expected, e)
            return
        if expected == MUST_NOT:
            self.hole(f'begun: {sorted(reply)}')
        if 'AvailableChallenges' in reply:
            self.hold(goal, reply)
            return
        if 'pwd' not in goal.credited or reply['ChallengeName'] not in (*SECONDS, 'SELECT_MFA_TYPE'):
            self.hole(f'{reply.get("ChallengeName")} without a first factor')
        self.hold(dataclasses.replace(goal, by_password=True), reply, second=True)

    # Going on

    def hold(self, goal, reply, second=False):
        challenge, user = reply['ChallengeName'], goal.user
        proof = {}
        if challenge in SENT and user.enabled:
            address = self.mail(user) if challenge == EMAIL else user.phone
            proof = {SENT[challenge]: self.code_to(user, address)}
        elif challenge == 'WEB_AUTHN':
            proof = {'options': json.loads(reply['ChallengeParameters']['CREDENTIAL_REQUEST_OPTIONS'])}
        elif challenge in ('SELECT_CHALLENGE', 'SELECT_MFA_TYPE'):
            listed = reply.get('AvailableChallenges') or json.loads(reply['ChallengeParameters']['MFAS_CAN_CHOOSE'])
            proof = {'choices': [c for c in listed if c != 'PASSWORD_SRP']}
        if second and challenge in SECONDS and challenge not in user.factors:
            self.hole(f'{challenge} is asked of who has {user.factors}')
        self.held.append(Held(challenge, reply['Session'], goal, proof, second, disturbed=not user.enabled))

    def answer(self):
        fresh = [h for h in self.held[-10:] if not h.used]
        if not fresh:
            return self.start()
        held = fresh[-1] if self.chance(0.7) else self.random.choice(self.held[-10:])
        client, name, challenge = held.goal.client, held.goal.user.name, held.challenge
        if self.chance(0.08):
            client = self.random.choice(self.clients[self.random.choice(self.pools)])
        if self.chance(0.08):
            name = self.random.choice(self.users).name
        if self.chance(0.08):
            challenge = self.random.choice([*FIRSTS, *SECONDS, 'SELECT_CHALLENGE', 'SELECT_MFA_TYPE',
                                            'MFA_SETUP', SIGNED_UP])
        good = self.chance(0.88) or held.challenge == SIGNED_UP
        return self.respond(held, client, name, challenge, good)

    def answers(self, held, good):
        user = held.goal.user
        if held.challenge == TOKEN:
            self.server.advance(2 * totp.PERIOD)
            now = self.server.now()
            return {'SOFTWARE_TOKEN_MFA_CODE': totp.code(user.secret, now) if good else totp.wrong(user.secret, now)}
        if 'choices' in held.proof:
            others = [c for c in (*FIRSTS, *SECONDS) if c not in held.proof['choices']]
            return {'ANSWER': self.random.choice(held.proof['choices'] if good else others or ['x'])}
        if held.challenge == 'PASSWORD':
            return {'PASSWORD': user.password if good else 'Wr0ng-pass'}
        if held.challenge == 'WEB_AUTHN':
            passkey = user.passkey if good and user.passkey else webauthn.Passkey(ORIGIN)
            return {'CREDENTIAL': passkey.get(held.proof['options'])}
        return held.proof if good or held.challenge == SIGNED_UP else {SENT[held.challenge]: 'no code'}

    def after(self, held, answers):
        """The goal once the answer was right; a choice alone proves nothing."""
        if 'ANSWER' in answers:
            return held.goal
        if held.challenge == SIGNED_UP:
            return held.goal.with_proof('email_otp')
        method = SECONDS[held.challenge] if held.second else FIRSTS[held.challenge]
        return held.goal.with_proof(method, held.second)

    def respond(self, held, client, name, challenge, good):
        goal, user = held.goal, held.goal.user
        answers = self.answers(held, good)
        after = self.after(held, answers)
        expected = MAY if held.disturbed else MUST
        if held.used or (client, name, challenge) != (goal.client, user.name, held.challenge) or not good \
                or not user.enabled or goal.generation != user.generation:
            expected = MUST_NOT
        if 'ANSWER' in answers and client in self.hiding and not user.enabled and not held.used and good:
            expected = MAY  # nobody is asked on, too
        self.tell(f'answer {held.challenge} as {challenge} of {user.name} as {name} good={good} used={held.used} '
                  f'same client={client == goal.client} disturbed={held.disturbed} second={held.second} '
                  f'targets={goal.targets} proven={sorted(after.methods)}: {expected}')
        code = {k: v for k, v in held.proof.items() if k in SENT.values()}
        responses = {k: v for c in code.values() for k, v in ((k, c) for k in SENT.values())}
        responses |= {'ANSWER': 'x', 'SOFTWARE_TOKEN_MFA_CODE': '123456', 'USERNAME': name, **answers}
        try:
            if challenge == SIGNED_UP:
                reply = self.go_on_signed_up(held, client, name)
            else:
                reply = self.api.RespondToAuthChallenge(ClientId=client, ChallengeName=challenge,
                                                        Session=held.session, ChallengeResponses=responses)
        except ApiError as e:
            self.judge_refusal(expected if self.in_reach(after) or 'ANSWER' in answers else MAY, e)
            if (client, name, challenge) == (goal.client, user.name, held.challenge):
                # Refused after its proof, because nothing led to a target: spent. Else it lives on.
                held.used = held.used or (good and 'ACR' in e.text)
                self.fail_once(user)
            return
        if expected == MUST_NOT:
            self.hole(f'granted: {sorted(reply)} {reply.get("ChallengeName")}')
        held.used = True
        if 'ANSWER' in answers:
            if reply.get('ChallengeName') != answers['ANSWER']:
                self.hole(f'{sorted(reply)} for the choice {answers["ANSWER"]}')
            self.hold(after, reply, held.second)
            return
        self.after_proof(after, expected, reply)

    def go_on_signed_up(self, held, client, name):
        names = ' '.join(self.names[held.goal.user.pool][wanted - 1] for wanted in held.goal.targets)
        return self.api.InitiateAuth(
            ClientId=client, AuthFlow='USER_AUTH', Session=held.session,
            AuthParameters={'USERNAME': name} | ({'TARGET_ACR_VALUES': names} if names else {}))

    def after_proof(self, goal, expected, reply):
        if expected == MUST_NOT:
            self.hole(f'granted: {sorted(reply)}')
        if not self.in_reach(goal):
            self.hole(f'went on where no target is in reach: {sorted(reply)}')
        whole = self.is_whole(goal)
        if whole != ('AuthenticationResult' in reply):
            self.hole(f'{sorted(reply)} with {sorted(goal.methods)} for {goal.targets}')
        if whole:
            self.check_tokens(goal, reply['AuthenticationResult'])
        else:
            self.hold(goal, reply, second=True)

    def check_tokens(self, goal, result):
        self.granted += 1
        goal.user.failures = 0
        reached = level(goal.methods)
        methods = goal.methods | ({'mfa'} if len(goal.methods) > 1 else set())
        expected = (self.names[goal.user.pool][reached - 1], methods) if goal.targets else (None, set())
        for kind, name in (('AccessToken', 'username'), ('IdToken', 'cognito:username')):
            body = claims(result[kind])[1]
            if (body[name], body.get('client_id', body.get('aud'))) != (goal.user.name, goal.client):
                self.hole(f'tokens of another: {body}')
            if (body.get('acr'), set(body.get('amr', []))) != expected:
                self.hole(f'{body.get("acr")} {body.get("amr")} where {expected} was proven for {goal.targets}')
        self.stepped_up += bool(goal.credited)
        self.tokens_held.append(Token(
            result['AccessToken'], goal.user, goal.client, reached if goal.targets else 0,
            goal.methods if goal.targets else frozenset(), self.server.now()))

    # Meanwhile

    def meddle(self):
        user = self.random.choice(self.users)
        what = self.random.choice(['disable', 'enable', 'enable', 'password', 'sign out', 'switch', 'switch', 'wait'])
        self.tell(f'{what} {user.name}@{user.pool}')
        where = {'UserPoolId': user.pool, 'Username': user.name}
        if what in ('disable', 'enable'):
            user.enabled = what == 'enable'
            (self.api.AdminEnableUser if user.enabled else self.api.AdminDisableUser)(**where)
        elif what == 'password':
            self.serial += 1
            user.password, user.generation = f'Passw0rd!{self.serial}', user.generation + 1
            self.set_password(user)
        elif what == 'sign out':
            self.api.AdminUserGlobalSignOut(**where)
            for token in self.tokens_held:
                token.revoked = token.revoked or token.user is user
        elif what == 'switch':
            self.switch(user, self.random.choice([*SETTINGS]))
        else:
            self.server.advance(120)
        if what != 'wait':
            for held in self.held:
                held.disturbed = held.disturbed or held.goal.user is user

    def test_tokens_say_what_was_proven_and_nothing_else(self):
        for _ in range(STEPS):
            roll = self.random.random()
            if roll < 0.4:
                self.start()
            elif roll < 0.95:
                self.answer()
            else:
                self.meddle()
        figures.note('walk-levels', steps=STEPS, granted=self.granted, stepped_up=self.stepped_up)
        self.assertGreater(self.granted, STEPS // 20, 'the walk met too few tokens to prove anything')
        self.assertGreater(self.stepped_up, 0, 'no token was stepped up')


if __name__ == '__main__':
    unittest.main()
