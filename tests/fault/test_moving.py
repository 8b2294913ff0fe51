"""Installations move: exported and imported under another master key, from SQLite to PostgreSQL and
back; killed in the middle again and again. Everybody signs in afterwards, and what was ended stays so."""
import base64
import json
import os
import random
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'protocol'))
sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import database  # noqa: E402
import exports  # noqa: E402
import postgres  # noqa: E402
from everyone import Everyone  # noqa: E402
from poolhouse import MASTER_KEY, Server, binary, needs_file, private_file  # noqa: E402

LONG = int(os.environ.get('POOLHOUSE_TEST_LONG', '1'))
SEED = int(os.environ.get('POOLHOUSE_TEST_SEED', '1'))
KILLS = 2 * LONG
ROWS = 8000 * LONG
ISSUER = ('--issuer', 'aws')
OTHER_KEY = base64.b64encode(bytes(range(100, 132))).decode()
PHRASE = 'correct horse battery'
FILL = (f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS})"
        " INSERT INTO totp_steps (pool_id, sub, step) SELECT 'p', 's', i FROM n")


class Filled:
    def position(self):
        """How far it is filled; None: it is not being filled."""
        try:
            found = self.rows("SELECT bytes FROM meta WHERE name = 'filling'")
        except (sqlite3.OperationalError, subprocess.CalledProcessError):
            return None  # not even tables
        return found[0]['bytes'].decode() if found else None


class File(Filled, database.File):
    """The database of a data directory."""

    def __init__(self, data):
        super().__init__(os.path.join(data, 'poolhouse.db'))
        self.data = data


class Database(Filled, database.Database):
    """One of a PostgreSQL."""

    def forget_writers(self):
        """As after a minute: nobody waits for the next write of a server that is gone."""
        self.change('UPDATE write_slots SET at_ms = 0')


