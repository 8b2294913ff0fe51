"""What a server has stored, read and changed behind its back: a file of SQLite or a database of PostgreSQL.

Both are asked in the same words, with a ? where a value stands; BYTEA is bytes.
"""
import contextlib
import json
import os
import re
import sqlite3
import subprocess
import uuid


class File:
    def __init__(self, path):
        self.path = path
        self.url = 'sqlite:' + path

    @contextlib.contextmanager
    def connected(self):
        """To a file that is there."""
        with contextlib.closing(sqlite3.connect(f'file:{self.path}?mode=rw', uri=True, timeout=30)) as db:
            db.row_factory = sqlite3.Row
            with db:
                yield db

    def rows(self, sql, *values):
        """What a query finds, as dicts."""
        with self.connected() as db:
            return [dict(row) for row in db.execute(sql, values)]

    def change(self, sql, *values):
        with self.connected() as db:
            db.execute(sql, values)

    def columns(self):
        """{table: {column: (type, whether it must be given)}}"""
        tables = self.rows("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        return {t['name']: {c['name']: (c['type'], bool(c['notnull'] and c['dflt_value'] is None))
                            for c in self.rows(f'PRAGMA table_info({t["name"]})')} for t in tables}

    def content(self):
        """Every byte of it, and of what lies beside it."""
        content = b''
        for folder, _, files in os.walk(os.path.dirname(self.path)):
            for name in files:
                with open(os.path.join(folder, name), 'rb') as f:
                    content += f.read()
        return content


def literal(value):
    """The server makes the type of the place out of it."""
    if isinstance(value, bytes):
        return f"'\\x{value.hex()}'"
    return "'" + str(value).replace("'", "''") + "'"


def unescaped(value):
    """As JSON has it: BYTEA is a text in hexadecimal."""
    if isinstance(value, str) and re.fullmatch(r'\\x([0-9a-f]{2})*', value):
        return bytes.fromhex(value[2:])
    return value


class Database:
    def __init__(self, url):
        self.url = url

    def run(self, *command):
        return subprocess.run(command, check=True, capture_output=True, timeout=60).stdout

    def psql(self, sql):
        return self.run('psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', self.url, '-c', sql)

    def filled(self, sql, values):
        values = iter(values)
        return re.sub(r'\?', lambda _: literal(next(values)), sql)

    def rows(self, sql, *values):
        found = self.psql(f"SELECT coalesce(json_agg(t), '[]') FROM ({self.filled(sql, values)}) t")
        return [{k: unescaped(v) for k, v in row.items()} for row in json.loads(found)]

    def change(self, sql, *values):
        self.psql(self.filled(sql, values))

    def columns(self):
        tables = {}
        for c in self.rows('SELECT * FROM information_schema.columns WHERE table_schema = current_schema'):
            given = c['is_nullable'] == 'NO' and c['column_default'] is None
            tables.setdefault(c['table_name'], {})[c['column_name']] = (c['data_type'].upper(), given)
        return tables

    def content(self):
        """Every row of every table, BYTEA also as the bytes that it is."""
        text = self.run('pg_dump', '--data-only', '-d', self.url)
        return text + b'\n'.join(bytes.fromhex(found.decode()) for found in
                                 re.findall(rb'\\\\x((?:[0-9a-f]{2})+)', text))

    def new(self):
        """Another one, empty, at the same server."""
        name = f'test_{uuid.uuid4().hex}'
        self.change(f'CREATE DATABASE {name} STRATEGY file_copy')
        return Database(re.sub(r'/[^/?]*\?', f'/{name}?', self.url))
