exports.handler = async (event) => {
    event.response.autoConfirmUser = event.request.userAttributes.email.endsWith('@example.com');
    return event;
};
