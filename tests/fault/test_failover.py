"""The primary is killed under load and its standby promoted: nothing that was acknowledged is lost,
and whoever signs in meanwhile does so from the standby.

The ledger lives in this process and is written only after the answer came. The control without
synchronous replication must lose rows: else this test could not fail.
"""
import contextlib
import http.client
import os
import signal
import sys
import threading
import time
import unittest

import cluster
import srp
from poolhouse import ApiError, PASSWORD

LONG = int(os.environ.get('POOLHOUSE_TEST_LONG', '1'))
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


class Failover(unittest.TestCase):

    def bring_up(self, synchronous):
        self.primary, self.standby = cluster.pair(self.addCleanup, synchronous)
        url = cluster.url_of(self.primary, self.standby)
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
        self.signed_up, self.disabled, self.numbers = [], [], iter(range(10 ** 9))
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

    def start_load(self):
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
        for thread in self.loads:
            thread.stopping = True
        for thread in self.loads:
            thread.join(60)
            self.assertFalse(thread.is_alive())

    # --- what must be true afterwards ---

    def lost(self):
        """What was acknowledged and is not there."""
        there = {row: True for row in self.standby.sql(
            "SELECT convert_from(username, 'UTF8') FROM users").split('\n')}
        off = set(self.standby.sql(
            "SELECT convert_from(username, 'UTF8') FROM users WHERE enabled = 0").split('\n'))
        return ([n for n in self.signed_up if n not in there], [n for n in self.disabled if n not in off])

    def wait_for_writes(self, after, seconds=60):
        deadline = time.monotonic() + seconds
        while not any(t > after for w in self.writes[:4] for t in w.good):
            self.assertLess(time.monotonic(), deadline, [n.log()[-2000:] for n in self.nodes])
            time.sleep(0.05)

    def report(self, **figures):
        print('failover: ' + ', '.join(f'{k} {v}' for k, v in figures.items()), file=sys.stderr)

    def test_nothing_acknowledged_is_lost_and_sign_ins_go_on(self):
        self.bring_up(synchronous=True)
        self.start_load()
        time.sleep(3 * LONG)
        killed = time.monotonic()
        self.primary.kill()
        time.sleep(5)
        self.while_there_is_no_primary()
        self.standby.promote()
        promoted = time.monotonic()
        self.wait_for_writes(promoted)
        time.sleep(3 * LONG)
        self.stop_load()

        writes = sorted(t for w in self.writes[:4] for t in w.good)
        outage = min(t for t in writes if t > promoted) - max(t for t in writes if t < killed + 1)
        good = sum(len(s.good) for s in self.sign_ins)
        bad = [b for s in self.sign_ins for b in s.bad]
        lost = self.lost()
        self.report(acknowledged=len(self.signed_up) + len(self.disabled), lost=sum(map(len, lost)),
                    outage_s=round(outage, 2), without_primary_s=round(promoted - killed, 2),
                    sign_ins=good, sign_ins_failed=len(bad))
        self.assertEqual(([], []), lost)
        self.assertGreater(len(self.signed_up), 50)
        self.assertGreater(good, 50)
        self.assertLessEqual(len(bad), (good + len(bad)) // 100, bad)
        self.assertLess(outage, promoted - killed + 5)
        for load in self.writes:
            for _, why in load.bad:
                self.assertTrue(why.startswith(UNKNOWN), why)  # never that the name is taken

    def while_there_is_no_primary(self):
        """5 s after the kill, before the promotion."""
        for api in self.apis:
            self.sign_in(api)
            with self.assertRaises(ApiError) as caught:
                api.AdminSetUserPassword(UserPoolId=self.pool, Username='eve', Password='An0ther-one!',
                                         Permanent=True)
            self.assertEqual(('InternalErrorException', 500), (caught.exception.type,
                                                              caught.exception.status))
            texts = []
            for _ in range(8):
                with self.assertRaises(ApiError) as caught:
                    self.password(api, 'eve', 'Wrong-Passw0rd!')
                texts.append(caught.exception.text)
            self.assertEqual(['Incorrect username or password.'] * 5
                             + ['Password attempts exceeded'] * 3, texts)
            with self.assertRaises(ApiError) as caught:
                self.password(api, 'eve')
            self.assertEqual('Password attempts exceeded', caught.exception.text)
        for node in self.nodes:
            self.assertEqual(2, len(node.get(f'/{self.pool}/.well-known/jwks.json').json['keys']))
            ready = node.get('/readyz')
            self.assertEqual(503, ready.status)
            self.assertIn('no primary', ready.body.decode())

    def test_an_asynchronous_standby_that_lags_loses_what_was_acknowledged(self):
        """The control: the same, but acknowledged by one disk."""
        self.bring_up(synchronous=False)
        self.start_load()
        time.sleep(2)
        os.kill(self.standby.child('walreceiver'), signal.SIGSTOP)
        time.sleep(1.5)
        self.primary.kill()
        receiver = self.standby.child('walreceiver')
        os.kill(receiver, signal.SIGKILL)
        os.kill(receiver, signal.SIGCONT)
        self.standby.promote()
        self.wait_for_writes(time.monotonic())
        self.stop_load()
        lost = self.lost()
        self.report(acknowledged=len(self.signed_up), lost_as_expected=len(lost[0]))
        self.assertGreater(len(lost[0]), 0, 'the control lost nothing: the test proves nothing')

    def test_an_old_primary_that_comes_back_is_refused(self):
        self.bring_up(synchronous=True)
        self.primary.kill()
        self.standby.promote()
        deadline = time.monotonic() + 30
        while True:
            with contextlib.suppress(ApiError):
                self.api.SignUp(ClientId=self.client, Username='late', Password=PASSWORD)
                break
            self.assertLess(time.monotonic(), deadline)
        self.api.AdminConfirmSignUp(UserPoolId=self.pool, Username='late')
        for api in self.apis:
            self.password(api, 'late')
        self.primary.start()
        self.primary.sql("SELECT count(*) FROM users")
        time.sleep(1)
        for api in self.apis:
            self.password(api, 'late')  # both are there: it asks the younger one
        self.standby.kill()
        for _ in range(10):
            for api in self.apis:
                with self.assertRaises(ApiError) as caught:
                    self.password(api, 'late')
                self.assertEqual('InternalErrorException', caught.exception.type,
                                 'the old one has answered')
                with self.assertRaises(ApiError):
                    api.SignUp(ClientId=self.client, Username='never', Password=PASSWORD)
        self.assertEqual('0', self.primary.sql(
            "SELECT count(*) FROM users WHERE username = convert_to('never', 'UTF8')"))


class CancelledWait(Failover):
    """Another administrator cancels the wait for the standby: the server says COMMIT all the same."""

    test_nothing_acknowledged_is_lost_and_sign_ins_go_on = None
    test_an_asynchronous_standby_that_lags_loses_what_was_acknowledged = None
    test_an_old_primary_that_comes_back_is_refused = None

    def try_it(self, function):
        self.bring_up(synchronous=True)
        self.sign_up(self.api)
        time.sleep(1)  # its event is written, too: only the next write will wait
        os.kill(self.standby.child('walreceiver'), signal.SIGSTOP)
        receiver = self.standby.child('walreceiver')
        answers = []

        def one():
            try:
                self.sign_up(self.api)
                answers.append(time.monotonic())
            except ApiError as e:
                answers.append(e)
        thread = threading.Thread(target=one)
        thread.start()
        waiting = ''
        deadline = time.monotonic() + 10
        while not waiting:
            waiting = self.primary.sql("SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'")
            self.assertLess(time.monotonic(), deadline)
        for pid in waiting.splitlines():
            self.primary.sql(f'SELECT {function}({pid})')
        time.sleep(1.5)
        self.assertEqual([], answers, 'acknowledged what one disk has')
        followed = time.monotonic()
        os.kill(receiver, signal.SIGCONT)
        thread.join(30)
        self.assertGreater(answers[0], followed)
        self.assertIn('store_commit_unknown', self.nodes[0].log())
        self.assertEqual(([], []), self.lost())

    def test_is_no_acknowledgement(self):
        self.try_it('pg_cancel_backend')

    def test_nor_is_the_row_that_a_lost_connection_has_left(self):
        self.try_it('pg_terminate_backend')


if __name__ == '__main__':
    unittest.main()
