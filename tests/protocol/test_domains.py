"""Domains of pools: prefixes and custom names."""
import unittest

from poolhouse import PASSWORD, PoolhouseTest

CERTIFICATE = {'CertificateArn': 'arn:aws:acm:us-east-1:123456789012:certificate/a'}
NONE = 'No such domain or user pool exists.'


class Domains(PoolhouseTest):

    def setUp(self):
        self.pool = self.new_pool()
        self.name = self.new_name('shop')

    def described(self, name):
        return self.api.DescribeUserPoolDomain(Domain=name)['DomainDescription']

    def test_a_prefix_is_made_described_changed_and_deleted(self):
        place = {'UserPoolId': self.pool, 'Domain': self.name}
        self.assertEqual({}, self.described(self.name))
        made = self.api.CreateUserPoolDomain(**place)
        self.assertEqual(1, made['ManagedLoginVersion'])
        self.assertNotIn('CloudFrontDomain', made)
        shown = self.described(self.name)
        self.assertRegex(shown.pop('Version'), r'^20\d{12}$')
        self.assertRegex(shown.pop('CloudFrontDistribution'), r'^d[0-9a-z]{13}\.cloudfront\.net$')
        self.assertRegex(shown.pop('AWSAccountId'), r'^\d{12}$')
        self.assertEqual({**place, 'S3Bucket': 'aws-cognito-prod-pdx-assets', 'Status': 'ACTIVE',
                          'CustomDomainConfig': {}, 'ManagedLoginVersion': 1}, shown)
        pool = self.api.DescribeUserPool(UserPoolId=self.pool)['UserPool']
        self.assertEqual(self.name, pool['Domain'])
        self.assertNotIn('CustomDomain', pool)
        self.api.UpdateUserPoolDomain(ManagedLoginVersion=2, **place)
        self.assertEqual(2, self.described(self.name)['ManagedLoginVersion'])
        self.invalid('User pool cannot be deleted. It has a domain configured that should be '
                     'deleted first.', 'DeleteUserPool', UserPoolId=self.pool)
        self.boto.delete_user_pool_domain(**place)
        self.assertEqual({}, self.described(self.name))
        self.invalid(NONE, 'DeleteUserPoolDomain', **place)
        self.invalid(NONE, 'UpdateUserPoolDomain', **place)
        self.api.DeleteUserPool(UserPoolId=self.pool)

    def test_a_custom_domain_stands_beside_a_prefix(self):
        name = f'{self.name}.example.com'
        made = self.boto.create_user_pool_domain(UserPoolId=self.pool, Domain=name,
                                                 CustomDomainConfig=CERTIFICATE)
        self.assertRegex(made['CloudFrontDomain'], r'^d[0-9a-z]{13}\.cloudfront\.net$')
        self.boto.create_user_pool_domain(UserPoolId=self.pool, Domain=self.name)
        self.assertEqual(CERTIFICATE, self.described(name)['CustomDomainConfig'])
        pool = self.api.DescribeUserPool(UserPoolId=self.pool)['UserPool']
        self.assertEqual((self.name, name), (pool['Domain'], pool['CustomDomain']))

    def test_a_name_has_one_pool_and_a_pool_one_name(self):
        self.api.CreateUserPoolDomain(UserPoolId=self.pool, Domain=self.name)
        other = self.new_pool()
        self.invalid('Domain already associated with another user pool.', 'CreateUserPoolDomain',
                     UserPoolId=other, Domain=self.name)
        self.invalid('User pool already has a domain configured.', 'CreateUserPoolDomain',
                     UserPoolId=self.pool, Domain=self.name + '-2')
        self.invalid(NONE, 'DeleteUserPoolDomain', UserPoolId=other, Domain=self.name)

    def test_names_are_checked(self):
        for name, text in (('my.shop', 'The domain name contains an invalid character. Domain '
                            'names can only contain lower-case letters, numbers, and hyphens.'),
                           ('my-amazon', 'Domain cannot contain reserved word: amazon')):
            self.invalid(text, 'CreateUserPoolDomain', UserPoolId=self.pool, Domain=name)

    def test_a_link_of_a_sign_up_leads_to_the_domain(self):
        pool = self.new_pool(AutoVerifiedAttributes=['email'], VerificationMessageTemplate={
            'DefaultEmailOption': 'CONFIRM_WITH_LINK', 'EmailMessageByLink': 'Go {##here##}.'})
        client = self.new_client(pool)

        def sign_up(name):
            self.api.SignUp(ClientId=client, Username=name, Password=PASSWORD,
                            UserAttributes=[{'Name': 'email', 'Value': f'{name}@example.com'}])
        self.invalid('Cannot send link: user pool has no domain.', 'SignUp', ClientId=client,
                     Username='early', Password=PASSWORD,
                     UserAttributes=[{'Name': 'email', 'Value': 'early@example.com'}])
        self.api.CreateUserPoolDomain(UserPoolId=pool, Domain=self.name)
        sign_up('ann')
        self.assertRegex(self.server.outbox('ann')[0]['body'],
                         rf'^Go <a href="https://{self.name}\.auth\.eu-west-1\.amazoncognito\.com/'
                         rf'confirmUser/\?client_id={client}&amp;user_name=ann&amp;'
                         r'confirmation_code=\d{6}">here</a>\.$')


if __name__ == '__main__':
    unittest.main()
