"""What is deleted leaves nothing behind, in any table, also in those that come later.

Besides what the API makes, each table that names a pool, a user, a client or a group gets a row
written by hand: a new table that the deletion does not know fails here.
"""
import contextlib
import sqlite3
import time
import unittest

from poolhouse import PoolhouseTest

SWEEP_SECONDS = 45  # the sweep comes every ten; a machine may be slow
# Rows that outlive what they name, by design.
KEPT = {
    'user': {},
    'client': {'auth_events': 'the history of the user, who is still there'},
}


class Cascades(PoolhouseTest):

    server_options = {'memory': False}

    @contextlib.contextmanager
    def database(self):
        connection = sqlite3.connect(self.server.database(), timeout=30)
        try:
            with connection:
                yield connection
        finally:
            connection.close()

    def columns(self):
        """{table: {column: (type, must be given)}} of every table."""
        with self.database() as db:
            names = [row[0] for row in db.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")]
            return {name: {c[1]: (c[2], c[3] and c[4] is None)
                           for c in db.execute(f'PRAGMA table_info({name})')} for name in names}

    def add_rows(self, **known):
        """A row in each table that has all the known columns; the names of the tables."""
        touched = []
        for table, columns in self.columns().items():
            if not set(known) <= set(columns) or 'pool_id' not in columns:
                continue
            values = {name: known.get(name, {'BIGINT': 1, 'BYTEA': b'x'}.get(type_, 'x'))
                      for name, (type_, given) in columns.items() if given or name in known}
            with self.database() as db:
                db.execute(f'INSERT OR IGNORE INTO {table} ({", ".join(values)}) '
                           f'VALUES ({", ".join("?" * len(values))})', list(values.values()))
            touched.append(table)
        return touched

    def rows(self, tables, **known):
        """{table: rows} of those that still have rows of these."""
        with self.database() as db:
            counts = {table: db.execute(
                f'SELECT COUNT(*) FROM {table} WHERE ' + ' AND '.join(f'{c} = ?' for c in known),
                list(known.values())).fetchone()[0] for table in tables}
        return {table: n for table, n in counts.items() if n}

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
        with self.database() as db:  # a job at work would keep the pool
            db.execute('UPDATE import_jobs SET status = 7')
        self.api.DeleteUserPool(UserPoolId=pool)
        self.assert_gone(tables, pool_id=pool)
        self.assert_gone(['pools', 'deleted_pools'], id=pool)
        self.assertEqual({}, self.rows(['clients'], id=client))

    def test_nothing_is_left_of_a_deleted_user(self):
        pool, client, _ = self.full_pool()
        for delete in (lambda name: self.api.AdminDeleteUser(UserPoolId=pool, Username=name),
                       lambda name: self.api.DeleteUser(
                           AccessToken=self.tokens(client, name)['AccessToken'])):
            name = self.new_user(pool)
            self.tokens(client, name)
            sub = self.api.AdminGetUser(UserPoolId=pool, Username=name)['UserAttributes'][0]['Value']
            tables = self.add_rows(pool_id=pool, sub=sub)
            self.assertIn('users', tables)
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
        with self.database() as db:
            (group,) = db.execute('SELECT id FROM user_groups WHERE pool_id = ?', (pool,)).fetchone()
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
