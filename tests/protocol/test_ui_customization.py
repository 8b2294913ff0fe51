"""The looks of the classic hosted pages: style sheet and logo, of a pool and of its clients."""
import base64
import time
import unittest

import images
from poolhouse import PoolhouseTest

CSS = ('.logo-customizable {\n  max-width: 60%;\n}\n/* on hover */\n'
       '.submitButton-customizable:hover { color: #fff; }\n')
NOT_FOUND = 'ResourceNotFoundException'


def encoded(data):
    return base64.b64encode(data).decode()


class UiCustomization(PoolhouseTest):

    def setUp(self):
        self.pool = self.new_pool()
        self.client = self.new_client(self.pool)
        self.domain = self.new_name('prefix')
        self.api.CreateUserPoolDomain(UserPoolId=self.pool, Domain=self.domain)

    def set(self, **members):
        return self.api.SetUICustomization(UserPoolId=self.pool, **members)['UICustomization']

    def get(self, **members):
        return self.api.GetUICustomization(UserPoolId=self.pool, **members)['UICustomization']

    def test_an_ordinary_sdk_reads_back_what_it_set(self):
        for owner, name in (({}, 'ALL'), ({'ClientId': 'ALL'}, 'ALL'),
                            ({'ClientId': self.client}, self.client)):
            for image in (images.png(), images.JPEG):
                made = self.boto.set_ui_customization(
                    UserPoolId=self.pool, CSS=CSS, ImageFile=image, **owner)['UICustomization']
                self.assertEqual((self.pool, name, CSS),
                                 tuple(made[k] for k in ('UserPoolId', 'ClientId', 'CSS')))
                self.assertEqual(time.strftime('%Y%m%d%H%M%S', time.gmtime(
                    int(made['LastModifiedDate'].timestamp()))), made['CSSVersion'])
                self.assertLess(abs(time.time() - made['LastModifiedDate'].timestamp()), 60)
                self.assertEqual(
                    made, self.boto.get_ui_customization(UserPoolId=self.pool,
                                                         **owner)['UICustomization'])
        self.assertEqual({'UserPoolId', 'ClientId', 'CSS', 'CSSVersion', 'ImageUrl',
                          'CreationDate', 'LastModifiedDate'}, set(made))

    def test_the_logo_is_where_the_url_says(self):
        for image, kind in ((images.png(), 'png'), (images.JPEG, 'jpeg')):
            url = self.set(ImageFile=encoded(image), ClientId=self.client)['ImageUrl']
            self.assertTrue(url.startswith(self.server.url + '/'), url)
            reply = self.server.get(url[len(self.server.url):])
            self.assertEqual((200, image), (reply.status, reply.body))
            self.assertEqual(
                (f'image/{kind}', 'public, max-age=31536000, immutable', 'nosniff',
                 "default-src 'none'; sandbox"),
                tuple(reply.headers[k] for k in ('content-type', 'cache-control',
                                                 'x-content-type-options',
                                                 'content-security-policy')))

    def test_a_logo_that_was_replaced_is_nowhere(self):
        first = self.set(ImageFile=encoded(images.png()))['ImageUrl']
        second = self.set(ImageFile=encoded(images.png(1)))['ImageUrl']
        self.assertNotEqual(first, second)
        for url, status in ((first, 404), (second, 200)):
            self.assertEqual(status, self.server.get(url[len(self.server.url):]).status)
        for path in (f'/{self.pool}/ui/ALL/1/logo.png', f'/{self.pool}/ui/', '/x/ui/ALL/1/logo.png',
                     second[len(self.server.url):].replace('.png', '.jpg')):
            self.assertEqual(404, self.server.get(path).status)

    def test_nothing_is_set_at_first(self):
        self.assertEqual({}, self.get())
        self.assertEqual({}, self.get(ClientId=self.client))

    def test_a_client_inherits_until_it_has_its_own(self):
        self.set(CSS=CSS)
        self.assertEqual(('ALL', CSS), tuple(self.get(ClientId=self.client)[k]
                                             for k in ('ClientId', 'CSS')))
        own = self.set(ClientId=self.client, ImageFile=encoded(images.png()))
        self.assertNotIn('CSS', own)
        self.assertEqual(own, self.get(ClientId=self.client))
        self.assertEqual('ALL', self.get(ClientId=self.new_client(self.pool))['ClientId'])

    def test_a_call_replaces_all_and_an_empty_one_takes_away(self):
        self.set(CSS=CSS, ImageFile=encoded(images.png()))
        made = self.set(CSS=CSS)
        self.assertNotIn('ImageUrl', made)
        own = self.set(ClientId=self.client, CSS=CSS)
        self.assertEqual({'UserPoolId': self.pool, 'ClientId': self.client},
                         self.set(ClientId=self.client))
        self.assertEqual(made, self.get(ClientId=self.client))
        self.assertEqual({'UserPoolId': self.pool, 'ClientId': 'ALL'},
                         self.set(CSS='', ImageFile=''))
        self.assertEqual({}, self.get(ClientId=self.client))
        self.assertEqual(CSS, own['CSS'])

    def test_the_first_date_stays(self):
        first = self.set(CSS=CSS)
        time.sleep(0.01)
        second = self.set(CSS=CSS)
        self.assertEqual(first['CreationDate'], second['CreationDate'])
        self.assertGreater(second['LastModifiedDate'], first['LastModifiedDate'])

    def test_the_rules_of_sheets(self):
        for css, text in (
                ('body {}', 'The CSS class body is not in the list of allowed classes.'),
                ('@import url(a.css);', 'The CSS must not contain @import, @supports, @page, '
                 '@media or other @ statements.'),
                ('.label-customizable { background: url(javascript:1) }',
                 'The CSS must not contain HTML or JavaScript.'),
                ('.label-customizable {', 'The CSS is malformed: a rule is not closed.')):
            self.invalid(text, 'SetUICustomization', UserPoolId=self.pool, CSS=css)
        self.assertEqual({}, self.get())

    def test_the_rules_of_logos(self):
        for image in (images.SVG, images.ICO, images.WEBP, b'GIF89a', b'text',
                      base64.b64encode(images.png())):
            self.invalid('The image file must be in PNG, JPG or JPEG format.',
                         'SetUICustomization', UserPoolId=self.pool, ImageFile=encoded(image))
        longest = images.png(131072 - len(images.png()))
        self.assertEqual(131072, len(longest))
        url = self.set(CSS=CSS + ' ' * (131072 - len(CSS)), ImageFile=encoded(longest))['ImageUrl']
        self.assertEqual(longest, self.server.get(url[len(self.server.url):]).body)
        with self.assertRaisesRegex(Exception, 'at \'imageFile\' failed to satisfy constraint: '
                                    'Member must have length less than or equal to 131072'):
            self.set(ImageFile=encoded(longest + b'\0'))
        with self.assertRaisesRegex(Exception, 'at \'cSS\' failed to satisfy constraint: '
                                    'Member must have length less than or equal to 131072'):
            self.set(CSS=' ' * 131073)

    def test_there_must_be_a_domain(self):
        self.set(CSS=CSS)
        self.api.DeleteUserPoolDomain(UserPoolId=self.pool, Domain=self.domain)
        self.invalid('A domain must be associated with this user pool.',
                     'SetUICustomization', UserPoolId=self.pool, CSS=CSS)
        self.invalid('There has to be an existing domain associated with this user pool',
                     'GetUICustomization', UserPoolId=self.pool)
        self.api.CreateUserPoolDomain(UserPoolId=self.pool, Domain=self.domain)
        self.assertEqual(CSS, self.get()['CSS'])

    def test_pools_and_clients_that_are_not_there(self):
        other = self.new_client(self.new_pool())
        for operation in ('SetUICustomization', 'GetUICustomization'):
            self.refused(NOT_FOUND, 'User pool eu-west-1_AAAAAAAAA does not exist.', operation,
                         UserPoolId='eu-west-1_AAAAAAAAA')
            for client in (other, 'nobody'):
                self.refused(NOT_FOUND, f'User pool client {client} does not exist.', operation,
                             UserPoolId=self.pool, ClientId=client)

    def test_what_belongs_to_a_client_goes_with_it(self):
        url = self.set(ClientId=self.client, ImageFile=encoded(images.png()))['ImageUrl']
        self.api.DeleteUserPoolClient(UserPoolId=self.pool, ClientId=self.client)
        self.assertEqual(404, self.server.get(url[len(self.server.url):]).status)

    def test_what_belongs_to_a_pool_goes_with_it(self):
        url = self.set(ImageFile=encoded(images.png()))['ImageUrl']
        self.api.DeleteUserPoolDomain(UserPoolId=self.pool, Domain=self.domain)
        self.api.DeleteUserPool(UserPoolId=self.pool)
        self.assertEqual(404, self.server.get(url[len(self.server.url):]).status)


if __name__ == '__main__':
    unittest.main()
