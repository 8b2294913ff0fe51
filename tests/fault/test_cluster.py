"""Two servers on one database: what one of them does, the other one knows."""
import base64
import concurrent.futures
import json
import re
import subprocess
import time
import unittest

import cluster
import srp
import totp
from imports import Imports, csv_file, person
from poolhouse import ApiError, PASSWORD, PoolhouseTest, attribute_list, binary, clocks_stand
from relay import Relay

WRONG = 'Incorrect username or password.'
LOCKED = 'Password attempts exceeded'
SECOND = 1.0


class TwoNodes(cluster.TwoServers, PoolhouseTest):
    @classmethod
    def prepare(cls):
        cls.there = cluster.api(cls.other, at=cls.now)
        cls.both = (cls.api, cls.there)
        cls.pool = cls.new_pool()
        cls.client = cls.new_client(cls.pool)

    def at_once(self, *calls):
        """What each of the calls answers, or the error that it raises."""
        def one(call):
            try:
                return call()
            except ApiError as e:
                return e
        with concurrent.futures.ThreadPoolExecutor(len(calls)) as pool:
            return [job.result() for job in [pool.submit(one, c) for c in calls]]

    def password(self, api, name, password=PASSWORD, client=None):
        return api.InitiateAuth(ClientId=client or self.client, AuthFlow='USER_PASSWORD_AUTH',
                                AuthParameters={'USERNAME': name, 'PASSWORD': password})

    def within(self, seconds, condition):
        """True by then: whoever asks later must be told so, however long the answer takes."""
        began = asked = time.monotonic()
        while not condition():
            self.assertLess(asked - began, seconds)
            time.sleep(0.01)
            asked = time.monotonic()


class Knowledge(TwoNodes):
    def test_what_one_makes_the_other_uses_at_once(self):
        name = self.new_user(self.pool, email='a@example.com')
        self.assertIn('AuthenticationResult', self.password(self.there, name))
        found = self.there.AdminGetUser(UserPoolId=self.pool, Username=name)
        self.assertEqual('CONFIRMED', found['UserStatus'])

    def test_a_session_of_one_is_continued_by_the_other(self):
        name = self.new_name()
        self.api.AdminCreateUser(UserPoolId=self.pool, Username=name, TemporaryPassword=PASSWORD,
                                 MessageAction='SUPPRESS')
        asked = self.password(self.api, name)
        self.assertEqual('NEW_PASSWORD_REQUIRED', asked['ChallengeName'])
        done = self.there.RespondToAuthChallenge(
            ClientId=self.client, ChallengeName='NEW_PASSWORD_REQUIRED', Session=asked['Session'],
            ChallengeResponses={'USERNAME': name, 'NEW_PASSWORD': 'An0ther-one!'})
        self.assertIn('AuthenticationResult', done)
        self.assertIn('AuthenticationResult', self.password(self.api, name, 'An0ther-one!'))

    def test_the_same_alias_is_given_once(self):
        pool = self.new_pool(UsernameAttributes=['email'])
        client = self.new_client(pool)
        for n in range(5):
            answers = self.at_once(*(
                lambda api=api: api.SignUp(ClientId=client, Username=f'same{n}@example.com',
                                           Password=PASSWORD) for api in self.both * 3))
            taken = [a for a in answers if isinstance(a, ApiError)]
            self.assertEqual({'UsernameExistsException'}, {a.type for a in taken})
            self.assertEqual(5, len(taken))

    def test_a_change_of_configuration_is_seen_within_a_second(self):
        name = self.new_user(self.pool)
        self.password(self.there, name)
        client = self.new_client(self.pool)
        self.password(self.there, name, client=client)
        self.api.UpdateUserPoolClient(UserPoolId=self.pool, ClientId=client,
                                      ExplicitAuthFlows=['ALLOW_USER_SRP_AUTH',
                                                         'ALLOW_REFRESH_TOKEN_AUTH'])

        def refused():
            try:
                self.password(self.there, name, client=client)
                return False
            except ApiError as e:
                self.assertEqual('InvalidParameterException', e.type)
                return True
        self.within(SECOND, refused)
        self.api.DeleteUserPoolClient(UserPoolId=self.pool, ClientId=client)

        def gone():
            with self.assertRaises(ApiError) as caught:
                self.password(self.there, name, client=client)
            return caught.exception.type == 'ResourceNotFoundException'
        self.within(SECOND, gone)


