// Custom auth for the bench: one question, and "yes" is its answer.
exports.handler = async (event) => {
  const { request, response, triggerSource } = event;

  if (triggerSource.startsWith('DefineAuthChallenge')) {
    const last = request.session[request.session.length - 1];
    response.issueTokens = last !== undefined && last.challengeResult;
    response.failAuthentication = last !== undefined && !last.challengeResult;
    response.challengeName = 'CUSTOM_CHALLENGE';
  } else if (triggerSource.startsWith('CreateAuthChallenge')) {
    response.publicChallengeParameters = { question: 'yes?' };
    response.privateChallengeParameters = { answer: 'yes' };
  } else {
    response.answerCorrect = request.challengeAnswer === request.privateChallengeParameters.answer;
  }
  return event;
};
