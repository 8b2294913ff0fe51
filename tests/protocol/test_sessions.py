"""Sessions of users: tracked when the pool says so, listed, limited, ended."""
import concurrent.futures
import time
import unittest

from poolhouse import ApiError, PoolhouseTest, claims

NOT_TRACKED = 'Session tracking is not enabled for the user pool.'
REVOKED = 'Access Token has been revoked'


class SessionTest(PoolhouseTest):
    server_options = {'clock': True}

    @classmethod
    def tracking_pool(cls, most=20, **members):
        pool = cls.new_pool(**members)
        cls.track(pool, most)
        return pool

    @classmethod
    def track(cls, pool, most=20, tracking='ENABLED'):
        return cls.api.SetUserPoolSessionConfiguration(
            UserPoolId=pool, UserSessionTracking=tracking, TokenSession={'MaxPerUser': most})

    @classmethod
    def prepare(cls):
        cls.pool = cls.tracking_pool()
        cls.client = cls.new_client(cls.pool)

    def sessions(self, pool, user):
        return self.api.AdminListUserSessions(UserPoolId=pool, Username=user)['Sessions']

    def own(self, token):
        return self.api.ListUserSessions(AccessToken=token)['Sessions']

    def refresh(self, client, tokens, headers=None):
        return self.api.call('InitiateAuth', {
            'ClientId': client, 'AuthFlow': 'REFRESH_TOKEN_AUTH',
            'AuthParameters': {'REFRESH_TOKEN': tokens['RefreshToken']}},
            headers=headers)['AuthenticationResult']

    def assert_over(self, client, tokens):
        """Neither its refresh token nor its access token is good for anything."""
        with self.assert_error('NotAuthorizedException', 'Refresh Token has been revoked'):
            self.refresh(client, tokens)
        with self.assert_error('NotAuthorizedException', REVOKED):
            self.api.GetUser(AccessToken=tokens['AccessToken'])


