#!/usr/bin/python3
"""An import job measured: so many users from a file, durable, and what it costs the others.

bench/run calls measure(); alone: bench/import_users.py [--build DIR] [--users N], which prints one
JSON object, too. docs/performance.md says what each figure means.
"""
import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, 'tests', 'protocol'))
sys.dont_write_bytecode = True
import imports  # noqa: E402  (found through the path above)
import poolhouse  # noqa: E402

TICK_US = 1e6 / os.sysconf('SC_CLK_TCK')


def cpu_us(pid):
    with open(f'/proc/{pid}/stat', encoding='ascii') as f:
        fields = f.read().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * TICK_US


class SignIns(threading.Thread):
    """One client that signs in again and again; what it waits for is what users would."""

    def __init__(self, port, client):
        super().__init__(daemon=True)
        self.api, self.client = poolhouse.Api(port), client
        self.stopping, self.times_ms = False, []

    def run(self):
        while not self.stopping:
            start = time.perf_counter()
            self.api.InitiateAuth(ClientId=self.client, AuthFlow='USER_PASSWORD_AUTH', AuthParameters={
                'USERNAME': 'ann', 'PASSWORD': poolhouse.PASSWORD})
            self.times_ms.append((time.perf_counter() - start) * 1e3)
            time.sleep(0.02)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stopping = True
        self.join()

    def figures(self):
        times = sorted(self.times_ms)
        return {'p50_ms': round(statistics.median(times), 2),
                'p99_ms': round(times[int(len(times) * 0.99)], 2)}


def wait_for(server, api, pool, job):
    """The job when it has ended, and [(when, the server's CPU time, how many users there were)]."""
    progress = []
    while True:
        got = api.DescribeUserImportJob(UserPoolId=pool, JobId=job)['UserImportJob']
        progress.append((time.perf_counter(), cpu_us(server.process.pid), got.get('ImportedUsers', 0)))
        if got['Status'] not in imports.ACTIVE:
            return got, progress
        time.sleep(0.05)


def tenths(progress):
    """Users a second, and CPU for each of them, in each tenth of the job."""
    total, rates, costs, begun = progress[-1][2], [], [], progress[0]
    for when, cpu, count in progress:
        done = count - begun[2]
        if done > 0 and (done >= total // 10 or count == total):
            rates.append(round(done / (when - begun[0]), 1))
            costs.append(round((cpu - begun[1]) / done, 1))
            begun = (when, cpu, count)
    return rates, costs


def run_job(server, api, pool, body):
    made = api.CreateUserImportJob(UserPoolId=pool, JobName='bench',
                                   CloudWatchLogsRoleArn=imports.ROLE)['UserImportJob']
    start = time.perf_counter()
    if imports.put(made['PreSignedUrl'], body)[0] != 200:
        raise RuntimeError('the file was not taken')
    sent = time.perf_counter() - start
    cpu = cpu_us(server.process.pid)
    start = time.perf_counter()
    api.StartUserImportJob(UserPoolId=pool, JobId=made['JobId'])
    ended, progress = wait_for(server, api, pool, made['JobId'])
    return ended, progress, sent, time.perf_counter() - start, cpu_us(server.process.pid) - cpu


def measure(folder, users, note=lambda text: None):
    """A server of its own in a folder of its own, so that nothing else is in its database."""
    where = os.path.join(folder, 'import')
    os.mkdir(where)
    server = poolhouse.Server('--log-level', 'warn', directory=where, memory=False).start()
    try:
        api = poolhouse.Api(server.port)
        pool = api.CreateUserPool(PoolName='bench', AutoVerifiedAttributes=['email'])['UserPool']['Id']
        client = api.CreateUserPoolClient(UserPoolId=pool, ClientName='bench',
                                          ExplicitAuthFlows=poolhouse.ALL_FLOWS)['UserPoolClient']
        api.AdminCreateUser(UserPoolId=pool, Username='ann', MessageAction='SUPPRESS')
        api.AdminSetUserPassword(UserPoolId=pool, Username='ann', Password=poolhouse.PASSWORD,
                                 Permanent=True)
        header = api.GetCSVHeader(UserPoolId=pool)['CSVHeader']
        body = imports.csv_file(header, (imports.person(
            f'user{i}', name=f'User {i}', birthdate='02/29/2000') for i in range(users)))
        with SignIns(server.port, client['ClientId']) as alone:
            time.sleep(2)
        with SignIns(server.port, client['ClientId']) as beside:
            ended, progress, sent, took, cpu = run_job(server, api, pool, body)
        if ended['ImportedUsers'] != users:
            raise RuntimeError(f'not all users were imported: {ended}')
        by_tenths, cpu_by_tenths = tenths(progress)
        note(f'import of {users}: {users / took:.0f} users/s, {cpu / users:.0f} us of CPU each')
        return {'users': users, 'users_per_second': round(users / took, 1),
                'users_per_second_by_tenths': by_tenths, 'server_cpu_us_by_tenths': cpu_by_tenths,
                'server_cpu_us': round(cpu / users, 1),
                'upload_mb_per_second': round(len(body) / 1e6 / sent, 1),
                'sign_in_alone': alone.figures(), 'sign_in_beside': beside.figures()}
    finally:
        server.kill()
        shutil.rmtree(where, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--build', default=os.path.join(ROOT, 'build', 'release'))
    parser.add_argument('--users', type=int, default=100000, help='500,000 are the most of a job')
    options = parser.parse_args()
    os.environ['POOLHOUSE_BINARY'] = os.path.join(os.path.abspath(options.build), 'src', 'main',
                                                  'poolhouse')
    folder = tempfile.mkdtemp(prefix='bench-', dir=options.build)
    try:
        print(json.dumps(measure(folder, options.users), indent=1))
        return 0
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == '__main__':
    sys.exit(main())
