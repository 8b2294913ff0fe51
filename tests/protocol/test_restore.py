"""A backup is put in place again: everybody signs in, and nothing is replaced by mistake."""
import base64
import contextlib
import os
import pty
import shutil
import sqlite3
import stat
import subprocess
import tempfile
import time
import unittest

from everyone import Everyone
from poolhouse import Api, Server, binary, needs_file, private_file

PHRASE = 'correct horse battery'
ISSUER = ('--issuer', 'aws')


@needs_file
class Restore(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix='poolhouse-test-')
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.phrase = cls.file('phrase', PHRASE + '\n')
        cls.server = Server(*ISSUER, memory=False).start()
        cls.addClassCleanup(cls.server.stop)
        cls.everyone = Everyone(cls.server)
        cls.copy = os.path.join(cls.folder, 'copy.db')
        cls.with_key = os.path.join(cls.folder, 'with-key.db')
        cls.key = os.path.join(cls.server.data, 'master.key')
        cls.told = cls.run_it('backup', cls.copy, data=cls.server.data)
        cls.run_it('backup', cls.with_key, '--include-key', '--passphrase-file', cls.phrase,
                   data=cls.server.data)

    @classmethod
    def file(cls, name, text):
        return private_file(os.path.join(cls.folder, name), text)

    @classmethod
    def run_it(cls, *words, data, status=0, env=None):
        own = {k: v for k, v in os.environ.items() if not k.startswith('POOLHOUSE_')}
        done = subprocess.run([binary(), *words, '--data', data], env={**own, **(env or {})},
                              capture_output=True, text=True, timeout=60, check=False,
                              stdin=subprocess.DEVNULL, start_new_session=True)
        if done.returncode != status:
            raise AssertionError(f'{words}: {done.returncode}\n{done.stdout}{done.stderr}')
        return done.stdout if status == 0 else done.stderr

    def place(self, with_key=True):
        """A new directory for a server, with the master key in its data, or empty."""
        directory = tempfile.mkdtemp(prefix='poolhouse-test-')
        self.addCleanup(shutil.rmtree, directory, ignore_errors=True)
        data = os.path.join(directory, 'data')
        if with_key:
            os.mkdir(data, 0o700)
            shutil.copy(self.key, data)
        return directory, data

    def serve(self, directory):
        server = Server(*ISSUER, directory=directory, memory=False).start()
        self.addCleanup(server.stop)
        return server

    def refused(self, text, *words, data, **how):
        before = sorted(os.listdir(data)) if os.path.isdir(data) else None
        self.assertIn(text, self.run_it('restore', *words, data=data, status=1, **how))
        if before is not None:
            lock = {'poolhouse.db.lock'}
            self.assertEqual(set(before) | lock, set(os.listdir(data)) | lock)

    def test_everybody_signs_in_afterwards(self):
        self.assertIn('read again and checked', self.told)
        directory, data = self.place()
        self.assertIn('Start the server', self.run_it('restore', self.copy, data=data))
        self.assertEqual(0o600, stat.S_IMODE(os.stat(os.path.join(data, 'poolhouse.db')).st_mode))
        self.everyone.check(self, self.serve(directory))

    def test_a_backup_brings_its_key_along_when_that_was_asked_for(self):
        directory, data = self.place(with_key=False)
        wrong = self.file('wrong', 'another passphrase\n')
        self.refused('not the one that the backup was made with', self.with_key,
                     '--passphrase-file', wrong, data=data)
        self.refused('no terminal to ask', self.with_key, data=data)
        self.run_it('restore', self.with_key, '--passphrase-file', self.phrase, data=data)
        with open(os.path.join(data, 'master.key'), 'rb') as f, open(self.key, 'rb') as original:
            self.assertEqual(original.read(), f.read())
        self.assertEqual(0o600, stat.S_IMODE(os.stat(os.path.join(data, 'master.key')).st_mode))
        with open(os.path.join(data, 'poolhouse.db'), 'rb') as f:
            self.assertNotIn(b'scrypt:17', f.read())
        server = self.serve(directory)
        self.everyone.check_told(self, server)

    def ask(self, *words, answers):
        """A command at a terminal of its own, where nothing is echoed; its status and what it shows."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.environ.pop('POOLHOUSE_MASTER_KEY', None)
            os.execv(binary(), [binary(), *words])
        shown = b''
        with contextlib.suppress(OSError):  # the end, on Linux
            while piece := os.read(terminal, 4096):
                shown += piece
                if piece.endswith(b': ') and answers:
                    time.sleep(0.05)
                    os.write(terminal, answers.pop(0).encode() + b'\n')
        os.close(terminal)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.decode()

    def test_a_terminal_is_asked_for_the_passphrase(self):
        path = os.path.join(self.folder, 'asked.db')
        words = ('backup', path, '--include-key', '--data', self.server.data)
        status, text = self.ask(*words, answers=[PHRASE, 'another one here'])
        self.assertEqual(1, status, text)
        self.assertIn('two different ones', text)
        status, text = self.ask(*words, answers=[PHRASE, PHRASE])
        self.assertEqual(0, status, text)
        self.assertNotIn(PHRASE, text)
        _, data = self.place(with_key=False)
        status, text = self.ask('restore', path, '--data', data, answers=[PHRASE])
        self.assertEqual(0, status, text)
        self.assertTrue(os.path.exists(os.path.join(data, 'master.key')))

    def test_the_key_in_a_backup_is_under_the_passphrase(self):
        with open(self.key, 'rb') as f:
            key = base64.b64decode(f.read())
        for path in (self.copy, self.with_key):
            with open(path, 'rb') as f:
                text = f.read()
            self.assertNotIn(key, text)
            self.assertNotIn(base64.b64encode(key), text)
            self.assertEqual(path == self.with_key, b'scrypt:17:8:1:' in text)
        self.assertEqual(['copy.db'], [n for n in os.listdir(self.folder) if n.startswith('copy.db')])

    def test_passphrases_that_protect_nothing_are_refused(self):
        for name, text, why in (('short', 'eleven char\n', 'fewer than 12'), ('none', '', 'no passphrase')):
            self.assertIn(why, self.run_it(
                'backup', os.path.join(self.folder, 'no.db'), '--include-key', '--passphrase-file',
                self.file(name, text), data=self.server.data, status=1))
        os.chmod(self.file('open', PHRASE), 0o644)
        self.assertIn('may be read by others', self.run_it(
            'backup', os.path.join(self.folder, 'no.db'), '--include-key', '--passphrase-file',
            os.path.join(self.folder, 'open'), data=self.server.data, status=1))
        self.assertFalse(os.path.exists(os.path.join(self.folder, 'no.db')))

    def test_the_wrong_master_key_and_none_are_refused(self):
        _, data = self.place(with_key=False)
        self.refused('there is no master key', self.copy, data=data)
        other = base64.b64encode(bytes(range(32))).decode()
        self.refused('not the one that the backup was made with', self.copy, data=data,
                     env={'POOLHOUSE_MASTER_KEY': other})
        self.refused('not the one that the backup was made with', self.with_key, data=data,
                     env={'POOLHOUSE_MASTER_KEY': other})

    def test_what_is_no_backup_is_refused(self):
        _, data = self.place()
        with open(self.copy, 'rb') as f:
            whole = f.read()
        for name, content in (('text', b'no database ' * 1000), ('empty', b''),
                              ('cut', whole[:len(whole) // 2]),
                              ('torn', whole[:8192] + bytes(8192) + whole[16384:])):
            with self.subTest(name):
                path = os.path.join(self.folder, name + '.db')
                with open(path, 'wb') as f:
                    f.write(content)
                self.refused(': it is ', path, data=data)
        self.refused('No such file', os.path.join(self.folder, 'absent.db'), data=data)
        self.refused('database of a server', os.path.join(self.server.data, 'poolhouse.db'), data=data)
        self.check_versions(data, 'schema_min_reader', 'made by a newer version')
        self.check_versions(data, 'filling', 'it is not complete')

    def check_versions(self, data, name, why):
        path = os.path.join(self.folder, name + '.db')
        shutil.copy(self.copy, path)
        with sqlite3.connect(path) as db:
            db.execute('INSERT OR REPLACE INTO meta (name, number) VALUES (?, 9999)', (name,))
        db.close()
        self.refused(why, path, data=data)

    def test_a_database_that_is_there_is_put_aside_only_when_told(self):
        directory, data = self.place()
        server = Server(*ISSUER, directory=directory, memory=False).start()
        self.addCleanup(server.stop)
        pool = Api(server.port).CreateUserPool(PoolName='other')['UserPool']['Id']
        self.refused('there is a database already', self.copy, data=data)
        self.assertIn('stop it first', self.run_it('restore', self.copy, '--replace', data=data,
                                                   status=1))
        server.kill()
        text = self.run_it('restore', self.copy, '--replace', data=data)
        aside = text.split('that was there is ')[1].split(':')[0]
        again = self.serve(directory)
        self.everyone.check_told(self, again)
        again.stop()
        back, place = self.place()
        self.run_it('restore', aside, data=place)
        Api(self.serve(back).port).DescribeUserPool(UserPoolId=pool)

    def test_a_killed_restore_leaves_the_old_database_or_the_new_one(self):
        _, data = self.place()
        words = [binary(), 'restore', self.with_key, '--replace', '--data', data]
        old = os.path.join(data, 'poolhouse.db')
        self.run_it('restore', self.with_key, data=data)
        killed = 0
        for i in range(12):
            with contextlib.closing(sqlite3.connect(old)) as db, db:
                db.execute("INSERT OR REPLACE INTO meta (name, number) VALUES ('of_the_old', 1)")
            start = time.monotonic()
            process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            while process.poll() is None and not self.is_at(data, i % 4, start):
                time.sleep(0.0005)
            process.kill()
            killed += process.wait() == -9
            with contextlib.closing(sqlite3.connect(old)) as db:
                self.assertEqual([('ok',)], list(db.execute('PRAGMA integrity_check')))
                self.assertEqual([(1,)], list(db.execute(
                    "SELECT COUNT(*) FROM pools WHERE name = 'devices'")))
        self.assertGreater(killed, 3)
        self.run_it('restore', self.with_key, '--replace', data=data)
        with contextlib.closing(sqlite3.connect(old)) as db:
            self.assertEqual([], list(db.execute("SELECT * FROM meta WHERE name = 'of_the_old'")))
        self.assertEqual([], [n for n in os.listdir(data) if n.startswith('poolhouse.db.restoring')])

    @staticmethod
    def is_at(data, stage, start):
        """The copy is begun; has a log of its own; is placed; or some time has gone."""
        names = os.listdir(data)
        return (any(n.endswith('.restoring') for n in names) if stage == 0 else
                any(n.endswith('.restoring-wal') for n in names) if stage == 1 else
                any('.replaced-' in n for n in names) if stage == 2 else
                time.monotonic() - start > 0.2)

    def test_a_log_without_its_database_is_not_taken_for_that_of_the_backup(self):
        directory, data = self.place()
        server = Server(*ISSUER, directory=directory, memory=False).start()
        self.addCleanup(server.stop)
        Api(server.port).CreateUserPool(PoolName='other')
        server.kill()
        os.unlink(os.path.join(data, 'poolhouse.db'))
        self.refused('there is a database already', self.copy, data=data)
        self.run_it('restore', self.copy, '--replace', data=data)
        self.everyone.check_told(self, self.serve(directory))

    def test_postgresql_has_its_own_tools(self):
        self.assertIn('pg_restore', self.run_it(
            'restore', self.copy, '--database', 'postgresql://127.0.0.1:1/x', data=self.folder,
            status=1))

    def test_the_doctor_knows_of_backups(self):
        key = {'POOLHOUSE_MASTER_KEY_FILE': self.key}
        done = subprocess.run([binary(), 'doctor', '--data', self.server.data], env={**os.environ, **key},
                              capture_output=True, text=True, timeout=60, check=False)
        self.assertRegex(done.stdout, r'(?m)^ok    database +the last backup is of 20')
        directory, data = self.place()
        self.run_it('restore', self.copy, data=data)
        self.set_backup_ms(data, None)
        self.assertIn('no backup was made yet', self.doctor(data))
        self.set_backup_ms(data, 1700000000000)
        self.assertRegex(self.doctor(data), r'warn  database +the last backup is \d{3,} days old')

    @staticmethod
    def set_backup_ms(data, value):
        db = sqlite3.connect(os.path.join(data, 'poolhouse.db'))
        with db:
            db.execute("DELETE FROM meta WHERE name = 'backup_ms'")
            if value is not None:
                db.execute("INSERT INTO meta (name, number) VALUES ('backup_ms', ?)", (value,))
        db.close()

    @staticmethod
    def doctor(data):
        own = {k: v for k, v in os.environ.items() if not k.startswith('POOLHOUSE_')}
        return subprocess.run([binary(), 'doctor', '--data', data], env=own, capture_output=True,
                              text=True, timeout=60, check=False).stdout


if __name__ == '__main__':
    unittest.main()
