"""Relays that are away, hang, refuse or die in the middle, and a server that is killed while it
sends: no message is lost, and none comes twice but where nobody can know that it came."""
import collections
import time

import figures
from ledger import LONG, kill_while_messages_leave
from poolhouse import ALLOW_ALL, PASSWORD, Api, PoolhouseTest, create_key, free_port, serve_options
from relay import Relay, Script

GREETING = b'220 relay.example ESMTP\r\n'
OK = b'250 OK\r\n'
TO_DATA = (GREETING, 'line', OK, 'line', OK, 'line', OK, 'line', b'354 go on\r\n')


class DeliveryTest(PoolhouseTest):
    """serve with a relay at a port where the test puts one, or not."""

    mail = {}
    clock = False

    @classmethod
    def setUpClass(cls):
        cls.port = free_port()
        options = serve_options()
        options['clock'] = cls.clock
        options['env'].update(POOLHOUSE_MAIL_RELAY=f'smtp://127.0.0.1:{cls.port}',
                              POOLHOUSE_MAIL_FROM='no-reply@shop.example',
                              POOLHOUSE_MAIL_STARTTLS='off', **cls.mail)
        cls.server_options = options
        super().setUpClass()

    @classmethod
    def prepare(cls):
        cls.api.credentials = create_key(cls.server, 'root', ALLOW_ALL)
        cls.pool = cls.new_pool(AutoVerifiedAttributes=['email'])
        cls.client = cls.new_client(cls.pool)

    def sign_up(self, name):
        Api(self.server.port).SignUp(
            ClientId=self.client, Username=name, Password=PASSWORD,
            UserAttributes=[{'Name': 'email', 'Value': f'{name}@example.com'}])

    def relay(self, **options):
        relay = Relay(port=self.port, **options).start()
        self.addCleanup(relay.stop)
        return relay

    def script(self, *steps):
        script = Script(*steps, port=self.port)
        self.addCleanup(script.stop)
        return script

    def is_ready(self):
        return self.server.get('/readyz', port=self.server.admin_port).status == 200


class Away(DeliveryTest):

    def test_what_waited_for_the_relay_goes_out_when_it_is_back(self):
        names = [f'away{i}' for i in range(20)]
        began = time.monotonic()
        for name in names:
            self.sign_up(name)
        self.assertLess(time.monotonic() - began, 10)
        self.until(lambda: self.metric('mail_relay_down') == 1)
        self.assertEqual(20, self.metric('outbox_waiting'))
        self.assertTrue(self.is_ready())
        time.sleep(2)
        self.assertGreaterEqual(self.metric('outbox_oldest_seconds'), 1)
        relay = self.relay()
        mails = relay.wait(20, 30)
        self.until(lambda: self.metric('outbox_waiting') == 0)
        self.assertEqual(sorted(f'{n}@example.com' for n in names),
                         sorted(m.recipients[0] for m in mails))
        self.assertEqual(0, self.metric('mail_relay_down'))
        log = self.server.log()
        self.assertEqual((1, 1), (log.count('"relay_down"'), log.count('"relay_up"')))


class Hanging(DeliveryTest):
    mail = {'POOLHOUSE_MAIL_TIMEOUT': '1s'}

    def test_a_relay_that_says_nothing_slows_nobody_down(self):
        hanging = Script('hang', port=self.port)
        for i in range(5):
            began = time.monotonic()
            self.sign_up(f'hanging{i}')
            self.assertLess(time.monotonic() - began, 2)
        self.until(lambda: self.metric('mail_relay_down') == 1)
        self.assertTrue(self.is_ready())
        hanging.stop()
        self.assertEqual(5, len(self.relay().wait(5, 30)))


class HangingAtTheEnd(DeliveryTest):
    server_stops_in = 8

    @classmethod
    def setUpClass(cls):
        cls.mail = {'POOLHOUSE_SERVER_DRAIN_TIMEOUT': '2s'}
        super().setUpClass()

    def test_a_server_that_stops_does_not_wait_for_a_relay_that_hangs(self):
        hanging = Script('hang', port=self.port)
        self.sign_up('late')
        hanging.wait(1)
        began = time.monotonic()
        self.server.process.terminate()
        self.assertEqual(0, self.server.process.wait(30))
        self.assertLess(time.monotonic() - began, self.server_stops_in)
        hanging.stop()
        relay = self.relay()
        self.server.start()
        self.assertEqual(['late@example.com'], relay.wait(1)[0].recipients)


class Slow(DeliveryTest):

    def test_a_relay_may_take_30_seconds_to_greet(self):
        script = self.script(30, *TO_DATA, 'text', b'250 taken\r\n', 'hang')
        self.sign_up('patient')
        self.until(lambda: self.metric('mail_sent_total') == 1, 50)
        self.assertEqual(1, script.connections)
        self.assertEqual(0, self.metric('outbox_waiting'))


