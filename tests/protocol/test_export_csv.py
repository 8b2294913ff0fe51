"""`poolhouse export --csv`: the users of a pool as a file that an import job takes."""
import os
import subprocess
import unittest

from imports import Imports
from poolhouse import PoolhouseTest, binary, claims

POOL = {'AutoVerifiedAttributes': ['email'],
        'Schema': [{'Name': 'team', 'AttributeDataType': 'String', 'Mutable': True}]}
PEOPLE = {
    'ann': {'name': 'Ann, the first', 'address': 'a\\b, c,d', 'birthdate': '1990-01-31',
            'updated_at': '1700000000', 'custom:team': 'Käfer, rot'},
    'ben': {'phone_number': '+15550100', 'phone_number_verified': 'false', 'locale': 'de_DE'},
}
NOT_WRITTEN = {'line': 'one\ntwo', 'blank': ' a', 'end': 'a\\', 'long': 'x' * 2000}


class ExportCsv(Imports, PoolhouseTest):
    server_options = {'memory': False}

    def export(self, pool, name='users.csv', status=0):
        path = os.path.join(self.server.directory, name)
        done = subprocess.run([binary(), 'export', path, '--csv', pool, '--data', self.server.data],
                              env=self.server.environment(), cwd=self.server.directory,
                              capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(status, done.returncode, done.stderr)
        return path, done

    def file_of(self, pool, name):
        path, done = self.export(pool, name)
        self.assertEqual(0o600, os.stat(path).st_mode & 0o777)
        with open(path, 'rb') as f:
            return f.read(), done

    def attributes(self, pool, name):
        user = self.api.AdminGetUser(UserPoolId=pool, Username=name)
        found = {a['Name']: a['Value'] for a in user['UserAttributes']}
        found.pop('sub')
        return user['UserStatus'], found

    def test_whom_it_names_an_import_brings_back(self):
        source, target = self.new_pool(**POOL), self.new_pool(**POOL)
        for name, values in PEOPLE.items():
            self.new_user(source, name, email=f'{name}@example.com', email_verified='true', **values)
        body, done = self.file_of(source, 'people.csv')
        self.assertIn(f'{len(PEOPLE)} users are in ', done.stdout)
        self.assertEqual(','.join(self.header(source)[:-1]), body.decode().splitlines()[0])
        self.assertEqual(len(PEOPLE), self.run_import(target, body)['ImportedUsers'])
        for name in PEOPLE:
            self.assertEqual(('RESET_REQUIRED', self.attributes(source, name)[1]),
                             self.attributes(target, name))

    def test_where_addresses_are_usernames_they_stand_for_them(self):
        members = {'UsernameAttributes': ['email'], 'AutoVerifiedAttributes': ['email']}
        source, target = self.new_pool(**members), self.new_pool(**members)
        self.new_user(source, 'ann@example.com', email='ann@example.com', email_verified='true')
        self.run_import(target, self.file_of(source, 'addresses.csv')[0])
        self.assertEqual('ann@example.com', self.attributes(target, 'ann@example.com')[1]['email'])

    def test_whoever_has_text_messages_as_second_factor_keeps_them(self):
        source = self.new_pool()
        sms = {'SmsAuthenticationMessage': 'It is {####}.', 'SmsConfiguration': {
            'SnsCallerArn': 'arn:aws:iam::000000000000:role/sms', 'ExternalId': 'x'}}
        self.api.SetUserPoolMfaConfig(UserPoolId=source, MfaConfiguration='OPTIONAL',
                                      SmsMfaConfiguration=sms)
        for name in ('with', 'without'):
            self.new_user(source, name, phone_number='+15550100', phone_number_verified='true')
        self.api.AdminSetUserMFAPreference(UserPoolId=source, Username='with',
                                           SMSMfaSettings={'Enabled': True})
        lines = self.file_of(source, 'factors.csv')[0].decode().splitlines()
        self.assertEqual({'TRUE,with', 'FALSE,without'}, {','.join(line.split(',')[-2:])
                                                          for line in lines[1:]})

    def test_whom_such_a_file_cannot_hold_is_named(self):
        pool = self.new_pool(**POOL)
        client = self.new_client(pool)
        subs = {}
        for name, value in NOT_WRITTEN.items():
            many = {key: value for key in ('nickname', *(
                ('name', 'profile', 'picture', 'website', 'address', 'given_name', 'family_name',
                 'middle_name') if name == 'long' else ()))}
            self.new_user(pool, name, **many)
            subs[name] = claims(self.tokens(client, name)['AccessToken'])[1]['sub']
        self.new_user(pool, 'kept')
        body, done = self.file_of(pool, 'named.csv')
        self.assertEqual(2, len(body.decode().splitlines()))
        self.assertIn(f'1 users are in {self.server.directory}/named.csv, 4 are not', done.stdout)
        for name, sub in subs.items():
            line, = [line for line in done.stderr.splitlines() if sub in line]
            self.assertIn('longer than 16,000' if name == 'long' else 'the value of nickname has', line)

    def test_all_of_many_are_there_once(self):
        pool = self.new_pool()
        names = [f'user{i:04}' for i in range(1201)]  # more than two pages
        for name in names:
            self.api.AdminCreateUser(UserPoolId=pool, Username=name, MessageAction='SUPPRESS')
        lines = self.file_of(pool, 'many.csv')[0].decode().splitlines()[1:]
        self.assertEqual(names, sorted(line.split(',')[-1] for line in lines))

    def test_nothing_is_overwritten_and_no_pool_is_made_up(self):
        pool = self.new_pool()
        path, _ = self.export(pool, 'once.csv')
        self.assertIn(f'cannot make {path}: File exists', self.export(pool, 'once.csv', 1)[1].stderr)
        self.assertIn('User pool eu-west-1_Nobody does not exist.',
                      self.export('eu-west-1_Nobody', 'nobody.csv', 1)[1].stderr)
        self.assertFalse(os.path.exists(os.path.join(self.server.directory, 'nobody.csv')))


if __name__ == '__main__':
    unittest.main()
