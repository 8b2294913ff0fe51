"""Patroni for tests: etcd and several PostgreSQL servers, on loopback and in directories of their own.

The settings are those of docs/operations.md: the standby confirms each commit, and who has none
acknowledges nothing.
"""
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import postgres
from poolhouse import free_port
import yaml

TTL, LOOP_WAIT = 20, 5


class Process:
    """A program that runs as the owner of the databases, with its own log."""

    def __init__(self, directory, name):
        self.directory, self.name, self.process = directory, name, None

    def start(self, *command, env=None):
        with open(os.path.join(self.directory, f'{self.name}.log'), 'ab') as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=self.directory,
                env={**os.environ, 'LC_ALL': 'C', 'TZ': 'UTC', **(env or {})}, **postgres.as_whom())

    def log(self):
        with open(os.path.join(self.directory, f'{self.name}.log'), encoding='utf-8', errors='replace') as f:
            return f.read()

    def send(self, what):
        if self.process is not None:
            self.process.send_signal(what)

    def kill(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


class Member:
    """One PostgreSQL and the Patroni that looks after it."""

    def __init__(self, cluster, number):
        self.name, self.cluster = f'n{number}', cluster
        self.directory = os.path.join(cluster.directory, self.name)
        os.mkdir(self.directory, 0o700)
        self.data = os.path.join(self.directory, 'data')
        self.port, self.rest = (free_port() for _ in range(2))
        self.patroni = Process(cluster.directory, self.name)
        self.path = os.path.join(cluster.directory, f'{self.name}.yml')
        with open(self.path, 'w', encoding='utf-8') as f:
            yaml.safe_dump(self.configuration(), f)

    def configuration(self):
        return {
            'scope': 'poolhouse', 'name': self.name,
            'restapi': {'listen': f'127.0.0.1:{self.rest}', 'connect_address': f'127.0.0.1:{self.rest}'},
            'etcd3': {'host': f'127.0.0.1:{self.cluster.etcd_port}'},
            'bootstrap': {
                'dcs': {'ttl': TTL, 'loop_wait': LOOP_WAIT, 'retry_timeout': 5,
                        'synchronous_mode': True, 'synchronous_mode_strict': True,
                        'primary_start_timeout': 0,
                        'postgresql': {'use_pg_rewind': True, 'parameters': {
                            'wal_log_hints': 'on', 'max_connections': 100, 'shared_buffers': '64MB'}}},
                'initdb': [{'encoding': 'UTF8'}, {'locale': 'C'}]},
            'postgresql': {
                'listen': f'127.0.0.1:{self.port}', 'connect_address': f'127.0.0.1:{self.port}',
                'data_dir': self.data, 'bin_dir': os.path.dirname(postgres.program('postgres')),
                'pgpass': os.path.join(self.directory, 'pgpass'), 'use_unix_socket': True,
                'pg_hba': ['local all all trust', 'host all all 127.0.0.1/32 trust',
                           'host replication all 127.0.0.1/32 trust'],
                'parameters': {'unix_socket_directories': self.directory},
                'authentication': {'superuser': {'username': postgres.OWNER},
                                   'replication': {'username': 'replicator', 'password': 'replicator'},
                                   'rewind': {'username': 'rewinder', 'password': 'rewinder'}}}}

    def start(self):
        self.patroni.start(postgres.program('patroni'), self.path)
        return self

    def state(self):
        """What its Patroni says of it; nothing when it does not answer."""
        with contextlib.suppress(OSError, ValueError):
            with socket.create_connection(('127.0.0.1', self.rest), 2) as s:
                s.settimeout(2)
                s.sendall(b'GET /patroni HTTP/1.0\r\n\r\n')
                answer = b''.join(iter(lambda: s.recv(65536), b''))
            return json.loads(answer.split(b'\r\n\r\n', 1)[1])
        return {}

    def sql(self, text, check=True):
        done = subprocess.run([postgres.program('psql'), '-XAtq', '-v', 'ON_ERROR_STOP=1', '-c', text, '-d',
                               f'postgresql://{postgres.OWNER}@127.0.0.1:{self.port}/postgres?connect_timeout=3'],
                              capture_output=True, text=True, check=False, timeout=60)
        if done.returncode != 0 and check:
            raise RuntimeError(f'{text}: {done.stderr}')
        return done.stdout.strip() if done.returncode == 0 else None

    def is_primary(self):
        return self.sql('SELECT pg_is_in_recovery()', check=False) == 'f'

    def postmaster(self):
        with contextlib.suppress(OSError, ValueError, IndexError):
            with open(os.path.join(self.data, 'postmaster.pid'), encoding='ascii') as f:
                return int(f.readline())
        return None

    def kill_postgres(self):
        """As a crash: the whole server at once."""
        pid = self.postmaster()
        if pid is None:
            return
        for one in [pid, *postgres.children_of(pid)]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)

    def kill(self):
        """Patroni first: it must not start anything anew."""
        self.patroni.kill()
        self.kill_postgres()


