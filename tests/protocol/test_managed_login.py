"""Styles of managed login: settings and images, one style for a client."""
import base64
import time
import unittest

import images
from poolhouse import ApiError, PoolhouseTest, UUID

NOT_FOUND = 'ResourceNotFoundException'
SOURCE = 'useCognitoProvidedValues or settings should be specified (but not both)'
UNKNOWN = '12345678-1234-4234-8234-123456789012'
SETTINGS = {'components': {'pageText': {'lightMode': {'bodyColor': '000000ff'}},
                           'alert': {'borderRadius': 2.5}},
            'own': [1, -2, True, None, {'a': {}}, 'ä']}


def asset(category='FORM_LOGO', mode='LIGHT', extension='PNG', data=None, **more):
    data = images.png() if data is None else data
    return {'Category': category, 'ColorMode': mode, 'Extension': extension,
            'Bytes': base64.b64encode(data).decode(), **more}


EVERY_TYPE = [
    asset('FAVICON_ICO', 'DYNAMIC', 'ICO', images.ICO),
    asset('FAVICON_SVG', 'LIGHT', 'SVG', images.SVG),
    asset('PAGE_BACKGROUND', 'DARK', 'JPEG', images.JPEG),
    asset('PAGE_BACKGROUND', 'LIGHT', 'WEBP', images.WEBP),
    asset('IDP_BUTTON_ICON', 'LIGHT', 'PNG', ResourceId='one'),
    asset('IDP_BUTTON_ICON', 'LIGHT', 'PNG', ResourceId='two'),
]


