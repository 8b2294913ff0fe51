"""What is deleted leaves nothing behind, in any table, also in those that come later.

Besides what the API makes, each table that names a pool, a user, a client or a group gets a row
written by hand: a new table that the deletion does not know fails here.
"""
import time
import unittest

from poolhouse import PoolhouseTest

SWEEP_SECONDS = 45  # the sweep comes every ten; a machine may be slow
# Values that keep a row until the test looks: a job whose file is there and that nobody has started.
FIXED = {'import_jobs.status': 0, 'import_jobs.upload': 'x'}
TO_DO = ('deleted_groups',)  # the sweep takes such a row away whenever it comes
# A user's rows of these are no others than what stands in his own row allows: only real ones.
REAL = ('user_aliases',)
# Rows that outlive what they name, by design.
KEPT = {
    'user': {},
    'client': {'auth_events': 'the history of the user, who is still there',
               'token_sessions': 'over; forgotten when the user signs in again, or when they expire'},
}


def some_value(name, type_):
    """No time that is over: the sweep would take the row away before the test looks."""
    if name.endswith('_ms'):
        return int(time.time() + 24 * 3600) * 1000
    return {'BIGINT': 1, 'BYTEA': b'x'}.get(type_, 'x')


class Cascades(PoolhouseTest):

    server_options = {'memory': False}

    def add_rows(self, **known):
        """A row in each table that has all the known columns; the names of the tables."""
        touched = []
        for table, columns in self.server.database.columns().items():
            if not set(known) <= set(columns) or 'pool_id' not in columns or table in TO_DO:
                continue
            values = {name: known.get(name, FIXED.get(f'{table}.{name}', some_value(name, type_)))
                      for name, (type_, given) in columns.items()
                      if given or name in known or f'{table}.{name}' in FIXED}
            touched.append(table)
            if table in REAL and 'sub' in known:
                continue
            self.server.database.change(
                f'INSERT INTO {table} ({", ".join(values)}) VALUES ({", ".join("?" * len(values))})'
                ' ON CONFLICT DO NOTHING', *values.values())
        return touched

    def rows(self, tables, **known):
        """{table: rows} of those that still have rows of these."""
        condition = ' AND '.join(f'{c} = ?' for c in known)
        counts = self.server.database.rows(
            ' UNION ALL '.join(f"SELECT '{t}' AS name, COUNT(*) AS n FROM {t} WHERE {condition}" for t in tables),
            *list(known.values()) * len(tables))
        return {row['name']: row['n'] for row in counts if row['n']}

    def assert_gone(self, tables, **known):
        deadline = time.monotonic() + SWEEP_SECONDS
        while self.rows(tables, **known) and time.monotonic() < deadline:
            time.sleep(0.5)
        self.assertEqual({}, self.rows(tables, **known))

    def full_pool(self):
        """(pool, client, user): a pool with something of everything that a pool can have."""
        pool = self.new_pool(UserPoolTier='PLUS', UserPoolAddOns={'AdvancedSecurityMode': 'AUDIT'},
                             AutoVerifiedAttributes=['email'], AliasAttributes=['email'],
                             DeviceConfiguration={'ChallengeRequiredOnNewDevice': False})
        self.api.SetUserPoolMfaConfig(UserPoolId=pool, MfaConfiguration='OPTIONAL',
                                      SoftwareTokenMfaConfiguration={'Enabled': True})
        client = self.new_client(pool)
        user = self.new_user(pool, email='ann@example.com', email_verified='true')
        tokens = self.tokens(client, user)
        self.api.AssociateSoftwareToken(AccessToken=tokens['AccessToken'])
        self.api.GetUserAttributeVerificationCode(AccessToken=tokens['AccessToken'],
                                                  AttributeName='email')
        self.api.RevokeToken(Token=tokens['RefreshToken'], ClientId=client)
        with self.assertRaises(Exception):
            self.sign_in(client, user, 'Wr0ng-password!')
        self.api.CreateGroup(UserPoolId=pool, GroupName='staff')
        self.api.AdminAddUserToGroup(UserPoolId=pool, Username=user, GroupName='staff')
        self.api.CreateResourceServer(UserPoolId=pool, Identifier='https://api', Name='api')
        self.api.CreateIdentityProvider(
            UserPoolId=pool, ProviderName='Google', ProviderType='Google', IdpIdentifiers=['g'],
            ProviderDetails={'client_id': 'a', 'client_secret': 'b', 'authorize_scopes': 'email'})
        for one in ({}, {'ClientId': client}):
            self.api.SetRiskConfiguration(UserPoolId=pool, **one, RiskExceptionConfiguration={
                'BlockedIPRangeList': ['10.0.0.0/8']})
        self.api.SetLogDeliveryConfiguration(UserPoolId=pool, LogConfigurations=[])
        return pool, client, user

    def test_nothing_is_left_of_a_deleted_pool(self):
        pool, client, user = self.full_pool()
        sub = self.api.AdminGetUser(UserPoolId=pool, Username=user)['UserAttributes'][0]['Value']
        tables = self.add_rows(pool_id=pool)
        self.add_rows(pool_id=pool, sub=sub)
        self.add_rows(pool_id=pool, client_id=client)
        self.assertEqual(sorted(tables), sorted(self.rows(tables, pool_id=pool)))
        self.api.DeleteUserPool(UserPoolId=pool)
        self.assert_gone(tables, pool_id=pool)
        self.assert_gone(['pools', 'deleted_pools'], id=pool)
        self.assertEqual({}, self.rows(['clients'], id=client))

    def test_nothing_is_left_of_a_deleted_user(self):
        pool, client, _ = self.full_pool()
        for delete in (lambda name: self.api.AdminDeleteUser(UserPoolId=pool, Username=name),
                       lambda name: self.api.DeleteUser(
                           AccessToken=self.tokens(client, name)['AccessToken'])):
            name = self.new_user(pool, email=f'{self.new_name("gone-")}@example.com', email_verified='true')
            self.tokens(client, name)
            sub = self.api.AdminGetUser(UserPoolId=pool, Username=name)['UserAttributes'][0]['Value']
            tables = self.add_rows(pool_id=pool, sub=sub)
            self.assertEqual({'users': 1, 'user_aliases': 2},
                             self.rows(['users', 'user_aliases'], pool_id=pool, sub=sub))
            delete(name)
            self.assert_gone([t for t in tables if t not in KEPT['user']], pool_id=pool, sub=sub)
            self.assert_gone(['lockouts'], pool_id=pool, subject=sub.encode())

    def test_nothing_is_left_of_a_deleted_client(self):
        pool, client, _ = self.full_pool()
        tables = self.add_rows(pool_id=pool, client_id=client)
        self.assertIn('configurations', tables)
        self.api.DeleteUserPoolClient(UserPoolId=pool, ClientId=client)
        self.assert_gone([t for t in tables if t not in KEPT['client']],
                         pool_id=pool, client_id=client)
        self.assertEqual({}, self.rows(['clients'], id=client))

    def test_nothing_is_left_of_a_deleted_group(self):
        pool, _, _ = self.full_pool()
        group = self.server.database.rows('SELECT id FROM user_groups WHERE pool_id = ?', pool)[0]['id']
        tables = self.add_rows(pool_id=pool, group_id=group)
        self.assertEqual({'group_members': 2}, self.rows(tables, pool_id=pool, group_id=group))
        self.api.DeleteGroup(UserPoolId=pool, GroupName='staff')
        self.assert_gone(tables, pool_id=pool, group_id=group)
        self.assert_gone(['user_groups', 'deleted_groups'], pool_id=pool, id=group)

    def test_nothing_is_left_of_a_deleted_part(self):
        pool, _, _ = self.full_pool()
        domain = self.new_name('cascade-')
        self.api.CreateUserPoolDomain(UserPoolId=pool, Domain=domain)
        self.api.DeleteUserPoolDomain(UserPoolId=pool, Domain=domain)
        self.api.DeleteResourceServer(UserPoolId=pool, Identifier='https://api')
        self.api.DeleteIdentityProvider(UserPoolId=pool, ProviderName='Google')
        self.assertEqual({}, self.rows(['pool_parts', 'part_claims'], pool_id=pool))


if __name__ == '__main__':
    unittest.main()
