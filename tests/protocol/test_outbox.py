"""The dev outbox as a place to wait at; what is in it, the suites of sign-up and users say."""
import http.client
import json
import threading
import time
import unittest

from poolhouse import PASSWORD, PoolhouseTest, Server

OUTBOX = '/_poolhouse/outbox'
DRAIN_S = 5  # server.drain_timeout while developing


class Outbox(PoolhouseTest):

    def test_an_empty_outbox_is_an_empty_list_and_a_page(self):
        self.assertEqual({'messages': []}, self.server.get(OUTBOX + '?format=json').json)
        page = self.server.get(OUTBOX)
        self.assertEqual('text/html; charset=utf-8', page.headers['content-type'])
        self.assertIn(b'There is no message.', page.body)
        self.assertIn("default-src 'none'", page.headers['content-security-policy'])

    def test_a_misspelt_parameter_is_refused(self):
        reply = self.server.get(OUTBOX + '?user=alice')
        self.assertEqual((400, 'the parameters are after, username, destination, limit, wait and '
                               'format'), (reply.status, reply.json['message']))

    def test_the_wait_is_as_long_as_asked_for(self):
        began = time.monotonic()
        self.assertEqual([], self.server.outbox(wait=1))
        self.assertTrue(1 <= time.monotonic() - began < 5)

    def test_those_who_wait_leave_workers_to_others(self):
        waiting = [threading.Thread(target=self.server.outbox, kwargs={'wait': 60})
                   for _ in range(60)]
        for thread in waiting:
            thread.start()
        for _ in range(20):
            self.assertEqual(200, self.server.get('/healthz').status)
        self.assertTrue(any(thread.is_alive() for thread in waiting), 'nobody waits')
        client = self.new_client(self.new_pool(AutoVerifiedAttributes=['email']))
        self.api.SignUp(ClientId=client, Username='ann', Password=PASSWORD,
                        UserAttributes=[{'Name': 'email', 'Value': 'ann@example.com'}])
        for thread in waiting:
            thread.join()


class Ending(unittest.TestCase):

    def test_a_server_that_stops_waits_for_nobody(self):
        server = Server().start()
        self.addCleanup(server.stop)
        waiting = http.client.HTTPConnection('127.0.0.1', server.port, timeout=60)
        self.addCleanup(waiting.close)
        waiting.request('GET', OUTBOX + '?wait=60&format=json')
        time.sleep(0.3)
        began = time.monotonic()
        server.process.terminate()
        self.assertEqual(0, server.process.wait(30))
        self.assertLess(time.monotonic() - began, DRAIN_S)
        self.assertEqual({'messages': []}, json.loads(waiting.getresponse().read()))


if __name__ == '__main__':
    unittest.main()
