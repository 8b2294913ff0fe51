def lambda_handler(event, context):
    event['response']['claimsOverrideDetails'] = {'claimsToAddOrOverride': {'tenant': 'shop'}}
    return event
