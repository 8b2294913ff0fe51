"""`poolhouse leave users`: people of the real service, kept with their ids, states and dates."""
import json
import subprocess
import time
import unittest
import uuid

from leaving import LeavingTest, as_cli
from poolhouse import PASSWORD, UUID, attribute_list, attributes, binary

DATES = ('UserCreateDate', 'UserLastModifiedDate')


class LeavingUsers(LeavingTest):
    @classmethod
    def prepare(cls):
        cls.pool = cls.real.CreateUserPool(
            PoolName='people', AliasAttributes=['email', 'preferred_username'],
            AutoVerifiedAttributes=['email'],
            Schema=[{'Name': 'tier', 'AttributeDataType': 'Number', 'Mutable': False}]
        )['UserPool']['Id']
        cls.real.CreateUserPoolClient(UserPoolId=cls.pool, ClientName='web')
        cls.real.CreateGroup(UserPoolId=cls.pool, GroupName='admins')
        cls.real.CreateIdentityProvider(
            UserPoolId=cls.pool, ProviderName='Corp', ProviderType='OIDC',
            AttributeMapping={'email': 'email'}, ProviderDetails={
                'client_id': 'c', 'client_secret': 's', 'attributes_request_method': 'GET',
                'oidc_issuer': 'https://corp.example', 'authorize_scopes': 'openid email'})
        cls.add('ann', email='ann@x.example', email_verified='true', custom_tier='3')
        cls.add('Bob', phone_number='+4915112345678', name='Bob "the" Builder, ünïcode')
        cls.real.AdminDisableUser(UserPoolId=cls.pool, Username='Bob')
        cls.real.AdminCreateUser(UserPoolId=cls.pool, Username='carl', MessageAction='SUPPRESS')
        cls.add('dora', email='dora@x.example', email_verified='true')
        cls.real.AdminAddUserToGroup(UserPoolId=cls.pool, GroupName='admins', Username='dora')
        cls.real.AdminResetUserPassword(UserPoolId=cls.pool, Username='dora')
        cls.add('eve')
        cls.real.AdminLinkProviderForUser(
            UserPoolId=cls.pool,
            DestinationUser={'ProviderName': 'Cognito', 'ProviderAttributeValue': 'eve'},
            SourceUser={'ProviderName': 'Corp', 'ProviderAttributeName': 'Cognito_Subject',
                        'ProviderAttributeValue': '77'})
        cls.real.SetUserPoolMfaConfig(
            UserPoolId=cls.pool, MfaConfiguration='OPTIONAL',
            SmsMfaConfiguration={'SmsConfiguration': {
                'SnsCallerArn': 'arn:aws:iam::123456789012:role/sms', 'ExternalId': 'x'}})
        cls.leave('config', *cls.describe(cls.pool))
        cls.files = cls.pages(cls.pool, limit=2)
        cls.first = cls.users(*cls.files).stdout

    @classmethod
    def users(cls, *words, pool=None, check=True):
        return cls.leave('users', '--pool', pool or cls.pool, *words, check=check)

    def page(self, name):
        """What list-users prints of one user."""
        return as_cli(self.real.ListUsers(UserPoolId=self.pool, Filter=f'username = "{name}"'))

    def both(self, name, pool=None):
        found = [api.AdminGetUser(UserPoolId=pool or self.pool, Username=name)
                 for api in (self.real, self.api)]
        for reply in found:
            reply['UserAttributes'] = {a['Name']: a['Value'] for a in reply['UserAttributes']}
            for date in DATES:
                reply[date] = round(reply[date], 3)
        return found

    def test_users_are_as_they_were(self):
        for name in 'ann', 'Bob', 'carl', 'dora':
            with self.subTest(name):
                real, here = self.both(name)
                self.assertEqual(real, here)

    def test_they_are_counted_and_a_second_time_changes_nothing(self):
        self.assertEqual('5 users made, 0 updated, 0 were here, 0 refused\n'
                         '1 identities of other providers linked\n', self.first)
        self.assertEqual('0 users made, 0 updated, 5 were here, 0 refused\n',
                         self.users(*self.files).stdout)

    def test_names_and_aliases_find_them(self):
        for name in 'ann', 'ann@x.example':
            self.assertEqual('ann', self.api.AdminGetUser(UserPoolId=self.pool, Username=name)['Username'])

    def test_identities_are_linked(self):
        real, here = self.both('eve')
        identities = [json.loads(u['UserAttributes']['identities'])[0] for u in (real, here)]
        self.assertEqual(*[{k: i[k] for k in ('userId', 'providerName', 'providerType', 'primary')}
                           for i in identities])
        with self.assert_error('InvalidParameterException', 'SourceUser is already linked to DestinationUser'):
            self.api.AdminLinkProviderForUser(
                UserPoolId=self.pool,
                DestinationUser={'ProviderName': 'Cognito', 'ProviderAttributeValue': 'eve'},
                SourceUser={'ProviderName': 'Corp', 'ProviderAttributeName': 'Cognito_Subject',
                            'ProviderAttributeValue': '77'})

    def test_nobody_knows_their_passwords(self):
        client = self.api.ListUserPoolClients(UserPoolId=self.pool, MaxResults=1)['UserPoolClients'][0]
        self.api.UpdateUserPoolClient(UserPoolId=self.pool, ClientId=client['ClientId'],
                                      ExplicitAuthFlows=['ALLOW_USER_PASSWORD_AUTH'])
        with self.assert_error('NotAuthorizedException', 'Incorrect username or password.'):
            self.sign_in(client['ClientId'], 'ann')

    def test_members_of_a_group_join_it(self):
        page = self.real.ListUsersInGroup(UserPoolId=self.pool, GroupName='admins')
        told = self.users('--group', 'admins', self.file('members.json', as_cli(page))).stdout
        self.assertEqual('0 users made, 0 updated, 1 were here, 0 refused\n1 are in the group\n', told)
        users = self.api.ListUsersInGroup(UserPoolId=self.pool, GroupName='admins')['Users']
        self.assertEqual(['dora'], [u['Username'] for u in users])
        done = self.users('--group', 'nobody', self.file('m.json', as_cli(page)), check=False)
        self.assertEqual((1, True), (done.returncode, 'there is no such group' in done.stderr))

    def test_who_was_changed_there_while_he_waits_is_updated(self):
        self.add('fred', name='Fred')
        self.users(self.file('fred.json', self.page('fred')))
        self.real.AdminUpdateUserAttributes(UserPoolId=self.pool, Username='fred',
                                            UserAttributes=attribute_list(name='Frederic'))
        self.assertIn('1 updated', self.users(self.file('fred.json', self.page('fred'))).stdout)
        self.assertEqual(*self.both('fred'))
        self.api.AdminSetUserPassword(UserPoolId=self.pool, Username='fred', Password=PASSWORD,
                                      Permanent=True)
        self.real.AdminUpdateUserAttributes(UserPoolId=self.pool, Username='fred',
                                            UserAttributes=attribute_list(name='Fritz'))
        self.assertIn('0 updated', self.users(self.file('fred.json', self.page('fred'))).stdout)
        self.assertEqual('Frederic', self.both('fred')[1]['UserAttributes']['name'])

    def test_replies_of_admin_get_user_bring_second_factors(self):
        self.add('gina', phone_number='+4915112345679')
        self.real.AdminSetUserMFAPreference(UserPoolId=self.pool, Username='gina', SMSMfaSettings={
            'Enabled': True, 'PreferredMfa': True})
        reply = self.real.AdminGetUser(UserPoolId=self.pool, Username='gina')
        self.users(self.file('gina.json', as_cli(reply)))
        real, here = self.both('gina')
        self.assertEqual((['SMS_MFA'], 'SMS_MFA'), (real['UserMFASettingList'], real['PreferredMfaSetting']))
        self.assertEqual(real, here)

    def test_dates_may_be_numbers_as_the_first_version_of_the_cli_writes_them(self):
        self.add('hugo')
        page = self.real.ListUsers(UserPoolId=self.pool, Filter='username = "hugo"')
        self.users(self.file('hugo.json', page))
        real, here = self.both('hugo')
        for date in DATES:
            self.assertAlmostEqual(real[date], here[date], delta=0.002)

    def refused(self, text, *users, pool=None):
        done = self.users(self.file('refused.json', {'Users': list(users)}), check=False)
        self.assertEqual(1, done.returncode)
        self.assertIn(text, done.stdout + done.stderr)
        return done.stdout

    def test_what_is_no_user_is_refused_and_the_others_come(self):
        self.add('ines')
        ines = self.page('ines')['Users'][0]
        told = self.refused('refused.json: 1: The attribute sub is missing or no UUID.',
                            {'Username': 'x'}, ines,
                            {**ines, 'Attributes': [*ines['Attributes'],
                                                    {'Name': 'custom:unknown', 'Value': 'Secret'}]})
        self.assertIn('1 users made, 0 updated, 0 were here, 2 refused', told)
        self.assertNotIn('Secret', told)

    def test_another_user_of_the_same_name_stays_who_he_is(self):
        made = self.api.AdminCreateUser(UserPoolId=self.pool, Username='jane', MessageAction='SUPPRESS')
        self.add('jane')
        jane = self.page('jane')['Users'][0]
        self.refused('User already exists', jane)
        self.assertEqual(attributes(made['User'], 'Attributes')['sub'],
                         self.both('jane')[1]['UserAttributes']['sub'])

    def test_broken_files_are_refused_and_what_came_before_stays(self):
        self.add('karl')
        page = self.page('karl')
        done = self.users(self.file('cut.json', json.dumps(page)[:-2]), check=False)
        self.assertEqual(1, done.returncode)
        self.assertIn('the JSON is broken or incomplete', done.stderr)
        done = self.users(self.file('pool.json', {'UserPool': {}}), check=False)
        self.assertIn('this is not what list-users', done.stderr)
        done = self.users(self.file('pool.json', ''), pool='eu-central-1_nothing', check=False)
        self.assertIn('does not exist', done.stderr)
        self.assertEqual(2, self.leave('users', 'x.json', check=False).returncode)

    def test_a_run_that_is_killed_goes_on_when_it_is_begun_again(self):
        pool = self.real.CreateUserPool(PoolName='many')['UserPool']['Id']
        self.leave('config', *self.describe(pool))
        count = 2500
        path = self.file('many.json', {'Users': [
            {'Username': f'user{i}', 'Attributes': [{'Name': 'sub', 'Value': str(uuid.uuid4())}],
             'UserCreateDate': '2024-01-02T03:04:05.678000+01:00', 'Enabled': True,
             'UserStatus': 'CONFIRMED'} for i in range(count)]})
        command = [binary(), 'leave', 'users', '--pool', pool, path, '--data', self.server.data,
                   '--mode', 'serve']
        run = subprocess.Popen(command, env=self.server.environment(), cwd=self.server.directory,
                               stdout=subprocess.DEVNULL)
        rows = 'SELECT count(*) AS n FROM users WHERE pool_id = ?'
        while run.poll() is None and self.server.database.rows(rows, pool)[0]['n'] == 0:
            time.sleep(0.01)
        run.kill()
        run.wait()
        before = self.server.database.rows(rows, pool)[0]['n']
        self.assertGreater(before, 0)
        self.assertEqual(0, before % 100)
        self.assertEqual(f'{count - before} users made, 0 updated, {before} were here, 0 refused\n',
                         self.users(path, pool=pool).stdout)
        self.assertEqual(count, self.server.database.rows(rows, pool)[0]['n'])

    def csv(self, *lines, sub=False):
        header = self.api.GetCSVHeader(UserPoolId=self.pool)['CSVHeader']
        header = [h for h in header if h != 'password_hash'] + (['sub'] if sub else [])
        rows = [','.join(header)] + [','.join(line.get(h, '') for h in header) for line in lines]
        return self.file('users.csv', '\n'.join(rows) + '\n')

    def test_users_come_from_csv_files(self):
        line = {'cognito:username': 'lisa', 'email': 'lisa@x.example', 'email_verified': 'TRUE',
                'phone_number_verified': 'FALSE', 'cognito:mfa_enabled': 'FALSE', 'custom:tier': '5'}
        told = self.users(self.csv(line)).stdout
        self.assertIn('1 users made', told)
        self.assertIn('note: 1 users have a new sub, because the file has none', told)
        user = self.api.AdminGetUser(UserPoolId=self.pool, Username='lisa')
        self.assertEqual(('CONFIRMED', '5'), (user['UserStatus'], attributes(user)['custom:tier']))
        self.assertRegex(attributes(user)['sub'], UUID)
        self.assertIn('1 were here', self.users(self.csv(line)).stdout)

    def test_a_column_of_a_csv_file_may_keep_the_sub(self):
        self.add('mona', email='mona@x.example', email_verified='true')
        sub = attributes(self.real.AdminGetUser(UserPoolId=self.pool, Username='mona'))['sub']
        line = {'cognito:username': 'mona', 'email': 'mona@x.example', 'email_verified': 'TRUE',
                'phone_number_verified': 'FALSE', 'cognito:mfa_enabled': 'FALSE', 'sub': sub}
        self.assertNotIn('new sub', self.users(self.csv(line, sub=True)).stdout)
        self.assertEqual(sub, self.both('mona')[1]['UserAttributes']['sub'])


if __name__ == '__main__':
    unittest.main()
