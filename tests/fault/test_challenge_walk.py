"""A random walk over the challenge graph against an independent oracle.

The walker starts sign-ins, and answers with what it holds: at the right place or another, once or
twice, at the wrong client, pool, user or challenge, with a right or wrong proof. The oracle knows
nothing of the server; it only knows who has proven what. Tokens where the oracle sees no proof are
a hole; a refusal where it sees one is a bug. Devices, CUSTOM_AUTH and levels have walks of their own.
"""
import base64
import collections
import dataclasses
import json
import unittest

import figures
import srp
import totp
import webauthn
from poolhouse import ALL_FLOWS, ApiError, PoolhouseTest, attribute_list, claims
from walk import LONG, MAY, MUST, MUST_NOT, Walker

STEPS = 400 * LONG
FAILURES_BEFORE_RETIREMENT = 4
SMS, TOKEN, EMAIL = 'SMS_MFA', 'SOFTWARE_TOKEN_MFA', 'EMAIL_OTP'
AS_SECOND = f'{EMAIL} as the second'
SETTINGS = {SMS: 'SMSMfaSettings', TOKEN: 'SoftwareTokenMfaSettings', EMAIL: 'EmailMfaSettings'}
ROLE = 'arn:aws:iam::000000000000:role/sms'
SECONDS = {'PASSWORD_VERIFIER': 5 * 60}  # of the TIMESTAMP in the proof; Sessions live longer
SESSION_SECONDS = 15 * 60
ORIGIN = 'https://example.com'
# Every challenge whose state rides in a Session.
CHALLENGES = ['NEW_PASSWORD_REQUIRED', 'MFA_SETUP', 'SELECT_MFA_TYPE', SMS, TOKEN, EMAIL]
# And those of USER_AUTH, for the first factor. EMAIL_OTP is a name of both kinds.
FIRST = ['SELECT_CHALLENGE', 'PASSWORD', EMAIL, 'SMS_OTP', 'WEB_AUTHN']
SENT = {SMS: 'SMS_MFA_CODE', EMAIL: 'EMAIL_OTP_CODE', 'SMS_OTP': 'SMS_OTP_CODE'}
GUESSED = ['PASSWORD_VERIFIER', 'SELECT_CHALLENGE', 'PASSWORD', TOKEN, *SENT]
FLOWS = ALL_FLOWS + ['ALLOW_USER_AUTH']
CHOICES = ['PASSWORD', 'PASSWORD_SRP', EMAIL, 'SMS_OTP', 'WEB_AUTHN']


@dataclasses.dataclass
class User:
    pool: str
    name: str
    password: str
    temporary: bool
    enabled: bool = True
    exists: bool = True
    generation: int = 0  # of the password; a new one for each that is set
    failures: int = 0
    phone: str = ''
    email: str = ''
    factors: tuple = ()  # what the user has switched on; in pools that require it, has
    secret: str = ''     # of the software token in force
    pending: str = ''    # of the one that waits for its first code
    passkey: webauthn.Passkey = None


@dataclasses.dataclass
class Held:
    """A Session or a SECRET_BLOCK in the walker's hands, and what it stands for."""
    challenge: str
    value: str
    client: str
    user: User
    generation: int
    proof: dict
    right: bool       # the proof was made with the right password
    used: bool = False
    verified: bool = False   # MFA_SETUP: a software token was verified on the way here
    since: float = 0         # by the clock of the server
    disturbed: bool = False  # something happened to the user that leaves the outcome open
    session: str = None      # of a first factor in USER_AUTH; also beside a SECRET_BLOCK

    def place(self):
        """A code by e-mail is asked for by one name in two places."""
        return AS_SECOND if self.challenge == EMAIL and not self.session else self.challenge


