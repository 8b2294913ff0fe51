"""Clients that call without a pause while servers are replaced, and try nothing twice."""
import threading
import time

import figures
from poolhouse import PASSWORD, PoolhouseTest, boto3_client
from test_drain import Connection, request_of

PAUSE_S = 0.7  # of load before and after


class Load(threading.Thread):
    """Calls without a pause until it is told to stop; every answer must be good."""

    def __init__(self, test, server, number):
        super().__init__(daemon=True)
        self.test, self.server, self.number = test, server, number
        self.stopping = False
        self.answered, self.longest = 0, 0.0
        self.created = []
        self.trouble = None

    def run(self):
        try:
            while not self.stopping:
                start = time.monotonic()
                self.one(self.answered)
                self.longest = max(self.longest, time.monotonic() - start)
                self.answered += 1
        except Exception as e:  # must reach the test
            self.trouble = e

    def name(self, step):
        return f'{type(self).__name__}-{self.server.port}-{self.number}-{step}'


class SdkLoad(Load):
    """boto3, which keeps its connections; without its retries."""

    def __init__(self, test, server, number):
        super().__init__(test, server, number)
        self.client = boto3_client(server.url)

    def one(self, step):
        if step % 3 == 0:
            self.client.sign_up(ClientId=self.test.client, Username=self.name(step), Password=PASSWORD)
            self.created.append(self.name(step))
        else:
            self.client.initiate_auth(
                ClientId=self.test.client, AuthFlow='USER_PASSWORD_AUTH',
                AuthParameters={'USERNAME': self.test.name, 'PASSWORD': PASSWORD})


class KeptLoad(Load):
    """A connection of its own until a reply says that it ends; without looking whether it is good."""

    connection = None

    def one(self, step):
        self.connection = self.connection or Connection(self.server.port)
        self.connection.socket.sendall(request_of('SignUp', {
            'ClientId': self.test.client, 'Username': self.name(step), 'Password': PASSWORD}))
        reply = self.connection.reply()
        if reply is None or reply[0] != 200:
            raise AssertionError(f'answered with {reply}')
        self.created.append(self.name(step))
        if reply[1].get(b'connection', b'').lower() == b'close':
            self.connection.close()
            self.connection = None


class NewLoad(KeptLoad):
    """A new connection for each request."""

    def one(self, step):
        super().one(step)
        if self.connection:
            self.connection.close()
            self.connection = None


class LoadTest(PoolhouseTest):
    @classmethod
    def prepare(cls):
        cls.pool = cls.new_pool()
        cls.client = cls.new_client(cls.pool)
        cls.name = cls.new_user(cls.pool)

    def under_load(self, action, kinds=(SdkLoad, KeptLoad, NewLoad), each=3, servers=None):
        """Does something while all of them call; they have ended when it returns."""
        loads = [kind(self, server, next(self.names)) for server in servers or [self.server]
                 for kind in kinds for _ in range(each)]
        for load in loads:
            load.start()
        try:
            time.sleep(PAUSE_S)
            action()
            time.sleep(PAUSE_S)
        finally:
            for load in loads:
                load.stopping = True
            for load in loads:
                load.join(60)
        return loads

    def restart(self, server=None):
        server = server or self.server
        server.process.terminate()
        self.assertEqual(0, server.process.wait(30))
        server.start()

    def check(self, loads, what):
        """Nothing failed, and what was acknowledged is there."""
        for load in loads:
            self.assertFalse(load.is_alive(), 'a request never ended')
            if load.trouble:
                raise load.trouble
        created = [name for load in loads for name in load.created]
        for name in created:
            self.api.AdminGetUser(UserPoolId=self.pool, Username=name)
        print(f'\n{what}:')
        figures.note(f'load-{type(self).__module__.removeprefix("test_")}', failed=0, lost=0,
                     requests=sum(load.answered for load in loads), acknowledged=len(created),
                     longest_s=round(max(load.longest for load in loads), 1))
