"""The certificate that identity providers check signed requests with."""
import base64
import datetime
import unittest

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

import rs256
from test_commands import CommandTest


class SigningCertificate(CommandTest):

    def setUp(self):
        self.pool = self.new_pool()

    def certificate(self):
        text = self.boto.get_signing_certificate(UserPoolId=self.pool)['Certificate']
        return x509.load_der_x509_certificate(base64.b64decode(text, validate=True))

    def published(self):
        jwks = self.server.get(f'/{self.pool}/.well-known/jwks.json').json
        return {int.from_bytes(rs256.decode(key['n']), 'big') for key in jwks['keys']}

    def test_it_is_over_a_key_of_the_pool_and_signed_by_it(self):
        found = self.certificate()
        key = found.public_key()
        self.assertEqual((2048, 65537), (key.key_size, key.public_numbers().e))
        self.assertIn(key.public_numbers().n, self.published())
        key.verify(found.signature, found.tbs_certificate_bytes, padding.PKCS1v15(),
                   hashes.SHA256())
        self.assertEqual(found.subject, found.issuer)
        self.assertEqual(f'CN={self.pool}', found.subject.rfc4514_string())
        self.assertEqual(x509.Version.v3, found.version)

    def test_it_is_good_for_ten_years_from_the_making_of_the_key(self):
        found = self.certificate()
        self.assertLess(abs(found.not_valid_before - datetime.datetime.utcnow()),
                        datetime.timedelta(minutes=2))
        self.assertEqual(datetime.timedelta(days=3652),
                         found.not_valid_after - found.not_valid_before)

    def test_it_stays_until_the_keys_are_rotated(self):
        first = self.certificate()
        self.server.advance(86400)
        self.assertEqual(first, self.certificate())
        self.command('keys', 'rotate', '--pool', self.pool, '--announce', '1h')
        self.assertEqual(first, self.certificate())
        self.server.advance(3601)
        second = self.certificate()
        self.assertNotEqual(first.serial_number, second.serial_number)
        self.assertNotEqual(first.public_key().public_numbers(),
                            second.public_key().public_numbers())
        self.assertEqual(second, self.certificate())

    def test_pools_have_certificates_of_their_own(self):
        first = self.certificate()
        self.pool = self.new_pool()
        self.assertNotEqual(first.public_key().public_numbers(),
                            self.certificate().public_key().public_numbers())
        self.refused('ResourceNotFoundException', 'User pool eu-west-1_AAAAAAAAA does not exist.',
                     'GetSigningCertificate', UserPoolId='eu-west-1_AAAAAAAAA')


if __name__ == '__main__':
    unittest.main()
