"""User pools: what is read back, what an update keeps, what is refused and how."""
import concurrent.futures
import time
import unittest

from poolhouse import Api, ApiError, PoolhouseTest, boto3_client, Credentials

STANDARD = ['sub', 'name', 'given_name', 'family_name', 'middle_name', 'nickname',
            'preferred_username', 'profile', 'picture', 'website', 'email', 'email_verified',
            'gender', 'birthdate', 'zoneinfo', 'locale', 'phone_number', 'phone_number_verified',
            'address', 'updated_at', 'identities']
ABSENT = ['AutoVerifiedAttributes', 'AliasAttributes', 'UsernameAttributes',
          'SmsVerificationMessage', 'EmailVerificationMessage', 'EmailVerificationSubject',
          'SmsAuthenticationMessage', 'UserAttributeUpdateSettings', 'DeviceConfiguration',
          'SmsConfiguration', 'Domain', 'CustomDomain', 'UserPoolAddOns', 'UsernameConfiguration',
          'KeyConfiguration', 'IssuerConfiguration', 'Status']
ROLE = 'arn:aws:iam::000000000000:role/sms'


def standard_attribute(name):
    entry = {'Name': name, 'AttributeDataType': 'String', 'DeveloperOnlyAttribute': False,
             'Mutable': name != 'sub', 'Required': name == 'sub'}
    if name in ('email_verified', 'phone_number_verified'):
        entry['AttributeDataType'] = 'Boolean'
    elif name == 'updated_at':
        entry['AttributeDataType'] = 'Number'
        entry['NumberAttributeConstraints'] = {'MinValue': '0'}
    elif name == 'identities':
        entry['StringAttributeConstraints'] = {}
    else:
        low, high = {'sub': ('1', '2048'), 'birthdate': ('10', '10')}.get(name, ('0', '2048'))
        entry['StringAttributeConstraints'] = {'MinLength': low, 'MaxLength': high}
    return entry


class PoolDefaults(PoolhouseTest):

    @classmethod
    def prepare(cls):
        cls.created = cls.api.CreateUserPool(PoolName='only a name')['UserPool']
        cls.pool = cls.api.DescribeUserPool(UserPoolId=cls.created['Id'])['UserPool']

    def test_the_id_is_the_region_and_nine_characters(self):
        self.assertRegex(self.pool['Id'], r'^eu-west-1_[0-9A-Za-z]{9}$')
        self.assertEqual(f'arn:aws:cognito-idp:eu-west-1:000000000000:userpool/{self.pool["Id"]}',
                         self.pool['Arn'])

    def test_the_region_is_the_one_of_the_credential_scope(self):
        tokyo = boto3_client(self.server.url, Credentials(region='ap-northeast-1'))
        self.assertTrue(tokyo.create_user_pool(PoolName='p')['UserPool']['Id']
                        .startswith('ap-northeast-1_'))

    def test_the_name_and_dates_are_set(self):
        self.assertEqual('only a name', self.pool['Name'])
        self.assertEqual(self.pool['CreationDate'], self.pool['LastModifiedDate'])

    def test_the_password_policy_is_the_default_one(self):
        self.assertEqual({'MinimumLength': 8, 'RequireUppercase': True, 'RequireLowercase': True,
                          'RequireNumbers': True, 'RequireSymbols': True,
                          'TemporaryPasswordValidityDays': 7},
                         self.pool['Policies']['PasswordPolicy'])
        self.assertEqual({'AllowedFirstAuthFactors': ['PASSWORD']},
                         self.pool['Policies']['SignInPolicy'])

    def test_the_other_defaults_are_read_back(self):
        expected = {
            'DeletionProtection': 'INACTIVE', 'LambdaConfig': {}, 'MfaConfiguration': 'OFF',
            'VerificationMessageTemplate': {'DefaultEmailOption': 'CONFIRM_WITH_CODE'},
            'EstimatedNumberOfUsers': 0, 'UserPoolTags': {}, 'UserPoolTier': 'ESSENTIALS',
            'EmailConfiguration': {'EmailSendingAccount': 'COGNITO_DEFAULT'},
            'AdminCreateUserConfig': {'AllowAdminCreateUserOnly': False,
                                      'UnusedAccountValidityDays': 7},
            'AccountRecoverySetting': {'RecoveryMechanisms': [
                {'Name': 'verified_email', 'Priority': 1},
                {'Name': 'verified_phone_number', 'Priority': 2}]}}
        self.assertEqual(expected, {k: self.pool.get(k) for k in expected})

    def test_members_without_a_value_are_absent(self):
        self.assertEqual([], [m for m in ABSENT if m in self.pool])

    def test_the_schema_is_the_standard_one_in_order(self):
        self.assertEqual(STANDARD, [a['Name'] for a in self.pool['SchemaAttributes']])
        for attribute in self.pool['SchemaAttributes']:
            with self.subTest(attribute['Name']):
                self.assertEqual(standard_attribute(attribute['Name']), attribute)

    def test_the_reply_to_creation_is_the_description(self):
        self.assertEqual(self.pool, self.created)


