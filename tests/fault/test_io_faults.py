"""The n-th read, write or sync of the database fails, for a sample of n (tests/support/io_fault.c).

Whatever the fault: what was acknowledged is there, what was refused is not, what was in doubt is whole or
absent, and the server serves again at once, after a restart where it has ended.
"""
import http.client
import mmap
import os
import random
import shutil
import struct
import tempfile
import unittest

import figures
from poolhouse import ApiError, PASSWORD, PoolhouseTest, needs_file, support_library

LONG = int(os.environ.get('POOLHOUSE_TEST_LONG', '1'))
SEED = int(os.environ.get('POOLHOUSE_TEST_SEED', '1'))
LEFT, KINDS, FAULT, SEEN, HAPPENED, ROOM, NUMBERS = range(7)
READS, WRITES, SYNCS, TRUNCATIONS = 1, 2, 4, 8
FAIL_ONCE, FAIL_FROM_HERE, TEAR, DROP, LIE = range(1, 6)
DONE, REFUSED, DOUBT = 'done', 'refused', 'in doubt'
CHANGED = 'An0ther-pass!'


class Control:
    """The numbers of io_fault.c."""

    def __init__(self, path):
        with open(path, 'wb') as f:
            f.write(bytes(8 * NUMBERS))
        with open(path, 'r+b') as f:
            self.map = mmap.mmap(f.fileno(), 8 * NUMBERS)

    def __getitem__(self, i):
        return struct.unpack_from('<q', self.map, 8 * i)[0]

    def __setitem__(self, i, value):
        struct.pack_into('<q', self.map, 8 * i, value)

    def arm(self, kinds, fault, left):
        for i, value in ((LEFT, 0), (HAPPENED, 0), (KINDS, kinds), (FAULT, fault), (SEEN, 0), (LEFT, left)):
            self[i] = value

    def disarm(self):
        """Whether the fault has happened."""
        happened = self[HAPPENED]
        for i in range(NUMBERS):
            self[i] = 0
        return bool(happened)


class Faults(PoolhouseTest):
    @classmethod
    def setUpClass(cls):
        cls.place = tempfile.mkdtemp(prefix='poolhouse-io-')
        cls.addClassCleanup(shutil.rmtree, cls.place, ignore_errors=True)
        cls.control = Control(os.path.join(cls.place, 'control'))
        directory = os.path.join(cls.place, 'server')
        os.mkdir(directory)
        cls.server_options = {'memory': False, 'directory': directory, 'env': {
            'LD_PRELOAD': support_library('io_fault'),
            'IO_FAULT_FILE': os.path.join(cls.place, 'control'),
            'IO_FAULT_DIRECTORY': os.path.join(os.path.realpath(directory), 'data'),
            'ASAN_OPTIONS': 'detect_leaks=1:halt_on_error=1:verify_asan_link_order=0'}}
        super().setUpClass()

    @classmethod
    def prepare(cls):
        cls.pool = cls.new_pool()
        cls.client = cls.new_client(cls.pool)
        cls.random = random.Random(SEED)
        cls.steady = cls.new_user(cls.pool)
        cls.refresh = cls.tokens(cls.client, cls.steady)['RefreshToken']

    # --- what is done under a fault, and what became of it ---

    def attempt(self, operation, **members):
        try:
            self.api.call(operation, members)
            return DONE
        except ApiError as e:
            self.assertEqual(('InternalErrorException', 500), (e.type, e.status), e)
            return REFUSED
        except (OSError, http.client.HTTPException):
            return DOUBT

    def work(self, name):
        """A sign-up, its confirmation, a change, a sign-in with a refresh token's row: until one fails."""
        steps = {}
        for step, operation, members in (
                ('made', 'SignUp', {'ClientId': self.client, 'Username': name, 'Password': PASSWORD}),
                ('confirmed', 'AdminConfirmSignUp', {'UserPoolId': self.pool, 'Username': name}),
                ('signed in', 'InitiateAuth', {
                    'ClientId': self.client, 'AuthFlow': 'USER_PASSWORD_AUTH',
                    'AuthParameters': {'USERNAME': name, 'PASSWORD': PASSWORD}}),
                ('changed', 'AdminSetUserPassword', {'UserPoolId': self.pool, 'Username': name,
                                                     'Password': CHANGED, 'Permanent': True})):
            steps[step] = self.attempt(operation, **members)
            if steps[step] != DONE:
                break
        return steps

    def revive(self):
        """The server as it is when the disk is well again."""
        happened = self.control.disarm()
        if self.server.process.poll() is None:
            try:
                self.tokens(self.client, self.steady)
                return happened
            except (OSError, http.client.HTTPException):
                self.server.process.wait(10)  # it was on its way out
        self.server.start()
        return happened

    def good_passwords(self, name):
        good = set()
        for password in (PASSWORD, CHANGED):
            try:
                self.tokens(self.client, name, password)
                good.add(password)
            except ApiError as e:
                self.assertIn(e.type, ('NotAuthorizedException', 'UserNotConfirmedException'), e)
        return good

    def status(self, name):
        try:
            return self.api.AdminGetUser(UserPoolId=self.pool, Username=name)['UserStatus']
        except ApiError as e:
            self.assertEqual('UserNotFoundException', e.type)
            return None

    def check(self, name, steps, what):
        possible = {DONE: {True}, REFUSED: {False}, DOUBT: {True, False}, None: {False}}
        status = self.status(name)
        self.assertIn(status is not None, possible[steps['made']], f'{what}: {steps}')
        if status is None:
            return
        self.assertIn(status == 'CONFIRMED', possible[steps.get('confirmed')], f'{what}: {steps}')
        if status != 'CONFIRMED':
            self.api.AdminConfirmSignUp(UserPoolId=self.pool, Username=name)
        good = self.good_passwords(name)
        self.assertEqual(1, len(good), f'{what}: {good}')
        self.assertIn(good == {CHANGED}, possible[steps.get('changed')], f'{what}: {steps}')

    def serves(self):
        self.api.InitiateAuth(ClientId=self.client, AuthFlow='REFRESH_TOKEN_AUTH',
                              AuthParameters={'REFRESH_TOKEN': self.refresh})
        self.assertEqual({'made': DONE, 'confirmed': DONE, 'signed in': DONE, 'changed': DONE},
                         self.work(self.new_name()))

    # --- the sweep ---

    def operations(self, kinds):
        """How many of these one piece of work takes: the range of n.

        The least of some: now and then the log is moved at the same time, which takes as many again.
        """
        seen = []
        for _ in range(3):
            self.control.arm(kinds, 0, 0)
            self.work(self.new_name())
            seen.append(self.control[SEEN])
            self.control.disarm()
        return min(seen)

    def sample(self, kinds, size):
        most = self.operations(kinds)
        self.assertGreater(most, 0, 'nothing of the kind is ever done')
        every = range(1, most + 1)
        return sorted(every if LONG > 1 and most <= size * LONG else
                      self.random.sample(every, min(size * LONG, most)))

    def sweep(self, kinds, fault, size, what):
        struck, points = 0, self.sample(kinds, size)
        for n in points:
            self.control.arm(kinds, fault, n)
            name = self.new_name()
            steps = self.work(name)
            struck += self.revive()
            with self.subTest(f'{what}, operation {n}'):
                self.check(name, steps, f'{what} at operation {n}')
                self.serves()
        self.assertGreater(struck, 0)
        self.is_whole()
        print(f'\n{what}:')
        figures.note('io', points=len(points), hit=struck)

    def is_whole(self):
        self.assertEqual([{'integrity_check': 'ok'}], self.server.database.rows('PRAGMA integrity_check'))


