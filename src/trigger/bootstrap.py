# Runs a handler file under Python: asks the Runtime API for events, gives it the answers.
import http.client
import importlib.util
import json
import os
import sys
import time
import traceback

HOST, _, TOKEN = os.environ['AWS_LAMBDA_RUNTIME_API'].partition('/')
BASE = f'/{TOKEN}/2018-06-01/runtime/' if TOKEN else '/2018-06-01/runtime/'
API = http.client.HTTPConnection(HOST)


def ask(method, where, body=None):
    headers = {} if body is None else {'Content-Type': 'application/json'}
    API.request(method, BASE + where, body, headers)
    reply = API.getresponse()
    return reply.headers, reply.read()


def payload(error):
    lines = traceback.format_exception(type(error), error, error.__traceback__)
    return json.dumps({'errorType': type(error).__name__, 'errorMessage': str(error),
                       'stackTrace': lines})


def load():
    path = os.path.abspath(os.environ['POOLHOUSE_HANDLER_FILE'])
    sys.path.insert(0, os.path.dirname(path))
    name = os.path.splitext(os.path.basename(path))[0]
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return getattr(module, os.environ['_HANDLER'])


class Context:
    def __init__(self, headers):
        self.aws_request_id = headers['Lambda-Runtime-Aws-Request-Id']
        self.invoked_function_arn = headers['Lambda-Runtime-Invoked-Function-Arn']
        self.deadline_ms = int(headers['Lambda-Runtime-Deadline-Ms'])
        self.function_name = os.environ['AWS_LAMBDA_FUNCTION_NAME']
        self.function_version = '$LATEST'
        self.memory_limit_in_mb = '128'

    def get_remaining_time_in_millis(self):
        return self.deadline_ms - int(time.time() * 1000)


def main():
    try:
        handler = load()
    except BaseException as error:
        traceback.print_exc()
        ask('POST', 'init/error', payload(error))
        sys.exit(1)
    while True:
        headers, event = ask('GET', 'invocation/next')
        context = Context(headers)
        try:
            kind, answer = 'response', json.dumps(handler(json.loads(event), context))
        except Exception as error:
            traceback.print_exc()
            kind, answer = 'error', payload(error)
        sys.stdout.flush()
        ask('POST', f'invocation/{context.aws_request_id}/{kind}', answer)


try:
    main()
except (OSError, http.client.HTTPException):
    sys.exit(1)  # the server is gone
