// Runs on every request that goes to the app whatever it asks for: says which of our hosts was meant, since the app is
// called by its own.

function handler(event) {
    const request = event.request;
    request.headers['x-forwarded-host'] = { value: request.headers.host.value.toLowerCase() };
    return request;
}