class Configuration(SessionTest):

    def test_a_pool_tracks_nothing_by_default(self):
        pool = self.new_pool()
        self.assertEqual({'UserPoolId': pool, 'UserSessionTracking': 'DISABLED',
                          'TokenSession': {'MaxPerUser': 20}},
                         self.api.GetUserPoolSessionConfiguration(UserPoolId=pool))

    def test_a_configuration_is_read_back(self):
        pool = self.new_pool()
        given = {'UserPoolId': pool, 'UserSessionTracking': 'ENABLED',
                 'TokenSession': {'MaxPerUser': 3}}
        self.assertEqual(given, self.api.SetUserPoolSessionConfiguration(**given))
        self.assertEqual(given, self.api.GetUserPoolSessionConfiguration(UserPoolId=pool))

    def test_it_stays_when_the_pool_is_updated_and_is_not_described_with_it(self):
        pool = self.tracking_pool(7)
        self.api.UpdateUserPool(UserPoolId=pool)
        got = self.api.GetUserPoolSessionConfiguration(UserPoolId=pool)
        self.assertEqual({'MaxPerUser': 7}, got['TokenSession'])
        self.assertNotIn('SessionConfiguration',
                         self.api.DescribeUserPool(UserPoolId=pool)['UserPool'])

    def test_a_client_reuses_sessions_for_an_hour_by_default(self):
        client = self.new_client(self.pool)
        self.assertEqual({'UserPoolId': self.pool, 'ClientId': client,
                          'SSOSession': {'MaxValidityMinutes': 60}},
                         self.api.GetUserPoolClientSessionConfiguration(
                             UserPoolId=self.pool, ClientId=client))

    def test_a_clients_configuration_is_read_back_and_stays(self):
        client = self.new_client(self.pool)
        for minutes in (0, 129600, 5):
            given = {'UserPoolId': self.pool, 'ClientId': client,
                     'SSOSession': {'MaxValidityMinutes': minutes}}
            self.assertEqual(given, self.api.SetUserPoolClientSessionConfiguration(**given))
        self.api.UpdateUserPoolClient(UserPoolId=self.pool, ClientId=client)
        self.assertEqual(given, self.api.GetUserPoolClientSessionConfiguration(
            UserPoolId=self.pool, ClientId=client))
        self.assertNotIn('SSOSession', self.api.DescribeUserPoolClient(
            UserPoolId=self.pool, ClientId=client)['UserPoolClient'])

    def test_a_clients_configuration_sleeps_while_nothing_is_tracked(self):
        pool = self.tracking_pool()
        client = self.new_client(pool)
        given = {'UserPoolId': pool, 'ClientId': client, 'SSOSession': {'MaxValidityMinutes': 9}}
        self.api.SetUserPoolClientSessionConfiguration(**given)
        self.track(pool, tracking='DISABLED')
        self.invalid(NOT_TRACKED, 'SetUserPoolClientSessionConfiguration', **given)
        self.track(pool)
        self.assertEqual(given, self.api.GetUserPoolClientSessionConfiguration(
            UserPoolId=pool, ClientId=client))

    def test_limits_of_the_numbers(self):
        for most, words in ((0, 'greater than or equal to 1'), (101, 'less than or equal to 100')):
            self.one_validation_error(
                f"Value '{most}' at 'tokenSession.maxPerUser' failed to satisfy constraint: Member "
                f'must have value {words}', 'SetUserPoolSessionConfiguration',
                UserPoolId=self.pool, UserSessionTracking='ENABLED',
                TokenSession={'MaxPerUser': most})
        for minutes, words in ((-1, 'greater than or equal to 0'),
                               (129601, 'less than or equal to 129600')):
            self.one_validation_error(
                f"Value '{minutes}' at 'sSOSession.maxValidityMinutes' failed to satisfy "
                f'constraint: Member must have value {words}',
                'SetUserPoolClientSessionConfiguration', UserPoolId=self.pool,
                ClientId=self.client, SSOSession={'MaxValidityMinutes': minutes})

    def test_every_member_is_required(self):
        self.one_validation_error(
            "Value null at 'tokenSession' failed to satisfy constraint: Member must not be null",
            'SetUserPoolSessionConfiguration', UserPoolId=self.pool, UserSessionTracking='ENABLED')
        self.one_validation_error(
            "Value null at 'userSessionTracking' failed to satisfy constraint: Member must not be "
            'null', 'SetUserPoolSessionConfiguration', UserPoolId=self.pool,
            TokenSession={'MaxPerUser': 1})

    def test_the_lowest_tier_has_none(self):
        text = ('The following feature is not available for the LITE pricing tier configured: '
                'Session Tracking')
        pool = self.new_pool(UserPoolTier='LITE')
        self.refused('FeatureUnavailableInTierException', text, 'SetUserPoolSessionConfiguration',
                     UserPoolId=pool, UserSessionTracking='DISABLED',
                     TokenSession={'MaxPerUser': 1})
        self.refused('FeatureUnavailableInTierException', text,
                     'SetUserPoolClientSessionConfiguration', UserPoolId=pool,
                     ClientId=self.new_client(pool), SSOSession={'MaxValidityMinutes': 1})

    def test_a_tracking_pool_does_not_leave_its_tier(self):
        pool = self.tracking_pool()
        self.refused('FeatureUnavailableInTierException',
                     'The following features need to be disabled for the LITE pricing tier '
                     'configured: Session Tracking', 'UpdateUserPool', UserPoolId=pool,
                     UserPoolTier='LITE')
        self.track(pool, tracking='DISABLED')
        self.api.UpdateUserPool(UserPoolId=pool, UserPoolTier='LITE')

    def test_unknown_owners_are_named(self):
        pool = {'UserPoolId': 'eu-west-1_nonsense'}
        for operation, more in (
                ('GetUserPoolSessionConfiguration', {}),
                ('SetUserPoolSessionConfiguration', {'UserSessionTracking': 'ENABLED',
                                                     'TokenSession': {'MaxPerUser': 1}}),
                ('GetUserPoolClientSessionConfiguration', {'ClientId': self.client}),
                ('SetUserPoolClientSessionConfiguration', {
                    'ClientId': self.client, 'SSOSession': {'MaxValidityMinutes': 1}})):
            with self.subTest(operation):
                self.refused('ResourceNotFoundException',
                             'User pool eu-west-1_nonsense does not exist.', operation, **pool,
                             **more)
        self.refused('ResourceNotFoundException', 'User pool client nonsense does not exist.',
                     'GetUserPoolClientSessionConfiguration', UserPoolId=self.pool,
                     ClientId='nonsense')

    def test_the_configuration_of_a_client_goes_with_it(self):
        client = self.new_client(self.pool)
        self.api.DeleteUserPoolClient(UserPoolId=self.pool, ClientId=client)
        self.refused('ResourceNotFoundException', f'User pool client {client} does not exist.',
                     'GetUserPoolClientSessionConfiguration', UserPoolId=self.pool, ClientId=client)