@needs_file
class Moving(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.random = random.Random(SEED)
        cls.folder = tempfile.mkdtemp(prefix='poolhouse-test-')
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.phrase = cls.private('phrase', PHRASE)
        server = Server(*ISSUER, directory=os.path.join(cls.folder, 'source'), memory=False,
                        env={'POOLHOUSE_MASTER_KEY': MASTER_KEY})
        os.mkdir(server.directory)
        cls.addClassCleanup(server.stop)
        cls.everyone = Everyone(server.start())
        cls.source = File(server.data)
        cls.refused_beside(server)
        cls.source.change(FILL)
        cls.file = os.path.join(cls.folder, 'all.jsonl')
        cls.told = cls.command('export', cls.file, '--passphrase-file', cls.phrase, '--data',
                               cls.source.data)
        server.stop()

    @classmethod
    def refused_beside(cls, server):
        text = cls.command('migrate-storage', '--from', cls.source.url, '--to',
                           'sqlite:' + os.path.join(cls.folder, 'no.db'), status=1)
        if 'another server has this database open' not in text or server.process.poll() is not None:
            raise AssertionError(text)

    @classmethod
    def private(cls, name, text):
        return private_file(os.path.join(cls.folder, name), text)

    @classmethod
    def start(cls, *words, key=MASTER_KEY):
        env = {k: v for k, v in os.environ.items() if not k.startswith('POOLHOUSE_')}
        return subprocess.Popen([binary(), *words], env={**env, 'POOLHOUSE_MASTER_KEY': key},
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                stdin=subprocess.DEVNULL, cwd=cls.folder)

    @classmethod
    def command(cls, *words, status=0, key=MASTER_KEY):
        process = cls.start(*words, key=key)
        text, _ = process.communicate(timeout=120)
        if process.returncode != status:
            raise AssertionError(f'{words}: {process.returncode}\n{text[-3000:]}')
        return text

    def place(self):
        directory = tempfile.mkdtemp(dir=self.folder)
        data = os.path.join(directory, 'data')
        os.mkdir(data, 0o700)
        return directory, File(data)

    def serve(self, directory, key, database=None):
        server = Server(*ISSUER, directory=directory, memory=False, database_url=database,
                        env={'POOLHOUSE_MASTER_KEY': key}).start()
        self.addCleanup(server.stop)
        return server

    def kill_in_the_middle(self, target, *words, key=MASTER_KEY, behind=''):
        """Once more is written than before, of that table: the text of the command, or None when it
        was killed. It stands still whenever it is looked at, and does not end between look and kill."""
        before, further = target.position(), self.random.randrange(1, 4)
        process = self.start(*words, key=key)
        while process.poll() is None:
            time.sleep(self.random.random() / 100)
            process.send_signal(signal.SIGSTOP)
            now = target.position()
            further -= now is not None and now != before and behind in now
            before = now
            if further <= 0 and now is not None:
                process.kill()
            process.send_signal(signal.SIGCONT)
        text, _ = process.communicate()
        self.assertIn(process.returncode, (0, -9), text[-3000:])
        return text if process.returncode == 0 else None

    def move(self, target, *words, key=MASTER_KEY):
        """Killed some times, and then not."""
        for kills in range(KILLS):
            text = self.kill_in_the_middle(target, *words, key=key)
            if text is not None:
                self.assertGreater(kills, 0, 'it was over too soon to prove anything')
                return text
        return self.command(*words, key=key)

    # --- export and import ---

    def import_words(self, place, file=None):
        return ('import', file or self.file, '--passphrase-file', self.phrase, '--data', place.data)

    def test_what_was_exported_is_imported_under_another_master_key(self):
        directory, place = self.place()
        words = self.import_words(place)
        while self.kill_in_the_middle(place, *words, key=OTHER_KEY) is not None:
            self.assertIsNone(place.position())
            os.unlink(place.path)
        text = self.command('doctor', '--data', place.data, status=1, key=OTHER_KEY)
        self.assertIn('the database is not complete', text)
        with self.assertRaisesRegex(RuntimeError, 'not complete'):
            self.serve(directory, OTHER_KEY)
        self.assertIn('compared with it', self.move(place, *words, key=OTHER_KEY))
        self.assertEqual([{'n': ROWS}], place.rows(
            'SELECT COUNT(*) AS n FROM totp_steps WHERE pool_id = ?', 'p'))
        self.everyone.check(self, self.serve(directory, OTHER_KEY))

    def test_an_export_holds_no_secret_in_clear_and_is_private(self):
        self.assertEqual(0o600, stat.S_IMODE(os.stat(self.file).st_mode))
        self.assertRegex(self.told, r'(?m)^  users +\d+$')
        with open(self.file, 'rb') as f:
            text = f.read()
        for secret in (self.everyone.secret, 'between us', MASTER_KEY, self.everyone.totp):
            for form in (secret.encode(), base64.b64encode(secret.encode())[:-4]):
                self.assertNotIn(form, text)
        # Six digits may well be a part of something else: of a time, of a key.
        self.assertNotRegex(text, rf'(?<![\w+/]){self.everyone.code}(?![\w+/=])'.encode())
        self.assertNotIn(base64.b64encode(self.everyone.code.encode()), text)
        self.assertIn('overwrites nothing', self.command(
            'export', self.file, '--passphrase-file', self.phrase, '--data', self.source.data,
            status=1))

    def test_the_file_is_what_its_description_says(self):
        header, tables, last, lines = exports.read(self.file)
        root = exports.root_key(header['key'], PHRASE)
        self.assertEqual(exports.chain(lines[:-1], root), last['hmac'])
        self.assertEqual((len(tables), sum(len(t[2]) for t in tables)), (last['tables'], last['rows']))
        for name, columns, rows, end in tables:
            kinds = self.source.columns()[name]
            stored = [[self.stored(kinds[c][0], v) for c, v in zip(columns, row)] for row in rows]
            with self.subTest(name):
                self.assertEqual((len(rows), exports.table_sum(name, columns, stored)),
                                 (end['rows'], end['sum']))
                kept = [c for c in columns if (name, c) not in exports.RESEALED]
                self.assertEqual(
                    sorted(repr([row[columns.index(c)] for c in kept]) for row in stored),
                    sorted(repr([r[c] for c in kept]) for r in self.source.rows(
                        f'SELECT * FROM {name}')))
        self.assertEqual(32, len(self.pool_key(tables[0], root)))

    @staticmethod
    def stored(kind, value):
        if kind == 'BYTEA' and value is not None:
            return base64.b64decode(value, validate=True)
        return value

    @staticmethod
    def pool_key(table, root):
        """What the passphrase opens: the data key of a pool."""
        name, columns, rows, _ = table
        row = dict(zip(columns, rows[0]))
        purpose = f"{name}|{row['id']}|{row['id']}|data_key".encode()
        return exports.unseal(exports.derive(root, b'poolhouse store wrapping 1'), purpose,
                              base64.b64decode(row['data_key']))

    def test_a_file_that_is_not_whole_is_refused_before_anything_is_written(self):
        with open(self.file, 'rb') as f:
            lines = f.read().splitlines(keepends=True)
        users = next(i for i, line in enumerate(lines) if line.startswith(b'{"table":"users"'))
        keys = next(i for i, line in enumerate(lines) if line.startswith(b'{"table":"access_keys"'))
        resealed = json.loads(lines[2])
        resealed[3] = base64.b64encode(b'x' * 61).decode()
        for name, damaged, why in (
                ('cut', lines[:-1], 'the end is missing'),
                ('row missing', lines[:users + 2] + lines[users + 3:], 'not those that were written'),
                ('row twice', lines[:users + 2] + lines[users + 1:], 'not those that were written'),
                ('table missing', lines[:keys] + lines[keys + 2:], 'tables or rows are missing'),
                ('changed', lines[:users + 1] + [lines[users + 1].replace(b'[', b'[ ', 1)]
                 + lines[users + 2:], 'not those that were written'),
                ('key changed', lines[:2] + [json.dumps(resealed).encode() + b'\n'] + lines[3:],
                 'not those that were written'),
                ('no export', [b'{"a": 1}\n'], 'not how an export begins'),
                ('newer', [lines[0].replace(b'"schema":', b'"schema":9')] + lines[1:], 'newer version')):
            with self.subTest(name):
                _, place = self.place()
                path = os.path.join(self.folder, 'damaged.jsonl')
                with open(path, 'wb') as f:
                    f.writelines(damaged)
                text = self.command(*self.import_words(place, path), status=1)
                self.assertIn(why, text)
                self.assertEqual([], os.listdir(place.data))

    def test_the_wrong_passphrase_and_a_database_with_rows_are_refused(self):
        _, place = self.place()
        wrong = self.private('wrong', 'another passphrase')
        text = self.command('import', self.file, '--passphrase-file', wrong, '--data', place.data,
                            status=1)
        self.assertIn('not the one that the export was made with', text)
        self.assertEqual([], os.listdir(place.data))
        text = self.command(*self.import_words(self.source), status=1)
        self.assertIn('not empty (there are rows in ', text)
        self.assertIsNone(self.source.position())

    # --- from one database to the other ---

    def migrate_words(self, source, target, *more):
        return ('migrate-storage', '--from', source.url, '--to', target.url, *more)

    def test_from_sqlite_to_postgresql_and_back(self):
        cluster = postgres.Cluster()
        self.addCleanup(cluster.stop)
        cluster.make().start()
        there = Database(cluster.url())
        text = self.move(there, *self.migrate_words(self.source, there))
        self.assertRegex(text, rf'(?m)^  totp_steps +{ROWS + 1}$')
        self.check_export_of(there)
        self.check_import_into(there.new().url)
        there.forget_writers()
        back, place = self.place()
        self.move(place, *self.migrate_words(there, place))
        self.check_writers(there)
        self.everyone.check(self, self.serve(back, MASTER_KEY))
        self.everyone.check(self, self.serve(self.place()[0], MASTER_KEY, cluster.url()))

    def check_import_into(self, url):
        """Filled from the file under another key, and exported once more."""
        path = os.path.join(self.folder, 'again.jsonl')
        to = ('--passphrase-file', self.phrase, '--database', url)
        self.command('import', self.file, *to, key=OTHER_KEY)
        self.command('export', path, *to, key=OTHER_KEY)
        self.assertEqual(self.sums(self.file), self.sums(path))

    def check_export_of(self, there):
        """The same rows on both engines: numbers and sums of all tables are those of the file."""
        path = os.path.join(self.folder, 'postgresql.jsonl')
        self.command('export', path, '--passphrase-file', self.phrase, '--database', there.url)
        self.assertEqual(self.sums(self.file), self.sums(path))

    @staticmethod
    def sums(path):
        with open(path, 'rb') as f:
            return [line for line in f if line.startswith((b'{"table":', b'{"rows":'))]

    def check_writers(self, there):
        """A server that writes to the source while one waits."""
        end = threading.Event()

        def write():
            for i in range(1000):
                now = int(time.time() * 1000) + i
                there.change("INSERT INTO write_slots VALUES ('x', 1, ?)"
                                ' ON CONFLICT (id) DO UPDATE SET at_ms = excluded.at_ms', now)
                if end.wait(0.2):
                    return
        writer = threading.Thread(target=write)
        writer.start()
        try:
            time.sleep(0.5)
            text = self.command(*self.migrate_words(there, self.place()[1]), status=1)
        finally:
            end.set()
            writer.join()
        self.assertIn('a server writes to the database', text)
        there.change("DELETE FROM write_slots WHERE id = 'x'")

    def test_a_source_that_was_changed_meanwhile_is_noticed(self):
        _, changing = self.place()
        shutil.copy(self.source.path, changing.path)
        directory, place = self.place()
        words = self.migrate_words(changing, place)
        # Behind the users, of which one changes.
        while self.kill_in_the_middle(place, *words, behind='totp_steps') is not None:
            os.unlink(place.path)
        changing.change('UPDATE users SET mfa = 1 - mfa WHERE username = ?', b'plain')
        self.assertIn('the table users differs', self.command(*words, status=1))
        with self.assertRaisesRegex(RuntimeError, 'not complete'):
            self.serve(directory, MASTER_KEY)
        self.assertIn('from another source', self.command(
            *self.migrate_words(self.source, place), status=1))
        self.command(*self.migrate_words(self.source, place, '--restart'))
        self.assertIn('not empty', self.command(
            *self.migrate_words(self.source, place, '--restart'), status=1))
        self.everyone.check_told(self, self.serve(directory, MASTER_KEY))

    def test_the_master_key_must_be_that_of_the_source(self):
        _, place = self.place()
        text = self.command(*self.migrate_words(self.source, place), status=1, key=OTHER_KEY)
        self.assertIn('not the one that this database was made with', text)
        self.assertEqual([], os.listdir(place.data))


if __name__ == '__main__':
    unittest.main()
