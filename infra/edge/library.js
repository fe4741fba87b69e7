// Runs on every request for bytes of the library, once the edge has found its signature good. The segments in front of
// the key have said which headers the answer gets; the bucket does not know them.

function handler(event) {
    const request = event.request;
    request.uri = request.uri.replace(/^\/library\/[a-z]+/, '');
    return request;
}
