"""kill -9 under load: whatever was acknowledged is there after the restart.

The ledger lives in this process and is written only after the answer came. What was under way at
the kill may or may not have happened; nothing else is in doubt.
"""
import contextlib
import http.client
import threading
import time
import unittest

import ledger
from poolhouse import Api, ApiError, PASSWORD, PoolhouseTest

WRONG = 'Incorrect username or password.'


class Worker(ledger.LedgerWorker):
    """Does one thing after the other and notes what was acknowledged; `under_way` is in doubt."""

    def __init__(self, test, number, seed):
        super().__init__(test, seed)
        self.number = number
        self.passwords = {}
        self.revoked = []
        self.sessions = []
        self.under_way = None

    def one(self, step):
        if not self.passwords or self.random.random() < 0.5:
            self.sign_up(f'{self.test.round}-{self.number}-{step}')
        elif self.random.random() < 0.5:
            self.change_password(self.random.choice(list(self.passwords)), f'Passw0rd!{step}')
        else:
            self.revoke(self.random.choice(list(self.passwords)))

    def sign_up(self, name):
        self.under_way = ('sign up', name)
        self.api.SignUp(ClientId=self.test.client, Username=name, Password=PASSWORD)
        self.under_way = ('confirm', name)
        self.api.AdminConfirmSignUp(UserPoolId=self.test.pool, Username=name)
        self.passwords[name] = PASSWORD
        self.under_way = None

    def tokens(self, name):
        return self.api.InitiateAuth(
            ClientId=self.test.client, AuthFlow='USER_PASSWORD_AUTH', AuthParameters={
                'USERNAME': name, 'PASSWORD': self.passwords[name]})['AuthenticationResult']

    def change_password(self, name, password):
        token = self.tokens(name)['AccessToken']
        self.under_way = ('change', name, password)
        self.api.ChangePassword(AccessToken=token, PreviousPassword=self.passwords[name],
                                ProposedPassword=password)
        self.passwords[name] = password
        self.under_way = None

    def revoke(self, name):
        token = self.tokens(name)['RefreshToken']
        self.under_way = ('revoke', token)
        self.api.RevokeToken(Token=token, ClientId=self.test.client)
        self.revoked.append(token)
        self.under_way = None


class Crash(ledger.CrashTest):
    what = 'crash'

    def new_worker(self, number, seed):
        return Worker(self, number, seed)

    def check(self, worker):
        in_doubt = worker.under_way or (None, None)
        checked = 0
        for name, password in worker.passwords.items():
            possible = [password]
            if in_doubt[:2] == ('change', name):
                possible.append(in_doubt[2])
            self.assertTrue(any(self.signs_in(name, p) for p in possible),
                            f'{name} lost its password; in doubt: {in_doubt}')
            checked += 1
            if name.endswith('7'):
                self.assertFalse(self.signs_in(name, 'Wr0ng-pass'))
        for token in worker.revoked:
            with self.assert_error('NotAuthorizedException', 'Refresh Token has been revoked'):
                self.api.InitiateAuth(ClientId=self.client, AuthFlow='REFRESH_TOKEN_AUTH',
                                      AuthParameters={'REFRESH_TOKEN': token})
            checked += 1
        if in_doubt[0] == 'confirm':
            self.api.AdminGetUser(UserPoolId=self.pool, Username=in_doubt[1])
        return checked

    def signs_in(self, name, password):
        try:
            self.tokens(self.client, name, password)
            return True
        except ApiError as e:
            self.assertEqual(('NotAuthorizedException', WRONG), (e.type, e.text), name)
            return False


class Drain(PoolhouseTest):
    server_options = {'memory': False}

    def test_sigterm_answers_what_was_begun(self):
        pool = self.new_pool()
        client = self.new_client(pool)
        acknowledged, broken = [], []

        def sign_up(number):
            api = Api(self.server.port)
            for i in range(1000):
                name = f'drain-{number}-{i}'
                try:
                    api.SignUp(ClientId=client, Username=name, Password=PASSWORD)
                    acknowledged.append(name)
                except ConnectionRefusedError:
                    return
                except (OSError, http.client.HTTPException) as e:
                    broken.append((name, repr(e)))
                    return
        threads = [threading.Thread(target=sign_up, args=(i,)) for i in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(0.5)
        self.server.process.terminate()
        self.assertEqual(0, self.server.process.wait(30))
        for thread in threads:
            thread.join(30)
        self.server.start()
        self.assertTrue(acknowledged)
        for name in acknowledged:
            self.api.AdminGetUser(UserPoolId=pool, Username=name)
        # A connection that was accepted but not yet read may be closed; one in work may not.
        self.assertLessEqual(len(broken), len(threads))
        for name, _ in broken:
            with contextlib.suppress(ApiError):
                self.api.AdminGetUser(UserPoolId=pool, Username=name)


if __name__ == '__main__':
    unittest.main()
