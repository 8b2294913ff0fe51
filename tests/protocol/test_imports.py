"""User import jobs: states, the upload, the file's rules, the users that come of it."""
import http.client
import re
import subprocess
import threading
import time
import unittest
import urllib.parse

from imports import Imports, ROLE, SSE, STANDARD, csv_file, person, put
from poolhouse import PASSWORD, PoolhouseTest, REGION, UUID, attributes, boto3_client, create_key, serve_options

NO_FLAG = ('The User Record does not set any of the auto verified attributes to true. '
           '(Example: email_verified to true).')
DONE = 'Import Job Completed Successfully.'
TOO_MANY = 'Too many users have failed or been skipped during the import.'
SMS = {'SmsConfiguration': {'SnsCallerArn': 'arn:aws:iam::000000000000:role/sms', 'ExternalId': 'x'}}
JSON_LOG = ('--log-level', 'debug', '--log-format', 'json')


def counts(job):
    return job['ImportedUsers'], job['SkippedUsers'], job['FailedUsers']


class Jobs(Imports, PoolhouseTest):
    server_args = JSON_LOG

    @classmethod
    def prepare(cls):
        cls.pool = cls.new_pool(AutoVerifiedAttributes=['email'])
        cls.client = cls.new_client(cls.pool)

    def test_the_header_has_the_columns_in_their_order(self):
        pool = self.new_pool(Schema=[
            {'Name': 'team', 'AttributeDataType': 'String', 'Mutable': True},
            {'Name': 'level', 'AttributeDataType': 'Number', 'Mutable': True}])
        reply = self.boto.get_csv_header(UserPoolId=pool)
        self.assertEqual(pool, reply['UserPoolId'])
        self.assertEqual(
            [*STANDARD, 'custom:team', 'custom:level', 'cognito:mfa_enabled', 'cognito:username',
             'password_hash'], reply['CSVHeader'])

    def test_a_new_job_is_created_and_described(self):
        made = self.job(self.pool, 'the first, job', PasswordHashingAlgorithm='BCRYPT')
        self.assertRegex(made['JobId'], r'\Aimport-[0-9A-Za-z]{10}\Z')
        self.assertTrue(made['PreSignedUrl'].startswith(self.server.url + '/'))
        self.assertLessEqual(len(made['PreSignedUrl']), 2048)
        self.assertIn('X-Amz-Expires=900', made['PreSignedUrl'])
        described = self.describe(self.pool, made['JobId'])
        self.assertEqual(
            {'JobName': 'the first, job', 'JobId': made['JobId'], 'UserPoolId': self.pool,
             'PreSignedUrl': made['PreSignedUrl'], 'CreationDate': described['CreationDate'],
             'Status': 'Created', 'CloudWatchLogsRoleArn': ROLE, 'ImportedUsers': 0,
             'SkippedUsers': 0, 'FailedUsers': 0, 'PasswordHashingAlgorithm': 'BCRYPT'}, described)

    def test_a_file_is_uploaded_by_curl_and_imported(self):
        job = self.boto.create_user_import_job(UserPoolId=self.pool, JobName='by curl',
                                               CloudWatchLogsRoleArn=ROLE)['UserImportJob']
        path = self.server.directory + '/users.csv'
        names = [self.new_name('curl') for _ in range(3)]
        with open(path, 'wb') as f:
            f.write(csv_file(self.header(self.pool), [person(n) for n in names]))
        done = subprocess.run(
            ['curl', '-sS', '-f', '-v', '-T', path, '-H', 'x-amz-server-side-encryption:aws:kms',
             job['PreSignedUrl']], capture_output=True, text=True, timeout=60, check=True)
        self.assertEqual('', done.stdout)
        started = self.boto.start_user_import_job(UserPoolId=self.pool,
                                                  JobId=job['JobId'])['UserImportJob']
        self.assertEqual('Pending', started['Status'])
        self.assertIn('StartDate', started)
        ended = self.wait(self.pool, job['JobId'])
        self.assertEqual(('Succeeded', DONE, (3, 0, 0)),
                         (ended['Status'], ended['CompletionMessage'], counts(ended)))
        self.assertLessEqual(ended['CreationDate'], ended['StartDate'])
        self.assertLessEqual(ended['StartDate'], ended['CompletionDate'])
        user = self.api.AdminGetUser(UserPoolId=self.pool, Username=names[0])
        self.assertEqual('RESET_REQUIRED', user['UserStatus'])
        self.assertTrue(user['Enabled'])
        self.assertRegex(attributes(user)['sub'], UUID)
        self.assertEqual({'email': names[0] + '@example.com', 'email_verified': 'true'},
                         {k: v for k, v in attributes(user).items() if k != 'sub'})
        group = f'/aws/cognito/userpools/{self.pool}/tests'
        self.assertEqual(
            [(group, f'{job["JobId"]}/by curl', f'[SUCCEEDED] Line Number {n} - The import succeeded.')
             for n in (2, 3, 4)], self.lines(job))
        self.assertEqual([], self.server.outbox(names[0]), 'nobody is written to')

    def test_whoever_came_in_resets_the_password_and_signs_in(self):
        name = self.new_name()
        self.assertEqual((1, 0, 0), counts(self.import_people(self.pool, person(name))))
        with self.assert_error('PasswordResetRequiredException', 'Password reset required for the user'):
            self.sign_in(self.client, name)
        self.api.ForgotPassword(ClientId=self.client, Username=name)
        self.api.ConfirmForgotPassword(ClientId=self.client, Username=name, Password=PASSWORD,
                                       ConfirmationCode=self.server.code(name))
        self.tokens(self.client, name)

    def test_all_values_of_a_line_reach_the_user(self):
        pool = self.new_pool(AutoVerifiedAttributes=['email', 'phone_number'], **SMS, Schema=[
            {'Name': 'team', 'AttributeDataType': 'String', 'Mutable': True},
            {'Name': 'level', 'AttributeDataType': 'Number', 'Mutable': False}])
        given = {name: name + ' of Ann' for name in STANDARD}
        given.update({
            'cognito__username': 'ann', 'email': ' ann@example.com ', 'email_verified': 'false',
            'phone_number': '+491234567', 'phone_number_verified': 'True', 'birthdate': '02/29/2020',
            'updated_at': '1700000000', 'address': 'Line 1\\, Line 2\\,"x"', 'nickname': '"Ännchen"',
            'profile': 'back\\slash', 'custom__team': 'blue', 'custom__level': '7',
            'cognito__mfa_enabled': ''})
        self.assertEqual((1, 0, 0), counts(self.import_people(pool, given)))
        got = attributes(self.api.AdminGetUser(UserPoolId=pool, Username='ann'))
        expected = {k: v for k, v in given.items() if k in STANDARD}
        expected.update({
            'email': 'ann@example.com', 'phone_number_verified': 'true', 'birthdate': '2020-02-29',
            'address': 'Line 1, Line 2,"x"', 'custom:team': 'blue', 'custom:level': '7',
            'sub': got['sub']})
        self.assertEqual(expected, got)

    def test_lines_fail_for_their_own_reasons(self):
        pool = self.new_pool(AutoVerifiedAttributes=['email'], Schema=[
            {'Name': 'name', 'AttributeDataType': 'String', 'Required': True, 'Mutable': True},
            {'Name': 'level', 'AttributeDataType': 'Number', 'Mutable': True}])
        header = self.header(pool)

        def line(*_, **values):
            return csv_file(header, [{**person('x'), 'name': 'X', **values}]).split(b'\n')[1]
        cases = [
            (line(cognito__username=''), 'The value of cognito:username is missing.'),
            (line(cognito__username='two words'),
             'The value of cognito:username must have at most 128 characters, and no blanks.'),
            (line(cognito__username='n' * 129),
             'The value of cognito:username must have at most 128 characters, and no blanks.'),
            (line(email_verified=''), NO_FLAG),
            (line(email_verified='FALSE'), NO_FLAG),
            (line(email=''), NO_FLAG),
            (line(email_verified='yes'), 'The value of email_verified must be TRUE or FALSE.'),
            (line(email='no address'), 'Invalid email address format.'),
            (line(phone_number='0123'), 'Invalid phone number format.'),
            (line(birthdate='2020-02-29'), 'The value of birthdate must be of the form mm/dd/yyyy.'),
            (line(birthdate='02/30/2020'), 'Attributes did not conform to the schema: birthdate: '
                                           'Value must be a date of the form YYYY-MM-DD.'),
            (line(updated_at='yesterday'), 'The value of updated_at must be a number of seconds.'),
            (line(custom__level='high'), 'Attributes did not conform to the schema: custom:level: '
                                         'Value must be a number in the range.'),
            (line(name=''), 'Attributes did not conform to the schema: '
                            'name.formatted: The attribute name.formatted is required'),
            (line(cognito__mfa_enabled='TRUE'),
             'The value of cognito:mfa_enabled does not agree with the MFA configuration of the user '
             'pool.'),
            (line(cognito__mfa_enabled='perhaps'),
             'The value of cognito:mfa_enabled must be TRUE or FALSE.'),
            (line(password_hash='$2b$04$x'),
             'The User Record has a password_hash, but the import job has no password hashing '
             'algorithm.'),
            (line() + b',more', f'The line has {len(header) + 1} fields, the header has {len(header)}.'),
            (line().replace(b'X', b'\xff'), 'The line is not UTF-8, or longer than 16000 characters.'),
            (line(address='a' * 17000), 'The line is not UTF-8, or longer than 16000 characters.'),
            (line(address='a' * 70000), 'The line is not UTF-8, or longer than 16000 characters.'),
            (line(nickname='n' * 2049),
             'Attributes did not conform to the schema: nickname: String must be shorter.'),
        ]
        body = b'\n'.join([','.join(header).encode(), *(text for text, _ in cases)])
        job = self.run_import(pool, body)
        self.assertEqual(('Failed', TOO_MANY, (0, 0, len(cases))),
                         (job['Status'], job['CompletionMessage'], counts(job)))
        self.assertEqual([f'[FAILED] Line Number {i} - {why}' for i, (_, why) in enumerate(cases, 2)],
                         self.texts(job))
        self.assertEqual([], self.api.ListUsers(UserPoolId=pool)['Users'])

    def test_whoever_exists_is_skipped(self):
        known = self.new_user(self.pool)
        name = self.new_name()
        job = self.import_people(self.pool, person(known), person(name), person(name))
        self.assertEqual(('Succeeded', (1, 2, 0)), (job['Status'], counts(job)))
        self.assertEqual(['[SKIPPED] Line Number 2 - The user already exists.',
                          '[SUCCEEDED] Line Number 3 - The import succeeded.',
                          '[SKIPPED] Line Number 4 - The user already exists.'], self.texts(job))
        again = self.import_people(self.pool, person(name))
        self.assertEqual(('Failed', TOO_MANY, (0, 1, 0)),
                         (again['Status'], again['CompletionMessage'], counts(again)))

    def test_lines_may_end_as_on_windows_be_empty_and_lack_the_last_end(self):
        header = self.header(self.pool)
        names = [self.new_name() for _ in range(2)]
        body = csv_file(header, [person(names[0])], '\r\n') + b'\r\n \r\n' + csv_file(
            header, [person(names[1])]).split(b'\n')[1]
        job = self.run_import(self.pool, body)
        self.assertEqual(('Succeeded', (2, 0, 0)), (job['Status'], counts(job)))
        self.assertEqual([2, 5], [int(re.search(r'Number (\d+)', t).group(1)) for t in self.texts(job)])

    def test_columns_may_stand_in_any_order(self):
        header = ['cognito:username', *[c for c in reversed(self.header(self.pool))
                                        if c not in ('cognito:username', 'password_hash')]]
        name = self.new_name()
        job = self.run_import(self.pool, csv_file(header, [person(name, nickname='Nick')]))
        self.assertEqual((1, 0, 0), counts(job))
        user = self.api.AdminGetUser(UserPoolId=self.pool, Username=name)
        self.assertEqual('Nick', attributes(user)['nickname'])

    def test_a_wrong_header_fails_the_job(self):
        header = self.header(self.pool)
        good = csv_file(header, [person(self.new_name())])
        no_hash = csv_file([c for c in header if c != 'password_hash'], [])
        for body, algorithm, why in [
                (b'', None, 'The file is empty.'),
                (good.replace(b'nickname,', b'', 1), None,
                 'The header of the file lacks the column nickname.'),
                (good.replace(b'nickname', b'nick', 1), None,
                 'The header of the file lacks the column nickname.'),
                (good.replace(b'nickname', b'name', 1), None,
                 'The header of the file has the column name more than once.'),
                (b'more,' + good, None,
                 'Column 1 of the header is no attribute of the user pool.'),
                (b'\xef\xbb\xbf' + good, None,
                 'The file begins with a byte order mark; it must be UTF-8 without one.'),
                (b'\xff' + good, None, 'The header of the file is not UTF-8, or too long.'),
                (b',' * 300, None, 'The header of the file has too many columns.'),
                (no_hash, 'SCRYPT', 'The header of the file lacks the column password_hash.')]:
            with self.subTest(why):
                more = {'PasswordHashingAlgorithm': algorithm} if algorithm else {}
                job = self.run_import(self.pool, body, **more)
                self.assertEqual(('Failed', why, (0, 0, 0)),
                                 (job['Status'], job['CompletionMessage'], counts(job)))

    def test_a_header_alone_is_no_failure(self):
        job = self.run_import(self.pool, csv_file(self.header(self.pool), []))
        self.assertEqual(('Succeeded', (0, 0, 0)), (job['Status'], counts(job)))

    # --- states ---

    def test_unknown_things_are_named(self):
        other = self.new_pool()
        job = self.job(self.pool)['JobId']
        for operation in ('DescribeUserImportJob', 'StartUserImportJob', 'StopUserImportJob'):
            self.refused('ResourceNotFoundException',
                         f'User pool {REGION}_AAAAAAAAA does not exist.', operation,
                         UserPoolId=f'{REGION}_AAAAAAAAA', JobId=job)
            self.refused('ResourceNotFoundException', f'User import job {job} does not exist.',
                         operation, UserPoolId=other, JobId=job)
        for operation, more in [('GetCSVHeader', {}), ('ListUserImportJobs', {'MaxResults': 1}),
                                ('CreateUserImportJob', {'JobName': 'x', 'CloudWatchLogsRoleArn': ROLE})]:
            self.refused('ResourceNotFoundException',
                         f'User pool {REGION}_AAAAAAAAA does not exist.', operation,
                         UserPoolId=f'{REGION}_AAAAAAAAA', **more)

    def test_a_job_cannot_be_started_without_what_it_needs(self):
        job = self.job(self.pool)['JobId']
        self.refused('PreconditionNotMetException', 'No file has been uploaded for the import job.',
                     'StartUserImportJob', UserPoolId=self.pool, JobId=job)
        plain = self.new_pool()
        other = self.uploaded(plain, b'x')
        self.refused('PreconditionNotMetException',
                     'The user pool does not have any auto verified attributes.',
                     'StartUserImportJob', UserPoolId=plain, JobId=other)
        self.refused('PreconditionNotMetException',
                     'The import job cannot be stopped. Current status is Created',
                     'StopUserImportJob', UserPoolId=self.pool, JobId=job)

    def test_a_job_runs_once(self):
        job = self.import_people(self.pool, person(self.new_name()))['JobId']
        self.refused('PreconditionNotMetException',
                     'The import job cannot be started. Current status is Succeeded',
                     'StartUserImportJob', UserPoolId=self.pool, JobId=job)
        self.refused('PreconditionNotMetException',
                     'The import job cannot be stopped. Current status is Succeeded',
                     'StopUserImportJob', UserPoolId=self.pool, JobId=job)

    def test_jobs_are_listed_newest_first_and_page_by_page(self):
        pool = self.new_pool()
        self.assertEqual([], self.api.ListUserImportJobs(UserPoolId=pool, MaxResults=10)['UserImportJobs'])
        made = [self.job(pool, f'job {i}')['JobId'] for i in range(7)]
        found, token = [], {}
        while True:
            page = self.boto.list_user_import_jobs(UserPoolId=pool, MaxResults=3, **token)
            self.assertLessEqual(len(page['UserImportJobs']), 3)
            found += page['UserImportJobs']
            if 'PaginationToken' not in page:
                break
            token = {'PaginationToken': page['PaginationToken']}
        self.assertEqual(sorted(made), sorted(j['JobId'] for j in found))
        dates = [j['CreationDate'] for j in found]
        self.assertEqual(sorted(dates, reverse=True), dates)
        self.invalid('Invalid pagination token.', 'ListUserImportJobs', UserPoolId=self.pool,
                     MaxResults=3, PaginationToken=token['PaginationToken'])
        for wrong, what in ((0, 'greater than or equal to 1'), (61, 'less than or equal to 60')):
            self.one_validation_error(
                f"Value '{wrong}' at 'maxResults' failed to satisfy constraint: Member must have "
                f'value {what}', 'ListUserImportJobs', UserPoolId=pool, MaxResults=wrong)

    def test_the_list_says_of_a_job_what_its_description_says(self):
        pool = self.new_pool(AutoVerifiedAttributes=['email'])
        ended = self.import_people(pool, person(self.new_name()), PasswordHashingAlgorithm='BCRYPT')
        self.assertLessEqual({'StartDate', 'CompletionDate', 'CompletionMessage'}, set(ended))
        listed, = self.api.ListUserImportJobs(UserPoolId=pool, MaxResults=1)['UserImportJobs']
        self.assertEqual(ended, listed)

    def test_a_pool_has_at_most_1000_jobs(self):
        pool = self.new_pool()
        for i in range(1000):
            self.job(pool, f'job {i}')
        self.refused('LimitExceededException', 'A user pool can have at most 1000 import jobs.',
                     'CreateUserImportJob', UserPoolId=pool, JobName='one more',
                     CloudWatchLogsRoleArn=ROLE)
        self.job(self.pool)

    def many(self, pool, count):
        names = [self.new_name('many') for _ in range(count)]
        return csv_file(self.header(pool), [person(name) for name in names])

    def test_a_running_job_is_alone_in_its_pool_and_can_be_stopped(self):
        pool = self.new_pool(AutoVerifiedAttributes=['email'])
        body = self.many(pool, 20000)
        first = self.uploaded(pool, body, PasswordHashingAlgorithm='BCRYPT')
        second = self.uploaded(pool, body)
        self.start(pool, first)
        self.refused('PreconditionNotMetException',
                     'There is already an active import job for the user pool.',
                     'StartUserImportJob', UserPoolId=pool, JobId=second)
        text = f'User import is in progress for the user pool {pool}.'
        self.refused('UserImportInProgressException', text, 'UpdateUserPool', UserPoolId=pool)
        self.refused('UserImportInProgressException', text, 'DeleteUserPool', UserPoolId=pool)
        self.refused('UserImportInProgressException', text, 'AddCustomAttributes', UserPoolId=pool,
                     CustomAttributes=[{'Name': 'x', 'AttributeDataType': 'String'}])
        deadline = time.monotonic() + 60
        while self.describe(pool, first)['ImportedUsers'] == 0:  # progress shows while it runs
            self.assertLess(time.monotonic(), deadline)
        stopping = self.api.StopUserImportJob(UserPoolId=pool, JobId=first)['UserImportJob']
        self.assertEqual(('Stopping', 'BCRYPT'),
                         (stopping['Status'], stopping['PasswordHashingAlgorithm']))
        stopped = self.wait(pool, first)
        self.assertEqual(('Stopped', 'The Import Job was stopped by the developer.'),
                         (stopped['Status'], stopped['CompletionMessage']))
        self.assertIn('CompletionDate', stopped)
        self.assertGreater(20000, stopped['ImportedUsers'])
        users = self.api.DescribeUserPool(UserPoolId=pool)['UserPool']['EstimatedNumberOfUsers']
        self.assertEqual(users, stopped['ImportedUsers'])
        self.refused('PreconditionNotMetException',
                     'The import job cannot be started. Current status is Stopped',
                     'StartUserImportJob', UserPoolId=pool, JobId=first)
        self.start(pool, second)  # those who came in before are skipped
        self.api.StopUserImportJob(UserPoolId=pool, JobId=second)
        self.assertEqual('Stopped', self.wait(pool, second)['Status'])
        self.api.DeleteUserPool(UserPoolId=pool)

    def test_of_two_starts_at_once_one_wins(self):
        pool = self.new_pool(AutoVerifiedAttributes=['email'])
        jobs = [self.uploaded(pool, self.many(pool, 4000)) for _ in range(4)]  # none is over before all were asked
        results = []

        def start(job):
            reply = self.api.send('StartUserImportJob',
                                  f'{{"UserPoolId": "{pool}", "JobId": "{job}"}}'.encode())
            results.append(reply.status)
        threads = [threading.Thread(target=start, args=(job,)) for job in jobs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual([200, 400, 400, 400], sorted(results))
        for job in jobs:
            self.wait(pool, job)

    def test_requests_are_answered_while_users_come_in(self):
        pool = self.new_pool(AutoVerifiedAttributes=['email'])
        job = self.uploaded(pool, self.many(pool, 5000))
        name = self.new_user(self.pool)
        self.start(pool, job)
        slowest = 0
        while self.describe(pool, job)['Status'] in ('Pending', 'InProgress'):
            start = time.monotonic()
            self.tokens(self.client, name)
            self.api.AdminUpdateUserAttributes(UserPoolId=self.pool, Username=name, UserAttributes=[
                {'Name': 'nickname', 'Value': 'Nick'}])
            slowest = max(slowest, time.monotonic() - start)
        self.assertEqual('Succeeded', self.describe(pool, job)['Status'])
        self.assertLess(slowest, 5)

    # --- kinds of pools ---

    def test_pools_that_sign_in_by_address_take_it_as_the_name(self):
        pool = self.new_pool(UsernameAttributes=['email'], AutoVerifiedAttributes=['email'],
                             UsernameConfiguration={'CaseSensitive': False})
        job = self.import_people(
            pool, {'cognito__username': 'Ann@Example.com', 'email_verified': 'TRUE'},
            {'cognito__username': 'ann@example.com', 'email_verified': 'TRUE'},
            {'cognito__username': 'bob', 'email': 'bob@example.com', 'email_verified': 'TRUE'})
        self.assertEqual((1, 1, 1), counts(job))
        self.assertEqual(['[SKIPPED] Line Number 3 - The user already exists.',
                          '[FAILED] Line Number 4 - Username should be an email.'],
                         self.texts(job)[1:])
        user = self.api.AdminGetUser(UserPoolId=pool, Username='ann@example.com')
        self.assertRegex(user['Username'], UUID)

    def test_an_alias_belongs_to_one_user(self):
        pool = self.new_pool(AliasAttributes=['email', 'preferred_username'],
                             AutoVerifiedAttributes=['email'])
        job = self.import_people(
            pool, person('ann', preferred_username='queen'), person('bob', email='ann@example.com'),
            person('queen'), person('eve', preferred_username='ann'),
            person('dan', preferred_username='queen'), person('fay@example.com'))
        self.assertEqual((1, 1, 4), counts(job))
        self.assertEqual(
            ['[SUCCEEDED] Line Number 2 - The import succeeded.',
             '[FAILED] Line Number 3 - An account with the email already exists.',
             '[SKIPPED] Line Number 4 - The user already exists.',
             '[FAILED] Line Number 5 - An account with the preferred_username already exists.',
             '[FAILED] Line Number 6 - An account with the preferred_username already exists.',
             '[FAILED] Line Number 7 - Username cannot be of email format, since user pool is '
             'configured for email alias.'], self.texts(job))

    def test_where_a_code_signs_in_nobody_needs_a_password(self):
        pool = self.new_pool(AutoVerifiedAttributes=['email'], Policies={
            'SignInPolicy': {'AllowedFirstAuthFactors': ['PASSWORD', 'EMAIL_OTP']}})
        self.assertEqual((1, 0, 0), counts(self.import_people(pool, person('ann'))))
        user = self.api.AdminGetUser(UserPoolId=pool, Username='ann')
        self.assertEqual('CONFIRMED', user['UserStatus'])
        client = self.new_client(pool, ExplicitAuthFlows=['ALLOW_USER_AUTH'])
        asked = self.api.InitiateAuth(ClientId=client, AuthFlow='USER_AUTH', AuthParameters={
            'USERNAME': 'ann', 'PREFERRED_CHALLENGE': 'EMAIL_OTP'})
        answered = self.api.RespondToAuthChallenge(
            ClientId=client, ChallengeName='EMAIL_OTP', Session=asked['Session'],
            ChallengeResponses={'USERNAME': 'ann', 'EMAIL_OTP_CODE': self.server.code('ann')})
        self.assertIn('AccessToken', answered['AuthenticationResult'])

    def test_the_flag_of_mfa_agrees_with_the_pool(self):
        required = self.new_pool(AutoVerifiedAttributes=['phone_number'], MfaConfiguration='ON', **SMS)
        phone = {'phone_number': '+491234567', 'phone_number_verified': 'TRUE', 'email_verified': ''}
        job = self.import_people(
            required, person('ann', cognito__mfa_enabled='true', **phone),
            person('bob', cognito__mfa_enabled='FALSE', **phone),
            person('eve', **{**phone, 'phone_number': '+491234568'}))
        self.assertEqual((2, 0, 1), counts(job))
        ann = self.api.AdminGetUser(UserPoolId=required, Username='ann')
        self.assertEqual(['SMS_MFA'], ann['UserMFASettingList'])
        optional = self.new_pool(AutoVerifiedAttributes=['email'], MfaConfiguration='OPTIONAL', **SMS)
        job = self.import_people(optional, person('ann', cognito__mfa_enabled='TRUE'),
                                 person('bob', cognito__mfa_enabled='FALSE'))
        self.assertEqual((1, 0, 1), counts(job))
        self.assertEqual('[FAILED] Line Number 2 - The User Record enables MFA without a phone_number.',
                         self.texts(job)[0])

    # --- the upload ---

    def refused_upload(self, url, status, code, body=b'x', headers=None):
        got, text = put(url, body, headers)
        self.assertEqual(status, got, text)
        self.assertIn(f'<Code>{code}</Code>', text)

    def test_the_address_is_good_as_it_is_and_no_other_way(self):
        job = self.job(self.pool)
        url = job['PreSignedUrl']
        other = self.job(self.pool)
        wrong = 'SignatureDoesNotMatch'
        self.refused_upload(url, 403, wrong, headers={})
        self.refused_upload(url, 403, wrong, headers={'x-amz-server-side-encryption': 'AES256'})
        self.refused_upload(url.replace(job['JobId'], other['JobId']), 403, wrong)
        self.refused_upload(url.replace(job['JobId'], 'import-unknown'), 403, wrong)
        self.refused_upload(url.replace(self.pool, f'{REGION}_AAAAAAAAA'), 403, wrong)
        self.refused_upload(url.replace('Expires=900', 'Expires=901'), 403, wrong)
        self.refused_upload(url[:-1] + ('0' if url[-1] != '0' else '1'), 403, wrong)
        self.refused_upload(url[:-1], 403, wrong)
        self.refused_upload(url + '&x=y', 403, wrong)
        self.refused_upload(url.split('?')[0], 403, wrong)
        self.assertEqual((200, ''), put(url, b'x'))
        self.assertEqual((200, ''), put(url, b'another one replaces it'))

    def test_a_job_that_was_started_takes_no_file(self):
        job = self.job(self.pool)
        put(job['PreSignedUrl'], csv_file(self.header(self.pool), [person(self.new_name())]))
        self.start(self.pool, job['JobId'])
        self.wait(self.pool, job['JobId'])
        self.refused_upload(job['PreSignedUrl'], 403, 'AccessDenied')

    def test_a_file_of_many_pieces_arrives_whole_also_in_chunks(self):
        header = self.header(self.pool)
        names = [self.new_name('piece') for _ in range(2500)]
        body = csv_file(header, [person(n, address='ä' * 200) for n in names])
        self.assertGreater(len(body), 4 * 256 * 1024)
        job = self.job(self.pool)
        chunks = (body[i:i + 10007] for i in range(0, len(body), 10007))
        self.assertEqual((200, ''), put(job['PreSignedUrl'], chunks))
        self.start(self.pool, job['JobId'])
        self.assertEqual((2500, 0, 0), counts(self.wait(self.pool, job['JobId'])))
        for name in (names[0], names[1200], names[-1]):
            user = self.api.AdminGetUser(UserPoolId=self.pool, Username=name)
            self.assertEqual('ä' * 200, attributes(user)['address'])

    def test_a_file_that_is_too_large_is_refused_before_it_is_sent(self):
        job = self.job(self.pool)
        self.refused_upload(job['PreSignedUrl'], 400, 'EntityTooLarge', b'', {
            **SSE, 'Content-Length': str(100 * 1024 * 1024 + 1), 'Expect': '100-continue'})

    def test_only_so_many_files_are_taken_at_the_same_time(self):
        jobs = [self.job(self.pool) for _ in range(17)]

        def begin(job):
            parts = urllib.parse.urlsplit(job['PreSignedUrl'])
            connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)
            self.addCleanup(connection.close)
            connection.putrequest('PUT', f'{parts.path}?{parts.query}')
            for name, value in {**SSE, 'Content-Length': '3', 'Expect': '100-continue'}.items():
                connection.putheader(name, value)
            connection.endheaders()
            self.assertIn(b'100', connection.sock.recv(100))  # it was let in
            return connection
        under_way = [begin(job) for job in jobs[:16]]
        self.refused_upload(jobs[16]['PreSignedUrl'], 503, 'SlowDown')
        self.refused_upload(jobs[16]['PreSignedUrl'][:-1], 403, 'SignatureDoesNotMatch')
        under_way[0].send(b'x,y')
        self.assertEqual(200, under_way[0].getresponse().status)
        deadline = time.monotonic() + 30  # its place is free when its reply has been written
        while (got := put(jobs[16]['PreSignedUrl'], b'x'))[0] == 503:
            self.assertLess(time.monotonic(), deadline)
        self.assertEqual((200, ''), got)

    def test_browsers_may_upload(self):
        url = self.job(self.pool)['PreSignedUrl']
        reply = self.server.get(url[len(self.server.url):], 'OPTIONS', {
            'Origin': 'https://console.example', 'Access-Control-Request-Method': 'PUT',
            'Access-Control-Request-Headers': 'x-amz-server-side-encryption'})
        self.assertEqual(200, reply.status)
        self.assertIn('x-amz-server-side-encryption',
                      reply.headers['access-control-allow-headers'].lower())

    def test_what_happens_shows_in_the_metrics(self):
        def counts():
            return [self.metric(f'import_{what}_total') for what in ('imported', 'skipped', 'failed')]
        before = counts()
        name = self.new_name()
        self.import_people(self.pool, person(name), person(name), person(''))
        self.assertEqual([1, 1, 1], [b - a for a, b in zip(before, counts())])
        self.assertEqual(0, self.metric('import_jobs_active'))

    def test_the_lines_can_be_read_while_developing(self):
        job = self.import_people(self.pool, person(self.new_name()), person(''), person('a b'))
        reply = self.server.get(f'/_poolhouse/imports/{self.pool}/{job["JobId"]}')
        self.assertEqual(200, reply.status)
        self.assertEqual([
            f'/aws/cognito/userpools/{self.pool}/tests {job["JobId"]}/import Succeeded: 1 imported, '
            '0 skipped, 2 failed. Import Job Completed Successfully.',
            '[FAILED] Line Number 3 - The value of cognito:username is missing.',
            '[FAILED] Line Number 4 - The value of cognito:username must have at most 128 characters, '
            'and no blanks.'], reply.body.decode().splitlines())
        rest = self.server.get(f'/_poolhouse/imports/{self.pool}/{job["JobId"]}?after=3')
        self.assertEqual(2, len(rest.body.decode().splitlines()))
        for path in (f'{self.pool}/import-unknown', f'{REGION}_AAAAAAAAA/{job["JobId"]}', self.pool):
            self.assertEqual(404, self.server.get(f'/_poolhouse/imports/{path}').status)