class PoolSettings(PoolhouseTest):

    def pool_with(self, **members):
        return self.api.DescribeUserPool(UserPoolId=self.new_pool(**members))['UserPool']

    def described(self, pool):
        return self.api.DescribeUserPool(UserPoolId=pool)['UserPool']

    EVERYTHING = {
        'Policies': {'PasswordPolicy': {
            'MinimumLength': 12, 'RequireUppercase': False, 'RequireLowercase': True,
            'RequireNumbers': True, 'RequireSymbols': False, 'PasswordHistorySize': 3,
            'TemporaryPasswordValidityDays': 2},
            'SignInPolicy': {'AllowedFirstAuthFactors': ['PASSWORD', 'EMAIL_OTP']}},
        'DeletionProtection': 'INACTIVE',
        'AutoVerifiedAttributes': ['email'],
        'VerificationMessageTemplate': {
            'SmsMessage': 'sms {####}', 'EmailMessage': 'mail {####}', 'EmailSubject': 'subject',
            'EmailMessageByLink': 'click {##here##}', 'EmailSubjectByLink': 'by link',
            'DefaultEmailOption': 'CONFIRM_WITH_CODE'},
        'SmsAuthenticationMessage': 'auth {####}',
        'MfaConfiguration': 'OFF',
        'UserAttributeUpdateSettings': {'AttributesRequireVerificationBeforeUpdate': ['email']},
        'DeviceConfiguration': {'ChallengeRequiredOnNewDevice': True,
                                'DeviceOnlyRememberedOnUserPrompt': False},
        'EmailConfiguration': {'EmailSendingAccount': 'COGNITO_DEFAULT',
                               'ReplyToEmailAddress': 'reply@example.com'},
        'SmsConfiguration': {'SnsCallerArn': ROLE, 'ExternalId': 'x', 'SnsRegion': 'eu-west-1'},
        'UserPoolTags': {'team': 'blue'},
        'AdminCreateUserConfig': {
            'AllowAdminCreateUserOnly': True,
            'InviteMessageTemplate': {'SMSMessage': '{username} {####}',
                                      'EmailMessage': 'hello {username} {####}',
                                      'EmailSubject': 'welcome'}},
        'AccountRecoverySetting': {'RecoveryMechanisms': [
            {'Priority': 1, 'Name': 'verified_phone_number'}]},
        'UserPoolTier': 'ESSENTIALS',
    }

    def assert_read_back(self, given, pool, pointer=''):
        for key, value in given.items():
            with self.subTest(pointer + key):
                if isinstance(value, dict):
                    self.assert_read_back(value, pool.get(key, {}), f'{pointer}{key}.')
                else:
                    self.assertEqual(value, pool.get(key))

    def test_every_setting_is_read_back_as_given(self):
        self.assert_read_back(self.EVERYTHING, self.pool_with(**self.EVERYTHING))

    def test_an_update_sets_every_setting(self):
        pool = self.new_pool()
        self.assertEqual({}, self.api.UpdateUserPool(UserPoolId=pool, **self.EVERYTHING))
        self.assert_read_back(self.EVERYTHING, self.described(pool))

    def test_a_description_sent_back_changes_nothing(self):
        pool = self.pool_with(AutoVerifiedAttributes=['email'], UserPoolTags={'a': 'b'})
        members = ('Policies', 'LambdaConfig', 'AutoVerifiedAttributes', 'DeletionProtection',
                   'VerificationMessageTemplate', 'MfaConfiguration', 'EmailConfiguration',
                   'UserPoolTags', 'AccountRecoverySetting', 'UserPoolTier')
        self.api.UpdateUserPool(UserPoolId=pool['Id'],
                                **{m: pool[m] for m in members if m in pool})
        after = self.described(pool['Id'])
        self.assertEqual({k: v for k, v in pool.items() if k != 'LastModifiedDate'},
                         {k: v for k, v in after.items() if k != 'LastModifiedDate'})

    def test_an_update_resets_what_it_does_not_name(self):
        pool = self.new_pool(**self.EVERYTHING)
        self.api.UpdateUserPool(UserPoolId=pool)
        after = self.described(pool)
        self.assertEqual(8, after['Policies']['PasswordPolicy']['MinimumLength'])
        self.assertEqual({'DefaultEmailOption': 'CONFIRM_WITH_CODE'},
                         after['VerificationMessageTemplate'])
        self.assertFalse(after['AdminCreateUserConfig']['AllowAdminCreateUserOnly'])
        for member in ('DeviceConfiguration', 'SmsAuthenticationMessage', 'SmsConfiguration'):
            self.assertNotIn(member, after)

    def test_an_update_keeps_tags_tier_and_attribute_update_settings(self):
        pool = self.new_pool(UserPoolTier='LITE', UserPoolTags={'a': 'b'},
                             AutoVerifiedAttributes=['email'], UserAttributeUpdateSettings={
                                 'AttributesRequireVerificationBeforeUpdate': ['email']})
        self.api.UpdateUserPool(UserPoolId=pool, AutoVerifiedAttributes=['email'])
        after = self.described(pool)
        self.assertEqual(({'a': 'b'}, 'LITE'), (after['UserPoolTags'], after['UserPoolTier']))
        self.assertEqual({'AttributesRequireVerificationBeforeUpdate': ['email']},
                         after['UserAttributeUpdateSettings'])

    def test_an_empty_list_clears_the_attribute_update_settings(self):
        pool = self.new_pool(AutoVerifiedAttributes=['email'], UserAttributeUpdateSettings={
            'AttributesRequireVerificationBeforeUpdate': ['email']})
        self.api.UpdateUserPool(UserPoolId=pool, UserAttributeUpdateSettings={
            'AttributesRequireVerificationBeforeUpdate': []})
        self.assertEqual({'AttributesRequireVerificationBeforeUpdate': []},
                         self.described(pool)['UserAttributeUpdateSettings'])

    def test_omitted_booleans_of_a_given_password_policy_are_false(self):
        policy = self.pool_with(Policies={'PasswordPolicy': {'MinimumLength': 10}})[
            'Policies']['PasswordPolicy']
        self.assertEqual((10, False, False, False, False), (
            policy['MinimumLength'], policy['RequireUppercase'], policy['RequireLowercase'],
            policy['RequireNumbers'], policy['RequireSymbols']))

    def test_templates_and_flat_messages_mirror_each_other(self):
        flat = self.pool_with(EmailVerificationMessage='code {####}', EmailVerificationSubject='s',
                              SmsVerificationMessage='sms {####}')
        template = flat['VerificationMessageTemplate']
        self.assertEqual(('code {####}', 's', 'sms {####}'), (
            template['EmailMessage'], template['EmailSubject'], template['SmsMessage']))
        nested = self.pool_with(VerificationMessageTemplate={'EmailMessage': 'mail {####}'})
        self.assertEqual('mail {####}', nested['EmailVerificationMessage'])

    def test_the_template_wins_over_a_flat_message_that_differs(self):
        pool = self.pool_with(EmailVerificationMessage='flat {####}',
                              VerificationMessageTemplate={'EmailMessage': 'template {####}'})
        self.assertEqual('template {####}', pool['EmailVerificationMessage'])

    def test_both_ways_of_naming_the_token_trigger_mirror_each_other(self):
        arn = 'arn:aws:lambda:eu-west-1:000000000000:function:f'
        one = self.pool_with(LambdaConfig={'PreTokenGeneration': arn})['LambdaConfig']
        self.assertEqual({'LambdaVersion': 'V1_0', 'LambdaArn': arn}, one['PreTokenGenerationConfig'])
        two = self.pool_with(LambdaConfig={'PreTokenGenerationConfig': {
            'LambdaVersion': 'V2_0', 'LambdaArn': arn}})['LambdaConfig']
        self.assertEqual(arn, two['PreTokenGeneration'])

    def test_the_sms_region_defaults_to_the_one_of_the_pool(self):
        sms = self.pool_with(SmsConfiguration={'SnsCallerArn': ROLE})['SmsConfiguration']
        self.assertEqual('eu-west-1', sms['SnsRegion'])

    def test_a_pool_can_be_renamed(self):
        pool = self.new_pool()
        self.api.UpdateUserPool(UserPoolId=pool, PoolName='renamed')
        self.assertEqual('renamed', self.described(pool)['Name'])

    def test_the_modification_date_moves_and_the_creation_date_stays(self):
        pool = self.pool_with()
        time.sleep(0.01)
        self.api.UpdateUserPool(UserPoolId=pool['Id'], PoolName='renamed')
        after = self.described(pool['Id'])
        self.assertEqual(pool['CreationDate'], after['CreationDate'])
        self.assertGreater(after['LastModifiedDate'], pool['LastModifiedDate'])

    def test_the_number_of_users_is_exact(self):
        pool = self.new_pool()
        for _ in range(3):
            self.api.AdminCreateUser(UserPoolId=pool, Username=self.new_name())
        self.assertEqual(3, self.described(pool)['EstimatedNumberOfUsers'])


