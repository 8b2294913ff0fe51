"""What of an import job ends by the clock."""
import unittest

from imports import Imports, put
from poolhouse import PoolhouseTest


class Expiry(Imports, PoolhouseTest):
    server_options = {'clock': True, 'memory': False}

    def test_addresses_end_after_a_quarter_of_an_hour(self):
        pool = self.new_pool(AutoVerifiedAttributes=['email'])
        job = self.job(pool)
        self.server.advance(899 - 5)
        self.assertEqual((200, ''), put(job['PreSignedUrl'], b'x'))
        self.server.advance(10)
        status, text = put(job['PreSignedUrl'], b'x')
        self.assertEqual(403, status)
        self.assertIn('<Code>AccessDenied</Code><Message>Request has expired</Message>', text)


if __name__ == '__main__':
    unittest.main()
