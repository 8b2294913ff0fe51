"""The primary is killed under load and its standby promoted: nothing that was acknowledged is lost,
and whoever signs in meanwhile does so from the standby.

The ledger lives in this process and is written only after the answer came. The control without
synchronous replication must lose rows: else this test could not fail.
"""
import contextlib
import os
import signal
import threading
import time
import unittest

import cluster
import figures
from failover import FailoverTest
from poolhouse import ApiError, PASSWORD, clocks_stand

LONG = int(os.environ.get('POOLHOUSE_TEST_LONG', '1'))


class Failover(FailoverTest):
    def bring_up(self, synchronous):
        self.primary, self.standby = cluster.pair(self.addCleanup, synchronous)
        self.start_nodes(cluster.url_of(self.primary, self.standby))

    def test_nothing_acknowledged_is_lost_and_sign_ins_go_on(self):
        self.bring_up(synchronous=True)
        self.start_load()
        self.let_it_work(3 * LONG)
        killed = time.monotonic()
        self.primary.kill()
        time.sleep(5)
        self.while_there_is_no_primary()
        self.standby.promote()
        promoted = time.monotonic()
        self.wait_for_writes(promoted)
        time.sleep(3 * LONG)
        self.stop_load()

        outage = self.judge('failover', self.standby, killed, promoted)
        self.assertLess(outage, promoted - killed + 5)

    def while_there_is_no_primary(self):
        """5 s after the kill, before the promotion."""
        for api in self.apis:
            self.sign_in(api)
            with self.assertRaises(ApiError) as caught:
                api.AdminSetUserPassword(UserPoolId=self.pool, Username='eve', Password='An0ther-one!',
                                         Permanent=True)
            self.assertEqual(('InternalErrorException', 500), (caught.exception.type,
                                                              caught.exception.status))
        with clocks_stand(*self.nodes):
            for api in self.apis:
                self.guesses_lock(api)
        for node in self.nodes:
            self.assertEqual(2, len(node.get(f'/{self.pool}/.well-known/jwks.json').json['keys']))
            ready = node.get('/readyz')
            self.assertEqual(503, ready.status)
            self.assertIn('no primary', ready.body.decode())

    def guesses_lock(self, api):
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

    def test_an_asynchronous_standby_that_lags_loses_what_was_acknowledged(self):
        """The control: the same, but acknowledged by one disk."""
        self.bring_up(synchronous=False)
        self.start_load()
        self.let_it_work(2)
        os.kill(self.standby.child('walreceiver'), signal.SIGSTOP)
        there = len(self.signed_up)
        self.wait_until(lambda: len(self.signed_up) > there + 20)
        self.primary.kill()
        self.standby.kill()  # with what its receiver has not read
        self.standby.start()
        self.standby.promote()
        self.wait_for_writes(time.monotonic())
        self.stop_load()
        lost = self.lost(self.standby)
        figures.note('failover-control', acknowledged=len(self.signed_up), lost_as_expected=len(lost[0]))
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

    def test_a_primary_that_nobody_stopped_is_left_for_the_promoted_one(self):
        """Whoever looked after it hangs. No commit of it is confirmed any more: both are there."""
        self.bring_up(synchronous=True)
        self.start_load()
        self.let_it_work(2)
        promoted = time.monotonic()
        self.standby.promote()
        self.wait_for_writes(promoted + 2, 40)
        self.stop_load()
        self.judge('failover-two-primaries', self.standby, promoted, promoted)


class CancelledWait(Failover):
    """Another administrator cancels the wait for the standby: the server says COMMIT all the same."""

    test_nothing_acknowledged_is_lost_and_sign_ins_go_on = None
    test_an_asynchronous_standby_that_lags_loses_what_was_acknowledged = None
    test_an_old_primary_that_comes_back_is_refused = None
    test_a_primary_that_nobody_stopped_is_left_for_the_promoted_one = None

    def try_it(self, function):
        self.bring_up(synchronous=True)
        self.sign_up(self.api)
        os.kill(self.standby.child('walreceiver'), signal.SIGSTOP)
        receiver = self.standby.child('walreceiver')
        answers = []

        def one():
            try:
                self.sign_up(self.api)
                answers.append(time.monotonic())
            except ApiError as e:
                answers.append(e)
        began = time.monotonic()
        thread = threading.Thread(target=one)
        thread.start()
        # Others see the row when its wait is over. What else the server writes waits, too, maybe before it.
        while not self.primary.sql("SELECT 1 FROM users WHERE username = convert_to('new1', 'UTF8')"):
            self.primary.sql(f"SELECT {function}(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")
            self.assertEqual([], answers, 'acknowledged what one disk has')
            self.assertLess(time.monotonic() - began, 12)
        time.sleep(1)
        self.assertEqual([], answers, 'acknowledged what one disk has')
        followed = time.monotonic()
        os.kill(receiver, signal.SIGCONT)
        thread.join(30)
        self.assertGreater(answers[0], followed)
        self.assertIn('store_commit_unknown', self.nodes[0].log())
        # What the standby has on its disk it shows a moment later.
        self.wait_until(lambda: self.lost(self.standby) == ([], []))

    def test_is_no_acknowledgement(self):
        self.try_it('pg_cancel_backend')

    def test_nor_is_the_row_that_a_lost_connection_has_left(self):
        self.try_it('pg_terminate_backend')


if __name__ == '__main__':
    unittest.main()