class Serve(Imports, PoolhouseTest):
    """The same with real signatures: what is signed there, and that the address needs none."""
    server_args = ('--log-format', 'json')
    server_options = serve_options()

    @classmethod
    def prepare(cls):
        cls.key = create_key(cls.server, 'admin', {'Version': '2012-10-17', 'Statement': [
            {'Effect': 'Allow', 'Action': 'cognito-idp:*', 'Resource': '*'}]})
        cls.api.credentials = cls.key

    def test_an_import_from_end_to_end(self):
        pool = self.new_pool(AutoVerifiedAttributes=['email'])
        boto = boto3_client(self.server.url, self.key)
        job = boto.create_user_import_job(UserPoolId=pool, JobName='x',
                                          CloudWatchLogsRoleArn=ROLE)['UserImportJob']
        self.assertEqual((200, ''), put(job['PreSignedUrl'],
                                        csv_file(self.header(pool), [person('ann'), person('')])))
        boto.start_user_import_job(UserPoolId=pool, JobId=job['JobId'])
        self.assertEqual((1, 0, 1), counts(self.wait(pool, job['JobId'])))
        self.assertEqual(['[FAILED] Line Number 3 - The value of cognito:username is missing.'],
                         self.texts(job))
        self.assertEqual(404, self.server.get(f'/_poolhouse/imports/{pool}/{job["JobId"]}').status)


if __name__ == '__main__':
    unittest.main()
