// Runs a handler file under Node: asks the Runtime API for events, gives it the answers.
const http = require('node:http');
const path = require('node:path');
const { pathToFileURL } = require('node:url');

const api = new URL('http://' + process.env.AWS_LAMBDA_RUNTIME_API);
const base = api.pathname.replace(/\/$/, '') + '/2018-06-01/runtime/';
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

function ask(method, where, body) {
    return new Promise((resolve, reject) => {
        const request = http.request(
            { host: api.hostname, port: api.port, agent, method, path: base + where }, (reply) => {
                const parts = [];
                reply.on('data', (part) => parts.push(part));
                reply.on('end', () => resolve({ headers: reply.headers,
                                                body: Buffer.concat(parts).toString() }));
            });
        request.on('error', reject);
        if (body !== undefined) {
            request.setHeader('Content-Type', 'application/json');
            request.setHeader('Content-Length', Buffer.byteLength(body));
        }
        request.end(body);
    });
}

function payload(error) {
    const is = error instanceof Error;
    return JSON.stringify({ errorType: is ? error.name : typeof error,
                            errorMessage: is ? error.message : String(error),
                            trace: is && error.stack ? error.stack.split('\n') : [] });
}

async function load() {
    const name = process.env._HANDLER;
    const file = process.env.POOLHOUSE_HANDLER_FILE;
    const loaded = await import(pathToFileURL(path.resolve(file)).href);
    const handler = loaded[name] ?? loaded.default?.[name];
    if (typeof handler !== 'function') {
        throw new Error(`${path.basename(file)} exports no function "${name}"`);
    }
    return handler;
}

// A handler returns a promise, or calls back: callback(error, result) or context.done().
function run(handler, event, context) {
    return new Promise((resolve, reject) => {
        const back = (error, result) => (error ? reject(error) : resolve(result));
        context.done = back;
        context.succeed = resolve;
        context.fail = reject;
        const result = handler(event, context, back);
        if (result && typeof result.then === 'function') {
            result.then(resolve, reject);
        } else if (result !== undefined || handler.length < 2) {
            resolve(result);
        }
    });
}

async function main() {
    let handler;
    try {
        handler = await load();
    } catch (error) {
        console.error(error);
        await ask('POST', 'init/error', payload(error));
        process.exit(1);
    }
    for (;;) {
        const next = await ask('GET', 'invocation/next');
        const id = next.headers['lambda-runtime-aws-request-id'];
        const deadline = Number(next.headers['lambda-runtime-deadline-ms']);
        const arn = next.headers['lambda-runtime-invoked-function-arn'];
        const context = { awsRequestId: id, invokedFunctionArn: arn,
                          functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
                          functionVersion: '$LATEST', memoryLimitInMB: '128',
                          callbackWaitsForEmptyEventLoop: true,
                          getRemainingTimeInMillis: () => deadline - Date.now() };
        let answer;
        try {
            const result = await run(handler, JSON.parse(next.body), context);
            answer = ['response', JSON.stringify(result) ?? 'null'];
        } catch (error) {
            console.error(error);
            answer = ['error', payload(error)];
        }
        await ask('POST', `invocation/${id}/${answer[0]}`, answer[1]);
    }
}

main().catch(() => process.exit(1)); // the server is gone
