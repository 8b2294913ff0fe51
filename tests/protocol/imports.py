"""Import jobs as their users run them: the header, a file, curl's PUT, start, wait."""
import http.client
import json
import time
import urllib.parse

ROLE = 'arn:aws:iam::123456789012:role/service-role/CognitoUserImport'
SSE = {'x-amz-server-side-encryption': 'aws:kms'}
ACTIVE = ('Pending', 'InProgress', 'Stopping')
STANDARD = ['name', 'given_name', 'family_name', 'middle_name', 'nickname', 'preferred_username',
            'profile', 'picture', 'website', 'email', 'email_verified', 'gender', 'birthdate',
            'zoneinfo', 'locale', 'phone_number', 'phone_number_verified', 'address', 'updated_at']


def csv_file(header, rows, end='\n'):
    """Rows are dicts by column; ':' may stand as '__', so that keywords do."""
    def line(row):
        values = {k.replace('__', ':'): v for k, v in row.items()}
        return ','.join(values.get(name, '') for name in header)
    return end.join([','.join(header), *(line(row) for row in rows), '']).encode()


def person(name, /, **values):
    return {'cognito__username': name, 'email': f'{name}@example.com', 'email_verified': 'TRUE',
            **values}


def put(url, body, headers=None, port=None):
    """Status and body of one PUT; `body` may be an iterable, which is sent in chunks."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, port or parts.port, timeout=60)
    try:
        connection.request('PUT', f'{parts.path}?{parts.query}', body,
                           SSE if headers is None else headers)
        reply = connection.getresponse()
        return reply.status, reply.read().decode()
    finally:
        connection.close()


class Imports:
    """Mixed into a PoolhouseTest."""

    def header(self, pool):
        return self.api.GetCSVHeader(UserPoolId=pool)['CSVHeader']

    def job(self, pool, name='import', **members):
        return self.api.CreateUserImportJob(UserPoolId=pool, JobName=name, CloudWatchLogsRoleArn=ROLE,
                                            **members)['UserImportJob']

    def uploaded(self, pool, body, **members):
        """A job with its file."""
        job = self.job(pool, **members)
        self.assertEqual((200, ''), put(job['PreSignedUrl'], body))
        return job['JobId']

    def start(self, pool, job):
        return self.api.StartUserImportJob(UserPoolId=pool, JobId=job)['UserImportJob']

    def describe(self, pool, job):
        return self.api.DescribeUserImportJob(UserPoolId=pool, JobId=job)['UserImportJob']

    def wait(self, pool, job, seconds=120):
        deadline = time.monotonic() + seconds
        while (got := self.describe(pool, job))['Status'] in ACTIVE:
            self.assertLess(time.monotonic(), deadline, got)
            time.sleep(0.02)
        return got

    def run_import(self, pool, body, **members):
        job = self.uploaded(pool, body, **members)
        self.start(pool, job)
        return self.wait(pool, job)

    def import_people(self, pool, *rows, **members):
        return self.run_import(pool, csv_file(self.header(pool), rows), **members)

    def lines(self, job):
        """What the server's log says of the job's lines."""
        found = []
        for line in self.server.log().splitlines():
            if '"import_line"' in line:
                event = json.loads(line)
                if event['log_stream'].startswith(job['JobId'] + '/'):
                    found.append((event['log_group'], event['log_stream'], event['text']))
        return found

    def texts(self, job):
        return [text for _, _, text in self.lines(job)]