class PoolErrors(PoolhouseTest):

    CASES = (
        ('Only one of the aliasAttributes or usernameAttributes can be set in a User pool.',
         {'AliasAttributes': ['email'], 'UsernameAttributes': ['email']}),
        ('SMS configuration is required when phone_number is selected for auto verification',
         {'AutoVerifiedAttributes': ['phone_number']}),
        ('SMS configuration and Auto verification for phone_number are required when MFA is '
         'required/optional', {'MfaConfiguration': 'ON'}),
        ('All attributes in AttributesRequireVerificationBeforeUpdate must exist in '
         'AutoVerifiedAttributes', {'UserAttributeUpdateSettings': {
             'AttributesRequireVerificationBeforeUpdate': ['email']}}),
        ('Please use TemporaryPasswordValidityDays in PasswordPolicy instead of '
         'UnusedAccountValidityDays', {
             'AdminCreateUserConfig': {'UnusedAccountValidityDays': 3},
             'Policies': {'PasswordPolicy': {'TemporaryPasswordValidityDays': 5}}}),
        ('Account Recovery Setting cannot have duplicate priorities or recovery mechanisms.',
         {'AccountRecoverySetting': {'RecoveryMechanisms': [
             {'Priority': 1, 'Name': 'verified_email'},
             {'Priority': 1, 'Name': 'verified_phone_number'}]}}),
        ('Account Recovery Setting cannot use admin_only setting with any other recovery '
         'mechanisms.', {'AccountRecoverySetting': {'RecoveryMechanisms': [
             {'Priority': 1, 'Name': 'admin_only'}, {'Priority': 2, 'Name': 'verified_email'}]}}),
        ('Source ARN is required to use DEVELOPER email sending owner',
         {'EmailConfiguration': {'EmailSendingAccount': 'DEVELOPER'}}),
        ('Provided From email address is invalid', {'EmailConfiguration': {
            'EmailSendingAccount': 'DEVELOPER', 'From': 'not an address',
            'SourceArn': 'arn:aws:ses:eu-west-1:000000000000:identity/a@example.com'}}),
        ('Provided SourceArn must be in one of the following SES regions: eu-west-1, us-east-1, '
         'us-west-2.', {'EmailConfiguration': {
             'EmailSendingAccount': 'DEVELOPER',
             'SourceArn': 'arn:aws:ses:eu-north-1:000000000000:identity/a@example.com'}}),
        ('Cross-region lambda functions are not supported', {'LambdaConfig': {
            'PreSignUp': 'arn:aws:lambda:us-east-1:000000000000:function:f'}}),
        ('Cross-account pass role is not allowed.', {'SmsConfiguration': {
            'SnsCallerArn': 'arn:aws:iam::111111111111:role/sms'}}),
        ('Invalid snsRegion. Allowed SNS region for eu-west-1 is eu-west-1', {'SmsConfiguration': {
            'SnsCallerArn': ROLE, 'SnsRegion': 'us-east-1'}}),
        ("Cannot use PreTokenGenerationLambda and PreTokenGeneration with different Lambda "
         "function ARN's", {'LambdaConfig': {
             'PreTokenGeneration': 'arn:aws:lambda:eu-west-1:000000000000:function:f',
             'PreTokenGenerationConfig': {
                 'LambdaVersion': 'V1_0',
                 'LambdaArn': 'arn:aws:lambda:eu-west-1:000000000000:function:g'}}}),
        ('Required custom attributes are not supported currently.', {'Schema': [
            {'Name': 'a', 'AttributeDataType': 'String', 'Required': True}]}),
        ('Duplicate custom attribute names custom:a are not allowed in a user pool schema.',
         {'Schema': [{'Name': 'a', 'AttributeDataType': 'String'}] * 2}),
        ('You can not change AttributeDataType or set developerOnlyAttribute for standard schema '
         'attribute email', {'Schema': [{'Name': 'email', 'AttributeDataType': 'Number'}]}),
        ('Invalid AttributeDataType input, consider using the provided AttributeDataType enum.',
         {'Schema': [{'Name': 'a'}]}),
        ("Attribute custom:a cannot have a max length shorter than it's min length", {'Schema': [
            {'Name': 'a', 'AttributeDataType': 'String',
             'StringAttributeConstraints': {'MinLength': '5', 'MaxLength': '4'}}]}),
        ("Attribute custom:a cannot have a max value smaller than it's min value", {'Schema': [
            {'Name': 'a', 'AttributeDataType': 'Number',
             'NumberAttributeConstraints': {'MinValue': '5', 'MaxValue': '4'}}]}),
        ('user.a: String attributes cannot have a length of more than 2048', {'Schema': [
            {'Name': 'a', 'AttributeDataType': 'String',
             'StringAttributeConstraints': {'MaxLength': '2049'}}]}),
        ('Invalid StringAttributeConstraints for schema attribute a', {'Schema': [
            {'Name': 'a', 'AttributeDataType': 'String',
             'StringAttributeConstraints': {'MaxLength': 'many'}}]}),
        ('Invalid NumberAttributeConstraints for schema attribute a', {'Schema': [
            {'Name': 'a', 'AttributeDataType': 'Number',
             'NumberAttributeConstraints': {'MaxValue': 'many'}}]}),
    )

    def test_settings_that_contradict_each_other_are_refused_with_their_texts(self):
        for text, members in self.CASES:
            with self.subTest(text):
                self.invalid(text, 'CreateUserPool', PoolName='refused', **members)

    def test_refused_creations_leave_nothing_behind(self):
        for _, members in self.CASES[:5]:
            with self.assertRaises(ApiError):
                self.api.CreateUserPool(PoolName='left-behind', **members)
        names = [p['Name'] for p in self.api.ListUserPools(MaxResults=60)['UserPools']]
        self.assertNotIn('left-behind', names)

    def test_a_foreign_email_identity_is_refused(self):
        self.refused('InvalidEmailRoleAccessPolicyException',
                     'Cognito is not allowed to use your email identity', 'CreateUserPool',
                     PoolName='refused', EmailConfiguration={
                         'SourceArn': 'arn:aws:ses:eu-west-1:111111111111:identity/a@example.com'})

    def test_features_above_the_tier_are_named(self):
        pool = self.new_pool(Policies={'SignInPolicy': {
            'AllowedFirstAuthFactors': ['PASSWORD', 'EMAIL_OTP']}})
        self.refused('FeatureUnavailableInTierException',
                     'The following features need to be disabled for the LITE pricing tier '
                     'configured: EMAIL_OTP', 'UpdateUserPool', UserPoolId=pool,
                     UserPoolTier='LITE', Policies={'SignInPolicy': {
                         'AllowedFirstAuthFactors': ['PASSWORD', 'EMAIL_OTP']}})
        self.api.UpdateUserPool(UserPoolId=pool, UserPoolTier='LITE')

    def test_what_a_lower_tier_lacks_is_named_wherever_it_was_configured(self):
        """Logs and domains are set by operations of their own, and bind the tier all the same."""
        pool = self.new_pool(UserPoolTier='PLUS')
        self.api.SetLogDeliveryConfiguration(UserPoolId=pool, LogConfigurations=[
            {'LogLevel': 'INFO', 'EventSource': 'userAuthEvents',
             'S3Configuration': {'BucketArn': 'arn:aws:s3:::bucket'}}])
        domain = self.new_name('tier-')
        self.api.CreateUserPoolDomain(UserPoolId=pool, Domain=domain, ManagedLoginVersion=2)
        for tier, features in (('LITE', 'Managed Login Version 2, Log Streaming'),
                               ('ESSENTIALS', 'Log Streaming')):
            self.refused('FeatureUnavailableInTierException',
                         f'The following features need to be disabled for the {tier} pricing tier '
                         f'configured: {features}', 'UpdateUserPool', UserPoolId=pool,
                         UserPoolTier=tier)
        self.api.SetLogDeliveryConfiguration(UserPoolId=pool, LogConfigurations=[])
        self.api.UpdateUserPoolDomain(UserPoolId=pool, Domain=domain, ManagedLoginVersion=1)
        self.api.UpdateUserPool(UserPoolId=pool, UserPoolTier='LITE')
        self.assertEqual('LITE', self.api.DescribeUserPool(
            UserPoolId=pool)['UserPool']['UserPoolTier'])

    def test_an_update_is_refused_for_the_same_reasons(self):
        pool = self.new_pool()
        self.invalid('SMS configuration is required when phone_number is selected for auto '
                     'verification', 'UpdateUserPool', UserPoolId=pool,
                     AutoVerifiedAttributes=['phone_number'])

    def test_custom_senders_need_a_key(self):
        self.invalid('KMSKeyId parameter is required when Custom SMS/Email Lambda trigger is used.',
                     'CreateUserPool', PoolName='refused', LambdaConfig={'CustomEmailSender': {
                         'LambdaVersion': 'V1_0',
                         'LambdaArn': 'arn:aws:lambda:eu-west-1:000000000000:function:f'}})

    def test_unused_account_validity_zero_is_accepted_beside_the_new_setting(self):
        self.new_pool(AdminCreateUserConfig={'UnusedAccountValidityDays': 0},
                      Policies={'PasswordPolicy': {'TemporaryPasswordValidityDays': 5}})

    def test_an_unknown_pool_is_named(self):
        for operation in ('DescribeUserPool', 'UpdateUserPool', 'DeleteUserPool'):
            with self.subTest(operation):
                self.refused('ResourceNotFoundException',
                             'User pool eu-west-1_NoSuchOne does not exist.', operation,
                             UserPoolId='eu-west-1_NoSuchOne')


