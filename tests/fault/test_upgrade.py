"""Two versions of the program on one database, under load, across a migration and back.

poolhouse_next is the same program with the tables of a later version (support/next_version.c): one step
that expands, one that contracts.
"""
import os
import random
import subprocess
import time
import unittest

import cluster
from load import KeptLoad, LoadTest, SdkLoad
from poolhouse import PoolhouseTest, binary, built_for_tests

LONG = int(os.environ.get('POOLHOUSE_TEST_LONG', '1'))
SEED = int(os.environ.get('POOLHOUSE_TEST_SEED', '1'))
EXPANDED, CONTRACTED = 1000, 1001
KINDS = (SdkLoad, KeptLoad)
STILL_USED = 'a server of an older version still runs'
TOO_NEW = 'the tables of the database are too new for this version of Poolhouse'


def next_version():
    return built_for_tests('poolhouse_next')


def migrate_command(program, *words):
    return [program, 'migrate', '--mode', 'serve', *words]


class UpgradeTest(LoadTest):
    def environment(self):
        env = {'POOLHOUSE_STORAGE_DATA': self.server.data, **self.server.environment()}
        if 'POOLHOUSE_MASTER_KEY' not in env:
            env['POOLHOUSE_MASTER_KEY_FILE'] = os.path.join(self.server.data, 'master.key')
        return env

    def run_migrate(self, program, *words):
        return subprocess.run(migrate_command(program, *words), env=self.environment(), check=False,
                              capture_output=True, text=True, timeout=60)

    def migrate(self, *words, program=None):
        done = self.run_migrate(program or next_version(), *words)
        self.assertEqual(0, done.returncode, done.stderr)

    def contract_is_refused(self):
        done = self.run_migrate(next_version(), '--contract')
        self.assertEqual(1, done.returncode, done.stdout)
        self.assertIn(STILL_USED, done.stderr)
        self.assertRegex(done.stderr, r'older_server program="poolhouse [\d.]+" .*needed=1000')

    def tables(self):
        return self.server.database.rows("SELECT number FROM meta WHERE name = 'schema_version'")[0]['number']

    def replace(self, server, program):
        server.program = program
        self.restart(server)

    def old_is_refused(self, server):
        server.program = binary()
        server.process.terminate()
        server.process.wait(30)
        with self.assertRaises(RuntimeError) as caught:
            server.start()
        self.assertIn(TOO_NEW, str(caught.exception))
        self.assertRegex(str(caught.exception), 'schema_too_new.*readable_from=1000')
        server.program = next_version()
        server.start()


class OneServer(UpgradeTest):
    """The sockets outlive the servers."""

    server_options = {'memory': False, 'held': True}

    def test_a_migration_there_and_back_fails_no_request(self):
        def upgrade():
            before = self.tables()
            self.migrate()
            self.assertEqual(EXPANDED, self.tables())
            self.migrate(program=binary())  # of the old version: nothing to do
            self.contract_is_refused()
            self.replace(self.server, next_version())
            self.replace(self.server, binary())
            self.replace(self.server, next_version())
            self.assertEqual(EXPANDED, self.tables(), f'no server contracts by itself; was {before}')
            self.migrate('--contract')
            self.assertEqual(CONTRACTED, self.tables())
            self.migrate('--contract')  # once more: nothing to do
        self.check(self.under_load(upgrade, KINDS), 'one server, a migration and back')
        self.old_is_refused(self.server)


class Killed(UpgradeTest):
    """kill -9 of the migration at any moment leaves the old tables or the new ones."""

    server_options = {'memory': False}

    def test_a_killed_migration_leaves_old_or_new_tables(self):
        chance = random.Random(SEED)
        before = self.tables()
        start = time.monotonic()
        self.assertIn('usage', self.run_migrate(next_version(), '--help').stdout.lower())
        least = time.monotonic() - start
        found = set()

        def kill():
            for _ in range(4 * LONG):
                process = subprocess.Popen(migrate_command(next_version()), env=self.environment(),
                                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                time.sleep(least * (0.5 + 2 * chance.random()))
                process.kill()
                process.wait()
                found.add(self.tables())
        self.check(self.under_load(kill, KINDS, each=2), f'migrations killed {4 * LONG} times')
        self.assertLessEqual(found, {before, EXPANDED})
        self.migrate()
        self.assertEqual(EXPANDED, self.tables())


class TwoVersions(cluster.TwoServers, UpgradeTest):
    """Servers of both versions at the same time, on PostgreSQL."""

    node_options = {'held': True}

    def test_one_after_the_other_is_replaced_without_a_failed_request(self):
        def upgrade():
            self.migrate()
            self.replace(self.other, next_version())
            self.contract_is_refused()  # the first one still runs
            for _ in range(LONG - 1):  # and back
                self.replace(self.other, binary())
                self.contract_is_refused()
                self.replace(self.other, next_version())
            self.replace(self.server, next_version())
            self.migrate('--contract')
        self.check(self.under_load(upgrade, KINDS, each=2, servers=[self.server, self.other]),
                   'two servers, a migration and back')
        self.old_is_refused(self.other)
        self.an_old_server_that_slept_ends_by_itself()

    def an_old_server_that_slept_ends_by_itself(self):
        """Paused for so long that it was taken for dead, while its tables were taken away."""
        self.database.sql("UPDATE meta SET number = 1 WHERE name = 'schema_min_reader'")
        sleeper = cluster.node(self.database.url()).start()
        self.database.sql("UPDATE meta SET number = 1000 WHERE name = 'schema_min_reader'")
        self.assertEqual(1, sleeper.process.wait(10))
        self.assertRegex(sleeper.log(), 'schema_too_new.*it stops')
        sleeper.stop()


del LoadTest, UpgradeTest, PoolhouseTest

if __name__ == '__main__':
    unittest.main()