class Oracle:
    """May this answer be granted? By what was proven alone."""

    @staticmethod
    def is_alive(held, now):
        left = held.since + SECONDS.get(held.challenge, SESSION_SECONDS) - now
        if abs(left) < 4:  # between its making and our noting the time some is lost
            held.disturbed = True
        return left > -4

    @staticmethod
    def next_challenge(user, requires):
        """What follows the password; None: tokens."""
        if user.temporary:
            return 'NEW_PASSWORD_REQUIRED'
        if not user.factors:
            return 'MFA_SETUP' if requires else None
        return user.factors[0] if len(user.factors) == 1 else 'SELECT_MFA_TYPE'

    @staticmethod
    def available(user, requires):
        """The first factors that USER_AUTH offers."""
        if user.temporary:
            return CHOICES[:2]
        codes = [] if requires else [EMAIL] * bool(user.email) + ['SMS_OTP'] * bool(user.phone)
        return CHOICES[:2] + codes + (['WEB_AUTHN'] if user.passkey else [])

    @staticmethod
    def grants(held, client, name, challenge, good_answer):
        user = held.user
        if held.used or client != held.client or name != user.name or challenge != held.challenge:
            return MUST_NOT
        if not (user.exists and user.enabled) or held.generation != user.generation:
            return MUST_NOT
        if not good_answer or not held.right:
            return MUST_NOT
        return MAY if held.disturbed else MUST