class OnceOnly(TwoNodes):
    def begin_srp(self, name):
        client = srp.Client(self.pool, PASSWORD)
        asked = self.api.InitiateAuth(
            ClientId=self.client, AuthFlow='USER_SRP_AUTH',
            AuthParameters={'USERNAME': name, 'SRP_A': client.srp_a})
        return client.answer(asked['ChallengeParameters'])

    def test_a_secret_block_is_answered_once_by_either(self):
        name = self.new_user(self.pool)
        for _ in range(5):
            answer = self.begin_srp(name)
            answers = self.at_once(*(
                lambda api=api: api.RespondToAuthChallenge(
                    ClientId=self.client, ChallengeName='PASSWORD_VERIFIER',
                    ChallengeResponses=answer) for api in self.both * 4))
            good = [a for a in answers if not isinstance(a, ApiError)]
            self.assertEqual(1, len(good), answers)
            with self.assertRaises(ApiError):
                self.there.RespondToAuthChallenge(
                    ClientId=self.client, ChallengeName='PASSWORD_VERIFIER', ChallengeResponses=answer)

    def test_a_code_of_a_software_token_is_good_once(self):
        pool = self.new_pool()
        self.api.SetUserPoolMfaConfig(UserPoolId=pool, MfaConfiguration='OPTIONAL',
                                      SoftwareTokenMfaConfiguration={'Enabled': True})
        client = self.new_client(pool)
        name = self.new_user(pool)
        token = self.tokens(client, name)['AccessToken']
        secret = self.api.AssociateSoftwareToken(AccessToken=token)['SecretCode']
        self.api.VerifySoftwareToken(AccessToken=token, UserCode=totp.code(secret, time.time()))
        self.api.AdminSetUserMFAPreference(
            UserPoolId=pool, Username=name,
            SoftwareTokenMfaSettings={'Enabled': True, 'PreferredMfa': True})
        asked = [self.password(api, name, client=client) for api in self.both * 3]
        code = totp.code(secret, time.time() + totp.PERIOD)  # not of the step that verified
        answers = self.at_once(*(
            lambda api=api, a=a: api.RespondToAuthChallenge(
                ClientId=client, ChallengeName='SOFTWARE_TOKEN_MFA', Session=a['Session'],
                ChallengeResponses={'USERNAME': name, 'SOFTWARE_TOKEN_MFA_CODE': code})
            for api, a in zip(self.both * 3, asked)))
        self.assertEqual(1, sum(not isinstance(a, ApiError) for a in answers), answers)

    def test_a_refresh_token_is_rotated_by_one_of_them(self):
        client = self.new_client(self.pool, RefreshTokenRotation={
            'Feature': 'ENABLED', 'RetryGracePeriodSeconds': 0},
            ExplicitAuthFlows=['ALLOW_USER_PASSWORD_AUTH'])
        name = self.new_user(self.pool)
        token = self.tokens(client, name)['RefreshToken']
        answers = self.at_once(*(
            lambda api=api: api.GetTokensFromRefreshToken(ClientId=client, RefreshToken=token)
            for api in self.both * 4))
        self.assertEqual(1, sum(not isinstance(a, ApiError) for a in answers), answers)


class Limits(TwoNodes):
    node_args = ('--attempt-limits',)

    def test_guesses_at_both_are_counted_together(self):
        name = self.new_user(self.pool)
        self.enterContext(clocks_stand(self.server, self.other))
        answers = self.at_once(*(
            lambda api=api, n=n: self.password(api, name, f'Wrong-{n}!')
            for n, api in enumerate(self.both * 12)))
        texts = [a.text for a in answers]
        self.assertEqual(5, texts.count(WRONG), texts)
        self.assertEqual(19, texts.count(LOCKED), texts)
        for api in self.both:
            with self.assertRaises(ApiError) as caught:
                self.password(api, name)
            self.assertEqual(LOCKED, caught.exception.text)

    def test_codes_asked_for_at_both_are_counted_together(self):
        pool = self.new_pool(AutoVerifiedAttributes=['email'])
        client = self.new_client(pool)
        name = self.new_name()
        self.api.SignUp(ClientId=client, Username=name, Password=PASSWORD,
                        UserAttributes=attribute_list(email=f'{name}@example.com'))
        answers = []
        for api in self.both * 10:
            answers += self.at_once(
                lambda api=api: api.ResendConfirmationCode(ClientId=client, Username=name))
        good = sum(not isinstance(a, ApiError) for a in answers)
        self.assertEqual({'LimitExceededException'}, {a.type for a in answers if isinstance(a, ApiError)})
        self.assertLess(good, 10)
        self.assertEqual([True] * good, [not isinstance(a, ApiError) for a in answers[:good]])