class Sessions(SessionTest):

    CHROME = {'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like '
                            'Gecko) Chrome/126.0.0.0 Safari/537.36'}
    FIREFOX = {'User-Agent': 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:127.0) Gecko/20100101 '
                             'Firefox/127.0'}

    def test_a_sign_in_is_a_session(self):
        name, before = self.new_user(self.pool), int(self.server.now() * 1000)
        tokens = self.api.call('InitiateAuth', {
            'ClientId': self.client, 'AuthFlow': 'USER_PASSWORD_AUTH',
            'AuthParameters': {'USERNAME': name, 'PASSWORD': 'Passw0rd!'}},
            headers=self.CHROME)['AuthenticationResult']
        session, = self.own(tokens['AccessToken'])
        self.assertRegex(session.pop('SessionId'), r'^tkn[0-9a-z]{25}$')
        created, active = session.pop('CreateDate'), session.pop('LastActiveDate')
        self.assertLessEqual(before / 1000, created)
        self.assertLessEqual(created, active)
        self.assertEqual({'SessionType': 'TOKEN', 'ClientId': self.client,
                          'DeviceType': 'Chrome 126, Linux', 'LastIPAddress': '127.0.0.1',
                          'LastLocation': {'Country': 'unknown'}, 'IsCurrentSession': True},
                         session)
        seen, = self.sessions(self.pool, name)
        self.assertFalse(seen['IsCurrentSession'])

    def test_a_refresh_is_activity(self):
        name = self.new_user(self.pool)
        tokens = self.tokens(self.client, name)
        before, = self.sessions(self.pool, name)
        self.server.advance(60)
        self.refresh(self.client, tokens, self.FIREFOX)
        deadline = time.monotonic() + 30
        while True:
            after, = self.sessions(self.pool, name)
            if after['LastActiveDate'] > before['LastActiveDate'] or time.monotonic() > deadline:
                break
            time.sleep(0.02)
        self.assertGreaterEqual(after['LastActiveDate'] - before['LastActiveDate'], 59)
        self.assertEqual('Firefox 127, Windows 10', after['DeviceType'])
        self.assertEqual(before['CreateDate'], after['CreateDate'])
        self.assertEqual(before['SessionId'], after['SessionId'])

    def test_an_address_that_is_vouched_for_counts(self):
        name = self.new_user(self.pool)
        self.api.AdminInitiateAuth(
            UserPoolId=self.pool, ClientId=self.client, AuthFlow='ADMIN_USER_PASSWORD_AUTH',
            AuthParameters={'USERNAME': name, 'PASSWORD': 'Passw0rd!'},
            ContextData={'IpAddress': '192.0.2.7', 'ServerName': 's', 'ServerPath': '/',
                         'HttpHeaders': []})
        self.assertEqual('192.0.2.7', self.sessions(self.pool, name)[0]['LastIPAddress'])

    def test_each_session_knows_its_client_and_the_newest_is_first(self):
        name, other = self.new_user(self.pool), self.new_client(self.pool)
        self.tokens(self.client, name)
        current = self.tokens(other, name)
        got = self.own(current['AccessToken'])
        self.assertEqual([(other, True), (self.client, False)],
                         [(s['ClientId'], s['IsCurrentSession']) for s in got])

    def test_a_revoked_session_ends_at_once(self):
        name = self.new_user(self.pool)
        lost, kept = self.tokens(self.client, name), self.tokens(self.client, name)
        ids = [s['SessionId'] for s in self.own(lost['AccessToken']) if s['IsCurrentSession']]
        self.assertEqual({}, self.api.RevokeUserSession(AccessToken=kept['AccessToken'],
                                                        SessionId=ids[0]))
        self.assert_over(self.client, lost)
        self.assertEqual([True], [s['IsCurrentSession'] for s in self.own(kept['AccessToken'])])
        self.refused('ResourceNotFoundException', 'Session does not exist.', 'RevokeUserSession',
                     AccessToken=kept['AccessToken'], SessionId=ids[0])

    def test_nobody_revokes_the_session_that_asks(self):
        tokens = self.tokens(self.client, self.new_user(self.pool))
        session, = self.own(tokens['AccessToken'])
        self.invalid('The current session cannot be revoked.', 'RevokeUserSession',
                     AccessToken=tokens['AccessToken'], SessionId=session['SessionId'],
                     RevokeAssociatedSessions='LINKED')
        self.assertEqual(1, len(self.own(tokens['AccessToken'])))

    def test_an_administrator_revokes_any(self):
        name = self.new_user(self.pool)
        tokens = self.tokens(self.client, name)
        session, = self.sessions(self.pool, name)
        self.assertEqual({}, self.api.AdminRevokeUserSession(
            UserPoolId=self.pool, Username=name, SessionId=session['SessionId'],
            RevokeAssociatedSessions='NONE'))
        self.assert_over(self.client, tokens)
        self.assertEqual([], self.sessions(self.pool, name))

    def test_nobody_revokes_the_sessions_of_others(self):
        mine, theirs = self.new_user(self.pool), self.new_user(self.pool)
        tokens = self.tokens(self.client, mine)
        other = self.tokens(self.client, theirs)
        session, = self.sessions(self.pool, theirs)
        self.refused('ResourceNotFoundException', 'Session does not exist.', 'RevokeUserSession',
                     AccessToken=tokens['AccessToken'], SessionId=session['SessionId'])
        self.refused('ResourceNotFoundException', 'Session does not exist.',
                     'AdminRevokeUserSession', UserPoolId=self.pool, Username=mine,
                     SessionId=session['SessionId'])
        self.refresh(self.client, other)

    def test_sessions_without_revocation_of_tokens_end_as_well(self):
        client, name = self.new_client(self.pool, EnableTokenRevocation=False), self.new_user(self.pool)
        tokens = self.tokens(client, name)
        self.api.AdminRevokeUserSession(UserPoolId=self.pool, Username=name,
                                        SessionId=self.sessions(self.pool, name)[0]['SessionId'])
        self.assert_over(client, tokens)

    def test_a_rotating_session_stays_one_and_ends(self):
        client = self.new_client(self.pool, ExplicitAuthFlows=['ALLOW_USER_PASSWORD_AUTH'],
                                 RefreshTokenRotation={'Feature': 'ENABLED',
                                                       'RetryGracePeriodSeconds': 0})
        name = self.new_user(self.pool)
        tokens = self.tokens(client, name)
        for _ in range(3):
            tokens = self.api.GetTokensFromRefreshToken(
                RefreshToken=tokens['RefreshToken'], ClientId=client)['AuthenticationResult']
        session, = self.sessions(self.pool, name)
        self.api.AdminRevokeUserSession(UserPoolId=self.pool, Username=name,
                                        SessionId=session['SessionId'])
        self.refused('NotAuthorizedException', 'Refresh Token has been revoked',
                     'GetTokensFromRefreshToken', RefreshToken=tokens['RefreshToken'],
                     ClientId=client)

    def test_whatever_ends_tokens_ends_the_session(self):
        def revoke_token(name, tokens):
            self.api.RevokeToken(Token=tokens['RefreshToken'], ClientId=self.client)

        def sign_out(name, tokens):
            self.api.GlobalSignOut(AccessToken=tokens['AccessToken'])

        def sign_out_by_admin(name, tokens):
            self.api.AdminUserGlobalSignOut(UserPoolId=self.pool, Username=name)

        def disable(name, tokens):
            self.api.AdminDisableUser(UserPoolId=self.pool, Username=name)
            self.api.AdminEnableUser(UserPoolId=self.pool, Username=name)

        def expire(name, tokens):
            self.server.advance(31 * 86400)

        for end in (revoke_token, sign_out, sign_out_by_admin, disable, expire):
            with self.subTest(end.__name__):
                name = self.new_user(self.pool)
                tokens = self.tokens(self.client, name)
                self.assertEqual(1, len(self.sessions(self.pool, name)))
                end(name, tokens)
                self.assertEqual([], self.sessions(self.pool, name))
                self.tokens(self.client, name)
                self.assertEqual(1, len(self.sessions(self.pool, name)))

    def test_sessions_of_a_deleted_client_are_gone(self):
        client, name = self.new_client(self.pool), self.new_user(self.pool)
        self.tokens(client, name)
        self.api.DeleteUserPoolClient(UserPoolId=self.pool, ClientId=client)
        self.assertEqual([], self.sessions(self.pool, name))

    def test_sessions_of_a_deleted_user_are_gone(self):
        name = self.new_user(self.pool)
        self.tokens(self.client, name)
        self.api.AdminDeleteUser(UserPoolId=self.pool, Username=name)
        self.new_user(self.pool, name)
        self.assertEqual([], self.sessions(self.pool, name))

    def test_a_failed_sign_in_is_none(self):
        name = self.new_user(self.pool)
        with self.assert_error('NotAuthorizedException', 'Incorrect username or password.'):
            self.tokens(self.client, name, 'wrong-Passw0rd')
        self.assertEqual([], self.sessions(self.pool, name))


