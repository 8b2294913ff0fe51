#!/usr/bin/python3
"""PostgreSQL for tests: clusters in a directory of their own, on UNIX sockets only.

As a program it starts one and runs a command with POOLHOUSE_TEST_DATABASE naming it:
tests/support/postgres.py build/src/test_store_users
"""
import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time

PORT = 5432
OWNER = 'poolhouse'


def program(name):
    for folder in ('/usr/lib/postgresql/15/bin', *os.environ['PATH'].split(':')):
        path = os.path.join(folder, name)
        if os.access(path, os.X_OK):
            return os.path.realpath(path)
    raise RuntimeError(f'{name} is missing: apt-get install postgresql-15')


def as_whom():
    """initdb refuses root."""
    if os.getuid() != 0:
        return {}
    for name in ('postgres', 'nobody'):
        with contextlib.suppress(KeyError):
            user = pwd.getpwnam(name)
            return {'user': user.pw_uid, 'group': user.pw_gid, 'extra_groups': []}
    raise RuntimeError('there is no user to run PostgreSQL as')


def children_of(pid):
    found = subprocess.run(['ps', '-o', 'pid=', '--ppid', str(pid)], capture_output=True, text=True,
                           check=False).stdout
    return [int(one) for one in found.split()]


def is_running(pid):
    """Not so when only its parent has not heard of its end yet."""
    try:
        with open(f'/proc/{pid}/stat', encoding='utf-8', errors='replace') as f:
            return f.read().rpartition(')')[2].split()[0] not in 'ZX'
    except OSError:
        return False


class Cluster:
    """One PostgreSQL server. durable=False does without fsync: for what no crash is tested with."""

    def __init__(self, durable=False, settings=None):
        self.directory = tempfile.mkdtemp(prefix='ph-pg-')
        self.data = os.path.join(self.directory, 'data')
        self.process = None
        self.settings = {
            'listen_addresses': "''", 'unix_socket_directories': f"'{self.directory}'",
            'port': PORT, 'fsync': 'on' if durable else 'off', 'max_connections': 200,
            'full_page_writes': 'on' if durable else 'off', 'wal_log_hints': 'on',
            'log_min_messages': 'warning', 'shared_buffers': '64MB', 'max_wal_senders': 10,
            'max_prepared_transactions': 0, 'autovacuum_naptime': '10s', **(settings or {})}
        if os.getuid() == 0:
            whom = as_whom()
            os.chown(self.directory, whom['user'], whom['group'])

    def run(self, *command, seconds=120):
        return subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=seconds,
                              stderr=subprocess.PIPE, text=True, cwd=self.directory, **as_whom(),
                              env={**os.environ, 'LC_ALL': 'C', 'TZ': 'UTC'})

    def make(self):
        self.run(program('initdb'), '-D', self.data, '-U', OWNER, '-A', 'trust', '--no-sync',
                 '--encoding=UTF8', '--locale=C')
        self.configure()
        return self

    def configure(self):
        with open(os.path.join(self.data, 'postgresql.conf'), 'a', encoding='utf-8') as f:
            f.writelines(f'{k} = {v}\n' for k, v in self.settings.items())

    def copy_of(self, primary, name):
        """Becomes a standby of another cluster."""
        self.run(program('pg_basebackup'), '-D', self.data, '-R', '--checkpoint=fast', '--no-sync',
                 '-X', 'stream', '-d', primary.url('postgres') + f'&application_name={name}')
        self.configure()
        return self

    def wait_for_standby(self, name, synchronous):
        """Until the standby follows; from here on commits wait for it, or not."""
        if synchronous:
            self.sql(f"ALTER SYSTEM SET synchronous_standby_names = '{name}'")
            self.sql('SELECT pg_reload_conf()')
        wanted = 'sync' if synchronous else 'async'
        deadline = time.monotonic() + 30
        while self.sql(f"SELECT sync_state FROM pg_stat_replication WHERE state = 'streaming'"
                       f" AND application_name = '{name}'") != wanted:
            if time.monotonic() > deadline:
                raise RuntimeError('the standby does not follow:\n' + self.log())
            time.sleep(0.05)

    def start(self, wait=60):
        log = open(os.path.join(self.directory, 'log'), 'ab')
        with log:
            self.process = subprocess.Popen(
                [program('postgres'), '-D', self.data], stdout=log, stderr=log,
                stdin=subprocess.DEVNULL, cwd=self.directory, **as_whom(),
                env={**os.environ, 'LC_ALL': 'C', 'TZ': 'UTC'})
        deadline = time.monotonic() + wait
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            if self.sql('SELECT 1', check=False) == '1':
                return self
            time.sleep(0.02)
        raise RuntimeError('PostgreSQL does not start:\n' + self.log())

    def log(self):
        with open(os.path.join(self.directory, 'log'), encoding='utf-8', errors='replace') as f:
            return f.read()

    def url(self, database='postgres'):
        return f'postgresql://{OWNER}@/{database}?host={self.directory}&port={PORT}'

    def sql(self, text, database='postgres', check=True):
        done = subprocess.run([program('psql'), '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d',
                               self.url(database), '-c', text], capture_output=True, text=True,
                              check=False, timeout=60)
        if done.returncode != 0 and check:
            raise RuntimeError(f'{text}: {done.stderr}')
        return done.stdout.strip() if done.returncode == 0 else None

    def children(self):
        return children_of(self.process.pid)

    def child(self, title):
        """The process of that title: 'walreceiver'."""
        for pid in self.children():
            with contextlib.suppress(OSError), open(f'/proc/{pid}/cmdline', 'rb') as f:
                if title in f.read().decode(errors='replace'):
                    return pid
        raise RuntimeError(f'there is no {title}')

    def kill(self):
        """As a crash: nobody of it says goodbye, and nobody is left when this returns."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGSTOP)  # no child that is not in the list
        children = self.children()
        for pid in [self.process.pid, *children]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        self.process = None
        deadline = time.monotonic() + 30
        while any(map(is_running, children)):
            if time.monotonic() > deadline:
                raise RuntimeError(f'of {children} some do not end')
            time.sleep(0.01)

    def promote(self):
        """Of a standby that answers: one that only starts would not hear of it."""
        self.run(program('pg_ctl'), 'promote', '-D', self.data, '-w', '-t', '60')

    def stop(self):
        if self.process is not None:
            self.process.send_signal(signal.SIGQUIT)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()
            self.process = None
        shutil.rmtree(self.directory, ignore_errors=True)


def main():
    # SIGTERM must not leave a cluster behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    cluster = Cluster()
    try:
        cluster.make().start()
        return subprocess.run(sys.argv[1:], check=False, env={
            **os.environ, 'POOLHOUSE_TEST_DATABASE': cluster.url()}).returncode
    finally:
        cluster.stop()


if __name__ == '__main__':
    sys.exit(main())