@needs_file
class OneOperation(Faults):
    def test_a_read_that_fails(self):
        self.sweep(READS, FAIL_ONCE, 6, 'a read fails')

    def test_reads_that_fail_from_there_on(self):
        self.sweep(READS, FAIL_FROM_HERE, 3, 'reads fail')

    def test_a_write_that_fails(self):
        self.sweep(WRITES | TRUNCATIONS, FAIL_ONCE, 6, 'a write fails')

    def test_writes_that_fail_from_there_on(self):
        self.sweep(WRITES | TRUNCATIONS, FAIL_FROM_HERE, 3, 'writes fail')

    def test_a_sync_that_fails_ends_the_server(self):
        self.sweep(SYNCS, FAIL_ONCE, 3, 'a sync fails')

    def test_a_write_that_is_torn_by_a_crash(self):
        self.sweep(WRITES, TEAR, 4, 'a write is torn')

    def test_writes_that_never_reach_the_disk(self):
        self.sweep(WRITES | TRUNCATIONS, DROP, 3, 'writes are dropped')


@needs_file
class Others(Faults):
    def test_a_disk_that_is_full_at_any_byte(self):
        for _ in range(5 * LONG):
            name, room = self.new_name(), self.random.randrange(60000)
            self.control[ROOM] = room + 1
            steps = self.work(name)
            self.revive()
            with self.subTest(f'room for {room} bytes'):
                self.check(name, steps, f'full after {room} bytes')
                self.serves()
        self.is_whole()

    def test_a_start_with_a_fault_is_refused_or_good(self):
        """Recovery reads and writes the file, too."""
        refused = 0
        for _ in range(5 * LONG):
            name = self.new_name()
            self.assertEqual(DONE, self.attempt('SignUp', ClientId=self.client, Username=name,
                                                Password=PASSWORD))
            self.server.kill()
            kinds = self.random.choice((READS, WRITES | TRUNCATIONS, SYNCS))
            self.control.arm(kinds, self.random.choice((FAIL_ONCE, FAIL_FROM_HERE)),
                             self.random.randrange(1, 12))
            try:
                self.server.start()
            except RuntimeError as e:
                refused += 1
                self.assertRegex(str(e), 'poolhouse: .*(database|disk)', 'it must say why')
            self.revive()
            self.assertEqual('UNCONFIRMED', self.status(name))
            self.serves()
        self.assertGreater(refused, 0, 'no fault was ever met')
        self.is_whole()


@needs_file
class Lying(Faults):
    def test_a_disk_that_lies_loses_what_was_acknowledged(self):
        """Nothing can be done about it: the tests above would notice."""
        name = self.new_name()
        self.control.arm(WRITES | TRUNCATIONS, LIE, 1)
        self.assertEqual(DONE, self.attempt('SignUp', ClientId=self.client, Username=name,
                                            Password=PASSWORD))
        self.server.kill()
        self.control.disarm()
        try:
            self.server.start()
            self.assertIsNone(self.status(name))
        except (RuntimeError, ApiError):
            pass  # not even a database


del Faults, PoolhouseTest

if __name__ == '__main__':
    unittest.main()
