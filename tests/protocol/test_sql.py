"""The SQL texts of the server, as they stand in its binary: each is of the subset that all engines
of the PostgreSQL family and SQLite share, and each is prepared by both."""
import os
import re
import sqlite3
import subprocess
import sys
import unittest

import poolhouse
from poolhouse import binary

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import postgres  # noqa: E402

BEGINS = rb'(?:SELECT|INSERT INTO|UPDATE|DELETE FROM|CREATE|ALTER|DROP|WITH) '
# Of the drivers, about the engines themselves.
ENGINES_OWN = ('pg_is_in_recovery', 'write_slots SET turn', 'write_slots SET at_ms',
               "write_slots (id, turn, at_ms) VALUES ('%s'")
# Of names in store/tables.c; the unit tests of data keys run what is made of them on both engines.
MADE_OF_NAMES = ('UPDATE %s SET %s = $2 WHERE pool_id = $1 AND %s = $3',)
BANNED = (r'serial|sequence|identity|autoincrement|references|foreign|trigger|temp(?:orary)?|savepoint'
          r'|truncate|partition|listen|notify|pragma|collate|array|extension|rowid|glob|replace into'
          r'|insert or|for update|skip locked|without rowid|similar|ilike|regexp|limit all|offset'
          r'|now|current_timestamp|returning \*')
FUNCTIONS = {'count', 'max', 'min', 'coalesce', 'cast', 'exists', 'in', 'values', 'key', 'as', 'from',
             'and', 'or', 'on', 'where', 'select', 'conflict', 'set', 'not', 'then', 'when', 'else',
             'case', 'union', 'by', 'join', 'limit', 'check', 'greatest', 'substr', 'length'} - {'check', 'greatest'}
TYPES = {'BIGINT', 'TEXT', 'BYTEA', 'INTEGER'}


def texts():
    with open(binary(), 'rb') as f:
        found = re.findall(rb'\0(' + BEGINS + rb'[\x20-\x7e\n]{8,})(?=\0)', f.read())
    found = {t.decode() for t in found} - set(MADE_OF_NAMES)
    return sorted(t for t in found if not any(own in t for own in ENGINES_OWN)
                  and re.search(r'\b(?:FROM|INTO|SET|TABLE|INDEX|SELECT 1)\b', t))


def made(text):
    return text.startswith(('CREATE', 'ALTER', 'DROP'))


def make_tables(**environment):
    """An empty database with all tables, by the server's own hand."""
    subprocess.run([binary(), 'credentials', 'create', '--user', 'sql', '--mode', 'serve'],
                   env={**os.environ, 'POOLHOUSE_MASTER_KEY': poolhouse.MASTER_KEY, **environment},
                   check=True, capture_output=True, timeout=60)


class SqlTexts(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.texts = texts()

    def test_there_are_as_many_as_one_expects(self):
        self.assertGreater(len(self.texts), 150)

    def test_none_leaves_the_shared_subset(self):
        for text in self.texts:
            with self.subTest(text):
                plain = re.sub(r"'[^']*'", "''", text)
                self.assertIsNone(re.search(rf'\b(?:{BANNED})\b', plain, re.I))
                self.assertNotRegex(plain, r'::|\|\||[?@#~`]|%|--|/\*|;')
                if not made(text):
                    called = {f.lower() for f in re.findall(r'\b([A-Za-z_]+) ?\(', plain)}
                    tables = set(re.findall(r'INSERT INTO ([a-z_]+)', plain))
                    self.assertLessEqual(called - tables, FUNCTIONS)

    def test_tables_have_portable_types_and_random_keys(self):
        for text in self.texts:
            if text.startswith('CREATE TABLE'):
                with self.subTest(text):
                    body = text[text.index('(') + 1:]
                    body = re.sub(r'PRIMARY KEY \([^)]*\)', '', body)
                    for column in filter(None, (c.strip(' )') for c in body.split(','))):
                        self.assertIn(column.split()[1], TYPES)
                    self.assertIn('PRIMARY KEY', text)

    def test_sqlite_prepares_them(self):
        server = poolhouse.tempfile.mkdtemp(prefix='poolhouse-sql-')
        self.addCleanup(poolhouse.shutil.rmtree, server)
        make_tables(POOLHOUSE_STORAGE_DATA=server, POOLHOUSE_STORAGE_DATABASE='')
        db = sqlite3.connect(os.path.join(server, 'poolhouse.db'))
        self.addCleanup(db.close)
        for text in self.texts:
            if not made(text):
                with self.subTest(text):
                    count = max([0, *map(int, re.findall(r'\$(\d+)', text))])
                    db.execute('EXPLAIN ' + text, {str(i): None for i in range(1, count + 1)})

    def test_postgresql_prepares_them(self):
        cluster = postgres.Cluster()
        self.addCleanup(cluster.stop)
        cluster.make().start()
        make_tables(POOLHOUSE_STORAGE_DATABASE=cluster.url())
        script = ''.join(f'\\echo text {i}\nPREPARE t{i} AS {t};\n'
                         for i, t in enumerate(self.texts) if not made(t))
        done = subprocess.run([postgres.program('psql'), '-Xq', '-d', cluster.url()], input=script,
                              capture_output=True, text=True, check=True, timeout=120)
        self.assertEqual(done.stderr, '')
        self.assertGreater(done.stdout.count('text '), 150)


if __name__ == '__main__':
    unittest.main()
