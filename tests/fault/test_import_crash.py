"""kill -9 in the middle of an import, again and again: every line counts once, none is lost."""
import os
import random
import time
import unittest

import figures
from imports import Imports, csv_file, person, put
from poolhouse import PoolhouseTest

LONG = int(os.environ.get('POOLHOUSE_TEST_LONG', '1'))
SEED = int(os.environ.get('POOLHOUSE_TEST_SEED', '1'))
LINES = 3000 * LONG
KILLS = 4 * LONG


class ImportCrash(Imports, PoolhouseTest):
    server_args = ('--log-format', 'json')
    server_options = {'memory': False}

    @classmethod
    def prepare(cls):
        cls.pool = cls.new_pool(AutoVerifiedAttributes=['email'])

    def rows(self):
        """Good ones, and every eleventh skipped or failed."""
        chance = random.Random(SEED)
        for i in range(LINES):
            if i % 11 != 10:
                yield person(f'crash{i}', nickname='n' * chance.randrange(200))
            elif i % 2:
                yield person(f'crash{i - 1}')
            else:
                yield person(f'bad{i}', email_verified='FALSE')

    def kill_at(self, job, done):
        """Once so many lines have been read; False when the job was over before."""
        while (got := self.describe(self.pool, job))['Status'] in ('Pending', 'InProgress'):
            if got['ImportedUsers'] + got['SkippedUsers'] + got['FailedUsers'] >= done:
                time.sleep(random.random() / 20)
                self.server.kill()
                return True
            time.sleep(0.005)
        return False

    def test_a_killed_import_goes_on_where_it_was(self):
        rows = list(self.rows())
        good = [r['cognito__username'] for r in rows if r['cognito__username'].startswith('crash')]
        bad = sum(r['cognito__username'].startswith('bad') for r in rows)
        job = self.uploaded(self.pool, csv_file(self.header(self.pool), rows))
        self.start(self.pool, job)
        kills = 0
        for i in range(KILLS):
            kills += self.kill_at(job, LINES * i // (KILLS + 1))
            if self.server.process.poll() is not None:
                self.server.start()
        self.assertGreater(kills, 1, 'the import was over too soon to prove anything')
        ended = self.wait(self.pool, job)
        self.assertEqual(
            ('Succeeded', len(set(good)), len(good) - len(set(good)), bad),
            (ended['Status'], ended['ImportedUsers'], ended['SkippedUsers'], ended['FailedUsers']))
        self.check_store(job, set(good), len(good) - len(set(good)) + bad)
        figures.note('crash-imports', kills=kills, acknowledged=len(rows), lost=0)

    def check_store(self, job, names, others):
        stored = [row['username'].decode() for row in self.server.database.rows(
            'SELECT username FROM users WHERE pool_id = ?', self.pool)]
        self.assertEqual(sorted(names), sorted(stored))
        self.assertEqual(len(names), self.count('user_aliases WHERE pool_id = ? AND kind = 0', self.pool))
        self.assertEqual(others, self.count('import_lines WHERE job_id = ?', job))
        # The file goes when the job has ended.
        self.until(lambda: self.count('import_pieces') == 0, 60)

    def count(self, what, *values):
        return self.server.database.rows(f'SELECT COUNT(*) AS n FROM {what}', *values)[0]['n']

    def test_a_killed_upload_leaves_nothing_behind(self):
        pool = self.new_pool(AutoVerifiedAttributes=['email'])
        job = self.job(pool)
        body = b'x' * (1024 * 1024)

        def half():
            for i in range(0, len(body), 65536):
                yield body[i:i + 65536]
            self.server.kill()
            yield body
        with self.assertRaises(OSError):
            put(job['PreSignedUrl'], half())
        self.server.start()
        self.refused('PreconditionNotMetException', 'No file has been uploaded for the import job.',
                     'StartUserImportJob', UserPoolId=pool, JobId=job['JobId'])
        self.assertEqual((200, ''), put(job['PreSignedUrl'], csv_file(self.header(pool), [
            person('after-the-kill')])))
        self.start(pool, job['JobId'])
        self.assertEqual(1, self.wait(pool, job['JobId'])['ImportedUsers'])

    def test_sigterm_ends_an_import_between_two_lines(self):
        pool = self.new_pool(AutoVerifiedAttributes=['email'])
        job = self.uploaded(pool, csv_file(self.header(pool), [
            person(f'term{i}') for i in range(LINES)]))
        self.start(pool, job)
        self.server.process.terminate()
        self.assertEqual(0, self.server.process.wait(30))
        self.server.start()
        self.assertEqual(LINES, self.wait(pool, job)['ImportedUsers'])


if __name__ == '__main__':
    unittest.main()
