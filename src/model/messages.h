/*
 * Texts that several operations share. Clients compare them, so each stands here once; the
 * final full stop (or its absence) is part of the text.
 */
#ifndef PH_MODEL_MESSAGES_H
#define PH_MODEL_MESSAGES_H

#define PH_MSG_WRONG_PASSWORD "Incorrect username or password."
#define PH_MSG_USER_UNKNOWN "User does not exist."
#define PH_MSG_USER_CLIENT_UNKNOWN "Username/client id combination not found."
#define PH_MSG_USER_DISABLED "User is disabled."
#define PH_MSG_USER_UNCONFIRMED "User is not confirmed."
#define PH_MSG_RESET_REQUIRED "Password reset required for the user"
#define PH_MSG_TEMPORARY_EXPIRED                                                                   \
    "Temporary password has expired and must be reset by an administrator."
#define PH_MSG_LOCKED "Password attempts exceeded"
#define PH_MSG_ATTEMPT_LIMIT "Attempt limit exceeded, please try after some time."
#define PH_MSG_CODE_MISMATCH "Invalid verification code provided, please try again."
#define PH_MSG_SIGN_IN_CODE_MISMATCH "Invalid code or auth state for the user."
#define PH_MSG_CODE_EXPIRED "Invalid code provided, please request a code again."
#define PH_MSG_SESSION_INVALID "Invalid session for the user."
#define PH_MSG_SESSION_EXPIRED "Invalid session for the user, session is expired."
#define PH_MSG_SESSION_REUSED "Invalid session for the user, session can only be used once."
#define PH_MSG_TOKEN_INVALID "Invalid Access Token"
#define PH_MSG_TOKEN_EXPIRED "Access Token has expired"
#define PH_MSG_TOKEN_REVOKED "Access Token has been revoked"
#define PH_MSG_TOKEN_SCOPES "Access Token does not have required scopes"
#define PH_MSG_REFRESH_INVALID "Invalid Refresh Token"
#define PH_MSG_REFRESH_EXPIRED "Refresh Token has expired"
#define PH_MSG_REFRESH_REVOKED "Refresh Token has been revoked"
#define PH_MSG_DEVICE_UNKNOWN "Device does not exist."
#define PH_MSG_DEVICE_EXISTS "Device key already exists."
#define PH_MSG_UNAUTHORIZED_WRITE "A client attempted to write unauthorized attribute"
#define PH_MSG_PAGE_TOKEN "Invalid pagination token."
#define PH_MSG_TAGS "A user pool can have at most 50 tags."
#define PH_MSG_IDENTITY_LINKED "SourceUser is already linked to DestinationUser"
#define PH_MSG_CONCURRENT_CHANGE "Another request has changed this resource in the meantime."

#endif
