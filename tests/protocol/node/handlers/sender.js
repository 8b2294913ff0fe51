// A custom e-mail sender as the guide has it: decrypts the code by the AWS Encryption SDK, whose
// KMS client finds its endpoint by itself, and prints what it would send.
const { buildClient, CommitmentPolicy, KmsKeyringNode } = require('@aws-crypto/client-node');

const { decrypt } = buildClient(CommitmentPolicy.REQUIRE_ENCRYPT_ALLOW_DECRYPT);
const KEY = 'arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-0000-0000-000000000000';
const keyring = new KmsKeyringNode({ generatorKeyId: KEY, keyIds: [KEY] });

exports.handler = async (event) => {
  const { plaintext, messageHeader } = await decrypt(keyring, Buffer.from(event.request.code, 'base64'));
  const context = { ...messageHeader.encryptionContext };
  const signed = 'aws-crypto-public-key' in context;
  delete context['aws-crypto-public-key'];
  console.log('DECRYPTED ' + JSON.stringify({
    code: plaintext.toString(), context, signed, source: event.triggerSource, suite: messageHeader.suiteId,
  }) + ' END');
  return event;
};

// As a program: the event on the standard input.
if (require.main === module) {
  let text = '';
  process.stdin.on('data', (part) => { text += part; });
  process.stdin.on('end', () => exports.handler(JSON.parse(text)));
}