class Refusing(DeliveryTest):
    clock = True

    def later(self, name, relay_steps):
        """One try by the script, which puts the message off; then a relay that takes it."""
        script = Script(*relay_steps, port=self.port)
        put_off = self.metric('mail_put_off_total')
        self.sign_up(name)
        self.until(lambda: self.metric('mail_put_off_total') == put_off + 1)
        script.stop()
        relay = Relay(port=self.port).start()
        try:
            time.sleep(1)
            self.assertEqual([], relay.mails, 'it was tried again at once')
            self.server.advance(30)
            self.assertEqual([f'{name}@example.com'], relay.wait(1)[0].recipients)
            self.until(lambda: self.metric('outbox_waiting') == 0)
        finally:
            relay.stop()

    def test_a_grey_list_is_waited_for(self):
        self.later('grey', (GREETING, 'line', OK, 'line', OK, 'line',
                            b'451 4.7.1 come back later\r\n', 'line', OK, 'close'))

    def test_a_sender_that_is_not_allowed_may_be_mended(self):
        self.later('sender', (GREETING, 'line', OK, 'line', b'553 not you\r\n', 'line', 'close'))

    def test_a_relay_that_dies_before_the_text_gets_it_again(self):
        self.later('dying', (*TO_DATA, 'close'))

    def test_a_relay_that_dies_after_the_text_gets_it_again(self):
        self.later('dead', (*TO_DATA, 'text', 'close'))

    def test_a_relay_that_talks_nonsense_gets_nothing(self):
        script = Script(b'HTTP/1.1 400 Bad Request\r\n\r\n', 'close', port=self.port)
        self.sign_up('nonsense')
        self.until(lambda: self.metric('mail_relay_down') == 1)
        script.stop()
        relay = self.relay()
        relay.wait(1)

    def test_each_refusal_is_waited_for_longer(self):
        relay = Relay(port=self.port)
        relay.answers['stubborn@example.com'] = ['450 not now'] * 5
        relay.start()
        try:
            self.sign_up('stubborn')
            for refusal in range(1, 6):
                self.until(lambda n=refusal: len(relay.answers['stubborn@example.com']) == 5 - n)
                self.until(lambda: '"message_put_off"' in self.server.log())
                time.sleep(0.5)
                most = 15 * 2 ** (refusal - 1)
                self.server.advance(most // 2 - 3)
                time.sleep(0.5)
                self.assertEqual(5 - refusal, len(relay.answers['stubborn@example.com']))
                self.assertEqual([], relay.mails)
                self.server.advance(most)
            relay.wait(1)
        finally:
            relay.stop()


class TooLate(DeliveryTest):
    clock = True

    def test_a_message_is_given_up_after_a_day_and_loses_its_secrets(self):
        self.sign_up('forgotten-canary')
        self.server.advance(23 * 3600)
        time.sleep(11)
        self.assertEqual((1, 0), (self.metric('outbox_waiting'),
                                  self.metric('outbox_expired_total')))
        # While the server runs, its clock could be wrong for a moment: nothing is given up for that.
        self.server.advance(2 * 3600)
        time.sleep(11)
        self.assertEqual(0, self.metric('outbox_expired_total'))
        self.server.process.terminate()
        self.assertEqual(0, self.server.process.wait(30))
        self.server.start()
        self.until(lambda: self.metric('outbox_expired_total') == 1, 30)
        self.assertEqual(0, self.metric('outbox_waiting'))
        relay = self.relay()
        self.sign_up('fresh')
        self.assertEqual(['fresh@example.com'], relay.wait(1)[0].recipients)
        time.sleep(2)
        self.assertEqual(1, len(relay.mails))


class Killed(DeliveryTest):
    rounds = 3 * LONG
    users = 24
    lines = 4  # mail.connections

    def test_kill_9_loses_nothing_and_repeats_only_what_was_under_way(self):
        relay = self.relay(delay=0.1)
        names = kill_while_messages_leave(self, self.rounds, self.users)
        mails = list(relay.mails)
        by_address = collections.Counter(m.recipients[0] for m in mails)
        self.assertEqual({f'{n}@example.com' for n in names}, set(by_address))
        figures.note('crash-messages', kills=self.rounds, acknowledged=len(names), lost=0,
                     repeated=len(mails) - len(names))
        twice = [a for a, n in by_address.items() if n > 1]
        self.assertLessEqual(len(mails) - len(names), self.lines * self.rounds, by_address)
        for address in twice:
            self.assertEqual(1, len({m.id for m in mails if m.recipients == [address]}),
                             'a second copy must be known by its Message-ID')
