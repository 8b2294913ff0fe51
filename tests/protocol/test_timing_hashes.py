"""A wrong password costs the same in a pool with imported hashes, whoever is asked for."""
import unittest

import test_timing
from imports import Imports, person
from poolhouse import ALL_FLOWS
from test_import_hashes import scrypt


class HashTiming(Imports, test_timing.Timing):

    @classmethod
    def prepare(cls):
        cls.pool = cls.new_pool(AutoVerifiedAttributes=['email'])
        cls.client = cls.new_client(cls.pool, PreventUserExistenceErrors='ENABLED',
                                    ExplicitAuthFlows=ALL_FLOWS)
        super().prepare_kinds()
        cls.hashed = [f'hashed{i:02}' for i in range(8)]

    def setUp(self):
        super().setUp()
        if 'hashed' not in self.kinds:
            job = self.import_people(self.pool, *[
                person(name, password_hash=scrypt('Passw0rd!', 1024)) for name in self.hashed],
                PasswordHashingAlgorithm='SCRYPT')
            self.assertEqual(8, job['ImportedUsers'])
            self.add_kind('hashed', self.hashed)


del test_timing  # or its class would run here, too

if __name__ == '__main__':
    unittest.main()