class Revocation(TwoNodes):
    def refused_there(self, token):
        try:
            self.there.GetUser(AccessToken=token)
            return False
        except ApiError as e:
            self.assertIn(e.type, ('NotAuthorizedException', 'UserNotFoundException'))
            return True

    def after(self, revoke):
        name = self.new_user(self.pool)
        tokens = self.tokens(self.client, name)
        self.there.GetUser(AccessToken=tokens['AccessToken'])
        revoke(name, tokens)
        self.within(SECOND, lambda: self.refused_there(tokens['AccessToken']))
        with self.assertRaises(ApiError):
            self.there.InitiateAuth(ClientId=self.client, AuthFlow='REFRESH_TOKEN_AUTH',
                                    AuthParameters={'REFRESH_TOKEN': tokens['RefreshToken']})

    def test_of_a_refresh_token(self):
        self.after(lambda name, t: self.api.RevokeToken(ClientId=self.client, Token=t['RefreshToken']))

    def test_by_signing_out_everywhere(self):
        self.after(lambda name, t: self.api.GlobalSignOut(AccessToken=t['AccessToken']))

    def test_by_an_administrator(self):
        self.after(lambda name, t: self.api.AdminUserGlobalSignOut(UserPoolId=self.pool, Username=name))

    def test_by_disabling_the_user(self):
        self.after(lambda name, t: self.api.AdminDisableUser(UserPoolId=self.pool, Username=name))

    def test_by_deleting_the_user(self):
        self.after(lambda name, t: self.api.AdminDeleteUser(UserPoolId=self.pool, Username=name))


class SigningKeys(TwoNodes):
    def kids(self, server):
        return {k['kid'] for k in server.get(f'/{self.pool}/.well-known/jwks.json').json['keys']}

    def kid_of(self, api, name):
        token = self.password(api, name)['AuthenticationResult']['AccessToken']
        head = token.split('.', 1)[0]
        return json.loads(base64.urlsafe_b64decode(head + '=='))['kid']

    def rotate(self, *how):
        subprocess.run([binary(), 'keys', 'rotate', '--pool', self.pool, '--mode', 'dev', *how],
                       env=self.server.environment(), check=True, capture_output=True, timeout=60)

    def test_a_key_signs_only_when_all_have_published_it(self):
        name = self.new_user(self.pool)
        old = self.kids(self.server)
        self.assertEqual(old, self.kids(self.other))
        self.rotate('--announce', '6s')  # longer than two sign-ins take on a busy machine
        self.within(SECOND, lambda: len(self.kids(self.other)) == 4)
        new = self.kids(self.other) - old
        for api in self.both:
            self.assertIn(self.kid_of(api, name), old)
        self.within(12, lambda: self.kid_of(self.there, name) in new)
        self.within(SECOND, lambda: self.kid_of(self.api, name) in new)
        self.assertEqual(old | new, self.kids(self.server))

    def test_whatever_is_signed_is_published_by_both_while_keys_change(self):
        name = self.new_user(self.pool)
        for _ in range(3):
            self.rotate('--announce', '1s')
            deadline = time.monotonic() + 2
            while time.monotonic() < deadline:
                for api, server in zip(self.both, (self.other, self.server)):
                    self.assertIn(self.kid_of(api, name), self.kids(server))


