"""kill -9 while sessions begin and end: who signed in is listed, who was signed out stays out."""
import unittest

import ledger
from poolhouse import ApiError, PASSWORD


class Worker(ledger.LedgerWorker):
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


class SessionCrash(ledger.CrashTest):
    what = 'crash-sessions'
    workers = 4
    enough = 5

    @classmethod
    def prepare(cls):
        super().prepare()
        cls.api.SetUserPoolSessionConfiguration(UserPoolId=cls.pool, UserSessionTracking='ENABLED',
                                                TokenSession={'MaxPerUser': 100})

    def new_worker(self, _, seed):
        return Worker(self, self.new_user(self.pool), seed)

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
