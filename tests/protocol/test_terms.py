"""Terms documents of app clients."""
import time
import unittest

from poolhouse import ApiError, PoolhouseTest, UUID

NOT_FOUND = 'ResourceNotFoundException'
LANGUAGES = ('default', 'dutch', 'english', 'french', 'spanish', 'german', 'bahasa-indonesia',
             'italian', 'japanese', 'korean', 'portuguese-brazil', 'chinese-simplified',
             'chinese-traditional')
LINKS = {f'cognito:{name}': f'https://example.com/{name}' for name in LANGUAGES}
FIXED = {'TermsSource': 'LINK', 'Enforcement': 'NONE'}


class Terms(PoolhouseTest):

    def setUp(self):
        self.pool = self.new_pool()
        self.client = self.new_client(self.pool)

    def create(self, name='terms-of-use', client=None, **members):
        return self.api.CreateTerms(UserPoolId=self.pool, ClientId=client or self.client,
                                    TermsName=name, **{**FIXED, 'Links': LINKS, **members})['Terms']

    def describe(self, terms):
        return self.api.DescribeTerms(UserPoolId=self.pool, TermsId=terms)['Terms']

    def pages(self, **members):
        found, token = [], {}
        while True:
            reply = self.api.ListTerms(UserPoolId=self.pool, **members, **token)
            found.append(reply['Terms'])
            if 'NextToken' not in reply:
                return found
            token = {'NextToken': reply['NextToken']}

    def test_what_was_made_is_told(self):
        made = self.create()
        self.assertRegex(made['TermsId'], UUID)
        self.assertEqual('4', made['TermsId'][14])
        self.assertLess(abs(time.time() - made['CreationDate']), 60)
        self.assertEqual({
            'TermsId': made['TermsId'], 'UserPoolId': self.pool, 'ClientId': self.client,
            'TermsName': 'terms-of-use', **FIXED, 'Links': LINKS,
            'CreationDate': made['CreationDate'], 'LastModifiedDate': made['CreationDate']}, made)
        self.assertEqual(made, self.describe(made['TermsId']))
        self.assertEqual(made, self.api.DescribeTermsByClient(
            UserPoolId=self.pool, ClientId=self.client, TermsName='terms-of-use')['Terms'])
        self.assertEqual({}, self.create('privacy-policy', Links=None)['Links'])

    def test_an_update_changes_what_it_names(self):
        made = self.create()
        place = {'UserPoolId': self.pool, 'TermsId': made['TermsId']}
        time.sleep(0.01)
        fewer = {'cognito:default': 'http://example.com/x'}
        changed = self.api.UpdateTerms(**place, Links=fewer)['Terms']
        self.assertGreater(changed['LastModifiedDate'], made['LastModifiedDate'])
        self.assertEqual({**made, 'Links': fewer,
                          'LastModifiedDate': changed['LastModifiedDate']}, changed)
        changed = self.api.UpdateTerms(**place, TermsName='privacy-policy', **FIXED)['Terms']
        self.assertEqual(('privacy-policy', fewer), (changed['TermsName'], changed['Links']))
        self.assertEqual(changed, self.describe(made['TermsId']))
        self.create('terms-of-use')
        self.refused('TermsExistsException',
                     f'Terms terms-of-use already exists for client {self.client}', 'UpdateTerms',
                     **place, TermsName='terms-of-use')
        self.assertEqual(changed, self.describe(made['TermsId']))

    def test_a_client_has_one_document_of_each_name(self):
        self.create()
        self.create('privacy-policy')
        for name in ('terms-of-use', 'privacy-policy'):
            self.refused('TermsExistsException',
                         f'Terms {name} already exists for client {self.client}', 'CreateTerms',
                         UserPoolId=self.pool, ClientId=self.client, TermsName=name, **FIXED)
        self.create(client=self.new_client(self.pool))

    def test_changes_at_the_same_time_are_told_apart(self):
        terms = self.create()['TermsId']
        self.provoke_conflict('UpdateTerms', UserPoolId=self.pool, TermsId=terms, Links=LINKS)
        self.assertEqual(LINKS, self.describe(terms)['Links'])

    def test_links_lead_to_the_web(self):
        terms = self.create()['TermsId']
        for url in ('javascript:alert(1)', 'example.com', '//example.com', 'ftp://example.com'):
            self.invalid('The link for cognito:english is not a web address.', 'CreateTerms',
                         UserPoolId=self.pool, ClientId=self.client, TermsName='privacy-policy',
                         Links={'cognito:english': url}, **FIXED)
            self.invalid('The link for cognito:english is not a web address.', 'UpdateTerms',
                         UserPoolId=self.pool, TermsId=terms, Links={'cognito:english': url})

    def test_the_constraints_of_the_model(self):
        for members, text in (
                ({'name': 'terms'}, "Value 'terms' at 'termsName'"),
                ({'TermsSource': 'TEXT'}, "Value 'TEXT' at 'termsSource'"),
                ({'Enforcement': 'ALL'}, "Value 'ALL' at 'enforcement'"),
                ({'Links': {}}, "at 'links' failed to satisfy constraint: Member must have length "
                 'greater than or equal to 1'),
                ({'Links': {'cognito:klingon': 'https://a'}}, 'Map keys must satisfy constraint'),
                ({'Links': {'cognito:default': 'https://' + 'a' * 1017}},
                 'Map value must satisfy constraint')):
            with self.assertRaises(ApiError) as raised:
                self.create(**members)
            self.assertEqual('InvalidParameterException', raised.exception.type)
            self.assertIn(text, raised.exception.text)

    def test_lists_go_on_to_the_end(self):
        self.assertEqual([[]], self.pages())
        made = []
        for _ in range(20):
            client = self.new_client(self.pool)
            made += [self.create(name, client) for name in ('terms-of-use', 'privacy-policy')]
        pages = self.pages(MaxResults=15)
        self.assertEqual([15, 15, 10], [len(p) for p in pages])
        members = ('TermsId', 'TermsName', 'Enforcement', 'CreationDate', 'LastModifiedDate')
        self.assertEqual(sorted(({k: t[k] for k in members} for t in made),
                                key=lambda t: t['TermsId']), sum(pages, []))
        self.assertEqual([40], [len(p) for p in self.pages()])
        self.refused('LimitExceededException', 'A user pool can have at most 40 terms documents.',
                     'CreateTerms', UserPoolId=self.pool, ClientId=self.client,
                     TermsName='terms-of-use', **FIXED)
        token = self.api.ListTerms(UserPoolId=self.pool, MaxResults=1)['NextToken']
        for pool, wrong in ((self.new_pool(), token), (self.pool, 'x')):
            self.invalid('Invalid pagination token.', 'ListTerms', UserPoolId=pool, NextToken=wrong)

    def test_a_document_is_deleted(self):
        terms = self.create()['TermsId']
        place = {'UserPoolId': self.pool, 'TermsId': terms}
        self.assertEqual({}, self.api.DeleteTerms(**place))
        for operation in ('DescribeTerms', 'UpdateTerms', 'DeleteTerms'):
            self.refused(NOT_FOUND, 'Terms does not exist.', operation, **place)
        self.refused(NOT_FOUND,
                     f'Terms terms-of-use for client {self.client} does not exist.',
                     'DescribeTermsByClient', UserPoolId=self.pool, ClientId=self.client,
                     TermsName='terms-of-use')
        self.create()

    def test_documents_go_with_their_client_and_their_pool(self):
        gone, other = self.create()['TermsId'], self.new_client(self.pool)
        kept = self.create(client=other)['TermsId']
        self.api.DeleteUserPoolClient(UserPoolId=self.pool, ClientId=self.client)
        self.refused(NOT_FOUND, 'Terms does not exist.', 'DescribeTerms', UserPoolId=self.pool,
                     TermsId=gone)
        self.assertEqual([[kept]], [[t['TermsId'] for t in p] for p in self.pages()])
        self.api.DeleteUserPool(UserPoolId=self.pool)
        self.refused(NOT_FOUND, f'User pool {self.pool} does not exist.', 'ListTerms',
                     UserPoolId=self.pool)

    def test_pools_and_clients_that_are_not_there(self):
        terms = self.create()['TermsId']
        other, nowhere = self.new_pool(), 'eu-west-1_AAAAAAAAA'
        for operation in ('DescribeTerms', 'UpdateTerms', 'DeleteTerms'):
            self.refused(NOT_FOUND, 'Terms does not exist.', operation, UserPoolId=other,
                         TermsId=terms)
            self.refused(NOT_FOUND, f'User pool {nowhere} does not exist.', operation,
                         UserPoolId=nowhere, TermsId=terms)
        for operation, more in (('CreateTerms', FIXED), ('DescribeTermsByClient', {})):
            for pool, text in ((other, f'User pool client {self.client} does not exist.'),
                               (nowhere, f'User pool {nowhere} does not exist.')):
                self.refused(NOT_FOUND, text, operation, UserPoolId=pool, ClientId=self.client,
                             TermsName='terms-of-use', **more)


if __name__ == '__main__':
    unittest.main()