class Cluster:
    """etcd, and as many members as one likes."""

    def __init__(self, members=3):
        self.directory = tempfile.mkdtemp(prefix='ph-patroni-')
        if os.getuid() == 0:
            os.chmod(self.directory, 0o711)
        self.etcd_port, self.peer_port = (free_port() for _ in range(2))
        self.etcd = Process(self.directory, 'etcd')
        self.members = [Member(self, i + 1) for i in range(members)]
        if os.getuid() == 0:
            whom = postgres.as_whom()
            for folder, _, files in os.walk(self.directory):
                for path in [folder, *(os.path.join(folder, f) for f in files)]:
                    os.chown(path, whom['user'], whom['group'])

    def start(self):
        url, peer = f'http://127.0.0.1:{self.etcd_port}', f'http://127.0.0.1:{self.peer_port}'
        self.etcd.start(postgres.program('etcd'), '--name', 'e1', '--data-dir',
                        os.path.join(self.directory, 'etcd'), '--listen-client-urls', url,
                        '--advertise-client-urls', url, '--listen-peer-urls', peer,
                        '--initial-advertise-peer-urls', peer, '--initial-cluster', f'e1={peer}')
        self.wait(self.etcd_answers, 30)
        # One after the other: who makes the database is then known.
        for member in self.members:
            member.start()
            self.wait(lambda m=member: m.state().get('state') == 'running', 120)
        self.wait_for_standbys()
        return self

    def etcd_answers(self):
        with contextlib.suppress(OSError), socket.create_connection(('127.0.0.1', self.etcd_port), 1):
            return True
        return False

    def wait(self, condition, seconds):
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise RuntimeError('it never happened:\n' + self.logs())
            time.sleep(0.1)

    def wait_for_standbys(self, seconds=120):
        """Until every other member follows, and etcd knows which of them confirms each commit.

        What PostgreSQL says is not enough: a standby may be promoted only when etcd names it.
        """
        def good():
            states = [m.state() for m in self.members]
            primary = [s for s in states if s.get('role') in ('master', 'primary')]
            following = primary[0].get('replication', []) if len(primary) == 1 else []
            return (sum(r.get('state') == 'streaming' for r in following) == len(states) - 1
                    and any(s.get('sync_standby') for s in states))
        self.wait(good, seconds)

    def primary(self, among=None):
        return next((m for m in among or self.members if m.is_primary()), None)

    def wait_for_primary(self, among, seconds=120):
        self.wait(lambda: self.primary(among), seconds)
        return self.primary(among)

    def url(self):
        hosts = ','.join(f'127.0.0.1:{m.port}' for m in self.members)
        return f'postgresql://{postgres.OWNER}@{hosts}/postgres'

    def logs(self):
        return '\n'.join(f'--- {p.name}\n{p.log()[-3000:]}'
                         for p in [self.etcd, *(m.patroni for m in self.members)])

    def stop(self):
        for member in self.members:
            member.kill()
        self.etcd.kill()
        shutil.rmtree(self.directory, ignore_errors=True)
