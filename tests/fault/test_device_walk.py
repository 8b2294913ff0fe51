"""A random walk over sign-ins with devices against an independent oracle.

Every user has a software token whose code the walker does not know, in pools where a remembered
device replaces it. So tokens come in one way only: the password, then the proof of a remembered
device of that user, each in its place, once, at one client. The walker holds many attempts at a
time and answers with what it holds: at the right place or another, with the right device or
another, with the Session or without, while devices are forgotten and users changed.
"""
import base64
import dataclasses
import unittest

import figures
import srp
import totp
from poolhouse import PASSWORD, ApiError, PoolhouseTest, claims
from walk import LONG, MAY, MUST, MUST_NOT, Walker

STEPS = 200 * LONG
BEGIN, PROVE, CODE = 'DEVICE_SRP_AUTH', 'DEVICE_PASSWORD_VERIFIER', 'SOFTWARE_TOKEN_MFA'
CHALLENGES = [BEGIN, PROVE, CODE, 'PASSWORD_VERIFIER', 'NEW_PASSWORD_REQUIRED', 'MFA_SETUP']
STRANGE_KEY = 'eu-west-1_0f1e2d3c-4b5a-4697-8877-665544332211'


@dataclasses.dataclass(eq=False)
class User:
    pool: str
    name: str
    password: str
    access: str = ''
    enabled: bool = True
    exists: bool = True
    generation: int = 0  # of the password
    devices: list = dataclasses.field(default_factory=list)


@dataclasses.dataclass(eq=False)
class Held:
    """A Session or a SECRET_BLOCK in the walker's hands, and what it stands for."""
    challenge: str
    value: str
    client: str
    user: User
    device: srp.Device
    generation: int
    parameters: dict
    used: bool = False
    disturbed: bool = False  # something happened that leaves the outcome open


