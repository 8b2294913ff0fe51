"""Texts of the constraint checks, as recorded from the service."""
import unittest

from poolhouse import PoolhouseTest

PASSWORD_PATTERN = r'Member must satisfy regular expression pattern: ^[\S]+.*[\S]+$'


class Validation(PoolhouseTest):

    @classmethod
    def prepare(cls):
        cls.pool = cls.new_pool()
        cls.client = cls.new_client(cls.pool)

    def test_a_missing_required_member_is_null(self):
        self.one_validation_error(
            "Value null at 'userPoolId' failed to satisfy constraint: Member must not be null",
            'DescribeUserPool')

    def test_a_null_member_is_missing(self):
        self.one_validation_error(
            "Value null at 'userPoolId' failed to satisfy constraint: Member must not be null",
            'DescribeUserPool', UserPoolId=None)

    def test_a_confirmation_code_is_required(self):
        self.one_validation_error(
            "Value null at 'confirmationCode' failed to satisfy constraint: Member must not be null",
            'ConfirmSignUp', ClientId=self.client, Username='someone')

    def test_a_pool_id_must_match_its_pattern(self):
        self.one_validation_error(
            "Value 'YOUR_USER-POOL-ID!' at 'userPoolId' failed to satisfy constraint: "
            r'Member must satisfy regular expression pattern: [\w-]+_[0-9a-zA-Z]+',
            'DescribeUserPool', UserPoolId='YOUR_USER-POOL-ID!')

    def test_the_value_of_a_client_id_is_printed(self):
        self.one_validation_error(
            "Value 'ap-northeast-1_xxx' at 'clientId' failed to satisfy constraint: "
            r'Member must satisfy regular expression pattern: [\w+]+',
            'InitiateAuth', ClientId='ap-northeast-1_xxx', AuthFlow='USER_SRP_AUTH')

    def test_the_value_of_a_username_is_never_printed(self):
        self.one_validation_error(
            "Value at 'username' failed to satisfy constraint: Member must satisfy regular "
            r'expression pattern: [\p{L}\p{M}\p{S}\p{N}\p{P}]+',
            'AdminGetUser', UserPoolId=self.pool, Username='two words')

    def test_a_long_username_breaks_its_length(self):
        self.one_validation_error(
            "Value at 'username' failed to satisfy constraint: Member must have length less than "
            'or equal to 128', 'AdminGetUser', UserPoolId=self.pool, Username='u' * 129)

    def test_a_number_below_its_range_is_printed(self):
        self.one_validation_error(
            "Value '0' at 'maxResults' failed to satisfy constraint: Member must have value "
            'greater than or equal to 1', 'ListUserPools', MaxResults=0)

    def test_a_number_above_its_range_is_printed(self):
        self.one_validation_error(
            "Value '61' at 'maxResults' failed to satisfy constraint: Member must have value "
            'less than or equal to 60', 'ListUserPools', MaxResults=61)

    def test_an_unknown_enum_value_lists_the_known_ones(self):
        self.one_validation_error(
            "Value 'SURPRESS' at 'messageAction' failed to satisfy constraint: Member must "
            'satisfy enum value set: [RESEND, SUPPRESS]',
            'AdminCreateUser', UserPoolId=self.pool, Username='someone', MessageAction='SURPRESS')

    def test_an_unknown_enum_value_inside_a_list_has_its_own_form(self):
        with self.assertRaisesRegex(Exception, (
                r"InvalidParameterException: 1 validation error detected: Value '\[NO_SUCH_FLOW\]' "
                r"at 'explicitAuthFlows' failed to satisfy constraint: Member must satisfy "
                r'constraint: \[Member must satisfy enum value set: \[.*ALLOW_USER_SRP_AUTH.*\]\]$')):
            self.api.CreateUserPoolClient(UserPoolId=self.pool, ClientName='c',
                                          ExplicitAuthFlows=['NO_SUCH_FLOW'])

    def test_a_filter_has_at_most_256_characters(self):
        given = 'email = "' + 'a' * 260 + '"'
        self.one_validation_error(
            f"Value '{given}' at 'filter' failed to satisfy constraint: Member must have length "
            'less than or equal to 256', 'ListUsers', UserPoolId=self.pool, Filter=given)

    def test_several_errors_are_counted_and_joined(self):
        self.invalid(
            "4 validation errors detected: Value at 'password' failed to satisfy constraint: "
            'Member must have length greater than or equal to 6; '
            f"Value at 'password' failed to satisfy constraint: {PASSWORD_PATTERN}; "
            "Value at 'username' failed to satisfy constraint: Member must have length greater "
            "than or equal to 1; Value at 'username' failed to satisfy constraint: Member must "
            r'satisfy regular expression pattern: [\p{L}\p{M}\p{S}\p{N}\p{P}]+',
            'SignUp', ClientId=self.client, Username='', Password='')

    def test_a_password_with_a_leading_space_breaks_its_pattern(self):
        self.one_validation_error(
            f"Value at 'password' failed to satisfy constraint: {PASSWORD_PATTERN}",
            'SignUp', ClientId=self.client, Username='someone', Password=' Passw0rd!')

    def test_a_password_of_257_characters_breaks_its_length(self):
        self.one_validation_error(
            "Value at 'password' failed to satisfy constraint: Member must have length less than "
            'or equal to 256', 'SignUp', ClientId=self.client, Username='someone',
            Password='Aa1!' + 'x' * 253)

    def test_a_list_member_is_named_by_its_place(self):
        with self.assertRaisesRegex(
                Exception, r"1 validation error detected: Value '.*' at 'schema\.1\.member\.name' "
                r'failed to satisfy constraint: Member must have length less than or equal to 20'):
            self.api.CreateUserPool(PoolName='p', Schema=[
                {'Name': 'n' * 21, 'AttributeDataType': 'String'}])

    def test_a_long_attribute_value_is_redacted_and_named_by_its_place(self):
        self.one_validation_error(
            "Value at 'userAttributes.2.member.value' failed to satisfy constraint: Member must "
            'have length less than or equal to 2048', 'AdminCreateUser', UserPoolId=self.pool,
            Username='someone', UserAttributes=[{'Name': 'name', 'Value': 'x'},
                                                {'Name': 'nickname', 'Value': 'x' * 2049}])

    def test_constraints_come_before_the_lookup_of_the_pool(self):
        self.one_validation_error(
            "Value null at 'username' failed to satisfy constraint: Member must not be null",
            'AdminGetUser', UserPoolId='eu-west-1_doesNotExist')

    def test_nothing_inside_auth_parameters_is_validated(self):
        self.refused('UserNotFoundException', 'User does not exist.', 'InitiateAuth',
                     ClientId=self.client, AuthFlow='USER_PASSWORD_AUTH',
                     AuthParameters={'USERNAME': 'u' * 129, 'PASSWORD': 'x y'})

    def test_values_inside_limits_by_one_are_accepted(self):
        self.new_user(self.pool, 'u' * 128, nickname='x' * 2048)
        self.assertEqual([], self.api.ListUsers(
            UserPoolId=self.pool, Filter='name = "' + 'a' * 247 + '"')['Users'])


if __name__ == '__main__':
    unittest.main()
