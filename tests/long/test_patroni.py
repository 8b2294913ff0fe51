"""Failover as it is run in earnest: three PostgreSQL servers, Patroni and etcd, and two Poolhouse nodes.

Nobody promotes anything here but Patroni. Whatever was acknowledged is there afterwards, and whoever
signs in meanwhile does so from a standby.
"""
import signal
import time
import unittest

import patroni
from failover import FailoverTest
from patroni import LOOP_WAIT, TTL

SLACK = 10  # seconds more than Patroni promises, on a machine that has other work


class Patroni(FailoverTest):
    def setUp(self):
        self.cluster = patroni.Cluster()
        self.addCleanup(self.cluster.stop)
        self.cluster.start()
        self.start_nodes(self.cluster.url())
        self.old = self.cluster.primary()
        self.others = [m for m in self.cluster.members if m is not self.old]

    def fail_over(self, name, strike, within):
        """Load before, during and after; returns the new primary."""
        self.start_load()
        time.sleep(5)
        struck = time.monotonic()
        strike()
        new = self.cluster.wait_for_primary(self.others)
        over = time.monotonic()
        self.wait_for_writes(over)
        time.sleep(5)
        self.stop_load()
        self.assertLess(self.judge(name, new, struck, over), within)
        self.assertGreater(over - struck, 0.5, 'it was no failover')
        return new

    def test_postgresql_is_killed(self):
        self.fail_over('patroni-postgresql', self.old.kill_postgres, 2 * LOOP_WAIT + SLACK)
        # The old one comes back as a standby, and lacks nothing.
        self.cluster.wait_for_standbys()
        self.assertFalse(self.old.is_primary())
        self.assertEqual(([], []), self.lost(self.old))

    def test_postgresql_and_patroni_are_killed(self):
        self.fail_over('patroni-both', self.old.kill, TTL + 2 * LOOP_WAIT + SLACK)
        self.old.start()
        self.cluster.wait_for_standbys()
        self.assertFalse(self.old.is_primary())
        self.assertEqual(([], []), self.lost(self.old))

    def test_patroni_hangs_and_the_old_primary_goes_on(self):
        """Two primaries for a while: what the old one cannot have confirmed is not acknowledged."""
        self.fail_over('patroni-hangs', lambda: self.old.patroni.send(signal.SIGSTOP),
                       TTL + 2 * LOOP_WAIT + SLACK)
        self.assertTrue(self.old.is_primary(), 'nobody demoted it: else there were never two')
        self.old.patroni.send(signal.SIGCONT)
        self.cluster.wait_for_standbys()
        self.assertFalse(self.old.is_primary())

    def test_without_etcd_nothing_is_lost_and_all_goes_on_when_it_is_back(self):
        """A primary that cannot renew its lease steps down: sign-ins go on from standbys."""
        self.start_load()
        time.sleep(5)
        struck = time.monotonic()
        self.cluster.etcd.send(signal.SIGSTOP)
        self.cluster.wait(lambda: self.cluster.primary() is None, TTL + 2 * LOOP_WAIT + SLACK)
        time.sleep(5)
        self.cluster.etcd.send(signal.SIGCONT)
        new = self.cluster.wait_for_primary(self.cluster.members)
        over = time.monotonic()
        self.wait_for_writes(over)
        time.sleep(5)
        self.stop_load()
        self.judge('patroni-etcd', new, struck, over)


if __name__ == '__main__':
    unittest.main()