class PoolLife(PoolhouseTest):

    def test_a_deleted_pool_is_gone_with_its_clients_and_users(self):
        pool = self.new_pool()
        client = self.new_client(pool)
        self.new_user(pool, 'someone')
        self.assertEqual({}, self.api.DeleteUserPool(UserPoolId=pool))
        self.refused('ResourceNotFoundException', f'User pool {pool} does not exist.',
                     'DescribeUserPool', UserPoolId=pool)
        self.refused('ResourceNotFoundException', f'User pool {pool} does not exist.',
                     'AdminGetUser', UserPoolId=pool, Username='someone')
        with self.assert_error('ResourceNotFoundException',
                               f'User pool client {client} does not exist.'):
            self.sign_in(client, 'someone')

    def test_deletion_protection_is_in_the_way_until_it_is_off(self):
        pool = self.new_pool(DeletionProtection='ACTIVE')
        self.invalid('The user pool cannot be deleted because deletion protection is activated. '
                     'Deletion protection must be inactivated first.',
                     'DeleteUserPool', UserPoolId=pool)
        self.api.UpdateUserPool(UserPoolId=pool, DeletionProtection='INACTIVE')
        self.api.DeleteUserPool(UserPoolId=pool)

    def test_pools_are_listed_by_pages_without_gaps_or_repeats(self):
        made = {self.new_pool(PoolName=f'page{i}') for i in range(5)}
        seen, token = [], None
        while True:
            page = self.api.ListUserPools(MaxResults=2, NextToken=token)
            self.assertLessEqual(len(page['UserPools']), 2)
            seen += [p['Id'] for p in page['UserPools']]
            token = page.get('NextToken')
            if token is None:
                break
            self.assertRegex(token, r'^\S+$')
        self.assertEqual(len(seen), len(set(seen)))
        self.assertLessEqual(made, set(seen))

    def test_a_list_is_of_the_region_that_the_request_is_signed_for(self):
        """Else a tool that works in two regions would find the pools of the other one, too."""
        def listed(region):
            api = Api(self.server.port, Credentials(region=region))
            pages = [api.ListUserPools(MaxResults=60)]
            while 'NextToken' in pages[-1]:
                pages.append(api.ListUserPools(MaxResults=60, NextToken=pages[-1]['NextToken']))
            return [p['Id'] for page in pages for p in page['UserPools']]

        here = Api(self.server.port, Credentials(region='ap-south-1'))
        one = here.CreateUserPool(PoolName='here')['UserPool']['Id']
        other = Api(self.server.port, Credentials(region='ap-south-2')).CreateUserPool(
            PoolName='there')['UserPool']['Id']
        # An id that lies in no region is listed in all: nobody could ask for it otherwise.
        self.api.CreateUserPool(PoolName='mine', UserPoolTags={'poolhouse:id': 'local_everywhere'})
        self.assertEqual([one, 'local_everywhere'], listed('ap-south-1'))
        self.assertEqual([other, 'local_everywhere'], listed('ap-south-2'))
        self.assertIn('local_everywhere', listed('eu-west-1'))
        self.assertEqual(one, here.DescribeUserPool(UserPoolId=one)['UserPool']['Id'])

    def test_a_page_token_of_another_region_is_refused(self):
        here = Api(self.server.port, Credentials(region='sa-east-1'))
        for i in range(2):
            here.CreateUserPool(PoolName=f'page{i}')
        token = here.ListUserPools(MaxResults=1)['NextToken']
        self.invalid('Invalid pagination token.', 'ListUserPools', MaxResults=1, NextToken=token)

    def test_listed_pools_show_their_summary_only(self):
        self.new_pool()
        item = self.api.ListUserPools(MaxResults=1)['UserPools'][0]
        self.assertEqual({'Id', 'Name', 'LambdaConfig', 'CreationDate', 'LastModifiedDate'},
                         set(item))

    def test_a_page_token_of_another_making_is_refused(self):
        self.invalid('Invalid pagination token.', 'ListUserPools', MaxResults=2, NextToken='abc')

    def test_custom_attributes_are_added_and_appear_after_the_standard_ones(self):
        pool = self.new_pool(Schema=[{'Name': 'first', 'AttributeDataType': 'String'}])
        self.assertEqual({}, self.api.AddCustomAttributes(UserPoolId=pool, CustomAttributes=[
            {'Name': 'age', 'AttributeDataType': 'Number'},
            {'Name': 'secret', 'AttributeDataType': 'String', 'DeveloperOnlyAttribute': True},
            {'Name': 'fixed', 'AttributeDataType': 'Boolean', 'Mutable': False},
            {'Name': 'when', 'AttributeDataType': 'DateTime'}]))
        schema = self.api.DescribeUserPool(UserPoolId=pool)['UserPool']['SchemaAttributes']
        common = {'Required': False, 'Mutable': True, 'DeveloperOnlyAttribute': False}
        self.assertEqual([
            {**common, 'Name': 'custom:first', 'AttributeDataType': 'String',
             'StringAttributeConstraints': {}},
            {**common, 'Name': 'custom:age', 'AttributeDataType': 'Number'},
            {**common, 'Name': 'dev:custom:secret', 'AttributeDataType': 'String',
             'StringAttributeConstraints': {}, 'DeveloperOnlyAttribute': True},
            {**common, 'Name': 'custom:fixed', 'AttributeDataType': 'Boolean', 'Mutable': False},
            {**common, 'Name': 'custom:when', 'AttributeDataType': 'DateTime'}], schema[21:])

    def test_a_custom_attribute_is_added_once(self):
        pool = self.new_pool(Schema=[{'Name': 'a', 'AttributeDataType': 'String'}])
        self.invalid('custom:a: Existing attribute already has name custom:a.',
                     'AddCustomAttributes', UserPoolId=pool,
                     CustomAttributes=[{'Name': 'a', 'AttributeDataType': 'String'}])

    def test_a_pool_has_at_most_fifty_custom_attributes(self):
        pool = self.new_pool()
        for start in (0, 25):
            self.api.AddCustomAttributes(UserPoolId=pool, CustomAttributes=[
                {'Name': f'a{start + i}', 'AttributeDataType': 'String'} for i in range(25)])
        self.refused('LimitExceededException', None, 'AddCustomAttributes', UserPoolId=pool,
                     CustomAttributes=[{'Name': 'more', 'AttributeDataType': 'String'}])

    def test_a_standard_attribute_redeclared_changes_only_what_is_given(self):
        pool = self.new_pool(Schema=[
            {'Name': 'email', 'Required': True},
            {'Name': 'name', 'AttributeDataType': 'String', 'Mutable': True,
             'StringAttributeConstraints': {'MinLength': '3', 'MaxLength': '9'}}])
        schema = {a['Name']: a for a in
                  self.api.DescribeUserPool(UserPoolId=pool)['UserPool']['SchemaAttributes']}
        self.assertEqual(standard_attribute('email') | {'Required': True}, schema['email'])
        self.assertEqual({'MinLength': '3', 'MaxLength': '9'},
                         schema['name']['StringAttributeConstraints'])

    def test_members_that_nobody_knows_are_not_kept(self):
        pool = self.api.CreateUserPool(PoolName='p', DeviceConfiguration={
            'ChallengeRequiredOnNewDevice': True, 'NoSuchMember': 1,
            'DeviceOnlyRememberedOnUserPrompt': None}, AcrConfiguration={})['UserPool']
        self.assertEqual({'ChallengeRequiredOnNewDevice': True}, pool['DeviceConfiguration'])
        self.assertIn('AcrConfiguration', pool)  # test_step_up.py

    def test_changes_at_once_are_made_or_told_to_be_in_each_others_way(self):
        pool = self.new_pool()

        def rename(n):
            try:
                self.api.UpdateUserPool(UserPoolId=pool, PoolName=f'n{n}')
                return 'done'
            except ApiError as e:
                return e.type

        with concurrent.futures.ThreadPoolExecutor(8) as threads:
            results = list(threads.map(rename, range(24)))
        self.assertIn('done', results)
        self.assertLessEqual(set(results), {'done', 'ConcurrentModificationException'})

    def test_custom_attributes_added_at_once_are_all_there(self):
        pool = self.new_pool()

        def add(n):
            self.api.AddCustomAttributes(UserPoolId=pool, CustomAttributes=[
                {'Name': f'a{n}', 'AttributeDataType': 'String'}])

        with concurrent.futures.ThreadPoolExecutor(4) as threads:
            list(threads.map(add, range(12)))
        schema = self.api.DescribeUserPool(UserPoolId=pool)['UserPool']['SchemaAttributes']
        self.assertEqual({f'custom:a{n}' for n in range(12)}, {a['Name'] for a in schema[21:]})

    def test_an_unmodified_boto3_reads_what_it_created(self):
        pool = self.boto.create_user_pool(PoolName='boto', AutoVerifiedAttributes=['email'])
        described = self.boto.describe_user_pool(UserPoolId=pool['UserPool']['Id'])['UserPool']
        self.assertEqual(['email'], described['AutoVerifiedAttributes'])
        self.assertEqual(pool['UserPool']['CreationDate'], described['CreationDate'])