class Walk(Walker, PoolhouseTest):
    server_options = {'clock': True}

    @classmethod
    def prepare(cls):
        cls.clients, cls.requires, cls.hiding = {}, {}, set()
        for mode in ('OPTIONAL', 'ON'):
            first = ['PASSWORD', 'WEB_AUTHN'] + ([EMAIL, 'SMS_OTP'] if mode == 'OPTIONAL' else [])
            pool = cls.new_pool(Policies={'SignInPolicy': {'AllowedFirstAuthFactors': first}})
            cls.api.SetUserPoolMfaConfig(
                UserPoolId=pool, MfaConfiguration=mode,
                SoftwareTokenMfaConfiguration={'Enabled': True},
                SmsMfaConfiguration={'SmsConfiguration': {'SnsCallerArn': ROLE}},
                EmailMfaConfiguration={},
                WebAuthnConfiguration={'RelyingPartyId': 'example.com', 'UserVerification': 'required',
                                       'FactorConfiguration': 'MULTI_FACTOR_WITH_USER_VERIFICATION'})
            cls.requires[pool] = mode == 'ON'
            cls.clients[pool] = [
                cls.new_client(pool, AuthSessionValidity=15, **members) for members in
                ({'ExplicitAuthFlows': FLOWS}, {'ExplicitAuthFlows': FLOWS},
                 {'ExplicitAuthFlows': FLOWS, 'PreventUserExistenceErrors': 'ENABLED'},
                 {'ExplicitAuthFlows': FLOWS})]
            cls.hiding.add(cls.clients[pool][2])
        cls.pools = list(cls.clients)

    def setUp(self):
        super().setUp()
        self.users, self.held = [], []
        self.passed = collections.Counter()  # places
        self.serial = 0
        self.granted = 0
        # The same name in both pools: only the pool tells them apart.
        for pool in self.pools:
            for i in range(3 if self.requires[pool] else 5):
                self.add_user(pool, f'twin{i}', temporary=i == 0)

    def new_password(self):
        self.serial += 1
        return f'Passw0rd!{self.serial}'

    def add_user(self, pool, name, temporary):
        user = User(pool, name, self.new_password(), temporary)
        user.phone = f'+1555{self.serial:07}' if self.chance(0.7) else ''
        # Where MFA is required, every address is a factor: some have none, and are asked to set one up.
        user.email = self.mail(user) if not self.requires[pool] or self.chance(0.3) else ''
        addresses = {k: v for k, v in (('email', user.email), ('phone_number', user.phone)) if v}
        self.api.AdminCreateUser(
            UserPoolId=pool, Username=name, MessageAction='SUPPRESS', TemporaryPassword=user.password,
            UserAttributes=attribute_list(**addresses, **{f'{k}_verified': 'true' for k in addresses}))
        if not temporary:
            self.api.AdminSetUserPassword(UserPoolId=pool, Username=name, Password=user.password,
                                          Permanent=True)
        self.equip(user)
        self.users.append(user)
        return user

    def equip(self, user):
        """What a user has from the begin: first what is registered with tokens that a password gives."""
        possible = [SMS] * bool(user.phone) + [EMAIL] * bool(user.email)
        if self.requires[user.pool]:
            user.factors = tuple(possible)
            return
        if self.chance(0.6):
            self.change_passkey(user)
        if not user.temporary and self.chance(0.3):
            self.enroll(user)
        chosen = [f for f in possible if self.chance(0.4)]
        if chosen:
            self.api.AdminSetUserMFAPreference(UserPoolId=user.pool, Username=user.name, **{
                SETTINGS[f]: {'Enabled': True} for f in chosen})
        user.factors = tuple(f for f in SETTINGS if f in (*user.factors, *chosen))

    def fail_once(self, user):
        """Keeps below the lock: a user with many failures leaves and another comes."""
        user.failures += 1
        if user.failures >= FAILURES_BEFORE_RETIREMENT and user.exists:
            self.delete_user(user)

    def delete_user(self, user):
        self.tell(f'delete {user.name}')
        self.api.AdminDeleteUser(UserPoolId=user.pool, Username=user.name)
        user.exists = False
        self.users.remove(user)
        # Sometimes the name returns at once: what was held for the old one must not serve the new.
        name = user.name if self.random.random() < 0.5 else f'later{self.serial}'
        self.add_user(user.pool, name, temporary=self.random.random() < 0.5)

    # Starting

    def seldom_met(self, user):
        """How often what this user would be asked was passed, by the rarest of it."""
        requires = self.requires[user.pool]
        due = Oracle.next_challenge(user, requires)
        places = [AS_SECOND if due == EMAIL else due] * (due is not None) + Oracle.available(user, requires)
        return min(self.passed[p] for p in places if p != 'PASSWORD_SRP')

    def start(self):
        user = self.random.choice(self.users)
        if self.chance(0.5):
            user = min(self.random.sample(self.users, len(self.users)), key=self.seldom_met)
        client = self.random.choice(self.clients[user.pool])
        right = self.random.random() < 0.8
        password = user.password if right else 'Wr0ng-pass'
        self.random.choice([self.start_srp, self.start_password, self.start_choice, self.start_choice])(
            user, client, password, right)

    @staticmethod
    def mail(user):
        return f'{user.name}@example.com'

    def start_choice(self, user, client, password, right):
        offered = Oracle.available(user, self.requires[user.pool])
        preferred = self.random.choice(CHOICES + [None])
        if self.chance(0.6):
            preferred = min(offered, key=lambda c: self.passed[c])
        self.tell(f'choice {preferred} of {user.name} right={right} enabled={user.enabled} of {offered}')
        half = srp.Client(user.pool, password)
        parameters = {'USERNAME': user.name, 'SRP_A': half.srp_a}
        try:
            reply = self.api.InitiateAuth(ClientId=client, AuthFlow='USER_AUTH', AuthParameters=(
                parameters | ({'PREFERRED_CHALLENGE': preferred} if preferred else {})))
        except ApiError as e:
            self.judge_refusal(MUST if user.enabled else MAY, e)
            return
        if user.enabled and sorted(offered) != sorted(reply['AvailableChallenges']):
            self.hole(f'{reply["AvailableChallenges"]} where {offered} are to be offered')
        due = preferred if preferred in reply['AvailableChallenges'] else 'SELECT_CHALLENGE'
        self.after_choice(user, client, reply, due, half, right)

    def after_choice(self, user, client, reply, due, half=None, right=True):
        """A challenge for a first factor was due: it came, and is held."""
        due = 'PASSWORD_VERIFIER' if due == 'PASSWORD_SRP' else due
        if reply.get('ChallengeName') != due or 'AuthenticationResult' in reply:
            self.hole(f'{reply.get("ChallengeName", "tokens")} where {due} is due')
        parameters, proof, session = reply['ChallengeParameters'], {}, reply['Session']
        if due == 'PASSWORD_VERIFIER':
            proof = half.answer(parameters, self.now())
        elif due in SENT and user.enabled and user.exists:
            proof = self.sent(user, due)
        elif due == 'WEB_AUTHN':
            proof = {'options': json.loads(parameters['CREDENTIAL_REQUEST_OPTIONS'])}
        self.held.append(Held(due, parameters.get('SECRET_BLOCK', session), client, user, user.generation,
                              proof, right or due != 'PASSWORD_VERIFIER', since=self.server.now(),
                              disturbed=not (user.enabled and user.exists), session=session))

    def start_password(self, user, client, password, right):
        self.tell(f'password sign-in of {user.name} right={right} enabled={user.enabled}')
        expected = MUST if right and user.enabled else MUST_NOT
        try:
            reply = self.sign_in(client, user.name, password)
        except ApiError as e:
            self.judge_refusal(expected, e)
            if user.enabled:
                self.fail_once(user)
            return
        self.after_proof(user, client, reply, expected, user.generation)

    def after_proof(self, user, client, reply, expected, generation):
        if expected == MUST_NOT:
            self.hole(f'granted without proof: {sorted(reply)}')
        due = Oracle.next_challenge(user, self.requires[user.pool])
        if due != reply.get('ChallengeName'):
            self.hole(f'{reply.get("ChallengeName", "tokens")} where {due or "tokens"} are due')
        self.after_step(user, client, reply, generation)

    def after_step(self, user, client, reply, generation):
        """Tokens end a sign-in; what else came is held."""
        if 'AuthenticationResult' in reply:
            self.check_tokens(reply['AuthenticationResult'], user, client)
            user.failures = 0
            return
        challenge = reply['ChallengeName']
        proof = self.sent(user, challenge) if challenge in SENT else {}
        self.hold(challenge, reply['Session'], client, user, generation, proof)

    def hold(self, challenge, session, client, user, generation, proof, verified=False):
        self.held.append(Held(challenge, session, client, user, generation, proof, True,
                              verified=verified, since=self.server.now()))

    def sent(self, user, challenge):
        address = user.email if challenge == EMAIL else user.phone
        return {SENT[challenge]: self.code_to(user, address)}

    def check_tokens(self, result, user, client):
        self.granted += 1
        for token, member in (('AccessToken', 'client_id'), ('IdToken', 'aud')):
            body = claims(result[token])[1]
            name = body['username' if token == 'AccessToken' else 'cognito:username']
            if (name, body[member]) != (user.name, client) or user.pool not in body['iss']:
                self.hole(f'tokens of {name}, expected {user.name}: {body}')

    def start_srp(self, user, client, password, right):
        self.tell(f'SRP start of {user.name} right={right} enabled={user.enabled}')
        half = srp.Client(user.pool, password)
        try:
            reply = self.api.InitiateAuth(ClientId=client, AuthFlow='USER_SRP_AUTH', AuthParameters={
                'USERNAME': user.name, 'SRP_A': half.srp_a})
        except ApiError as e:
            self.judge_refusal(MUST if user.enabled else MAY, e)
            return
        if set(reply) - {'ChallengeName', 'ChallengeParameters'}:
            self.hole(f'an SRP start gave more than a challenge: {sorted(reply)}')
        parameters = reply['ChallengeParameters']
        self.held.append(Held('PASSWORD_VERIFIER', parameters['SECRET_BLOCK'], client, user,
                              user.generation, half.answer(parameters, self.now()), right,
                              since=self.server.now()))

    # Answering

    def answer(self):
        if not self.held:
            self.start()
            return
        chance = self.random.random
        fresh = [h for h in self.held[-12:] if not h.used]
        # What is new, or was seldom passed, goes on more often, so that the walk gets everywhere.
        held = fresh[-1] if fresh and chance() < 0.5 else self.random.choice(self.held[-12:])
        if fresh and chance() < 0.3:
            held = min(fresh, key=lambda h: self.passed[h.place()])
        client = held.client
        if chance() < 0.12:
            client = self.random.choice(self.clients[self.random.choice(self.pools)])
        name = held.user.name if chance() < 0.9 else self.random.choice(self.users).name
        challenge = held.challenge
        if chance() < 0.12:
            challenge = self.random.choice(CHALLENGES + FIRST + ['PASSWORD_VERIFIER', 'CUSTOM_CHALLENGE'])
        good = chance() < 0.85
        if held.challenge == 'MFA_SETUP' and not held.verified and chance() < 0.6:
            self.set_up(held, good)
        else:
            self.respond(held, client, name, challenge, good)

    def set_up(self, held, good):
        """AssociateSoftwareToken or VerifySoftwareToken with the Session of MFA_SETUP."""
        user, secret = held.user, held.proof.get('secret')
        expected = Oracle.grants(held, held.client, user.name, held.challenge,
                                 not user.factors and Oracle.is_alive(held, self.server.now()))
        if secret and (not good or secret != user.pending):
            expected = MUST_NOT
        self.tell(f'set up a token of {user.name} verify={bool(secret)} good={good}: {expected}')
        try:
            if secret:
                now = self.server.now()
                reply = self.api.VerifySoftwareToken(Session=held.value, UserCode=(
                    totp.code(secret, now) if good else totp.wrong(secret, now)))
            else:
                reply = self.api.AssociateSoftwareToken(Session=held.value)
        except ApiError as e:
            self.judge_refusal(expected, e)
            return
        if expected == MUST_NOT:
            self.hole(f'set up: {sorted(reply)}')
        held.used = True
        if secret:
            user.secret, user.factors = secret, (TOKEN,)
        else:
            user.pending = reply['SecretCode']
        self.hold('MFA_SETUP', reply['Session'], held.client, user, held.generation,
                  {'secret': reply.get('SecretCode')}, verified=bool(secret))

    def second_factor(self, held, good):
        """The answers for a second factor, and whether they are right."""
        if held.challenge == TOKEN:
            self.server.advance(2 * totp.PERIOD)  # whatever was used, this step was not
            now = self.server.now()
            code = totp.code(held.user.secret, now) if good else totp.wrong(held.user.secret, now)
            return {'SOFTWARE_TOKEN_MFA_CODE': code}, good
        if held.challenge in SENT:
            return ({} if good else {SENT[held.challenge]: self.foreign_code(held)}), good
        if held.challenge == 'SELECT_MFA_TYPE':
            others = [f for f in SETTINGS if f not in held.user.factors] + ['x']
            return {'ANSWER': self.random.choice(held.user.factors if good and held.user.factors else others)}, good
        if held.challenge == 'MFA_SETUP':  # the Session alone is the answer, or an address
            if held.verified or self.chance(0.3):
                return {}, held.verified
            return {'EMAIL': self.mail(held.user) if good else 'nowhere'}, good and not held.user.factors
        if held.challenge in FIRST:
            return self.first_factor(held, good), good
        return {}, good

    def foreign_code(self, held):
        """One that was sent for another Session, often of the same user."""
        others = [h for h in self.held[-12:] if h is not held]
        codes = {h.proof[k] for h in others for k in SENT.values() if k in h.proof}
        codes -= set(held.proof.values())
        return self.random.choice(sorted(codes)) if codes else 'no code'

    def first_factor(self, held, good):
        user = held.user
        if held.challenge == 'SELECT_CHALLENGE':
            offered = [c for c in Oracle.available(user, self.requires[user.pool]) if c != 'PASSWORD_SRP']
            choice = self.random.choice(offered if good else [c for c in CHOICES if c not in offered
                                                              and c != 'PASSWORD_SRP'] or ['x'])
            return {'ANSWER': choice} | ({'PASSWORD': user.password} if self.random.random() < 0.5 else {})
        if held.challenge == 'PASSWORD':
            return {'PASSWORD': user.password if good else 'Wr0ng-pass'}
        passkey = user.passkey if good and user.passkey else webauthn.Passkey(ORIGIN)
        return {'CREDENTIAL': passkey.get(held.proof['options'])}

    def respond(self, held, client, name, challenge, good):
        answers, right = self.second_factor(held, good)
        alive = Oracle.is_alive(held, self.server.now())
        expected = Oracle.grants(held, client, name, challenge, right and alive)
        password = self.new_password() if good else 'short'
        responses = {'USERNAME': name, 'NEW_PASSWORD': password, 'SMS_MFA_CODE': '123456',
                     'SOFTWARE_TOKEN_MFA_CODE': '123456', 'ANSWER': 'x'}
        for key in set(SENT.values()) & set(held.proof):  # a code of one kind as one of another
            responses.update({k: held.proof[key] for k in SENT.values()})
        responses.update({k: v for k, v in held.proof.items() if k.isupper()} | answers)
        responses['USERNAME'] = name
        session = held.value if held.challenge in CHALLENGES + FIRST else held.session
        judged = answers.get('ANSWER') == 'PASSWORD' and 'PASSWORD' in answers
        if held.challenge == 'SELECT_CHALLENGE' and client in self.hiding and not judged \
                and not (held.user.enabled and held.user.exists) and not held.used:
            expected = MAY  # nobody is asked on, too
        if challenge == 'PASSWORD_VERIFIER' and held.challenge != challenge:
            responses.update(PASSWORD_CLAIM_SECRET_BLOCK=base64.b64encode(held.value.encode()).decode(),
                             PASSWORD_CLAIM_SIGNATURE=base64.b64encode(b'x' * 32).decode(),
                             TIMESTAMP=srp.timestamp(self.now()))
        elif challenge != held.challenge:
            session = held.value
        if held.challenge == 'PASSWORD_VERIFIER' and not good:
            responses['PASSWORD_CLAIM_SIGNATURE'] = base64.b64encode(b'x' * 32).decode()
        self.tell(f'answer {held.challenge} as {challenge} of {held.user.name} as {name} '
                  f'same client={client == held.client} good={good} used={held.used} '
                  f'generation {held.generation}/{held.user.generation} right={held.right}: {expected}')
        members = {'ClientId': client, 'ChallengeName': challenge, 'ChallengeResponses': responses}
        if session is not None:
            members['Session'] = session[:2048]
        try:
            reply = self.api.RespondToAuthChallenge(**members)
        except ApiError as e:
            self.judge_refusal(expected, e)
            self.after_refusal(held, name, client, challenge)
            return
        if expected == MUST_NOT:
            self.hole(f'granted: {sorted(reply)}')
        held.used = True
        self.passed[held.place()] += 1
        if held.challenge == 'SELECT_CHALLENGE' and not judged:
            self.after_choice(held.user, client, reply, answers['ANSWER'])
            return
        if held.challenge in (*SENT, 'WEB_AUTHN'):  # nothing more is asked
            if 'AuthenticationResult' not in reply:
                self.hole(f'{reply["ChallengeName"]} after {held.challenge}')
            self.after_step(held.user, client, reply, held.generation)
            return
        if 'EMAIL' in answers:
            held.user.email, held.user.factors = answers['EMAIL'], (EMAIL,)
            answers = {'ANSWER': EMAIL}
        if held.challenge in CHALLENGES[1:]:
            if ('ANSWER' in answers) != ('ChallengeName' in reply) or \
                    reply.get('ChallengeName', answers.get('ANSWER')) != answers.get('ANSWER'):
                self.hole(f'{reply.get("ChallengeName", "tokens")} after {held.challenge}')
            self.after_step(held.user, client, reply, held.generation)
            return
        if held.challenge == 'NEW_PASSWORD_REQUIRED':
            held.user.temporary = False
            held.user.password = password
            held.user.generation += 1
        self.after_proof(held.user, client, reply, MUST, held.user.generation)

    def after_refusal(self, held, name, client, challenge):
        # A guess is counted where it was judged: at its own place alone. What spends a block is the
        # server's choice, except that a block whose proof was judged is spent.
        judged = (client, name, challenge) == (held.client, held.user.name, held.challenge)
        if judged and challenge in GUESSED:
            self.fail_once(held.user)
        if held.challenge == 'PASSWORD_VERIFIER':
            held.used = held.used or judged
            held.disturbed = True

    # Meanwhile

    def meddle(self):
        user = self.random.choice(self.users)
        what = self.random.choice(['disable', 'enable', 'password', 'temporary', 'delete', 'sign out',
                                   'factors', 'factors', 'passkey', 'passkey'])
        self.tell(f'{what} {user.name}')
        where = {'UserPoolId': user.pool, 'Username': user.name}
        if what == 'disable':
            self.api.AdminDisableUser(**where)
            user.enabled = False
            self.disturb(user)
        elif what == 'enable':
            self.api.AdminEnableUser(**where)
            user.enabled = True
            self.disturb(user)
        elif what in ('password', 'temporary'):
            user.password, user.temporary = self.new_password(), what == 'temporary'
            self.api.AdminSetUserPassword(**where, Password=user.password,
                                          Permanent=not user.temporary)
            user.generation += 1
        elif what == 'delete':
            self.delete_user(user)
        elif what == 'factors':
            self.change_factors(user)
        elif what == 'passkey':
            self.change_passkey(user)
        else:
            self.api.AdminUserGlobalSignOut(**where)
            self.disturb(user)

    def change_factors(self, user):
        """Where MFA is optional, one is switched; where it is required, a token is deleted."""
        where = {'UserPoolId': user.pool, 'Username': user.name}
        if self.requires[user.pool]:
            if TOKEN in user.factors:
                self.api.AdminDeleteSoftwareToken(**where)
                user.secret, user.factors = '', tuple(f for f in user.factors if f != TOKEN)
        elif not user.secret and not user.temporary and user.enabled and self.chance(0.5):
            self.enroll(user)
        else:
            switch = self.random.choice([EMAIL] + [SMS] * bool(user.phone) + [TOKEN] * bool(user.secret))
            on = switch not in user.factors
            self.api.AdminSetUserMFAPreference(**where, **{SETTINGS[switch]: {'Enabled': on}})
            user.factors = tuple(f for f in SETTINGS if (on if f == switch else f in user.factors))
        self.disturb(user)

    def change_passkey(self, user):
        """Registered, with the tokens that a password alone gives, or deleted with its own."""
        if user.temporary or not user.enabled or self.requires[user.pool]:
            return
        if user.passkey:
            self.drop_passkey(user)
        elif not user.factors:
            client = self.clients[user.pool][0]
            access = self.tokens(client, user.name, user.password)['AccessToken']
            user.failures = 0
            options = self.api.StartWebAuthnRegistration(AccessToken=access)['CredentialCreationOptions']
            user.passkey = webauthn.Passkey(ORIGIN, count=self.random.choice([0, 1]))
            self.api.CompleteWebAuthnRegistration(AccessToken=access,
                                                  Credential=user.passkey.create(options))
        self.disturb(user)

    def drop_passkey(self, user):
        client = self.clients[user.pool][0]
        asked = self.api.InitiateAuth(ClientId=client, AuthFlow='USER_AUTH', AuthParameters={
            'USERNAME': user.name, 'PREFERRED_CHALLENGE': 'WEB_AUTHN'})
        options = json.loads(asked['ChallengeParameters']['CREDENTIAL_REQUEST_OPTIONS'])
        access = self.api.RespondToAuthChallenge(
            ClientId=client, ChallengeName='WEB_AUTHN', Session=asked['Session'],
            ChallengeResponses={'USERNAME': user.name, 'CREDENTIAL': user.passkey.get(options)},
        )['AuthenticationResult']['AccessToken']
        user.failures = 0
        self.api.DeleteWebAuthnCredential(AccessToken=access, CredentialId=webauthn.b64(user.passkey.id))
        user.passkey = None

    def enroll(self, user):
        """A software token by an access token; only for users whom nothing is asked yet."""
        if user.factors:
            return
        client = self.clients[user.pool][0]
        access = self.tokens(client, user.name, user.password)['AccessToken']
        user.failures = 0
        secret = self.api.AssociateSoftwareToken(AccessToken=access)['SecretCode']
        self.api.VerifySoftwareToken(AccessToken=access,
                                     UserCode=totp.code(secret, self.server.now()))
        self.api.SetUserMFAPreference(AccessToken=access,
                                      SoftwareTokenMfaSettings={'Enabled': True})
        user.secret, user.factors = secret, (TOKEN,)

    def disturb(self, user):
        for held in self.held:
            if held.user is user:
                held.disturbed = True

    def test_no_walk_reaches_tokens_without_the_proofs(self):
        for _ in range(STEPS):
            roll = self.random.random()
            if roll < 0.3:
                self.start()
            elif roll < 0.93:
                self.answer()
            else:
                self.meddle()
            if not any(u.enabled for u in self.users):
                self.meddle()
        places = {*CHALLENGES, *FIRST, 'PASSWORD_VERIFIER', AS_SECOND}
        self.assertLessEqual(len(places - set(self.passed)), 2 // LONG, self.passed)
        figures.note('walk-challenges', steps=STEPS, granted=self.granted)
        self.assertGreater(self.granted, STEPS // 40, 'the walk met too few tokens to prove anything')


if __name__ == '__main__':
    unittest.main()