class Walk(Walker, PoolhouseTest):

    server_args = ('--lockout=false',)
    server_options = {'clock': True}

    @classmethod
    def prepare(cls):
        cls.clients = {}
        for _ in range(2):
            pool = cls.new_pool(DeviceConfiguration={'ChallengeRequiredOnNewDevice': True})
            cls.api.SetUserPoolMfaConfig(UserPoolId=pool, MfaConfiguration='OPTIONAL',
                                         SoftwareTokenMfaConfiguration={'Enabled': True})
            cls.clients[pool] = [cls.new_client(pool), cls.new_client(pool)]
        cls.pools = list(cls.clients)

    def setUp(self):
        super().setUp()
        self.users, self.held = [], []
        self.awaited = {}  # the newest attempt that waits for a device
        self.serial = self.granted = 0
        for pool in self.pools:
            for i in range(2):
                self.add_user(pool, f'twin{i}')

    # People and things

    def add_user(self, pool, name):
        user = User(pool, self.new_user(pool, name), PASSWORD)
        client = self.clients[pool][0]
        for status in ('remembered', 'remembered', 'not_remembered'):
            result = self.tokens(client, name)
            device = srp.Device(result['NewDeviceMetadata'])
            device.owner, device.status = user, status
            user.access = result['AccessToken']
            self.api.ConfirmDevice(AccessToken=user.access, DeviceKey=device.device_key,
                                   DeviceSecretVerifierConfig=device.secret_verifier_config())
            self.api.UpdateDeviceStatus(AccessToken=user.access, DeviceKey=device.device_key,
                                        DeviceRememberedStatus=status)
            user.devices.append(device)
        secret = self.api.AssociateSoftwareToken(AccessToken=user.access)['SecretCode']
        self.api.VerifySoftwareToken(AccessToken=user.access,
                                     UserCode=totp.code(secret, self.server.now()))
        self.api.SetUserMFAPreference(AccessToken=user.access,
                                      SoftwareTokenMfaSettings={'Enabled': True, 'PreferredMfa': True})
        self.users.append(user)
        return user

    def some_device(self, user):
        """Mostly the user's own; sometimes another's, one that never was, or none."""
        roll = self.random.random()
        if roll < 0.7:
            return self.random.choice(user.devices)
        if roll < 0.85:
            return self.random.choice(self.random.choice(self.users).devices)
        if roll < 0.92:
            strange = srp.Device({'DeviceKey': STRANGE_KEY, 'DeviceGroupKey': '-Ab3dEfG9'})
            strange.owner, strange.status = None, 'forgotten'
            return strange
        return None

    # Starting

    def start(self):
        user = self.random.choice(self.users)
        client = self.random.choice(self.clients[user.pool])
        right = self.random.random() < 0.9
        password = user.password if right else 'Wr0ng-pass'
        device = self.some_device(user)
        known = device is None or (device.owner is user and device.status != 'forgotten')
        expected = MUST if right and user.enabled and known else MUST_NOT
        self.tell(f'sign-in of {user.name}@{user.pool} right={right} enabled={user.enabled} '
                  f'device={device and device.status} own={device and device.owner is user}: {expected}')
        key = {'DEVICE_KEY': device.device_key} if device else {}
        try:
            if self.random.random() < 0.5:
                reply = self.sign_in(client, user.name, password, **key)
            else:
                reply = self.start_srp(user, client, password, key)
        except ApiError as e:
            self.judge_refusal(expected, e)
            if right and user.enabled and not known and (e.type, e.text) != (
                    'ResourceNotFoundException', 'Device does not exist.'):
                self.hole(f'an unknown device is told by {e}')
            return
        if expected == MUST_NOT:
            self.hole(f'granted without proof: {sorted(reply)}')
        self.take(reply, user, client, device)

    def start_srp(self, user, client, password, key):
        half = srp.Client(user.pool, password)
        early, late = self.random.choice([(key, {}), ({}, key), (key, key)])
        reply = self.api.InitiateAuth(ClientId=client, AuthFlow='USER_SRP_AUTH', AuthParameters={
            'USERNAME': user.name, 'SRP_A': half.srp_a, **early})
        return self.api.RespondToAuthChallenge(
            ClientId=client, ChallengeName='PASSWORD_VERIFIER',
            ChallengeResponses=half.answer(reply['ChallengeParameters'], self.now()) | late)

    def take(self, reply, user, client, device):
        """What must follow a proven password, or the begin of an exchange with a device that is
        not remembered any more: a code, unless a remembered device was named."""
        asked = device is not None and device.status == 'remembered'
        if reply.get('ChallengeName') != (BEGIN if asked else CODE):
            self.hole(f'unexpected after the password: {sorted(reply)} {reply.get("ChallengeName")}')
        held = Held(reply['ChallengeName'], reply['Session'], client, user, device, user.generation, {})
        self.held.append(held)
        if asked:
            self.awaited[device] = held

    # Answering

    def grants(self, held, client, name, challenge, device, good):
        user = held.user
        if held.used or client != held.client or name != user.name or challenge != held.challenge:
            return MUST_NOT
        if challenge == CODE or device is not held.device or not good:
            return MUST_NOT
        if not (user.exists and user.enabled) or held.generation != user.generation:
            return MUST_NOT
        if held.device.status == 'forgotten':
            return MUST_NOT
        return MAY if held.disturbed else MUST

    def answer(self):
        if not self.held:
            return self.start()
        chance = self.random.random
        fresh = [h for h in self.held[-12:] if not h.used and h.challenge != CODE]
        held = fresh[-1] if fresh and chance() < 0.4 else self.random.choice(self.held[-12:])
        client = held.client
        if chance() < 0.15:
            client = self.random.choice(self.clients[self.random.choice(self.pools)])
        name = held.user.name if chance() < 0.9 else self.random.choice(self.users).name
        challenge = held.challenge if chance() < 0.85 else self.random.choice(CHALLENGES)
        device = held.device
        if device is None or chance() < 0.2:
            device = self.random.choice(held.user.devices)
        bare = challenge == BEGIN and chance() < 0.3
        if bare:  # without a Session the server takes the newest attempt that waits for the device
            named = [d for u in self.users for d in u.devices
                     if d is device and u.name == name and client in self.clients[u.pool]]
            held = self.awaited.get(device) if named else None
        return self.respond(held, client, name, challenge, device, chance() < 0.85, bare)

    def respond(self, held, client, name, challenge, device, good, bare):
        expected = self.grants(held, client, name, challenge, device, good) if held else MUST_NOT
        self.tell(f'answer {held and held.challenge} as {challenge} of {held and held.user.name} as {name} '
                  f'good={good} bare={bare} used={held and held.used} '
                  f'same client={held and client == held.client} '
                  f'same device={held and device is held.device} status={device.status} '
                  f'disturbed={held and held.disturbed}: {expected}')
        responses = {'USERNAME': name, 'DEVICE_KEY': device.device_key, 'NEW_PASSWORD': 'N3w-passw!',
                     'SOFTWARE_TOKEN_MFA_CODE': '000000', 'TIMESTAMP': srp.timestamp(self.now()),
                     'SRP_A': device.srp_a if good else '0',
                     'PASSWORD_CLAIM_SIGNATURE': base64.b64encode(b'x' * 32).decode()}
        members = {}
        if held and held.parameters and challenge in (PROVE, 'PASSWORD_VERIFIER'):
            right = device.answer(held.parameters, self.now())
            responses['PASSWORD_CLAIM_SECRET_BLOCK'] = held.value
            if good:
                responses |= {k: right[k] for k in ('PASSWORD_CLAIM_SIGNATURE', 'TIMESTAMP')}
        elif held and not bare:
            members['Session'] = held.value[:2048]
            responses['PASSWORD_CLAIM_SECRET_BLOCK'] = base64.b64encode(held.value.encode()).decode()
        try:
            reply = self.api.RespondToAuthChallenge(ClientId=client, ChallengeName=challenge,
                                                    ChallengeResponses=responses, **members)
        except ApiError as e:
            self.judge_refusal(expected, e)
            self.after_refusal(held, client, name, challenge)
            return
        if expected == MUST_NOT:
            self.hole(f'granted: {sorted(reply)} {reply.get("ChallengeName")}')
        held.used = True
        self.after_answer(held, reply)

    def after_answer(self, held, reply):
        if held.device.status != 'remembered':  # what it proves does not count any more
            if reply.get('ChallengeName') != CODE:
                self.hole(f'a device that is not remembered led to {sorted(reply)}')
        elif held.challenge == BEGIN:
            if reply.get('ChallengeName') != PROVE or set(reply) != {'ChallengeName', 'ChallengeParameters'}:
                self.hole(f'unexpected after {BEGIN}: {sorted(reply)}')
            parameters = reply['ChallengeParameters']
            self.held.append(Held(PROVE, parameters['SECRET_BLOCK'], held.client, held.user, held.device,
                                  held.generation, parameters))
        else:
            self.check_tokens(held, reply)

    def check_tokens(self, held, reply):
        body = claims(reply['AuthenticationResult']['AccessToken'])[1]
        got = body['username'], body['client_id'], body['device_key'], body['iss'].endswith(held.user.pool)
        if got != (held.user.name, held.client, held.device.device_key, True):
            self.hole(f'tokens of another: {body}')
        if 'NewDeviceMetadata' in reply['AuthenticationResult']:
            self.hole('a new device for a proven one')
        self.granted += 1

    @staticmethod
    def after_refusal(held, client, name, challenge):
        """Whose proof was judged is spent; whether another refusal spends is the server's choice."""
        if held and held.challenge == challenge == PROVE:
            if (client, name) == (held.client, held.user.name):
                held.used = held.disturbed = True
            else:
                held.disturbed = True

    # Meanwhile

    def target(self):
        """Often whoever is in the middle of something."""
        busy = [h for h in self.held[-6:] if not h.used and h.device and h.user.exists]
        if busy and self.random.random() < 0.6:
            return busy[-1].user, busy[-1].device
        user = self.random.choice(self.users)
        return user, self.random.choice(user.devices)

    def meddle(self):
        user, device = self.target()
        what = self.random.choice(['disable', 'enable', 'password', 'delete', 'forget'] + 4 * ['status'])
        self.tell(f'{what} {user.name}@{user.pool}')
        where = {'UserPoolId': user.pool, 'Username': user.name}
        if what == 'disable':
            self.api.AdminDisableUser(**where)
            user.enabled = False
        elif what == 'enable':
            self.api.AdminEnableUser(**where)
            user.enabled = True
        elif what == 'password':
            self.serial += 1
            user.password = f'Passw0rd!{self.serial}'
            self.api.AdminSetUserPassword(**where, Password=user.password, Permanent=True)
            user.generation += 1
        elif what == 'delete':
            self.api.AdminDeleteUser(**where)
            user.exists = False
            self.users.remove(user)
            # The name returns at once: what was held for the old one must not serve the new.
            self.add_user(user.pool, user.name)
        else:
            self.change_device(where, device, what)

    def change_device(self, where, device, what):
        if device.status == 'forgotten':
            return
        if what == 'forget':
            self.api.AdminForgetDevice(**where, DeviceKey=device.device_key)
            device.status = 'forgotten'
            return
        device.status = 'remembered' if device.status == 'not_remembered' else 'not_remembered'
        self.api.AdminUpdateDeviceStatus(**where, DeviceKey=device.device_key,
                                         DeviceRememberedStatus=device.status)

    def test_no_walk_replaces_a_code_without_the_proof_of_a_remembered_device(self):
        for _ in range(STEPS):
            roll = self.random.random()
            if roll < 0.3:
                self.start()
            elif roll < 0.92:
                self.answer()
            else:
                self.meddle()
        figures.note('walk-devices', steps=STEPS, granted=self.granted)
        self.assertGreater(self.granted, STEPS // 40, 'the walk met too few tokens to prove anything')


if __name__ == '__main__':
    unittest.main()
