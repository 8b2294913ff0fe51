"""kill -9 while sessions begin and end: who signed in is listed, who was signed out stays out."""
import os
import random
import unittest

import figures
from ledger import LedgerWorker, kill_under_load
from poolhouse import ApiError, PASSWORD, PoolhouseTest

LONG = int(os.environ.get('POOLHOUSE_TEST_LONG', '1'))
SEED = int(os.environ.get('POOLHOUSE_TEST_SEED', '1'))


class Worker(LedgerWorker):
    """Signs one user in and ends sessions of his; notes what was acknowledged."""

    def __init__(self, test, name, seed):
        super().__init__(test, seed)
        self.name_of_user = name
        self.alive, self.over = {}, []
        self.in_doubt = None

    def one(self, _):
        if len(self.alive) < 2 or self.random.random() < 0.5:
            self.sign_in()
        else:
            self.revoke(self.random.choice(list(self.alive)))

    def sign_in(self):
        tokens = self.api.InitiateAuth(
            ClientId=self.test.client, AuthFlow='USER_PASSWORD_AUTH', AuthParameters={
                'USERNAME': self.name_of_user, 'PASSWORD': PASSWORD})['AuthenticationResult']
        session, = (s for s in self.api.ListUserSessions(
            AccessToken=tokens['AccessToken'])['Sessions'] if s['IsCurrentSession'])
        self.alive[session['SessionId']] = tokens

    def revoke(self, session):
        self.in_doubt = session
        self.api.AdminRevokeUserSession(UserPoolId=self.test.pool, Username=self.name_of_user,
                                        SessionId=session)
        self.over.append(self.alive.pop(session))
        self.in_doubt = None


class SessionCrash(PoolhouseTest):
    server_options = {'memory': False}
    workers = 4
    rounds = 3 * LONG

    @classmethod
    def prepare(cls):
        cls.pool = cls.new_pool()
        cls.client = cls.new_client(cls.pool)
        cls.api.SetUserPoolSessionConfiguration(UserPoolId=cls.pool, UserSessionTracking='ENABLED',
                                                TokenSession={'MaxPerUser': 100})

    def test_sessions_are_as_acknowledged_after_a_kill(self):
        chance, total = random.Random(SEED), 0
        for round_ in range(self.rounds):
            workers = [Worker(self, self.new_user(self.pool), f'{SEED}/{round_}/{i}')
                       for i in range(self.workers)]
            kill_under_load(self, workers, 0.5 + chance.random())
            self.server.start()
            total += sum(self.check(worker) for worker in workers)
        figures.note('crash-sessions', kills=self.rounds, acknowledged=total, lost=0)
        self.assertGreater(total, 5 * self.rounds, 'too little was acknowledged to prove anything')

    def refresh(self, tokens):
        return self.api.InitiateAuth(ClientId=self.client, AuthFlow='REFRESH_TOKEN_AUTH',
                                     AuthParameters={'REFRESH_TOKEN': tokens['RefreshToken']})

    def check(self, worker):
        listed = {s['SessionId'] for s in self.api.AdminListUserSessions(
            UserPoolId=self.pool, Username=worker.name_of_user)['Sessions']}
        for session, tokens in worker.alive.items():
            if session != worker.in_doubt:
                self.assertIn(session, listed)
                self.refresh(tokens)
        for tokens in worker.over:
            with self.assert_error('NotAuthorizedException', 'Refresh Token has been revoked'):
                self.refresh(tokens)
            with self.assert_error('NotAuthorizedException', 'Access Token has been revoked'):
                self.api.GetUser(AccessToken=tokens['AccessToken'])
        if worker.in_doubt:  # all of it, or nothing of it
            try:
                self.refresh(worker.alive[worker.in_doubt])
                self.assertIn(worker.in_doubt, listed)
            except ApiError as e:
                self.assertEqual('Refresh Token has been revoked', e.text)
                self.assertNotIn(worker.in_doubt, listed)
        return len(worker.alive) + len(worker.over)


if __name__ == '__main__':
    unittest.main()
