// amazon-cognito-identity-js in CUSTOM_AUTH, with and without a password first; the functions are
// Node handlers that the server runs itself.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import identity from 'amazon-cognito-identity-js';
import { Memory, PASSWORD, Server, newUser, poolAndClient } from './support.mjs';

const { AuthenticationDetails, CognitoUser, CognitoUserPool } = identity;
const ARN = 'arn:aws:lambda:eu-west-1:123456789012:function:';

const HANDLERS = `
exports.define = async (event) => {
  const last = event.request.session.at(-1);
  const wrong = event.request.session.filter((s) => !s.challengeResult).length;
  if (last?.challengeName === 'SRP_A') event.response.challengeName = 'PASSWORD_VERIFIER';
  else if (last?.challengeName === 'CUSTOM_CHALLENGE' && last.challengeResult) event.response.issueTokens = true;
  else if (wrong > 1) event.response.failAuthentication = true;
  else event.response.challengeName = 'CUSTOM_CHALLENGE';
  return event;
};
exports.create = (event, context, callback) => {
  event.response.publicChallengeParameters = { question: 'half of 84?' };
  event.response.privateChallengeParameters = { answer: '42' };
  event.response.challengeMetadata = 'MATHS';
  callback(null, event);
};
exports.verify = async (event) => {
  const { privateChallengeParameters, challengeAnswer } = event.request;
  event.response.answerCorrect = challengeAnswer === privateChallengeParameters.answer;
  return event;
};
`;

let directory;
let server;
let ids;

before(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'poolhouse-functions-'));
  const file = path.join(directory, 'index.js');
  await writeFile(file, HANDLERS);
  const flags = ['define', 'create', 'verify'].flatMap((name) => ['--function', `${name}=local:${file}:${name}`]);
  server = await Server.start(...flags);
  ids = await poolAndClient(server.sdk(), {
    LambdaConfig: {
      DefineAuthChallenge: `${ARN}define`, CreateAuthChallenge: `${ARN}create`,
      VerifyAuthChallengeResponse: `${ARN}verify`,
    },
  }, { ExplicitAuthFlows: ['ALLOW_CUSTOM_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'] });
  await newUser(server.sdk(), ids.UserPoolId, 'ann');
});
after(async () => {
  await server.stop();
  await rm(directory, { recursive: true, force: true });
});

// Answers each question with the next of `answers`; what was asked, and the session.
function signIn(method, password, answers) {
  const Storage = new Memory();
  const Pool = new CognitoUserPool({ ...ids, endpoint: server.url, Storage });
  const user = new CognitoUser({ Username: 'ann', Pool, Storage });
  const asked = [];
  user.setAuthenticationFlowType('CUSTOM_AUTH');
  return new Promise((resolve, reject) => {
    const callbacks = {
      onSuccess: (session) => resolve({ asked, session }),
      onFailure: reject,
      customChallenge: (parameters) => {
        asked.push(parameters.question);
        user.sendCustomChallengeAnswer(answers.shift(), callbacks);
      },
    };
    user[method](new AuthenticationDetails({ Username: 'ann', Password: password }), callbacks);
  });
}

const wrong = { name: 'NotAuthorizedException', message: 'Incorrect username or password.' };

test('a question, wrong once, then right', async () => {
  const { asked, session } = await signIn('initiateAuth', undefined, ['41', '42']);
  assert.deepEqual(asked, ['half of 84?', 'half of 84?']);
  assert.equal(session.getIdToken().payload['cognito:username'], 'ann');
});

test('too many wrong answers', async () => {
  await assert.rejects(signIn('initiateAuth', undefined, ['1', '2']), wrong);
});

test('a password by SRP, then the question', async () => {
  const { asked, session } = await signIn('authenticateUser', PASSWORD, ['42']);
  assert.equal(asked.length, 1);
  assert.ok(session.isValid());
});

test('a wrong password never comes to the question', async () => {
  await assert.rejects(signIn('authenticateUser', 'Wrong1234!', ['42']), wrong);
});