class PinnedIds(PoolhouseTest):
    """While developing, ids can be chosen, so that an application's configuration stays."""

    def make(self, id_, **members):
        return self.api.call('CreateUserPool', {'PoolName': 'p', **members},
                             headers={'X-Poolhouse-Pin-Id': id_})['UserPool']

    def test_a_header_gives_the_pool_its_id(self):
        pool = self.make('us-east-1_Pinned001')
        self.assertEqual('us-east-1_Pinned001', pool['Id'])
        self.assertEqual('arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_Pinned001',
                         pool['Arn'])

    def test_a_tag_gives_the_pool_its_id_and_stays_a_tag(self):
        pool = self.api.CreateUserPool(PoolName='p', UserPoolTags={
            'poolhouse:id': 'local_Tagged01'})['UserPool']
        self.assertEqual(('local_Tagged01', {'poolhouse:id': 'local_Tagged01'}),
                         (pool['Id'], pool['UserPoolTags']))

    def test_an_id_in_use_is_refused(self):
        self.make('eu-west-1_Taken0001')
        with self.assert_error('InvalidParameterException',
                               'The user pool id eu-west-1_Taken0001 is already in use.'):
            self.make('eu-west-1_Taken0001')

    def test_an_id_that_no_operation_would_accept_is_refused(self):
        for bad in ('no underscore', 'a_', 'x' * 60 + '_a', 'a_\xff'):
            with self.subTest(bad), self.assertRaisesRegex(
                    ApiError, "^InvalidParameterException: .* at 'userPoolId' failed to satisfy"):
                self.make(bad)

    def test_a_pool_made_again_has_nothing_of_the_one_before(self):
        self.make('eu-west-1_Again0001', UserPoolTags={'old': 'tag'})
        client = self.pinned_client('eu-west-1_Again0001', 'again')
        self.api.DeleteUserPool(UserPoolId='eu-west-1_Again0001')
        self.assertEqual({}, self.make('eu-west-1_Again0001')['UserPoolTags'])
        self.refused('ResourceNotFoundException', 'User pool client again does not exist.',
                     'DescribeUserPoolClient', UserPoolId='eu-west-1_Again0001', ClientId='again')
        again = self.pinned_client('eu-west-1_Again0001', 'again', ClientName='new')
        self.assertEqual(('app', 'new'), (client['ClientName'], again['ClientName']))
        self.assertEqual('new', self.api.DescribeUserPoolClient(
            UserPoolId='eu-west-1_Again0001', ClientId='again')['UserPoolClient']['ClientName'])

    def pinned_client(self, pool, id_, secret=None, **members):
        headers = {'X-Poolhouse-Pin-Id': id_}
        if secret:
            headers['X-Poolhouse-Pin-Secret'] = secret
        return self.api.call('CreateUserPoolClient',
                             {'UserPoolId': pool, 'ClientName': 'app', **members},
                             headers=headers)['UserPoolClient']

    def test_headers_give_a_client_its_id_and_its_secret(self):
        pool = self.new_pool()
        made = self.pinned_client(pool, 'webapp', 's' * 51)
        self.assertEqual(('webapp', 's' * 51), (made['ClientId'], made['ClientSecret']))
        with self.assert_error('InvalidParameterException',
                               'The app client id webapp is already in use.'):
            self.pinned_client(pool, 'webapp')

    def test_a_client_id_or_secret_that_no_operation_would_accept_is_refused(self):
        pool = self.new_pool()
        with self.assert_error('InvalidParameterException', "1 validation error detected: Value "
                               "'a b' at 'clientId' failed to satisfy constraint: Member must "
                               r'satisfy regular expression pattern: [\w+]+'):
            self.pinned_client(pool, 'a b')
        with self.assert_error('InvalidParameterException', "1 validation error detected: Value "
                               "at 'clientSecret' failed to satisfy constraint: Member must have "
                               'length greater than or equal to 24'):
            self.pinned_client(pool, 'short', 'secret')


if __name__ == '__main__':
    unittest.main()