class Limits(SessionTest):

    def test_the_least_recently_used_session_makes_room(self):
        pool = self.tracking_pool(3)
        client, name = self.new_client(pool), self.new_user(pool)
        tokens = []
        for _ in range(3):
            tokens.append(self.tokens(client, name))
            self.server.advance(2)
        self.refresh(client, tokens[0])
        self.wait_for_activity(pool, name, claims(tokens[0]['AccessToken'])[1])
        tokens.append(self.tokens(client, name))
        self.assert_over(client, tokens.pop(1))
        self.assertEqual(3, len(self.sessions(pool, name)))
        for good in tokens:
            self.refresh(client, good)

    def wait_for_activity(self, pool, name, claim):
        """The refresh that was just made is written with a later commit."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            newest = max(s['LastActiveDate'] for s in self.sessions(pool, name))
            oldest = min(s['CreateDate'] for s in self.sessions(pool, name))
            if newest - oldest > 5 and claim:
                return
            time.sleep(0.02)
        self.fail('a refresh left no trace in its session')

    def test_a_lower_limit_counts_from_the_next_sign_in(self):
        pool = self.tracking_pool(5)
        client, name = self.new_client(pool), self.new_user(pool)
        tokens = [self.tokens(client, name) for _ in range(5)]
        self.track(pool, 2)
        self.assertEqual(5, len(self.sessions(pool, name)))
        tokens.append(self.tokens(client, name))
        self.assertEqual(2, len(self.sessions(pool, name)))
        for over in tokens[:4]:
            self.assert_over(client, over)
        for good in tokens[4:]:
            self.refresh(client, good)

    def test_what_is_over_pushes_nothing_out(self):
        pool = self.tracking_pool(2)
        client, name = self.new_client(pool), self.new_user(pool)
        gone = self.new_client(pool)
        kept = self.tokens(client, name)
        self.tokens(gone, name)
        self.api.DeleteUserPoolClient(UserPoolId=pool, ClientId=gone)
        self.tokens(client, name)
        self.refresh(client, kept)

    def test_other_users_keep_theirs(self):
        pool = self.tracking_pool(1)
        client, mine, theirs = self.new_client(pool), self.new_user(pool), self.new_user(pool)
        tokens = self.tokens(client, mine)
        self.tokens(client, theirs)
        self.refresh(client, tokens)

    def test_many_sign_ins_at_once_keep_to_the_limit(self):
        pool = self.tracking_pool(3)
        client, name = self.new_client(pool), self.new_user(pool)
        with concurrent.futures.ThreadPoolExecutor(12) as threads:
            tokens = list(threads.map(lambda _: self.tokens(client, name), range(12)))
        self.assertEqual(3, len(self.sessions(pool, name)))
        good = 0
        for one in tokens:
            try:
                self.refresh(client, one)
                good += 1
            except ApiError as e:
                self.assertEqual('Refresh Token has been revoked', e.text)
        self.assertEqual(3, good)

    def test_a_hundred_are_on_one_page(self):
        pool = self.tracking_pool(100)
        client, name = self.new_client(pool), self.new_user(pool)
        with concurrent.futures.ThreadPoolExecutor(8) as threads:
            list(threads.map(lambda _: self.tokens(client, name), range(101)))
        reply = self.api.AdminListUserSessions(UserPoolId=pool, Username=name)
        self.assertEqual(100, len({s['SessionId'] for s in reply['Sessions']}))
        self.assertNotIn('NextToken', reply)


class Errors(SessionTest):

    def test_untracked_pools_have_no_sessions(self):
        pool = self.new_pool()
        client, name = self.new_client(pool), self.new_user(pool)
        tokens = self.tokens(client, name)
        for operation, members in (
                ('ListUserSessions', {'AccessToken': tokens['AccessToken']}),
                ('RevokeUserSession', {'AccessToken': tokens['AccessToken'], 'SessionId': 'x'}),
                ('AdminListUserSessions', {'UserPoolId': pool, 'Username': name}),
                ('AdminRevokeUserSession', {'UserPoolId': pool, 'Username': name,
                                            'SessionId': 'x'})):
            with self.subTest(operation):
                self.invalid(NOT_TRACKED, operation, **members)

    def test_sign_ins_from_before_are_no_sessions(self):
        pool = self.new_pool()
        client, name = self.new_client(pool), self.new_user(pool)
        tokens = self.tokens(client, name)
        self.track(pool)
        self.refresh(client, tokens)
        self.assertEqual([], self.sessions(pool, name))

    def test_users_and_pools_are_named(self):
        for operation, more in (('AdminListUserSessions', {}),
                                ('AdminRevokeUserSession', {'SessionId': 'x'})):
            with self.subTest(operation):
                self.refused('UserNotFoundException', 'User does not exist.', operation,
                             UserPoolId=self.pool, Username='nobody', **more)
                self.refused('ResourceNotFoundException',
                             'User pool eu-west-1_nonsense does not exist.', operation,
                             UserPoolId='eu-west-1_nonsense', Username='nobody', **more)

    def test_access_tokens_are_checked(self):
        for operation, more in (('ListUserSessions', {}), ('RevokeUserSession', {'SessionId': 'x'})):
            self.refused('NotAuthorizedException', 'Invalid Access Token', operation,
                         AccessToken='nonsense', **more)

    def test_no_page_follows(self):
        tokens = self.tokens(self.client, self.new_user(self.pool))
        self.invalid('Invalid pagination token.', 'ListUserSessions',
                     AccessToken=tokens['AccessToken'], NextToken='x')

    def test_a_refresh_that_races_a_revocation_yields_nothing_good(self):
        for _ in range(8):
            name = self.new_user(self.pool)
            tokens = self.tokens(self.client, name)
            session, = self.sessions(self.pool, name)

            def refresh(_, tokens=tokens):
                try:
                    return self.refresh(self.client, tokens)['AccessToken']
                except ApiError as e:
                    self.assertEqual('Refresh Token has been revoked', e.text)
                    return None

            def revoke(_, name=name, session=session):
                try:
                    self.api.AdminRevokeUserSession(UserPoolId=self.pool, Username=name,
                                                    SessionId=session['SessionId'])
                    return None
                except ApiError as e:
                    return e.text

            with concurrent.futures.ThreadPoolExecutor(8) as threads:
                refreshed = threads.map(refresh, range(5))
                ends = list(threads.map(revoke, range(3)))
                got = [t for t in refreshed if t]
            self.assertIn(None, ends)
            self.assertLessEqual(set(ends), {None, 'Session does not exist.'})
            for token in got + [tokens['AccessToken']]:
                with self.assert_error('NotAuthorizedException', REVOKED):
                    self.api.GetUser(AccessToken=token)
            with self.assert_error('NotAuthorizedException', 'Refresh Token has been revoked'):
                self.refresh(self.client, tokens)


if __name__ == '__main__':
    unittest.main()