class ManagedLogin(PoolhouseTest):

    def setUp(self):
        self.pool = self.new_pool()
        self.client = self.new_client(self.pool)

    def create(self, client=None, **members):
        return self.api.CreateManagedLoginBranding(
            UserPoolId=self.pool, ClientId=client or self.client, **members)['ManagedLoginBranding']

    def update(self, style, **members):
        return self.api.UpdateManagedLoginBranding(
            UserPoolId=self.pool, ManagedLoginBrandingId=style, **members)['ManagedLoginBranding']

    def describe(self, style, **members):
        return self.api.DescribeManagedLoginBranding(
            UserPoolId=self.pool, ManagedLoginBrandingId=style, **members)['ManagedLoginBranding']

    def by_client(self, **members):
        return self.api.DescribeManagedLoginBrandingByClient(
            UserPoolId=self.pool, ClientId=self.client, **members)['ManagedLoginBranding']

    def test_what_was_made_is_told(self):
        made = self.create(Settings=SETTINGS, Assets=EVERY_TYPE)
        style = made['ManagedLoginBrandingId']
        self.assertRegex(style, UUID)
        self.assertEqual('4', style[14])
        self.assertLess(abs(time.time() - made['CreationDate']), 60)
        self.assertEqual({
            'ManagedLoginBrandingId': style, 'UserPoolId': self.pool, 'Settings': SETTINGS,
            'UseCognitoProvidedValues': False, 'Assets': EVERY_TYPE,
            'CreationDate': made['CreationDate'], 'LastModifiedDate': made['CreationDate']}, made)
        self.assertEqual(made, self.describe(style))
        self.assertEqual(made, self.describe(style.upper()))
        self.assertEqual(made, self.by_client())

    def test_provided_values_leave_settings_out(self):
        made = self.create(UseCognitoProvidedValues=True)
        self.assertEqual((True, []), (made['UseCognitoProvidedValues'], made['Assets']))
        self.assertNotIn('Settings', made)
        self.assertEqual({}, self.update(made['ManagedLoginBrandingId'], Settings={})['Settings'])

    def test_one_source_must_be_chosen(self):
        other = self.new_client(self.pool)
        style = self.create(Settings={})['ManagedLoginBrandingId']
        for members in ({}, {'UseCognitoProvidedValues': False}, {'Assets': []},
                        {'UseCognitoProvidedValues': True, 'Settings': {}}):
            self.invalid(SOURCE, 'CreateManagedLoginBranding', UserPoolId=self.pool, ClientId=other,
                         **members)
            self.invalid(SOURCE, 'UpdateManagedLoginBranding', UserPoolId=self.pool,
                         ManagedLoginBrandingId=style, **members)
        self.assertEqual([], self.create(other, UseCognitoProvidedValues=True, Assets=[])['Assets'])
        for settings in ([], 'text', 1, True):
            self.invalid('settings should be a JSON object', 'UpdateManagedLoginBranding',
                         UserPoolId=self.pool, ManagedLoginBrandingId=style, Settings=settings)

    def test_an_update_replaces_settings_and_keeps_images(self):
        style = self.create(Settings=SETTINGS, Assets=[asset()])['ManagedLoginBrandingId']
        changed = self.update(style, UseCognitoProvidedValues=False, Settings={'a': 1},
                              Assets=[asset(mode='DARK')])
        self.assertEqual({'a': 1}, changed['Settings'])
        self.assertEqual([asset(), asset(mode='DARK')], changed['Assets'])
        newer = asset(data=images.png(9))
        changed = self.update(style, UseCognitoProvidedValues=True, Assets=[newer])
        self.assertNotIn('Settings', changed)
        self.assertEqual([asset(mode='DARK'), newer], changed['Assets'])
        self.assertEqual(changed, self.describe(style))
        self.assertGreaterEqual(changed['LastModifiedDate'], changed['CreationDate'])

    def test_merged_settings_are_whole(self):
        style = self.create(UseCognitoProvidedValues=True)['ManagedLoginBrandingId']
        provided = self.describe(style, ReturnMergedResources=True)['Settings']
        self.assertEqual({'categories', 'componentClasses', 'components'}, set(provided))
        self.update(style, Settings=SETTINGS)
        for merged in (self.describe(style, ReturnMergedResources=True),
                       self.by_client(ReturnMergedResources=True)):
            self.assertEqual(SETTINGS['own'], merged['Settings']['own'])
            components = merged['Settings']['components']
            self.assertEqual({**provided['components']['alert'], 'borderRadius': 2.5},
                             components['alert'])
            self.assertEqual('000000ff', components['pageText']['lightMode']['bodyColor'])
            self.assertEqual(provided['components']['primaryButton'], components['primaryButton'])
            self.assertFalse(merged['UseCognitoProvidedValues'])
        self.assertEqual(SETTINGS, self.describe(style, ReturnMergedResources=False)['Settings'])

    def test_the_rules_of_images(self):
        about = 'The asset of category {} and color mode {} {}'
        for wrong, text in (
                (asset('FORM_LOGO', 'LIGHT', 'ICO', images.ICO), 'cannot have the extension ICO.'),
                (asset('FAVICON_ICO', 'DARK', 'SVG', images.SVG), 'must have the extension ICO.'),
                (asset('FAVICON_SVG', 'DARK', 'PNG'), 'must have the extension SVG.'),
                (asset(extension='JPEG'), 'has a content that does not fit its extension.'),
                (asset(data=b'text'), 'has a content that does not fit its extension.'),
                (asset(extension='SVG', data=b'<svg onload="alert(1)"/>'),
                 'has a content that does not fit its extension.'),
                (asset(data=b''), 'has no content.')):
            self.invalid(about.format(wrong['Category'], wrong['ColorMode'], text),
                         'CreateManagedLoginBranding', UserPoolId=self.pool, ClientId=self.client,
                         Settings={}, Assets=[wrong])
        self.invalid(about.format('FORM_LOGO', 'LIGHT', 'is there twice.'),
                     'CreateManagedLoginBranding', UserPoolId=self.pool, ClientId=self.client,
                     Settings={}, Assets=[asset(), asset()])
        self.refused(NOT_FOUND, f'ManagedLoginBranding for client {self.client} does not exist.',
                     'DescribeManagedLoginBrandingByClient', UserPoolId=self.pool,
                     ClientId=self.client)

    def test_sizes_and_numbers_of_images(self):
        longest = images.png(1000000 - len(images.png()))
        made = self.create(Settings={}, Assets=[asset(data=longest)])
        self.assertEqual(longest, base64.b64decode(made['Assets'][0]['Bytes']))
        style = made['ManagedLoginBrandingId']
        with self.assertRaisesRegex(ApiError, "at 'assets.1.member.bytes' failed to satisfy "
                                    'constraint: Member must have length less than or equal to '
                                    '1000000'):
            self.update(style, Settings={}, Assets=[asset(data=longest + b'\0')])
        icons = [asset('IDP_BUTTON_ICON', ResourceId=str(i)) for i in range(41)]
        with self.assertRaisesRegex(ApiError, "at 'assets' failed to satisfy constraint: Member "
                                    'must have length less than or equal to 40'):
            self.update(style, Settings={}, Assets=icons)
        self.update(style, Settings={}, Assets=icons[:39])
        self.invalid('A managed login branding style can have at most 40 assets.',
                     'UpdateManagedLoginBranding', UserPoolId=self.pool, Settings={},
                     ManagedLoginBrandingId=style, Assets=icons[39:])
        self.assertEqual(40, len(self.describe(style)['Assets']))

    def test_an_image_may_be_named_without_its_content(self):
        style = self.create(Settings={}, Assets=[asset()])['ManagedLoginBrandingId']
        bare = {k: v for k, v in asset().items() if k != 'Bytes'}
        self.assertEqual([{**asset(), 'ResourceId': 'mine'}],
                         self.update(style, Settings={},
                                     Assets=[{**bare, 'ResourceId': 'mine'}])['Assets'])
        self.invalid('The asset of category FORM_LOGO and color mode DARK has no content.',
                     'UpdateManagedLoginBranding', UserPoolId=self.pool, Settings={},
                     ManagedLoginBrandingId=style, Assets=[{**bare, 'ColorMode': 'DARK'}])

    def test_a_client_has_one_style(self):
        self.create(UseCognitoProvidedValues=True)
        self.refused('ManagedLoginBrandingExistsException',
                     f'A ManagedLoginBranding already exists for client {self.client}',
                     'CreateManagedLoginBranding', UserPoolId=self.pool, ClientId=self.client,
                     UseCognitoProvidedValues=True)

    def test_a_pool_has_twenty_styles(self):
        for _ in range(20):
            self.create(self.new_client(self.pool), UseCognitoProvidedValues=True)
        self.refused('LimitExceededException',
                     'A user pool can have at most 20 managed login branding styles.',
                     'CreateManagedLoginBranding', UserPoolId=self.pool, ClientId=self.client,
                     UseCognitoProvidedValues=True)

    def test_a_style_is_deleted(self):
        style = self.create(UseCognitoProvidedValues=True)['ManagedLoginBrandingId']
        self.assertEqual({}, self.api.DeleteManagedLoginBranding(
            UserPoolId=self.pool, ManagedLoginBrandingId=style))
        for operation, more in (('DescribeManagedLoginBranding', {}),
                                ('DeleteManagedLoginBranding', {}),
                                ('UpdateManagedLoginBranding', {'Settings': {}})):
            self.refused(NOT_FOUND, 'ManagedLoginBranding does not exist.', operation,
                         UserPoolId=self.pool, ManagedLoginBrandingId=style, **more)
        self.create(UseCognitoProvidedValues=True)

    def test_changes_at_the_same_time_are_told_apart(self):
        style = self.create(Settings={})['ManagedLoginBrandingId']
        self.provoke_conflict('UpdateManagedLoginBranding', UserPoolId=self.pool,
                              ManagedLoginBrandingId=style, Settings={})
        self.assertEqual({}, self.describe(style)['Settings'])

    def test_a_style_goes_with_its_client_and_its_pool(self):
        style = self.create(UseCognitoProvidedValues=True)['ManagedLoginBrandingId']
        self.api.DeleteUserPoolClient(UserPoolId=self.pool, ClientId=self.client)
        self.refused(NOT_FOUND, 'ManagedLoginBranding does not exist.',
                     'DescribeManagedLoginBranding', UserPoolId=self.pool,
                     ManagedLoginBrandingId=style)
        self.refused(NOT_FOUND, f'User pool client {self.client} does not exist.',
                     'DescribeManagedLoginBrandingByClient', UserPoolId=self.pool,
                     ClientId=self.client)
        style = self.create(self.new_client(self.pool), Settings={})['ManagedLoginBrandingId']
        self.api.DeleteUserPool(UserPoolId=self.pool)
        self.refused(NOT_FOUND, f'User pool {self.pool} does not exist.',
                     'DescribeManagedLoginBranding', UserPoolId=self.pool,
                     ManagedLoginBrandingId=style)

    def test_pools_clients_and_styles_that_are_not_there(self):
        style = self.create(Settings={})['ManagedLoginBrandingId']
        other = self.new_pool()
        for pool, text in (('eu-west-1_AAAAAAAAA', 'User pool eu-west-1_AAAAAAAAA does not exist.'),
                           (other, 'ManagedLoginBranding does not exist.')):
            for operation, more in (('DescribeManagedLoginBranding', {}),
                                    ('DeleteManagedLoginBranding', {}),
                                    ('UpdateManagedLoginBranding', {'Settings': {}})):
                self.refused(NOT_FOUND, text, operation, UserPoolId=pool,
                             ManagedLoginBrandingId=style, **more)
        for operation, more in (('CreateManagedLoginBranding', {'Settings': {}}),
                                ('DescribeManagedLoginBrandingByClient', {})):
            self.refused(NOT_FOUND, f'User pool client {self.client} does not exist.', operation,
                         UserPoolId=other, ClientId=self.client, **more)
            self.refused(NOT_FOUND, 'User pool eu-west-1_AAAAAAAAA does not exist.', operation,
                         UserPoolId='eu-west-1_AAAAAAAAA', ClientId=self.client, **more)
        for members in ({}, {'UserPoolId': self.pool}, {'ManagedLoginBrandingId': style}):
            self.invalid('userPoolId and managedLoginBrandingId should be specified',
                         'UpdateManagedLoginBranding', Settings={}, **members)


if __name__ == '__main__':
    unittest.main()
