"""Sign-ups and sign-ins at two servers on one PostgreSQL whose primary goes away, with a ledger of what
was acknowledged: what the tests of a failover share.

The ledger lives in this process and is written only after the answer came.
"""
import contextlib
import http.client
import itertools
import threading
import time
import unittest

import cluster
import figures
import srp
from poolhouse import ApiError, PASSWORD

ENOUGH = 50  # to judge by
UNKNOWN = ('InternalErrorException',)


class Load(threading.Thread):
    """Does the same again and again; notes when each answer came, or what was wrong with it."""

    def __init__(self, what):
        super().__init__(daemon=True)
        self.what, self.good, self.bad, self.stopping = what, [], [], False

    def run(self):
        while not self.stopping:
            try:
                self.what()
                self.good.append(time.monotonic())
            except ApiError as e:
                self.bad.append((time.monotonic(), f'{e.type}: {e.text}'))
            except (OSError, http.client.HTTPException) as e:
                self.bad.append((time.monotonic(), repr(e)))


class FailoverTest(unittest.TestCase):

    def start_nodes(self, url):
        self.nodes = []
        for _ in range(2):
            self.nodes.append(cluster.node(url).start())
            self.addCleanup(self.nodes[-1].stop)
        self.apis = [cluster.api(n) for n in self.nodes]
        self.api = self.apis[0]
        self.pool = self.api.CreateUserPool(PoolName='failover')['UserPool']['Id']
        self.client = self.api.CreateUserPoolClient(
            UserPoolId=self.pool, ClientName='c', ExplicitAuthFlows=[
                'ALLOW_USER_PASSWORD_AUTH', 'ALLOW_USER_SRP_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH']
        )['UserPoolClient']['ClientId']
        for name in ('ann', 'bob', 'eve'):
            self.api.SignUp(ClientId=self.client, Username=name, Password=PASSWORD)
            self.api.AdminConfirmSignUp(UserPoolId=self.pool, Username=name)
        self.signed_up, self.disabled, self.numbers = [], [], itertools.count()
        self.loads = []

    # --- what goes on all the time ---

    def sign_up(self, api):
        name = f'new{next(self.numbers)}'
        api.SignUp(ClientId=self.client, Username=name, Password=PASSWORD)
        self.signed_up.append(name)

    def disable(self, api):
        if self.signed_up:
            name = self.signed_up[-1]
            api.AdminDisableUser(UserPoolId=self.pool, Username=name)
            self.disabled.append(name)
        time.sleep(0.02)

    def password(self, api, name='ann', password=PASSWORD):
        return api.InitiateAuth(ClientId=self.client, AuthFlow='USER_PASSWORD_AUTH', AuthParameters={
            'USERNAME': name, 'PASSWORD': password})['AuthenticationResult']

    def sign_in(self, api):
        tokens = self.password(api)
        api.GetUser(AccessToken=tokens['AccessToken'])
        api.InitiateAuth(ClientId=self.client, AuthFlow='REFRESH_TOKEN_AUTH',
                         AuthParameters={'REFRESH_TOKEN': tokens['RefreshToken']})

    def sign_in_by_srp(self, api):
        client = srp.Client(self.pool, PASSWORD)
        asked = api.InitiateAuth(ClientId=self.client, AuthFlow='USER_SRP_AUTH', AuthParameters={
            'USERNAME': 'bob', 'SRP_A': client.srp_a})
        answer = client.answer(asked['ChallengeParameters'])
        api.RespondToAuthChallenge(ClientId=self.client, ChallengeName='PASSWORD_VERIFIER',
                                   ChallengeResponses=answer)
        with contextlib.suppress(ApiError):
            api.RespondToAuthChallenge(ClientId=self.client, ChallengeName='PASSWORD_VERIFIER',
                                       ChallengeResponses=answer)
            raise OSError('a secret block was good twice')

    def tell_load_to_stop(self):
        for thread in self.loads:
            thread.stopping = True

    def start_load(self):
        self.addCleanup(self.tell_load_to_stop)  # also of a test that fails

        def load(what, api):
            thread = Load(lambda: what(api))
            self.loads.append(thread)
            thread.start()
            return thread
        self.writes = [load(self.sign_up, api) for api in self.apis * 2]
        self.writes += [load(self.disable, self.api)]
        self.sign_ins = [load(what, api) for api in self.apis
                         for what in (self.sign_in, self.sign_in_by_srp)]

    def stop_load(self):
        self.tell_load_to_stop()
        for thread in self.loads:
            thread.join(60)
            self.assertFalse(thread.is_alive())

    # --- what must be true afterwards ---

    def lost(self, primary):
        """What was acknowledged and is not there."""
        there = set(primary.sql("SELECT convert_from(username, 'UTF8') FROM users").split('\n'))
        off = set(primary.sql(
            "SELECT convert_from(username, 'UTF8') FROM users WHERE enabled = 0").split('\n'))
        return ([n for n in self.signed_up if n not in there], [n for n in self.disabled if n not in off])

    def wait_until(self, condition, seconds=60):
        deadline = time.monotonic() + seconds
        while not condition():
            self.assertLess(time.monotonic(), deadline, [n.log()[-2000:] for n in self.nodes])
            time.sleep(0.05)

    def let_it_work(self, seconds):
        """For so long, and until the ledger has enough to prove something, on a slow machine, too."""
        began = time.monotonic()
        self.wait_until(lambda: time.monotonic() > began + seconds and len(self.signed_up) > ENOUGH
                        and sum(len(s.good) for s in self.sign_ins) > ENOUGH, seconds + 120)

    def wait_for_writes(self, after, seconds=60):
        self.wait_until(lambda: any(t > after for w in self.writes[:4] for t in w.good), seconds)

    def outage(self):
        """The most seconds in which no sign-up was acknowledged."""
        writes = sorted(t for w in self.writes[:4] for t in w.good)
        return max(after - before for before, after in itertools.pairwise(writes))

    def judge(self, name, primary, begun, over):
        """After stop_load(): what the ledger says, noted and asserted. Returns the outage."""
        good = sum(len(s.good) for s in self.sign_ins)
        bad = [b for s in self.sign_ins for b in s.bad]
        lost, outage = self.lost(primary), self.outage()
        figures.note(name, acknowledged=len(self.signed_up) + len(self.disabled),
                     lost=sum(map(len, lost)), outage_s=round(outage, 2),
                     promoted_after_s=round(over - begun, 2), sign_ins=good, sign_ins_failed=len(bad))
        self.assertEqual(([], []), lost)
        self.assertGreater(len(self.signed_up), ENOUGH)
        self.assertGreater(good, ENOUGH)
        self.assertLessEqual(len(bad), (good + len(bad)) // 100, bad)
        for load in self.writes:
            for _, why in load.bad:
                self.assertTrue(why.startswith(UNKNOWN), why)  # never that the name is taken
        return outage