class Couriers(TwoNodes):
    @classmethod
    def setUpClass(cls):
        cls.relay = Relay().start()
        cls.addClassCleanup(cls.relay.stop)
        cls.node_args = ('--mail-relay', cls.relay.url, '--mail-from', 'no-reply@example.com')
        super().setUpClass()

    def test_each_message_leaves_once(self):
        client = self.new_client(self.new_pool(AutoVerifiedAttributes=['email']))
        count, before, sent = 60, len(self.relay.mails), self.sent()
        for n in range(count):
            self.both[n % 2].SignUp(ClientId=client, Username=f'mail{n}', Password=PASSWORD,
                                    UserAttributes=attribute_list(email=f'mail{n}@example.com'))
        self.relay.wait(before + count, 60)
        time.sleep(1)
        self.assertEqual(count + before, len(self.relay.mails))
        self.assertEqual(count + before, len({m.id for m in self.relay.mails}))
        self.assertEqual(count, self.sent() - sent)

    def sent(self):
        """By both of them; a third one that is gone may have had its part before."""
        counts = [re.search(r'^poolhouse_mail_sent_total (\d+)', s.get('/metrics').body.decode(), re.M)
                  for s in (self.server, self.other)]
        return sum(int(m[1]) for m in counts)

    def test_a_node_that_starts_leaves_the_messages_of_others_alone(self):
        """On one file the only server takes all claims back as it starts."""
        self.relay.delay = 1.5
        self.addCleanup(setattr, self.relay, 'delay', 0)
        before = len(self.relay.mails)
        client = self.new_client(self.new_pool(AutoVerifiedAttributes=['email']))
        self.api.SignUp(ClientId=client, Username='slow', Password=PASSWORD,
                        UserAttributes=attribute_list(email='slow@example.com'))
        time.sleep(0.5)
        third = cluster.node(self.database.url(), *self.node_args).start()
        self.addCleanup(third.stop)
        self.relay.wait(before + 1, 20)
        time.sleep(2.5)
        self.assertEqual(before + 1, len(self.relay.mails))


class ImportJobs(Imports, TwoNodes):
    PEOPLE = 4000

    def half_done(self, runner):
        """A job that a third server runs, with some of its people made."""
        pool = self.new_pool(AutoVerifiedAttributes=['email'])
        rows = [person(f'user{i:04}') for i in range(self.PEOPLE)]
        job = self.uploaded(pool, csv_file(self.header(pool), rows))
        cluster.api(runner, at=self.now).StartUserImportJob(UserPoolId=pool, JobId=job)
        self.within(60, lambda: self.describe(pool, job).get('ImportedUsers', 0) > 0)
        return pool, job

    def end(self, how):
        runner = cluster.node(self.database.url()).start()
        self.addCleanup(runner.stop)
        pool, job = self.half_done(runner)
        how(runner)
        self.assertEqual('InProgress', self.describe(pool, job)['Status'])
        done = self.wait(pool, job)
        self.assertEqual(('Succeeded', self.PEOPLE, 0, 0), (
            done['Status'], done['ImportedUsers'], done.get('SkippedUsers', 0),
            done.get('FailedUsers', 0)))
        self.assertEqual(self.PEOPLE, self.api.DescribeUserPool(UserPoolId=pool)['UserPool'][
            'EstimatedNumberOfUsers'])

    def test_another_server_goes_on_where_one_was_killed(self):
        self.end(lambda runner: runner.kill())

    def test_another_server_goes_on_where_one_was_stopped(self):
        def stop(runner):
            runner.process.terminate()
            self.assertEqual(0, runner.process.wait(60))
        self.end(stop)


class Purge(TwoNodes):
    def test_a_deleted_pool_is_swept_by_one_of_them_and_whole(self):
        pool = self.new_pool()
        for _ in range(20):
            self.new_user(pool)
        self.api.DeleteUserPool(UserPoolId=pool)
        self.within(SECOND, lambda: isinstance(self.at_once(
            lambda: self.there.DescribeUserPool(UserPoolId=pool))[0], ApiError))
        self.within(30, lambda: self.server.database.rows(
            'SELECT (SELECT count(*) FROM users WHERE pool_id = ?)'
            ' + (SELECT count(*) FROM deleted_pools) AS n', pool)[0]['n'] == 0)


if __name__ == '__main__':
    unittest.main()
